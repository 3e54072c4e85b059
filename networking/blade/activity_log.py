"""The activity log: what a person asked of it, and what a line says."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone

from networking.difference import Told, door_name, tell
from registries.models import Change
from registries.resource_id import ResourceId

LINES = 30  # to a page
LONGEST_SEARCH = 100
RECENT = (
    2000  # changes whose doors, operations and accounts are offered; a search over all of them would read the table
)

TIMESPANS = {
    "hour": ("Last hour", timedelta(hours=1)),
    "day": ("Last 24 hours", timedelta(hours=24)),
    "week": ("Last 7 days", timedelta(days=7)),
    "month": ("Last 30 days", timedelta(days=30)),
}
# A filter's name in the address, the column it is about, and how people call it.
FILTERS = {
    "door": ("door", "door"),
    "operation": ("operation", "operation"),
    "by": ("account", "account"),
}
# By the part of a resource id in front of its name.
KINDS = {
    "resourceGroups": "Resource group",
    "virtualNetworks": "Virtual network",
    "subnets": "Subnet",
    "privateEndpoints": "Private endpoint",
    "providers": "Resource provider",
}


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    text: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to the log. Words that mean nothing are left out, and `refused` says which."""

    q: str = ""
    timespan: str = ""
    chosen: dict[str, str] = field(default_factory=dict)  # by the names of FILTERS
    offered: dict[str, tuple[str, ...]] = field(default_factory=dict)
    refused: str = ""

    @classmethod
    def read(cls, query: QueryDict, changes: QuerySet[Change]) -> Self:
        """One query for what the filters offer, and one for each word that is not among it."""
        typed = {name: query.get(name, "").replace("\0", "").strip() for name in ("q", "timespan", *FILTERS)}
        offered, chosen, unknown = _offered(changes), {}, []
        if typed["timespan"] and typed["timespan"] not in TIMESPANS:
            unknown.append(f"timespan '{typed.pop('timespan')[:50]}'")
        for name, (column, label) in FILTERS.items():
            value = typed[name]
            if not value:
                continue
            if value in offered[name]:
                chosen[name] = value
            elif changes.filter(**{column: value}).exists():  # older than what is offered
                chosen[name] = value
                offered[name] = (*offered[name], value)
            else:
                unknown.append(f"{label} '{value[:50]}'")
        return cls(
            q=typed["q"][:LONGEST_SEARCH],
            timespan=typed.get("timespan", ""),
            chosen=chosen,
            offered=offered,
            refused=_refusal(unknown, too_long=len(typed["q"]) > LONGEST_SEARCH),
        )

    @property
    def narrowed(self) -> bool:
        return bool(self.q or self.timespan or self.chosen)

    @property
    def nothing_found(self) -> str:
        return "No events match these filters." if self.q or self.chosen else "No events in this timespan."

    @property
    def timespans(self) -> list[Choice]:
        return [Choice(key, text, key == self.timespan) for key, (text, _) in TIMESPANS.items()]

    @property
    def doors(self) -> list[Choice]:
        return [Choice(door, door_name(door), door == self.chosen.get("door")) for door in self.offered["door"]]

    @property
    def operations(self) -> list[Choice]:
        return self._choices("operation")

    @property
    def accounts(self) -> list[Choice]:
        return self._choices("by")

    def _choices(self, name: str) -> list[Choice]:
        return [Choice(value, value, value == self.chosen.get(name)) for value in self.offered[name]]

    def narrow(self, changes: QuerySet[Change]) -> QuerySet[Change]:
        """The changes asked for, newest first. The indexes of Change serve order and timespan; a search reads on."""
        if self.timespan:
            changes = changes.filter(at__gte=timezone.now() - TIMESPANS[self.timespan][1])
        changes = changes.filter(**{FILTERS[name][0]: value for name, value in self.chosen.items()})
        if self.q:
            changes = changes.filter(_found(self.q))
        return changes.order_by("-at", "-pk")


