"""Overlap, merge, and who gains or loses access."""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from networking.access.addresses import AddressRange
from networking.access.analysis import (
    PUBLIC_INTERNET,
    Finding,
    Shift,
    findings,
    reachable_from,
    shift,
    smallest_equal_list,
)
from networking.access.policy import AccessPolicy, PublicAccess
from networking.access.trusted import TrustedNetworks
from tests import make

SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/a"


def ranges(*texts: str) -> list[AddressRange]:
    return [AddressRange.stored(text) for text in texts]


def span(first: str, last: str) -> tuple[int, int]:
    return int(IPv4Address(first)), int(IPv4Address(last))


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        pytest.param([], [], id="an empty list"),
        pytest.param(["16.17.18.19", "203.0.113.0/24"], [Finding(), Finding()], id="nothing to say"),
        pytest.param(["16.17.18.19", "16.17.18.19"], [Finding(), Finding(duplicate_of=0)], id="a duplicate"),
        pytest.param(
            ["16.17.18.19"] * 3, [Finding(), Finding(duplicate_of=0), Finding(duplicate_of=0)], id="three of a kind"
        ),
        pytest.param(["16.17.18.19", "16.17.18.0/24"], [Finding(covered_by=1), Finding()], id="covered by a later one"),
        pytest.param(
            ["16.17.0.0/16", "16.17.18.19", "16.17.18.0/24"],
            [Finding(), Finding(covered_by=2), Finding(covered_by=0)],
            id="covered by the nearest",
        ),
        pytest.param(
            ["16.17.18.0/24", "16.17.18.0/25", "16.17.18.0/25"],
            [Finding(), Finding(covered_by=0), Finding(duplicate_of=1)],
            id="the duplicate of a covered one",
        ),
        pytest.param(
            ["16.17.18.0/25", "16.17.18.128/25"],
            [Finding(), Finding(adjacent_to=0, merged=AddressRange.stored("16.17.18.0/24"))],
            id="two halves",
        ),
        pytest.param(
            ["16.17.18.128/25", "16.17.18.0/25"],
            [Finding(), Finding(adjacent_to=0, merged=AddressRange.stored("16.17.18.0/24"))],
            id="two halves, the upper first",
        ),
        pytest.param(
            ["16.17.18.18", "16.17.18.19"],
            [Finding(), Finding(adjacent_to=0, merged=AddressRange.stored("16.17.18.18/31"))],
            id="two addresses",
        ),
        pytest.param(["16.17.18.19", "16.17.18.20"], [Finding(), Finding()], id="neighbours that are no one range"),
        pytest.param(["16.17.18.0/25", "16.17.18.128/26"], [Finding(), Finding()], id="neighbours of unequal size"),
        pytest.param(
            ["16.17.18.0/25", "16.17.18.128/25", "16.17.18.0/24"],
            [Finding(covered_by=2), Finding(covered_by=2), Finding()],
            id="two halves that are covered already",
        ),
        pytest.param(
            ["16.17.18.0/25", "16.17.18.0/25", "16.17.18.128/25"],
            [Finding(), Finding(duplicate_of=0), Finding(adjacent_to=0, merged=AddressRange.stored("16.17.18.0/24"))],
            id="the neighbour of a duplicate",
        ),
        pytest.param(["16.0.0.0/16", "17.0.0.0/15"], [Finding(), Finding(very_wide=True)], id="wider than /16"),
        pytest.param(
            ["16.0.0.0/15", "16.2.0.0/15"],
            [
                Finding(very_wide=True),
                Finding(adjacent_to=0, merged=AddressRange.stored("16.0.0.0/14"), very_wide=True),
            ],
            id="wide and adjacent",
        ),
    ],
)
def test_what_is_worth_knowing_about_a_list(texts: list[str], found: list[Finding]) -> None:
    assert findings(ranges(*texts)) == found


def test_rows_that_are_no_range_keep_their_place() -> None:
    first, second = ranges("16.17.18.19", "16.17.18.0/24")
    assert findings([None, first, None, second, first]) == [
        Finding(),
        Finding(covered_by=3),
        Finding(),
        Finding(),
        Finding(duplicate_of=1),
    ]


@pytest.mark.parametrize(
    ("texts", "smallest"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param(["203.0.113.7", "16.17.18.19"], ["16.17.18.19", "203.0.113.7"], id="in order"),
        pytest.param(["16.17.18.19", "16.17.18.0/24", "16.17.18.19"], ["16.17.18.0/24"], id="covered and duplicate"),
        pytest.param(
            ["16.17.18.0/26", "16.17.18.64/26", "16.17.18.128/25"], ["16.17.18.0/24"], id="merged more than once"
        ),
        pytest.param(["16.17.18.1", "16.17.18.2"], ["16.17.18.1", "16.17.18.2"], id="neighbours that can't merge"),
    ],
)
def test_the_smallest_equal_list(texts: list[str], smallest: list[str]) -> None:
    assert smallest_equal_list(ranges(*texts)) == tuple(ranges(*smallest))


def test_the_public_internet_is_what_a_rule_may_name() -> None:
    """Counted by hand: 2^32 less 10/8, 172.16/12, 192.168/16, 127/8, 169.254/16, 100.64/10,
    0/8, 224/4 and 240/4."""
    less = 3 * 2**24 + 2**20 + 2 * 2**16 + 2**22 + 2 * 2**28
    assert sum(last - first + 1 for first, last in PUBLIC_INTERNET) == 2**32 - less == 3_702_390_784
    for first, last in PUBLIC_INTERNET:
        assert isinstance(AddressRange.parse(str(IPv4Address(first))), AddressRange)
        assert isinstance(AddressRange.parse(str(IPv4Address(last))), AddressRange)
        assert not isinstance(AddressRange.parse(str(IPv4Address(first - 1))), AddressRange)
        assert not isinstance(AddressRange.parse(str(IPv4Address(last + 1))), AddressRange)


