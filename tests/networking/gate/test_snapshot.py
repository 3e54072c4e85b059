"""What a gate holds in memory: everything once, then what changed, and nothing that can't be read."""

import math
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, ip_network
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries, Settings

from networking.access.compiled import CompiledPolicy
from networking.access.decision import ConnectionState
from networking.access.policy import AccessPolicy
from networking.access.trusted import TrustedNetworks
from networking.gate import reading
from networking.gate.reading import Row
from networking.gate.snapshot import Snapshot
from networking.models import EndpointSettings, FirewallRule, PrivateEndpointConnection, TrustedService
from registries.models import Generation, Registry
from tests import make

SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/a"
ENDPOINT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateEndpoints/build"


def stored(registry: Registry, policy: AccessPolicy) -> None:
    """As every door stores it, over whatever is stored now."""
    seen = EndpointSettings.of(registry).policy.fingerprint
    EndpointSettings.store(registry, policy, seen=seen, origin=make.BO)


def connected(registry: Registry, state: ConnectionState, *, name: str = "a", endpoint: str = ENDPOINT) -> None:
    PrivateEndpointConnection.objects.create(
        registry=registry, name=f"{registry.name}.{name}", private_endpoint=endpoint, state=state.value
    )
    registry.touch()


def compiled(snapshot: Snapshot, *names: str) -> dict[str, CompiledPolicy | None]:
    return {name: snapshot.policy_of(name) for name in names}


def of(*ranges: str, **more: Any) -> CompiledPolicy:
    return CompiledPolicy.of(make.selected(*ranges, **more))


# Before it is loaded


def test_what_is_not_loaded_knows_nobody_and_is_too_old() -> None:
    snapshot = Snapshot()
    assert (snapshot.policy_of("contoso"), len(snapshot), snapshot.generation) == (None, 0, 0)
    assert (snapshot.connection_state("contoso", ENDPOINT), snapshot.data_regions("contoso")) == (None, frozenset())
    assert (snapshot.location("contoso"), snapshot.trusted) == ("", TrustedNetworks())
    assert snapshot.age == math.inf
    assert not snapshot.usable


def test_it_grows_too_old(monkeypatch: pytest.MonkeyPatch, settings: Settings, snapshot: Snapshot) -> None:
    assert snapshot.looked_at is not None
    clock = snapshot.looked_at
    monkeypatch.setattr("networking.gate.snapshot.time.monotonic", lambda: clock)
    assert (snapshot.age, snapshot.usable) == (0.0, True)
    clock += settings.GATE_MAX_AGE - 1
    assert snapshot.usable
    clock += 2
    assert not snapshot.usable
    snapshot.refresh()
    assert (snapshot.age, snapshot.usable) == (0.0, True)


# Loading


def test_policies_are_those_that_were_stored(snapshot: Snapshot) -> None:
    policies = {
        "open0": AccessPolicy(),
        "selected": make.selected("16.17.18.0/24", "203.0.113.7", subnets=(SUBNET,), data_endpoint=True),
        "disabled": make.disabled("16.17.18.0/24", trusted_services=False, tasks_bypass=True),
    }
    for name, policy in policies.items():
        make.registry(name, policy=policy)
    snapshot.load()
    assert compiled(snapshot, *policies) == {name: CompiledPolicy.of(policy) for name, policy in policies.items()}
    assert len(snapshot) == 3


def test_a_registry_without_settings_has_the_default_policy(snapshot: Snapshot) -> None:
    make.registry("contoso")
    snapshot.load()
    assert not EndpointSettings.objects.exists()
    assert snapshot.policy_of("contoso") == CompiledPolicy.of(AccessPolicy())


def test_registries_are_known_by_their_name_in_lower_case(snapshot: Snapshot) -> None:
    make.registry("ConToso", policy=make.selected("16.17.18.0/24"))
    snapshot.load()
    assert snapshot.policy_of("contoso") == of("16.17.18.0/24")
    assert snapshot.policy_of("ConToso") is None
    assert snapshot.policy_of("contoso2") is None


def test_of_two_rules_the_first_in_the_list_decides(snapshot: Snapshot) -> None:
    """A list of more than ten: the tenth position comes after the second."""
    ranges = [f"16.17.{number}.0/24" for number in range(10)]
    make.registry("contoso", policy=make.selected(*ranges, "20.20.0.0/16", "20.20.20.0/24", "20.20.20.20"))
    snapshot.load()
    policy = snapshot.policy_of("contoso")
    assert policy is not None
    assert str(policy.rule_covering(IPv4Address("20.20.20.20"))) == "20.20.0.0/16"
    assert policy == of(*ranges, "20.20.0.0/16", "20.20.20.0/24", "20.20.20.20")


