"""The draft: what the form of the blade holds, read from the form and changed purely."""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count, zip_longest
from typing import Protocol, Self

from networking.access.addresses import AddressRange
from networking.access.policy import (
    MAX_IP_RULES,
    AccessPolicy,
    PublicAccess,
    Rule,
    line_problem,
    too_many_rules,
)
from networking.rows import JudgedRow, Row, judge, row_id

MAX_COMMENT = 400
ROW_ID = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)
SEPARATORS = re.compile(r"[\s,;]+")


class FormData(Protocol):
    """What we need of Django's QueryDict."""

    def get(self, key: str) -> str | None: ...
    def getlist(self, key: str) -> list[str]: ...
    def __contains__(self, key: object) -> bool: ...


@dataclass(frozen=True)
class Draft:
    """An edited page that is not saved. `stored` is the policy it will replace."""

    stored: AccessPolicy
    choice: PublicAccess
    trusted_services: bool
    data_endpoint: bool
    tasks_bypass: bool
    rows: tuple[Row, ...] = field(default=())  # the lines that will be saved, in order
    comment: str = ""  # for the change record; not part of what is saved
    removed_subnets: tuple[str, ...] = ()  # of the stored virtual network rules, which the page makes none of

    @classmethod
    def of(cls, policy: AccessPolicy) -> Self:
        """The page as it is when it is opened."""
        return cls(
            stored=policy,
            choice=policy.public_access,
            trusted_services=policy.trusted_services,
            data_endpoint=policy.data_endpoint,
            tasks_bypass=policy.tasks_bypass,
            rows=tuple(Row.of(rule) for rule in policy.rules),
        )

    @classmethod
    def wanting(cls, wanted: AccessPolicy, *, stored: AccessPolicy, comment: str = "") -> Self:
        """The page on which somebody edits `stored` into `wanted`."""
        saved = {rule.range: rule for rule in stored.rules}
        fresh = (f"d{number}" for number in count())
        return cls(
            stored=stored,
            choice=wanted.public_access,
            trusted_services=wanted.trusted_services,
            data_endpoint=wanted.data_endpoint,
            tasks_bypass=wanted.tasks_bypass,
            rows=tuple(
                Row(
                    row_id(rule) if rule.range in saved else next(fresh),
                    str(rule.range),
                    rule.name,
                    rule.note,
                    saved=saved.get(rule.range),
                )
                for rule in wanted.rules
            ),
            comment=comment,
            removed_subnets=tuple(each for each in stored.subnets if not wanted.names_subnet(each)),
        )

    @classmethod
    def read(cls, data: FormData, policy: AccessPolicy) -> Self:
        """The form as it was posted. Nothing in it is trusted: what was saved is read from `policy` only."""
        choice = data.get("public_access")
        saved = {row_id(rule): rule for rule in policy.rules}
        lists = (data.getlist(name) for name in ("rid", "range", "name", "note"))
        rows: dict[str, Row] = {}
        removed = set(data.getlist("remove_subnet"))
        for posted, *texts in zip_longest(*lists, fillvalue=""):
            rid = posted if ROW_ID.fullmatch(posted) and posted not in rows else _free_id(rows)
            text, name, note = (each.strip() for each in texts)
            row = Row(rid, visible(text), name, note, saved=saved.get(rid))
            if not row.is_blank:
                rows[rid] = row
        return cls(
            stored=policy,
            choice=PublicAccess(choice) if choice in list(PublicAccess) else policy.public_access,
            trusted_services="trusted_services" in data,
            # A locked box is disabled, and posts nothing itself.
            data_endpoint="data_endpoint" in data or "data_endpoint_locked" in data,
            tasks_bypass="tasks_bypass" in data,
            rows=tuple(rows.values()),
            comment=(data.get("comment") or "").strip(),
            removed_subnets=tuple(each for each in policy.subnets if each in removed),
        )

    # Pure changes, each a button of the form that works without JavaScript.

    def without_row(self, rid: str) -> Self:
        return replace(self, rows=tuple(row for row in self.rows if row.rid != rid))

    def with_restored(self, rid: str) -> Self:
        """A saved rule that was deleted in the draft comes back in its place."""
        if any(row.rid == rid for row in self.rows):
            return self
        return replace(
            self,
            rows=tuple(replace(row, removed=False) for row in self.all_rows if not row.removed or row.rid == rid),
        )

    def with_text(self, rid: str, text: str) -> Self:
        return replace(self, rows=tuple(replace(row, text=text) if row.rid == rid else row for row in self.rows))

    def with_range(self, wanted: AddressRange, *, name: str = "") -> Self:
        """One more row; the same draft where a row holds that range already."""
        if any(judged.range == wanted for judged in self.judged):
            return self
        return self._with_new([str(wanted)], name=name)

    def without_range(self, gone: AddressRange) -> Self:
        return replace(
            self, rows=tuple(judged.row for judged in self.judged if judged.range != gone and not judged.row.removed)
        )

    def with_pasted(self, text: str) -> tuple[Self, int, int]:
        """Every value of a pasted text as a row of its own, judged there. What stands in the list already and what
        the list has no room for is skipped: returns the draft, how many were added, how many skipped."""
        have = {row.text for row in self.rows}
        added: list[str] = []
        skipped = 0
        for value in _values(text):
            if value in have or len(self.rows) + len(added) >= MAX_IP_RULES:
                skipped += 1
                continue
            have.add(value)
            added.append(value)
        return self._with_new(added), len(added), skipped

    def with_combined(self, rid: str) -> Self:
        """The row and the adjacent one that its message offers, as one range in the place of the other."""
        for judged in self.judged:
            message = judged.message
            if judged.row.rid == rid and message is not None and message.action == "combine":
                return self.with_text(message.other, message.value).without_row(rid)
        return self

    def _with_new(self, texts: Sequence[str], *, name: str = "") -> Self:
        rows = {row.rid: row for row in self.rows}
        for text in texts:
            rid = _free_id(rows)
            rows[rid] = Row(rid, text, name)
        return replace(self, rows=tuple(rows.values()))

    # Readings.

    @cached_property
    def all_rows(self) -> tuple[Row, ...]:
        """The rows as the page shows them: those that will be deleted on save are still there, marked."""
        kept = {row.rid for row in self.rows}
        order = {row_id(rule): place for place, rule in enumerate(self.stored.rules)}
        shown = list(self.rows)
        for rule in self.stored.rules:
            if row_id(rule) in kept:
                continue
            place = order[row_id(rule)]
            before = [at for at, row in enumerate(shown) if order.get(row.rid, len(order)) < place]
            shown.insert(before[-1] + 1 if before else 0, Row.of(rule, removed=True))
        return tuple(shown)

    @cached_property
    def judged(self) -> tuple[JudgedRow, ...]:
        return judge(self.all_rows)

    @property
    def count(self) -> int:
        """How many rules the draft would save."""
        return len(self.rows)

    @cached_property
    def problems(self) -> tuple[tuple[str, str], ...]:
        """What stops a Save: the id of the field it is about ("" for the list as a whole) and the sentence."""
        found = [
            (f"{judged.message.field}-{judged.row.rid}", f"Row {judged.number}: {judged.message.text}")
            for judged in self.judged
            if judged.message is not None and judged.is_error
        ]
        if self.count > MAX_IP_RULES:
            found.append(("", too_many_rules(self.count).message))
        if problem := line_problem("comment", self.comment, MAX_COMMENT):
            found.append(("comment", problem.message))
        return tuple(found)

    @cached_property
    def policy(self) -> AccessPolicy:
        """What a Save would store; while rows have problems, what it would be without those rows."""
        rules = tuple(
            Rule(judged.range, judged.row.name, judged.row.note)
            for judged in self.judged
            if judged.range is not None and not judged.is_error
        )
        return replace(
            self.stored.with_public_access(self.choice),
            rules=rules,
            subnets=tuple(each for each in self.stored.subnets if each not in self.removed_subnets),
            trusted_services=self.trusted_services,
            data_endpoint=self.data_endpoint,
            tasks_bypass=self.tasks_bypass,
        )

    @property
    def is_dirty(self) -> bool:
        return bool(self.removed_subnets) or self.baseline != Draft.of(self.stored).baseline

    @property
    def baseline(self) -> str:
        """The canonical state as the script on the page spells it too. Rows are compared without their order."""
        rows = sorted([row.text, row.name, row.note] for row in self.rows)
        switches = [self.trusted_services, self.data_endpoint, self.tasks_bypass]
        return json.dumps([self.choice.value, rows, *switches], ensure_ascii=False)

    @property
    def changes(self) -> int:
        """How many unsaved changes the page has: settings, and rows added, edited or deleted."""
        settings = (
            (self.choice, self.stored.public_access),
            (self.trusted_services, self.stored.trusted_services),
            (self.data_endpoint, self.stored.data_endpoint),
            (self.tasks_bypass, self.stored.tasks_bypass),
        )
        edited = sum(1 for row in self.all_rows if row.removed or row != _as_saved(row))
        return edited + len(self.removed_subnets) + sum(1 for now, was in settings if now != was)


def _as_saved(row: Row) -> Row | None:
    return Row.of(row.saved) if row.saved else None


def _values(text: str) -> list[str]:
    """One address or range each; text after # is a comment."""
    lines = (line.partition("#")[0] for line in visible(text).splitlines())
    return [value for line in lines for value in SEPARATORS.split(line) if value]


def visible(text: str) -> str:
    """Without the characters nobody sees: a zero-width space copied along would make a good address look wrong."""
    return "".join(letter for letter in text if unicodedata.category(letter) != "Cf").strip()


def _free_id(taken: Mapping[str, Row]) -> str:
    number = len(taken)
    while f"d{number}" in taken:
        number += 1
    return f"d{number}"
