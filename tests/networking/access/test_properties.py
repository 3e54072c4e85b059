"""What holds for every input, found out by Hypothesis against models too simple to be wrong."""

import json
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from itertools import pairwise
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from networking.access.addresses import PRIVATE, RESERVED, AddressRange
from networking.access.analysis import Finding, findings, reachable_from, shift, smallest_equal_list
from networking.access.decision import Caller, ConnectionState, Decision, Identity, Reason, decide
from networking.access.policy import (
    AccessPolicy,
    DefaultAction,
    PublicAccess,
    PublicNetworkAccess,
    Rule,
    difference,
)
from networking.access.problems import Problem
from networking.access.trusted import TrustedNetworks

# A universe of 64 addresses, small enough that ranges meet and that a model can ask each address in turn.
BASE = int(IPv4Address("16.17.18.0"))
UNIVERSE = range(BASE, BASE + 64)


@st.composite
def small_ranges(draw: st.DrawFn) -> AddressRange:
    prefix = draw(st.integers(26, 32))
    size = 1 << (32 - prefix)
    return AddressRange(BASE + draw(st.integers(0, 64 // size - 1)) * size, prefix)


@st.composite
def any_network(draw: st.DrawFn) -> IPv4Network:
    return IPv4Network((draw(st.integers(0, 2**32 - 1)), draw(st.integers(0, 32))), strict=False)


TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=12)
SUBNETS = st.lists(st.sampled_from(["/subnets/a", "/subnets/b", "/SUBNETS/A"]), max_size=2, unique=True)


@st.composite
def policies(draw: st.DrawFn) -> AccessPolicy:
    spread = draw(st.lists(small_ranges(), max_size=6, unique=True))
    return AccessPolicy(
        public_network_access=draw(st.sampled_from(PublicNetworkAccess)),
        default_action=draw(st.sampled_from(DefaultAction)),
        rules=tuple(Rule(each, draw(TEXTS), draw(TEXTS)) for each in spread),
        subnets=tuple(draw(SUBNETS)),
        trusted_services=draw(st.booleans()),
        tasks_bypass=draw(st.booleans()),
        data_endpoint=draw(st.booleans()),
    )


ADDRESSES = st.one_of(st.sampled_from(UNIVERSE).map(IPv4Address), st.ip_addresses(v=4), st.ip_addresses(v=6), st.none())
CALLERS = st.builds(
    Caller,
    address=ADDRESSES,
    subnet=st.one_of(st.none(), st.sampled_from(["/subnets/a", "/subnets/A", "/subnets/c", ""])),
    private_endpoint=st.one_of(st.none(), st.sampled_from(ConnectionState)),
    identity=st.sampled_from(Identity),
)
NETWORKS = st.lists(small_ranges(), max_size=3).map(
    lambda ranges: TrustedNetworks.of([("Image scanner", map(str, ranges)), ("IPv6 scanner", ["::/1"])])
)


# Reading and spelling


@given(st.text())
@example("1.2.3.4/99999999999999999999")
@example("fe80::1%" + "x" * 5000)
@example("1.2.3.4%eth0")
@example("::1/\ud800")
@example("\x00")
def test_any_text_is_a_range_or_a_problem(text: str) -> None:
    parsed = AddressRange.parse(text)
    assert isinstance(parsed, AddressRange | Problem)
    if isinstance(parsed, Problem):
        assert parsed.message.endswith((".", "?"))
        assert len(parsed.message) < 300


@given(st.from_regex(r"[ \t]?[0-9]{1,3}(\.[0-9]{1,3}){2,4}(/[0-9]{0,3})?", fullmatch=True))
def test_what_looks_like_an_address_is_spelled_as_it_is_read(text: str) -> None:
    parsed = AddressRange.parse(text)
    if isinstance(parsed, AddressRange):
        assert AddressRange.parse(str(parsed)) == parsed
        assert AddressRange.stored(str(parsed)) == parsed
    elif parsed.fix is not None:
        assert isinstance(AddressRange.parse(parsed.fix), AddressRange)


@given(any_network())
def test_a_range_is_refused_exactly_where_it_touches_what_no_rule_may(network: IPv4Network) -> None:
    first, last = int(network.network_address), int(network.broadcast_address)
    forbidden = [*PRIVATE, *RESERVED]
    touches = any(first <= int(each.broadcast_address) and int(each.network_address) <= last for each in forbidden)
    parsed = AddressRange.parse(str(network))
    if touches:
        assert isinstance(parsed, Problem)
        assert parsed.fix is None
    else:
        assert isinstance(parsed, AddressRange)
        assert (parsed.first, parsed.last, parsed.size) == (first, last, network.num_addresses)
        assert str(parsed) == str(network).removesuffix("/32")


# Policies


@given(policies(), policies())
def test_policies_are_equal_exactly_where_their_fingerprints_are(one: AccessPolicy, other: AccessPolicy) -> None:
    assert (one == other) is (one.fingerprint == other.fingerprint)
    assert replace(one).fingerprint == one.fingerprint


@given(policies(), policies(), st.sampled_from(sorted(AccessPolicy.__dataclass_fields__)))
def test_one_field_alone_changes_the_fingerprint(one: AccessPolicy, other: AccessPolicy, field: str) -> None:
    changes: dict[str, Any] = {field: getattr(other, field)}
    mixed = replace(one, **changes)
    assert (mixed == one) is (mixed.fingerprint == one.fingerprint)


@given(policies())
def test_a_record_is_read_back(policy: AccessPolicy) -> None:
    assert AccessPolicy.from_record(json.loads(json.dumps(policy.record()))) == policy


@given(policies(), policies())
def test_there_is_a_difference_exactly_where_policies_differ(before: AccessPolicy, after: AccessPolicy) -> None:
    found = difference(before, after)
    assert bool(found) is (before != after)
    kept = {rule.range for rule in before.rules} - {rule.range for rule in found.removed}
    assert kept | {rule.range for rule in found.added} == {rule.range for rule in after.rules}


@given(policies(), st.sampled_from(PublicAccess))
def test_a_choice_is_shown_once_it_is_made_and_keeps_everything_else(
    policy: AccessPolicy, choice: PublicAccess
) -> None:
    chosen = policy.with_public_access(choice)
    assert chosen.public_access is choice
    assert chosen.with_public_access(choice) == chosen
    assert (
        replace(
            chosen,
            public_network_access=policy.public_network_access,
            default_action=policy.default_action,
        )
        == policy
    )


@given(policies(), st.lists(small_ranges(), max_size=8))
def test_names_and_notes_are_kept_by_range(policy: AccessPolicy, ranges: list[AddressRange]) -> None:
    changed = policy.with_ranges(ranges)
    if len(set(ranges)) < len(ranges):
        assert isinstance(changed, Problem)
    else:
        assert isinstance(changed, AccessPolicy)
        assert [rule.range for rule in changed.rules] == ranges
        assert all(rule in (policy.rule_for(rule.range), Rule(rule.range)) for rule in changed.rules)
        assert all(rule in changed.rules for rule in policy.rules if rule.range in ranges)


# The decision


def naive_decision(policy: AccessPolicy, caller: Caller) -> Decision:
    """The table once more, each answer on its own: every reason that could hold, then the first of them."""
    is_task = caller.identity is Identity.REGISTRY_TASK
    excepted = policy.trusted_services and (
        caller.identity is Identity.TRUSTED_SERVICE or (is_task and policy.tasks_bypass)
    )
    enabled = policy.public_network_access == "Enabled"
    nothing_known = caller.address is None and caller.subnet is None and caller.identity is Identity.ANYONE
    matching = [
        rule
        for rule in policy.rules
        if isinstance(caller.address, IPv4Address)
        and caller.address in IPv4Network(f"{IPv4Address(rule.range.first)}/{rule.range.prefix}")
    ]
    in_subnet = caller.subnet is not None and caller.subnet.casefold() in [each.casefold() for each in policy.subnets]
    answers = [
        (caller.private_endpoint == "Approved", Decision(Reason.PRIVATE_ENDPOINT)),
        (not enabled and excepted, Decision(Reason.TRUSTED_SERVICE)),
        (not enabled, Decision(Reason.PUBLIC_ACCESS_DISABLED)),
        (policy.default_action == "Allow" and not nothing_known, Decision(Reason.ALL_NETWORKS)),
        (bool(matching), Decision(Reason.IP_RULE, matching[0] if matching else None)),
        (in_subnet, Decision(Reason.SUBNET_RULE)),
        (excepted and len(policy.subnets) == 0, Decision(Reason.TRUSTED_SERVICE)),
        (nothing_known, Decision(Reason.UNKNOWN_ADDRESS)),
        (True, Decision(Reason.NO_RULE)),
    ]
    return next(decision for holds, decision in answers if holds)


@given(policies(), CALLERS)
def test_decide_agrees_with_a_naive_model(policy: AccessPolicy, caller: Caller) -> None:
    assert decide(policy, caller) == naive_decision(policy, caller)


@given(policies(), ADDRESSES)
def test_nobody_is_let_in_by_an_ip_rule_but_who_stands_in_it(
    policy: AccessPolicy, address: IPv4Address | IPv6Address | None
) -> None:
    decision = decide(policy, Caller(address=address))
    listed = isinstance(address, IPv4Address) and any(address in rule.range for rule in policy.rules)
    if policy.public_access is PublicAccess.SELECTED_NETWORKS:
        assert decision.allowed is listed
    assert (decision.rule is not None) is (decision.reason is Reason.IP_RULE)


# Analysis


def addresses_of(each: AddressRange) -> set[int]:
    return set(range(each.first, each.last + 1))


def naive_finding(ranges: list[AddressRange | None], index: int) -> Finding:
    """Each range compared with each other one, address by address."""
    each = ranges[index]
    if each is None:
        return Finding()
    others = [(at, other) for at, other in enumerate(ranges) if other is not None and at != index]
    if twins := [at for at, other in others if at < index and other == each]:
        return Finding(duplicate_of=twins[0])
    if around := [(len(addresses_of(o)), at) for at, o in others if addresses_of(o) > addresses_of(each)]:
        return Finding(covered_by=min(around)[1])
    for at, other in others:
        union = addresses_of(each) | addresses_of(other)
        one_range = len(union) == 2 * each.size == 2 * other.size and min(union) % len(union) == 0
        if at < index and one_range and max(union) - min(union) + 1 == len(union):
            return Finding(adjacent_to=at, merged=AddressRange(min(union), each.prefix - 1))
    return Finding()


@given(st.lists(st.one_of(small_ranges(), st.none()), max_size=10))
def test_findings_agree_with_comparing_each_with_each(ranges: list[AddressRange | None]) -> None:
    assert findings(ranges) == [naive_finding(ranges, index) for index in range(len(ranges))]


@given(st.lists(small_ranges(), max_size=10))
def test_the_smallest_list_covers_exactly_the_same_addresses(ranges: list[AddressRange]) -> None:
    wanted = set().union(*map(addresses_of, ranges))
    smallest = smallest_equal_list(ranges)
    assert set().union(*map(addresses_of, smallest)) == wanted
    assert len(wanted) == sum(each.size for each in smallest)
    assert smallest == tuple(sorted(smallest))
    assert findings(smallest) == [Finding()] * len(smallest)  # nothing left to merge or to drop


@given(st.lists(any_network(), max_size=8))
def test_the_smallest_list_of_ranges_of_any_size(networks: list[IPv4Network]) -> None:
    ranges = [AddressRange(int(each.network_address), each.prefixlen) for each in networks]
    smallest = smallest_equal_list(ranges)
    edges = {edge for each in ranges for edge in (each.first - 1, each.first, each.last, each.last + 1)}
    for edge in (IPv4Address(edge) for edge in edges if 0 <= edge < 2**32):
        assert any(edge in each for each in ranges) is any(edge in each for each in smallest)


def spread(spans: tuple[tuple[int, int], ...]) -> set[int]:
    return {address for first, last in spans for address in range(first, last + 1)}


# Without All networks: its billions are asked one by one by nobody.
SHUT_OR_SELECTED = policies().filter(lambda policy: policy.public_access is not PublicAccess.ALL_NETWORKS)


@given(SHUT_OR_SELECTED, SHUT_OR_SELECTED, NETWORKS)
def test_who_gains_and_loses_agrees_with_asking_every_address(
    before: AccessPolicy, after: AccessPolicy, trusted: TrustedNetworks
) -> None:
    callers = {each: trusted.recognise(Caller(IPv4Address(each))) for each in UNIVERSE}
    was = {each for each, caller in callers.items() if decide(before, caller).allowed}
    now = {each for each, caller in callers.items() if decide(after, caller).allowed}
    moved = shift(before, after, trusted)
    assert bool(moved) is (was != now)
    assert (spread(moved.gained), spread(moved.lost)) == (now - was, was - now)
    assert (moved.gains, moved.losses) == (len(now - was), len(was - now))
    for spans in (moved.gained, moved.lost):
        assert all(first <= last for first, last in spans)
        assert all(one[1] + 1 < other[0] for one, other in pairwise(spans))


@given(policies(), policies(), st.sampled_from(UNIVERSE), NETWORKS)
def test_who_gains_and_loses_agrees_with_the_decision(
    before: AccessPolicy, after: AccessPolicy, number: int, trusted: TrustedNetworks
) -> None:
    def lets_in(policy: AccessPolicy) -> bool:
        return decide(policy, trusted.recognise(Caller(IPv4Address(number)))).allowed

    def holds(spans: tuple[tuple[int, int], ...]) -> bool:
        return any(first <= number <= last for first, last in spans)

    moved = shift(before, after, trusted)
    assert holds(reachable_from(after, trusted)) is lets_in(after)
    assert (holds(moved.gained), holds(moved.lost)) == (
        lets_in(after) and not lets_in(before),
        lets_in(before) and not lets_in(after),
    )
