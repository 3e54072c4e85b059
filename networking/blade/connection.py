"""What is asked of the connection tester: who the caller is, and what of a registry it may be about."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Self
from urllib.parse import urlencode

from django.http import QueryDict

from networking.access.decision import Caller, ConnectionState, Identity, SubnetHost
from networking.access.policy import AccessPolicy
from networking.access.trusted import TrustedNetworks
from networking.arm.body import SUBNET
from networking.client_address import ClientAddress
from registries.models import Registry

QUOTED = 64
PRIVATE_ENDPOINT = re.compile(
    r"/subscriptions/[^/\s]+/resourceGroups/[^/\s]+/providers/Microsoft\.Network/privateEndpoints/[^/\s]+",
    re.IGNORECASE,
)
NAMED = ("subnet", "endpoint", "service")  # what a caller of that kind comes with
HOSTS = {
    SubnetHost.VIRTUAL_MACHINE: "A virtual machine",
    SubnetHost.AKS: "An AKS cluster",
    SubnetHost.OTHER: "Another service, such as Container Instances",
}
STATES = {state.value.lower(): state for state in ConnectionState}


class Kind(StrEnum):
    """What the caller comes as, and the word for it in the form."""

    ADDRESS = "address"
    PROXY = "proxy"
    SUBNET = "subnet"
    ENDPOINT = "endpoint"
    SERVICE = "service"
    TASK = "task"

    @property
    def label(self) -> str:
        return {
            "address": "An address",
            "proxy": "An address behind a proxy",
            "subnet": "A machine in a subnet",
            "endpoint": "A client of a private endpoint",
            "service": "A trusted service",
            "task": "A registry task with its own identity",
        }[self.value]

    @property
    def identity(self) -> Identity:
        """What such a caller has proven to be."""
        proven = {Kind.SERVICE: Identity.TRUSTED_SERVICE, Kind.TASK: Identity.REGISTRY_TASK}
        return proven.get(self, Identity.ANYONE)


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a question can't be answered; `field` is where on the form."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Option:
    """One line of a list to choose from."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Connection:
    """A private endpoint connection of the registry; `endpoint` is the ARM id of the private endpoint."""

    name: str
    endpoint: str
    state: ConnectionState

    @property
    def label(self) -> str:
        """The name of the private endpoint, which people gave; that of the connection is made up."""
        return self.endpoint.rpartition("/")[2] or self.name

    def is_called(self, text: str) -> bool:
        return text.lower() in (self.name.lower(), self.endpoint.lower())


@dataclass(frozen=True, slots=True)
class Choices:
    """What a question to one registry may name."""

    targets: dict[str, str]  # labels by host name
    subnets: tuple[str, ...]
    connections: tuple[Connection, ...]
    trusted: TrustedNetworks

    @classmethod
    def of(cls, registry: Registry, policy: AccessPolicy, trusted: TrustedNetworks) -> Self:
        """One query. Data endpoints are targets only while they are on."""
        targets = {registry.login_server: f"{registry.login_server} (sign-in and manifests)"}
        if policy.data_endpoint:
            targets |= {host: f"{host} (layers)" for _, host in registry.data_endpoints}
        rows = registry.private_endpoint_connections.values_list("name", "private_endpoint", "state")
        connections = (Connection(name, endpoint, ConnectionState(state)) for name, endpoint, state in rows)
        return cls(targets, policy.subnets, tuple(connections), trusted)

    def state_of(self, endpoint: str) -> ConnectionState | None:
        """The state in which a connection, named as itself or by its endpoint, carries the caller; or the word for a
        state. An endpoint that leads to another registry is as good as disconnected. None for any other text."""
        states = [each.state for each in self.connections if each.is_called(endpoint)]
        if states:
            return ConnectionState.APPROVED if ConnectionState.APPROVED in states else states[0]
        if PRIVATE_ENDPOINT.fullmatch(endpoint):
            return ConnectionState.DISCONNECTED
        return STATES.get(endpoint.lower())

    def is_elsewhere(self, endpoint: str) -> bool:
        """It is a private endpoint that this registry has no connection for."""
        known = any(each.is_called(endpoint) for each in self.connections)
        return not known and PRIVATE_ENDPOINT.fullmatch(endpoint) is not None

    def endpoints(self, asked: str) -> list[Option]:
        """The connections, then the states; and what was asked about, where it is neither."""
        found = [
            Option(each.name, f"{each.label} ({each.state.value})", chosen=each.is_called(asked))
            for each in self.connections
        ]
        among = any(option.chosen for option in found)
        found += [
            Option(state.value, f"Any in state {state.value}", chosen=not among and word == asked.lower())
            for word, state in STATES.items()
        ]
        if self.is_elsewhere(asked):
            found.append(Option(asked, f"{asked.rpartition('/')[2]} (no connection here)", chosen=True))
        return found

    def services(self) -> list[tuple[str, str]]:
        """The names of the trusted services, each with how it is known."""
        located = {name: ", ".join(self.trusted.networks_of(name)) for name in self.trusted.names}
        return [(name, f"{name} ({networks or 'by its identity only'})") for name, networks in located.items()]

    def is_subnet(self, text: str) -> bool:
        return SUBNET.fullmatch(text) is not None or text.lower() in (each.lower() for each in self.subnets)


