"""The programs of the lab: started, watched, stopped. None outlives whoever started it."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from deploy.lab.networks import inside

STARTS_WITHIN = 60.0
STOPS_WITHIN = 10.0
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True)


@dataclass
class Program:
    """A process in a session of its own, so that one signal reaches its workers too."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    directory: Path
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.directory,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - no thread has been started by then
            )

    def wait_for(self, ready: Callable[[], bool]) -> None:
        """RuntimeError with the end of its log where it ends first, or takes too long."""
        until = time.monotonic() + STARTS_WITHIN
        while not ready():
            if self.process.poll() is not None or time.monotonic() > until:
                said = self.log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{self.name} doesn't start ({self.log}):\n{said}")
            time.sleep(0.05)

    @property
    def runs(self) -> bool:
        return self.process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """To it and all it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.signal(signal.SIGTERM)
        self.signal(signal.SIGCONT)
        try:
            self.process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.signal(signal.SIGKILL)  # a worker that stayed behind
        self.process.wait()


class Programs:
    """Stopped in the reverse order of their start."""

    def __init__(self, directory: Path, logs: Path) -> None:
        self._directory = directory
        self._logs = logs
        self._started: list[Program] = []

    def start(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        namespace: str = "",
        ready: Callable[[], bool] | None = None,
    ) -> Program:
        program = Program(
            name,
            inside(namespace, command) if namespace else command,
            environment,
            self._logs / f"{name}.log",
            self._directory,
        )
        program.start()
        self._started.append(program)
        if ready is not None:
            program.wait_for(ready)
        return program

    def ended(self) -> Program | None:
        """One that should still run and doesn't."""
        return next((each for each in self._started if not each.runs), None)

    def stop(self) -> None:
        while self._started:
            self._started.pop().stop()


def _end_with_parent() -> None:
    """Also where the parent is killed and can stop nobody any more."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
