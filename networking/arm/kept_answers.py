"""Answers that are kept for as long as the database is as it was.

What an answer is made of lies in a dozen tables, from the role of who asks to the words of a rule. So nobody has to
count what touches it: the database itself is asked with one small question whether anything was committed at all.
PostgreSQL names the snapshot that a query reads, and two queries of one snapshot see the same rows. SQLite tells a
connection whether others committed since it asked last, and counts what it changed itself.

All threads share what is kept. A commit is noticed by the next question of each thread, and who notices one begins
anew. So what was put into `Answers` that are still the current ones after a question, was read after they were begun
and before anything else was committed.
"""

import threading
import time
from dataclasses import dataclass, field
from typing import Any, Self

from django.db import InterfaceError, OperationalError, connection
from django.http import HttpResponse
from django.http.response import HttpResponseBase

MOST = 32 * 1024 * 1024  # bytes that a process keeps
LARGEST = 1024 * 1024  # of one answer

# A standby's snapshot leaves out who is still writing. Another server behind the same address began at another time.
POSTGRESQL = b"SELECT pg_current_snapshot(), pg_postmaster_start_time() WHERE NOT pg_is_in_recovery()"
SQLITE = "PRAGMA data_version"

type State = tuple[Any, ...]
type Environ = dict[str, Any]  # of WSGI; Django calls it META
# Authorization, Host, path and query as they were sent: nothing else of a request is in an answer.
type Question = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, and when the token ends that it was given for, in seconds since 1970."""

    ends: float
    body: bytes
    headers: tuple[tuple[str, str], ...]


@dataclass(eq=False, slots=True)
class Answers:
    """All that are kept of one state of the database."""

    state: State | None = None
    size: int = 0
    kept: dict[Question, Kept] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, question: Question, answer: Kept) -> None:
        size = len(answer.body) + sum(len(each) for each in question)
        if size > LARGEST:
            return
        with self._lock:
            if self.size + size > MOST:
                self.kept.clear()
                self.size = 0
            self.kept[question] = answer
            self.size += size


class _Seen(threading.local):
    """What a thread's connection to SQLite said last: it means something to that connection alone."""

    state: State | None = None


@dataclass(slots=True)
class _Shared:
    """What the threads of a process have in common: the answers that are the current ones."""

    answers: Answers = field(default_factory=Answers)


shared = _Shared()
_seen = _Seen()


@dataclass(frozen=True, slots=True)
class Place:
    """Where the answer to a GET is put. It was the current one before anything was read for it: where somebody
    commits in between, nobody finds the answer again."""

    answers: Answers | None
    question: Question

    @classmethod
    def of(cls, environ: Environ) -> Self:
        """One small question to the database, before anything else is read."""
        return cls(current(), _question(environ))

    def keep(self, response: HttpResponseBase, ends: float) -> None:
        """`ends` is the time after which nobody may be given it again."""
        if self.answers is not None and isinstance(response, HttpResponse):
            self.answers.keep(self.question, Kept(ends, response.content, tuple(response.items())))


def found(environ: Environ) -> Kept | None:
    """The answer that was given before, where it is still true. Where there is none the database isn't asked."""
    question = _question(environ)
    if environ["REQUEST_METHOD"] != "GET" or question not in shared.answers.kept:
        return None
    answers = current()
    kept = answers.kept.get(question) if answers is not None else None
    return kept if kept is not None and kept.ends > time.time() else None


def _question(environ: Environ) -> Question:
    sent = environ.get
    return (
        sent("HTTP_AUTHORIZATION", ""),
        sent("HTTP_HOST", ""),
        sent("PATH_INFO", ""),
        sent("QUERY_STRING", ""),
    )


def forget() -> None:
    """For tests."""
    shared.answers, _seen.state = Answers(), None


def current() -> Answers | None:
    """Those that are true of the database as it is now. None where that can't be told: within a transaction, which may
    have written itself, and on a standby. One small question to the database, without Django's cursor and its
    wrappers, which take longer than the answer."""
    if connection.in_atomic_block:
        return None
    # The question finds out by itself whether the connection still lives, which Django would ask beforehand.
    connection.health_check_done = True  # type: ignore[attr-defined] # the stubs lack it
    asked = _postgresql if connection.vendor == "postgresql" else _sqlite
    try:
        return asked()
    except (OperationalError, InterfaceError):
        connection.close()
        return asked()


def _postgresql() -> Answers | None:
    connection.ensure_connection()
    with connection.wrap_database_errors:
        result = connection.connection.pgconn.exec_(POSTGRESQL)
    if result.error_message:
        raise OperationalError(result.error_message.decode(errors="replace"))
    if not result.ntuples:
        return None
    state = (result.get_value(0, 0), result.get_value(0, 1))
    answers = shared.answers
    if answers.state != state:
        answers = shared.answers = Answers(state)
    return answers


def _sqlite() -> Answers:
    connection.ensure_connection()
    with connection.wrap_database_errors:
        raw = connection.connection
        state = (raw, *raw.execute(SQLITE).fetchone(), raw.total_changes)
    if state != _seen.state:
        shared.answers, _seen.state = Answers(), state
    return shared.answers
