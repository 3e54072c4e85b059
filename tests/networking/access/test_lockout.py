from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from networking.access.decision import Caller, decide
from networking.access.lockout import LockedOut, Watched, locked_out, shuts_out
from networking.access.policy import AccessPolicy
from networking.access.trusted import TrustedNetworks
from tests import make

OFFICE = Watched("Office", make.rule("203.0.113.0/24").range)
AGENT = Watched("Build agent", make.rule("198.51.100.7").range)


def test_whoever_keeps_access_is_not_named() -> None:
    assert locked_out(AccessPolicy(), make.selected("203.0.113.0/24", "198.51.100.0/25"), [OFFICE, AGENT]) == ()


def test_whoever_had_no_access_can_not_lose_it() -> None:
    assert locked_out(make.selected("9.9.9.9"), make.disabled(), [OFFICE, AGENT]) == ()


def test_a_range_that_loses_every_address_is_named_whole() -> None:
    (found,) = locked_out(AccessPolicy(), make.selected("198.51.100.7"), [OFFICE, AGENT])
    assert (found, found.is_whole) == (LockedOut(OFFICE, 256), True)


def test_a_range_that_loses_some_addresses_is_counted() -> None:
    (found,) = locked_out(make.selected("203.0.113.0/24"), make.selected("203.0.113.0/25"), [OFFICE])
    assert (found.lost, found.is_whole) == (128, False)


def test_disabling_shuts_out_everybody_who_was_in() -> None:
    found = locked_out(make.selected("203.0.113.0/24", "198.51.100.7"), make.disabled(), [OFFICE, AGENT])
    assert [each.watched for each in found] == [OFFICE, AGENT]


SCANNERS = TrustedNetworks.of([("Image scanner", ["203.0.113.0/24", "198.51.100.0/29"])])


def test_a_range_in_a_trusted_network_keeps_its_access_while_the_exception_is_on() -> None:
    assert locked_out(AccessPolicy(), make.disabled(), [OFFICE, AGENT], SCANNERS) == ()


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(make.disabled(trusted_services=False), id="disabled"),
        pytest.param(make.selected(trusted_services=False), id="selected networks"),
        pytest.param(make.selected(subnets=("/subnets/a",)), id="virtual network rules, beside which it is nothing"),
    ],
)
def test_with_the_exception_it_loses_its_access(after: AccessPolicy) -> None:
    found = locked_out(make.disabled(), after, [OFFICE, AGENT], SCANNERS)
    assert [(each.watched, each.is_whole) for each in found] == [(OFFICE, True), (AGENT, True)]


def test_a_range_that_is_partly_trusted_keeps_that_part() -> None:
    half = TrustedNetworks.of([("Image scanner", ["203.0.113.0/25"])])
    assert locked_out(AccessPolicy(), make.disabled(), [OFFICE], half) == (LockedOut(OFFICE, 128),)


@pytest.mark.parametrize(
    ("address", "shut_out"),
    [
        pytest.param("203.0.113.24", False, id="listed"),
        pytest.param("192.0.2.50", True, id="not listed"),
        pytest.param("2001:db8::1", True, id="IPv6, which no rule can name"),
        pytest.param("10.0.0.5", True, id="private"),
    ],
)
def test_one_caller_of_any_kind_is_shut_out_where_it_was_let_in_before(address: str, shut_out: bool) -> None:
    caller = Caller(address=ip_address(address))
    assert shuts_out(AccessPolicy(), make.selected("203.0.113.0/24"), caller) is shut_out
    assert not shuts_out(make.selected("203.0.113.0/24"), AccessPolicy(), caller)


policies = st.sampled_from(
    [AccessPolicy(), make.disabled("9.9.9.0/24"), make.selected()]
    + [make.selected(*ranges) for ranges in (["9.9.9.0/24"], ["9.9.9.0/25", "9.9.9.192/26"], ["9.9.9.9"], ["8.8.8.8"])]
)


@given(policies, policies, st.sampled_from(["9.9.9.0/24", "9.9.9.8/30", "9.9.9.9", "8.8.8.8/31"]))
def test_what_is_lost_is_what_decide_says_of_each_address(before: AccessPolicy, after: AccessPolicy, text: str) -> None:
    watched = Watched("here", make.rule(text).range)
    callers = [Caller(address=ip_address(watched.range.first + n)) for n in range(watched.range.size)]
    lost = sum(decide(before, each).allowed and not decide(after, each).allowed for each in callers)
    assert sum(each.lost for each in locked_out(before, after, [watched])) == lost
