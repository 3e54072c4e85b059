"""Tokens that Portcullis signs: who believes them, for what, and for how long."""

import json
import stat
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from registries import signing
from registries.signing import ISSUER, certificate_path, key, sign, verify

AUDIENCE = "contoso.azurecr.io"


@pytest.fixture(autouse=True)
def data(settings: Settings, tmp_path: Path) -> Path:
    """Each test has a key of its own."""
    settings.DATA = tmp_path
    return tmp_path


def part(token: str, number: int) -> dict[str, Any]:
    text = token.split(".")[number]
    said: dict[str, Any] = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return said


def encoded(said: Mapping[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")


def test_a_token_says_who_made_it_for_whom_and_until_when() -> None:
    before = int(timezone.now().timestamp())
    token = sign({"sub": "bo", "access": []}, audience=AUDIENCE, lifetime=300)
    claims = verify(token, audience=AUDIENCE)
    assert claims is not None
    assert before <= claims["iat"] <= before + 60
    assert claims == {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": claims["iat"],
        "nbf": claims["iat"],
        "exp": claims["iat"] + 300,
        "sub": "bo",
        "access": [],
    }


def test_a_registry_finds_the_certificate_in_the_token() -> None:
    """Distribution reads the key out of `x5c`, and believes it where its rootcertbundle holds the same."""
    token = sign({}, audience=AUDIENCE, lifetime=300)
    header = part(token, 0)
    assert (header["alg"], len(header["x5c"])) == ("ES256", 1)
    certificate = x509.load_der_x509_certificate(b64decode(header["x5c"][0]))
    assert certificate == x509.load_pem_x509_certificate(certificate_path().read_bytes())
    public = certificate.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    assert jwt.decode(token, public, algorithms=["ES256"], audience=AUDIENCE)["iss"] == ISSUER
    certificate.verify_directly_issued_by(certificate)


# What is not believed


def other_key(claims: Mapping[str, Any]) -> str:
    return jwt.encode(dict(claims), ec.generate_private_key(ec.SECP256R1()), "ES256", headers={"x5c": key().chain})


def without_signature(claims: Mapping[str, Any]) -> str:
    return f"{encoded({'alg': 'none', 'typ': 'JWT'})}.{encoded(claims)}."


def signed_with_what_everybody_has(claims: Mapping[str, Any]) -> str:
    """The public key as the secret of another algorithm."""
    public = key().private.public_key()
    text = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    head = f"{encoded({'alg': 'HS256', 'typ': 'JWT'})}.{encoded(claims)}"
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(head.encode(), text)
    return f"{head}.{urlsafe_b64encode(signature).decode().rstrip('=')}"


def changed(claims: Mapping[str, Any]) -> str:
    head, _, signature = sign(claims, audience=AUDIENCE, lifetime=300).split(".")
    return f"{head}.{encoded({**claims, 'sub': 'owner'})}.{signature}"


def cut(claims: Mapping[str, Any]) -> str:
    return sign(claims, audience=AUDIENCE, lifetime=300)[:-2]


@pytest.mark.parametrize("forge", [other_key, without_signature, signed_with_what_everybody_has, changed, cut])
def test_a_token_that_we_did_not_sign_is_nothing(forge: Callable[[Mapping[str, Any]], str]) -> None:
    now = int(timezone.now().timestamp())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "nbf": now, "exp": now + 300, "sub": "bo"}
    assert verify(jwt.encode(claims, key().private, "ES256"), audience=AUDIENCE) is not None
    assert verify(forge(claims), audience=AUDIENCE) is None


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"exp": -1}, id="over"),
        pytest.param({"nbf": 3600}, id="not yet"),
        pytest.param({"iss": "somebody"}, id="another issuer"),
        pytest.param({"aud": "fabrikam.azurecr.io"}, id="another registry"),
        pytest.param({"exp": None}, id="without an end"),
        pytest.param({"nbf": None}, id="without a beginning"),
        pytest.param({"aud": None}, id="for nobody"),
        pytest.param({"iss": None}, id="by nobody"),
        pytest.param({"exp": "soon"}, id="an end that is no time"),
        pytest.param({"aud": {"a": 1}}, id="an audience that is none"),
    ],
)
def test_a_token_must_be_for_us_and_now(more: dict[str, Any]) -> None:
    now = int(timezone.now().timestamp())
    claims: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, "nbf": now, "exp": now + 300}
    for name, value in more.items():
        claims[name] = now + value if isinstance(value, int) else value
    said = {name: value for name, value in claims.items() if value is not None}
    assert verify(jwt.encode(said, key().private, "ES256"), audience=AUDIENCE) is None


