"""A PostgreSQL of our own: a scratch cluster on a free port of 127.0.0.1, its data deleted afterwards."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.servers.ports import free_port

STARTS_WITHIN = 60.0
USER = "portcullis"


@dataclass(frozen=True)
class Postgres:
    programs: Path
    directory: Path
    port: int
    password: str

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str) -> str:
        """The URL of a new, empty database."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[call-overload, unused-ignore]
        return self.url(name)

    def start(self) -> subprocess.Popen[bytes]:
        """Answers when this returns. It may have to recover first, and wait for children of the one before to go."""
        until = time.monotonic() + STARTS_WITHIN
        while True:
            process = self._launch()
            while process.poll() is None:
                with suppress(psycopg.OperationalError), psycopg.connect(self.url(), connect_timeout=5):
                    return process
                if time.monotonic() > until:
                    stop(process)
                    break
                time.sleep(0.1)
            if time.monotonic() > until:
                raise AssertionError(f"PostgreSQL doesn't start:\n{(self.directory / 'log').read_text()}")
            time.sleep(0.5)

    def _launch(self) -> subprocess.Popen[bytes]:
        options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": "60"}
        with (self.directory / "log").open("ab") as log:
            return subprocess.Popen(
                [
                    self.programs / "postgres",
                    *("-D", self.directory / "data", "-p", str(self.port)),
                    *(f"--{name}={value}" for name, value in options.items()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **somebody(),
            )


def programs() -> Path | None:
    """The folder of initdb and postgres, the newest there is; None where PostgreSQL isn't installed."""
    found = [*Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda path: float(path.parts[-3])).parent
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


@contextmanager
def cluster() -> Iterator[Postgres]:
    """An empty cluster, not started: what starts it ends it too."""
    folder = programs()
    assert folder is not None, "PostgreSQL isn't installed."
    with tempfile.TemporaryDirectory(prefix="portcullis-postgres-") as directory:
        postgres = Postgres(folder, Path(directory), free_port(), secrets.token_hex(16))
        (postgres.directory / "password").write_text(postgres.password)
        if os.geteuid() == 0:
            for path in (postgres.directory, postgres.directory / "password"):
                shutil.chown(path, "postgres", "postgres")
        subprocess.run(
            [
                folder / "initdb",
                *("--pgdata", postgres.directory / "data", "--username", USER, "--auth", "scram-sha-256"),
                *("--pwfile", postgres.directory / "password", "--encoding", "UTF8", "--no-locale", "--no-sync"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
            **somebody(),
        )
        yield postgres


@contextmanager
def running() -> Iterator[Postgres]:
    """A cluster with the settings PostgreSQL comes with, started; stopped afterwards."""
    with cluster() as postgres:
        process = postgres.start()
        try:
            yield postgres
        finally:
            stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Its fast way to stop: sessions are ended, what is stored is kept."""
    process.send_signal(signal.SIGINT)
    process.wait(STARTS_WITHIN)


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL for the server and every process it has started, as when the machine loses power to all of them."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.kill()
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(int(child), signal.SIGKILL)
    process.wait()


def somebody() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
