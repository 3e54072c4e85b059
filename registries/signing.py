"""Tokens that Portcullis signs: one ES256 key for the instance, its certificate for the registries that check them."""

import os
import uuid
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.utils import timezone

ISSUER = "Azure Container Registry"  # as Distribution's token authentication is told to expect
ALGORITHM = "ES256"
TENANTS = uuid.UUID("6f1c4f0e-0f0b-5a55-9c67-6f7f5f3c4f5e")  # a namespace of our own for tenant ids


@dataclass(frozen=True)
class Key:
    """The private key, and the certificate that Distribution is given as its `rootcertbundle`."""

    private: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @cached_property
    def tenant(self) -> str:
        return str(uuid.uuid5(TENANTS, self.certificate.fingerprint(hashes.SHA256()).hex()))

    @property
    def chain(self) -> list[str]:
        """The header `x5c` of a token (RFC 7515, 4.1.6)."""
        return [b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()]


def certificate_path() -> Path:
    """The certificate that registries check tokens with."""
    return Path(settings.DATA) / "token-certificate.pem"


def key() -> Key:
    """The instance's key, made at first use and kept in the data directory. Machines that serve one console need the
    same file `token-key.pem`."""
    return _key(Path(settings.DATA))


@cache
def _key(directory: Path) -> Key:
    kept = directory / "token-key.pem"
    if not kept.exists():
        _keep(kept, _made())
    parts = kept.read_bytes()
    private = serialization.load_pem_private_key(parts, password=None)
    certificate = x509.load_pem_x509_certificate(parts)
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{kept} holds no key for ES256; delete it, and a new one is made.")
    beside = directory / "token-certificate.pem"
    if not beside.exists():
        _keep(beside, certificate.public_bytes(serialization.Encoding.PEM), mode=0o644)
    return Key(private, certificate)


def _made() -> bytes:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Portcullis tokens")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
        .sign(private, hashes.SHA256())
    )
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)


def _keep(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Exclusively and in one step: two processes that start together must end with the same key."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=mode)
    draft.write_bytes(content)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def tenant_id() -> str:
    """The one tenant of this instance, as directories call it: made of its key, so the same for as long as its tokens
    are valid."""
    return key().tenant


def sign(claims: Mapping[str, Any], *, audience: str, lifetime: int) -> str:
    """A token for `audience` that lives so many seconds. `claims` say who it is and what it may do."""
    now = int(timezone.now().timestamp())
    token = {"iss": ISSUER, "aud": audience, "iat": now, "nbf": now, "exp": now + lifetime, **claims}
    ours = key()
    return jwt.encode(token, ours.private, ALGORITHM, headers={"x5c": ours.chain})


def verify(token: str, *, audience: str) -> dict[str, Any] | None:
    """The claims of a token that we signed for that audience and that still lives; None for any other text."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key().private.public_key(),
            algorithms=[ALGORITHM],
            audience=audience,
            issuer=ISSUER,
            options={"require": ["exp", "nbf", "aud", "iss"]},
        )
    except (jwt.InvalidTokenError, UnicodeEncodeError):
        return None
    return claims


def read(token: str) -> dict[str, Any] | None:
    """The claims of a token that we signed, whatever its audience and however old, for whoever says what is wrong with
    it; None for any other text."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key().private.public_key(),
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            options={"require": ["exp", "nbf", "aud", "iss"], "verify_aud": False, "verify_exp": False},
        )
    except (jwt.InvalidTokenError, UnicodeEncodeError):
        return None
    return claims
