"""What a gate reads of the database: little text, in few queries, and no object for each row."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import OuterRef, StringAgg, Subquery, TextField, Value
from django.db.models.functions import Cast, Concat, Replace

from networking.access.addresses import AddressRange
from networking.access.compiled import CompiledPolicy
from networking.access.decision import ConnectionState
from networking.access.policy import AccessPolicy, DefaultAction, PublicNetworkAccess, Rule
from networking.access.trusted import TrustedNetworks
from networking.models import FirewallRule, PrivateEndpointConnection, TrustedService
from networking.trusted_services import networks_only
from registries.models import Registry, Tombstone

CHUNK = 2000

# Position and range, as in 0:16.17.18.0/24,1:203.0.113.7. Ordering inside an aggregate needs a newer SQLite than many
# machines have, so the list is put in order when it is first asked. A comma inside a range would make two rules of it.
RANGE = Replace("range", Value(","), Value(" "))
RANGES = Subquery(
    FirewallRule.objects.filter(settings=OuterRef("pk"))
    .order_by()
    .values("settings")
    .annotate(text=StringAgg(Concat(Cast("position", TextField()), Value(":"), RANGE), Value(",")))
    .values("text"),
    output_field=TextField(),
)

DEFAULT = CompiledPolicy.of(AccessPolicy())  # one for all that have it
STATES = {state.value: state for state in ConnectionState}

Connection = tuple[str, str, ConnectionState]  # the endpoint's ARM id and the connection's name in lower case, state


@dataclass(frozen=True, slots=True)
class Row:
    """A registry as it is stored, not looked at yet. `words` is None where it has no settings: the default policy."""

    name: str
    generation: int
    location: str
    replica_regions: str
    words: tuple[str, str] | None
    trusted_services: bool
    tasks_bypass: bool
    data_endpoint: bool
    subnets: str
    ranges: str

    def policy(self) -> AccessPolicy:
        """ValueError where a row was tampered with."""
        if self.words is None:
            return AccessPolicy()
        return AccessPolicy(
            public_network_access=PublicNetworkAccess(self.words[0]),
            default_action=DefaultAction(self.words[1]),
            rules=_rules(self.ranges),
            subnets=tuple(_texts(self.subnets)),
            trusted_services=self.trusted_services,
            tasks_bypass=self.tasks_bypass,
            data_endpoint=self.data_endpoint,
        )

    def compiled(self) -> CompiledPolicy:
        """ValueError as above."""
        return DEFAULT if self.words is None else CompiledPolicy.of(self.policy())

    def regions(self) -> frozenset[str]:
        """Where layers are served from; ValueError as above."""
        return frozenset(region.lower() for region in (self.location, *_texts(self.replica_regions)))


def rows(since: int | None = None) -> Iterator[Row]:
    """Every registry, or those that changed after that generation, in one query that sees one state of the database."""
    registries = Registry.objects.order_by()
    if since is not None:
        registries = registries.filter(generation__gt=since)
    stored = registries.values_list(
        "name",
        "generation",
        "location",
        # As text: one that is no JSON must not stop the others.
        Cast("replica_regions", TextField()),
        "endpoint_settings__public_network_access",
        "endpoint_settings__default_action",
        "endpoint_settings__trusted_services",
        "endpoint_settings__tasks_bypass",
        "endpoint_settings__data_endpoint",
        Cast("endpoint_settings__subnets", TextField()),
        RANGES,
    )
    # All of them come piece by piece; what changed is little, and one round trip is enough for it.
    found = stored.iterator(CHUNK) if since is None else stored
    for name, generation, location, regions, access, action, trusted, tasks, data, subnets, ranges in found:
        yield Row(
            name.lower(),
            generation,
            location,
            regions or "",
            None if access is None else (access, action),
            bool(trusted),
            bool(tasks),
            bool(data),
            subnets or "",
            ranges or "",
        )


def connections(since: int | None = None) -> dict[str, tuple[Connection, ...]]:
    """The private endpoint connections of those registries, by the registry's name in lower case."""
    stored = PrivateEndpointConnection.objects.order_by("pk")
    if since is not None:
        stored = stored.filter(registry__generation__gt=since)
    found: dict[str, tuple[Connection, ...]] = {}
    for registry, endpoint, name, state in stored.values_list("registry__name", "private_endpoint", "name", "state"):
        key = registry.lower()
        known = STATES.get(state, ConnectionState.DISCONNECTED)
        found[key] = (*found.get(key, ()), (endpoint.lower(), name.lower(), known))
    return found


def tombstones(since: int) -> list[tuple[str, int]]:
    """Registries deleted after that generation, each with its own."""
    return list(Tombstone.objects.filter(generation__gt=since).values_list("name", "generation"))


def trusted_networks() -> tuple[TrustedNetworks, list[str]]:
    """Trusted services' networks, and the names of services whose networks can't be read: nobody passes for them."""
    known: list[tuple[str, list[str]]] = []
    unreadable = []
    for name, text in TrustedService.objects.order_by("name").values_list("name", Cast("networks", TextField())):
        try:
            networks = _texts(text)
            networks_only(networks)
        except (ValueError, ValidationError):
            unreadable.append(name)
        else:
            known.append((name, networks))
    return TrustedNetworks.of(known), unreadable


def _rules(text: str) -> tuple[Rule, ...]:
    placed = []
    for part in text.split(",") if text else ():
        position, _, spelled = part.partition(":")
        placed.append((int(position), Rule(AddressRange.stored(spelled))))
    return tuple(rule for _, rule in sorted(placed, key=lambda each: each[0]))


def _texts(text: str) -> list[str]:
    """A JSON list of texts; ValueError for anything else."""
    read: Any = json.loads(text)
    if not (isinstance(read, list) and all(isinstance(each, str) for each in read)):
        raise ValueError(f"'{text[:80]}' isn't a list of texts.")
    return read
