"""The rows of the address-range list as they were typed, and what is said of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from networking.access.addresses import AddressRange
from networking.access.analysis import Finding, findings
from networking.access.policy import MAX_RULE_NAME, MAX_RULE_NOTE, Rule, line_problem
from networking.access.problems import Code, Problem


def row_id(rule: Rule) -> str:
    """The `rid` of a saved rule's row: it stays the same while the row is edited."""
    return "s-" + str(rule.range).replace(".", "_").replace("/", "-")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list as it was typed. `saved` is the stored rule that the line began as, None for a new line."""

    rid: str
    text: str
    name: str = ""
    note: str = ""
    saved: Rule | None = None
    removed: bool = False

    @classmethod
    def of(cls, rule: Rule, *, removed: bool = False) -> Self:
        return cls(row_id(rule), str(rule.range), rule.name, rule.note, saved=rule, removed=removed)

    @property
    def is_blank(self) -> bool:
        """The empty line at the end of the list, which is no rule and no mistake either."""
        return not (self.text or self.name or self.note or self.saved)


@dataclass(frozen=True, slots=True)
class Message:
    """What is said of a row: an error stops the Save, a warning does not. `action` is the one button it may carry."""

    state: str  # error, warn or info
    text: str
    action: str = ""  # fix or combine
    field: str = "rng"  # the input it is about, by the beginning of its id: rng, name or note
    value: str = ""  # what the action puts in place
    other: str = ""  # with combine: the rid of the row that takes the combined range


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """A row with its number on the page, the range it holds (None where it holds none) and what is said of it."""

    number: int
    row: Row
    range: AddressRange | None = None
    message: Message | None = None

    @property
    def is_error(self) -> bool:
        return self.message is not None and self.message.state == "error"

    @property
    def size(self) -> str:
        if self.range is None or self.row.removed:
            return ""
        return "1 address" if self.range.size == 1 else f"{self.range.size:,} addresses"


def judge(rows: Sequence[Row]) -> tuple[JudgedRow, ...]:
    """Every row as the page numbers it. One that will be deleted on save is shown, and counts for nothing."""
    parsed = [None if row.removed else _range_or_problem(row) for row in rows]
    ranges = [each if isinstance(each, AddressRange) else None for each in parsed]
    judged = []
    for place, (row, each, finding) in enumerate(zip(rows, parsed, findings(ranges), strict=True)):
        if isinstance(each, Problem):
            message: Message | None = _error(each)
        else:
            message = (None if row.removed else _text_error(row)) or _said_of(ranges[place], finding, ranges, rows)
        judged.append(JudgedRow(place + 1, row, ranges[place], message))
    return tuple(judged)


def _said_of(
    each: AddressRange | None, finding: Finding, ranges: Sequence[AddressRange | None], rows: Sequence[Row]
) -> Message | None:
    if finding.duplicate_of is not None:
        return Message("error", f"Same as row {finding.duplicate_of + 1}. Delete one of them.")
    if finding.covered_by is not None:
        other = f"{ranges[finding.covered_by]} (row {finding.covered_by + 1})"
        return Message("warn", f"Already covered by {other}. You can delete this row.")
    if finding.very_wide and each is not None:
        return Message("warn", f"{each} allows {each.size:,} addresses. Check that you mean this.")
    if finding.adjacent_to is not None:
        other = f"{ranges[finding.adjacent_to]} (row {finding.adjacent_to + 1})"
        return Message(
            "info",
            f"Next to {other}; together they are {finding.merged}.",
            action="combine",
            value=str(finding.merged),
            other=rows[finding.adjacent_to].rid,
        )
    return None


def _text_error(row: Row) -> Message | None:
    """What is wrong with the name or the note."""
    for field, text, limit in (("name", row.name, MAX_RULE_NAME), ("note", row.note, MAX_RULE_NOTE)):
        if problem := line_problem(field, text, limit):
            return Message("error", problem.message, field=field)
    return None


def _range_or_problem(row: Row) -> AddressRange | Problem:
    if not row.text and row.saved:
        return Problem(Code.INVALID_IP_ADDRESS, "This row is empty. Type an address range, or delete the row.")
    return AddressRange.parse(row.text)


def _error(problem: Problem) -> Message:
    if problem.fix:
        return Message("error", problem.message, action="fix", value=problem.fix)
    return Message("error", problem.message)
