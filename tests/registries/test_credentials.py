"""User names and passwords."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db.models import Q
from pytest_django import DjangoAssertNumQueries, Settings

from registries import credentials
from registries.credentials import PEOPLE, PROGRAMS, BusyError, GuessedError, Turns, account_of
from registries.models import Account
from tests import make

ONLY = (PEOPLE, PROGRAMS)


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


def test_who_gives_no_name_costs_nothing(hashed: list[str], django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """docker asks that way for what anybody may have."""
    with django_assert_num_queries(0):
        assert [account_of("", "", caller="192.0.2.1") for _ in range(20)] == [None] * 20
    assert hashed == []


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
    account_of("bo@example.org", "wrong")
    kept = repr([vars(credentials.proven), vars(credentials.failures)])
    assert make.PASSWORD not in kept
    assert "wrong" not in kept


def test_a_hash_that_django_would_renew_stays_as_it_is(
    bo: Account, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """The gate's database may be a replica, which takes no UPDATE."""
    hashers = ["django.contrib.auth.hashers.PBKDF2PasswordHasher", *settings.PASSWORD_HASHERS]
    settings.PASSWORD_HASHERS = hashers
    with django_assert_num_queries(1):
        assert account_of("bo@example.org", make.PASSWORD) == bo


# How often and how many


@pytest.mark.parametrize("username", ["bo@example.org", "nobody@example.org"], ids=["somebody", "nobody"])
def test_who_was_wrong_ten_times_within_a_minute_has_to_wait(
    hashed: list[str], monkeypatch: pytest.MonkeyPatch, username: str
) -> None:
    for each in range(10):
        assert account_of(username, f"wrong {each}", caller="192.0.2.1") is None
    for password in ("wrong", make.PASSWORD):
        with pytest.raises(BusyError, match="too many wrong passwords for this name; try again in a minute") as busy:
            account_of(username, password, caller="192.0.2.1")
        assert busy.value.again_in == 60
    assert len(hashed) == 10
    assert account_of(username, "wrong", caller="192.0.2.2") is None
    assert account_of("cy@example.org", "wrong", caller="192.0.2.1") is None
    monkeypatch.setattr(credentials, "WRONG_FOR", 0.0)
    assert account_of(username, "wrong", caller="192.0.2.1") is None


def test_a_password_that_was_proven_is_not_guessed_at_speed_either(bo: Account) -> None:
    assert account_of("bo@example.org", make.PASSWORD, caller="192.0.2.1") == bo
    for _ in range(10):
        account_of("bo@example.org", "wrong", caller="192.0.2.2")
    with pytest.raises(BusyError):
        account_of("bo@example.org", make.PASSWORD, caller="192.0.2.2")
    assert account_of("bo@example.org", make.PASSWORD, caller="192.0.2.1") == bo


def test_right_passwords_never_have_to_wait(bo: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "KEPT_FOR", 0.0)
    assert [account_of("bo@example.org", make.PASSWORD) for _ in range(30)] == [bo] * 30


def test_there_is_an_end_to_the_wrong_ones_that_are_kept(bo: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "MOST_KEPT", 2)
    for username in ("a", "b", "c"):
        account_of(username, "wrong")
    assert len(credentials.failures._kept) == 2


def test_one_thread_hashes_and_few_wait_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "WAITS", 60.0)
    turns, hashing, done, order = Turns(most_waiting=1), threading.Event(), threading.Event(), []

    def hash_one(name: str) -> None:
        with turns.taken():
            order.append(name)
            hashing.set()
            done.wait(60)

    threads = [threading.Thread(target=hash_one, args=(name,)) for name in ("first", "second")]
    threads[0].start()
    assert hashing.wait(60)
    threads[1].start()
    while turns._places._value:
        done.wait(0.01)
    with pytest.raises(BusyError, match="too many are signing in; try again in a moment"), turns.taken():
        order.append("third")
    assert order == ["first"]
    done.set()
    for each in threads:
        each.join()
    with turns.taken():
        order.append("fourth")
    assert order == ["first", "second", "fourth"]


def test_a_whole_class_signs_in_at_once() -> None:
    """One after the other, and nobody is sent away; at a gate some would be."""
    turns, together = Turns(most_waiting=2), threading.Barrier(12)

    def sign_in(number: int) -> int:
        together.wait(60)
        with turns.taken(patient=True):
            time.sleep(0.01)
            return number

    with ThreadPoolExecutor(12) as pool:
        assert sorted(pool.map(sign_in, range(12))) == list(range(12))


