"""Virtual networks: `az network vnet create`, `list`, `show`, `update` and `delete`."""

from typing import Any

from django.db import transaction
from django.db.models import Prefetch
from django.http import HttpResponseBase

from networking.access.problems import Problem
from networking.arm import network_body
from networking.arm.conditions import ETAG, require_conditions
from networking.arm.errors import group_not_found, problem, resource_not_found
from networking.arm.http import ArmRequest, answer, group_at, nothing, origin, subscription_at
from networking.arm.network_body import NetworkBody, read_network, read_tags
from networking.arm.network_schemas import NETWORK, NETWORK_BODY, NETWORKS, TAGS_BODY
from networking.arm.paging import QUERY, page
from networking.arm.places import NETWORK_PROVIDER, require_provider, require_region_of, require_same_region
from networking.arm.routing import forbidden, route
from networking.models import PrivateEndpoint, Subnet, VirtualNetwork
from networking.virtual_networks import body_of, body_of_subnet, change_tags, delete_network, put_network
from registries.models import CHANGE, DELETE, VIEW, NamedQuerySet, ResourceGroup

KIND = network_body.NETWORKS
LIST = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/virtualNetworks"
ONE = f"{LIST}/{{network}}"


@route(
    "GET",
    "/subscriptions/{subscription}/providers/Microsoft.Network/virtualNetworks",
    operation="VirtualNetworks_ListAll",
    summary="The virtual networks of a subscription",
    permission=VIEW,
    answers={200: NETWORKS},
    query=QUERY,
)
def list_all_networks(request: ArmRequest, subscription: str) -> HttpResponseBase:
    networks = whole().filter(resource_group__subscription=subscription_at(subscription))
    return page(request, networks, lambda found: map(spelled, found))


@route(
    "GET",
    LIST,
    operation="VirtualNetworks_List",
    summary="The virtual networks of a resource group",
    permission=VIEW,
    answers={200: NETWORKS},
    query=QUERY,
)
def list_networks(request: ArmRequest, subscription: str, group: str) -> HttpResponseBase:
    networks = whole().filter(resource_group=group_at(subscription, group))
    return page(request, networks, lambda found: map(spelled, found))


@route(
    "GET",
    ONE,
    operation="VirtualNetworks_Get",
    summary="A virtual network with its subnets",
    permission=VIEW,
    answers={200: NETWORK},
    headers={200: ETAG},
)
def show_network(request: ArmRequest, subscription: str, group: str, network: str) -> HttpResponseBase:
    return told(spelled(network_at(group_at(subscription, group), network)))


@route(
    "PUT",
    ONE,
    operation="VirtualNetworks_CreateOrUpdate",
    summary="Make or replace a virtual network; without a list of subnets, those that are there stay",
    permission=CHANGE,
    body=NETWORK_BODY,
    answers={200: NETWORK, 201: NETWORK},
    headers={200: ETAG, 201: ETAG},
)
def put_virtual_network(request: ArmRequest, subscription: str, group: str, network: str) -> HttpResponseBase:
    within = group_at(subscription, group)
    require_provider(within.subscription, NETWORK_PROVIDER)
    body = read_network(request.json)
    if isinstance(body, Problem):
        raise problem(body)

    def expected(found: VirtualNetwork | None) -> None:
        require_conditions(request, None if found is None else etag_of(spelled(whole().get(pk=found.pk))))
        if found is None:
            require_region_of(KIND, body.location)
            return
        require_same_region(KIND, found.name, within.name, stored=found.location, location=body.location)
        if dropped(found, body) and not request.account.may(DELETE):
            raise forbidden(request, f"{network_body.SUBNETS}/delete")

    try:
        put = put_network(within, network, body, origin(request), expected=expected)
    except ResourceGroup.DoesNotExist:
        raise group_not_found(group) from None
    if isinstance(put, Problem):
        raise problem(put)
    return told(spelled(whole().get(pk=put.stored.pk)), status=201 if put.created else 200)


