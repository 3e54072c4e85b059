from typing import Any

import pytest

from networking.access.problems import Code, Problem
from networking.difference import tell
from networking.replicating import Wanted, add, remove, replicate
from registries.models import Change, Generation, Origin, Registry
from tests import make

AN = Origin(account="an@example.org", door="arm", address="192.0.2.44")


@pytest.fixture
def registry(db: None) -> Registry:
    return make.registry(location="westus")


def record(location: str, **more: Any) -> dict[str, Any]:
    words = {"location": location, "regionEndpointEnabled": True, "zoneRedundancy": "Disabled", "tags": {}}
    return {"replication": {**words, **more}}


def test_a_replication_is_recorded_and_its_region_stands_on_the_registry_too(registry: Registry) -> None:
    before = Generation.current()
    change = replicate(registry, "southcentralus", Wanted(), AN)
    assert isinstance(change, Change)
    assert (change.operation, change.before, change.after) == ("Add replication", None, record("southcentralus"))
    replicate(registry, "eastus", Wanted(), AN)
    registry.refresh_from_db()
    assert registry.replica_regions == ["eastus", "southcentralus"]
    assert [region for region, _ in registry.data_endpoints] == ["East US", "South Central US", "West US"]
    assert registry.generation == Generation.current() == before + 2


def test_what_it_can_be_told_is_changed_whole(registry: Registry) -> None:
    replicate(registry, "eastus", Wanted(), AN)
    wanted = Wanted(region_endpoint_enabled=False, zone_redundancy="Enabled", tags={"a": "b"}, kept={"c": [1]})
    change = replicate(registry, "eastus", wanted, AN)
    assert isinstance(change, Change)
    assert change.operation == "Update replication"
    assert change.before == record("eastus")
    after = record("eastus", regionEndpointEnabled=False, zoneRedundancy="Enabled", tags={"a": "b"})
    assert change.after == {**after, "properties": {"c": [1]}}
    assert Wanted.of(registry.replications.get()) == wanted
    assert replicate(registry, "eastus", wanted, AN) is None


def test_what_we_have_no_use_for_is_recorded_and_told(registry: Registry) -> None:
    replicate(registry, "eastus", Wanted(kept={"properties.quotas": 1}), AN)
    change = replicate(registry, "eastus", Wanted(kept={"properties.quotas": True}), AN)
    assert isinstance(change, Change)
    assert str(tell(change)) == "Property quotas: 1 → true"
    assert replicate(registry, "eastus", Wanted(kept={"properties.quotas": True}), AN) is None


def test_a_replication_that_is_deleted_takes_its_region_along(registry: Registry) -> None:
    replicate(registry, "eastus", Wanted(), AN)
    change = remove(registry, "eastus", AN)
    assert change is not None
    assert (change.operation, change.before, change.after) == ("Delete replication", record("eastus"), None)
    registry.refresh_from_db()
    assert registry.replica_regions == []
    assert remove(registry, "eastus", AN) is None


def test_its_own_region_is_no_replication(registry: Registry) -> None:
    assert replicate(registry, "westus", Wanted(), AN) == Problem(
        Code.INVALID_PROPERTY, "West US is the registry's own region. Choose another one to replicate to."
    )
    assert not Change.objects.exists()


@pytest.mark.parametrize("sku", ["Basic", "Standard"])
def test_a_tier_without_replications_takes_none(db: None, sku: str) -> None:
    assert replicate(make.registry(sku=sku), "westus", Wanted(), AN) == Problem(
        Code.REPLICATION_NOT_SUPPORTED,
        f"The requested feature geo-replication is not supported for the SKU {sku}.",
    )


def test_a_registry_with_replications_keeps_its_tier(registry: Registry) -> None:
    replicate(registry, "eastus", Wanted(), AN)
    assert registry.change_tier("Basic", AN) == ["Delete the replications."]
    registry.refresh_from_db()
    assert registry.sku == "Premium"


def test_the_activity_log_tells_where_it_is(registry: Registry) -> None:
    change = replicate(registry, "eastus", Wanted(), AN)
    assert isinstance(change, Change)
    assert str(tell(change)) == "Replication in East US: zone redundancy disabled, endpoint routing on"


def test_adding_changes_no_replication_that_is_there(registry: Registry) -> None:
    assert isinstance(add(registry, "eastus", AN), Change)
    replicate(registry, "eastus", Wanted(region_endpoint_enabled=False), AN)
    assert add(registry, "eastus", AN) == Problem(
        Code.INVALID_PROPERTY, "'mycontainerregistry' is replicated to East US already."
    )
    own = add(registry, "westus", AN)
    assert isinstance(own, Problem)
    assert own.message.startswith("West US is the registry's own region.")
    assert Wanted.of(registry.replications.get()) == Wanted(region_endpoint_enabled=False)