@dataclass(frozen=True, slots=True)
class Question:
    """The form as it was filled in. `kind` is None where nobody is described; a `subnet`, an `endpoint` or a `service`
    is None where none was asked about; `host`, in the subnet, is None where it is none that there is. `asked` where
    somebody ran the test, not only opened the page."""

    kind: Kind | None
    ip: str
    target: str
    asked: bool
    subnet: str | None = None
    endpoint: str | None = None
    service: str | None = None
    identity: Identity = Identity.ANYONE
    host: SubnetHost | None = SubnetHost.VIRTUAL_MACHINE

    @classmethod
    def read(cls, query: QueryDict, registry: Registry, client: ClientAddress) -> Self:
        """What the address of the page says; left out, it is the viewer's own address at the login server. A form that
        was just sent says in `caller` which of its fields count."""
        sent = "caller" in query
        told = {name: query.get(name, "").strip() for name in NAMED if name in query}
        if sent:
            kind = Kind(query["caller"]) if query["caller"] in list(Kind) else None
            told = {name: told.get(name, "") for name in NAMED if name == kind}
            identity = kind.identity if kind else Identity.ANYONE
        else:
            kind, identity = _described(told, query.get("identity", Identity.ANYONE.value), query.get("behind", ""))
        asked = sent or "ip" in query or bool(told)
        host = query.get("host", SubnetHost.VIRTUAL_MACHINE.value) if "subnet" in told else SubnetHost.VIRTUAL_MACHINE
        return cls(
            kind=kind,
            ip=query.get("ip", "" if asked else str(client)).strip(),
            target=query.get("target", registry.login_server),
            asked=asked,
            identity=identity,
            host=SubnetHost(host) if host in list(SubnetHost) else None,
            **told,
        )

    def query(self, registry: Registry) -> str:
        """The same question as the address of the page holds it, without what goes without saying."""
        named = {"subnet": self.subnet, "endpoint": self.endpoint, "service": self.service or None}
        told = {"ip": self.ip} | {name: text for name, text in named.items() if text is not None}
        if self.host is not SubnetHost.VIRTUAL_MACHINE:
            told["host"] = self.host.value if self.host else ""
        if self.kind is Kind.PROXY:
            told["behind"] = Kind.PROXY.value
        if self.identity is not Identity.ANYONE and not self.service:
            told["identity"] = self.identity.value
        if self.target != registry.login_server:
            told["target"] = self.target
        return urlencode(told)

    def caller(self, choices: Choices) -> Caller | Refused:
        """Whom it is about, as the gate would see them."""
        if refused := self._refused(choices):
            return refused
        address = read_address(self.ip) if self.ip or self.kind in (Kind.ADDRESS, Kind.PROXY) else None
        if isinstance(address, str):
            return Refused("ip", address)
        return choices.trusted.recognise(
            Caller(
                address=address,
                subnet=self.subnet,
                private_endpoint=None if self.endpoint is None else choices.state_of(self.endpoint),
                identity=self.identity,
                # Of a service elsewhere than in its networks only the identity is true.
                service=(self.service or "") if address is None else self._service_at(address, choices.trusted),
                host=self.host or SubnetHost.OTHER,
            )
        )

    def _service_at(self, address: IPv4Address | IPv6Address, trusted: TrustedNetworks) -> str:
        return trusted.service_of(address) if self.identity is Identity.TRUSTED_SERVICE else ""

    def _refused(self, choices: Choices) -> Refused | None:
        if self.kind is None:
            return Refused("caller", "There is no such caller. Choose one from the list.")
        if self.target not in choices.targets:
            return Refused("target", f"{_quoted(self.target)} isn't an endpoint of this registry. Choose another.")
        if self.subnet is not None and not choices.is_subnet(self.subnet):
            form = "/subscriptions/…/virtualNetworks/build/subnets/agents"
            wrong = f"{_quoted(self.subnet)} isn't the resource id of a subnet." if self.subnet else "Name a subnet."
            return Refused("subnet", f"{wrong} Its resource id has a form like {form}.")
        if self.host is None:
            return Refused("host", "There is no such host. Choose one of the list.")
        if self.endpoint is not None and choices.state_of(self.endpoint) is None:
            said = f"This registry has no private endpoint connection {_quoted(self.endpoint)}. Choose one of the list."
            return Refused("endpoint", said)
        if self.service and self.service not in choices.trusted.names:
            return Refused("service", f"There is no trusted service {_quoted(self.service)}. Choose one of the list.")
        return None


def _quoted(text: str) -> str:
    return f"'{text[:QUOTED]}'"


def _described(told: Iterable[str], word: str, behind: str) -> tuple[Kind | None, Identity]:
    """Of an address of the page: what its caller comes as, and what it has proven to be. `behind` a proxy, the proxy
    alone is seen."""
    if word not in list(Identity) or behind not in ("", Kind.PROXY):
        return None, Identity.ANYONE
    if behind:
        return Kind.PROXY, Identity.ANYONE
    identity = Identity.TRUSTED_SERVICE if "service" in told else Identity(word)
    for kind in (Kind.ENDPOINT, Kind.SUBNET):
        if kind in told:
            return kind, identity
    return next(kind for kind in (Kind.SERVICE, Kind.TASK, Kind.ADDRESS) if kind.identity is identity), identity


def read_address(text: str) -> IPv4Address | IPv6Address | str:
    """One address, of any kind, or the sentence that says why it is none."""
    if not text:
        return "Type an IP address, like 198.51.100.7."
    try:
        address = ip_address(text)
    except ValueError:
        return f"{_quoted(text)} isn't an IP address. Try a form like 198.51.100.7."
    if isinstance(address, IPv4Address):
        return address
    # The same address in the clothes of IPv6, or with the zone of one machine's own.
    return address.ipv4_mapped or IPv6Address(int(address))
