"""Which address a request comes from, and what is said of it."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest

from networking.access.addresses import AddressRange
from networking.client_address import ClientAddress, client_address

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("192.0.2.1/32"), ip_network("fd00::/8"), ip_network("fe80::/10"))
CLIENT = "203.0.113.7"


def seen(address: str | None, *proxies: str) -> ClientAddress:
    return ClientAddress(
        ip_address(address) if address is not None else None, tuple(ip_address(proxy) for proxy in proxies)
    )


@pytest.mark.parametrize(
    ("remote", "forwarded_for", "expected"),
    [
        pytest.param(CLIENT, "", seen(CLIENT), id="no proxy"),
        pytest.param(CLIENT, "198.51.100.9", seen(CLIENT), id="a header from somebody we don't trust"),
        pytest.param(CLIENT, "10.0.0.1", seen(CLIENT), id="a header that names our proxy, from outside"),
        pytest.param("10.0.0.1", CLIENT, seen(CLIENT, "10.0.0.1"), id="one proxy"),
        pytest.param(
            "10.0.0.1", f"{CLIENT}, 10.0.0.9, 192.0.2.1", seen(CLIENT, "10.0.0.1", "192.0.2.1", "10.0.0.9"), id="three"
        ),
        pytest.param(
            "10.0.0.1", f"198.51.100.9, {CLIENT}", seen(CLIENT, "10.0.0.1"), id="what the client itself sent is ignored"
        ),
        pytest.param(
            "10.0.0.1", f"10.0.0.5, {CLIENT}", seen(CLIENT, "10.0.0.1"), id="even where it looks like our proxy"
        ),
        pytest.param("10.0.0.1", f"x, {CLIENT}", seen(CLIENT, "10.0.0.1"), id="and where it can't be read"),
        pytest.param("10.0.0.1", "", seen(None, "10.0.0.1"), id="a proxy that passes nothing on"),
        pytest.param("10.0.0.1", " , ", seen(None, "10.0.0.1"), id="a proxy that passes commas on"),
        pytest.param("10.0.0.1", "unknown", seen(None, "10.0.0.1"), id="a proxy that does not know"),
        pytest.param("10.0.0.1", f"{CLIENT}, ", seen(None, "10.0.0.1"), id="nothing at the right end"),
        pytest.param("10.0.0.1", f"{CLIENT}, x, 10.0.0.9", seen(None, "10.0.0.1", "10.0.0.9"), id="junk on the way"),
        pytest.param("10.0.0.1", "10.0.0.7", seen("10.0.0.7", "10.0.0.1"), id="a client inside our own network"),
        pytest.param(
            "10.0.0.1", "10.0.0.7,10.0.0.8", seen("10.0.0.7", "10.0.0.1", "10.0.0.8"), id="nothing but proxies of ours"
        ),
        pytest.param("", CLIENT, seen(None), id="a peer that is not known, like a Unix socket"),
        pytest.param("unix:", CLIENT, seen(None), id="a peer that is no address"),
        pytest.param("10.0.0.1", f"{CLIENT}:4711", seen(CLIENT, "10.0.0.1"), id="with a port"),
        pytest.param("10.0.0.1", f"{CLIENT}:http", seen(None, "10.0.0.1"), id="with what is no port"),
        pytest.param("10.0.0.1", "2001:db8::7", seen("2001:db8::7", "10.0.0.1"), id="IPv6"),
        pytest.param("10.0.0.1", "[2001:db8::7]:4711", seen("2001:db8::7", "10.0.0.1"), id="IPv6 with a port"),
        pytest.param("10.0.0.1", "[2001:db8::7]", seen("2001:db8::7", "10.0.0.1"), id="IPv6 in brackets"),
        pytest.param("10.0.0.1", "[2001:db8::7]junk", seen(None, "10.0.0.1"), id="IPv6 with junk after it"),
        pytest.param("10.0.0.1", "[2001:db8::7", seen(None, "10.0.0.1"), id="IPv6 in half a pair of brackets"),
        pytest.param("10.0.0.1", f"::ffff:{CLIENT}", seen(CLIENT, "10.0.0.1"), id="IPv4 in an IPv6 dress"),
        pytest.param("::ffff:10.0.0.1", CLIENT, seen(CLIENT, "10.0.0.1"), id="a proxy in an IPv6 dress"),
        pytest.param("fd00::1", CLIENT, seen(CLIENT, "fd00::1"), id="an IPv6 proxy"),
        pytest.param("fe80::1%eth0", CLIENT, seen(CLIENT, "fe80::1"), id="a proxy on the link, with its scope"),
        pytest.param("2001:db8::7%<b>", "", seen("2001:db8::7"), id="a scope that is any text"),
        pytest.param(f"{CLIENT}%eth0", "", seen(None), id="a scope on IPv4"),
        pytest.param("10.0.0.1", "２03.0.113.7", seen(None, "10.0.0.1"), id="a full-width digit"),
        pytest.param("10.0.0.1", "203.0.113.007", seen(None, "10.0.0.1"), id="leading zeros"),
    ],
)
def test_the_client_is_the_first_from_the_right_that_is_no_proxy_of_ours(
    remote: str, forwarded_for: str, expected: ClientAddress
) -> None:
    assert client_address(remote, forwarded_for, TRUSTED) == expected


def test_nobody_is_trusted_unless_we_say_so() -> None:
    assert client_address("127.0.0.1", CLIENT, ()) == seen("127.0.0.1")


def test_an_address_is_kept_in_the_45_characters_of_a_change_record() -> None:
    longest = client_address("2001:db8:1111:2222:3333:4444:5555:6666%" + "e" * 100, "", ())
    assert str(longest) == "2001:db8:1111:2222:3333:4444:5555:6666"


@pytest.mark.parametrize(
    ("address", "why"),
    [
        pytest.param(
            None,
            "Your address is not known, because a proxy in front of this console does not pass it on.",
            id="unknown",
        ),
        *(
            pytest.param(
                text,
                f"{text} is a private address, so it can't be a rule. Ask your network team for the public address.",
                id=text,
            )
            for text in ("10.0.0.5", "172.20.1.1", "192.168.1.1")
        ),
        *(
            pytest.param(text, f"{text} isn't an address of the public internet, so it can't be a rule.", id=text)
            for text in ("127.0.0.1", "169.254.3.4", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255")
        ),
        *(
            pytest.param(
                text,
                f"{text} is an IPv6 address, and IP rules take IPv4 only. Look up your public IPv4 address.",
                id=text,
            )
            for text in ("2001:db8::7", "::1", "fd00::1")
        ),
    ],
)
def test_what_can_not_be_a_rule_is_explained_and_not_offered(address: str | None, why: str) -> None:
    assert (seen(address).offered, seen(address).why_not_offered) == (None, why)


@pytest.mark.parametrize("address", ["203.0.113.7", "16.17.18.19", "198.18.0.1"])
def test_a_public_address_is_offered_as_a_rule(address: str) -> None:
    assert (seen(address).offered, seen(address).why_not_offered) == (AddressRange.stored(address), "")


@pytest.mark.parametrize(
    ("client", "sentence"),
    [
        pytest.param(
            seen(CLIENT),
            "This is the address your browser reaches this console from, with no proxy in between that we trust. "
            "Other machines you use may have a different one.",
            id="directly",
        ),
        pytest.param(
            seen(CLIENT, "10.0.0.1", "192.0.2.1"),
            "This is the address your browser reaches this console from, as reported by the trusted proxy "
            "10.0.0.1, 192.0.2.1. Other machines you use may have a different one.",
            id="through proxies",
        ),
        pytest.param(
            seen(None, "10.0.0.1"),
            "Your address is not known, because a proxy in front of this console does not pass it on.",
            id="unknown",
        ),
        pytest.param(
            ClientAddress(IPv4Address(CLIENT), simulated=True),
            "This is the simulated client address of demonstration mode. Everybody here comes from this computer, "
            "so it stands in for a public address; change it from the account menu.",
            id="simulated",
        ),
    ],
)
def test_how_the_address_was_seen_is_told(client: ClientAddress, sentence: str) -> None:
    assert client.how_seen == sentence


def test_as_text_it_is_the_address_or_nothing() -> None:
    assert (str(seen(CLIENT)), str(ClientAddress(IPv6Address("2001:db8::7"))), str(seen(None))) == (
        CLIENT,
        "2001:db8::7",
        "",
    )
