"""Address prefixes of a virtual network and its subnets: what one may be, where it fits, what it has left."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_network
from itertools import islice, pairwise

from networking.access.problems import Code, Problem

type Prefix = IPv4Network | IPv6Network

# Azure keeps the first four addresses of a subnet and its last one, and takes no subnet that leaves fewer than three.
KEPT_IN_FRONT = 4
SMALLEST_SUBNET = 29
IPV6_SUBNET = 64
QUOTED = 64

SHAPE = re.compile(r"[0-9A-Fa-f:.]{2,45}/[0-9]{1,3}", re.ASCII)


def parse(text: str, owner: str) -> Prefix | Problem:
    """One prefix in CIDR notation; `owner` is the resource id that the refusal names."""
    try:
        # The library would read a mask or a bare address as well.
        network = ip_network(text, strict=False) if SHAPE.fullmatch(text) else None
    except ValueError:
        network = None
    if network is None:
        return Problem(
            Code.INVALID_ADDRESS_PREFIX,
            f"Address prefix {text[:QUOTED]} of resource {owner} is not formatted correctly. "
            "It should follow CIDR notation, for example 10.0.0.0/24.",
        )
    if ip_network(text.partition("/")[0]).network_address != network.network_address:
        return Problem(
            Code.INVALID_CIDR_NOTATION,
            f"The address prefix {text} in resource {owner} has an invalid CIDR notation. "
            f"For the given prefix length, the address prefix should be {network}.",
            fix=str(network),
        )
    return network


def parse_all(texts: Iterable[str], owner: str) -> tuple[Prefix, ...] | Problem:
    """All of them, or the first refusal."""
    prefixes: list[Prefix] = []
    for text in texts:
        prefix = parse(text, owner)
        if isinstance(prefix, Problem):
            return prefix
        prefixes.append(prefix)
    return tuple(prefixes)


def overlaps(one: Prefix, other: Prefix) -> bool:
    """False for two families, which the library refuses to compare."""
    return one.version == other.version and one.overlaps(other)


def is_inside(prefix: Prefix, space: Iterable[Prefix]) -> bool:
    """Within one prefix of the space: a subnet can't lie across two of them, even where they touch."""
    return any(
        whole.version == prefix.version and whole.prefixlen <= prefix.prefixlen and whole.overlaps(prefix)
        for whole in space
    )


def problem_of_space(space: Collection[Prefix], network: str) -> Problem | None:
    """Why a virtual network can't have this address space."""
    for (_, one), (_, other) in _overlapping(("", prefix) for prefix in space):
        return Problem(
            Code.ADDRESS_SPACE_OVERLAPS,
            f"The address prefixes {one} and {other} of virtual network '{network}' overlap. Give each address once.",
        )
    return None


def problem_of_subnets(
    space: Collection[Prefix], subnets: Mapping[str, Collection[Prefix]], network: str
) -> Problem | None:
    """Why these subnets, by name, can't be those of a virtual network with this space. The first that is wrong."""
    for name, prefixes in subnets.items():
        for prefix in prefixes:
            if not is_inside(prefix, space):
                return Problem(
                    Code.SUBNET_OUTSIDE_NETWORK,
                    f"Subnet '{name}' is not valid because its IP address range is outside the IP address range "
                    f"of virtual network '{network}'.",
                )
            if not _has_a_size(prefix):
                return Problem(Code.INVALID_SUBNET, f"Subnet '{name}' is not valid in virtual network '{network}'.")
    for _, (name, _) in _overlapping((name, prefix) for name, prefixes in subnets.items() for prefix in prefixes):
        return Problem(
            Code.SUBNETS_OVERLAP,
            f"Subnet '{name}' is not valid because its IP address range overlaps with that of an existing subnet "
            f"in virtual network '{network}'.",
        )
    return None


def _overlapping(owned: Iterable[tuple[str, Prefix]]) -> Iterator[tuple[tuple[str, Prefix], tuple[str, Prefix]]]:
    """Pairs that share addresses, each prefix with its name, the one that was given first in front. Two prefixes are
    apart or one is in the other, so in order of place, where any two overlap, two neighbours do."""
    placed = sorted(
        enumerate(owned), key=lambda each: (each[1][1].version, int(each[1][1].network_address), each[1][1].prefixlen)
    )
    for one, other in pairwise(placed):
        if overlaps(one[1][1], other[1][1]):
            first, second = sorted((one, other), key=lambda each: each[0])
            yield first[1], second[1]


def _has_a_size(prefix: Prefix) -> bool:
    return prefix.prefixlen <= SMALLEST_SUBNET if isinstance(prefix, IPv4Network) else prefix.prefixlen == IPV6_SUBNET


def free_addresses(prefixes: Iterable[Prefix], taken: Collection[str], count: int) -> list[str] | None:
    """The `count` lowest IPv4 addresses of a subnet that nobody has; None where it has fewer left."""
    free = (text for address in _usable(prefixes) if (text := str(address)) not in taken)
    found = list(islice(free, count))
    return found if len(found) == count else None


def _usable(prefixes: Iterable[Prefix]) -> Iterator[IPv4Address]:
    for prefix in prefixes:
        if isinstance(prefix, IPv4Network):
            first, last = int(prefix.network_address), int(prefix.broadcast_address)
            yield from map(IPv4Address, range(first + KEPT_IN_FRONT, last))


def full(subnet: str, prefixes: Iterable[str], count: int) -> Problem:
    """The refusal where `free_addresses` has found too few. `subnet` is its name."""
    return Problem(
        Code.SUBNET_IS_FULL,
        f"Subnet {subnet} with address prefix {', '.join(prefixes)} does not have enough capacity "
        f"for {count} IP addresses.",
    )