def test_the_order_of_the_list_is_not_that_of_its_rows(snapshot: Snapshot) -> None:
    registry = make.registry("contoso", policy=make.selected("20.20.20.0/24", "20.20.0.0/16"))
    stored(registry, make.selected("20.20.0.0/16", "20.20.20.0/24"))
    assert [rule.range for rule in FirewallRule.objects.order_by("pk")] == ["20.20.20.0/24", "20.20.0.0/16"]
    snapshot.load()
    policy = snapshot.policy_of("contoso")
    assert policy is not None
    assert str(policy.rule_covering(IPv4Address("20.20.20.20"))) == "20.20.0.0/16"


def test_loading_takes_the_same_queries_for_any_number_of_registries(
    snapshot: Snapshot, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        connected(make.registry(f"contoso{number}", policy=make.selected("16.17.18.0/24")), ConnectionState.APPROVED)
    with django_assert_num_queries(4):  # the count, connections, registries with their rules, trusted services
        snapshot.load()
    with django_assert_num_queries(0):
        assert snapshot.policy_of("contoso3") == of("16.17.18.0/24")


def test_a_policy_is_compiled_once(snapshot: Snapshot) -> None:
    make.registry("contoso", policy=make.selected("16.17.18.0/24"))
    snapshot.load()
    first = snapshot.policy_of("contoso")
    snapshot.refresh()
    assert first is not None
    assert snapshot.policy_of("contoso") is first


@contextmanager
def somebody_writing() -> Iterator[None]:
    """Another process in the middle of a change."""
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None, timeout=0)
    try:
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE registries_generation SET value = value + 1000")
        yield
    finally:
        other.rollback()
        other.close()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has no lock that readers could wait for.")
def test_it_reads_while_somebody_writes() -> None:
    make.registry("contoso", policy=make.selected("16.17.18.0/24"))
    snapshot = Snapshot()
    with somebody_writing():
        snapshot.load()
        snapshot.refresh()
    assert snapshot.policy_of("contoso") == of("16.17.18.0/24")
    assert snapshot.generation == Generation.current()


# Refreshing