@route(
    "PATCH",
    ONE,
    operation="VirtualNetworks_UpdateTags",
    summary="Give a virtual network other tags",
    permission=CHANGE,
    body=TAGS_BODY,
    answers={200: NETWORK},
    headers={200: ETAG},
)
def patch_network(request: ArmRequest, subscription: str, group: str, network: str) -> HttpResponseBase:
    within = group_at(subscription, group)
    tags = read_tags(request.json)
    if isinstance(tags, Problem):
        raise problem(tags)
    with transaction.atomic():
        found = network_at(lock(within), network)
        require_conditions(request, etag_of(spelled(found)))
        if tags is not None:
            change_tags(found, tags, origin(request))
    return told(spelled(found))


@route(
    "DELETE",
    ONE,
    operation="VirtualNetworks_Delete",
    summary="Delete a virtual network with its subnets",
    permission=DELETE,
    answers={200: None, 204: None},
)
def delete_virtual_network(request: ArmRequest, subscription: str, group: str, network: str) -> HttpResponseBase:
    within = group_at(subscription, group)
    with transaction.atomic():
        found = locked_network(within, network)
        require_conditions(request, None if found is None else etag_of(spelled(found)))
        if found is None:
            return nothing(204)
        if refused := delete_network(found, origin(request)):
            raise problem(refused)
    return nothing()


def dropped(network: VirtualNetwork, body: NetworkBody) -> bool:
    """A subnet of the network is missing in the body's list, and would be deleted."""
    if body.subnets is None:
        return False
    there = {name.lower() for name in network.subnets.values_list("name", flat=True)}
    return not there <= {subnet.name.lower() for subnet in body.subnets}


def whole() -> NamedQuerySet[VirtualNetwork]:
    """Networks with all that an answer is made of. Two more queries, for subnets and the endpoints in them."""
    endpoints = PrivateEndpoint.objects.select_related("resource_group__subscription").order_by("pk")
    subnets = Subnet.objects.order_by("pk").prefetch_related(Prefetch("private_endpoints", endpoints))
    return VirtualNetwork.objects.select_related("resource_group__subscription").prefetch_related(
        Prefetch("subnets", subnets)
    )


def network_at(group: ResourceGroup, name: str) -> VirtualNetwork:
    """The network of that name in any letter case; ArmError where there is none."""
    found = whole().filter(resource_group=group).named(name).first()
    if found is None:
        raise resource_not_found(KIND, name, group.name)
    return found


def locked_network(group: ResourceGroup, name: str) -> VirtualNetwork | None:
    """The network of that name in any letter case, under the lock of its group."""
    return whole().filter(resource_group=lock(group)).named(name).first()


def lock(group: ResourceGroup) -> ResourceGroup:
    """The lock of every change to the networks of a group, so that what If-Match names is what is changed."""
    locked = ResourceGroup.objects.locked()
    found = locked.filter(pk=group.pk).first()
    if found is None:
        raise group_not_found(group.name)
    return found


def spelled(network: VirtualNetwork) -> dict[str, Any]:
    place = network.resource_id
    subnets = [spelled_subnet(subnet, f"{place}/subnets/{subnet.name}") for subnet in network.subnets.all()]
    return network_body.network(place, body_of(network), subnets)


def spelled_subnet(subnet: Subnet, place: str) -> dict[str, Any]:
    endpoints = [each.resource_id for each in subnet.private_endpoints.all()]
    return network_body.subnet(place, body_of_subnet(subnet), endpoints)


def etag_of(body: dict[str, Any]) -> str:
    """As a condition names it, without what says that it is a weak one."""
    return str(body["etag"]).removeprefix("W/")


def told(body: dict[str, Any], *, status: int = 200) -> HttpResponseBase:
    """With the etag in a header too, as Microsoft.Network has it."""
    return answer(body, status=status, headers={"ETag": str(body["etag"])})
