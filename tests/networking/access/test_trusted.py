"""Whom the networks of the trusted services make a trusted service."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from networking.access.decision import Caller, ConnectionState, Identity
from networking.access.trusted import NO_NETWORKS, TrustedNetworks
from tests.networking.access.test_properties import CALLERS

SCANNER, BUILDER = "Scanner", "Builder"
KNOWN = TrustedNetworks.of(
    [(SCANNER, ["10.20.0.0/16", "2001:db8::/48"]), (BUILDER, ["10.20.30.0/24", "203.0.113.7"]), ("Importer", [])]
)


@pytest.mark.parametrize(
    ("address", "service"),
    [
        pytest.param("10.20.0.0", SCANNER, id="the first of a network"),
        pytest.param("10.20.255.255", SCANNER, id="the last of it"),
        pytest.param("10.19.255.255", "", id="one before"),
        pytest.param("10.21.0.0", "", id="one after"),
        pytest.param("10.20.30.40", SCANNER, id="in two, the first in the list"),
        pytest.param("203.0.113.7", BUILDER, id="a single address"),
        pytest.param("2001:db8::1", SCANNER, id="IPv6"),
        pytest.param("2001:db8:1::", "", id="IPv6, one after"),
        pytest.param("::10.20.0.1", "", id="IPv6 of the same number"),
    ],
)
def test_a_service_is_known_by_its_networks(address: str, service: str) -> None:
    assert KNOWN.service_of(ip_address(address)) == service


def test_who_comes_from_there_is_that_service() -> None:
    caller = Caller(IPv4Address("10.20.0.1"), "/subnets/a", ConnectionState.PENDING)
    assert KNOWN.recognise(caller) == Caller(
        IPv4Address("10.20.0.1"), "/subnets/a", ConnectionState.PENDING, Identity.TRUSTED_SERVICE, SCANNER
    )


@pytest.mark.parametrize(
    ("known", "caller"),
    [
        pytest.param(KNOWN, Caller(IPv4Address("198.51.100.7")), id="from elsewhere"),
        pytest.param(KNOWN, Caller(IPv6Address("2001:db8:1::")), id="from elsewhere, IPv6"),
        pytest.param(KNOWN, Caller(None, "/subnets/a"), id="from nobody knows where"),
        pytest.param(NO_NETWORKS, Caller(IPv4Address("10.20.0.1")), id="where no service has networks"),
        pytest.param(
            KNOWN, Caller(IPv4Address("10.20.0.1"), identity=Identity.REGISTRY_TASK), id="who said it is a task"
        ),
        pytest.param(
            KNOWN,
            Caller(IPv4Address("10.20.30.1"), identity=Identity.TRUSTED_SERVICE, service=BUILDER),
            id="who said which service it is",
        ),
    ],
)
def test_anybody_else_stays_who_they_are(known: TrustedNetworks, caller: Caller) -> None:
    assert known.recognise(caller) is caller


@given(CALLERS, st.lists(st.sampled_from(["16.17.18.0/27", "16.17.18.32/28", "203.0.113.7", "::/1"]), unique=True))
def test_recognising_is_looking_into_every_network(caller: Caller, networks: list[str]) -> None:
    seen = TrustedNetworks.of([(SCANNER, networks)]).recognise(caller)
    within = caller.address is not None and any(caller.address in ip_network(each) for each in networks)
    if within and caller.identity is Identity.ANYONE:
        assert (seen.identity, seen.service) == (Identity.TRUSTED_SERVICE, SCANNER)
        assert (seen.address, seen.subnet, seen.private_endpoint) == (
            caller.address,
            caller.subnet,
            caller.private_endpoint,
        )
    else:
        assert seen == caller


@pytest.mark.parametrize("network", ["nowhere", "10.20.0.1/16", "10.20.0.0/33", ""])
def test_a_row_that_was_tampered_with_is_an_error(network: str) -> None:
    with pytest.raises(ValueError, match=r"network|address|host bits"):
        TrustedNetworks.of([(SCANNER, ["10.30.0.0/16", network])])


def test_people_choose_from_all_services_and_see_their_networks() -> None:
    assert KNOWN.names == (SCANNER, BUILDER, "Importer")
    assert KNOWN.located == (SCANNER, BUILDER)
    assert KNOWN.networks_of(SCANNER) == ("10.20.0.0/16", "2001:db8::/48")
    assert KNOWN.networks_of("Importer") == ()


def test_spans_are_those_of_ipv4() -> None:
    first = int(IPv4Address("10.20.0.0"))
    builder = int(IPv4Address("10.20.30.0"))
    single = int(IPv4Address("203.0.113.7"))
    assert KNOWN.spans == ((first, first + 65535), (builder, builder + 255), (single, single))


def test_what_cannot_be_told_apart_by_networks_is_the_same() -> None:
    """Names decide nothing."""
    assert TrustedNetworks.of([("Importer", [])]) == NO_NETWORKS