def test_a_token_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    earlier = timezone.now() - timedelta(seconds=301)
    monkeypatch.setattr("registries.signing.timezone.now", lambda: earlier)
    token = sign({}, audience=AUDIENCE, lifetime=300)
    monkeypatch.undo()
    assert verify(token, audience=AUDIENCE) is None


def test_a_token_is_for_one_registry() -> None:
    token = sign({}, audience=AUDIENCE, lifetime=300)
    assert verify(token, audience="fabrikam.azurecr.io") is None
    assert verify(token, audience="") is None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("a.b.c", id="three parts"),
        pytest.param("..", id="three empty parts"),
        pytest.param("é.ü.ß", id="other letters"),
        pytest.param("\udc80", id="no text"),
        pytest.param("\0", id="NUL"),
        pytest.param("a" * 100_000, id="long"),
        pytest.param(f"{encoded({'alg': 'ES256'})}.W10.AAAA", id="claims that are a list"),
        pytest.param("W10.W10.AAAA", id="a header that is a list"),
        pytest.param(f"{encoded({'alg': 'ES256', 'kid': 7})}.e30.AAAA", id="a key id that is a number"),
        pytest.param(f"{encoded({'alg': 'ES256', 'crit': ['x']})}.e30.AAAA", id="a demand nobody knows"),
    ],
)
def test_text_that_is_no_token_is_nothing(text: str) -> None:
    assert verify(text, audience=AUDIENCE) is None


@given(st.text())
def test_no_text_is_a_token(text: str) -> None:
    assert verify(text, audience=AUDIENCE) is None


# The key


def test_the_key_is_made_once_and_only_we_read_it(data: Path) -> None:
    first = key()
    assert key() is first
    kept, certificate = data / "token-key.pem", data / "token-certificate.pem"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert certificate_path() == certificate
    assert sorted(each.name for each in data.iterdir()) == ["token-certificate.pem", "token-key.pem"]
    assert b"PRIVATE KEY" not in certificate.read_bytes()


def test_another_process_takes_the_same_key() -> None:
    token = sign({"sub": "bo"}, audience=AUDIENCE, lifetime=300)
    signing._key.cache_clear()
    claims = verify(token, audience=AUDIENCE)
    assert claims is not None
    assert claims["sub"] == "bo"


def test_of_two_processes_that_start_together_both_take_the_first_key(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = signing._made()
    made = signing._made

    def made_meanwhile() -> bytes:
        (data / "token-key.pem").write_bytes(theirs)
        return made()

    monkeypatch.setattr(signing, "_made", made_meanwhile)
    key()
    assert (data / "token-key.pem").read_bytes() == theirs
    assert sorted(each.name for each in data.iterdir()) == ["token-certificate.pem", "token-key.pem"]


def test_a_certificate_that_is_gone_comes_back(data: Path) -> None:
    key()
    before = certificate_path().read_bytes()
    certificate_path().unlink()
    signing._key.cache_clear()
    key()
    assert certificate_path().read_bytes() == before


def test_a_key_of_another_kind_is_refused_with_a_sentence(data: Path) -> None:
    (data / "token-key.pem").write_bytes(
        rsa.generate_private_key(65537, 2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + signing._made().partition(b"-----END PRIVATE KEY-----\n")[2]
    )
    with pytest.raises(ValueError, match=r"holds no key for ES256; delete it, and a new one is made\.$"):
        key()


def test_registries_of_another_user_read_the_certificate(data: Path) -> None:
    key()
    assert stat.S_IMODE(certificate_path().stat().st_mode) == 0o644
