"""User names and passwords."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher

from networking.gate import credentials
from networking.gate.credentials import account_of, proven
from registries.models import Account
from tests import make


@pytest.fixture(autouse=True)
def nothing_proven() -> Iterator[None]:
    proven.forget()
    yield
    proven.forget()


@pytest.fixture
def bo(db: None) -> Account:
    return make.account("Contributor", username="bo@example.org")


@pytest.fixture
def hashed(bo: Account, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every password that was hashed since."""
    found: list[str] = []
    encode = MD5PasswordHasher.encode

    def listening(self: MD5PasswordHasher, password: str, salt: str) -> str:
        found.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", listening)
    return found


def test_the_right_password_is_the_accounts(bo: Account) -> None:
    assert account_of("bo@example.org", make.PASSWORD) == bo


def test_a_service_principal_signs_in_with_its_secret(db: None) -> None:
    program = make.account("Reader", username="00000000-0000-0000-0000-00000000000a", service_principal=True)
    assert account_of("00000000-0000-0000-0000-00000000000a", make.PASSWORD) == program


@pytest.mark.parametrize(
    ("username", "password"),
    [
        pytest.param("bo@example.org", "wrong", id="wrong"),
        pytest.param("bo@example.org", "", id="empty"),
        pytest.param("bo@example.org", make.PASSWORD + "\0", id="with a NUL"),
        pytest.param("bo@example.org", "x" * 20_000, id="20 KB"),
        pytest.param("BO@example.org", make.PASSWORD, id="another letter case"),
        pytest.param("nobody@example.org", make.PASSWORD, id="nobody's"),
        pytest.param("", make.PASSWORD, id="no name"),
        pytest.param("bo@example.org\0", make.PASSWORD, id="a name with a NUL"),
    ],
)
def test_anything_else_is_nobody(bo: Account, username: str, password: str) -> None:
    assert account_of(username, password) is None
    assert account_of(username, password) is None


def test_a_name_that_nobody_has_costs_a_hash_too(hashed: list[str]) -> None:
    account_of("bo@example.org", "wrong")
    account_of("nobody@example.org", "wrong")
    assert hashed == ["wrong", "wrong"]


def test_an_inactive_account_is_nobody_even_where_it_was_known_a_moment_ago(bo: Account) -> None:
    assert account_of("bo@example.org", make.PASSWORD) == bo
    Account.objects.update(is_active=False)
    assert account_of("bo@example.org", make.PASSWORD) is None


def test_an_account_without_a_password_is_nobody(bo: Account) -> None:
    bo.set_unusable_password()
    bo.save()
    assert account_of("bo@example.org", "") is None


def test_a_right_password_is_hashed_once_and_a_wrong_one_every_time(hashed: list[str]) -> None:
    for password in (make.PASSWORD, "wrong", make.PASSWORD, "wrong", make.PASSWORD):
        account_of("bo@example.org", password)
    assert hashed == [make.PASSWORD, "wrong", "wrong"]


def test_what_was_proven_is_forgotten_after_a_while(hashed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "KEPT_FOR", 0.0)
    account_of("bo@example.org", make.PASSWORD)
    account_of("bo@example.org", make.PASSWORD)
    assert hashed == [make.PASSWORD] * 2


def test_a_new_password_voids_the_old_one_at_once(bo: Account) -> None:
    assert account_of("bo@example.org", make.PASSWORD) == bo
    bo.set_password("another one entirely")
    bo.save()
    assert account_of("bo@example.org", make.PASSWORD) is None
    assert account_of("bo@example.org", "another one entirely") == bo


def test_there_is_an_end_to_what_is_kept(hashed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    make.account("Reader", username="cy@example.org")
    hashed.clear()
    monkeypatch.setattr(credentials, "MOST_KEPT", 1)
    for username in ("bo@example.org", "cy@example.org", "cy@example.org", "bo@example.org"):
        account_of(username, make.PASSWORD)
    assert hashed == [make.PASSWORD] * 3


def test_the_password_itself_is_not_kept(bo: Account) -> None:
    account_of("bo@example.org", make.PASSWORD)
    assert make.PASSWORD not in repr(vars(proven))
