"""One `decide`: the gate over HTTP, the connection tester and the function itself never differ."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from ipaddress import IPv4Address, IPv6Address, ip_network
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, example, given
from hypothesis import settings as examining
from hypothesis import strategies as st

from networking.access.addresses import AddressRange
from networking.access.decision import Caller, ConnectionState, Identity, SubnetHost, decide
from networking.access.policy import AccessPolicy, DefaultAction, PublicNetworkAccess, Rule
from networking.client_address import Address
from networking.gate.application import Application
from networking.gate.asking import Gate, Verdict
from networking.gate.keeping import Keeper
from networking.gate.refusals import Reply
from networking.gate.snapshot import Snapshot
from networking.models import EndpointSettings, PrivateEndpointConnection, TrustedService
from registries.models import Registry
from tests import make
from tests.networking.gate.conftest import KEY

PROVIDERS = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network"
SUBNETS = tuple(f"{PROVIDERS}/virtualNetworks/v/subnets/{name}" for name in "abc")
ENDPOINTS = tuple(f"{PROVIDERS}/privateEndpoints/{name}" for name in ("build", "deploy", "elsewhere"))
NETWORKS = ("10.20.0.0/16", "16.17.18.32/28", "203.0.113.0/25", "2001:db8:1::/48")

# A few addresses near to each other, so that rules meet, nest and miss by one.
BASE = int(IPv4Address("16.17.18.0"))
EDGES = [BASE + offset for offset in (-1, 0, 1, 15, 16, 31, 32, 47, 48, 63, 64)]


@st.composite
def ranges(draw: st.DrawFn) -> AddressRange:
    prefix = draw(st.integers(26, 32))
    size = 1 << (32 - prefix)
    return AddressRange(BASE + draw(st.integers(0, 64 // size - 1)) * size, prefix)


@st.composite
def policies(draw: st.DrawFn) -> AccessPolicy:
    return AccessPolicy(
        public_network_access=draw(st.sampled_from(PublicNetworkAccess)),
        default_action=draw(st.sampled_from(DefaultAction)),
        rules=tuple(Rule(each) for each in draw(st.lists(ranges(), max_size=12, unique=True))),
        subnets=tuple(draw(st.lists(st.sampled_from(SUBNETS[:2]), max_size=2, unique=True))),
        trusted_services=draw(st.booleans()),
        tasks_bypass=draw(st.booleans()),
        data_endpoint=draw(st.booleans()),
    )


@dataclass(frozen=True)
class Told:
    """What a proxy says of a caller, and how it writes the address."""

    address: Address
    spelled: str
    subnet: str | None = None
    endpoint: str | None = None
    host: SubnetHost = SubnetHost.VIRTUAL_MACHINE


@st.composite
def callers(draw: st.DrawFn) -> Told:
    address: Address = draw(
        st.one_of(
            st.sampled_from(EDGES).map(IPv4Address),
            st.sampled_from(["10.20.0.1", "10.0.0.4", "127.0.0.1", "203.0.113.127", "203.0.113.128"]).map(IPv4Address),
            st.ip_addresses(v=4),
            st.sampled_from(["2001:db8:1::1", "2001:db8:2::1", "::1", "::"]).map(IPv6Address),
            # Not those in which an IPv4 address is mapped, whose spelling is another's.
            st.integers(0, 2**128 - 1).filter(lambda number: number >> 32 != 0xFFFF).map(IPv6Address),
        )
    )
    forms = ["{}:4711", "::ffff:{}"] if isinstance(address, IPv4Address) else ["[{}]", "[{}]:4711"]
    subnet = draw(st.none() | st.sampled_from([*SUBNETS, SUBNETS[0].upper()]))
    endpoint = draw(st.none() | st.sampled_from([*ENDPOINTS, ENDPOINTS[0].upper()]))
    host = draw(st.sampled_from(SubnetHost)) if subnet else SubnetHost.VIRTUAL_MACHINE
    return Told(address, draw(st.sampled_from(["{}", *forms])).format(address), subnet, endpoint, host)


CONNECTIONS = st.lists(st.tuples(st.sampled_from(ENDPOINTS[:2]), st.sampled_from(ConnectionState)), max_size=3)
SERVICES = st.lists(st.sampled_from(NETWORKS), max_size=3, unique=True)


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        return


class Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Asleep(Keeper):
    """The test itself refreshes."""

    def awake(self) -> None:
        return


@contextmanager
def served(snapshot: Snapshot) -> Iterator[HTTPConnection]:
    """A connection to a gate on a port of this machine's own."""
    application = Application(Gate(snapshot, lambda *_: None), Asleep(snapshot), lambda *_: (Reply(404), Verdict(None)))
    server = make_server("127.0.0.1", 0, application, server_class=Threads, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=30)
    try:
        yield connection
    finally:
        connection.close()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def gate(snapshot: Snapshot) -> Iterator[HTTPConnection]:
    make.registry("contoso")
    TrustedService.objects.all().delete()
    with served(snapshot) as connection:
        yield connection


