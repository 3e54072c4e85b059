"""What a gate tells the console: datagrams that nobody waits for."""

import json
import socket
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from networking.gate import reporting
from networking.gate.reporting import Reporter, request_line


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "log")


@pytest.fixture
def console(path: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as theirs:
        theirs.bind(path)
        theirs.setblocking(False)
        yield theirs


def told(console: socket.socket) -> list[dict[str, Any]]:
    found = []
    while True:
        try:
            found.append(json.loads(console.recv(65536)))
        except BlockingIOError:
            return found


def test_a_generation_is_told_when_it_is_news_and_again_after_a_while(
    console: socket.socket, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = 100.0
    monkeypatch.setattr("networking.gate.reporting.time.monotonic", lambda: clock)
    reporter = Reporter(path, "gate-1")
    reporter.tell(7)
    (first,) = told(console)
    assert datetime.fromisoformat(first.pop("at")).utcoffset() is not None
    assert first == {"gate": "gate-1", "generation": 7}
    clock += 4.9
    reporter.tell(7)
    assert told(console) == []
    reporter.tell(8)
    assert [each["generation"] for each in told(console)] == [8]
    clock += 4.9
    reporter.tell(8)
    assert told(console) == []
    clock += 0.2
    reporter.tell(8)
    assert [each["generation"] for each in told(console)] == [8]


def test_a_request_is_told_in_the_words_of_the_proxys_log(console: socket.socket, path: str) -> None:
    line = request_line(
        host="contoso.azurecr.io",
        address="198.51.100.7",
        forwarded="203.0.113.7",
        method="GET",
        uri="/v2/\udc80",
        status=403,
        reason="no_rule",
        rule="",
        agent="docker/28",
        correlation="an id",
        size=204,
        generation=7,
    )
    Reporter(path, "gate-1").send(line)
    (said,) = told(console)
    assert datetime.fromisoformat(said.pop("time")).utcoffset() is not None
    assert said == {
        "host": "contoso.azurecr.io",
        "address": "198.51.100.7",
        "forwarded": "203.0.113.7",
        "method": "GET",
        "uri": "/v2/\udc80",
        "status": 403,
        "reason": "no_rule",
        "rule": "",
        "agent": "docker/28",
        "correlation": "an id",
        "bytes": 204,
        "generation": 7,
    }


def test_what_a_client_wrote_is_cut(console: socket.socket, path: str) -> None:
    long = "é" * 100_000
    line = request_line(
        host=long,
        address="198.51.100.7",
        forwarded=long,
        method=long,
        uri=long,
        status=403,
        reason="no_rule",
        rule="",
        agent=long,
        correlation="an id",
        size=0,
        generation=7,
    )
    Reporter(path, "gate-1").send(line)
    (said,) = told(console)
    assert {name for name, text in said.items() if len(str(text)) == reporting.LONGEST} == {
        "host",
        "forwarded",
        "method",
        "uri",
        "agent",
    }


@pytest.mark.parametrize(
    "where",
    [
        pytest.param("", id="nowhere"),
        pytest.param("{tmp}/none", id="nobody there"),
        pytest.param("{tmp}", id="a folder"),
        pytest.param("/" + "x" * 500, id="too long a path"),
    ],
)
def test_nobody_minds_that_nobody_listens(tmp_path: Path, where: str) -> None:
    Reporter(where.format(tmp=tmp_path), "gate-1").tell(7)


def test_nobody_waits_for_a_console_that_does_not_read(console: socket.socket, path: str) -> None:
    reporter = Reporter(path, "gate-1")
    for _ in range(5000):  # more than any queue of datagrams holds
        reporter.send({"x": "y" * 1000})
    assert 0 < len(told(console)) < 5000
    reporter.send({"x": "z"})
    assert told(console) == [{"x": "z"}]


def test_a_console_that_comes_later_is_told(path: str) -> None:
    reporter = Reporter(path, "gate-1")
    reporter.send({"x": 1})
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as theirs:
        theirs.bind(path)
        theirs.setblocking(False)
        reporter.send({"x": 2})
        assert told(theirs) == [{"x": 2}]
