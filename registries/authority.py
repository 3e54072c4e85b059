"""A certificate authority for this installation alone, and the certificates of the servers that it vouches for.

az takes the ARM API over TLS only, and docker a registry; both are told to trust this authority and nothing else of
ours. The extensions are those that strict verification asks for (RFC 5280, 4.2; Python from 3.13 on).
"""

import hashlib
import os
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.conf import settings

AUTHORITY_DAYS = 3650
LEAF_DAYS = 397  # what browsers take at most
RENEWED_BEFORE = timedelta(days=60)

PrivateKey = ec.EllipticCurvePrivateKey


def default_names() -> tuple[str, ...]:
    """What the servers of one machine are called: itself, and every registry."""
    return ("localhost", "127.0.0.1", "::1", f"*.{settings.LOGIN_SERVER_SUFFIX}")


def authority_path() -> Path:
    """The certificate that clients trust, made at first use. Anybody may have it."""
    path = _data() / "authority.pem"
    if not path.exists():
        key = _key(_data() / "authority-key.pem")
        _keep(path, _pem(_authority(key)), mode=0o644)
    return path


def certificate_for(names: Iterable[str]) -> tuple[Path, Path]:
    """The certificate of a server with these host names and addresses, and its key: made at first use, the certificate
    anew before it ends. Servers read it when they start. ValueError where a name is none."""
    wanted = tuple(dict.fromkeys(name.strip().lower() for name in names if name.strip()))
    if not wanted:
        raise ValueError("A certificate needs at least one name.")
    authority = x509.load_pem_x509_certificate(authority_path().read_bytes())
    directory = _data() / "certificates"
    directory.mkdir(mode=0o700, exist_ok=True)
    called = hashlib.sha256("\n".join(sorted(wanted)).encode()).hexdigest()[:16]
    certificate_path, key_path = directory / f"{called}.pem", directory / f"{called}-key.pem"
    key = _key(key_path)
    if not _still_good(certificate_path, authority):
        authority_key = _key(_data() / "authority-key.pem")
        if authority.public_key() != authority_key.public_key():
            both = f"{authority_path()} and {_data() / 'authority-key.pem'}"
            raise ValueError(f"{both} don't belong together; delete both, and new ones are made.")
        made = _leaf(wanted, key, authority, authority_key)
        _replace(certificate_path, _pem(made) + _pem(authority))
    return certificate_path, key_path


def _data() -> Path:
    return Path(settings.DATA)


def _still_good(path: Path, authority: x509.Certificate) -> bool:
    """It lives for a while yet, and this authority made it."""
    if not path.exists():
        return False
    kept = x509.load_pem_x509_certificate(path.read_bytes())
    try:
        kept.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return kept.not_valid_after_utc - RENEWED_BEFORE > datetime.now(UTC)


def _authority(key: PrivateKey) -> x509.Certificate:
    # A name of its own: two authorities of one name in one trust store are taken for each other.
    name = _named(f"Portcullis authority {secrets.token_hex(4)}")
    return (
        _begun(key, name, name, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _leaf(
    names: tuple[str, ...], key: PrivateKey, authority: x509.Certificate, authority_key: PrivateKey
) -> x509.Certificate:
    subject_key = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return (
        _begun(key, _named(names[0][:64]), authority.subject, LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(subject_key), critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _begun(key: PrivateKey, subject: x509.Name, issuer: x509.Name, days: int) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))  # clocks differ
        .not_valid_after(now + timedelta(days=days))
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name.strip("[]")))
    except ValueError:
        pass
    labels = name.removeprefix("*.").split(".")
    if not all(label.isascii() and label.replace("-", "a").replace("_", "a").isalnum() for label in labels):
        raise ValueError(f"'{name}' is neither a host name nor an address.")
    return x509.DNSName(name)


def _named(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _key(path: Path) -> PrivateKey:
    """The private key at that path, made at first use."""
    if not path.exists():
        made = ec.generate_private_key(ec.SECP256R1())
        pem = made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _keep(path, pem)
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, PrivateKey):
        raise ValueError(f"{path} holds no key of an elliptic curve; delete it, and a new one is made.")
    return key


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _keep(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Exclusively and in one step: two processes that start together must end with the same file."""
    draft = _draft(path, content, mode)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _replace(path: Path, content: bytes) -> None:
    """In one step: a server that starts meanwhile reads the old one whole, or the new one."""
    _draft(path, content, 0o600).replace(path)


def _draft(path: Path, content: bytes, mode: int) -> Path:
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    draft.touch(mode=mode)
    draft.write_bytes(content)
    return draft
