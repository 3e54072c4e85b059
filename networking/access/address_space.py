"""Address prefixes of a virtual network and its subnets: what one may be, where it fits, what it has left."""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sized
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address, ip_network
from itertools import islice, pairwise

from networking.access.problems import Code, Problem

type Prefix = IPv4Network | IPv6Network

# Azure keeps the first four addresses of a subnet and its last one, and takes no subnet that leaves fewer than three.
KEPT_IN_FRONT = 4
SMALLEST_SUBNET = 29
IPV6_SUBNET = 64
QUOTED = 64
MOST_SUBNETS = 3000  # Azure's own limit
# Ours, because each of them is looked at in every change: of a network's space, and of all its subnets together.
MOST_PREFIXES = 500
MOST_IN_SUBNETS = 6000

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
    if ip_address(text.partition("/")[0]) != network.network_address:
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


def problem_of_counts(space: Sized, subnets: Iterable[Sized], network: str) -> Problem | None:
    """Why this is more than a virtual network can hold; `subnets` are the prefixes of each. Ask it before they are
    parsed."""
    if len(space) > MOST_PREFIXES:
        message = f"A virtual network can have {MOST_PREFIXES} address prefixes; '{network}' would have {len(space)}."
        return Problem(Code.QUOTA_EXCEEDED, message)
    listed = list(subnets)
    if len(listed) > MOST_SUBNETS:
        message = f"A virtual network can have {MOST_SUBNETS} subnets; '{network}' would have {len(listed)}."
        return Problem(Code.QUOTA_EXCEEDED, message)
    if (count := sum(map(len, listed))) > MOST_IN_SUBNETS:
        message = f"The subnets of a virtual network can have {MOST_IN_SUBNETS} address prefixes together; "
        return Problem(Code.QUOTA_EXCEEDED, f"{message}those of '{network}' would have {count}.")
    return None


class Space:
    """The prefixes of a virtual network in order of place, so that one that holds another is found in a few steps."""

    def __init__(self, prefixes: Iterable[Prefix]) -> None:
        self._widest: list[Prefix] = []
        for prefix in sorted(prefixes, key=_place):
            if not (self._widest and overlaps(self._widest[-1], prefix)):  # else it lies in the one before
                self._widest.append(prefix)
        self._starts = [_place(prefix)[:2] for prefix in self._widest]

    def holds(self, prefix: Prefix) -> bool:
        """Within one prefix of the space: a subnet can't lie across two of them, even where they touch."""
        before = bisect_right(self._starts, _place(prefix)[:2]) - 1
        if before < 0:
            return False
        whole = self._widest[before]
        return whole.prefixlen <= prefix.prefixlen and overlaps(whole, prefix)


def _place(prefix: Prefix) -> tuple[int, int, int]:
    return prefix.version, int(prefix.network_address), prefix.prefixlen


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
    whole = Space(space)
    for name, prefixes in subnets.items():
        for prefix in prefixes:
            if not whole.holds(prefix):
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
    placed = sorted(enumerate(owned), key=lambda each: _place(each[1][1]))
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
