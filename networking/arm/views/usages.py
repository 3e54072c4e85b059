"""What a registry uses of its tier, and what private endpoints can lead to."""

from typing import Any

from django.http import JsonResponse

from networking.access.policy import MAX_IP_RULES
from networking.arm.body import MAX_SUBNETS
from networking.arm.document import TYPE
from networking.arm.errors import resource_not_found
from networking.arm.http import ArmRequest, answer
from networking.arm.registry_queries import registry_at
from networking.arm.registry_schemas import LINK_RESOURCE, USAGE, a_list, an_object
from networking.arm.routing import route
from networking.arm.views.registries import ONE
from networking.endpoint_addresses import GROUP, members_of, zone
from networking.private_endpoint_connections import MOST
from registries.models import VIEW, Registry

GIBIBYTE = 2**30
# Included storage, webhooks, scope maps and tokens by tier, as listUsages was recorded (acr-facts 1.5 and 7).
LIMITS = {
    "Basic": (10 * GIBIBYTE, 2, 100),
    "Standard": (100 * GIBIBYTE, 10, 500),
    "Premium": (500 * GIBIBYTE, 500, 50_000),
}
LINK_RESOURCES = f"{ONE}/privateLinkResources"


@route(
    "GET",
    f"{ONE}/listUsages",
    operation="Registries_ListUsages",
    summary="What a registry uses of its tier",
    permission=VIEW,
    answers={200: an_object(("value",), value=a_list(USAGE))},
)
def list_usages(request: ArmRequest, subscription: str, group: str, name: str) -> JsonResponse:
    registry = registry_at(subscription, group, name)
    size, webhooks, tokens = LIMITS[registry.sku]
    premium = _premium(registry) if registry.is_premium else []
    return answer(
        {
            "value": [
                _usage("Size", size, 0, unit="Bytes"),  # what the registry holds is not told to us
                _usage("Webhooks", webhooks, 0),
                *premium,
                _usage("ScopeMaps", tokens, 0),
                _usage("Tokens", tokens, 0),
            ]
        }
    )


def _premium(registry: Registry) -> list[dict[str, Any]]:
    """The rows that only Premium has; -1 is no limit."""
    return [
        _usage("Geo-replications", -1, len(registry.replica_regions)),
        _usage("IPRules", MAX_IP_RULES, registry.rule_count),
        _usage("VNetRules", MAX_SUBNETS, registry.subnet_count),
        _usage("PrivateEndpointConnections", MOST, registry.private_endpoint_connections.count()),
    ]


def _usage(name: str, limit: int, current: int, *, unit: str = "Count") -> dict[str, Any]:
    return {"name": name, "limit": limit, "currentValue": current, "unit": unit}


@route(
    "GET",
    LINK_RESOURCES,
    operation="Registries_ListPrivateLinkResources",
    summary="What private endpoints can lead to",
    permission=VIEW,
    answers={200: an_object(("value",), value=a_list(LINK_RESOURCE))},
)
def link_resources(request: ArmRequest, subscription: str, group: str, name: str) -> JsonResponse:
    return answer({"value": [_link_resource(registry_at(subscription, group, name))]})


@route(
    "GET",
    f"{LINK_RESOURCES}/{{resource}}",
    operation="Registries_GetPrivateLinkResource",
    summary="What a private endpoint of one group leads to",
    permission=VIEW,
    answers={200: LINK_RESOURCE},
)
def link_resource(request: ArmRequest, subscription: str, group: str, name: str, resource: str) -> JsonResponse:
    registry = registry_at(subscription, group, name)
    if resource.lower() != GROUP:
        where = registry.resource_group.name
        raise resource_not_found(f"{TYPE}/privateLinkResources", f"{registry.name}/{resource}", where)
    return answer(_link_resource(registry))


def _link_resource(registry: Registry) -> dict[str, Any]:
    *data, own = members_of(registry)
    return {
        "name": GROUP,
        "type": f"{TYPE}/privateLinkResources",
        "id": f"{registry.resource_id}/privateLinkResources/{GROUP}",
        "properties": {
            "groupId": GROUP,
            "requiredMembers": [own, *data],
            "requiredZoneNames": [zone()],
        },
    }
