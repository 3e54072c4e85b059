from collections.abc import Callable
from dataclasses import replace

import pytest
from pytest_django import DjangoAssertNumQueries

from networking.access.policy import AccessPolicy
from networking.arm import registry_answers, rendering
from networking.arm.registry_queries import stored
from networking.importing import import_registries
from networking.models import EndpointSettings, PrivateEndpointConnection
from networking.private_endpoint_connections import approve, connect, disconnect, reject, remove
from networking.replicating import Wanted, replicate
from networking.replicating import remove as stop_replicating
from registries.models import Origin, Registry
from tests import make
from tests.networking.arm.asking import REGISTRY, VERSION, Arm

AN = Origin(account="an@example.org", door="portal", address="192.0.2.44")
ENDPOINT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateEndpoints/e"


def store(registry: Registry) -> None:
    policy = EndpointSettings.of(registry).policy
    wanted = policy.with_rule(make.rule("9.9.9.9").range)
    assert isinstance(wanted, AccessPolicy)
    EndpointSettings.store(registry, wanted, seen=policy.fingerprint, origin=AN)


def name_a_rule(registry: Registry) -> None:
    policy = EndpointSettings.of(registry).policy
    named = replace(policy, rules=(make.rule("8.8.8.8", name="DNS"),))
    EndpointSettings.store(registry, named, seen=policy.fingerprint, origin=AN)


def bring_in(registry: Registry) -> None:
    document = {"id": REGISTRY, "name": registry.name, "location": "eastus", "sku": "Premium"}
    assert import_registries({**document, "adminUserEnabled": True}, AN)


def connected(registry: Registry) -> PrivateEndpointConnection:
    return registry.private_endpoint_connections.get()


CHANGES: dict[str, Callable[[Registry], object]] = {
    "a rule": store,
    "the name of a rule": name_a_rule,  # another ETag, for a PUT of the same ranges keeps names
    "tags": lambda registry: registry.change_tags({"a": "b"}, AN),
    "properties we have no use for": lambda registry: registry.change_kept_aside({"properties.quotas": 3}, AN),
    "an import": bring_in,
    "a connection": lambda registry: connect(registry, f"{ENDPOINT}2", AN, approved=False),
    "an approval": lambda registry: approve(connected(registry), AN),
    "a rejection": lambda registry: reject(connected(registry), AN),
    "a removal": lambda registry: remove(connected(registry), AN),
    "a deleted private endpoint": lambda registry: disconnect(registry, ENDPOINT, AN),
    "a replication": lambda registry: replicate(registry, "westus", Wanted(), AN),
    "a replication less": lambda registry: stop_replicating(registry, "uksouth", AN),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_kept_is_told_anew_after_any_change_by_any_door(reader: Arm, change: str) -> None:
    registry = make.registry(policy=make.selected("8.8.8.8", data_endpoint=True))
    replicate(registry, "uksouth", Wanted(), AN)
    connect(registry, ENDPOINT, AN, approved=False)
    before = reader.get(REGISTRY)
    CHANGES[change](registry)
    after = reader.get(REGISTRY)
    assert after.headers["ETag"] != before.headers["ETag"]
    assert after.json == rendering.registry(stored(registry), VERSION)
    assert after.json != before.json


def test_another_tier_is_told_at_once(reader: Arm) -> None:
    registry = make.registry()
    assert reader.get(REGISTRY).json["sku"]["name"] == "Premium"
    registry.change_tier("Basic", AN)
    assert reader.get(REGISTRY).json["sku"]["name"] == "Basic"


def test_each_version_has_bytes_of_its_own_and_unknown_ones_share_them(
    reader: Arm, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make.registry()
    assert "endpointProtocol" not in reader.get(REGISTRY, version="2023-07-01").json["properties"]
    assert "endpointProtocol" in reader.get(REGISTRY, version="2031-01-01").json["properties"]
    with django_assert_max_num_queries(4):
        reader.get(REGISTRY, version="2032-01-01")


def test_a_deleted_registry_is_gone_and_one_of_the_same_name_is_another(reader: Arm) -> None:
    registry = make.registry(tags={"a": "b"})
    assert reader.get(REGISTRY).json["tags"] == {"a": "b"}
    registry.delete_recorded(AN)
    assert reader.get(REGISTRY).status == 404
    make.registry()
    assert reader.get(REGISTRY).json["tags"] == {}


def test_no_more_is_kept_than_fits(reader: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_answers, "MOST", 2)
    make.registry("registry0", kept_aside={"properties.quotas": "x" * registry_answers.LARGEST})
    for number in range(1, 4):
        make.registry(f"registry{number}")
    for number in range(4):
        assert reader.get(REGISTRY.replace("mycontainerregistry", f"registry{number}")).status == 200
        assert len(registry_answers.kept) <= 2
    assert all(len(each.body) <= registry_answers.LARGEST for each in registry_answers.kept.values())
