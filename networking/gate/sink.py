"""Where the front tells of its requests: the socket of `manage.py gate_log` where there is one, else this process."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings

from networking import request_log
from networking.gate.reporting import Reporter
from networking.gate.upstream import Answer


class InProcess(Reporter):
    """Without a socket. `remember` puts a line into a queue and returns."""

    def __init__(self) -> None:
        super().__init__("", settings.GATE_NAME)

    def send(self, said: Mapping[str, Any]) -> None:
        request_log.remember(dict(said))


def reporter() -> Reporter:
    return Reporter(settings.GATE_LOG_SOCKET, settings.GATE_NAME) if settings.GATE_LOG_SOCKET else InProcess()


class Sending:
    """The body of an answer that is passed on. How much of it went is told at its end, whoever ends it."""

    def __init__(self, answer: Answer, said: dict[str, Any], reporter: Reporter) -> None:
        self._blocks = answer.blocks
        self._said = said
        self._reporter = reporter
        self._sent = 0
        self._told = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        block = next(self._blocks)
        self._sent += len(block)
        return block

    def close(self) -> None:
        self._blocks.close()
        if not self._told:
            self._told = True
            self._reporter.send(self._said | {"bytes": self._sent})
