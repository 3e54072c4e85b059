"""Private endpoints: made, placed in their subnets, and deleted.

Each leaves its change record. What it means to the registry at the other end is a private endpoint connection, which
stands in the registry's own. An endpoint that goes leaves its connection behind as Disconnected, for the registry's
owner to remove; one that comes back under the same id takes its place.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.db import transaction

from networking.access.decision import ConnectionState
from networking.access.problems import Code, Problem
from networking.arm.endpoint_body import EndpointBody, Link
from networking.endpoint_addresses import free_in, members_of
from networking.models import PrivateEndpoint, PrivateEndpointConnection, Subnet
from networking.network_records import of_endpoint, record
from networking.network_refusals import MAX_NAME, name_problem
from networking.private_endpoint_connections import ask_anew, connect, disconnect, remove
from networking.virtual_networks import Put, anything, subnet_at
from registries import regions
from registries.models import CHANGE, Account, NamedQuerySet, Origin, Registry, ResourceGroup
from registries.resource_id import ResourceId

ENDPOINT_ID = re.compile(
    r"/subscriptions/(?P<subscription>[0-9a-f-]{36})/resourceGroups/(?P<group>[^/\s\0]{1,90})"
    r"/providers/Microsoft\.Network/privateEndpoints/(?P<endpoint>[^/\s\0]{1,80})",
    re.IGNORECASE | re.ASCII,
)
# The operations of their change records.
CREATED = "Create private endpoint"
UPDATED = "Update private endpoint"
DELETED = "Delete private endpoint"
APPROVED_AT_ONCE = "Auto-Approved"  # as Azure describes it


def body_of(endpoint: PrivateEndpoint) -> EndpointBody:
    """The stored endpoint as a value. Two queries without the subnet's own relations."""
    return EndpointBody(
        location=endpoint.location,
        subnet=endpoint.subnet.resource_id,
        link=Link(endpoint.connection_name, endpoint.service, endpoint.manual, endpoint.request_message),
        tags=endpoint.tags,
        kept=endpoint.kept_aside,
    )


def endpoint_at(resource_id: str) -> PrivateEndpoint | None:
    """The endpoint of that resource id in any letter case, with all it stands in; None where there is none, or where
    it stands in a subscription we don't know. One query at most."""
    place = ENDPOINT_ID.fullmatch(resource_id)
    if place is None:
        return None
    try:
        subscription = UUID(place["subscription"])
    except ValueError:
        return None
    endpoints = PrivateEndpoint.objects.select_related(
        "resource_group__subscription", "subnet__virtual_network__resource_group__subscription"
    )
    groups = ResourceGroup.objects.at(subscription, place["group"])
    return endpoints.filter(resource_group__in=groups).named(place["endpoint"]).first()


def states_of(endpoints: Iterable[PrivateEndpoint]) -> dict[str, tuple[ConnectionState, str]]:
    """State and description of each endpoint's connection, by the endpoint's resource id. One query. An endpoint that
    is missing here is Disconnected: its registry, or the connection, was removed at the other end."""
    connections = PrivateEndpointConnection.objects.filter(
        private_endpoint__in=[each.resource_id for each in endpoints]
    )
    return {each.private_endpoint: (ConnectionState(each.state), each.description) for each in connections}


def put_endpoint(
    group: ResourceGroup,
    name: str,
    body: EndpointBody,
    origin: Origin,
    account: Account,
    *,
    expected: Callable[[PrivateEndpoint | None], None] = anything,
) -> Put[PrivateEndpoint] | Problem:
    """Create, with the connection to its registry; of one that is there, tags, the message to the registry's owner and
    what is kept change and no more. `expected` is asked about the endpoint that is found, under the lock, and raises
    where it is not as expected.

    `account` approves at once where the body asks for it, if it may change the registry. ResourceGroup.DoesNotExist
    where the group was deleted meanwhile."""
    if problem := name_problem(name, body.link.name):
        return problem
    with transaction.atomic():
        registry = _registry_at(body.link.service)
        group = ResourceGroup.objects.locked().get(pk=group.pk)
        found = _named(group, name).first()
        expected(found)
        before = None if found is None else _record(found)
        endpoint = found or PrivateEndpoint(resource_group=group, name=name)
        endpoint.tags, endpoint.kept_aside = body.tags, body.kept
        if found is None:
            problem = _place(endpoint, body, registry, account) or _connect(endpoint, registry, origin)
        else:
            problem = _problem_of_change(found, body) or _reword(found, registry, body.link.message, origin)
            found.save(update_fields=["tags", "kept_aside", "request_message"])
        if problem is not None:
            transaction.set_rollback(True)
            return problem
        record(UPDATED if found else CREATED, origin, before=before, after=_record(endpoint))
    return Put(endpoint, created=found is None)


def create_endpoint(
    group: ResourceGroup, name: str, body: EndpointBody, origin: Origin, account: Account, *, private_dns: bool
) -> PrivateEndpoint | Problem:
    """As `put_endpoint`, of a new one only: one that is there has its own makers."""
    taken = Problem(
        Code.INVALID_RESOURCE_NAME,
        f"Resource group '{group.name}' has a private endpoint named '{name[:MAX_NAME]}' already. Choose another name.",
    )
    if _named(group, name).exists():
        return taken
    with transaction.atomic():
        put = put_endpoint(group, name, body, origin, account)
        if isinstance(put, Problem):
            return put
        if not put.created:  # somebody else made it since
            transaction.set_rollback(True)
            return taken
        endpoint = put.stored
        endpoint.private_dns = private_dns
        endpoint.save(update_fields=["private_dns"])
    return endpoint


