"""What our tokens say, and to whom."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from pytest_django import Settings

from networking.gate import tokens
from networking.gate.hosts import Host, HostKind
from networking.gate.scopes import Scope
from networking.gate.tokens import Access, access_token, identify, of_arm, refresh_token, refreshed
from registries import signing
from registries.models import Account
from tests import make

CONTOSO = Host("contoso", HostKind.LOGIN)
FABRIKAM = Host("fabrikam", HostKind.LOGIN)
PULL = (Scope("repository", "samples/a", ("pull",)),)


@pytest.fixture
def cy(db: None) -> Account:
    return make.account("Reader", username="cy@example.org")


def test_an_access_token_says_who_may_do_what(cy: Account) -> None:
    token = access_token(cy, CONTOSO, PULL, trusted=False)
    assert identify(f"Bearer {token}", CONTOSO) == Access("cy@example.org", PULL, trusted=False)
    assert identify(f"bearer  {token}", CONTOSO) == Access("cy@example.org", PULL, trusted=False)


def test_it_is_spelled_as_distribution_reads_it(cy: Account) -> None:
    claims = signing.verify(access_token(cy, CONTOSO, PULL, trusted=True), audience=CONTOSO.login_server)
    assert claims is not None
    assert len(claims.pop("jti")) == 36
    assert claims.pop("exp") - claims["iat"] == tokens.ACCESS_LIFETIME
    assert claims.pop("nbf") == claims.pop("iat")
    assert claims == {
        "iss": "Azure Container Registry",
        "aud": "contoso.azurecr.io",
        "sub": "cy@example.org",
        "grant_type": "access_token",
        "access": [{"type": "repository", "name": "samples/a", "actions": ["pull"]}],
        "trusted": True,
    }


def test_a_token_for_one_registry_is_none_for_another(cy: Account) -> None:
    assert identify(f"Bearer {access_token(cy, CONTOSO, PULL, trusted=False)}", FABRIKAM) is None
    assert refreshed(refresh_token(cy, CONTOSO), FABRIKAM) is None


def test_neither_kind_of_token_is_the_other(cy: Account) -> None:
    assert identify(f"Bearer {refresh_token(cy, CONTOSO)}", CONTOSO) is None
    assert refreshed(access_token(cy, CONTOSO, PULL, trusted=False), CONTOSO) is None


@pytest.mark.parametrize(
    ("audience", "claims"),
    [
        pytest.param("contoso.azurecr.io", {"sub": "cy@example.org"}, id="bare"),
        pytest.param("contoso.azurecr.io", {"access": [], "trusted": True, "sub": "cy@example.org"}, id="dressed up"),
        pytest.param("contoso.azurecr.io/oauth2/token", {"sub": "cy@example.org"}, id="as a refresh token"),
    ],
)
def test_a_token_that_the_arm_api_signed_for_our_audience_is_neither(
    cy: Account, audience: str, claims: dict[str, object]
) -> None:
    """Whoever asks the ARM API for a token names its audience freely."""
    token = signing.sign(claims | {"oid": cy.pk}, audience=audience, lifetime=60)
    assert identify(f"Bearer {token}", CONTOSO) is None
    assert refreshed(token, CONTOSO) is None


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(lambda token: "", id="none"),
        pytest.param(lambda token: "Bearer", id="no token"),
        pytest.param(lambda token: token, id="no scheme"),
        pytest.param(lambda token: f"Basic {token}", id="another scheme"),
        pytest.param(lambda token: f"Bearer {token[:-2]}", id="cut off"),
        pytest.param(lambda token: f"Bearer {token}, Bearer {token}", id="two at once"),
        pytest.param(lambda token: f"Bearer {'a' * 10_000}", id="10 KB"),
        pytest.param(lambda token: "Bearer \x00\xff", id="no text"),
    ],
)
def test_any_other_header_shows_nobody(cy: Account, header: Callable[[str], str]) -> None:
    assert identify(header(access_token(cy, CONTOSO, PULL, trusted=False)), CONTOSO) is None


def test_an_expired_token_is_refused(cy: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ACCESS_LIFETIME", "REFRESH_LIFETIME"):
        monkeypatch.setattr(tokens, name, -1)
    assert identify(f"Bearer {access_token(cy, CONTOSO, PULL, trusted=False)}", CONTOSO) is None
    assert refreshed(refresh_token(cy, CONTOSO), CONTOSO) is None


def test_a_token_that_was_valid_a_moment_ago_still_expires(cy: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    header = f"Bearer {access_token(cy, CONTOSO, PULL, trusted=False)}"
    assert identify(header, CONTOSO) is not None
    claims = signing.verify(header.removeprefix("Bearer "), audience=CONTOSO.login_server)
    assert claims is not None
    monkeypatch.setattr(tokens, "time", SimpleNamespace(time=lambda: float(claims["exp"])))
    assert identify(header, CONTOSO) is None


def test_a_refresh_token_is_its_accounts(cy: Account) -> None:
    assert refreshed(refresh_token(cy, CONTOSO), CONTOSO) == cy
    assert refreshed("", CONTOSO) is None


def test_a_refresh_token_ends_with_the_account(cy: Account) -> None:
    token = refresh_token(cy, CONTOSO)
    Account.objects.update(is_active=False)
    assert refreshed(token, CONTOSO) is None
    Account.objects.update(is_active=True)
    assert refreshed(token, CONTOSO) == cy
    cy.delete()
    assert refreshed(token, CONTOSO) is None


def test_a_refresh_token_ends_with_the_password(cy: Account) -> None:
    token = refresh_token(cy, CONTOSO)
    cy.set_password("another one entirely")
    cy.save()
    assert refreshed(token, CONTOSO) is None


def test_a_refresh_token_stays_with_the_account_that_it_was_made_for(cy: Account) -> None:
    token = refresh_token(cy, CONTOSO)
    Account.objects.filter(pk=cy.pk).update(username="gone@example.org")
    make.account("Owner", username="cy@example.org")
    assert refreshed(token, CONTOSO) == cy


# Tokens of the ARM API


def arm_token(account: Account, audience: str = "https://containerregistry.azure.net", *, lifetime: int = 60) -> str:
    claims = {"sub": account.username, "oid": account.object_id, "tid": "x", "idtyp": "user"}
    return signing.sign(claims, audience=audience, lifetime=lifetime)


@pytest.mark.parametrize(
    "audience",
    [
        "https://containerregistry.azure.net",
        "https://containerregistry.azure.net/",
        "https://localhost:8443",
        "https://management.azure.com/",
        "https://management.core.windows.net//",
    ],
)
def test_a_token_of_the_arm_api_is_its_accounts(cy: Account, settings: Settings, audience: str) -> None:
    settings.ARM_URL = "https://localhost:8443"
    assert of_arm(arm_token(cy, audience)) == cy


def test_any_other_token_is_nobodys(cy: Account) -> None:
    tampered = arm_token(cy)[:-4]
    own = (refresh_token(cy, CONTOSO), access_token(cy, CONTOSO, PULL, trusted=False))
    without_kind = signing.sign({"sub": cy.username}, audience="https://containerregistry.azure.net", lifetime=60)
    others = [arm_token(cy, "https://vault.azure.net"), arm_token(cy, lifetime=-1), tampered, without_kind, "", *own]
    assert [of_arm(token) for token in others] == [None] * len(others)


def test_an_arm_token_ends_with_the_account(cy: Account) -> None:
    token = arm_token(cy)
    Account.objects.update(is_active=False)
    assert of_arm(token) is None


def test_an_arm_token_is_not_that_of_whoever_has_the_name_now(cy: Account) -> None:
    token = arm_token(cy)
    name = cy.username
    cy.delete()
    make.account("Owner", username=name)
    assert of_arm(token) is None
