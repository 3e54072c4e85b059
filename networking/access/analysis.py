"""What a list of ranges really covers: overlap, merge, and who gains or loses access between two policies."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, collapse_addresses

from networking.access.addresses import PRIVATE, RESERVED, AddressRange
from networking.access.policy import AccessPolicy, PublicAccess
from networking.access.trusted import NO_NETWORKS, TrustedNetworks

# Wider than /16 is worth a second look: it is more than any one organisation's office or cloud egress needs.
VERY_WIDE = 16

Span = tuple[int, int]  # first and last address, both included


@dataclass(frozen=True, slots=True)
class Finding:
    """What is worth knowing about one range among others. Indexes point into the list that was asked about."""

    duplicate_of: int | None = None
    covered_by: int | None = None
    adjacent_to: int | None = None
    merged: AddressRange | None = None  # with adjacent_to: the one range equal to both
    very_wide: bool = False


def findings(ranges: Sequence[AddressRange | None]) -> list[Finding]:
    """One finding a range, in the order given; None (a row that is no range) gets an empty one.

    CIDR ranges are nested or apart, never crossing, so one pass over the sorted list sees every container on a stack.
    """
    first_seen: dict[AddressRange, int] = {}
    duplicate_of: dict[int, int] = {}
    for index, each in enumerate(ranges):
        if each is None:
            continue
        if each in first_seen:
            duplicate_of[index] = first_seen[each]
        else:
            first_seen[each] = index

    covered_by: dict[int, int] = {}
    stack: list[AddressRange] = []
    for each in sorted(first_seen):
        while stack and stack[-1].last < each.first:
            stack.pop()
        if stack:
            covered_by[first_seen[each]] = first_seen[stack[-1]]
        stack.append(each)

    found = []
    for index, each in enumerate(ranges):
        if each is None:
            found.append(Finding())
        elif index in duplicate_of:
            found.append(Finding(duplicate_of=duplicate_of[index]))
        elif index in covered_by:
            found.append(Finding(covered_by=covered_by[index]))
        else:
            neighbour = first_seen.get(AddressRange(each.first ^ each.size, each.prefix))
            # The offer stands on the later of the two rows only. What covers the neighbour would cover this row too.
            if neighbour is not None and neighbour > index:
                neighbour = None
            merged = None
            if neighbour is not None:
                merged = AddressRange.spanning(each.first & ~each.size, each.prefix - 1)
            found.append(Finding(adjacent_to=neighbour, merged=merged, very_wide=each.prefix < VERY_WIDE))
    return found


def smallest_equal_list(ranges: Iterable[AddressRange]) -> tuple[AddressRange, ...]:
    """The fewest ranges that cover exactly the same addresses, in order."""
    networks = (IPv4Network((each.first, each.prefix)) for each in ranges)
    return tuple(AddressRange(int(net.network_address), net.prefixlen) for net in collapse_addresses(networks))


@dataclass(frozen=True, slots=True)
class Shift:
    """Who gains and who loses access, as spans of public IPv4 addresses in order; apart and never touching."""

    gained: tuple[Span, ...] = ()
    lost: tuple[Span, ...] = ()

    @property
    def gains(self) -> int:
        """How many addresses gain access."""
        return _count(self.gained)

    @property
    def losses(self) -> int:
        return _count(self.lost)

    def __bool__(self) -> bool:
        """Somebody gains or loses."""
        return bool(self.gained or self.lost)


def shift(before: AccessPolicy, after: AccessPolicy, trusted: TrustedNetworks = NO_NETWORKS) -> Shift:
    """Who on the public internet gains and who loses access between two policies, without counting one by one."""
    was, now = reachable_from(before, trusted), reachable_from(after, trusted)
    return Shift(gained=tuple(_minus(now, was)), lost=tuple(_minus(was, now)))


def reachable_from(policy: AccessPolicy, trusted: TrustedNetworks = NO_NETWORKS) -> tuple[Span, ...]:
    """The public IPv4 addresses that are let in, as spans in order; those of `trusted` by the firewall exception."""
    excepted = _public(trusted) if policy.trusted_services else ()
    match policy.public_access:
        case PublicAccess.ALL_NETWORKS:
            return PUBLIC_INTERNET
        case PublicAccess.DISABLED:
            return excepted
        case PublicAccess.SELECTED_NETWORKS:
            listed = [(rule.range.first, rule.range.last) for rule in policy.rules]
            # Document 004: the exception does not apply to a registry configured with a service endpoint.
            return _joined(listed if policy.subnets else [*listed, *excepted])


def _public(trusted: TrustedNetworks) -> tuple[Span, ...]:
    """The part of its networks that a rule could name: a private one is of no public address."""
    return tuple(_minus(_joined(trusted.spans), NOT_PUBLIC))


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return tuple(joined)


def _minus(spans: Sequence[Span], others: Sequence[Span]) -> Iterable[Span]:
    """What of `spans` no span of `others` covers. Both in order and apart; so is the answer. One pass over both."""
    at = 0
    for first, last in spans:
        start = first
        while at < len(others) and others[at][1] < start:
            at += 1
        ahead = at
        while ahead < len(others) and others[ahead][0] <= last:
            if start < others[ahead][0]:
                yield start, others[ahead][0] - 1
            start = others[ahead][1] + 1
            ahead += 1
        if start <= last:
            yield start, last


def _count(spans: Iterable[Span]) -> int:
    return sum(last - first + 1 for first, last in spans)


# Every address a rule may name: the whole of IPv4 less what AddressRange.parse refuses.
NOT_PUBLIC = _joined((int(net.network_address), int(net.broadcast_address)) for net in [*PRIVATE, *RESERVED])
PUBLIC_INTERNET = tuple(_minus(((0, 2**32 - 1),), NOT_PUBLIC))
