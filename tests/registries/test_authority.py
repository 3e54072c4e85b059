"""The certificate authority of an installation, and what it vouches for."""

import shutil
import socket
import ssl
import stat
import subprocess
import threading
from datetime import datetime, timedelta, tzinfo
from ipaddress import ip_address
from pathlib import Path
from typing import Self

import pytest
from cryptography import x509
from pytest_django import Settings

from registries import authority
from registries.authority import authority_path, certificate_for, default_names


@pytest.fixture(autouse=True)
def data(settings: Settings, tmp_path: Path) -> Path:
    """Each test has an authority of its own."""
    settings.DATA = tmp_path
    settings.LOGIN_SERVER_SUFFIX = "azurecr.localhost"
    return tmp_path


def read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def names_of(certificate: x509.Certificate) -> set[str]:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))}


def greeted(names: tuple[str, ...], server_name: str) -> str:
    """What a client that trusts the authority, and checks as strictly as it can, says of the server."""
    certificate, key = certificate_for(names)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=authority_path())
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            with serving.wrap_socket(ours, server_side=True) as connection:
                connection.sendall(b"hello")
        except (ssl.SSLError, OSError):
            ours.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with trusting.wrap_socket(theirs, server_hostname=server_name) as connection:
            return connection.recv(5).decode()
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    finally:
        theirs.close()
        thread.join()


def test_a_machine_and_every_registry_are_named() -> None:
    certificate, _ = certificate_for(default_names())
    assert names_of(read(certificate)) == {"localhost", "127.0.0.1", "::1", "*.azurecr.localhost"}


@pytest.mark.parametrize(
    "name", ["localhost", "127.0.0.1", "::1", "mycontainerregistry.azurecr.localhost", "LOCALHOST"]
)
def test_a_client_that_checks_strictly_believes_it(name: str) -> None:
    assert greeted(default_names(), name) == "hello"


@pytest.mark.parametrize("name", ["example.org", "127.0.0.2", "a.b.azurecr.localhost"])
def test_it_is_believed_under_its_names_only(name: str) -> None:
    assert "certificate is not valid for" in greeted(default_names(), name)


def test_names_of_ones_own_are_taken() -> None:
    names = ("lab.example.org", "10.20.0.4", "*.eastus.data.azurecr.localhost", " Lab.Example.org ")
    certificate, _ = certificate_for(names)
    assert names_of(read(certificate)) == {"lab.example.org", "10.20.0.4", "*.eastus.data.azurecr.localhost"}
    assert greeted(names, "my.eastus.data.azurecr.localhost") == "hello"


@pytest.mark.parametrize("names", [(), ("",), ("a b",), ("é.example.org",), ("https://localhost",), ("*",), ("a..b",)])
def test_what_is_no_name_is_refused(names: tuple[str, ...], data: Path) -> None:
    with pytest.raises(ValueError, match=r"^(A certificate needs at least one name|'.*' is neither a host name nor)"):
        certificate_for(names)


def test_openssl_finds_no_fault_with_it() -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl isn't installed.")
    certificate, _ = certificate_for(default_names())
    checked = subprocess.run(
        ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", authority_path(), certificate],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (0, "")


def test_the_authority_signs_certificates_and_nothing_else() -> None:
    made = read(authority_path())
    usage = made.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert (usage.value.key_cert_sign, usage.value.crl_sign, usage.value.digital_signature) == (True, True, False)
    constraints = made.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca, constraints.value.path_length) == (True, True, 0)
    made.verify_directly_issued_by(made)


def test_a_server_may_not_vouch_for_others() -> None:
    made = read(certificate_for(default_names())[0])
    assert made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    assert made.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign is False
    made.verify_directly_issued_by(read(authority_path()))


def clock(later: timedelta) -> type[datetime]:
    """`datetime`, so much later."""

    class Later(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) + later

    return Later


# What is kept


def test_only_we_read_the_keys_and_anybody_the_authority(data: Path) -> None:
    certificate, key = certificate_for(default_names())
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (key, data / "authority-key.pem", authority_path())}
    assert list(modes.values()) == [0o600, 0o600, 0o644]
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    assert sorted(path.name for path in data.rglob("*.pem")) == sorted(
        [certificate.name, key.name, "authority.pem", "authority-key.pem"]
    )


def test_it_is_made_once() -> None:
    certificate, key = certificate_for(default_names())
    before = (certificate.read_bytes(), key.read_bytes(), authority_path().read_bytes())
    assert certificate_for(reversed(default_names())) == (certificate, key)
    assert (certificate.read_bytes(), key.read_bytes(), authority_path().read_bytes()) == before
    assert certificate_for(["localhost"]) != (certificate, key)


def test_it_is_made_anew_before_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = certificate_for(default_names())
    first, kept = read(certificate), key.read_bytes()
    days = authority.LEAF_DAYS - authority.RENEWED_BEFORE.days
    for later, anew in ((timedelta(days=days - 2), False), (timedelta(days=days + 1), True)):
        with monkeypatch.context() as patched:
            patched.setattr(authority, "datetime", clock(later))
            certificate_for(default_names())
        assert (read(certificate).serial_number != first.serial_number) is anew
    assert key.read_bytes() == kept


def test_another_authority_vouches_anew(data: Path) -> None:
    certificate, _ = certificate_for(default_names())
    first = read(certificate)
    (data / "authority.pem").unlink()
    (data / "authority-key.pem").unlink()
    certificate_for(default_names())
    assert read(certificate).serial_number != first.serial_number
    assert greeted(default_names(), "localhost") == "hello"


def test_two_authorities_have_two_names(data: Path, settings: Settings) -> None:
    first = read(authority_path())
    settings.DATA = data / "other"
    settings.DATA.mkdir()
    assert read(authority_path()).subject != first.subject


def test_of_two_processes_that_start_together_both_take_the_first_key(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = data / "other"
    other.mkdir()
    theirs = authority._key(other / "authority-key.pem")
    keep = authority._keep

    def kept_meanwhile(path: Path, content: bytes, *, mode: int = 0o600) -> None:
        if path.name == "authority-key.pem" and not path.exists():
            path.write_bytes((other / "authority-key.pem").read_bytes())
        keep(path, content, mode=mode)

    monkeypatch.setattr(authority, "_keep", kept_meanwhile)
    assert read(authority_path()).public_key() == theirs.public_key()
    assert sorted(path.name for path in data.iterdir() if path.is_file()) == ["authority-key.pem", "authority.pem"]


def test_halves_of_two_authorities_are_refused_with_a_sentence(data: Path) -> None:
    authority_path()
    (data / "authority-key.pem").unlink()
    with pytest.raises(ValueError, match=r"don't belong together; delete both, and new ones are made\.$"):
        certificate_for(default_names())


def test_an_address_stands_in_it_as_one() -> None:
    names = read(certificate_for(["127.0.0.1", "[::1]"])[0]).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert names.value.get_values_for_type(x509.IPAddress) == [ip_address("127.0.0.1"), ip_address("::1")]