def test_nobody_waits_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "WAITS", 0.0)
    turns = Turns()
    with turns.taken(), pytest.raises(BusyError), turns.taken():
        raise AssertionError
    with turns.taken():
        pass


def test_who_waited_while_the_same_password_was_proven_is_not_hashed(
    bo: Account, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Meanwhile(Turns):
        def taken(self, *, from_outside: bool = False, patient: bool = False) -> Any:
            credentials.proven.keep(bo, make.PASSWORD)
            return super().taken(from_outside=from_outside)

    monkeypatch.setattr(credentials, "turns", Meanwhile())
    assert account_of("bo@example.org", make.PASSWORD) == bo
    assert hashed == []


# Where only some are let in


CY = Q(username="cy@example.org")


def test_everybody_else_is_nobody_by_the_same_work(
    bo: Account, hashed: list[str], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for name in ("bo@example.org", "nobody@example.org"):
        for password in (make.PASSWORD, "wrong"):
            with django_assert_num_queries(1):
                assert account_of(name, password, only=CY) is None
    assert hashed == [make.PASSWORD, "wrong"] * 2
    assert account_of("bo@example.org", "wrong", only=~CY) is None
    assert account_of("bo@example.org", make.PASSWORD, only=~CY) == bo


@pytest.mark.parametrize("only", [CY, ~CY], ids=["others", "such as this one"])
def test_everybody_else_is_counted_too(bo: Account, only: Q) -> None:
    """Else who never has to wait would be known to be somebody else."""
    for each in range(10):
        assert account_of("bo@example.org", f"{each}", only=only) is None
    with pytest.raises(GuessedError):
        account_of("bo@example.org", "wrong", only=only)


def test_what_was_proven_doesnt_count_there(bo: Account, hashed: list[str]) -> None:
    for only in (None, ~CY, ~CY, None):
        assert account_of("bo@example.org", make.PASSWORD, only=only) == bo
    assert hashed == [make.PASSWORD] * 3


def test_people_and_programs_are_told_apart(bo: Account) -> None:
    program = make.account("Reader", username="a-program", service_principal=True)
    both = [(each, account_of(each.username, make.PASSWORD, only=only)) for each in (bo, program) for only in ONLY]
    assert both == [(bo, bo), (bo, None), (program, None), (program, program)]


def test_from_outside_nobody_takes_all_the_places() -> None:
    turns = Turns(most_waiting=1)
    with turns._place(turns._outside), turns._place(turns._places):
        with pytest.raises(BusyError, match="too many are signing in"), turns.taken(from_outside=True):
            raise AssertionError
        with turns.taken():
            pass
    with turns.taken(from_outside=True):
        pass


# Who has to wait


def test_ten_are_ten_however_many_ask_at_once(bo: Account, hashed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody before this one used the tenth up while it waited for its turn."""
    for each in range(9):
        account_of("bo@example.org", f"{each}")

    class Meanwhile(Turns):
        def taken(self, *, from_outside: bool = False, patient: bool = False) -> Any:
            credentials.failures.add("bo@example.org", "")
            return super().taken(from_outside=from_outside)

    monkeypatch.setattr(credentials, "turns", Meanwhile())
    with pytest.raises(GuessedError):
        account_of("bo@example.org", make.PASSWORD)
    assert len(hashed) == 9


@pytest.mark.parametrize(
    ("caller", "other", "is_one"),
    [
        pytest.param("192.0.2.1", "192.0.2.1", True, id="the same"),
        pytest.param("192.0.2.1", "192.0.2.2", False, id="IPv4"),
        pytest.param("2001:db8::1", "2001:db8::ffff:1", True, id="IPv6, of one network"),
        pytest.param("2001:db8::1", "2001:db8:0:1::1", False, id="IPv6, of another network"),
        pytest.param("", "no address", True, id="not known"),
        pytest.param("192.0.2.1", "", False, id="known and not"),
    ],
)
def test_callers_are_told_apart_by_their_network(bo: Account, caller: str, other: str, *, is_one: bool) -> None:
    for each in range(10):
        account_of("bo@example.org", f"{each}", caller=caller)
    try:
        assert account_of("bo@example.org", make.PASSWORD, caller=other) == bo
    except GuessedError:
        assert is_one
    else:
        assert not is_one


def test_what_people_read_begins_with_a_capital_letter() -> None:
    assert BusyError("try again.", 1.5).sentence == "Try again."
