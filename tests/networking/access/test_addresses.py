"""What a rule may be, and the sentence for everything else."""

from ipaddress import IPv4Address

import pytest

from networking.access.addresses import AddressRange
from networking.access.problems import Code, Problem

USE_PRIVATE_ENDPOINT = "Rules accept public addresses only; use a private endpoint instead."
NEVER_REACHES = (
    ", which never reaches a registry over the internet. Use the public address that your traffic leaves from."
)
TRY = "Try a form like 16.17.18.19 or 16.17.18.0/24."


@pytest.mark.parametrize(
    ("text", "spelled", "size"),
    [
        pytest.param("16.17.18.19", "16.17.18.19", 1, id="one address"),
        pytest.param("16.17.18.0/24", "16.17.18.0/24", 256, id="a range"),
        pytest.param("16.17.18.19/32", "16.17.18.19", 1, id="/32 is stored without its suffix"),
        pytest.param("16.17.18.18/31", "16.17.18.18/31", 2, id="/31"),
        pytest.param("  16.17.18.19\t", "16.17.18.19", 1, id="spaces around"),
        pytest.param("64.0.0.0/3", "64.0.0.0/3", 536_870_912, id="very wide, between two reserved ranges"),
        pytest.param("192.0.2.0/24", "192.0.2.0/24", 256, id="documentation network 1"),
        pytest.param("198.51.100.7", "198.51.100.7", 1, id="documentation network 2"),
        pytest.param("203.0.113.0/25", "203.0.113.0/25", 128, id="documentation network 3"),
        pytest.param("9.255.255.255", "9.255.255.255", 1, id="the last address before 10.0.0.0/8"),
        pytest.param("11.0.0.0", "11.0.0.0", 1, id="the first address after 10.0.0.0/8"),
        pytest.param("172.15.255.255", "172.15.255.255", 1, id="the last address before 172.16.0.0/12"),
        pytest.param("172.32.0.0/11", "172.32.0.0/11", 2_097_152, id="the first range after 172.16.0.0/12"),
        pytest.param("223.255.255.255", "223.255.255.255", 1, id="the last address before multicast"),
    ],
)
def test_a_public_address_or_range_is_a_rule(text: str, spelled: str, size: int) -> None:
    parsed = AddressRange.parse(text)
    assert isinstance(parsed, AddressRange), parsed
    assert (str(parsed), parsed.size) == (spelled, size)
    assert AddressRange.stored(spelled) == parsed


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        pytest.param(
            "10.0.0.0/8",
            Code.PRIVATE_IP_ADDRESS,
            f"10.0.0.0/8 is a private range (RFC 1918). {USE_PRIVATE_ENDPOINT}",
            id="a private range itself",
        ),
        pytest.param(
            "172.0.0.0/8",
            Code.PRIVATE_IP_ADDRESS,
            f"172.0.0.0/8 contains the private range 172.16.0.0/12 (RFC 1918). {USE_PRIVATE_ENDPOINT}",
            id="a range that holds a private one between public ends",
        ),
        pytest.param(
            "192.168.1.1",
            Code.PRIVATE_IP_ADDRESS,
            f"192.168.1.1 is inside the private range 192.168.0.0/16 (RFC 1918). {USE_PRIVATE_ENDPOINT}",
            id="a private address",
        ),
        pytest.param(
            "172.31.255.0/24",
            Code.PRIVATE_IP_ADDRESS,
            f"172.31.255.0/24 is inside the private range 172.16.0.0/12 (RFC 1918). {USE_PRIVATE_ENDPOINT}",
            id="the end of a private range",
        ),
        pytest.param(
            "0.0.0.0/1",
            Code.PRIVATE_IP_ADDRESS,
            f"0.0.0.0/1 contains the private range 10.0.0.0/8 (RFC 1918). {USE_PRIVATE_ENDPOINT}",
            id="half of everything",
        ),
        pytest.param(
            "127.0.0.1",
            Code.RESERVED_IP_ADDRESS,
            f"127.0.0.1 is inside 127.0.0.0/8, a loopback range{NEVER_REACHES}",
            id="loopback",
        ),
        pytest.param(
            "169.254.169.254",
            Code.RESERVED_IP_ADDRESS,
            f"169.254.169.254 is inside 169.254.0.0/16, a link-local range{NEVER_REACHES}",
            id="link-local",
        ),
        pytest.param(
            "100.64.0.0/10",
            Code.RESERVED_IP_ADDRESS,
            f"100.64.0.0/10 is shared address space of internet providers{NEVER_REACHES}",
            id="the addresses of carrier-grade NAT",
        ),
        pytest.param(
            "0.0.0.0",
            Code.RESERVED_IP_ADDRESS,
            f"0.0.0.0 is inside 0.0.0.0/8, the range for 'this network'{NEVER_REACHES}",
            id="this network",
        ),
        pytest.param(
            "224.0.0.0/4",
            Code.RESERVED_IP_ADDRESS,
            f"224.0.0.0/4 is the multicast range{NEVER_REACHES}",
            id="multicast",
        ),
        pytest.param(
            "255.255.255.255",
            Code.RESERVED_IP_ADDRESS,
            f"255.255.255.255 is inside 240.0.0.0/4, a reserved range{NEVER_REACHES}",
            id="broadcast",
        ),
        pytest.param(
            "96.0.0.0/3",
            Code.RESERVED_IP_ADDRESS,
            f"96.0.0.0/3 overlaps 127.0.0.0/8, a loopback range{NEVER_REACHES}",
            id="a range that overlaps a reserved one",
        ),
        pytest.param(
            "0.0.0.0/0",
            Code.INVALID_IP_ADDRESS,
            "0.0.0.0/0 is every address there is. To let everyone in, choose All networks instead.",
            id="everything",
        ),
        pytest.param(
            "::1",
            Code.IPV6_NOT_SUPPORTED,
            "IPv6 isn't supported in IP rules. Use an IPv4 address or CIDR range.",
            id="IPv6 address",
        ),
        pytest.param(
            "2001:db8::/32",
            Code.IPV6_NOT_SUPPORTED,
            "IPv6 isn't supported in IP rules. Use an IPv4 address or CIDR range.",
            id="IPv6 range",
        ),
        pytest.param(
            "::ffff:16.17.18.19",
            Code.IPV6_NOT_SUPPORTED,
            "IPv6 isn't supported in IP rules. Use an IPv4 address or CIDR range.",
            id="IPv4 in an IPv6 dress",
        ),
        pytest.param(
            "",
            Code.INVALID_IP_ADDRESS,
            "Type an IP address or a CIDR range, like 16.17.18.19 or 16.17.18.0/24.",
            id="nothing",
        ),
        pytest.param(
            " \t\n",
            Code.INVALID_IP_ADDRESS,
            "Type an IP address or a CIDR range, like 16.17.18.19 or 16.17.18.0/24.",
            id="spaces only",
        ),
    ],
)
def test_what_never_comes_over_the_internet_is_refused(text: str, code: Code, message: str) -> None:
    assert AddressRange.parse(text) == Problem(code, message)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("1.2.3", id="three parts"),
        pytest.param("1.2.3.4.5", id="five parts"),
        pytest.param("1.2.3.256", id="a part above 255"),
        pytest.param("1.2.3.4/33", id="a prefix above 32"),
        pytest.param("1.2.3.4/-1", id="a negative prefix"),
        pytest.param("1.2.3.4/", id="no prefix"),
        pytest.param("1.2.3.4/0.0.0.255", id="a host mask"),
        pytest.param("1.2.3.0/255.255.255.0", id="a net mask"),
        pytest.param("２.2.2.2", id="a full-width digit"),
        pytest.param("16.17.18.0/２4", id="a full-width digit in the prefix"),
        pytest.param("٢.2.2.2", id="an Arabic digit"),
        pytest.param("016.17.18.19", id="a leading zero, which some read as octal"),
        pytest.param("0x10.17.18.19", id="hexadecimal"),
        pytest.param("269554195", id="one number"),
        pytest.param("1.2.3.4 5.6.7.8", id="two addresses"),
        pytest.param("1.2.3.4-1.2.3.9", id="from-to"),
        pytest.param("1.2.3.*", id="an asterisk"),
        pytest.param("1.2.3.4:443", id="a port"),
        pytest.param("https://1.2.3.4", id="a URL"),
        pytest.param("AzureCloud", id="a service tag"),
        pytest.param("2001:db8::/129", id="not quite IPv6"),
        pytest.param("1.2.3.4\x00", id="NUL"),
        pytest.param("<script>", id="markup"),
    ],
)
def test_what_is_no_address_is_quoted_back(text: str) -> None:
    assert AddressRange.parse(text) == Problem(
        Code.INVALID_IP_ADDRESS, f"'{text}' isn't an IPv4 address or CIDR range. {TRY}"
    )


