from dataclasses import replace

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from networking.access.policy import AccessPolicy, PublicAccess
from networking.forms import Draft, visible
from networking.rows import Row
from tests import make

STORED = make.selected("16.17.18.0/24", "203.0.113.0/24", "198.51.100.7")


def posted(draft: Draft, **changes: str | None) -> QueryDict:
    """The form of a draft, as a browser sends it."""
    data = QueryDict(mutable=True)
    data["public_access"] = draft.choice.value
    if draft.trusted_services:
        data["trusted_services"] = "1"
    if draft.data_endpoint:
        data["data_endpoint"] = "1"
    if draft.tasks_bypass:
        data["tasks_bypass"] = "1"
    for row in draft.rows:
        for name, text in (("rid", row.rid), ("range", row.text), ("name", row.name), ("note", row.note)):
            data.appendlist(name, text)
    for key, value in changes.items():
        if value is None:
            data.pop(key, None)
        else:
            data[key] = value
    return data


def texts(draft: Draft) -> list[str]:
    return [row.text for row in draft.rows]


def test_a_page_as_it_was_opened_is_clean() -> None:
    draft = Draft.of(STORED)
    assert (draft.is_dirty, draft.changes, draft.problems, draft.policy) == (False, 0, (), STORED)


def test_what_a_browser_sends_back_unchanged_is_clean() -> None:
    assert Draft.read(posted(Draft.of(STORED)), STORED) == Draft.of(STORED)


@pytest.mark.parametrize("choice", list(PublicAccess), ids=str)
def test_the_choice_is_drafted_and_the_rules_are_kept(choice: PublicAccess) -> None:
    draft = Draft.read(posted(Draft.of(STORED), public_access=choice.value), STORED)
    assert draft.policy.public_access is choice
    assert draft.policy.rules == STORED.rules


def test_a_choice_nobody_offered_leaves_the_saved_one() -> None:
    draft = Draft.read(posted(Draft.of(STORED), public_access="everything"), STORED)
    assert draft.choice is PublicAccess.SELECTED_NETWORKS


def test_the_blank_row_at_the_end_is_no_rule() -> None:
    data = posted(Draft.of(STORED))
    for name, value in (("rid", "b3"), ("range", "  "), ("name", ""), ("note", "")):
        data.appendlist(name, value)
    assert Draft.read(data, STORED) == Draft.of(STORED)


def test_a_saved_row_that_is_edited_stays_in_its_place_and_is_one_change() -> None:
    draft = Draft.of(STORED).with_text("s-203_0_113_0-24", "203.0.113.0/25")
    assert [str(rule) for rule in draft.policy.rules] == ["16.17.18.0/24", "203.0.113.0/25", "198.51.100.7"]
    assert (draft.is_dirty, draft.changes) == (True, 1)


def test_a_deleted_saved_row_stays_on_the_page_in_its_place_and_can_come_back() -> None:
    draft = Draft.of(STORED).without_row("s-203_0_113_0-24")
    assert [(row.text, row.removed) for row in draft.all_rows] == [
        ("16.17.18.0/24", False),
        ("203.0.113.0/24", True),
        ("198.51.100.7", False),
    ]
    assert [str(rule) for rule in draft.policy.rules] == ["16.17.18.0/24", "198.51.100.7"]
    assert draft.with_restored("s-203_0_113_0-24") == Draft.of(STORED)


def test_every_saved_row_deleted_is_shown_in_order() -> None:
    draft = replace(Draft.of(STORED), rows=())
    assert [row.text for row in draft.all_rows] == ["16.17.18.0/24", "203.0.113.0/24", "198.51.100.7"]
    assert all(row.removed for row in draft.all_rows)


def test_pasted_values_land_as_rows_and_what_is_skipped_is_counted() -> None:
    text = "192.0.2.1\n10.0.0.0/8, 192.0.2.1; 16.17.18.0/24   # there already\n# nothing\n"
    draft, added, skipped = Draft.of(STORED).with_pasted(text)
    assert texts(draft)[3:] == ["192.0.2.1", "10.0.0.0/8"]
    assert (added, skipped) == (2, 2)
    assert [anchor for anchor, _ in draft.problems] == [f"rng-{draft.rows[-1].rid}"]


def test_ten_thousand_pasted_lines_fill_the_list_and_the_rest_is_counted() -> None:
    lines = "\n".join(f"20.{n // 256}.{n % 256}.1" for n in range(10_000))
    draft, added, skipped = Draft.of(STORED).with_pasted(lines)
    assert (draft.count, added, skipped) == (100, 97, 9_903)
    assert draft.problems == ()


def test_the_hundred_and_first_rule_is_refused_with_the_count_to_delete() -> None:
    rows = tuple(Row(f"d{n}", f"20.0.{n}.1") for n in range(103))
    draft = replace(Draft.of(AccessPolicy()), rows=rows)
    assert draft.problems == (("", "A registry can have 100 rules. Delete 3 to save."),)


