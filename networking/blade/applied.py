"""Whether the gates enforce what is saved, and when each rule last let somebody in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self
from urllib.parse import urlencode

from django.db.models import Subquery
from django.http import QueryDict
from django.utils import timezone

from networking.models import FirewallRule, GateReport
from networking.rows import JudgedRow
from registries.models import Registry

ALIVE = timedelta(seconds=15)  # a gate reports every five
MISSED = timedelta(days=1)  # for so long a gate that stopped is missed, while others go on
RECENT = timedelta(hours=12)  # the time of the day is enough
MOST_GATES = 200
SOONER = (1, 2, 4)  # seconds between the first questions, while a gate is waited for; then every 15
SMALL = tuple(str(number) for number in range(len(SOONER) + 1))


class Kind(StrEnum):
    APPLIED = "applied"
    WAITING = "waiting"
    SILENT = "silent"  # no gate reports any more


@dataclass(frozen=True, slots=True)
class Moment:
    """As a page spells it: without its day where that goes without saying."""

    at: datetime
    recent: bool


@dataclass(frozen=True, slots=True)
class Gate:
    """What a gate said last. `since` is when it first served what is wanted; None where it doesn't, or where that is
    not remembered."""

    name: str
    serves_it: bool
    since: datetime | None
    reported_at: datetime


@dataclass(frozen=True, slots=True)
class Applied:
    """`have` of `of` gates that are alive serve what is saved; `at` is when the last of them took it, or since when no
    gate reports, None where that is not known. `missed` are those that stopped reporting while others go on."""

    kind: Kind
    at: Moment | None
    have: int
    of: int
    missed: tuple[tuple[str, Moment], ...] = ()

    @property
    def key(self) -> str:
        """Another one wherever the page has to say something else."""
        at = int(self.at.at.timestamp()) if self.at else ""
        return f"{self.kind}-{at}-{self.have}-{self.of}-{len(self.missed)}"


def gates_of(registry: Registry) -> list[Gate]:
    """Every gate that ever reported, the one that did so last first. One query, which reads what is wanted afresh."""
    wanted = Registry.objects.filter(pk=registry.pk).values("generation")
    reports = GateReport.objects.annotate(wanted=Subquery(wanted))
    return [
        Gate(
            report.name,
            report.generation >= (report.wanted or 0),
            report.reached(report.wanted or 0),
            report.reported_at,
        )
        for report in reports.order_by("-reported_at")[:MOST_GATES]
    ]


def applied(gates: Sequence[Gate], now: datetime) -> Applied | None:
    """None where no gate has ever reported: nobody enforces anything here, or nobody tells."""
    if not gates:
        return None
    alive = [gate for gate in gates if now - gate.reported_at <= ALIVE]
    if not alive:
        last = max(gate.reported_at for gate in gates)
        return Applied(Kind.SILENT, _moment(last, now), 0, 0)
    have = [gate for gate in alive if gate.serves_it]
    taken = [gate.since for gate in have if gate.since is not None]
    done = len(have) == len(alive)
    return Applied(
        Kind.APPLIED if done else Kind.WAITING,
        _moment(max(taken), now) if done and len(taken) == len(have) else None,
        len(have),
        len(alive),
        tuple((gate.name, _moment(gate.reported_at, now)) for gate in gates if ALIVE < now - gate.reported_at < MISSED),
    )


def _moment(at: datetime, now: datetime) -> Moment:
    return Moment(at, now - at < RECENT)


@dataclass(frozen=True, slots=True)
class Poll:
    """How an open page goes on asking: with which question, and when. `asked` is how often it has, for one change."""

    question: str
    trigger: str
    sooner: bool

    @classmethod
    def of(cls, fingerprint: str, said: Applied | None, asked: int = 0) -> Self:
        waits = said is not None and said.kind is Kind.WAITING
        sooner = waits and asked < len(SOONER)
        shown = said.key if said else ""
        question = urlencode({"fingerprint": fingerprint, "applied": shown, "asked": asked if waits else 0})
        return cls(question, f"load delay:{SOONER[asked]}s, every 15s" if sooner else "every 15s", sooner)


def news(registry: Registry, query: QueryDict) -> dict[str, Any] | None:
    """What an open page has to say otherwise, and when it asks again; None where all stays as it is."""
    said = applied(gates_of(registry), timezone.now())
    asked = query.get("asked", "")
    poll = Poll.of(query.get("fingerprint", ""), said, int(asked) + 1 if asked in SMALL else len(SOONER))
    if not poll.sooner and query.get("applied", "") == (said.key if said else ""):
        return None
    return {"registry": registry, "applied": said, "poll": poll, "oob": True}


@dataclass(frozen=True, slots=True)
class Use:
    """When a rule last let somebody in; where it has not, since when requests are logged: None since it was added."""

    at: datetime | None = None
    unused_since: datetime | None = None


def uses_of(registry: Registry, gates: Sequence[Gate]) -> dict[str, Use]:
    """By range, of the rules that are stored; empty where no gate has ever reported. A gate's report is no log of its
    requests: before a proxy has told of one, nothing is known of rules that were not used. One query, or none."""
    if not gates:
        return {}
    stored = FirewallRule.objects.filter(settings=registry.pk)
    told = stored.values_list("range", "last_used_at", "added_at", "settings__logged_since")
    return {
        text: Use(used_at) if used_at else Use(unused_since=since if since and added_at < since else None)
        for text, used_at, added_at, since in told
        if used_at or since
    }


def with_uses(rows: Iterable[JudgedRow], uses: dict[str, Use]) -> list[tuple[JudgedRow, Use | None]]:
    """Each row with the use of the rule it began as: what is typed in it now has none."""
    return [(judged, uses.get(str(judged.row.saved.range)) if judged.row.saved else None) for judged in rows]


def enforcement(registry: Registry, rows: Iterable[JudgedRow], fingerprint: str) -> dict[str, Any]:
    """What the page says of its gates. One query where there are none, else two."""
    gates = gates_of(registry)
    said = applied(gates, timezone.now())
    return {
        "applied": said,
        "poll": Poll.of(fingerprint, said),
        "has_gates": bool(gates),
        "rows": with_uses(rows, uses_of(registry, gates)),
    }
