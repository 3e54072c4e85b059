"""The conflict page: the settings side by side, and what each side did to them."""

from collections.abc import Sequence
from dataclasses import dataclass

from networking.access.policy import AccessPolicy, Rule, difference, settings_of
from networking.access.trusted import TrustedNetworks
from networking.blade.saving import Conflict
from networking.difference import tell_policies


@dataclass(frozen=True, slots=True)
class Cell:
    """What one side has. `changed` where it differs from what the page was opened with."""

    text: str = ""
    changed: bool = False
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    renamed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ComparedLine:
    label: str
    base: Cell | None
    theirs: Cell
    mine: Cell


def compare(conflict: Conflict, trusted: TrustedNetworks) -> list[ComparedLine]:
    """A line for each setting that anybody's side has otherwise, and always one for the address ranges."""
    base, theirs, mine = conflict.base, conflict.theirs, conflict.mine
    compared = zip(
        settings_of(base) if base else [("", "")] * len(settings_of(mine)),
        settings_of(theirs),
        settings_of(mine),
        strict=True,
    )
    lines = [
        ComparedLine(
            label,
            Cell(was) if base else None,
            Cell(their, changed=base is not None and their != was),
            Cell(my, changed=my != was if base else my != their),
        )
        for (_, was), (label, their), (_, my) in compared
        if len({was if base else my, their, my}) > 1
    ]
    if any(line.label == "Public network access" for line in lines):
        # The choice says it already; on its own the fact behind it matters only while the choice is Disabled.
        lines = [line for line in lines if line.label != "Default action"]
    ranges = ComparedLine(
        "Address ranges",
        Cell(_count(base.rules)) if base else None,
        _ranges(base, theirs) if base else Cell(_count(theirs.rules)),
        _ranges(base or theirs, mine),
    )
    moved = ComparedLine(
        "Public addresses",
        Cell() if base else None,
        Cell(_shift(base, theirs, trusted)) if base else Cell(),
        Cell(_shift(base or theirs, mine, trusted)),
    )
    return [*lines, ranges, moved] if moved.theirs.text or moved.mine.text else [*lines, ranges]


def _shift(before: AccessPolicy, after: AccessPolicy, trusted: TrustedNetworks) -> str:
    """Who gains and who loses access by one side's changes, counted in addresses."""
    return "; ".join(each.who for each in tell_policies(before, after, trusted).shifted)


def _ranges(before: AccessPolicy, after: AccessPolicy) -> Cell:
    changes = difference(before, after)
    return Cell(
        text=_count(after.rules),
        changed=bool(changes.added or changes.removed or changes.renamed),
        added=tuple(map(_spelled, changes.added)),
        removed=tuple(map(_spelled, changes.removed)),
        renamed=tuple(f"{now}: {_named(was)} → {_named(now)}" for was, now in changes.renamed),
    )


def _count(rules: Sequence[Rule]) -> str:
    return "1 range" if len(rules) == 1 else f"{len(rules)} ranges"


def _spelled(rule: Rule) -> str:
    return f"{rule} ({rule.name})" if rule.name else str(rule)


def _named(rule: Rule) -> str:
    return " · ".join(part for part in (rule.name, rule.note) if part) or "no name"
