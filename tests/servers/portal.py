"""The product on a real server that may be killed: as people run it, on SQLite or PostgreSQL."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.browser.server import ROOT, STARTS_WITHIN, Server
from tests.servers.ports import free_port

THERE_FROM_THE_START = "198.51.100.0/24"  # the one rule of every registry that `prepare` makes


@dataclass(frozen=True)
class Portal(Server):
    """Not the demonstration, whose people share one address and one password."""

    database_url: str = ""
    workers: int = 1

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {
            "DEMONSTRATION": "false",
            "HTTPS": "false",
            "DATABASE_URL": self.database_url,
            "LOG_LEVEL": "WARNING",
        }

    def inside(self, *arguments: str) -> Any:
        """What `tests.servers.inside` answers, from a process of its own on the same database."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.servers.inside", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def start(self) -> subprocess.Popen[bytes]:
        """Answers when this returns. A session of its own, so that one signal reaches the workers too."""
        options = {"interface": "wsgi", "host": "127.0.0.1", "port": self.port, "log-level": "warning"}
        options |= {"workers": self.workers, "blocking-threads": 4}
        with (self.data / "server.log").open("ab") as log:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "granian", "registries.wsgi:application"),
                    *(part for name, value in options.items() for part in (f"--{name}", str(value))),
                ],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = time.monotonic() + STARTS_WITHIN
        while not self.answers():
            if process.poll() is not None or time.monotonic() > until:
                kill(process)
                raise AssertionError(f"The server doesn't answer on {self.url}:\n{self.log()}")
            time.sleep(0.1)
        return process


@contextmanager
def installed(database_url: str = "", *, workers: int = 1) -> Iterator[Portal]:
    """Data of its own, its database made, not started; deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="portcullis-") as directory:
        portal = Portal(Path(directory), free_port(), database_url, workers)
        portal.manage("migrate", "--verbosity", "0")
        portal.manage("collectstatic", "--noinput", "--verbosity", "0")
        yield portal


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL for the server and its workers at once: nobody finishes anything."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
