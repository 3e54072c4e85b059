"""A policy made ready to be asked many thousand times a second. `decide` asks it as it asks any other."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Self

from networking.access.policy import AccessPolicy, DefaultAction, PublicNetworkAccess, Rule


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """`starts` are the first addresses, as sorted integers, of stretches that do not overlap; `stretches` beside them
    are the last address of each and the rule that decides there: of all that hold it, the first in the list."""

    public_network_access: PublicNetworkAccess
    default_action: DefaultAction
    trusted_services: bool
    tasks_bypass: bool
    subnets: tuple[str, ...]
    starts: tuple[int, ...]
    stretches: tuple[tuple[int, Rule], ...]
    subnet_keys: frozenset[str]

    @classmethod
    def of(cls, policy: AccessPolicy) -> Self:
        spans = _stretches(policy.rules)
        return cls(
            policy.public_network_access,
            policy.default_action,
            policy.trusted_services,
            policy.tasks_bypass,
            policy.subnets,
            tuple(first for first, _, _ in spans),
            tuple((last, rule) for _, last, rule in spans),
            frozenset(subnet.lower() for subnet in policy.subnets),
        )

    def rule_covering(self, address: IPv4Address) -> Rule | None:
        number = int(address)
        place = bisect_right(self.starts, number) - 1
        if place < 0:
            return None
        last, rule = self.stretches[place]
        return rule if number <= last else None

    def names_subnet(self, subnet: str) -> bool:
        return subnet.lower() in self.subnet_keys


def _stretches(rules: Sequence[Rule]) -> list[tuple[int, int, Rule]]:
    """First, last and rule of each stretch. CIDR ranges nest or are apart, so it is enough to cut at every edge."""
    edges = sorted({edge for rule in rules for edge in (rule.range.first, rule.range.last + 1)})
    owners: list[Rule | None] = [None] * len(edges)
    place = {edge: index for index, edge in enumerate(edges)}
    for rule in reversed(rules):  # the first of the list is written last, over the others
        first, after = place[rule.range.first], place[rule.range.last + 1]
        owners[first:after] = [rule] * (after - first)
    found: list[tuple[int, int, Rule]] = []
    for index, owner in enumerate(owners[:-1]):
        if owner is None:
            continue
        first, last = edges[index], edges[index + 1] - 1
        if found and found[-1][2] is owner and found[-1][1] == first - 1:
            first = found.pop()[0]
        found.append((first, last, owner))
    return found
