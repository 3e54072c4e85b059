"""The two servers of `make run`: they start together and end together."""

import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.browser.server import ROOT, STARTS_WITHIN, Server
from tests.servers.ports import free_port

pytestmark = pytest.mark.server
ENDS_WITHIN = 20.0


@dataclass(frozen=True)
class Both(Server):
    arm_port: int = 0

    @property
    def environment(self) -> dict[str, str]:
        venv = str(Path(sys.executable).parent.parent)
        return super().environment | {"ARM_URL": f"https://localhost:{self.arm_port}", "VENV": venv}

    def arm_answers(self) -> bool:
        """It does over TLS, for whoever trusts its authority."""
        try:
            trusting = ssl.create_default_context(cafile=self.data / "authority.pem")
            with urlopen(
                f"https://localhost:{self.arm_port}/metadata/endpoints", timeout=5, context=trusting
            ) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def processes(self) -> list[int]:
        """The two servers themselves, each with its port among its arguments."""
        ports = {f"--port\0{self.port}\0", f"--port\0{self.arm_port}\0"}
        found = []
        for directory in Path("/proc").glob("[0-9]*"):
            try:
                said = (directory / "cmdline").read_text()
            except OSError:
                continue
            if any(port in said for port in ports):
                found.append(int(directory.name))
        return found


@pytest.fixture
def both(tmp_path: Path) -> Both:
    made = Both(data=tmp_path, port=free_port(), arm_port=free_port())
    made.manage("migrate", "--verbosity", "0")
    made.manage("collectstatic", "--noinput", "--verbosity", "0")
    return made


@pytest.fixture
def running(both: Both) -> Iterator[subprocess.Popen[bytes]]:
    with (both.data / "server.log").open("w") as log:
        process = subprocess.Popen(
            # Whoever started the tests may ignore Ctrl+C, and a shell that inherits that can never take it.
            ["env", "--default-signal=INT", "bash", ".ci/serve", str(both.port), str(both.arm_port)],
            cwd=ROOT,
            env=both.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        within(STARTS_WITHIN, lambda: both.answers() and both.arm_answers(), both)
        yield process
    finally:
        process.kill()
        process.wait()
        for left in both.processes():
            os.kill(left, signal.SIGKILL)


def within(seconds: float, true: Callable[[], bool], both: Both) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, both.log()
        time.sleep(0.1)


@pytest.mark.parametrize("time_of", range(3))
def test_ctrl_c_ends_both(both: Both, running: subprocess.Popen[bytes], time_of: int) -> None:
    """Several times, because a granian that hears it together with its worker hangs every other time."""
    os.killpg(running.pid, signal.SIGINT)  # as the terminal sends it: to the whole group
    assert running.wait(ENDS_WITHIN) == 0
    within(ENDS_WITHIN, lambda: both.processes() == [], both)


def test_stopping_the_script_ends_both(both: Both, running: subprocess.Popen[bytes]) -> None:
    running.terminate()
    assert running.wait(ENDS_WITHIN) == 0
    within(ENDS_WITHIN, lambda: both.processes() == [], both)


def test_when_one_ends_so_does_the_other(both: Both, running: subprocess.Popen[bytes]) -> None:
    dashboard = min(both.processes())
    os.kill(dashboard, signal.SIGKILL)
    assert running.wait(ENDS_WITHIN) != 0
    within(ENDS_WITHIN, lambda: both.processes() == [], both)
