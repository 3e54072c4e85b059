"""A thread that writes what the gates and proxies tell, so that nobody who tells it waits."""

import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, connection

from networking.request_log import storing
from networking.request_log.lines import Dropped, Line, Report, read

logger = logging.getLogger("portcullis.requests")

EVERY = 1.0  # seconds between two writes,
AT_ONCE = 500  # or so many lines
WAITING = 20_000  # lines that wait for the database at most: 30 MB
MINUTE = 60.0  # between two sentences on what was left out, and between two looks for what is too old


class Writer:
    """`take` starts the thread, and starts it again where it is gone: after a fork, or a fault nobody thought of."""

    def __init__(self, *, waiting: int = WAITING) -> None:
        self._queue: queue.Queue[Line | Report | None] = queue.Queue(waiting)
        self._batch: list[Line | Report] = []
        self._told: storing.LastUses = {}
        self._left_out: Counter[Dropped] = Counter()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._stopped = threading.Event()
        self._away = False
        self._complained = time.monotonic()
        self._trimmed = self._complained - MINUTE

    def take(self, said: bytes | Mapping[str, Any]) -> None:
        """Never waits and never raises."""
        self.put(read(said))

    def put(self, line: Line | Report | Dropped) -> None:
        if isinstance(line, Dropped):
            self._left_out[line] += 1
        else:
            try:
                self._queue.put_nowait(line)
            except queue.Full:
                self._left_out[Dropped.FULL] += 1
        self._awake()

    def stop(self, *, within: float = 5.0) -> None:
        """What waits is written, unless the database is away."""
        self._stopped.set()
        with suppress(queue.Full):
            self._queue.put_nowait(None)  # somebody to wait for
        if self._thread is not None:
            self._thread.join(within)

    def _awake(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            # RuntimeError: the interpreter ends, and starts no thread any more.
            with self._starting, suppress(RuntimeError):
                if (self._thread is None or not self._thread.is_alive()) and not self._stopped.is_set():
                    self._thread = threading.Thread(target=self._run, name="portcullis-requests", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        try:
            while not self._stopped.is_set():
                self._turn()
                if self._away:
                    self._stopped.wait(EVERY)
            self._away = False  # once more
            while (self._batch or not self._queue.empty()) and not self._away:
                self._turn()
            if lost := len(self._batch) + self._queue.qsize():
                logger.error("%d lines were never written, because the database doesn't answer", lost)
        finally:
            self._complain()
            connection.close()

    def _turn(self) -> None:
        self._gather()
        if self._batch:
            self._write()
        else:
            connection.close()  # nothing comes in; the database needs no connection that nobody uses
        if time.monotonic() - self._complained >= MINUTE:
            self._complain()

    def _gather(self) -> None:
        """Until a second is over, there are enough of them, or a gate reports: somebody waits to read that."""
        until = time.monotonic() + EVERY
        while len(self._batch) < AT_ONCE:
            try:
                line = self._queue.get(timeout=max(0.0, until - time.monotonic()) if not self._stopped.is_set() else 0)
            except queue.Empty:
                return
            if line is None:
                return
            self._batch.append(line)
            if isinstance(line, Report):
                return

    def _write(self) -> None:
        """While the database is away the batch stays, and is tried again."""
        try:
            close_old_connections()
            self._store()
            if time.monotonic() - self._trimmed >= MINUTE:
                self._trimmed = time.monotonic()
                self._told.clear()  # it would grow; a rule is told of once more
                storing.trim()
        except (OperationalError, InterfaceError) as error:
            if not self._away:
                logger.error("requests wait, because the database doesn't answer: %s", _first_line(error))
            self._away = True
            with suppress(DatabaseError):
                connection.close()
            return
        if self._away:
            self._away = False
            logger.warning("the database answers again; requests are written")

    def _store(self) -> None:
        try:
            self._left_out[Dropped.ELSEWHERE] += storing.store(self._batch, self._told)
            self._batch = []
        except (OperationalError, InterfaceError):
            raise
        except DatabaseError as error:
            # A registry that was deleted this moment, or what the database won't hold: the others need not go with it.
            logger.warning("%d lines are written one by one: %s", len(self._batch), _first_line(error))
            while self._batch:
                self._store_one(self._batch[0])
                self._batch = self._batch[1:]

    def _store_one(self, line: Line | Report) -> None:
        try:
            self._left_out[Dropped.ELSEWHERE] += storing.store([line], self._told)
        except (OperationalError, InterfaceError):
            raise
        except DatabaseError:
            self._left_out[Dropped.REFUSED] += 1

    def _complain(self) -> None:
        left_out, self._left_out = self._left_out, Counter()
        self._complained = time.monotonic()
        if said := ", ".join(f"{count:,} {why.value}" for why, count in sorted(left_out.items()) if count):
            logger.warning("left out: %s", said)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
