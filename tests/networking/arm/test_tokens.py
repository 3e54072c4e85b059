"""Whose token a request shows, and what is said of one that nobody takes."""

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as examining
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries, Settings

from networking.arm import tokens
from networking.arm.errors import ArmError
from registries import signing
from registries.models import Account
from tests import make

pytestmark = pytest.mark.django_db
URL = "https://localhost:8443"


@pytest.fixture
def bo() -> Account:
    return make.account("Contributor", username="bo@example.org")


def refused(authorization: str) -> tuple[int, str]:
    with pytest.raises(ArmError) as error:
        tokens.identify(authorization)
    return error.value.status, error.value.code


@pytest.mark.parametrize(
    "audience",
    [URL, f"{URL}/", "https://management.azure.com/", "https://management.core.windows.net/"],
)
def test_a_token_tells_whose_it_is(
    bo: Account, audience: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    token = tokens.issue(bo, audience)
    with django_assert_num_queries(1):
        assert tokens.identify(f"Bearer {token}") == bo
    assert tokens.identify(f"bearer  {token} ") == bo


def test_a_persons_token_says_what_entra_id_says(bo: Account) -> None:
    claims = signing.verify(tokens.issue(bo, URL), audience=URL)
    assert claims is not None
    assert claims == {
        "iss": claims["iss"],
        "iat": claims["iat"],
        "nbf": claims["iat"],
        "exp": claims["iat"] + 3600,
        "jti": claims["jti"],
        "aud": URL,
        "sub": "bo@example.org",
        "upn": "bo@example.org",
        "unique_name": "bo@example.org",
        "oid": bo.object_id,
        "tid": signing.tenant_id(),
        "ver": "1.0",
        "idtyp": "user",
    }


def test_a_programs_token_names_the_program() -> None:
    program = make.account("Reader", username="7c1d", service_principal=True)
    claims = signing.verify(tokens.issue(program, URL), audience=URL)
    assert claims is not None
    assert {name: claims.get(name) for name in ("idtyp", "appid", "sub", "upn")} == {
        "idtyp": "app",
        "appid": "7c1d",
        "sub": "7c1d",
        "upn": None,
    }


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        pytest.param("", "AuthenticationFailed", id="nothing"),
        pytest.param("Bearer", "AuthenticationFailedInvalidHeader", id="no token"),
        pytest.param("Basic Ym86eA==", "AuthenticationFailedInvalidHeader", id="a password"),
        pytest.param("Bearer a.b.c", "InvalidAuthenticationToken", id="no token of ours"),
        pytest.param("Bearer " + "a" * 100_000, "InvalidAuthenticationToken", id="long"),
        pytest.param("Bearer \udc80", "InvalidAuthenticationToken", id="no text"),
    ],
)
def test_what_is_no_token_is_nobodys(authorization: str, code: str) -> None:
    assert refused(authorization) == (401, code)


def forged(claims: Mapping[str, Any]) -> str:
    return jwt.encode(dict(claims), ec.generate_private_key(ec.SECP256R1()), "ES256")


def unsigned(claims: Mapping[str, Any]) -> str:
    return jwt.encode(dict(claims), "", "none")


@pytest.mark.parametrize("forge", [forged, unsigned])
def test_a_forged_token_is_nobodys(bo: Account, forge: Callable[[Mapping[str, Any]], str]) -> None:
    claims = signing.verify(tokens.issue(bo, URL), audience=URL)
    assert claims is not None
    assert refused(f"Bearer {forge(claims)}") == (401, "InvalidAuthenticationToken")


def test_an_expired_token_says_since_when(bo: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    earlier = timezone.now() - timedelta(hours=1, seconds=1)
    monkeypatch.setattr(timezone, "now", lambda: earlier)
    token = tokens.issue(bo, URL)
    monkeypatch.undo()
    with pytest.raises(ArmError, match=r"^The access token expiry UTC time '.+' is earlier than current UTC time"):
        tokens.identify(f"Bearer {token}")
    assert refused(f"Bearer {token}") == (401, "ExpiredAuthenticationToken")


def test_a_token_that_was_taken_before_still_ends(bo: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    token = tokens.issue(bo, URL)
    assert tokens.identify(f"Bearer {token}") == bo
    later = timezone.now().timestamp() + 3601
    monkeypatch.setattr(time, "time", lambda: later)
    assert refused(f"Bearer {token}") == (401, "ExpiredAuthenticationToken")


@pytest.mark.parametrize("audience", ["https://containerregistry.azure.net", "https://elsewhere.example.org"])
def test_a_token_for_something_else_is_refused(bo: Account, audience: str) -> None:
    assert refused(f"Bearer {tokens.issue(bo, audience)}") == (401, "InvalidAuthenticationTokenAudience")


@pytest.mark.parametrize("audience", ["contoso.azurecr.io", "portcullis:refresh-token", "portcullis:device-code", URL])
def test_what_else_we_sign_is_no_access_token(bo: Account, audience: str) -> None:
    token = signing.sign({"sub": bo.username, "id": bo.pk}, audience=audience, lifetime=300)
    assert refused(f"Bearer {token}")[0] == 401


def test_the_account_is_looked_at_with_each_request(bo: Account) -> None:
    token = tokens.issue(bo, URL)
    assert tokens.identify(f"Bearer {token}") == bo
    Account.objects.update(is_active=False)
    assert refused(f"Bearer {token}") == (401, "InvalidAuthenticationToken")


def test_a_name_given_to_somebody_else_takes_no_token_along(bo: Account) -> None:
    token = tokens.issue(bo, URL)
    bo.delete()
    make.account("Owner", username="bo@example.org", id=bo.pk or 4711)
    assert refused(f"Bearer {token}") == (401, "InvalidAuthenticationToken")


def test_another_instance_takes_none_of_ours(bo: Account, settings: Settings, tmp_path: Any) -> None:
    token = tokens.issue(bo, URL)
    tokens._kept.cache_clear()
    settings.DATA = tmp_path
    assert refused(f"Bearer {token}") == (401, "InvalidAuthenticationToken")


def test_whoever_is_refused_is_told_how_to_ask_anew(bo: Account) -> None:
    with pytest.raises(ArmError) as error:
        tokens.identify("Bearer x")
    assert error.value.headers == {
        "WWW-Authenticate": f'Bearer authorization_uri="{URL}/adfs", error="insufficient_claims", '
        f'error_description="InvalidAuthenticationToken", claims="{tokens.ANEW}"'
    }


def test_an_object_id_is_the_accounts_for_life(bo: Account) -> None:
    before = bo.object_id
    bo.username = "bo.new@example.org"
    assert bo.object_id == before
    assert make.account("Reader").object_id != before


@examining(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=80))
def test_no_text_is_a_token(text: str) -> None:
    assert refused(f"Bearer {text}")[0] == 401
