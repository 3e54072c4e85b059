"""What there is while schemathesis asks the ARM API, and the words that speak of it."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from networking.arm import recorded_operations, tokens
from networking.arm.versions import KNOWN
from networking.models import Subnet
from networking.replicating import Wanted, replicate
from registries.models import Change, Subscription
from registries.service_principals import create
from tests import make

OTHER_SUBSCRIPTION = "00000000-0000-0000-0000-000000000002"
IDENTITY_SECRET = "the secret of an identity"
ACR = "Microsoft.ContainerRegistry"


@dataclass(frozen=True)
class World:
    """What is there, by the name under which a path, a query or a body speaks of it; `whole` are bodies by operation.
    The first is the most usual."""

    paths: dict[str, list[str]]
    queries: dict[str, list[str]]
    texts: dict[str, list[str]]
    whole: dict[str, list[dict[str, Any]]]
    authorizations: list[str]


def furnished() -> World:
    """Registries of two tiers, one with rules, a replication and connections; networks; accounts of every kind."""
    group = make.resource_group()
    make.resource_group("spareGroup")
    Subscription.objects.create(subscription_id=OTHER_SUBSCRIPTION, display_name="Not yet registered", providers=[])
    registry = make.registry(policy=make.selected("16.17.18.0/24"), group=group, tags={"team": "build"})
    make.registry("standardregistry", sku="Standard")
    network = make.virtual_network("myVnet", "mySubnet", "vouching")
    make.virtual_network("spareVnet")
    Subnet.objects.filter(name="vouching").update(service_endpoints=[ACR])
    make.private_endpoint(registry)
    make.private_endpoint(registry, "waiting", manual=True)
    replicated = replicate(registry, "westus", Wanted(), make.BO)
    assert isinstance(replicated, Change)
    operations = [
        recorded_operations.name_of("privateendpointconnections", Change.objects.latest("pk")),
        recorded_operations.name_of("replications", replicated),
    ]
    subnets = [f"{network.resource_id}/subnets/{each}" for each in ("mySubnet", "vouching", "none")]
    return World(
        paths={
            "subscription": [str(make.SUBSCRIPTION_ID), OTHER_SUBSCRIPTION],
            "group": ["myResourceGroup", "MYRESOURCEGROUP", "spareGroup", "newGroup"],
            "name": ["mycontainerregistry", "standardregistry", "newregistry"],
            "network": ["myVnet", "spareVnet", "newVnet"],
            "subnet": ["mySubnet", "vouching", "newSubnet"],
            "endpoint": ["myEndpoint", "waiting", "newEndpoint"],
            "connection": list(registry.private_endpoint_connections.order_by("-pk").values_list("name", flat=True)),
            "replication": ["westus", "westus", "westus", "westeurope", "eastus"],  # as often as a body says so
            "location": ["eastus"],
            "operation": operations,
            "namespace": [ACR, "microsoft.network", "Microsoft.Resources"],
            "resource": ["registry"],
            "deployment": ["main"],
        },
        queries={
            "api-version": [*KNOWN, "2015-01-01", "2199-01-01", "latest"],
            "$filter": [
                f"resourceType eq '{ACR}/registries'",
                "resourceGroup eq 'myResourceGroup'",
                "tagName eq 'team' and tagValue eq 'build'",
            ],
            "$skiptoken": ["0-0", "0-1", "1-5"],
            "resource": [settings.ARM_URL],
        },
        texts={
            "location": ["eastus", "East US", "westus", "westeurope", "atlantis"],
            "value": ["16.17.18.0/24", "203.0.113.9", "198.51.100.0/24", "10.0.0.0/8", "16.17.18.5/24"],
            **dict.fromkeys(("id", "virtualNetworkSubnetResourceId"), subnets),
            "privateLinkServiceId": [str(registry.resource_id)],
            "addressPrefix": ["10.0.9.0/24", "10.0.0.0/24", "10.77.0.0/24"],
            "addressPrefixes": ["10.0.0.0/16", "10.0.9.0/24"],
            "service": [ACR, "Microsoft.Storage"],
            "type": [f"{ACR}/registries"],
            "scope": [f"{settings.ARM_URL}//.default"],
        },
        whole=_usual_bodies(str(registry.resource_id), subnets[0]),
        authorizations=[*[_bearer("Owner")] * 12, _bearer("Reader"), _bearer(None), "", "Bearer forged", "Basic eA=="],
    )


def _bearer(role: str | None) -> str:
    return f"Bearer {tokens.issue(make.account(role), settings.ARM_URL)}"


def _usual_bodies(registry: str, subnet: str) -> dict[str, list[dict[str, Any]]]:
    """What programs send where a body at random is hardly ever right."""
    program = create("a program", "Owner")
    secret = {"client_id": program.client_id, "client_secret": program.secret}
    link = {"name": "link", "properties": {"privateLinkServiceId": registry, "groupIds": ["registry"]}}
    links = {"subnet": {"id": subnet}, "privateLinkServiceConnections": [link]}
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
    states = [{"privateLinkServiceConnectionState": {"status": status}} for status in ("Approved", "Rejected")]
    return {
        "Authority_Token": [{"grant_type": "client_credentials", **secret}],
        "Registries_Create": [{"location": "eastus", "sku": {"name": "Premium"}}],
        "Registries_Update": [{"tags": {"a": "b"}}, {"properties": {"networkRuleSet.ipRules": []}}],
        "Replications_Create": [{"location": "westus"}, {"location": "West US", "tags": {"a": "b"}}],
        "PrivateEndpointConnections_CreateOrUpdate": [{"properties": each} for each in states],
        "PrivateEndpoints_CreateOrUpdate": [{"location": "eastus", "properties": links}],
        "VirtualNetworks_CreateOrUpdate": [{"location": "eastus", "properties": space}],
        "Subnets_CreateOrUpdate": [{"properties": {"addressPrefix": f"10.0.{each}.0/24"}} for each in (9, 0)],
    }
