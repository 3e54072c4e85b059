"""A gate process on a database that comes and goes, and a replica of that database."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.browser.server import ROOT
from tests.servers import portal, postgres
from tests.servers.portal import Portal
from tests.servers.ports import free_port
from tests.servers.postgres import Postgres

KEY = "a key of the tests"
REGISTRY = "contoso.azurecr.io"
WITHIN = 30.0  # seconds; only a failure takes that long


@dataclass(frozen=True)
class Gate:
    port: int
    process: subprocess.Popen[bytes]

    def ask(self, path: str, **headers: str) -> tuple[int, bytes]:
        """Status and body; 0 where nobody answers."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path, headers={"Gatekey": KEY, **headers})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except OSError:
            return 0, b""
        finally:
            connection.close()

    def verdict(self, address: str) -> int:
        return self.ask("/decide", Gatehost=REGISTRY, Gatecaller=address)[0]

    def state(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.ask("/state")[1])
        return said


def eventually(true: Callable[[], bool], within: float = WITHIN) -> bool:
    end = time.monotonic() + within
    while not true() and time.monotonic() < end:
        time.sleep(0.1)
    return true()


@contextmanager
def running(of: Portal, database_url: str, *, max_age: int = 3600) -> Iterator[Gate]:
    """It may not be loaded yet."""
    port = free_port()
    environment = of.environment | {
        "DATABASE_URL": database_url,
        "LOGIN_SERVER_SUFFIX": "azurecr.io",
        "GATE_KEY": KEY,
        "GATE_MAX_AGE": str(max_age),
    }
    options = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
    with (of.data / f"gate-{port}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "granian", *options, "networking.gate.wsgi:application"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield Gate(port, process)
    finally:
        portal.kill(process)


@contextmanager
def replica(primary: Postgres) -> Iterator[tuple[Postgres, subprocess.Popen[bytes]]]:
    """A copy that follows, started."""
    directory = primary.directory / "replica"
    directory.mkdir()
    if os.geteuid() == 0:
        shutil.chown(directory, "postgres", "postgres")
    subprocess.run(
        [
            primary.programs / "pg_basebackup",
            *("--pgdata", directory / "data", "--dbname", primary.url(), "--write-recovery-conf", "--no-sync"),
            *("--checkpoint", "fast"),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
        **postgres.somebody(),
    )
    copy = replace(primary, directory=directory, port=free_port())
    process = copy.start()
    try:
        yield copy, process
    finally:
        postgres.stop(process)


@contextmanager
def frozen(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """A server and its children stand still: connections stay open, and nobody answers."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    together = [process.pid, *map(int, children)]
    for each in together:
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in together:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGCONT)
