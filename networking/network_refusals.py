"""Why a virtual network or a subnet can't be as it is wanted, mostly in Azure's own words."""

import re
from collections.abc import Collection, Iterable
from ipaddress import ip_address, ip_network
from uuid import NAMESPACE_URL, uuid5

from networking.access.address_space import (
    Prefix,
    parse_all,
    problem_of_counts,
    problem_of_space,
    problem_of_subnets,
)
from networking.access.problems import Code, Problem
from networking.arm.endpoint_body import interface_id
from networking.arm.network_body import SubnetBody
from networking.models import PrivateEndpoint, Subnet, VirtualNetwork

MAX_NAME = 80
NAME_RULE = re.compile(rf"\w(?:[\w.-]{{0,{MAX_NAME - 2}}}\w)?", re.ASCII)


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


def problem_of_addresses(
    network: VirtualNetwork, prefixes: tuple[str, ...], wanted: Collection[SubnetBody]
) -> Problem | None:
    """What is wrong with the addresses alone."""
    if problem := problem_of_counts(prefixes, [subnet.prefixes for subnet in wanted], network.name[:MAX_NAME]):
        return problem
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


def problem_of_those_in_use(rows: Iterable[Subnet], wanted: Iterable[SubnetBody]) -> Problem | None:
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
