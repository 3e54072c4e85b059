from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from networking.models import PrivateEndpointConnection
from tests import make
from tests.networking.arm.asking import REGISTRY, Arm

SUBNET = (
    "/subscriptions/11111111-0000-0000-0000-000000000001/resourceGroups/elsewhere"
    "/providers/Microsoft.Network/virtualNetworks/myVnet/subnets/mySubnet"
)


def rows(*rows: tuple[str, int, int, str]) -> dict[str, Any]:
    return {"value": [dict(zip(("name", "limit", "currentValue", "unit"), row, strict=True)) for row in rows]}


def test_premium_counts_what_networking_uses(reader: Arm) -> None:
    registry = make.registry(policy=make.selected("8.8.8.8", "9.9.9.9", subnets=(SUBNET,)), replica_regions=["westus"])
    PrivateEndpointConnection.objects.create(registry=registry, name="one", private_endpoint="/x")
    answer = reader.get(f"{REGISTRY}/listUsages")
    assert answer.status == 200
    assert answer.json == rows(
        ("Size", 536870912000, 0, "Bytes"),
        ("Webhooks", 500, 0, "Count"),
        ("Geo-replications", -1, 1, "Count"),
        ("IPRules", 100, 2, "Count"),
        ("VNetRules", 100, 1, "Count"),
        ("PrivateEndpointConnections", 200, 1, "Count"),
        ("ScopeMaps", 50000, 0, "Count"),
        ("Tokens", 50000, 0, "Count"),
    )


@pytest.mark.parametrize(
    ("sku", "size", "webhooks", "tokens"),
    [pytest.param("Basic", 10737418240, 2, 100, id="Basic"), pytest.param("Standard", 107374182400, 10, 500, id="S")],
)
def test_other_tiers_have_no_rows_for_networking(reader: Arm, sku: str, size: int, webhooks: int, tokens: int) -> None:
    make.registry(sku=sku)
    assert reader.get(f"{REGISTRY}/listUsages").json == rows(
        ("Size", size, 0, "Bytes"),
        ("Webhooks", webhooks, 0, "Count"),
        ("ScopeMaps", tokens, 0, "Count"),
        ("Tokens", tokens, 0, "Count"),
    )


def test_a_private_endpoint_leads_to_the_registry_and_each_of_its_regions(reader: Arm) -> None:
    make.registry(replica_regions=["brazilsouth"])
    resource = {
        "name": "registry",
        "type": "Microsoft.ContainerRegistry/registries/privateLinkResources",
        "id": f"{REGISTRY}/privateLinkResources/registry",
        "properties": {
            "groupId": "registry",
            "requiredMembers": ["registry", "registry_data_brazilsouth", "registry_data_eastus"],
            "requiredZoneNames": ["privatelink.azurecr.io"],
        },
    }
    assert reader.get(f"{REGISTRY}/privateLinkResources").json == {"value": [resource]}
    assert reader.get(f"{REGISTRY}/privatelinkresources/Registry").json == resource
    assert reader.get(f"{REGISTRY}/privateLinkResources/blob").error[:2] == (404, "ResourceNotFound")


def test_the_zone_is_that_of_this_portcullis(reader: Arm, settings: Settings) -> None:
    settings.LOGIN_SERVER_SUFFIX = "registry.example.org"
    make.registry()
    properties = reader.get(f"{REGISTRY}/privateLinkResources/registry").json["properties"]
    assert properties["requiredZoneNames"] == ["privatelink.registry.example.org"]


@pytest.mark.parametrize("child", ["listUsages", "privateLinkResources", "privateLinkResources/registry"])
def test_they_are_there_for_readers_of_a_registry_only(reader: Arm, nobody: Arm, child: str) -> None:
    assert reader.get(f"{REGISTRY}/{child}").error[:2] == (404, "SubscriptionNotFound")
    make.registry("another")
    assert reader.get(f"{REGISTRY}/{child}").error[:2] == (404, "ResourceNotFound")
    assert nobody.get(f"{REGISTRY}/{child}").error[:2] == (403, "AuthorizationFailed")
    assert Arm("").get(f"{REGISTRY}/{child}").status == 401
    assert reader.post(f"{REGISTRY}/{child}").error[:2] == (405, "MethodNotAllowed")


def test_usages_cost_two_queries_besides_the_account(
    reader: Arm, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make.registry()
    with django_assert_max_num_queries(5):
        reader.get(f"{REGISTRY}/listUsages")