def stored(policy: AccessPolicy, connections: list[tuple[str, ConnectionState]], services: list[str]) -> Registry:
    """Whatever was stored before is replaced."""
    registry = Registry.objects.get(name="contoso")
    registry.private_endpoint_connections.all().delete()  # first: an approved one holds on to the data endpoint
    seen = EndpointSettings.of(registry).policy.fingerprint
    EndpointSettings.store(registry, policy, seen=seen, origin=make.BO)
    for number, (endpoint, state) in enumerate(connections):
        PrivateEndpointConnection.objects.create(
            registry=registry, name=f"contoso.{number}", private_endpoint=endpoint, state=state
        )
    registry.touch()
    TrustedService.objects.all().delete()
    TrustedService(name="Scanner", networks=services).save_recorded(make.BO)
    return registry


def of_the_gate(connection: HTTPConnection, told: Told) -> tuple[int, str, str]:
    headers = {"Gatekey": KEY, "Gatehost": "Contoso.azurecr.io", "Gatecaller": told.spelled}
    headers |= {"Gatesubnet": told.subnet} if told.subnet else {}
    headers |= {"Gateendpoint": told.endpoint} if told.endpoint else {}
    headers |= {"Gatehostkind": told.host.value} if told.host is not SubnetHost.VIRTUAL_MACHINE else {}
    connection.request("GET", "/decide", headers=headers)
    response = connection.getresponse()
    response.read()
    return response.status, response.headers["Gatereason"], response.headers.get("Gaterule", "")


def of_the_tester(client: Client, told: Told) -> tuple[int, str, str]:
    query = {"ip": str(told.address), "subnet": told.subnet, "endpoint": told.endpoint, "host": told.host.value}
    page = client.get(
        reverse("networking-tester", args=["contoso"]), {name: text for name, text in query.items() if text is not None}
    )
    decision = page.context["answer"].decision
    return (204 if decision.allowed else 403), decision.reason, str(decision.rule or "")


def of_the_function(
    policy: AccessPolicy, connections: list[tuple[str, ConnectionState]], services: list[str], told: Told
) -> tuple[int, str, str]:
    """A model of its own of what a proxy's word means."""
    state = None
    if told.endpoint is not None:
        states = [state for endpoint, state in connections if endpoint.lower() == told.endpoint.lower()]
        state = max(states, key=lambda each: each is ConnectionState.APPROVED, default=ConnectionState.DISCONNECTED)
    scanner = any(told.address in network for network in map(ip_network, services))
    identity = Identity.TRUSTED_SERVICE if scanner else Identity.ANYONE
    decision = decide(policy, Caller(told.address, told.subnet, state, identity, host=told.host))
    return (204 if decision.allowed else 403), decision.reason, str(decision.rule or "")


@given(policy=policies(), connections=CONNECTIONS, services=SERVICES, told=st.lists(callers(), min_size=1, max_size=6))
@example(
    policy=make.selected("16.17.18.0/26", "16.17.18.0/28"),
    connections=[(ENDPOINTS[0], ConnectionState.PENDING), (ENDPOINTS[0], ConnectionState.APPROVED)],
    services=["16.17.18.32/28"],
    told=[
        Told(IPv4Address("16.17.18.15"), "::ffff:16.17.18.15"),
        Told(IPv4Address("16.17.18.64"), "16.17.18.64:4711"),
        Told(IPv4Address("10.0.0.4"), "10.0.0.4", endpoint=ENDPOINTS[0].upper()),
        Told(IPv4Address("10.0.0.4"), "10.0.0.4", endpoint=ENDPOINTS[2]),
        Told(IPv6Address("2001:db8:1::1"), "[2001:db8:1::1]:4711"),
    ],
)
@examining(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_gate_the_tester_and_the_function_agree(
    gate: HTTPConnection,
    snapshot: Snapshot,
    reader: Client,
    policy: AccessPolicy,
    connections: list[tuple[str, ConnectionState]],
    services: list[str],
    told: list[Told],
) -> None:
    stored(policy, connections, services)
    snapshot.refresh()
    for each in told:
        answer = of_the_function(policy, connections, services, each)
        assert of_the_gate(gate, each) == answer
        assert of_the_tester(reader, each) == answer
