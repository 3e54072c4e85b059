"""How a policy is loaded and stored, and what the database itself refuses."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from networking.access.addresses import AddressRange
from networking.access.policy import AccessPolicy, DefaultAction, PublicNetworkAccess, Rule
from networking.access.problems import Code, Problem
from networking.models import EndpointSettings, FirewallRule, SimulatedClient, Stale
from registries.models import Change, Origin, Registry
from tests import make

DEFAULT = AccessPolicy()
OFFICE = make.selected("16.17.18.0/24", "203.0.113.7")
AN = Origin(account="an@example.org", door="arm", address="192.0.2.44", comment="The new office")
SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/a"


def stored(registry: Registry) -> AccessPolicy:
    return EndpointSettings.of(registry).policy


def store(
    registry: Registry, policy: AccessPolicy, *, seen: AccessPolicy | None = None, origin: Origin = make.BO
) -> Change | Stale | Problem | None:
    """Store upon the policy that is there now, or upon the one that was seen."""
    return EndpointSettings.store(registry, policy, seen=(seen or stored(registry)).fingerprint, origin=origin)


def hundred() -> AccessPolicy:
    """Every rule there can be, each with the longest name and note."""
    first = AddressRange.stored("16.17.18.0").first
    rules = (Rule(AddressRange(first + 2 * number, 32), "n" * 80, "t" * 400) for number in range(100))
    policy = make.selected().with_rules(rules)
    assert isinstance(policy, AccessPolicy)
    return policy


# Load


def test_a_registry_without_a_row_has_the_default_policy(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    registry = make.registry()
    with django_assert_num_queries(1):
        assert stored(registry) == DEFAULT
    assert not EndpointSettings.objects.exists()


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param(OFFICE, id="selected networks"),
        pytest.param(make.selected(), id="selected networks without a rule"),
        pytest.param(make.disabled("16.17.18.0/24"), id="disabled with rules kept"),
        pytest.param(
            AccessPolicy(public_network_access=PublicNetworkAccess.DISABLED, default_action=DefaultAction.ALLOW),
            id="disabled with default action Allow",
        ),
        pytest.param(AccessPolicy(rules=(make.rule("16.17.18.19"),)), id="all networks with a rule kept"),
        pytest.param(AccessPolicy(trusted_services=False), id="without trusted services"),
        pytest.param(AccessPolicy(tasks_bypass=True, data_endpoint=True, subnets=(SUBNET,)), id="the other settings"),
        pytest.param(
            replace(DEFAULT, rules=(make.rule("16.17.18.19", name="Büro 🏢", note="Until “May”"),)), id="any language"
        ),
        pytest.param(hundred(), id="as many rules as there can be"),
    ],
)
def test_what_is_stored_is_loaded_again(db: None, policy: AccessPolicy) -> None:
    registry = make.registry()
    assert isinstance(store(registry, policy), Change)
    assert stored(registry) == policy
    assert stored(registry).fingerprint == policy.fingerprint


@pytest.mark.parametrize("policy", [OFFICE, hundred()])
def test_loading_takes_two_queries_whatever_the_number_of_rules(
    db: None, django_assert_num_queries: DjangoAssertNumQueries, policy: AccessPolicy
) -> None:
    registry = make.registry(policy=policy)
    with django_assert_num_queries(2):
        assert stored(registry) == policy


def test_a_rule_that_was_tampered_with_stops_the_load(db: None) -> None:
    registry = make.registry(policy=OFFICE)
    FirewallRule.objects.filter(range="203.0.113.7").update(range="0.0.0.1/0")
    with pytest.raises(ValueError, match="host bits"):
        stored(registry)


# Store


def test_a_store_leaves_exactly_one_change(db: None) -> None:
    registry = make.registry()
    change = store(registry, OFFICE, origin=AN)
    assert isinstance(change, Change)
    assert Change.objects.get() == change
    assert (change.registry, change.resource_id) == (registry, str(registry.resource_id))
    assert (change.operation, change.account, change.door) == ("Update networking", "an@example.org", "arm")
    assert (change.address, change.comment) == ("192.0.2.44", "The new office")
    assert (change.before, change.after) == (DEFAULT.record(), OFFICE.record())
    assert AccessPolicy.from_record(change.before or {}) == DEFAULT
    assert AccessPolicy.from_record(change.after or {}) == OFFICE


def test_each_change_begins_where_the_last_one_ended(db: None) -> None:
    registry = make.registry()
    steps = [OFFICE, make.disabled("16.17.18.0/24"), DEFAULT]
    assert all(isinstance(store(registry, step), Change) for step in steps)
    assert list(Change.objects.order_by("pk").values_list("before", "after")) == [
        (before.record(), after.record()) for before, after in zip([DEFAULT, *steps], steps, strict=False)
    ]


@pytest.mark.parametrize("policy", [DEFAULT, OFFICE])
def test_storing_what_is_stored_writes_nothing(db: None, policy: AccessPolicy) -> None:
    registry = make.registry(policy=policy)
    before = everything()
    assert store(registry, policy) is None
    assert everything() == before


def everything() -> list[list[dict[str, Any]]]:
    """All that a store could touch."""
    kept: list[type[models.Model]] = [Registry, EndpointSettings, FirewallRule, Change]
    return [list(model._default_manager.order_by("pk").values()) for model in kept]


def test_a_policy_that_was_changed_meanwhile_is_not_overwritten(db: None) -> None:
    registry = make.registry(policy=OFFICE)
    theirs = store(registry, make.selected("198.51.100.0/24"), origin=AN)
    assert isinstance(theirs, Change)
    before = everything()
    assert store(registry, make.selected("16.17.18.0/24"), seen=OFFICE) == Stale(theirs)
    assert everything() == before


def test_stale_is_said_even_where_both_want_the_same(db: None) -> None:
    registry = make.registry()
    theirs = store(registry, OFFICE)
    assert isinstance(theirs, Change)
    assert store(registry, OFFICE, seen=DEFAULT) == Stale(theirs)


def test_stale_names_the_last_change_of_networking_and_no_other(db: None) -> None:
    registry = make.registry()
    theirs = store(registry, AccessPolicy(trusted_services=False))
    assert isinstance(theirs, Change)
    assert registry.change_tier("Basic", AN) == []
    assert store(registry, DEFAULT, seen=OFFICE) == Stale(theirs)


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param("", id="none"),
        pytest.param("0" * 64, id="another"),
        pytest.param(DEFAULT.fingerprint.upper(), id="in another case"),
        pytest.param("'; drop table", id="not even one"),
    ],
)
def test_a_forged_fingerprint_stores_nothing(db: None, seen: str) -> None:
    registry = make.registry()
    before = everything()
    assert EndpointSettings.store(registry, OFFICE, seen=seen, origin=AN) == Stale(None)
    assert everything() == before


@pytest.mark.parametrize("sku", ["Basic", "Standard"])
@pytest.mark.parametrize(
    ("policy", "code"),
    [
        pytest.param(make.disabled(), Code.DISABLING_NOT_SUPPORTED, id="disabled"),
        pytest.param(OFFICE, Code.NETWORK_RULE_NOT_SUPPORTED, id="rules"),
        pytest.param(AccessPolicy(data_endpoint=True), Code.DATA_ENDPOINT_NOT_SUPPORTED, id="data endpoint"),
    ],
)
def test_what_the_tier_can_not_hold_is_not_stored(db: None, sku: str, policy: AccessPolicy, code: Code) -> None:
    registry = make.registry(sku=sku)
    before = everything()
    problem = store(registry, policy)
    assert isinstance(problem, Problem)
    assert problem == policy.problem_for_tier(sku)
    assert problem.code is code
    assert everything() == before


def test_the_tier_is_the_one_in_the_database_not_the_one_the_caller_remembers(db: None) -> None:
    remembered = make.registry()
    Registry.objects.update(sku="Basic")
    assert isinstance(store(remembered, OFFICE), Problem)
    assert stored(remembered) == DEFAULT


def test_trusted_services_are_stored_in_every_tier(db: None) -> None:
    assert isinstance(store(make.registry(sku="Basic"), AccessPolicy(trusted_services=False)), Change)


def test_a_registry_that_is_gone_is_said_to_be(db: None) -> None:
    registry = make.registry()
    Registry.objects.all().delete()
    with pytest.raises(Registry.DoesNotExist):
        EndpointSettings.store(registry, OFFICE, seen=DEFAULT.fingerprint, origin=AN)


@pytest.mark.parametrize(
    ("policy", "public_access", "rule_count", "data_endpoint"),
    [
        pytest.param(OFFICE, "selected", 2, False, id="selected networks"),
        pytest.param(make.disabled("16.17.18.0/24"), "disabled", 1, False, id="disabled with a rule kept"),
        pytest.param(AccessPolicy(rules=(make.rule("16.17.18.19"),)), "all", 1, False, id="all networks"),
        pytest.param(AccessPolicy(data_endpoint=True), "all", 0, True, id="data endpoint"),
    ],
)
def test_the_row_of_the_list_repeats_what_networking_says(
    db: None, policy: AccessPolicy, public_access: str, rule_count: int, data_endpoint: bool
) -> None:
    registry = make.registry()
    store(registry, policy)
    row = Registry.objects.get()
    assert (row.public_access, row.rule_count, row.data_endpoint) == (public_access, rule_count, data_endpoint)
    assert row.changed_at > registry.changed_at
    store(registry, DEFAULT)
    row.refresh_from_db()
    assert (row.public_access, row.rule_count, row.data_endpoint) == ("all", 0, False)


def test_only_the_summary_of_the_registry_is_written(db: None) -> None:
    """Tags that somebody else writes in the same moment stay theirs."""
    remembered = make.registry(tags={"team": "old"})
    Registry.objects.update(tags={"team": "new"}, location="westeurope")
    store(remembered, OFFICE)
    assert Registry.objects.values_list("tags", "location").get() == ({"team": "new"}, "westeurope")


def rows(registry: Registry) -> dict[str, tuple[int, int, str, datetime]]:
    return {
        row.range: (row.pk, row.position, row.added_by, row.added_at)
        for row in FirewallRule.objects.filter(settings__registry=registry)
    }


def test_who_added_a_rule_and_when_stays_true(db: None) -> None:
    registry = make.registry(policy=OFFICE)
    first = rows(registry)
    changed = replace(OFFICE, rules=(make.rule("198.51.100.7"), make.rule("203.0.113.7", name="VPN", note="Ask Bo")))
    store(registry, changed, origin=AN)
    second = rows(registry)
    assert second.keys() == {"198.51.100.7", "203.0.113.7"}
    assert second["203.0.113.7"] == first["203.0.113.7"]
    assert second["198.51.100.7"][1:3] == (0, "an@example.org")
    assert stored(registry) == changed


def test_a_rule_that_comes_back_is_added_anew(db: None) -> None:
    registry = make.registry(policy=OFFICE)
    store(registry, make.selected("203.0.113.7"))
    store(registry, OFFICE, origin=AN)
    assert {spelled: row[2] for spelled, row in rows(registry).items()} == {
        "16.17.18.0/24": "an@example.org",
        "203.0.113.7": "bo@example.org",
    }


def test_rules_change_places(db: None) -> None:
    registry = make.registry(policy=hundred())
    backwards = replace(hundred(), rules=hundred().rules[::-1])
    before = {row.range: row.pk for row in FirewallRule.objects.all()}
    assert isinstance(store(registry, backwards), Change)
    assert stored(registry) == backwards
    assert {row.range: row.pk for row in FirewallRule.objects.all()} == before


def test_rows_that_do_not_differ_are_not_written(db: None) -> None:
    registry = make.registry(policy=hundred())
    with CaptureQueriesContext(connection) as queries:
        store(registry, replace(hundred(), trusted_services=False))
    statements = [query["sql"] for query in queries if "networking_firewallrule" in query["sql"]]
    assert {sql.split()[0] for sql in statements} == {"SELECT"}


def test_other_registries_are_left_alone(db: None) -> None:
    one, other = make.registry("registryone", policy=OFFICE), make.registry("registrytwo", policy=OFFICE)
    before = rows(other)
    store(one, DEFAULT)
    assert (stored(one), stored(other), rows(other)) == (DEFAULT, OFFICE, before)


def test_a_store_takes_as_many_queries_for_a_hundred_rules_as_for_two(db: None) -> None:
    def counted(policy: AccessPolicy, registry: Registry) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert isinstance(store(registry, policy, seen=stored(registry)), Change)
        return len(queries)

    small, large = make.registry("small"), make.registry("large")
    few = make.selected("16.17.18.0", "16.17.18.2")
    assert counted(few, small) == counted(hundred(), large)
    renamed = tuple(replace(rule, name="N") for rule in few.rules)
    all_renamed = tuple(replace(rule, name="N") for rule in hundred().rules)
    assert counted(replace(few, rules=renamed), small) == counted(replace(hundred(), rules=all_renamed), large)
    assert counted(make.selected(), small) == counted(make.selected(), large)


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param((make.rule("16.17.18.19"), make.rule("16.17.18.19")), id="a duplicate"),
        pytest.param(
            (*hundred().rules, make.rule("203.0.113.7")), id="the 101st rule, where somebody made a policy by hand"
        ),
    ],
)
def test_a_policy_made_by_hand_is_stored_whole_or_not_at_all(db: None, rules: tuple[Rule, ...]) -> None:
    registry = make.registry(policy=OFFICE)
    before = everything()
    with pytest.raises(IntegrityError), transaction.atomic():
        store(registry, replace(OFFICE, rules=rules))
    assert everything() == before


# What the database refuses

FORBIDDEN: list[Any] = [
    pytest.param(
        lambda row: EndpointSettings(registry=make.registry("another"), public_network_access="Unknown"),
        id="an unknown public network access",
    ),
    pytest.param(
        lambda row: EndpointSettings(registry=make.registry("another"), public_network_access="enabled"),
        id="public network access in another letter case",
    ),
    pytest.param(
        lambda row: EndpointSettings(registry=make.registry("another"), default_action="Maybe"),
        id="an unknown default action",
    ),
    pytest.param(lambda row: FirewallRule(settings=row, range="16.17.18.0/24", position=2), id="a duplicate range"),
    pytest.param(lambda row: FirewallRule(settings=row, range="", position=2), id="a rule without a range"),
    pytest.param(lambda row: FirewallRule(settings=row, range="16.17.18.19", position=100), id="the 101st place"),
    pytest.param(
        lambda row: FirewallRule(settings=row, range="16.17.18.19", position=-1), id="a place before the first"
    ),
    pytest.param(lambda row: SimulatedClient(pk=2, address="203.0.113.24"), id="a second simulated client"),
]


@pytest.mark.parametrize("make_row", FORBIDDEN)
def test_the_database_is_the_last_guard(db: None, make_row: Callable[[EndpointSettings], models.Model]) -> None:
    row = EndpointSettings.of(make.registry(policy=OFFICE))
    SimulatedClient.objects.create(pk=1, address="203.0.113.24")
    forbidden = make_row(row)
    with pytest.raises(IntegrityError), transaction.atomic():
        forbidden.save(force_insert=True)


def test_a_registry_has_one_row_of_settings(db: None) -> None:
    registry = make.registry(policy=OFFICE)
    with pytest.raises(IntegrityError), transaction.atomic():
        EndpointSettings(registry=registry).save(force_insert=True)


def test_the_same_range_may_stand_in_two_registries(db: None) -> None:
    make.registry("registryone", policy=OFFICE)
    assert isinstance(store(make.registry("registrytwo"), OFFICE), Change)


def test_a_deleted_registry_takes_its_settings_along(db: None) -> None:
    make.registry(policy=OFFICE).delete_recorded(AN)
    assert not EndpointSettings.objects.exists()
    assert not FirewallRule.objects.exists()


def test_rows_say_what_they_are(db: None) -> None:
    registry = make.registry(policy=OFFICE)
    assert str(EndpointSettings.of(registry)) == "Endpoint settings of mycontainerregistry"
    assert str(FirewallRule.objects.get(position=1)) == "203.0.113.7"
    assert str(SimulatedClient(address="203.0.113.24")) == "203.0.113.24"


# Two at the same moment, over two connections

together = pytest.mark.django_db(transaction=True, serialized_rollback=True)
ROUNDS = 5


@pytest.fixture
def slow_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """Holds the door between the check and the write open, so that whoever has no lock is sure to walk in."""
    write = EndpointSettings._write

    def slowly(self: EndpointSettings, before: AccessPolicy, policy: AccessPolicy, origin: Origin) -> None:
        time.sleep(0.03)
        write(self, before, policy, origin)

    monkeypatch.setattr(EndpointSettings, "_write", slowly)


def at_once(*jobs: Callable[[], object]) -> list[object]:
    """What each job returned; all begin together, each over a connection of its own."""
    barrier = threading.Barrier(len(jobs), timeout=20)

    def run(job: Callable[[], object]) -> object:
        try:
            connection.ensure_connection()
            barrier.wait()
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result() for future in [pool.submit(run, job) for job in jobs]]


@together
@pytest.mark.usefixtures("slow_write")
@pytest.mark.parametrize("at_first", [pytest.param(DEFAULT, id="without a row"), pytest.param(OFFICE, id="with a row")])
def test_of_two_simultaneous_saves_one_is_stored_and_the_other_is_told(at_first: AccessPolicy) -> None:
    ours, theirs = make.selected("16.17.18.19"), make.selected("198.51.100.7", "203.0.113.7")
    for number in range(ROUNDS):
        registry = make.registry(f"registry{number}", policy=at_first)
        earlier = registry.changes.count()
        answers = at_once(
            partial(store, registry, ours, seen=at_first),
            partial(store, registry, theirs, seen=at_first, origin=AN),
        )
        [change] = [answer for answer in answers if isinstance(answer, Change)]
        [stale] = [answer for answer in answers if isinstance(answer, Stale)]
        won = ours if answers[0] is change else theirs
        assert stale.last == change
        assert stored(registry) == won
        assert change.after == won.record()
        assert registry.changes.count() == earlier + 1


@together
@pytest.mark.usefixtures("slow_write")
def test_many_simultaneous_saves_lose_nothing() -> None:
    """Each adds one rule upon what it has just read, again and again until it is stored: none may be missing."""
    registry = make.registry(policy=make.selected())
    ranges = [AddressRange.stored(f"16.17.18.{number}") for number in range(6)]

    def add(new: AddressRange) -> int:
        for attempt in range(50):
            seen = stored(registry)
            more = seen.with_rule(new)
            assert isinstance(more, AccessPolicy)
            if isinstance(store(registry, more, seen=seen), Change):
                return attempt
        raise AssertionError("never stored")

    at_once(*(partial(add, each) for each in ranges))
    assert {rule.range for rule in stored(registry).rules} == set(ranges)
    assert registry.changes.count() == 1 + len(ranges)


@together
@pytest.mark.usefixtures("slow_write")
def test_saves_of_two_registries_do_not_meet() -> None:
    one, other = make.registry("registryone"), make.registry("registrytwo")
    answers = at_once(partial(store, one, OFFICE), partial(store, other, OFFICE))
    assert all(isinstance(answer, Change) for answer in answers)
    assert (stored(one), stored(other)) == (OFFICE, OFFICE)


@together
@pytest.mark.usefixtures("slow_write")
@pytest.mark.parametrize(
    "policy",
    [
        pytest.param(OFFICE, id="rules"),
        pytest.param(make.disabled(), id="disabled"),
        pytest.param(AccessPolicy(data_endpoint=True), id="data endpoint"),
    ],
)
def test_a_rule_never_slips_in_while_the_tier_goes_down(policy: AccessPolicy) -> None:
    for number in range(ROUNDS):
        registry = make.registry(f"registry{number}")
        same = Registry.objects.get(pk=registry.pk)
        saved, in_the_way = at_once(
            partial(store, registry, policy, seen=DEFAULT),
            partial(same.change_tier, "Basic", AN),
        )
        row = Registry.objects.get(pk=registry.pk)
        if isinstance(saved, Change):
            assert row.sku == "Premium"
            assert in_the_way
            assert stored(row) == policy
        else:
            assert saved == policy.problem_for_tier("Basic")
            assert row.sku == "Basic"
            assert in_the_way == []
            assert stored(row) == DEFAULT
        assert registry.changes.count() == 1


@together
def test_a_save_races_a_deletion() -> None:
    for number in range(ROUNDS):
        registry = make.registry(f"registry{number}")
        same = Registry.objects.get(pk=registry.pk)

        def save(registry: Registry = registry) -> object:
            try:
                return store(registry, OFFICE, seen=DEFAULT)
            except Registry.DoesNotExist:
                return "gone"

        saved, _ = at_once(save, partial(same.delete_recorded, AN))
        assert saved == "gone" or isinstance(saved, Change)
        assert not Registry.objects.filter(pk=registry.pk).exists()
        assert Change.objects.filter(resource_id=str(registry.resource_id)).count() == (1 if saved == "gone" else 2)
