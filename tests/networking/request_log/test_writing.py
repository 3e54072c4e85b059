"""The thread that writes: nobody waits for it, and it waits for the database."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import DataError, IntegrityError, OperationalError

from networking import request_log
from networking.models import AccessRequest, GateReport
from networking.request_log import storing, writing
from networking.request_log.lines import Line, Report
from networking.request_log.storing import LastUses
from networking.request_log.writing import Writer
from tests import make
from tests.networking.request_log.test_lines import AT, READ, SAID

# The thread has a connection of its own, which sees only what is committed.
pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

Store = Callable[[list[Line | Report], LastUses], int]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "EVERY", 0.02)


def paths() -> list[str]:
    return list(AccessRequest.objects.order_by("pk").values_list("path", flat=True))


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)


def lines(count: int) -> list[Line]:
    return [replace(READ, path=f"/v2/{number}") for number in range(count)]


def test_what_was_taken_is_written_by_the_end() -> None:
    make.registry()
    writer = Writer()
    for each in lines(1200):
        writer.put(each)
    writer.take({"gate": "gate1", "generation": 5, "at": AT.isoformat()})
    writer.stop()
    assert paths() == [f"/v2/{number}" for number in range(1200)]
    assert GateReport.objects.get().generation == 5


def test_a_gate_in_this_process_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    make.registry()
    writer = Writer()
    monkeypatch.setattr(request_log, "_writer", writer)
    request_log.remember(SAID)
    request_log.remember({"nonsense": object()})
    writer.stop()
    assert paths() == [READ.path]


def test_a_writer_that_was_never_told_anything_stops_too() -> None:
    Writer().stop()


def test_a_full_queue_loses_lines_and_nobody_waits(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.registry()
    busy, go_on = threading.Event(), threading.Event()
    real: Store = storing.store

    def slow(said: list[Line | Report], told: LastUses) -> int:
        busy.set()
        assert go_on.wait(20)
        return real(said, told)

    monkeypatch.setattr(storing, "store", slow)
    monkeypatch.setattr(writing, "AT_ONCE", 2)
    writer = Writer(waiting=3)
    first, *rest = lines(9)
    writer.put(first)
    assert busy.wait(20)
    for each in rest:
        writer.put(each)
    go_on.set()
    writer.stop()
    assert paths() == ["/v2/0", "/v2/1", "/v2/2", "/v2/3"]
    assert "left out: 5 more than could be kept waiting" in caplog.text


def test_what_is_left_out_is_said_once_a_minute_and_at_the_end(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.registry()
    writer = Writer()
    for _ in range(3):
        writer.take(b"nonsense")
    writer.take(SAID | {"host": "nosuch.azurecr.io"})
    writer.put(READ)
    until(lambda: bool(paths()))
    assert "left out" not in caplog.text
    writer.stop()
    said = [record.getMessage() for record in caplog.records if "left out" in record.getMessage()]
    assert said == ["left out: 1 about no registry of ours, 3 no log lines"]


def failing(monkeypatch: pytest.MonkeyPatch, times: int, error: Exception) -> list[int]:
    """`store` fails so often; how many lines each call had."""
    real: Store = storing.store
    calls: list[int] = []

    def store(said: list[Line | Report], told: LastUses) -> int:
        calls.append(len(said))
        if len(calls) <= times:
            raise error
        return real(said, told)

    monkeypatch.setattr(storing, "store", store)
    return calls


def test_while_the_database_is_away_lines_wait_and_each_is_written_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    make.registry()
    back = threading.Event()
    real: Store = storing.store
    tried = threading.Semaphore(0)

    def away(said: list[Line | Report], told: LastUses) -> int:
        if not back.is_set():
            tried.release()
            raise OperationalError("connection refused\nIs the server running?")
        return real(said, told)

    monkeypatch.setattr(storing, "store", away)
    writer = Writer()
    for each in lines(5):
        writer.put(each)
    for _ in range(3):
        assert tried.acquire(timeout=20)
    back.set()
    until(lambda: bool(paths()))
    writer.stop()
    assert paths() == [f"/v2/{number}" for number in range(5)]
    said = [record.getMessage() for record in caplog.records if record.name == "portcullis.requests"]
    assert said == [
        "requests wait, because the database doesn't answer: connection refused",
        "the database answers again; requests are written",
    ]


def test_an_end_while_the_database_is_away_says_what_was_lost(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = failing(monkeypatch, 10**6, OperationalError("connection refused"))
    writer = Writer()
    for each in lines(5):
        writer.put(each)
    writer.stop()
    assert calls
    assert "5 lines were never written, because the database doesn't answer" in caplog.text


@pytest.mark.parametrize("error", [IntegrityError("FOREIGN KEY"), DataError("value too long")])
def test_one_line_that_the_database_refuses_takes_no_other_with_it(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    make.registry()
    real: Store = storing.store

    def store(said: list[Line | Report], told: LastUses) -> int:
        if any(isinstance(each, Line) and each.path == "/v2/2" for each in said):
            raise error
        return real(said, told)

    monkeypatch.setattr(storing, "store", store)
    writer = Writer()
    for each in lines(5):
        writer.put(each)
    writer.stop()
    assert paths() == ["/v2/0", "/v2/1", "/v2/3", "/v2/4"]
    assert "left out: 1 refused by the database" in caplog.text


def test_a_thread_that_is_gone_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    make.registry()
    gone = threading.Event()
    fault: dict[str, Any] = {}

    def hook(args: threading.ExceptHookArgs) -> None:
        fault["is"] = args.exc_value
        gone.set()

    monkeypatch.setattr(threading, "excepthook", hook)
    calls = failing(monkeypatch, 1, ZeroDivisionError("a fault nobody thought of"))
    writer = Writer()
    writer.put(lines(2)[0])
    assert gone.wait(20)
    assert isinstance(fault["is"], ZeroDivisionError)
    until(lambda: writer._thread is None or not writer._thread.is_alive())
    writer.put(lines(2)[1])
    writer.stop()
    assert calls[0] == 1
    assert paths() == ["/v2/0", "/v2/1"]


def test_what_is_too_old_goes_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    make.registry()
    trimmed: list[str] = []
    monkeypatch.setattr(storing, "trim", lambda: trimmed.append("now"))
    writer = Writer()
    for _ in range(3):
        for each in lines(500):
            writer.put(each)
    writer.stop()
    assert trimmed == ["now"]
