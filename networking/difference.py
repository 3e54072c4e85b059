"""What a change did, in words: what was added, removed and changed, and who gained or lost access."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, summarize_address_range
from typing import Any

from networking.access.analysis import Span, reachable_from, shift
from networking.access.decision import ConnectionState
from networking.access.policy import AccessPolicy, PublicAccess, Rule, difference
from networking.access.trusted import NO_NETWORKS, TrustedNetworks
from networking.models import UPDATE
from registries import regions
from registries.models import Change

NOBODY = "No public IPv4 address gains or loses access"
NOBODY_ELSE = f"{NOBODY}, except in the networks of trusted services"
EVERYWHERE = TrustedNetworks.of([("any trusted service", ["0.0.0.0/1", "128.0.0.0/1"])])
SHOWN_OF_A_PROPERTY = 200  # characters of its JSON
DOORS = {"portal": "Portal", "admin": "Admin", "arm": "ARM API", "command": "Command line"}
SAMPLE = 3  # spans that are spelled out; the rest is counted

# What `settings_of` says of all virtual network rules in one line; here each has its own.
SUBNETS = "Virtual network rules"
DEFAULT_ACTION = "Default action"
CONNECTION = "privateEndpointConnection"
SUBNET_WORDS = ("addressPrefixes", "serviceEndpoints")


class Kind(StrEnum):
    """What happened to a thing. The sign stands beside the words, for the eye only."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"

    @property
    def sign(self) -> str:
        return {"added": "+", "removed": "−", "changed": "~"}[self.value]


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is otherwise than before. `words` says what became of it where before and after do not."""

    kind: Kind
    what: str
    words: str = ""
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        if self.words:
            return f"{self.what} {self.words}"
        return f"{self.what}: {' → '.join(part for part in (self.before, self.after) if part)}"


@dataclass(frozen=True, slots=True)
class Shifted:
    """Who gains or loses access, counted in public IPv4 addresses. The first spans are spelled, `more` is how many
    follow."""

    kind: Kind
    who: str
    spans: tuple[str, ...] = ()
    more: int = 0

    @property
    def where(self) -> str:
        rest = (f"{self.more:,} more {'range' if self.more == 1 else 'ranges'}",) if self.more else ()
        *parts, last = self.spans + rest or ("",)
        return f"{', '.join(parts)} and {last}" if parts else last

    def __str__(self) -> str:
        return f"{self.who}: {self.where}" if self.where else self.who


@dataclass(frozen=True, slots=True)
class Told:
    """A change for people to read. Without `lines` and `shifted` nothing but the operation is known of it."""

    operation: str
    lines: tuple[Line, ...] = ()
    shifted: tuple[Shifted, ...] = ()
    note: str = ""  # where a change of networking leaves everybody's access as it was

    def __bool__(self) -> bool:
        return bool(self.lines or self.shifted)

    def __str__(self) -> str:
        """In one line of plain text."""
        return "; ".join(filter(None, (*map(str, self.lines), *map(str, self.shifted), self.note)))


def tell(change: Change) -> Told:
    """What a stored change did. Of a record that says it in words we don't know, the operation only."""
    if change.operation == UPDATE:
        before, after = policy_of(change.before), policy_of(change.after)
        return tell_policies(before, after) if before and after else Told(change.operation)
    # Of a registry that begins or ends, only one side is there to tell.
    nothing = "" if change.before is None or change.after is None else "none"
    lines = _plain_lines(_words(change.before), _words(change.after), nothing=nothing)
    return Told(change.operation, lines=tuple(lines), shifted=tuple(_shifted_by_connection(change)))


def door_name(door: str) -> str:
    """The door of a change as people call it; a word we don't know stays as it was stored."""
    return DOORS.get(door, door)


def tell_policies(before: AccessPolicy, after: AccessPolicy, trusted: TrustedNetworks | None = None) -> Told:
    """What lies between two policies, stored or not. `trusted` is None for a change of the past: which networks the
    trusted services had then is not known any more."""
    lines = tuple(_policy_lines(before, after))
    if shifted := tuple(_shifted(before, after, trusted or NO_NETWORKS)):
        return Told(UPDATE, lines=lines, shifted=shifted)
    moves_services = trusted is None and bool(shift(before, after, EVERYWHERE))
    return Told(UPDATE, lines=lines, note=(NOBODY_ELSE if moves_services else NOBODY) if lines else "")


