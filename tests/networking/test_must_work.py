from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from networking.access.problems import Code, Problem
from networking.models import MustWorkCaller
from networking.must_work import (
    MAX_MUST_WORK_CALLERS,
    UPDATE_MUST_WORK,
    add_must_work_caller,
    must_work_callers,
    remove_must_work_caller,
    remove_must_work_callers,
)
from registries.models import Change, Origin, Registry
from tests import make

AN = Origin(account="an@example.org", door="portal", address="192.0.2.44")


@pytest.fixture
def registry(db: None) -> Registry:
    return make.registry()


def add(registry: Registry, name: str, text: str) -> Change | Problem:
    return add_must_work_caller(registry, name=name, text=text, origin=AN)


def kept(registry: Registry) -> list[tuple[str, str]]:
    return [(caller.name, caller.range) for caller in must_work_callers(registry)]


def test_a_caller_is_kept_with_who_added_it_and_leaves_one_change(registry: Registry) -> None:
    add(registry, "Office", "16.17.18.0/24")
    change = add(registry, " Build server ", " 198.51.100.7/32 ")
    assert isinstance(change, Change)
    assert kept(registry) == [("Build server", "198.51.100.7"), ("Office", "16.17.18.0/24")]
    assert MustWorkCaller.objects.get(range="198.51.100.7").added_by == "an@example.org"
    assert Change.objects.count() == 2
    change.refresh_from_db()
    assert (change.registry, change.operation) == (registry, UPDATE_MUST_WORK)
    assert (change.account, change.door, change.address) == ("an@example.org", "portal", "192.0.2.44")
    assert change.before == {"mustWorkCallers": [{"name": "Office", "range": "16.17.18.0/24"}]}
    assert change.after == {
        "mustWorkCallers": [
            {"name": "Build server", "range": "198.51.100.7"},
            {"name": "Office", "range": "16.17.18.0/24"},
        ]
    }


def test_a_removed_caller_leaves_a_change_too(registry: Registry) -> None:
    add(registry, "Office", "16.17.18.0/24")
    row = registry.must_work_callers.get()
    removed = remove_must_work_caller(registry, str(row.pk), AN)
    assert (removed, kept(registry)) == (row, [])
    change = Change.objects.latest("pk")
    assert (change.operation, change.account) == (UPDATE_MUST_WORK, "an@example.org")
    assert change.before == {"mustWorkCallers": [{"name": "Office", "range": "16.17.18.0/24"}]}
    assert change.after == {"mustWorkCallers": []}


def test_several_are_removed_as_one_change(registry: Registry) -> None:
    for number in range(3):
        add(registry, f"Caller {number}", f"20.0.{number}.1")
    first, second, _ = must_work_callers(registry)
    assert remove_must_work_callers(registry, {first.pk, second.pk, 0}, AN) == [first, second]
    assert kept(registry) == [("Caller 2", "20.0.2.1")]
    assert Change.objects.count() == 4
    assert remove_must_work_callers(registry, set(), AN) == []
    assert Change.objects.count() == 4


REFUSED = [
    pytest.param("", "9.9.9.9", Code.INVALID_RULE_TEXT, "Type a name, so that a warning can say who it is.", id="none"),
    pytest.param(
        " \t", "9.9.9.9", Code.INVALID_RULE_TEXT, "Type a name, so that a warning can say who it is.", id="blank"
    ),
    pytest.param(
        "n" * 81, "9.9.9.9", Code.INVALID_RULE_TEXT, "A name can have 80 characters; this one has 81.", id="too long"
    ),
    pytest.param(
        "Build\nserver",
        "9.9.9.9",
        Code.INVALID_RULE_TEXT,
        "A name can't hold line breaks or control characters. Type it on one line.",
        id="line break",
    ),
    pytest.param(
        "Build\x00",
        "9.9.9.9",
        Code.INVALID_RULE_TEXT,
        "A name can't hold line breaks or control characters. Type it on one line.",
        id="null",
    ),
    pytest.param(
        "Build\udc80",
        "9.9.9.9",
        Code.INVALID_RULE_TEXT,
        "A name can't hold line breaks or control characters. Type it on one line.",
        id="half a surrogate pair",
    ),
    pytest.param(
        "Build\u202eserver",
        "9.9.9.9",
        Code.INVALID_RULE_TEXT,
        "A name can't hold invisible characters. Type it anew.",
        id="right-to-left override",
    ),
    pytest.param(
        "Build server",
        "example.org",
        Code.INVALID_IP_ADDRESS,
        "'example.org' isn't an IPv4 address or CIDR range. Try a form like 16.17.18.19 or 16.17.18.0/24.",
        id="no address",
    ),
    pytest.param(
        "Build server",
        "",
        Code.INVALID_IP_ADDRESS,
        "Type an IP address or a CIDR range, like 16.17.18.19 or 16.17.18.0/24.",
        id="no range",
    ),
    pytest.param(
        "Build server",
        "10.0.0.4",
        Code.PRIVATE_IP_ADDRESS,
        "10.0.0.4 is inside the private range 10.0.0.0/8 (RFC 1918). "
        "Rules accept public addresses only; use a private endpoint instead.",
        id="private",
    ),
    pytest.param(
        "Another name",
        "16.17.18.0/24",
        Code.DUPLICATE_IP_RULE,
        "16.17.18.0/24 is listed already, as 'Office'.",
        id="duplicate",
    ),
]


