"""Virtual networks and their subnets: found, made, changed and deleted, each whole or not at all.

They leave no change record, as resource groups leave none: nobody's access changes by them. Locks are taken in one
order everywhere: registries, resource groups, subnets.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import transaction
from django.db.models.functions import Lower

from networking.access.address_space import Prefix, parse_all, problem_of_space, problem_of_subnets
from networking.access.problems import Code, Problem
from networking.arm.endpoint_body import interface_id
from networking.arm.network_body import NetworkBody, SubnetBody
from networking.models import PrivateEndpoint, Subnet, VirtualNetwork
from registries import regions
from registries.models import ResourceGroup

MAX_NAME = 80
NAME_RULE = re.compile(rf"\w(?:[\w.-]{{0,{MAX_NAME - 2}}}\w)?", re.ASCII)
SUBNET_ID = re.compile(
    r"/subscriptions/(?P<subscription>[0-9a-f-]{36})/resourceGroups/(?P<group>[^/\s\0]{1,90})"
    r"/providers/Microsoft\.Network/virtualNetworks/(?P<network>[^/\s\0]{1,80})/subnets/(?P<subnet>[^/\s\0]{1,80})",
    re.IGNORECASE | re.ASCII,
)


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
    return (
        Subnet.objects.select_related("virtual_network__resource_group__subscription")
        .filter(
            virtual_network__resource_group__subscription__subscription_id=subscription,
            virtual_network__resource_group__name__iexact=place["group"],
            virtual_network__name__iexact=place["network"],
            name__iexact=place["subnet"],
        )
        .first()
    )


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


def put_network(group: ResourceGroup, name: str, body: NetworkBody) -> Put[VirtualNetwork] | Problem:
    """Create, or replace all but the location. Without a list of subnets in the body, those that are there stay.

    ResourceGroup.DoesNotExist where the group was deleted meanwhile."""
    if problem := name_problem(name, *(subnet.name for subnet in body.subnets or ())):
        return problem
    with transaction.atomic():
        group = ResourceGroup.objects.select_for_update(of=("self",)).select_related("subscription").get(pk=group.pk)
        found = group.virtual_networks.filter(name__iexact=name).first()
        network = found or VirtualNetwork(resource_group=group, name=name, location=regions.arm_name(body.location))
        rows = [] if found is None else list(found.subnets.select_for_update().order_by("pk"))
        wanted = tuple(map(body_of_subnet, rows)) if body.subnets is None else body.subnets
        if problem := _problem(network, body.prefixes, wanted) or _problem_of_those_in_use(rows, wanted):
            return problem
        network.address_prefixes, network.tags, network.kept_aside = list(body.prefixes), body.tags, body.kept
        network.save()
        _write(network, rows, wanted)
    return Put(network, created=found is None)


def create_network(group: ResourceGroup, name: str, body: NetworkBody) -> VirtualNetwork | Problem:
    """As `put_network`, which would replace one of that name: here that is a Problem."""
    with transaction.atomic():
        group = ResourceGroup.objects.select_for_update(of=("self",)).get(pk=group.pk)
        if found := group.virtual_networks.filter(name__iexact=name).first():
            return _taken(f"There is a virtual network '{found.name}' in '{group.name}' already. Choose another name.")
        put = put_network(group, name, body)
    return put if isinstance(put, Problem) else put.stored


def create_subnet(network: VirtualNetwork, body: SubnetBody) -> Subnet | Problem:
    """As `put_subnet`, which would replace one of that name: here that is a Problem."""
    with transaction.atomic():
        network, rows = _locked(network)
        if found := next((row for row in rows if row.name.lower() == body.name.lower()), None):
            return _taken(f"There is a subnet '{found.name}' in '{network.name}' already. Choose another name.")
        put = put_subnet(network, body)
    return put if isinstance(put, Problem) else put.stored


def vouch(subnet: Subnet, service: str, *, wanted: bool) -> bool:
    """Switch the service endpoint for one service on or off; the others stay. False where it is so already.

    Subnet.DoesNotExist or VirtualNetwork.DoesNotExist where it was deleted meanwhile."""
    with transaction.atomic():
        _locked(subnet.virtual_network)
        row = Subnet.objects.get(pk=subnet.pk)
        if row.vouches_to(service) is wanted:
            return False
        others = [each for each in row.service_endpoints if each.lower() != service.lower()]
        row.service_endpoints = [*others, service] if wanted else others
        row.save(update_fields=["service_endpoints"])
    return True


def put_subnet(network: VirtualNetwork, body: SubnetBody) -> Put[Subnet] | Problem:
    """Create or replace one subnet. VirtualNetwork.DoesNotExist where its network was deleted meanwhile."""
    with transaction.atomic():
        network, rows = _locked(network)
        others = tuple(body_of_subnet(row) for row in rows if row.name.lower() != body.name.lower())
        wanted = (*others, body)
        problem = name_problem(body.name) or _problem(network, tuple(network.address_prefixes), wanted)
        if problem := problem or _problem_of_those_in_use(rows, wanted):
            return problem
        stored = _write(network, rows, wanted)[-1]
    return Put(stored, created=len(others) == len(rows))


def delete_subnet(subnet: Subnet) -> Problem | None:
    """Also where a registry's rule names it, as in Azure; not while a private endpoint stands in it."""
    with transaction.atomic():
        _, rows = _locked(subnet.virtual_network)
        if problem := _problem_of_those_in_use([row for row in rows if row.pk == subnet.pk], ()):
            return problem
        subnet.delete()
    return None