@pytest.mark.parametrize(
    ("policy", "spans"),
    [
        pytest.param(AccessPolicy(), PUBLIC_INTERNET, id="all networks"),
        pytest.param(make.disabled("16.17.18.0/24"), (), id="disabled with rules kept"),
        pytest.param(make.selected(), (), id="an empty list"),
        pytest.param(
            make.selected("203.0.113.7", "16.17.19.0/24", "16.17.18.0/24", "16.17.18.19"),
            (span("16.17.18.0", "16.17.19.255"), span("203.0.113.7", "203.0.113.7")),
            id="joined and in order",
        ),
    ],
)
def test_who_is_let_in(policy: AccessPolicy, spans: tuple[tuple[int, int], ...]) -> None:
    assert reachable_from(policy) == spans


OFFICE = make.selected("16.17.18.0/24", "203.0.113.7")


@pytest.mark.parametrize(
    ("after", "moved"),
    [
        pytest.param(OFFICE, Shift(), id="nobody"),
        pytest.param(make.selected("16.17.18.0/25", "16.17.18.128/25", "203.0.113.7"), Shift(), id="spelled otherwise"),
        pytest.param(replace(OFFICE, trusted_services=False, subnets=(SUBNET,)), Shift(), id="another setting"),
        pytest.param(
            make.selected("16.17.18.64/26", "198.51.100.7"),
            Shift(
                gained=(span("198.51.100.7", "198.51.100.7"),),
                lost=(
                    span("16.17.18.0", "16.17.18.63"),
                    span("16.17.18.128", "16.17.18.255"),
                    span("203.0.113.7", "203.0.113.7"),
                ),
            ),
            id="some gain and some lose",
        ),
        pytest.param(
            OFFICE.with_public_access(PublicAccess.DISABLED),
            Shift(lost=(span("16.17.18.0", "16.17.18.255"), span("203.0.113.7", "203.0.113.7"))),
            id="disabled: everybody listed loses",
        ),
    ],
)
def test_who_gains_and_who_loses(after: AccessPolicy, moved: Shift) -> None:
    assert shift(OFFICE, after) == moved
    assert shift(after, OFFICE) == Shift(gained=moved.lost, lost=moved.gained)


SCANNERS = TrustedNetworks.of(
    [("Image scanner", ["198.51.100.0/28", "10.20.0.0/16", "2001:db8::/32"]), ("Builder", ["16.17.18.128/25"])]
)
SCANNER, BUILDER = span("198.51.100.0", "198.51.100.15"), span("16.17.18.128", "16.17.18.255")


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        pytest.param(
            OFFICE,
            replace(OFFICE, trusted_services=False),
            Shift(lost=(SCANNER,)),
            id="the exception off: those whom no rule lets in lose, private and IPv6 networks aside",
        ),
        pytest.param(
            make.disabled(trusted_services=False),
            make.disabled(),
            Shift(gained=(BUILDER, SCANNER)),
            id="the exception on, disabled",
        ),
        pytest.param(
            make.disabled(subnets=(SUBNET,), trusted_services=False),
            make.disabled(subnets=(SUBNET,)),
            Shift(gained=(BUILDER, SCANNER)),
            id="the exception on, disabled, virtual network rules kept",
        ),
        pytest.param(
            replace(OFFICE, subnets=(SUBNET,)),
            replace(OFFICE, subnets=(SUBNET,), trusted_services=False),
            Shift(),
            id="the exception is nothing beside virtual network rules",
        ),
        pytest.param(
            replace(OFFICE, subnets=(SUBNET,)),
            OFFICE,
            Shift(gained=(SCANNER,)),
            id="without virtual network rules the exception applies again",
        ),
        pytest.param(
            AccessPolicy(),
            replace(AccessPolicy(), trusted_services=False),
            Shift(),
            id="the exception is nothing among all networks",
        ),
        pytest.param(
            OFFICE,
            OFFICE.with_public_access(PublicAccess.DISABLED),
            Shift(lost=(span("16.17.18.0", "16.17.18.127"), span("203.0.113.7", "203.0.113.7"))),
            id="disabled: a listed network of a service keeps its access",
        ),
    ],
)
def test_the_networks_of_trusted_services_pass_by_the_exception(
    before: AccessPolicy, after: AccessPolicy, moved: Shift
) -> None:
    assert shift(before, after, SCANNERS) == moved
    assert shift(after, before, SCANNERS) == Shift(gained=moved.lost, lost=moved.gained)


@pytest.mark.parametrize("policy", [AccessPolicy(), OFFICE, make.disabled()])
def test_only_public_addresses_are_counted(policy: AccessPolicy) -> None:
    everywhere = TrustedNetworks.of([("Everybody", ["0.0.0.0/1", "128.0.0.0/1", "::/1"])])
    assert reachable_from(policy, everywhere) == PUBLIC_INTERNET


def test_they_are_counted_in_addresses() -> None:
    moved = shift(OFFICE, make.selected("16.17.18.64/26", "198.51.100.7"))
    assert (moved.gains, moved.losses) == (1, 64 + 128 + 1)


def test_opening_to_all_networks_lets_in_the_rest_of_the_internet() -> None:
    moved = shift(OFFICE, OFFICE.with_public_access(PublicAccess.ALL_NETWORKS))
    assert (moved.gains, moved.losses) == (3_702_390_784 - 257, 0)
