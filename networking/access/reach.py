"""How much of a range gets in: all of it, a part, or nothing."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from networking.access.addresses import AddressRange
from networking.access.analysis import reachable_from
from networking.access.policy import AccessPolicy
from networking.access.trusted import NO_NETWORKS, TrustedNetworks


class Extent(StrEnum):
    """How far the range gets in."""

    WHOLE = "Allowed"
    PART = "Partly allowed"
    NOTHING = "Denied"


@dataclass(frozen=True, slots=True)
class Reach:
    """How many addresses of a range of that size are let in."""

    allowed: int
    size: int

    @classmethod
    def of(cls, policy: AccessPolicy, asked: AddressRange, trusted: TrustedNetworks = NO_NETWORKS) -> Self:
        """Counted over the whole range, without asking address by address."""
        spans = reachable_from(policy, trusted)
        shared = (min(last, asked.last) - max(first, asked.first) + 1 for first, last in spans)
        return cls(sum(count for count in shared if count > 0), asked.size)

    @property
    def extent(self) -> Extent:
        if self.allowed == 0:
            return Extent.NOTHING
        return Extent.WHOLE if self.allowed == self.size else Extent.PART

    def __str__(self) -> str:
        """As it stands beside the extent."""
        if self.size == 1:
            return "1 address"
        match self.extent:
            case Extent.WHOLE:
                return f"all {self.size:,} addresses"
            case Extent.PART:
                return f"{self.allowed:,} of {self.size:,} addresses"
            case Extent.NOTHING:
                return f"none of {self.size:,} addresses"