def delete_endpoint(
    endpoint: PrivateEndpoint, origin: Origin, *, expected: Callable[[PrivateEndpoint | None], None] = anything
) -> None:
    """Nothing where it is gone already. `expected` is as in `put_endpoint`."""
    with transaction.atomic():
        connected = connected_to([endpoint])
        ResourceGroup.objects.select_for_update().filter(pk=endpoint.resource_group_id).first()
        found = PrivateEndpoint.objects.select_related("resource_group__subscription").filter(pk=endpoint.pk).first()
        expected(found)
        if found is None:
            return
        for registry in connected:
            disconnect(registry, found.resource_id, origin)
        record(DELETED, origin, before=_record(found), after=None)
        found.delete()


def connected_to(endpoints: Iterable[PrivateEndpoint]) -> list[Registry]:
    """The registries that these are connected to, under their locks, in the one order of all locks."""
    places = [each.resource_id for each in endpoints]
    connected = PrivateEndpointConnection.objects.filter(private_endpoint__in=places).values("registry")
    return list(Registry.objects.locked().filter(pk__in=connected).order_by("pk"))


def _named(group: ResourceGroup, name: str) -> NamedQuerySet[PrivateEndpoint]:
    return PrivateEndpoint.objects.filter(resource_group=group).named(name)


def _record(endpoint: PrivateEndpoint) -> dict[str, Any]:
    return of_endpoint(
        endpoint.resource_id, endpoint.location, endpoint.tags, endpoint.request_message, endpoint.kept_aside
    )


def _registry_at(resource_id: str) -> Registry | None:
    """The registry of that resource id in any letter case, under its lock."""
    place = ResourceId.parse(resource_id)
    if place is None:
        return None
    registry = Registry.objects.locked().named(place.name).first()
    return registry if registry and str(registry.resource_id).lower() == str(place).lower() else None


def _problem_of_change(found: PrivateEndpoint, body: EndpointBody) -> Problem | None:
    """An endpoint stays where it stands and leads where it leads."""
    stored = body_of(found)
    for what, was, now in (
        ("subnet", stored.subnet.lower(), body.subnet.lower()),
        ("connection", _comparable(stored.link), _comparable(body.link)),
    ):
        if was != now:
            message = f"The {what} of private endpoint '{found.name}' can't change."
            return Problem(Code.INVALID_PROPERTY, f"{message} Delete the endpoint and create another.")
    return None


def _reword(found: PrivateEndpoint, registry: Registry | None, message: str, origin: Origin) -> Problem | None:
    """What the endpoint says to the owner of its registry, who may not have decided yet."""
    if message == found.request_message:
        return None
    found.request_message = message
    return ask_anew(registry, found.resource_id, message, origin) if registry else None


def _comparable(link: Link) -> tuple[str, str, bool]:
    return link.name.lower(), link.service.lower(), link.manual


def _place(
    endpoint: PrivateEndpoint, body: EndpointBody, registry: Registry | None, account: Account
) -> Problem | None:
    """Into its subnet, with an address for each member of the registry."""
    subnet, location = subnet_at(body.subnet), regions.arm_name(body.location)
    if subnet is None or subnet.virtual_network.location != location:
        return _not_found(body.subnet, endpoint)
    if registry is None:
        return _not_found(body.link.service, endpoint)
    if not body.link.manual and not account.may(CHANGE, registry):
        return Problem(
            Code.LINKED_AUTHORIZATION_FAILED,
            f"The client '{account.username}' can't approve connections to '{registry.name}'. "
            "Ask its owner with manualPrivateLinkServiceConnections.",
        )
    if not Subnet.objects.select_for_update().filter(pk=subnet.pk).exists():
        return _not_found(body.subnet, endpoint)  # deleted meanwhile
    members = members_of(registry)
    found = free_in(subnet, len(members))
    if isinstance(found, Problem):
        return found
    endpoint.subnet, endpoint.location = subnet, location
    endpoint.service, endpoint.connection_name = str(registry.resource_id), body.link.name
    endpoint.manual, endpoint.request_message = body.link.manual, body.link.message
    endpoint.addresses = dict(zip(members, found, strict=True))
    endpoint.save()
    return None


def _not_found(referenced: str, endpoint: PrivateEndpoint) -> Problem:
    """ARM's own sentence, for another region too."""
    return Problem(
        Code.INVALID_RESOURCE_REFERENCE,
        f"Resource {referenced[:400]} referenced by resource {endpoint.resource_id} was not found. "
        "Please make sure that the referenced resource exists, and that both resources are in the same region.",
    )


def _connect(endpoint: PrivateEndpoint, registry: Registry | None, origin: Origin) -> Problem | None:
    if registry is None:
        raise RuntimeError("An endpoint was placed that leads nowhere.")
    place, approved = endpoint.resource_id, not endpoint.manual
    for left in registry.private_endpoint_connections.filter(private_endpoint__iexact=place):
        remove(left, origin)
    description = APPROVED_AT_ONCE if approved else endpoint.request_message
    made = connect(registry, place, origin, approved=approved, description=description)
    return made if isinstance(made, Problem) else None
