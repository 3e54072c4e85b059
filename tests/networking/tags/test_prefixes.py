"""Packed prefixes: what goes in comes out, and an address is found as ipaddress finds it."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from networking.tags.prefixes import Packed, Prefix, spelled

# Few bits and few lengths, so that prefixes lie in each other and addresses are found.
V4 = st.builds(
    lambda number, length: str(ip_network(((0x0D400000 | number) >> (32 - length) << (32 - length), length))),
    st.integers(0, 4095),
    st.sampled_from([0, 1, 8, 20, 24, 28, 31, 32]),
)
V6 = st.builds(
    lambda high, low, length: str(
        IPv6Network((((0x2603_1000_0000_0000 | high) << 64 | low) >> (128 - length) << (128 - length), length))
    ),
    st.integers(0, 3),
    st.integers(0, 255),
    st.sampled_from([0, 32, 46, 63, 64, 65, 120, 127, 128]),
)
ADDRESSES = st.one_of(
    st.builds(lambda number: IPv4Address(0x0D400000 | number), st.integers(0, 4095)),
    st.builds(
        lambda high, low: IPv6Address((0x2603_1000_0000_0000 | high) << 64 | low),
        st.integers(0, 3),
        st.integers(0, 255),
    ),
    st.ip_addresses(),
)


def naive(prefixes: list[str], address: IPv4Address | IPv6Address) -> Prefix | None:
    holding = [network for text in prefixes if address in (network := ip_network(text))]
    return max(holding, key=lambda network: network.prefixlen, default=None)


@given(st.lists(st.one_of(V4, V6), max_size=30), ADDRESSES)
def test_an_address_is_found_as_ipaddress_finds_it(prefixes: list[str], address: IPv4Address | IPv6Address) -> None:
    assert Packed.of(prefixes).narrowest(address) == naive(prefixes, address)


@given(st.lists(st.one_of(V4, V6), max_size=30))
def test_what_was_packed_is_the_same_once_and_in_order(prefixes: list[str]) -> None:
    packed = Packed.of(prefixes)
    networks = {ip_network(text) for text in prefixes}
    assert set(packed) == networks
    assert [str(each) for each in packed] == [
        str(each)
        for each in sorted(networks, key=lambda each: (each.version, int(each.network_address), each.prefixlen))
    ]
    assert len(packed) == len(networks)
    assert {spelled(record) for record in packed.records()} == {str(each) for each in networks}
    assert Packed.of(reversed(prefixes)) == packed


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("13.66.140.73/29", id="host bits"),
        pytest.param("13.66.140/29", id="too short"),
        pytest.param("13.66.140.72/33", id="no such length"),
        pytest.param("2603:1000:4::1/46", id="host bits of IPv6"),
        pytest.param("", id="nothing"),
        pytest.param("everywhere", id="a word"),
        pytest.param("13.66.140.72\x00", id="a null character"),
        pytest.param("fe80::1%eth0", id="a zone"),
    ],
)
def test_what_is_no_prefix_is_named(text: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - its argument is compared
        Packed.of(["10.0.0.0/8", text])
    assert raised.value.args == (text,)


def test_a_single_address_is_a_prefix_of_its_own() -> None:
    assert [str(each) for each in Packed.of(["13.66.140.72", "::1"])] == ["13.66.140.72/32", "::1/128"]
    assert Packed.of(["13.66.140.72"]).narrowest(ip_address("13.66.140.73")) is None