def test_combining_puts_one_range_in_the_place_of_the_earlier_row() -> None:
    stored = make.selected("16.17.18.0/24", "16.17.19.0/24")
    draft = Draft.of(stored).with_combined("s-16_17_19_0-24")
    assert [str(rule) for rule in draft.policy.rules] == ["16.17.18.0/23"]


def test_combining_a_row_that_offers_nothing_changes_nothing() -> None:
    assert Draft.of(STORED).with_combined("s-16_17_18_0-24") == Draft.of(STORED)


def test_the_problems_name_the_row_as_the_page_numbers_it() -> None:
    draft = Draft.of(STORED).without_row("s-16_17_18_0-24")
    draft = replace(draft, rows=(*draft.rows, Row("n1", "::1")))
    assert draft.problems == (
        ("rng-n1", "Row 4: IPv6 isn't supported in IP rules. Use an IPv4 address or CIDR range."),
    )


def test_a_draft_with_problems_still_answers_for_the_rows_that_hold() -> None:
    draft = replace(Draft.of(STORED), rows=(Row("a1", "9.9.9.9"), Row("a2", "nonsense"), Row("a3", "9.9.9.9/32")))
    assert [str(rule) for rule in draft.policy.rules] == ["9.9.9.9"]


def test_what_the_page_does_not_show_survives_a_save() -> None:
    stored = replace(STORED, subnets=("/subscriptions/s/subnets/build",))
    draft = Draft.read(posted(Draft.of(stored), trusted_services=None), stored)
    assert draft.policy == replace(stored, trusted_services=False)


@pytest.mark.parametrize("was", [True, False], ids=["on", "off"])
def test_the_opt_in_of_tasks_is_a_switch_of_its_own(was: bool) -> None:
    stored = replace(STORED, tasks_bypass=was)
    draft = Draft.read(posted(Draft.of(stored), tasks_bypass=None if was else "1"), stored)
    assert (draft.policy, draft.is_dirty, draft.changes) == (replace(stored, tasks_bypass=not was), True, 1)
    assert not Draft.read(posted(Draft.of(stored)), stored).is_dirty
    assert Draft.wanting(replace(stored, tasks_bypass=not was), stored=stored).policy.tasks_bypass is not was


@pytest.mark.parametrize(
    "rid",
    [
        pytest.param('"><script>', id="markup"),
        pytest.param("", id="nothing"),
        pytest.param("s-203_0_113_0-24", id="the id of another row"),
        pytest.param("x" * 500, id="very long"),
    ],
)
def test_a_forged_row_id_is_replaced_and_the_row_kept(rid: str) -> None:
    data = posted(Draft.of(STORED))
    for name, value in (("rid", rid), ("range", "9.9.9.9"), ("name", ""), ("note", "")):
        data.appendlist(name, value)
    draft = Draft.read(data, STORED)
    assert texts(draft)[-1] == "9.9.9.9"
    assert len({row.rid for row in draft.rows}) == 4
    assert draft.rows[-1].rid.startswith("d")


def test_lists_of_unequal_length_lose_nothing() -> None:
    data = QueryDict("range=9.9.9.9&range=8.8.8.8&rid=n1&name=Quad+nine")
    draft = Draft.read(data, AccessPolicy())
    assert [(row.text, row.name) for row in draft.rows] == [("9.9.9.9", "Quad nine"), ("8.8.8.8", "")]


@given(st.lists(st.tuples(st.text(max_size=50), st.text(max_size=50), st.text(max_size=20), st.text(max_size=20))))
def test_whatever_is_posted_is_judged_and_kept_never_raised(rows: list[tuple[str, str, str, str]]) -> None:
    data = QueryDict(mutable=True)
    for row in rows:
        for name, value in zip(("rid", "range", "name", "note"), row, strict=True):
            data.appendlist(name, value)
    draft = Draft.read(data, STORED)
    kept = [visible(text) for _, text, name, note in rows if visible(text) or (name + note).strip()]
    assert [text for text in texts(draft) if text] == [text for text in kept if text]
    assert len(draft.judged) == len(draft.all_rows)
    assert draft.policy.with_rules(draft.policy.rules) == draft.policy or draft.problems


SUBNETS = make.selected("16.17.18.0/24", subnets=("/subnets/a", "/subnets/b", "/subnets/c"))


def test_a_removed_subnet_is_one_change_and_the_others_keep_their_order() -> None:
    data = posted(Draft.of(SUBNETS))
    data.setlist("remove_subnet", ["/subnets/b", "/subnets/b", "/subnets/x"])
    draft = Draft.read(data, SUBNETS)
    assert draft.removed_subnets == ("/subnets/b",)
    assert (draft.policy, draft.changes) == (replace(SUBNETS, subnets=("/subnets/a", "/subnets/c")), 1)
    assert draft.is_dirty
    assert draft.baseline == Draft.of(SUBNETS).baseline  # what the script compares is without them


def test_a_draft_that_wants_fewer_subnets_removes_the_others() -> None:
    draft = Draft.wanting(replace(SUBNETS, subnets=("/subnets/C",)), stored=SUBNETS)
    assert draft.removed_subnets == ("/subnets/a", "/subnets/b")
    assert draft.policy.subnets == ("/subnets/c",)
