"""Virtual networks and their subnets: found, made, changed and deleted, each whole or not at all.

Each leaves its change record, with the id of the network or the subnet. Locks are taken in one order everywhere:
registries, resource groups, subnets.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Lower

from networking.access.problems import Code, Problem
from networking.arm.network_body import NetworkBody, SubnetBody
from networking.models import Subnet, VirtualNetwork
from networking.network_records import of_network, of_subnet, record
from networking.network_refusals import name_problem, problem_of_addresses, problem_of_those_in_use
from registries import regions
from registries.models import Origin, ResourceGroup

SUBNET_ID = re.compile(
    r"/subscriptions/(?P<subscription>[0-9a-f-]{36})/resourceGroups/(?P<group>[^/\s\0]{1,90})"
    r"/providers/Microsoft\.Network/virtualNetworks/(?P<network>[^/\s\0]{1,80})/subnets/(?P<subnet>[^/\s\0]{1,80})",
    re.IGNORECASE | re.ASCII,
)


# The operations of their change records.
NETWORK_CREATED = "Create virtual network"
NETWORK_UPDATED = "Update virtual network"
NETWORK_DELETED = "Delete virtual network"
SUBNET_CREATED = "Create subnet"
SUBNET_UPDATED = "Update subnet"
SUBNET_DELETED = "Delete subnet"


def anything(found: object) -> None:
    """What a PUT expects to find, where it expects nothing."""


@dataclass(frozen=True, slots=True)
class Put[Stored]:
    """What a PUT stored, and whether it is new."""

    stored: Stored
    created: bool


def subnet_at(resource_id: str) -> Subnet | None:
    """The subnet of that resource id in any letter case, with all it stands in; None where there is none. One query."""
    place = SUBNET_ID.fullmatch(resource_id)
    if place is None:
        return None
    try:
        subscription = UUID(place["subscription"])
    except ValueError:
        return None
    groups = ResourceGroup.objects.at(subscription, place["group"])
    networks = VirtualNetwork.objects.filter(resource_group__in=groups).named(place["network"])
    subnets = Subnet.objects.select_related("virtual_network__resource_group__subscription")
    return subnets.filter(virtual_network__in=networks).named(place["subnet"]).first()


def subnets_at(resource_ids: Iterable[str]) -> dict[str, Subnet]:
    """Those of these subnets that there are, by the resource id as it was given. One query for any number of them."""
    places = {each: place for each in resource_ids if (place := SUBNET_ID.fullmatch(each))}
    named = {place["subnet"].lower() for place in places.values()}
    if not named:
        return {}
    rows = Subnet.objects.select_related("virtual_network__resource_group__subscription")
    found = {row.resource_id.lower(): row for row in rows.alias(key=Lower("name")).filter(key__in=named)}
    return {each: found[each.lower()] for each in places if each.lower() in found}


def body_of(network: VirtualNetwork) -> NetworkBody:
    """The stored network as a value, its subnets in the order they were made."""
    return NetworkBody(
        location=network.location,
        prefixes=tuple(network.address_prefixes),
        tags=network.tags,
        subnets=tuple(map(body_of_subnet, sorted(network.subnets.all(), key=lambda each: each.pk))),
        kept=network.kept_aside,
    )


def body_of_subnet(subnet: Subnet) -> SubnetBody:
    return SubnetBody(subnet.name, tuple(subnet.address_prefixes), tuple(subnet.service_endpoints), subnet.kept_aside)


def put_network(
    group: ResourceGroup,
    name: str,
    body: NetworkBody,
    origin: Origin,
    *,
    expected: Callable[[VirtualNetwork | None], None] = anything,
) -> Put[VirtualNetwork] | Problem:
    """Create, or replace all but the location. Without a list of subnets in the body, those that are there stay.
    `expected` is asked about the network that is found, under the lock, and raises where it is not as expected.

    ResourceGroup.DoesNotExist where the group was deleted meanwhile."""
    place = VirtualNetwork(resource_group=group, name=name, location=regions.arm_name(body.location))
    # Judged before the lock, because others wait for it.
    if problem := name_problem(name, *(subnet.name for subnet in body.subnets or ())) or problem_of_addresses(
        place, body.prefixes, body.subnets or ()
    ):
        return problem
    with transaction.atomic():
        group = ResourceGroup.objects.locked().get(pk=group.pk)
        found = VirtualNetwork.objects.filter(resource_group=group).named(name).first()
        expected(found)
        network, rows = found or place, [] if found is None else _locked_subnets(found)
        before = None if found is None else _record(network, rows)
        wanted = tuple(map(body_of_subnet, rows)) if body.subnets is None else body.subnets
        problem = problem_of_addresses(network, body.prefixes, wanted) if body.subnets is None else None
        if problem := problem or problem_of_those_in_use(rows, wanted):
            return problem
        network.address_prefixes, network.tags, network.kept_aside = list(body.prefixes), body.tags, body.kept
        network.save()
        after = _record(network, _write(network, rows, wanted))
        record(NETWORK_UPDATED if found else NETWORK_CREATED, origin, before=before, after=after)
    return Put(network, created=found is None)


def create_network(group: ResourceGroup, name: str, body: NetworkBody, origin: Origin) -> VirtualNetwork | Problem:
    """As `put_network`, which would replace one of that name: here that is a Problem."""
    with transaction.atomic():
        group = ResourceGroup.objects.locked().get(pk=group.pk)
        if found := VirtualNetwork.objects.filter(resource_group=group).named(name).first():
            return _taken(f"There is a virtual network '{found.name}' in '{group.name}' already. Choose another name.")
        put = put_network(group, name, body, origin)
    return put if isinstance(put, Problem) else put.stored


def change_tags(network: VirtualNetwork, tags: dict[str, str], origin: Origin) -> None:
    """All tags anew. Call it under the lock of the network's group."""
    before, network.tags = network.tags, tags
    network.save(update_fields=["tags"])
    place = network.resource_id
    record(NETWORK_UPDATED, origin, before={"id": place, "tags": before}, after={"id": place, "tags": tags})