def _offered(changes: QuerySet[Change]) -> dict[str, tuple[str, ...]]:
    recent = Change.objects.filter(pk__in=changes.order_by("-at").values("pk")[:RECENT])
    columns = [column for column, _ in FILTERS.values()]
    seen = recent.values_list(*columns).distinct()
    values = list(zip(*seen, strict=True)) or [()] * len(columns)
    return {
        name: tuple(sorted(set(found), key=lambda value: (value.casefold(), value)))
        for name, found in zip(FILTERS, values, strict=True)
    }


def _found(q: str) -> Q:
    # Neither SQLite nor PostgreSQL without a locale knows the two cases of a letter beyond ASCII; a pattern that names
    # both does.
    lookup, text = ("icontains", q) if q.isascii() else ("iregex", _in_any_case(q))
    columns = ("operation", "account", "comment", "address")
    found = Q(*((f"{column}__{lookup}", text) for column in columns), _connector=Q.OR)
    # The name is the last part of the id; a search must not find all registries of a group.
    return found | Q(resource_id__iregex=rf"{re.escape(q)}[^/]*$")


def _in_any_case(text: str) -> str:
    return "".join(
        re.escape(letter) if letter.isascii() else f"({letter}|{letter.lower()}|{letter.upper()})" for letter in text
    )


def _refusal(unknown: list[str], *, too_long: bool) -> str:
    said = []
    if unknown:
        left_out = "that filter is" if len(unknown) == 1 else "those filters are"
        said.append(f"This log has no {' and no '.join(unknown)}; {left_out} left out.")
    if too_long:
        said.append(f"A search can have {LONGEST_SEARCH} characters; the rest is left out.")
    return " ".join(said)


@dataclass(frozen=True, slots=True)
class Event:
    """One change as the log shows it. `registry` is its name, which stays when the registry is gone; of what is no
    registry, what it is called."""

    told: Told
    registry: str
    resource_id: str
    exists: bool
    gone: bool
    door: str
    account: str
    address: str
    at: datetime
    comment: str

    @classmethod
    def of(cls, change: Change) -> Self:
        place = ResourceId.parse(change.resource_id)
        return cls(
            told=tell(change),
            registry=place.name if place else _called(change.resource_id),
            resource_id=change.resource_id,
            exists=place is not None and change.registry_id is not None,
            gone=place is not None and change.registry_id is None,
            door=door_name(change.door),
            account=change.account,
            address=change.address,
            at=change.at,
            comment=change.comment,
        )


def _called(resource_id: str) -> str:
    """What people call something that is no registry; of what has no such name here, the id itself."""
    *_, kind, name = ("", *resource_id.split("/"))
    return f"{KINDS[kind]} {name}" if kind in KINDS else resource_id


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the log. `previous` and `next` are page numbers, 0 where there is none."""

    events: tuple[Event, ...]
    showing: str
    previous: int
    next: int

    @classmethod
    def of(cls, changes: QuerySet[Change], number: str) -> Self:
        """The page asked for, or the nearest there is. Two queries."""
        paginator = Paginator(changes, LINES)
        wanted = int(number) if number.isdecimal() and len(number) < 10 else 1
        page = paginator.page(min(max(wanted, 1), paginator.num_pages))
        return cls(
            events=tuple(Event.of(change) for change in page.object_list),
            showing=_showing(page.start_index(), page.end_index(), paginator.count),
            previous=page.previous_page_number() if page.has_previous() else 0,
            next=page.next_page_number() if page.has_next() else 0,
        )


def events(changes: QuerySet[Change], *, at_once: int) -> Iterator[Event]:
    """All of them, read little by little."""
    return map(Event.of, changes.iterator(chunk_size=at_once))


def _showing(first: int, last: int, count: int) -> str:
    events = "event" if count == 1 else "events"
    return f"Showing {first:,} to {last:,} of {count:,} {events}." if count else ""