def _policy_lines(before: AccessPolicy, after: AccessPolicy) -> Iterator[Line]:
    changes = difference(before, after)
    for label, was, now in changes.settings:
        if label != SUBNETS and not (label == DEFAULT_ACTION and _is_implied(before, after)):
            yield Line(Kind.CHANGED, label, before=was, after=now)
    for rule in changes.added:
        yield Line(Kind.ADDED, _spelled(rule), "added to address ranges")
    for rule in changes.removed:
        yield Line(Kind.REMOVED, _spelled(rule), "removed from address ranges")
    for old, new in changes.renamed:
        for label, was, now in (("name", old.name, new.name), ("note", old.note, new.note)):
            if was != now:
                yield Line(Kind.CHANGED, f"{label.capitalize()} of {new}", before=was or "none", after=now or "none")
    for subnet in after.subnets:
        if subnet not in before.subnets:
            yield Line(Kind.ADDED, subnet, "added to virtual network rules")
    for subnet in before.subnets:
        if subnet not in after.subnets:
            yield Line(Kind.REMOVED, subnet, "removed from virtual network rules")
    if changes.reordered:
        yield Line(Kind.CHANGED, "Address ranges", "put in another order")
    if before.subnets != after.subnets and sorted(before.subnets) == sorted(after.subnets):
        yield Line(Kind.CHANGED, SUBNETS, "put in another order")


def _is_implied(before: AccessPolicy, after: AccessPolicy) -> bool:
    """Between All networks and Selected networks the default action says nothing more; around Disabled it does."""
    return before.public_access is not after.public_access and PublicAccess.DISABLED not in (
        before.public_access,
        after.public_access,
    )


def _shifted(before: AccessPolicy, after: AccessPolicy, trusted: TrustedNetworks) -> Iterator[Shifted]:
    moved = shift(before, after, trusted)
    for kind, verb, spans, count, everyone in (
        (Kind.ADDED, "gain", moved.gained, moved.gains, after.public_access is PublicAccess.ALL_NETWORKS),
        (Kind.REMOVED, "lose", moved.lost, moved.losses, before.public_access is PublicAccess.ALL_NETWORKS),
    ):
        addresses = "1 address" if count == 1 else f"{count:,} addresses"
        if not spans:
            continue
        if everyone:
            others = reachable_from(before if kind is Kind.ADDED else after, trusted)
            yield Shifted(kind, f"Everyone {'else ' if others else ''}on the internet ({addresses}) {verb}s access")
        else:
            who = f"{addresses} {verb}{'s' if count == 1 else ''} access"
            yield Shifted(kind, who, tuple(map(_span, spans[:SAMPLE])), more=len(spans[SAMPLE:]))


def _shifted_by_connection(change: Change) -> Iterator[Shifted]:
    """An approved private endpoint connection lets in whoever comes through it, any other one nobody."""
    sides = [record.get(CONNECTION) if isinstance(record, dict) else None for record in (change.before, change.after)]
    was, now = (isinstance(side, dict) and side.get("status") == ConnectionState.APPROVED.value for side in sides)
    if was == now:
        return
    side = next(each for each in reversed(sides) if isinstance(each, dict))
    name = str(side.get("privateEndpoint", "")).rpartition("/")[2]
    who = f"Whoever comes through the private endpoint '{name}'"
    yield Shifted(Kind.ADDED, f"{who} gains access") if now else Shifted(Kind.REMOVED, f"{who} loses access")


def _span(span: Span) -> str:
    """As one range where it is one, else from its first to its last address."""
    first, last = IPv4Address(span[0]), IPv4Address(span[1])
    networks = summarize_address_range(first, last)
    network = next(networks)
    if network.broadcast_address != last:
        return f"{first} to {last}"
    return str(first) if first == last else str(network)


def _spelled(rule: Rule) -> str:
    return f"{rule} ({rule.name})" if rule.name else str(rule)


