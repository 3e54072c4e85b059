"""manage.py token_certificate: a registry doesn't start before its certificate is there."""

import stat
from io import StringIO
from pathlib import Path

import pytest
from cryptography import x509
from django.core.management import CommandError, call_command
from pytest_django import Settings

from registries.signing import certificate_path, sign, verify


def said() -> str:
    out = StringIO()
    call_command("token_certificate", stdout=out)
    return out.getvalue()


def test_it_makes_the_key_and_says_where_its_certificate_is(settings: Settings, tmp_path: Path) -> None:
    settings.DATA = tmp_path
    assert said() == f"{certificate_path()}\n"
    x509.load_pem_x509_certificate(certificate_path().read_bytes())
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {
        "token-key.pem": 0o600,
        "token-certificate.pem": 0o644,
    }


def test_a_key_that_is_there_stays(settings: Settings, tmp_path: Path) -> None:
    settings.DATA = tmp_path
    token = sign({"sub": "ada"}, audience="contoso", lifetime=60)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert said() == said()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert verify(token, audience="contoso") is not None


def test_a_key_that_can_not_be_read_is_told_in_a_sentence(settings: Settings, tmp_path: Path) -> None:
    settings.DATA = tmp_path
    (tmp_path / "token-key.pem").write_text("no key\n")
    with pytest.raises(CommandError):
        said()
