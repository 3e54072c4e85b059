"""manage.py gate_log as it runs beside a proxy: ended, killed, and with its database gone for a while."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.browser.gate import report, request
from tests.browser.server import ROOT, STARTS_WITHIN
from tests.servers import portal, postgres
from tests.servers.portal import THERE_FROM_THE_START, Portal

pytestmark = pytest.mark.server
COUNT = """
import json
from networking.models import AccessRequest, FirewallRule, GateReport
paths = list(AccessRequest.objects.order_by("pk").values_list("path", flat=True))
used = list(FirewallRule.objects.exclude(last_used_at=None).values_list("settings__registry__name", "range"))
print(json.dumps([paths, used, list(GateReport.objects.values_list("name", "generation"))]))
"""


@dataclass
class GateLog:
    """The command on a server's database."""

    server: Portal

    @property
    def path(self) -> Path:
        return self.server.data / "gate_log"

    def start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "manage.py", "gate_log", "--socket", str(self.path)]
        process = subprocess.Popen(
            command, cwd=ROOT, env=self.server.environment, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL
        )
        self.wait_for(process, self.answers)
        return process

    def answers(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(str(self.path))
            except OSError:
                return False
            return True

    def wait_for(self, process: subprocess.Popen[str], holds: Callable[[], bool]) -> None:
        until = time.monotonic() + STARTS_WITHIN
        while not holds():
            if process.poll() is not None or time.monotonic() > until:
                process.kill()
                raise AssertionError(process.communicate()[1])
            time.sleep(0.05)

    def tell(self, *said: dict[str, Any] | bytes) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours:
            ours.connect(str(self.path))
            for each in said:
                ours.sendall(each if isinstance(each, bytes) else json.dumps(each).encode())

    def stored(self) -> tuple[list[str], list[list[str]], list[list[Any]]]:
        paths, used, gates = json.loads(self.server.manage("shell", "--verbosity", "0", "-c", COUNT))
        return paths, used, gates


@pytest.fixture
def log() -> Iterator[GateLog]:
    with portal.installed() as server:
        server.inside("prepare", "1", "0")
        yield GateLog(server)


def line(number: int) -> dict[str, Any]:
    more: dict[str, Any] = {"host": "registry000.azurecr.io", "uri": f"/v2/{number}", "rule": THERE_FROM_THE_START}
    return request("198.51.100.9", "ip_rule", **more)


def test_all_it_was_told_is_written_when_it_is_ended(log: GateLog) -> None:
    process = log.start()
    log.tell(line(0), b"nonsense", b"x" * 200_000, report(7), b"<190>Nov 20 21:35:12 proxy nginx: " + _json(line(1)))
    log.tell(request("9.9.9.9", "no_rule", host="nosuch.azurecr.io"), *(line(number) for number in range(2, 40)))
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=30)[1]
    assert process.returncode == 0, said
    assert not log.path.exists()
    assert log.stored() == ([f"/v2/{n}" for n in range(40)], [["registry000", THERE_FROM_THE_START]], [["gate1", 7]])


def test_one_that_was_killed_is_started_again_over_its_socket(log: GateLog) -> None:
    process = log.start()
    log.tell(line(0))
    log.wait_for(process, lambda: log.stored()[0] == ["/v2/0"])
    process.kill()
    process.communicate()
    assert log.path.is_socket()
    process = log.start()
    log.tell(line(1))
    process.terminate()
    process.communicate(timeout=30)
    assert log.stored()[0] == ["/v2/0", "/v2/1"]


def _json(said: dict[str, Any]) -> bytes:
    return json.dumps(said).encode()


@contextmanager
def postgres_log() -> Iterator[tuple[postgres.Postgres, subprocess.Popen[bytes], GateLog]]:
    if postgres.programs() is None:
        why = "PostgreSQL isn't installed."
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    with postgres.cluster() as database:
        process = database.start()
        with portal.installed(database.url()) as server:
            server.inside("prepare", "1", "0")
            yield database, process, GateLog(server)


def test_while_the_database_is_killed_and_comes_back_nothing_is_lost_and_nothing_is_written_twice() -> None:
    with postgres_log() as (database, first, log):
        running, process = first, log.start()
        try:
            log.tell(line(0))
            log.wait_for(process, lambda: log.stored()[0] == ["/v2/0"])
            postgres.kill(running)
            log.tell(*(line(number) for number in range(1, 600)))
            time.sleep(3)  # it has tried in vain by then
            log.tell(line(600))
            running = database.start()
            log.wait_for(process, lambda: len(log.stored()[0]) >= 601)
            assert log.stored()[0] == [f"/v2/{number}" for number in range(601)]
        finally:
            process.terminate()
            said = process.communicate(timeout=30)[1]
            postgres.stop(running)
        assert process.returncode == 0
        assert "requests wait, because the database doesn't answer" in said
        assert "the database answers again; requests are written" in said
