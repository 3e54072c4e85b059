from ipaddress import IPv4Address, IPv4Network, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from networking.access.address_space import (
    Prefix,
    Space,
    free_addresses,
    full,
    overlaps,
    parse,
    parse_all,
    problem_of_space,
    problem_of_subnets,
)
from networking.access.problems import Code, Problem

OWNER = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v"
SPACE = (ip_network("10.0.0.0/16"), ip_network("10.1.0.0/16"), ip_network("fd00::/56"))


def prefixes() -> st.SearchStrategy[IPv4Network]:
    """Inside 10.0.0.0/16, of every size a subnet can have."""
    return st.builds(
        lambda length, place: IPv4Network(((10 << 24) + (place >> (32 - length) << (32 - length)), length)),
        st.integers(16, 29),
        st.integers(0, (1 << 16) - 1),
    )


@pytest.mark.parametrize("text", ["10.0.0.0/16", "10.0.0.0/29", "0.0.0.0/0", "fd00::/64", "192.168.4.4/32"])
def test_a_prefix_is_read(text: str) -> None:
    assert parse(text, OWNER) == ip_network(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("10.1.0.0", id="a bare address"),
        pytest.param("10.0.0.0/255.255.0.0", id="a mask"),
        pytest.param("10.0.0.0/33", id="too long a prefix"),
        pytest.param("10.0.0/16", id="three parts"),
        pytest.param("10.0.0.0\\16", id="a backslash"),
        pytest.param(" 10.0.0.0/16", id="a space"),
        pytest.param("10.0.0.0/16\n", id="a line break"),
        pytest.param("fd00::%eth0/64", id="a zone"),
        pytest.param("１０.0.0.0/16", id="wide digits"),
        pytest.param("[if(equals(1, 1))]", id="a template that was not evaluated"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_is_no_prefix_is_refused_in_the_words_of_azure(text: str) -> None:
    assert parse(text, OWNER) == Problem(
        Code.INVALID_ADDRESS_PREFIX,
        f"Address prefix {text} of resource {OWNER} is not formatted correctly. "
        "It should follow CIDR notation, for example 10.0.0.0/24.",
    )


def test_host_bits_are_refused_with_the_network_that_was_meant() -> None:
    assert parse("10.10.10.0/16", OWNER) == Problem(
        Code.INVALID_CIDR_NOTATION,
        f"The address prefix 10.10.10.0/16 in resource {OWNER} has an invalid CIDR notation. "
        "For the given prefix length, the address prefix should be 10.10.0.0/16.",
        fix="10.10.0.0/16",
    )


def test_of_several_prefixes_the_first_wrong_one_is_refused() -> None:
    assert parse_all(["10.0.0.0/24", "fd00::/64"], OWNER) == (ip_network("10.0.0.0/24"), ip_network("fd00::/64"))
    refused = parse_all(["10.0.0.0/24", "10.0.0.1/24", "x"], OWNER)
    assert isinstance(refused, Problem)
    assert refused.code is Code.INVALID_CIDR_NOTATION


@given(st.text(max_size=40))
def test_any_text_is_a_prefix_that_spells_the_same_or_a_refusal(text: str) -> None:
    parsed = parse(text, OWNER)
    if not isinstance(parsed, Problem):
        assert parse(str(parsed), OWNER) == parsed


def test_an_address_space_holds_each_address_once() -> None:
    assert problem_of_space(SPACE, "v") is None
    wrong = (ip_network("10.1.0.0/16"), ip_network("192.168.0.0/24"), ip_network("10.0.0.0/8"))
    assert problem_of_space(wrong, "v") == Problem(
        Code.ADDRESS_SPACE_OVERLAPS,
        "The address prefixes 10.1.0.0/16 and 10.0.0.0/8 of virtual network 'v' overlap. Give each address once.",
    )


OUTSIDE = "Subnet 's' is not valid because its IP address range is outside the IP address range of virtual network 'v'."
SIZE = "Subnet 's' is not valid in virtual network 'v'."


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        pytest.param("10.2.0.0/24", Code.SUBNET_OUTSIDE_NETWORK, OUTSIDE, id="elsewhere"),
        pytest.param("10.0.0.0/15", Code.SUBNET_OUTSIDE_NETWORK, OUTSIDE, id="across two prefixes that touch"),
        pytest.param("10.0.0.0/8", Code.SUBNET_OUTSIDE_NETWORK, OUTSIDE, id="around the space"),
        pytest.param("fd01::/64", Code.SUBNET_OUTSIDE_NETWORK, OUTSIDE, id="elsewhere in IPv6"),
        pytest.param("10.0.0.0/30", Code.INVALID_SUBNET, SIZE, id="smaller than a /29"),
        pytest.param("fd00::/60", Code.INVALID_SUBNET, SIZE, id="an IPv6 prefix other than /64"),
    ],
)
def test_a_subnet_that_does_not_fit_is_refused(text: str, code: Code, message: str) -> None:
    assert problem_of_subnets(SPACE, {"s": [ip_network(text)]}, "v") == Problem(code, message)


