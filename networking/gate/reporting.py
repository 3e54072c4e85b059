"""What a gate tells the console: which generation it serves and, where no proxy logs them, its requests. As datagrams
of JSON to a socket of this machine: nobody waits for whoever reads it, or minds that nobody does."""

import json
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.utils import timezone

EVERY = 5.0  # seconds
LONGEST = 2000  # characters of what a client wrote


class Reporter:
    """Without a path, it tells nobody."""

    def __init__(self, path: str, name: str) -> None:
        self._path = path
        self._name = name
        self._told: tuple[int, float] | None = None  # generation, and when on the clock time.monotonic

    def tell(self, generation: int) -> None:
        """Which generation is served, where that is news or was said too long ago."""
        now = time.monotonic()
        if self._told is None or self._told[0] != generation or now - self._told[1] >= EVERY:
            self._told = generation, now
            self.send({"gate": self._name, "generation": generation, "at": timezone.now().isoformat()})

    def send(self, said: Mapping[str, Any]) -> None:
        """Now or never: a socket that is full or gone loses the line."""
        if not self._path:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours:
            ours.setblocking(False)  # noqa: FBT003 - the standard library's own
            ours.sendto(json.dumps(said).encode(), self._path)


def request_line(
    *,
    host: str,
    address: str,
    forwarded: str,
    method: str,
    uri: str,
    status: int,
    reason: str,
    rule: str,
    agent: str,
    correlation: str,
    size: int,
    generation: int,
) -> dict[str, Any]:
    """A request in the words of the proxy's access log (deploy/nginx)."""
    return {
        "time": timezone.now().isoformat(),
        "host": host[:LONGEST],
        "address": address,
        "forwarded": forwarded[:LONGEST],
        "method": method[:LONGEST],
        "uri": uri[:LONGEST],
        "status": status,
        "reason": reason,
        "rule": rule,
        "agent": agent[:LONGEST],
        "correlation": correlation,
        "bytes": size,
        "generation": generation,
    }
