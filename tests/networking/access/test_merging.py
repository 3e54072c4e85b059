from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from networking.access.merging import combine
from networking.access.policy import AccessPolicy, PublicAccess
from tests import make

BASE = make.selected("16.17.18.0/24", "203.0.113.0/24", "198.51.100.7")


def ranges(policy: AccessPolicy) -> list[str]:
    return [str(rule) for rule in policy.rules]


def test_what_either_side_added_is_there_and_what_either_removed_is_gone() -> None:
    theirs = make.selected("203.0.113.0/24", "198.51.100.7", "192.0.2.64/26")
    mine = make.selected("16.17.18.0/24", "203.0.113.0/24", "192.0.2.10")
    assert ranges(combine(BASE, theirs, mine)) == ["203.0.113.0/24", "192.0.2.64/26", "192.0.2.10"]


def test_the_same_range_added_on_both_sides_is_there_once() -> None:
    both = make.selected(*ranges(BASE), "9.9.9.9")
    assert combine(BASE, both, both) == both


def test_a_setting_changed_on_one_side_takes_that_side() -> None:
    theirs = replace(BASE, trusted_services=False)
    mine = BASE.with_public_access(PublicAccess.DISABLED)
    assert combine(BASE, theirs, mine) == replace(mine, trusted_services=False)


def test_a_setting_changed_on_both_sides_keeps_mine() -> None:
    theirs = BASE.with_public_access(PublicAccess.ALL_NETWORKS)
    mine = BASE.with_public_access(PublicAccess.DISABLED)
    assert combine(BASE, theirs, mine).public_access is PublicAccess.DISABLED


def test_the_two_facts_behind_a_choice_are_never_mixed() -> None:
    base = AccessPolicy()
    theirs, mine = make.disabled(), make.selected()
    combined = combine(base, theirs, mine)
    assert (combined.public_network_access, combined.default_action) == (
        mine.public_network_access,
        mine.default_action,
    )


def test_a_name_from_one_side_and_a_note_from_the_other_are_both_kept() -> None:
    base = replace(BASE, rules=(make.rule("9.9.9.9", name="Old", note="Old"),))
    theirs = replace(BASE, rules=(make.rule("9.9.9.9", name="Old", note="Theirs"),))
    mine = replace(BASE, rules=(make.rule("9.9.9.9", name="Mine", note="Old"),))
    assert combine(base, theirs, mine).rules == (make.rule("9.9.9.9", name="Mine", note="Theirs"),)


def test_a_rule_renamed_by_me_and_deleted_by_them_is_gone() -> None:
    base = replace(BASE, rules=(make.rule("9.9.9.9"),))
    mine = replace(BASE, rules=(make.rule("9.9.9.9", name="Mine"),))
    assert combine(base, replace(BASE, rules=()), mine).rules == ()


some = st.lists(st.sampled_from([f"20.0.{n}.1" for n in range(8)]), unique=True).map(
    lambda texts: make.selected(*texts)
)


@given(some, some, some)
def test_the_combined_ranges_are_those_of_the_three_way_rule(
    base: AccessPolicy, theirs: AccessPolicy, mine: AccessPolicy
) -> None:
    was, their, my = set(ranges(base)), set(ranges(theirs)), set(ranges(mine))
    wanted = (was | (their - was) | (my - was)) - (was - their) - (was - my)
    combined = ranges(combine(base, theirs, mine))
    assert set(combined) == wanted
    assert len(combined) == len(wanted)


@given(some, some)
def test_combining_with_no_change_of_mine_is_theirs(base: AccessPolicy, theirs: AccessPolicy) -> None:
    assert combine(base, theirs, base) == theirs
