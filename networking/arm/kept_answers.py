"""Answers that are kept for as long as the database is as it was.

What an answer is made of lies in a dozen tables, from the role of who asks to the words of a rule. So nobody has to
count what touches it: the database itself is asked with one small question whether anything was committed at all.
PostgreSQL names the snapshot that a query reads, and two queries of one snapshot see the same rows. SQLite counts what
other connections commit, and what this one changes.
"""

import threading
import time
from dataclasses import dataclass, field
from typing import Any, Self

from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

MOST = 16 * 1024 * 1024  # bytes that a thread keeps
LARGEST = 1024 * 1024  # of one answer

# A standby's snapshot leaves out who is still writing.
POSTGRESQL = "SELECT pg_current_snapshot()::text WHERE NOT pg_is_in_recovery()"
SQLITE = "PRAGMA data_version"

type State = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, and when the token ends that it was given for, in seconds since 1970."""

    ends: float
    body: bytes
    headers: dict[str, str]


@dataclass
class Answers:
    """All that are kept of one state of the database."""

    state: State | None = None
    size: int = 0
    kept: dict[tuple[str, str], Kept] = field(default_factory=dict)


class Own(threading.local):
    """Each thread keeps its own, as its connection to the database is its own."""

    def __init__(self) -> None:
        self.answers = Answers()


own = Own()


@dataclass(frozen=True, slots=True)
class Look:
    """A look for the answer to a GET, and where a new one is put. The state is that before anything was read for it:
    where somebody commits in between, nobody finds the answer again."""

    state: State | None
    question: tuple[str, str]

    @classmethod
    def of(cls, request: HttpRequest) -> Self:
        """One query, before anything else is read."""
        return cls(database_state(), (request.headers.get("Authorization", ""), request.get_full_path()))

    def found(self) -> HttpResponse | None:
        if self.state is None or self.state != own.answers.state:
            return None
        kept = own.answers.kept.get(self.question)
        if kept is None or kept.ends <= time.time():
            return None
        return HttpResponse(kept.body, headers=kept.headers)

    def keep(self, response: HttpResponseBase, ends: float) -> None:
        """`ends` is the time after which nobody may be given it again."""
        if self.state is None or response.status_code != 200 or not isinstance(response, HttpResponse):
            return
        size = len(response.content) + sum(len(each) for each in self.question)
        if size > LARGEST:
            return
        if self.state != own.answers.state or own.answers.size + size > MOST:
            own.answers = Answers(self.state)
        own.answers.kept[self.question] = Kept(ends, response.content, dict(response.items()))
        own.answers.size += size


def database_state() -> State | None:
    """Where it is the same twice, so is every row. None where that can't be told: within a transaction, which may have
    written itself, and on a standby. One query."""
    if connection.in_atomic_block:
        return None
    # The question finds out by itself whether the connection still lives, which Django would ask beforehand.
    connection.health_check_done = True  # type: ignore[attr-defined] # the stubs lack it
    try:
        return _asked()
    except (OperationalError, InterfaceError):
        connection.close()
        return _asked()


def _asked() -> State | None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRESQL)
            row = cursor.fetchone()
            return (connection.connection, *row) if row else None
        cursor.execute(SQLITE)
        return (connection.connection, *cursor.fetchone(), connection.connection.total_changes)