def test_of_a_very_long_text_only_the_beginning_is_quoted() -> None:
    assert AddressRange.parse("1" * 10_000) == Problem(
        Code.INVALID_IP_ADDRESS, f"'{'1' * 64}…' isn't an IPv4 address or CIDR range. {TRY}"
    )


def test_host_bits_are_refused_with_the_fix() -> None:
    assert AddressRange.parse("16.17.18.5/24") == Problem(
        Code.INVALID_IP_ADDRESS,
        "'16.17.18.5/24' isn't the start of a range. Did you mean 16.17.18.0/24?",
        fix="16.17.18.0/24",
    )


def test_no_fix_is_offered_that_would_be_refused_itself() -> None:
    assert AddressRange.parse("11.1.1.1/7") == Problem(
        Code.PRIVATE_IP_ADDRESS,
        f"11.1.1.1/7 contains the private range 10.0.0.0/8 (RFC 1918). {USE_PRIVATE_ENDPOINT}",
    )


@pytest.mark.parametrize("text", ["", "16.17.18.5/24", "x", "::1", "1.2.3.4/33"])
def test_a_row_that_was_tampered_with_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - ipaddress words it
        AddressRange.stored(text)


def test_a_range_spans_what_it_says() -> None:
    assert AddressRange.spanning(int(IPv4Address("16.17.18.0")), 24) == AddressRange.stored("16.17.18.0/24")
    with pytest.raises(ValueError, match="host bits"):
        AddressRange.spanning(int(IPv4Address("16.17.18.1")), 24)


def test_a_range_holds_its_ends_and_nothing_beyond() -> None:
    held = AddressRange.stored("16.17.18.0/24")
    asked = ["16.17.17.255", "16.17.18.0", "16.17.18.255", "16.17.19.0"]
    assert [text for text in asked if IPv4Address(text) in held] == ["16.17.18.0", "16.17.18.255"]


def test_a_range_covers_itself_and_what_is_inside() -> None:
    outer, inner, beside = (AddressRange.stored(text) for text in ("16.17.18.0/24", "16.17.18.128/25", "16.17.19.0"))
    assert (outer.covers(outer), outer.covers(inner), inner.covers(outer), outer.covers(beside)) == (
        True,
        True,
        False,
        False,
    )


def test_ranges_sort_by_place_and_the_wider_first() -> None:
    spelled = ["16.17.18.0/25", "200.1.1.1", "16.17.18.0/24", "9.9.9.9"]
    assert [str(each) for each in sorted(AddressRange.stored(text) for text in spelled)] == [
        "9.9.9.9",
        "16.17.18.0/24",
        "16.17.18.0/25",
        "200.1.1.1",
    ]
