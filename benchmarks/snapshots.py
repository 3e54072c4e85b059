"""A gate's snapshot in this process: loaded, asked, and refreshed after changes."""

import random
import resource
import time
from collections.abc import Callable
from ipaddress import IPv4Address
from statistics import median
from timeit import repeat

from benchmarks import filling
from networking.access.addresses import AddressRange
from networking.access.decision import Caller, decide
from networking.access.policy import AccessPolicy, DefaultAction, Rule
from networking.gate.snapshot import Snapshot
from networking.models import EndpointSettings
from registries.models import Origin, Registry

CHANGES = 20
CALLER = Caller(IPv4Address("20.7.16.1"))
ORIGIN = Origin(account="bo@example.org", door="command")


def samples() -> dict[str, float]:
    """Seconds to load, MiB that the process takes at most, milliseconds of a look with and without a change and of a
    registry's first question, microseconds of the next."""
    snapshot = Snapshot()
    load = timed(snapshot.load)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    registries = list(Registry.objects.order_by("pk")[: CHANGES + 1])
    first = timed(lambda: decide(snapshot.policy_of(registries[-1].name), CALLER))
    policy = snapshot.policy_of(registries[-1].name)
    refreshed = []
    for registry in registries[:CHANGES]:
        change(registry)
        refreshed.append(timed(snapshot.refresh))
        changed = snapshot.policy_of(registry.name)
        assert changed is not None, registry
        assert not changed.starts, "the change has not arrived"
    return {
        "load": load,
        "memory": memory,
        "refresh": median(refreshed) * 1000,
        "look": median(timed(snapshot.refresh) for _ in range(CHANGES)) * 1000,
        "first": first * 1000,
        "next": min(repeat(lambda: decide(policy, CALLER), number=10_000, repeat=5)) / 10_000 * 1e6,
    }


def gated(name: str, client: str) -> None:
    """A registry with 100 rules, of which the last lets the client in."""
    group = filling.resource_group()
    registry = Registry.create_recorded(
        resource_group=group, name=name, sku="Premium", location="eastus", origin=ORIGIN
    )
    _store(registry, _rules(client))


def flips(name: str, client: str, times: int) -> None:
    """Says `denied` and `allowed` in turns, each when it is stored, and goes on when it is told so."""
    registry = Registry.objects.get(name=name)
    for _ in range(times):
        for word, rules in (("denied", _rules(client)[:-1]), ("allowed", _rules(client))):
            time.sleep(random.random())  # or each would come just after the gate has looked
            _store(registry, rules)
            print(word, flush=True)
            input()


def _rules(client: str) -> tuple[Rule, ...]:
    return (*filling.policy(99).rules, Rule(AddressRange.stored(client)))


def _store(registry: Registry, rules: tuple[Rule, ...]) -> None:
    seen = EndpointSettings.of(registry).policy
    policy = AccessPolicy(default_action=DefaultAction.DENY, rules=rules)
    EndpointSettings.store(registry, policy, seen=seen.fingerprint, origin=ORIGIN)


def change(registry: Registry) -> None:
    """Every range goes."""
    seen = EndpointSettings.of(registry).policy
    EndpointSettings.store(registry, AccessPolicy(), seen=seen.fingerprint, origin=ORIGIN)


def timed(what: Callable[[], object]) -> float:
    began = time.perf_counter()
    what()
    return time.perf_counter() - began