def create_subnet(network: VirtualNetwork, body: SubnetBody, origin: Origin) -> Subnet | Problem:
    """As `put_subnet`, which would replace one of that name: here that is a Problem."""
    with transaction.atomic():
        network, rows = _locked(network)
        if found := next((row for row in rows if row.name.lower() == body.name.lower()), None):
            return _taken(f"There is a subnet '{found.name}' in '{network.name}' already. Choose another name.")
        put = put_subnet(network, body, origin)
    return put if isinstance(put, Problem) else put.stored


def vouch(subnet: Subnet, service: str, origin: Origin, *, wanted: bool) -> bool:
    """Switch the service endpoint for one service on or off; the others stay. False where it is so already.

    Subnet.DoesNotExist or VirtualNetwork.DoesNotExist where it was deleted meanwhile."""
    with transaction.atomic():
        network, rows = _locked(subnet.virtual_network)
        row = next((row for row in rows if row.pk == subnet.pk), None)
        if row is None:
            raise Subnet.DoesNotExist
        if row.vouches_to(service) is wanted:
            return False
        before, place = body_of_subnet(row), f"{network.resource_id}/subnets/{row.name}"
        others = [each for each in row.service_endpoints if each.lower() != service.lower()]
        row.service_endpoints = [*others, service] if wanted else others
        row.save(update_fields=["service_endpoints"])
        after = of_subnet(place, body_of_subnet(row))
        record(SUBNET_UPDATED, origin, before=of_subnet(place, before), after=after)
    return True