def test_a_look_without_a_change_is_one_query(
    snapshot: Snapshot, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        snapshot.refresh()


def test_only_what_changed_is_read(
    snapshot: Snapshot, django_assert_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    registries = [make.registry(f"contoso{number}", policy=make.selected("16.17.18.0/24")) for number in range(3)]
    snapshot.load()
    read: list[Row] = []
    rows = reading.rows

    def noted(since: int | None = None) -> list[Row]:
        read.extend(rows(since))
        return read

    monkeypatch.setattr(reading, "rows", noted)
    stored(registries[1], make.selected("203.0.113.0/24"))
    with django_assert_num_queries(5):  # as loading does, and what was deleted
        snapshot.refresh()
    assert [row.name for row in read] == ["contoso1"]
    assert compiled(snapshot, "contoso0", "contoso1") == {
        "contoso0": of("16.17.18.0/24"),
        "contoso1": of("203.0.113.0/24"),
    }
    assert snapshot.generation == Generation.current()


def test_a_registry_comes_and_goes_and_comes_again(snapshot: Snapshot) -> None:
    registry = make.registry("contoso", policy=make.selected("16.17.18.0/24"))
    snapshot.refresh()
    assert snapshot.policy_of("contoso") == of("16.17.18.0/24")
    registry.delete_recorded(make.BO)
    snapshot.refresh()
    assert (snapshot.policy_of("contoso"), len(snapshot)) == (None, 0)
    make.registry("Contoso", policy=make.selected("203.0.113.7"))
    snapshot.refresh()
    assert snapshot.policy_of("contoso") == of("203.0.113.7")


def test_a_registry_made_anew_between_two_looks_is_the_new_one(snapshot: Snapshot) -> None:
    registry = make.registry("contoso", policy=make.selected("16.17.18.0/24"))
    snapshot.refresh()
    registry.delete_recorded(make.BO)
    make.registry("contoso", policy=make.selected("203.0.113.7"))
    snapshot.refresh()
    assert snapshot.policy_of("contoso") == of("203.0.113.7")


def test_a_registry_that_goes_while_it_is_read_is_gone(snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = make.registry("contoso", policy=make.selected("16.17.18.0/24"))
    rows = reading.rows

    def read_then_deleted(since: int | None = None) -> list[Row]:
        found = list(rows(since))
        registry.delete_recorded(make.BO)
        return found

    monkeypatch.setattr(reading, "rows", read_then_deleted)
    snapshot.refresh()
    assert snapshot.policy_of("contoso") is None


def test_what_changes_while_it_is_read_is_read_again(snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = make.registry("contoso", policy=make.selected("16.17.18.0/24"))
    trusted = reading.trusted_networks

    def changed_then_read() -> tuple[TrustedNetworks, list[str]]:
        stored(registry, make.selected("203.0.113.7"))
        monkeypatch.undo()
        return trusted()

    monkeypatch.setattr(reading, "trusted_networks", changed_then_read)
    snapshot.refresh()
    assert snapshot.policy_of("contoso") == of("16.17.18.0/24")
    snapshot.refresh()
    assert snapshot.policy_of("contoso") == of("203.0.113.7")


def test_a_count_that_went_back_is_another_database(snapshot: Snapshot) -> None:
    """A backup was brought back: what is newer than it must not stay."""
    registry = make.registry("contoso", policy=make.selected("16.17.18.0/24"))
    make.registry("fabrikam", policy=make.selected("16.17.18.0/24"))
    snapshot.refresh()
    Generation.objects.update(value=1)
    Registry.objects.filter(name="fabrikam").delete()
    Registry.objects.filter(pk=registry.pk).update(generation=1)
    FirewallRule.objects.update(range="203.0.113.7")
    snapshot.refresh()
    assert compiled(snapshot, "contoso", "fabrikam") == {"contoso": of("203.0.113.7"), "fabrikam": None}
    assert snapshot.generation == 1


def test_an_empty_count_is_another_database_too(snapshot: Snapshot) -> None:
    make.registry("contoso", policy=make.selected("16.17.18.0/24"))
    snapshot.refresh()
    Registry.objects.all().delete()
    Generation.objects.all().delete()
    snapshot.refresh()
    assert (len(snapshot), snapshot.generation) == (0, 0)


# Private endpoints, data endpoints, trusted services


@pytest.mark.parametrize(
    ("states", "asked", "state"),
    [
        pytest.param(["Approved"], ENDPOINT, ConnectionState.APPROVED, id="by the endpoint"),
        pytest.param(["Approved"], ENDPOINT.upper(), ConnectionState.APPROVED, id="in any letter case"),
        pytest.param(["Pending"], "CONTOSO.0", ConnectionState.PENDING, id="by the connection"),
        pytest.param(["Rejected"], ENDPOINT, ConnectionState.REJECTED, id="rejected"),
        pytest.param(["Disconnected"], ENDPOINT, ConnectionState.DISCONNECTED, id="disconnected"),
        pytest.param(["Rejected", "Approved"], ENDPOINT, ConnectionState.APPROVED, id="one of two is a way in"),
        pytest.param(["Approved"], ENDPOINT + "2", None, id="another endpoint"),
        pytest.param([], ENDPOINT, None, id="none"),
        pytest.param(["Approved"], "", None, id="nothing asked"),
    ],
)
def test_a_private_endpoint_is_in_the_state_of_its_connection(
    snapshot: Snapshot, states: list[str], asked: str, state: ConnectionState | None
) -> None:
    registry = make.registry("Contoso")
    for number, each in enumerate(states):
        connected(registry, ConnectionState(each), name=str(number))
    snapshot.refresh()
    assert snapshot.connection_state("contoso", asked) is state
    assert snapshot.connection_state("fabrikam", asked) is None


def test_a_connection_that_changes_is_read_again(snapshot: Snapshot) -> None:
    registry = make.registry("contoso")
    connected(registry, ConnectionState.APPROVED)
    snapshot.refresh()
    PrivateEndpointConnection.objects.update(state="Rejected")
    registry.touch()
    snapshot.refresh()
    assert snapshot.connection_state("contoso", ENDPOINT) is ConnectionState.REJECTED
    PrivateEndpointConnection.objects.all().delete()
    registry.touch()
    snapshot.refresh()
    assert snapshot.connection_state("contoso", ENDPOINT) is None


@pytest.mark.parametrize(
    ("on", "regions"),
    [pytest.param(True, {"eastus", "westeurope"}, id="on"), pytest.param(False, set(), id="off")],
)
def test_data_endpoints_are_where_the_registry_is(snapshot: Snapshot, *, on: bool, regions: set[str]) -> None:
    make.registry("contoso", policy=make.selected(data_endpoint=on), replica_regions=["westeurope"])
    snapshot.refresh()
    assert snapshot.data_regions("contoso") == regions
    assert snapshot.has_data_endpoint("contoso") is on
    assert snapshot.location("contoso") == "eastus"


def test_trusted_services_are_known_by_their_networks(snapshot: Snapshot) -> None:
    TrustedService.objects.all().delete()
    service = TrustedService(name="Scanner", networks=["10.20.0.0/16", "2001:db8::/48"])
    service.save_recorded(make.BO)
    snapshot.refresh()
    assert snapshot.trusted.networks == (
        (ip_network("10.20.0.0/16"), "Scanner"),
        (ip_network("2001:db8::/48"), "Scanner"),
    )
    service.delete_recorded(make.BO)
    snapshot.refresh()
    assert snapshot.trusted == TrustedNetworks()


# Rows that were tampered with

ON_SQLITE = pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL never stores it.")


def spoil(column: str, text: str, *, table: str = "networking_endpointsettings") -> None:
    """Write what no door writes."""
    kind = "::jsonb" if connection.vendor == "postgresql" and column in ("subnets", "replica_regions") else ""
    key = "id" if table == "registries_registry" else "registry_id"
    spoilt = "(SELECT id FROM registries_registry WHERE name = 'spoilt')"
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA ignore_check_constraints = ON")
        cursor.execute(f"UPDATE {table} SET {column} = %s{kind} WHERE {key} = {spoilt}", [text])
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA ignore_check_constraints = OFF")


@pytest.mark.parametrize(
    ("table", "column", "text"),
    [
        pytest.param("networking_endpointsettings", "subnets", '{"a": 1}', id="subnets that are no list"),
        pytest.param("networking_endpointsettings", "subnets", "[1]", id="subnets that are no texts"),
        pytest.param("registries_registry", "replica_regions", '"eastus"', id="regions that are no list"),
        pytest.param("networking_endpointsettings", "subnets", "[broken", id="no JSON", marks=ON_SQLITE),
        pytest.param("networking_endpointsettings", "public_network_access", "Open", id="a word", marks=ON_SQLITE),
        pytest.param("networking_endpointsettings", "default_action", "allow", id="letter case", marks=ON_SQLITE),
    ],
)
def test_settings_that_cannot_be_read_refuse_their_registry_alone(
    snapshot: Snapshot, caplog: pytest.LogCaptureFixture, table: str, column: str, text: str
) -> None:
    for name in ("spoilt", "contoso"):
        make.registry(name, policy=make.selected("16.17.18.0/24", data_endpoint=True))
    spoil(column, text, table=table)
    snapshot.load()
    assert compiled(snapshot, "spoilt", "contoso") == {
        "spoilt": None,
        "contoso": of("16.17.18.0/24", data_endpoint=True),
    }
    assert snapshot.data_regions("spoilt") == frozenset()
    assert [(each.levelname, each.getMessage().partition(",")[0]) for each in caplog.records] == [
        ("ERROR", "registry=spoilt refuses everybody")
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("not a range", id="no range"),
        pytest.param("16.17.18.19/24", id="host bits"),
        pytest.param("16.17.18.0/33", id="no prefix"),
        pytest.param("2001:db8::/64", id="IPv6"),
        pytest.param("1.1.1.1,2:2.2.2.2", id="two in one"),
        pytest.param("1.1.1.1,2.2.2.2", id="a list"),
        pytest.param("1.1.1.1\0" if connection.vendor == "sqlite" else "1.1.1.1;", id="something behind it"),
    ],
)
def test_a_rule_that_cannot_be_read_refuses_its_registry(
    snapshot: Snapshot, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    make.registry("contoso", policy=make.selected("16.17.18.0/24", "203.0.113.7"))
    FirewallRule.objects.filter(position=1).update(range=text)
    snapshot.load()
    assert snapshot.policy_of("contoso") is None
    assert snapshot.policy_of("contoso") is None
    assert [each.levelname for each in caplog.records] == ["ERROR"]  # once


def test_a_repaired_registry_answers_again(snapshot: Snapshot) -> None:
    registry = make.registry("contoso", policy=make.selected("16.17.18.0/24"))
    FirewallRule.objects.update(range="nothing")
    snapshot.load()
    assert snapshot.policy_of("contoso") is None
    FirewallRule.objects.update(range="16.17.18.0/24")
    registry.touch()
    snapshot.refresh()
    assert snapshot.policy_of("contoso") == of("16.17.18.0/24")


@pytest.mark.parametrize(
    "networks",
    [
        pytest.param(["10.20.0.0/16", "nowhere"], id="no network"),
        pytest.param(["10.20.0.1/16"], id="host bits"),
        pytest.param(["0.0.0.0/0"], id="everybody"),
        pytest.param("10.20.0.0/16", id="no list"),
        pytest.param([7], id="a number, which would be an address"),
        pytest.param({"10.20.0.0/16": 1}, id="an object"),
    ],
)
def test_nobody_passes_as_a_service_whose_networks_cannot_be_read(
    snapshot: Snapshot, caplog: pytest.LogCaptureFixture, networks: object
) -> None:
    TrustedService.objects.all().delete()
    TrustedService.objects.create(name="Scanner", networks=["10.30.0.0/16"])
    TrustedService.objects.create(name="Broken", networks=networks)
    snapshot.load()
    assert snapshot.trusted.networks == ((ip_network("10.30.0.0/16"), "Scanner"),)
    assert [each.getMessage().partition(",")[0] for each in caplog.records] == [
        "nobody passes as the trusted service 'Broken'"
    ]
    assert TrustedService.known().networks == snapshot.trusted.networks
