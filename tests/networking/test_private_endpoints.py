"""The addresses of private endpoints, and what stays of one that goes. The rest is asked through the ARM API."""

import pytest
from pytest_django import Settings

from networking.access.decision import ConnectionState
from networking.access.problems import Code, Problem
from networking.endpoint_addresses import fit_addresses, hosts_of, members_of
from networking.models import PrivateEndpoint, PrivateEndpointConnection, Subnet
from networking.private_endpoint_connections import remove
from networking.private_endpoints import connected_to, delete_endpoint, states_of
from networking.replicating import Wanted, replicate
from networking.replicating import remove as remove_replica
from registries.models import Change, Registry
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def registry() -> Registry:
    make.virtual_network()
    return make.registry(name="MyContainerRegistry")


def test_a_registry_has_a_member_for_itself_and_one_for_each_region(registry: Registry) -> None:
    assert members_of(registry) == ["registry_data_eastus", "registry"]
    registry.replica_regions = ["westus", "eastasia"]
    assert members_of(registry) == [
        "registry_data_eastasia", "registry_data_eastus", "registry_data_westus", "registry",
    ]  # fmt: skip


def test_host_names_are_in_lower_case_with_the_suffix_of_the_settings(registry: Registry, settings: Settings) -> None:
    settings.LOGIN_SERVER_SUFFIX = "azurecr.test"
    assert hosts_of(make.private_endpoint(registry)) == {
        "mycontainerregistry.eastus.data.azurecr.test": "10.0.0.4",
        "mycontainerregistry.azurecr.test": "10.0.0.5",
    }


def test_a_replication_gives_each_endpoint_one_address_more_and_leaves_the_others(registry: Registry) -> None:
    for name in ("one", "two"):
        make.private_endpoint(registry, name)
    assert isinstance(replicate(registry, "westus", Wanted(), make.BO), Change)
    addresses = dict(PrivateEndpoint.objects.values_list("name", "addresses"))
    assert addresses == {
        "one": {"registry_data_eastus": "10.0.0.4", "registry": "10.0.0.5", "registry_data_westus": "10.0.0.8"},
        "two": {"registry_data_eastus": "10.0.0.6", "registry": "10.0.0.7", "registry_data_westus": "10.0.0.9"},
    }
    remove_replica(registry, "westus", make.BO)
    for each in PrivateEndpoint.objects.all():
        assert each.addresses == {key: addresses[each.name][key] for key in ("registry_data_eastus", "registry")}


def test_a_replication_without_room_in_a_subnet_is_refused_and_nothing_is_written(registry: Registry) -> None:
    Subnet.objects.update(address_prefixes=["10.0.0.0/29"])
    endpoint = make.private_endpoint(registry)
    assert isinstance(replicate(registry, "westus", Wanted(), make.BO), Change)
    refused = replicate(registry, "westeurope", Wanted(), make.BO)
    assert refused == Problem(
        Code.SUBNET_IS_FULL,
        "Subnet mySubnet with address prefix 10.0.0.0/29 does not have enough capacity for 1 IP addresses.",
    )
    registry.refresh_from_db()
    endpoint.refresh_from_db()
    assert registry.replica_regions == ["westus"]
    assert sorted(endpoint.addresses) == ["registry", "registry_data_eastus", "registry_data_westus"]
    assert not Change.objects.filter(after__replication__location="westeurope").exists()


def test_an_endpoint_whose_connection_is_gone_needs_no_room(registry: Registry) -> None:
    Subnet.objects.update(address_prefixes=["10.0.0.0/29"])
    make.private_endpoint(registry)
    remove(PrivateEndpointConnection.objects.get(), make.BO)
    registry.replica_regions = ["westus", "westeurope", "eastasia"]
    assert fit_addresses(registry) is None


def test_two_regions_asked_for_at_once_share_no_address(registry: Registry) -> None:
    endpoint = make.private_endpoint(registry)
    registry.replica_regions = ["westus", "westeurope"]
    assert fit_addresses(registry) is None
    endpoint.refresh_from_db()
    assert len(set(endpoint.addresses.values())) == 4


def test_states_are_those_of_the_connections(registry: Registry) -> None:
    one, two = (
        make.private_endpoint(registry, name, manual=name == "two", message="Please") for name in ("one", "two")
    )
    assert states_of([one, two]) == {
        one.resource_id: (ConnectionState.APPROVED, "Auto-Approved"),
        two.resource_id: (ConnectionState.PENDING, "Please"),
    }
    remove(PrivateEndpointConnection.objects.get(private_endpoint=one.resource_id), make.BO)
    assert states_of([one]) == {}


def test_an_endpoint_that_goes_disconnects_and_tells_the_record_what_was(registry: Registry) -> None:
    endpoint = make.private_endpoint(registry)
    assert connected_to([endpoint]) == [registry]
    delete_endpoint(endpoint, make.BO)
    change = Change.objects.get(operation="Disconnect private endpoint")
    sides = [side["privateEndpointConnection"]["status"] for side in (change.before, change.after) if side]
    assert sides == ["Approved", "Disconnected"]
    assert change.account == make.BO.account
