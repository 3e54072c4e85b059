from dataclasses import replace

from networking.access.policy import PublicAccess
from networking.access.trusted import NO_NETWORKS
from networking.blade.comparison import Cell, ComparedLine, compare
from networking.blade.saving import Conflict
from tests import make

BASE = make.selected("16.17.18.0/24", "203.0.113.0/24")


def test_only_what_somebody_changed_is_compared_and_always_the_ranges() -> None:
    theirs = replace(BASE, trusted_services=False)
    mine = make.selected("203.0.113.0/24", "9.9.9.9")
    assert compare(Conflict(BASE, theirs, mine, None), NO_NETWORKS) == [
        ComparedLine("Trusted services", Cell("Allowed"), Cell("Not allowed", changed=True), Cell("Allowed")),
        ComparedLine(
            "Address ranges",
            Cell("2 ranges"),
            Cell("2 ranges"),
            Cell("2 ranges", changed=True, added=("9.9.9.9",), removed=("16.17.18.0/24",)),
        ),
        ComparedLine("Public addresses", Cell(), Cell(), Cell("1 address gains access; 256 addresses lose access")),
    ]


def test_a_choice_stands_for_the_two_facts_behind_it() -> None:
    lines = compare(Conflict(BASE, BASE.with_public_access(PublicAccess.ALL_NETWORKS), BASE, None), NO_NETWORKS)
    assert [line.label for line in lines] == ["Public network access", "Address ranges", "Public addresses"]
    assert lines[-1].theirs.text == "Everyone else on the internet (3,702,390,272 addresses) gains access"


def test_a_renamed_rule_is_told_with_both_names() -> None:
    mine = replace(BASE, rules=(make.rule("16.17.18.0/24", name="Office", note="Main street"), BASE.rules[1]))
    (ranges,) = compare(Conflict(BASE, BASE, mine, None), NO_NETWORKS)
    assert ranges.mine.renamed == ("16.17.18.0/24: no name → Office · Main street",)


def test_without_a_base_mine_is_compared_with_theirs() -> None:
    lines = compare(Conflict(None, replace(BASE, data_endpoint=True), make.selected("9.9.9.9"), None), NO_NETWORKS)
    assert lines == [
        ComparedLine("Dedicated data endpoint", None, Cell("On"), Cell("Off", changed=True)),
        ComparedLine(
            "Address ranges",
            None,
            Cell("2 ranges"),
            Cell("1 range", changed=True, added=("9.9.9.9",), removed=("16.17.18.0/24", "203.0.113.0/24")),
        ),
        ComparedLine("Public addresses", None, Cell(), Cell("1 address gains access; 512 addresses lose access")),
    ]
