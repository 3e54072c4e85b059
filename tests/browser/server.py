"""The real product as a subprocess: its own data, demonstration mode, granian, a free port."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import connect
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent.parent
STARTS_WITHIN = 30.0


@dataclass(frozen=True)
class Server:
    data: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the shell that runs the tests: no database, no hosts, no TLS of another installation."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        own = {"PORTCULLIS_DATA": str(self.data), "DEMONSTRATION": "true"}
        return kept | own | {"DJANGO_SETTINGS_MODULE": "tests.browser.settings"}

    def manage(self, *arguments: str) -> str:
        """What `manage.py` prints; its error output is in the AssertionError when it fails."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"manage.py {' '.join(arguments)}:\n{done.stderr}"
        return done.stdout

    def remember(self) -> None:
        """What `reset` goes back to: the database as it is now."""
        with closing(connect(self._first)) as first, closing(connect(self._database, timeout=30)) as now:
            now.backup(first)

    def reset(self) -> None:
        """The demonstration state, with whoever was signed in then. Fifty times as fast as `manage.py demo --reset`.

        The count of changes goes on, and every registry is among them: a gate must not take it for the past."""
        with (
            closing(connect(self._first)) as first,
            closing(connect(self._database, timeout=30)) as now,
            closing(connect(":memory:")) as draft,
        ):
            first.backup(draft)
            [count] = now.execute("SELECT value + 1 FROM registries_generation").fetchone()
            draft.execute("UPDATE registries_generation SET value = ?", [count])
            draft.execute("UPDATE registries_registry SET generation = ?", [count])
            draft.commit()
            draft.backup(now)

    def begin_like(self, other: "Server") -> None:
        """Before the start: the files of that one, and the state it remembers."""
        shutil.copytree(other.data / "static", self.data / "static")
        shutil.copy(other.data / "secret-key", self.data)
        for name in (self._first, self._database):
            shutil.copy(other._first, name)

    @property
    def _database(self) -> Path:
        return self.data / "portcullis.sqlite3"

    @property
    def _first(self) -> Path:
        return self.data / "first.sqlite3"

    def log(self) -> str:
        """What the server has said so far."""
        return (self.data / "server.log").read_text()

    def answers(self) -> bool:
        try:
            with urlopen(f"{self.url}/sign-in/", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, ConnectionError, TimeoutError):
            return False


@contextmanager
def running(like: Server | None = None) -> Iterator[Server]:
    """A server that answers, with the demonstration registries; stopped and its data deleted afterwards. `like` is
    another one, whose first state it begins with: that takes no `manage.py`."""
    with tempfile.TemporaryDirectory(prefix="portcullis-") as directory:
        server = Server(data=Path(directory), port=_free_port())
        if like:
            server.begin_like(like)
        else:
            server.manage("migrate", "--verbosity", "0")
            server.manage("collectstatic", "--noinput", "--verbosity", "0")
            server.manage("demo")
            server.remember()
        with (server.data / "server.log").open("w") as log:
            process = _serve(server, log.fileno())
        try:
            _wait(server, process)
            yield server
        finally:
            _stop(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _serve(server: Server, log: int) -> subprocess.Popen[bytes]:
    options = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(server.port), "--log-level", "warning"]
    return subprocess.Popen(
        [sys.executable, "-m", "granian", *options, "--blocking-threads", "4", "registries.wsgi:application"],
        cwd=ROOT,
        env=server.environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )


def _wait(server: Server, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while not server.answers():
        if process.poll() is not None or time.monotonic() > until:
            raise AssertionError(f"The server doesn't answer on {server.url}:\n{server.log()}")
        time.sleep(0.1)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