def put_subnet(network: VirtualNetwork, body: SubnetBody, origin: Origin) -> Put[Subnet] | Problem:
    """Create or replace one subnet. VirtualNetwork.DoesNotExist where its network was deleted meanwhile."""
    with transaction.atomic():
        network, rows = _locked(network)
        found = next((row for row in rows if row.name.lower() == body.name.lower()), None)
        body = replace(body, name=found.name if found else body.name)
        wanted = (*(body_of_subnet(row) for row in rows if row is not found), body)
        problem = name_problem(body.name) or problem_of_addresses(network, tuple(network.address_prefixes), wanted)
        if problem := problem or problem_of_those_in_use(rows, wanted):
            return problem
        place = f"{network.resource_id}/subnets/{body.name}"
        before = None if found is None else of_subnet(place, body_of_subnet(found))
        stored = _write(network, rows, wanted)[-1]
        record(SUBNET_UPDATED if found else SUBNET_CREATED, origin, before=before, after=of_subnet(place, body))
    return Put(stored, created=found is None)


def delete_subnet(subnet: Subnet, origin: Origin) -> Problem | None:
    """Also where a registry's rule names it, as in Azure; not while a private endpoint stands in it."""
    with transaction.atomic():
        network, rows = _locked(subnet.virtual_network)
        for row in rows:
            if row.pk != subnet.pk:
                continue
            if problem := problem_of_those_in_use([row], ()):
                return problem
            place = f"{network.resource_id}/subnets/{row.name}"
            record(SUBNET_DELETED, origin, before=of_subnet(place, body_of_subnet(row)), after=None)
            row.delete()
    return None


def delete_network(network: VirtualNetwork, origin: Origin) -> Problem | None:
    """With its subnets, by the rule of `delete_subnet`."""
    with transaction.atomic():
        network, rows = _locked(network)
        if problem := problem_of_those_in_use(rows, ()):
            return problem
        record(NETWORK_DELETED, origin, before=_record(network, rows), after=None)
        network.delete()
    return None


def _locked(network: VirtualNetwork) -> tuple[VirtualNetwork, list[Subnet]]:
    """The network under the lock of its group, and its subnets, which a private endpoint locks for its addresses."""
    ResourceGroup.objects.select_for_update().filter(pk=network.resource_group_id).first()
    found = VirtualNetwork.objects.select_related("resource_group__subscription").get(pk=network.pk)
    return found, _locked_subnets(found)


def _locked_subnets(network: VirtualNetwork) -> list[Subnet]:
    return list(network.subnets.select_for_update().order_by("pk"))


def _record(network: VirtualNetwork, rows: Iterable[Subnet]) -> dict[str, Any]:
    """For its change record, with these subnets."""
    subnets = tuple(map(body_of_subnet, rows))
    body = NetworkBody(
        network.location, tuple(network.address_prefixes), network.tags, subnets, kept=network.kept_aside
    )
    return of_network(network.resource_id, body)


def _taken(message: str) -> Problem:
    return Problem(Code.INVALID_RESOURCE_NAME, message)


def _write(network: VirtualNetwork, rows: Collection[Subnet], wanted: Iterable[SubnetBody]) -> list[Subnet]:
    """In the order of `wanted`. A subnet that was there keeps its row and the spelling of its name."""
    there: Mapping[str, Subnet] = {row.name.lower(): row for row in rows}
    written, new = [], []
    for subnet in wanted:
        row = there.get(subnet.name.lower())
        if row is None:
            row = Subnet(virtual_network=network, name=subnet.name)
            new.append(row)
        is_same = row.pk is not None and replace(body_of_subnet(row), name=subnet.name) == subnet
        row.address_prefixes, row.service_endpoints = list(subnet.prefixes), list(subnet.services)
        row.kept_aside = subnet.kept
        if row.pk is not None and not is_same:
            row.save(update_fields=["address_prefixes", "service_endpoints", "kept_aside"])
        written.append(row)
    Subnet.objects.bulk_create(new)
    stays = {row.pk for row in written}
    network.subnets.filter(pk__in=[row.pk for row in rows if row.pk not in stays]).delete()
    return written
