"""How long `decide` takes on 100 rules, beside the two plain ways with the standard library.

Asked of a policy as pages ask it, and of one compiled as a gate asks it; the goal for the latter is 1 µs."""

import timeit
from collections.abc import Callable
from functools import partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from networking.access.addresses import AddressRange
from networking.access.compiled import CompiledPolicy
from networking.access.decision import Caller, decide
from networking.access.policy import AccessPolicy, DefaultAction, Rule

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

RANGES = [f"{first}.{second}.16.0/20" for first in range(20, 30) for second in range(10)]
CASES = {"the first rule": "20.0.16.1", "the last rule": "29.9.31.254", "no rule": "203.0.113.24"}
ROUNDS = 200
GOAL = 1.0


def main() -> None:
    policy = AccessPolicy(
        default_action=DefaultAction.DENY, rules=tuple(Rule(AddressRange.stored(text)) for text in RANGES)
    )
    compiled = CompiledPolicy.of(policy)
    networks = [ip_network(text) for text in RANGES]
    print(f"One decision, {len(RANGES)} rules:   decide   compiled   parsed before   parsed each time")
    slowest = 0.0
    for name, text in CASES.items():
        address, caller = ip_address(text), Caller(IPv4Address(text))
        ours = microseconds(partial(decide, policy, caller))
        gates = microseconds(partial(decide, compiled, caller))
        parsed = microseconds(partial(any_parsed, networks, address))
        naive = microseconds(partial(any_text, RANGES, address))
        slowest = max(slowest, gates)
        print(f"  {name:<21} {ours:8.1f} µs {gates:6.2f} µs", end="")
        print(f"  {parsed:6.1f} µs {parsed / gates:4.1f}×  {naive:8.1f} µs {naive / gates:4.1f}×")
    print(f"  compiled, goal {GOAL:.0f} µs: {'met' if slowest <= GOAL else 'not met'}")


def any_parsed(networks: list[Network], address: Address) -> bool:
    return any(address in network for network in networks)


def any_text(texts: list[str], address: Address) -> bool:
    return any(address in ip_network(text) for text in texts)


def microseconds(question: Callable[[], object]) -> float:
    """The best of five, so that what else the machine does counts least."""
    return min(timeit.repeat(question, number=ROUNDS, repeat=5)) / ROUNDS * 1e6


if __name__ == "__main__":
    main()
