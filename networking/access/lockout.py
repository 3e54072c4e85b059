"""Who that must not be shut out would lose access by a change."""

from collections.abc import Iterable
from dataclasses import dataclass

from networking.access.addresses import AddressRange
from networking.access.analysis import Span, shift
from networking.access.decision import Caller, decide
from networking.access.policy import AccessPolicy
from networking.access.trusted import NO_NETWORKS, TrustedNetworks


@dataclass(frozen=True, slots=True)
class Watched:
    """A named range that must keep its access."""

    name: str
    range: AddressRange


@dataclass(frozen=True, slots=True)
class LockedOut:
    """How many addresses of a watched range get in now and would not any more."""

    watched: Watched
    lost: int

    @property
    def is_whole(self) -> bool:
        """Every address of the range loses access."""
        return self.lost == self.watched.range.size


def locked_out(
    before: AccessPolicy, after: AccessPolicy, watched: Iterable[Watched], trusted: TrustedNetworks = NO_NETWORKS
) -> tuple[LockedOut, ...]:
    """Those of the watched that would lose access, in the order given; empty where the change is safe for all. What
    stands in a trusted network keeps its access while the firewall exception is on."""
    lost = shift(before, after, trusted).lost
    counted = ((each, _overlap(each.range, lost)) for each in watched)
    return tuple(LockedOut(each, count) for each, count in counted if count)


def shuts_out(before: AccessPolicy, after: AccessPolicy, caller: Caller) -> bool:
    """The caller gets in now and would not any more; for one caller of any kind, an IPv6 one among them."""
    return decide(before, caller).allowed and not decide(after, caller).allowed


def _overlap(each: AddressRange, spans: Iterable[Span]) -> int:
    return sum(max(0, min(last, each.last) - max(first, each.first) + 1) for first, last in spans)
