"""The private endpoint connections of a registry as its pages show them, and what is asked of the list."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet
from django.http import QueryDict

from networking.access.decision import ConnectionState
from networking.access.policy import AccessPolicy, PublicAccess
from networking.models import PrivateEndpointConnection
from registries.models import Registry

LONGEST_FILTER = 100
STATES = {state.value: state for state in ConnectionState}


def states_at(registry: Registry) -> dict[ConnectionState, int]:
    """How many connections it has in each state that one is in. One query."""
    counted = registry.private_endpoint_connections.order_by().values_list("state").annotate(Count("pk"))
    return {ConnectionState(state): count for state, count in counted}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the list is narrowed to. An unknown state narrows to none."""

    q: str = ""
    state: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> Self:
        state = query.get("state", "")
        return cls(
            q=query.get("q", "").replace("\0", "").strip()[:LONGEST_FILTER], state=state if state in STATES else ""
        )

    @property
    def narrowed(self) -> bool:
        return bool(self.q or self.state)

    @property
    def query(self) -> str:
        """As the address of the page holds it."""
        return urlencode({name: text for name, text in (("q", self.q), ("state", self.state)) if text})

    @property
    def states(self) -> list[tuple[str, bool]]:
        """Each state, and whether it is the chosen one."""
        return [(state, state == self.state) for state in STATES]

    def narrow(self, connections: QuerySet[PrivateEndpointConnection]) -> QuerySet[PrivateEndpointConnection]:
        """By the name of the connection, or that of its private endpoint."""
        if self.state:
            connections = connections.filter(state=self.state)
        if self.q:
            connections = connections.filter(Q(name__icontains=self.q) | Q(private_endpoint__icontains=self.q))
        return connections


@dataclass(frozen=True, slots=True)
class ConnectionLine:
    """A connection as a table shows it. `number` names it in forms; `refused` is why it can't become what was asked."""

    number: int
    name: str
    state: ConnectionState
    endpoint_id: str
    description: str
    chosen: bool = False
    refused: str = ""

    @classmethod
    def of(cls, row: PrivateEndpointConnection, *, chosen: bool = False, refused: str = "") -> Self:
        state = ConnectionState(row.state)
        return cls(row.pk, row.name, state, row.private_endpoint, row.description, chosen, refused)

    @property
    def endpoint(self) -> str:
        """The name of the private endpoint, which people gave."""
        return self.endpoint_id.rpartition("/")[2] or self.name

    @property
    def place(self) -> tuple[str, str]:
        """Where it stands in a list: by the name that people gave."""
        return self.endpoint.lower(), self.name

    @property
    def look(self) -> str:
        """The class of the state's mark."""
        match self.state:
            case ConnectionState.APPROVED:
                return ""
            case ConnectionState.PENDING:
                return "mid"
            case _:
                return "bad"


def public_reach(policy: AccessPolicy) -> str:
    """Which public networks reach the registry beside its private endpoints."""
    others = "private endpoints and trusted services" if policy.trusted_services else "private endpoints"
    if policy.public_access is PublicAccess.ALL_NETWORKS:
        return "All public networks have access to this registry, with private endpoints and without."
    if policy.public_access is PublicAccess.DISABLED:
        return f"No public network has access to this registry. Only {others} reach it."
    ways = [
        f"{count} {what}{'' if count == 1 else 's'}"
        for count, what in ((len(policy.rules), "address range"), (len(policy.subnets), "virtual network rule"))
        if count
    ]
    if not ways:
        return f"No public network is in the list of this registry. Only {others} reach it."
    return f"Some public networks have access to this registry: {' and '.join(ways)}."


def has_both_kinds(subnets: Collection[str], connected: Mapping[ConnectionState, int]) -> bool:
    """Virtual network rules beside a private endpoint that carries traffic or waits to: Azure doesn't support both on
    one registry. One that was rejected or disconnected carries none."""
    ways = connected.get(ConnectionState.APPROVED, 0) + connected.get(ConnectionState.PENDING, 0)
    return bool(subnets) and ways > 0


def is_shut(policy: AccessPolicy) -> bool:
    """Without a private endpoint nobody reaches the registry, but trusted services where they may."""
    match policy.public_access:
        case PublicAccess.DISABLED:
            return True
        case PublicAccess.SELECTED_NETWORKS:
            return not policy.rules and not policy.subnets
        case _:
            return False