def delete_network(network: VirtualNetwork) -> Problem | None:
    """With its subnets, by the rule of `delete_subnet`."""
    with transaction.atomic():
        network, rows = _locked(network)
        if problem := _problem_of_those_in_use(rows, ()):
            return problem
        network.delete()
    return None


def name_problem(*names: str) -> Problem | None:
    """The first of these that no resource of Microsoft.Network can have, in its own words."""
    for name in names:
        if not NAME_RULE.fullmatch(name):
            return Problem(
                Code.INVALID_RESOURCE_NAME,
                f"Resource name {name[:MAX_NAME]} is invalid. The name can be up to {MAX_NAME} characters long. "
                "It must begin with a word character, and it must end with a word character or with '_'. "
                "The name may contain word characters or '.', '-', '_'.",
            )
    return None


def _locked(network: VirtualNetwork) -> tuple[VirtualNetwork, list[Subnet]]:
    """The network under the lock of its group, and its subnets, which a private endpoint locks for its addresses."""
    ResourceGroup.objects.select_for_update().filter(pk=network.resource_group_id).first()
    found = VirtualNetwork.objects.select_related("resource_group__subscription").get(pk=network.pk)
    return found, list(found.subnets.select_for_update().order_by("pk"))


def _problem(network: VirtualNetwork, prefixes: tuple[str, ...], wanted: Iterable[SubnetBody]) -> Problem | None:
    """What is wrong with the addresses alone."""
    owner = network.resource_id
    space = parse_all(prefixes, owner)
    if isinstance(space, Problem):
        return space
    placed: dict[str, tuple[Prefix, ...]] = {}
    for subnet in wanted:
        parsed = parse_all(subnet.prefixes, f"{owner}/subnets/{subnet.name}")
        if isinstance(parsed, Problem):
            return parsed
        placed[subnet.name] = parsed
    return problem_of_space(space, network.name) or problem_of_subnets(space, placed, network.name)


def _problem_of_those_in_use(rows: Iterable[Subnet], wanted: Iterable[SubnetBody]) -> Problem | None:
    """A subnet in which a private endpoint stands can't go, and can't lose the addresses that the endpoint has."""
    by_name = {subnet.name.lower(): subnet for subnet in wanted}
    standing: dict[int, list[PrivateEndpoint]] = {}
    for each in PrivateEndpoint.objects.filter(subnet__in=list(rows)).select_related("resource_group__subscription"):
        standing.setdefault(each.subnet_id, []).append(each)
    for row in rows:
        for endpoint in standing.get(row.pk, ()):
            if (left := by_name.get(row.name.lower())) is None:
                return in_use(row.name, endpoint)
            networks = [ip_network(prefix) for prefix in left.prefixes]
            for address in map(ip_address, endpoint.addresses.values()):
                if not any(address in network for network in networks):
                    return Problem(
                        Code.PREFIX_IN_USE,
                        f"IpPrefix {_holding(row, str(address))} on Subnet {row.name} has active allocations "
                        "and cannot be deleted.",
                    )
    return None


def _taken(message: str) -> Problem:
    return Problem(Code.INVALID_RESOURCE_NAME, message)


def in_use(subnet: str, endpoint: PrivateEndpoint) -> Problem:
    """Azure's own sentence (Azure/bicep #13267)."""
    place = interface_id(
        endpoint.resource_id, endpoint.kept_aside.get("properties", {}).get("customNetworkInterfaceName")
    )
    configuration = f"privateEndpointIpConfig.{uuid5(NAMESPACE_URL, endpoint.resource_id)}"
    return Problem(
        Code.SUBNET_IN_USE,
        f"Subnet {subnet} is in use by {place}/ipConfigurations/{configuration} and cannot be deleted. "
        "In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.",
    )


def _holding(subnet: Subnet, address: str) -> str:
    held = (text for text in subnet.address_prefixes if ip_address(address) in ip_network(text))
    return next(held, ", ".join(subnet.address_prefixes))


def _write(network: VirtualNetwork, rows: Iterable[Subnet], wanted: Iterable[SubnetBody]) -> list[Subnet]:
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
            row.save()
        written.append(row)
    Subnet.objects.bulk_create(new)
    network.subnets.exclude(pk__in=[row.pk for row in written]).delete()
    return written