def policy_of(record: Any) -> AccessPolicy | None:
    """None for what is not the record of a policy."""
    try:
        policy = AccessPolicy.from_record(record)
    except ValueError:
        return None
    texts = (*policy.subnets, *(text for rule in policy.rules for text in (rule.name, rule.note)))
    return policy if all(isinstance(text, str) for text in texts) else None


def _plain_lines(before: dict[str, str], after: dict[str, str], *, nothing: str) -> Iterator[Line]:
    """`nothing` is what stands for the side that a thing is missing on; empty where the whole side is missing."""
    for what in [*after, *(what for what in before if what not in after)]:
        was, now = before.get(what, nothing), after.get(what, nothing)
        if what not in before:
            yield Line(Kind.ADDED, what, before=was, after=now)
        elif what not in after:
            yield Line(Kind.REMOVED, what, before=was, after=now)
        elif was != now:
            yield Line(Kind.CHANGED, what, before=was, after=now)


def _words(record: Any) -> dict[str, str]:
    """What the record of anything but a policy holds, by what people call it."""
    if not isinstance(record, dict):
        return {}
    words = {}
    for key, label in (("id", "Resource ID"), ("sku", "Tier"), ("location", "Location")):
        if isinstance(value := record.get(key), str):
            words[label] = regions.display_name(value) if key == "location" else value
    if isinstance(tags := record.get("tags"), dict):
        words |= {f"Tag {name}": str(value) or "(empty)" for name, value in tags.items()}
    if isinstance(callers := record.get("mustWorkCallers"), list):
        for caller in callers:
            if isinstance(caller, dict) and {"name", "range"} <= caller.keys():
                words[f"Must-work caller {caller['range']}"] = str(caller["name"])
    return words | _words_of_arm(record) | _words_of_service(record.get("trustedService"))


def _words_of_service(service: Any) -> dict[str, str]:
    """A trusted service: each of its networks is a thing of its own, which comes and goes."""
    if not isinstance(service, dict):
        return {}
    words = {label: str(service.get(key, "")) for key, label in (("name", "Name"), ("scenario", "Scenario"))}
    networks = service.get("networks")
    return words | {f"Network {each}": "passes" for each in (networks if isinstance(networks, list) else [])}


def _words_of_arm(record: dict[str, Any]) -> dict[str, str]:
    """What only the ARM API changes: a private endpoint connection, a replication, properties we have no use for."""
    words = {}
    if isinstance(connection := record.get(CONNECTION), dict):
        told = [str(connection.get(key, "")) for key in ("status", "description")]
        words[f"Private endpoint connection {connection.get('name', '')}"] = ", ".join(filter(None, told))
        words["Private endpoint"] = str(connection.get("privateEndpoint", ""))
    if isinstance(replication := record.get("replication"), dict):
        where = regions.display_name(str(replication.get("location", "")))
        routed = "on" if replication.get("regionEndpointEnabled") else "off"
        words[f"Replication in {where}"] = (
            f"zone redundancy {str(replication.get('zoneRedundancy', '')).lower()}, endpoint routing {routed}"
        )
        if isinstance(tags := replication.get("tags"), dict):
            words |= {f"Tag {name}": str(value) or "(empty)" for name, value in tags.items()}
    if isinstance(space := record.get("addressSpace"), list):
        words["Address space"] = ", ".join(map(str, space))
    if isinstance(subnets := record.get("subnets"), dict):
        words |= {f"Subnet {name}": _subnet(said) for name, said in subnets.items() if isinstance(said, dict)}
    if isinstance(properties := record.get("properties"), dict):
        for path, value in properties.items():
            words[f"Property {path.removeprefix('properties.')}"] = json.dumps(value)[:SHOWN_OF_A_PROPERTY]
    return words


def _subnet(said: dict[str, Any]) -> str:
    prefixes, services = (each if isinstance(each := said.get(key), list) else [] for key in SUBNET_WORDS)
    named = f", service endpoint{'' if len(services) == 1 else 's'} {', '.join(map(str, services))}" if services else ""
    return f"{', '.join(map(str, prefixes))}{named}"