@pytest.mark.parametrize("text", ["10.0.0.0/16", "10.1.255.248/29", "fd00:0:0:7::/64"])
def test_a_subnet_that_fits_is_taken(text: str) -> None:
    assert problem_of_subnets(SPACE, {"s": [ip_network(text)]}, "v") is None


def test_two_subnets_that_overlap_are_refused_by_the_name_of_the_later_one() -> None:
    placed = {
        "one": [ip_network("10.0.0.0/26")],
        "two": [ip_network("10.0.1.0/24")],
        "three": [ip_network("10.0.0.32/27")],
    }
    assert problem_of_subnets(SPACE, placed, "v") == Problem(
        Code.SUBNETS_OVERLAP,
        "Subnet 'three' is not valid because its IP address range overlaps with that of an existing subnet "
        "in virtual network 'v'.",
    )


@given(st.lists(prefixes(), max_size=8))
def test_subnets_are_refused_exactly_where_two_of_them_share_an_address(drawn: list[IPv4Network]) -> None:
    placed: dict[str, list[Prefix]] = {str(number): [each] for number, each in enumerate(drawn)}
    shared = any(overlaps(one, other) for at, one in enumerate(drawn) for other in drawn[at + 1 :])
    assert (problem_of_subnets(SPACE, placed, "v") is not None) is shared


def test_the_first_four_addresses_of_a_subnet_and_its_last_one_are_kept() -> None:
    assert free_addresses([ip_network("10.0.0.0/29")], (), 3) == ["10.0.0.4", "10.0.0.5", "10.0.0.6"]
    assert free_addresses([ip_network("10.0.0.0/29")], (), 4) is None
    assert free_addresses([ip_network("10.0.0.0/29")], {"10.0.0.5"}, 2) == ["10.0.0.4", "10.0.0.6"]
    assert free_addresses([ip_network("fd00::/64"), ip_network("10.0.0.0/29")], (), 1) == ["10.0.0.4"]
    assert free_addresses([ip_network("10.0.0.0/29"), ip_network("10.0.9.0/29")], (), 4) == [
        "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.9.4",
    ]  # fmt: skip


@given(prefixes(), st.integers(0, 5), st.sets(st.integers(0, 12)))
def test_free_addresses_are_of_the_subnet_taken_by_nobody_and_all_different(
    prefix: IPv4Network, count: int, offsets: set[int]
) -> None:
    taken = {str(IPv4Address(int(prefix.network_address) + offset)) for offset in offsets}
    found = free_addresses([prefix], taken, count)
    if found is not None:
        assert len({*found}) == count
        assert not taken & {*found}
        assert all(IPv4Address(each) in prefix for each in found)
    else:
        assert prefix.num_addresses - 5 - len(offsets) < count


def test_a_full_subnet_is_told_as_azure_tells_it() -> None:
    assert full("Subnet1", ["10.0.0.0/29"], 2) == Problem(
        Code.SUBNET_IS_FULL,
        "Subnet Subnet1 with address prefix 10.0.0.0/29 does not have enough capacity for 2 IP addresses.",
    )


@given(st.lists(prefixes(), max_size=8), prefixes())
def test_a_space_holds_what_lies_in_one_of_its_prefixes(drawn: list[IPv4Network], prefix: IPv4Network) -> None:
    assert Space(drawn).holds(prefix) is any(prefix.subnet_of(each) for each in drawn)


def test_the_families_of_a_space_are_apart() -> None:
    assert [Space(SPACE).holds(ip_network(text)) for text in ("fd00::/64", "fd01::/64", "::/64", "9.0.0.0/24")] == [
        True, False, False, False,
    ]  # fmt: skip
