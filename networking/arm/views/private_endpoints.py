"""Private endpoints: `az network private-endpoint create`, `list`, `show`, `update` and `delete`."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpResponseBase

from networking.access.decision import ConnectionState
from networking.access.problems import Code, Problem
from networking.arm import endpoint_body
from networking.arm.conditions import ETAG, require_conditions
from networking.arm.endpoint_body import read_endpoint
from networking.arm.errors import ArmError, group_not_found, problem, resource_not_found
from networking.arm.http import ArmRequest, group_at, nothing, origin, subscription_at
from networking.arm.network_schemas import ENDPOINT, ENDPOINT_BODY, ENDPOINTS
from networking.arm.paging import QUERY, page
from networking.arm.places import NETWORK_PROVIDER, require_provider, require_region_of, require_same_region
from networking.arm.routing import route
from networking.arm.views.networks import etag_of, told
from networking.endpoint_addresses import hosts_of
from networking.models import PrivateEndpoint
from networking.private_endpoints import body_of, delete_endpoint, put_endpoint, states_of
from registries.models import CHANGE, DELETE, VIEW, NamedQuerySet, ResourceGroup

KIND = endpoint_body.ENDPOINTS
LIST = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/privateEndpoints"
ONE = f"{LIST}/{{endpoint}}"
GONE = (ConnectionState.DISCONNECTED, "")


@route(
    "GET",
    "/subscriptions/{subscription}/providers/Microsoft.Network/privateEndpoints",
    operation="PrivateEndpoints_ListBySubscription",
    summary="The private endpoints of a subscription",
    permission=VIEW,
    answers={200: ENDPOINTS},
    query=QUERY,
)
def list_all_endpoints(request: ArmRequest, subscription: str) -> HttpResponseBase:
    endpoints = whole().filter(resource_group__subscription=subscription_at(subscription))
    return page(request, endpoints, spelled_all)


@route(
    "GET",
    LIST,
    operation="PrivateEndpoints_List",
    summary="The private endpoints of a resource group",
    permission=VIEW,
    answers={200: ENDPOINTS},
    query=QUERY,
)
def list_endpoints(request: ArmRequest, subscription: str, group: str) -> HttpResponseBase:
    return page(request, whole().filter(resource_group=group_at(subscription, group)), spelled_all)


@route(
    "GET",
    ONE,
    operation="PrivateEndpoints_Get",
    summary="A private endpoint, with the state of its connection and its addresses",
    permission=VIEW,
    answers={200: ENDPOINT},
    headers={200: ETAG},
)
def show_endpoint(request: ArmRequest, subscription: str, group: str, endpoint: str) -> HttpResponseBase:
    within = group_at(subscription, group)
    found = named(within, endpoint)
    if found is None:
        raise resource_not_found(KIND, endpoint, within.name)
    return told(spelled(found))


@route(
    "PUT",
    ONE,
    operation="PrivateEndpoints_CreateOrUpdate",
    summary="Make a private endpoint and its connection to a registry, or give one that is there other tags or another "
    "message",
    permission=CHANGE,
    body=ENDPOINT_BODY,
    answers={200: ENDPOINT, 201: ENDPOINT},
    headers={200: ETAG, 201: ETAG},
)
def put_private_endpoint(request: ArmRequest, subscription: str, group: str, endpoint: str) -> HttpResponseBase:
    within = group_at(subscription, group)
    require_provider(within.subscription, NETWORK_PROVIDER)
    body = read_endpoint(request.json)
    if isinstance(body, Problem):
        raise problem(body)

    def expected(found: PrivateEndpoint | None) -> None:
        require_conditions(request, etag_at(found))
        if found is None:
            require_region_of(KIND, body.location)
        else:
            require_same_region(KIND, found.name, within.name, stored=found.location, location=body.location)

    try:
        put = put_endpoint(within, endpoint, body, origin(request), request.account, expected=expected)
    except ResourceGroup.DoesNotExist:
        raise group_not_found(group) from None
    if isinstance(put, Problem):
        raise _refused(put)
    return told(spelled(whole().get(pk=put.stored.pk)), status=201 if put.created else 200)


@route(
    "DELETE",
    ONE,
    operation="PrivateEndpoints_Delete",
    summary="Delete a private endpoint; its connection stays at the registry as Disconnected",
    permission=DELETE,
    answers={200: None, 204: None},
)
def delete_private_endpoint(request: ArmRequest, subscription: str, group: str, endpoint: str) -> HttpResponseBase:
    found = named(group_at(subscription, group), endpoint)
    if found is None:
        require_conditions(request, None)
        return nothing(204)
    delete_endpoint(found, origin(request), expected=lambda row: require_conditions(request, etag_at(row)))
    return nothing()


def whole() -> NamedQuerySet[PrivateEndpoint]:
    """Endpoints with all that an answer is made of but the state of their connections."""
    return PrivateEndpoint.objects.select_related(
        "resource_group__subscription", "subnet__virtual_network__resource_group__subscription"
    )


def named(group: ResourceGroup, name: str) -> PrivateEndpoint | None:
    """The endpoint of that name in any letter case."""
    return whole().filter(resource_group=group).named(name).first()


def etag_at(found: PrivateEndpoint | None) -> str | None:
    """Of an endpoint as it is stored now; None where there is none."""
    return None if found is None else etag_of(spelled(whole().get(pk=found.pk)))


def spelled(endpoint: PrivateEndpoint) -> dict[str, Any]:
    return next(iter(spelled_all([endpoint])))


def spelled_all(endpoints: list[PrivateEndpoint]) -> Iterable[dict[str, Any]]:
    """One query for the states of all of them."""
    states = states_of(endpoints)
    for each in endpoints:
        state, description = states.get(each.resource_id, GONE)
        yield endpoint_body.endpoint(each.resource_id, body_of(each), state, description, hosts_of(each))


def _refused(refused: Problem) -> ArmError:
    if refused.code is Code.LINKED_AUTHORIZATION_FAILED:
        return ArmError(403, refused.code.value, refused.message, gateway=True)
    return problem(refused)