@pytest.mark.parametrize(("name", "text", "code", "message"), REFUSED)
def test_what_is_refused_changes_nothing(registry: Registry, name: str, text: str, code: Code, message: str) -> None:
    add(registry, "Office", "16.17.18.0/24")
    problem = add(registry, name, text)
    assert isinstance(problem, Problem)
    assert (problem.code, problem.message) == (code, message)
    assert kept(registry) == [("Office", "16.17.18.0/24")]
    assert Change.objects.count() == 1


def test_a_name_may_be_80_characters_in_any_language_and_stand_twice(registry: Registry) -> None:
    name = "Büro 🏢".ljust(80, "é")
    assert isinstance(add(registry, name, "9.9.9.9"), Change)
    assert isinstance(add(registry, name, "9.9.9.10"), Change)
    assert kept(registry) == [(name, "9.9.9.9"), (name, "9.9.9.10")]


def test_the_fifty_first_caller_is_refused(registry: Registry) -> None:
    MustWorkCaller.objects.bulk_create(
        MustWorkCaller(registry=registry, name=f"Caller {number}", range=f"20.0.{number}.1")
        for number in range(MAX_MUST_WORK_CALLERS - 1)
    )
    assert isinstance(add(registry, "The fiftieth", "9.9.9.9"), Change)
    problem = add(registry, "One too many", "9.9.9.10")
    assert problem == Problem(Code.QUOTA_EXCEEDED, "A registry can have 50 must-work callers. Remove one first.")
    assert len(kept(registry)) == 50


def test_the_same_range_may_be_listed_at_another_registry(registry: Registry) -> None:
    other = make.registry("otherregistry")
    assert isinstance(add(registry, "Office", "9.9.9.9"), Change)
    assert isinstance(add(other, "Office", "9.9.9.9"), Change)


@pytest.mark.parametrize("number", ["", "0", "-1", "x", "1 or 1", "9" * 18, "9" * 5000, "１"])
def test_removing_what_is_not_there_changes_nothing(registry: Registry, number: str) -> None:
    add(registry, "Office", "9.9.9.9")
    assert remove_must_work_caller(registry, number, AN) is None
    assert (kept(registry), Change.objects.count()) == ([("Office", "9.9.9.9")], 1)


def test_a_caller_of_another_registry_is_not_removed(registry: Registry) -> None:
    other = make.registry("otherregistry")
    add(other, "Office", "9.9.9.9")
    assert remove_must_work_caller(registry, str(other.must_work_callers.get().pk), AN) is None
    assert kept(other) == [("Office", "9.9.9.9")]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda registry: add(registry, "Office", "9.9.9.9"), id="add"),
        pytest.param(lambda registry: remove_must_work_caller(registry, "1", AN), id="remove"),
    ],
)
def test_a_registry_that_was_deleted_meanwhile_is_named_as_such(
    registry: Registry, change: Callable[[Registry], object]
) -> None:
    Registry.objects.filter(pk=registry.pk).delete()
    with pytest.raises(Registry.DoesNotExist):
        change(registry)


def test_a_change_that_fails_leaves_no_caller_behind(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(Change, "record", fail)
    with pytest.raises(RuntimeError):
        add(registry, "Office", "9.9.9.9")
    assert kept(registry) == []


def test_loading_takes_one_query(registry: Registry, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    add(registry, "Office", "9.9.9.9")
    with django_assert_num_queries(1):
        assert kept(registry) == [("Office", "9.9.9.9")]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_people_who_add_the_same_range_at_once_are_told_apart() -> None:
    registry = make.registry()

    def add_one(name: str) -> bool:
        try:
            return isinstance(add(registry, name, "9.9.9.9"), Change)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=2) as pool:
        done = list(pool.map(add_one, ["Ada", "Bo"]))
    assert sorted(done) == [False, True]
    assert Change.objects.count() == 1
