"""A compiled policy answers as the policy it was made of."""

from ipaddress import IPv4Address
from itertools import pairwise

import pytest
from hypothesis import given

from networking.access.compiled import CompiledPolicy
from networking.access.decision import Caller, decide
from networking.access.policy import AccessPolicy
from tests import make
from tests.networking.access.test_properties import CALLERS, UNIVERSE, policies


def stretches(*ranges: str) -> list[tuple[str, str, str]]:
    """First and last address of each stretch, and the rule that decides there."""
    compiled = CompiledPolicy.of(make.selected(*ranges))
    return [
        (str(IPv4Address(first)), str(IPv4Address(last)), str(rule))
        for first, (last, rule) in zip(compiled.starts, compiled.stretches, strict=True)
    ]


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        pytest.param([], [], id="no rule"),
        pytest.param(["203.0.113.7"], [("203.0.113.7", "203.0.113.7", "203.0.113.7")], id="one address"),
        pytest.param(
            ["203.0.113.0/24", "16.17.18.0/24"],
            [("16.17.18.0", "16.17.18.255", "16.17.18.0/24"), ("203.0.113.0", "203.0.113.255", "203.0.113.0/24")],
            id="two apart, in order of place",
        ),
        pytest.param(
            ["16.17.18.0/25", "16.17.18.128/25"],
            [("16.17.18.0", "16.17.18.127", "16.17.18.0/25"), ("16.17.18.128", "16.17.18.255", "16.17.18.128/25")],
            id="neighbours stay two rules",
        ),
        pytest.param(
            ["16.17.18.0/24", "16.17.18.64/26"],
            [("16.17.18.0", "16.17.18.255", "16.17.18.0/24")],
            id="a wide one first hides the one inside",
        ),
        pytest.param(
            ["16.17.18.64/26", "16.17.18.0/24"],
            [
                ("16.17.18.0", "16.17.18.63", "16.17.18.0/24"),
                ("16.17.18.64", "16.17.18.127", "16.17.18.64/26"),
                ("16.17.18.128", "16.17.18.255", "16.17.18.0/24"),
            ],
            id="a narrow one first cuts the one around",
        ),
        pytest.param(
            ["16.17.18.0/26", "16.17.18.0/24"],
            [("16.17.18.0", "16.17.18.63", "16.17.18.0/26"), ("16.17.18.64", "16.17.18.255", "16.17.18.0/24")],
            id="a narrow one at the edge",
        ),
        pytest.param(
            ["16.17.18.96/27", "16.17.18.64/26", "16.17.18.0/24"],
            [
                ("16.17.18.0", "16.17.18.63", "16.17.18.0/24"),
                ("16.17.18.64", "16.17.18.95", "16.17.18.64/26"),
                ("16.17.18.96", "16.17.18.127", "16.17.18.96/27"),
                ("16.17.18.128", "16.17.18.255", "16.17.18.0/24"),
            ],
            id="three inside each other",
        ),
        pytest.param(
            ["223.255.255.255", "1.0.0.0"],
            [("1.0.0.0", "1.0.0.0", "1.0.0.0"), ("223.255.255.255", "223.255.255.255", "223.255.255.255")],
            id="the first and the last there may be",
        ),
    ],
)
def test_rules_become_stretches_that_do_not_overlap(ranges: list[str], expected: list[tuple[str, str, str]]) -> None:
    assert stretches(*ranges) == expected


@pytest.mark.parametrize(
    ("address", "rule"),
    [
        pytest.param("16.17.17.255", None, id="before the first"),
        pytest.param("16.17.18.0", "16.17.18.0/24", id="its first"),
        pytest.param("16.17.18.255", "16.17.18.0/24", id="its last"),
        pytest.param("16.17.19.0", None, id="between two"),
        pytest.param("203.0.113.7", "203.0.113.7", id="the second"),
        pytest.param("203.0.113.8", None, id="after the last"),
        pytest.param("0.0.0.0", None, id="the very first"),
        pytest.param("255.255.255.255", None, id="the very last"),
    ],
)
def test_a_rule_covers_from_its_first_address_to_its_last(address: str, rule: str | None) -> None:
    found = CompiledPolicy.of(make.selected("16.17.18.0/24", "203.0.113.7")).rule_covering(IPv4Address(address))
    assert (str(found) if found else None) == rule


def test_without_a_rule_nothing_covers() -> None:
    assert CompiledPolicy.of(AccessPolicy()).rule_covering(IPv4Address("203.0.113.7")) is None


def test_a_rule_keeps_its_name() -> None:
    policy = AccessPolicy(rules=(make.rule("16.17.18.0/24", name="Office", note="since May"),))
    assert CompiledPolicy.of(policy).rule_covering(IPv4Address("16.17.18.19")) is policy.rules[0]


@pytest.mark.parametrize(
    ("subnet", "named"), [("/Subnets/A", True), ("/subnets/a", True), ("/subnets/b", False), ("", False)]
)
def test_subnets_have_no_letter_case(*, subnet: str, named: bool) -> None:
    assert CompiledPolicy.of(AccessPolicy(subnets=("/subnets/A",))).names_subnet(subnet) is named


@given(policies())
def test_every_address_has_the_rule_that_the_list_gives_it(policy: AccessPolicy) -> None:
    compiled = CompiledPolicy.of(policy)
    for number in range(UNIVERSE.start - 2, UNIVERSE.stop + 2):
        address = IPv4Address(number)
        assert compiled.rule_covering(address) is policy.rule_covering(address)


@given(policies())
def test_stretches_are_in_order_apart_and_as_few_as_can_be(policy: AccessPolicy) -> None:
    compiled = CompiledPolicy.of(policy)
    spans = [(first, *end) for first, end in zip(compiled.starts, compiled.stretches, strict=True)]
    assert all(first <= last for first, last, _ in spans)
    assert all(one[1] < other[0] for one, other in pairwise(spans))
    assert not any(one[2] is other[2] and one[1] + 1 == other[0] for one, other in pairwise(spans))


@given(policies(), CALLERS)
def test_decide_gives_one_answer_for_both(policy: AccessPolicy, caller: Caller) -> None:
    assert decide(CompiledPolicy.of(policy), caller) == decide(policy, caller)
