"""Subnets: `az network vnet subnet create`, `list`, `show`, `update --service-endpoints` and `delete`."""

from django.db import transaction
from django.http import HttpResponseBase

from networking.access.problems import Problem
from networking.arm.conditions import ETAG, require_conditions
from networking.arm.errors import ArmError, problem, resource_not_found
from networking.arm.http import ArmRequest, group_at, nothing, origin
from networking.arm.network_body import read_subnet
from networking.arm.network_schemas import SUBNET, SUBNET_BODY, SUBNETS
from networking.arm.paging import listed
from networking.arm.routing import route
from networking.arm.views.networks import KIND, etag_of, locked_network, network_at, spelled_subnet, told
from networking.arm.views.networks import ONE as NETWORK
from networking.models import Subnet, VirtualNetwork
from networking.virtual_networks import delete_subnet, put_subnet
from registries.models import CHANGE, DELETE, VIEW

LIST = f"{NETWORK}/subnets"
ONE = f"{LIST}/{{subnet}}"


@route(
    "GET",
    LIST,
    operation="Subnets_List",
    summary="The subnets of a virtual network",
    permission=VIEW,
    answers={200: SUBNETS},
)
def list_subnets(request: ArmRequest, subscription: str, group: str, network: str) -> HttpResponseBase:
    within = network_at(group_at(subscription, group), network)
    return listed(request, [spelled_subnet(each, place(within, each)) for each in within.subnets.all()])


@route(
    "GET",
    ONE,
    operation="Subnets_Get",
    summary="A subnet",
    permission=VIEW,
    answers={200: SUBNET},
    headers={200: ETAG},
)
def show_subnet(request: ArmRequest, subscription: str, group: str, network: str, subnet: str) -> HttpResponseBase:
    within = network_at(group_at(subscription, group), network)
    found = named(within, subnet)
    if found is None:
        raise ArmError(404, "NotFound", f"Resource {within.resource_id}/subnets/{subnet[:80]} not found.")
    return told(spelled_subnet(found, place(within, found)))


@route(
    "PUT",
    ONE,
    operation="Subnets_CreateOrUpdate",
    summary="Make or replace a subnet of a virtual network",
    permission=CHANGE,
    body=SUBNET_BODY,
    answers={200: SUBNET, 201: SUBNET},
    headers={200: ETAG, 201: ETAG},
)
def put_virtual_subnet(
    request: ArmRequest, subscription: str, group: str, network: str, subnet: str
) -> HttpResponseBase:
    within = group_at(subscription, group)
    body = read_subnet(request.json, subnet)
    if isinstance(body, Problem):
        raise problem(body)
    with transaction.atomic():
        parent = locked_network(within, network)
        if parent is None:
            raise _without_parent(f"{within_id(subscription, within.name)}/{network}")
        found = named(parent, subnet)
        require_conditions(request, None if found is None else etag_of(spelled_subnet(found, place(parent, found))))
        put = put_subnet(parent, body, origin(request))
        if isinstance(put, Problem):
            raise problem(put)
    return told(spelled_subnet(put.stored, place(parent, put.stored)), status=201 if put.created else 200)


@route(
    "DELETE",
    ONE,
    operation="Subnets_Delete",
    summary="Delete a subnet in which no private endpoint stands",
    permission=DELETE,
    answers={200: None, 204: None},
)
def delete_virtual_subnet(
    request: ArmRequest, subscription: str, group: str, network: str, subnet: str
) -> HttpResponseBase:
    within = group_at(subscription, group)
    with transaction.atomic():
        parent = locked_network(within, network)
        if parent is None:
            raise resource_not_found(KIND, network, within.name)
        found = named(parent, subnet)
        require_conditions(request, None if found is None else etag_of(spelled_subnet(found, place(parent, found))))
        if found is None:
            return nothing(204)
        if refused := delete_subnet(found, origin(request)):
            raise problem(refused)
    return nothing()


def named(network: VirtualNetwork, name: str) -> Subnet | None:
    """Of a network that `whole` found, the subnet of that name in any letter case."""
    return next((each for each in network.subnets.all() if each.name.lower() == name.lower()), None)


def place(network: VirtualNetwork, subnet: Subnet) -> str:
    """Its resource id, without another query for the network."""
    return f"{network.resource_id}/subnets/{subnet.name}"


def within_id(subscription: str, group: str) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{KIND}"


def _without_parent(parent: str) -> ArmError:
    message = (
        "Failed to perform 'write' on resource(s) of type 'virtualNetworks/subnets', because the parent resource "
        f"'{parent[:400]}' could not be found."
    )
    return ArmError(404, "ParentResourceNotFound", message, gateway=True)
