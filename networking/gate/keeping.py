"""Keeps a snapshot true: one thread that looks at the database every second, and sooner where that says it changed."""

import logging
import math
import threading
import time
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.db import Error, connection

from networking.gate.reporting import Reporter
from networking.gate.snapshot import Snapshot
from registries.models import Generation

logger = logging.getLogger("portcullis.gate")

EVERY = 1.0  # seconds between two looks
GATHERED = 0.05  # and never less: many changes one after the other are read together
GLANCED = 0.1  # between two glances at whether anything was written to SQLite at all
STALE = 3.0  # older than that is a snapshot that nobody has looked after
CATCHES_UP = 2.0  # how long a question waits for a thread that was just started again


class OrphanedReplicaError(Exception):
    """This database is a replica that doesn't follow its primary just now: what it holds may be old."""


class Keeper:
    """`awake` starts the thread, and starts it again where it is gone: after a fork, or a fault nobody thought of. Who
    asks then waits for its first look, because nobody knows how long there was none."""

    def __init__(self, snapshot: Snapshot, reporter: Reporter | None = None) -> None:
        self.snapshot = snapshot
        self._reporter = reporter or Reporter(settings.GATE_LOG_SOCKET, settings.GATE_NAME)
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._started_at = 0.0  # on the clock time.monotonic
        self._looked = threading.Event()  # since the thread was started
        self._stopped = threading.Event()
        self._away = False
        self._listens = False
        self._file: tuple[int, int] | None = None

    def awake(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            with self._starting:
                if self._thread is None or not self._thread.is_alive():
                    self._looked.clear()
                    self._started_at = time.monotonic()
                    self._thread = threading.Thread(target=self._keep, name="portcullis-snapshot", daemon=True)
                    self._thread.start()
        if not self._looked.is_set():
            self._catch_up()

    def _catch_up(self) -> None:
        """Of a database that is known to be away nothing new can come, and where there is nothing yet nobody is let in
        by it."""
        if STALE < self.snapshot.age < math.inf and not self._away:
            self._looked.wait(max(0.0, self._started_at + CATCHES_UP - time.monotonic()))

    def stop(self) -> None:
        """For tests, and whoever else goes on living."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _keep(self) -> None:
        self._listens = False
        try:
            while not self._stopped.is_set():
                version = _version()
                self.look()
                self._looked.set()
                if self.snapshot.looked_at is not None:
                    self._reporter.tell(self.snapshot.generation)
                self._wait(version)
        finally:
            self._looked.set()
            connection.close()

    def look(self) -> None:
        """Once. Where the database doesn't answer, what is in memory stands until it is too old."""
        try:
            replaced = self._is_replaced() if connection.vendor == "sqlite" else self._listen()
            if self._away or replaced:
                self.snapshot.load()  # it may be another one now, or an older state of this one
            else:
                self.snapshot.refresh()
        except (Error, OSError, OrphanedReplicaError) as error:
            self._lose(error)
        else:
            if self._away:
                self._away = False
                logger.warning("the database answers again; generation %d is served", self.snapshot.generation)

    def _lose(self, error: Exception) -> None:
        if not self._away:
            self._away = True
            logger.error(
                "the database doesn't answer, and decisions come from memory for %d seconds at most: %s",
                settings.GATE_MAX_AGE,
                str(error).strip().partition("\n")[0],
            )
        self._listens = False
        with suppress(Error):
            connection.close()

    def _is_replaced(self) -> bool:
        """SQLite: another file lies there, a backup perhaps, while ours is still open. OSError where there is none."""
        found = Path(connection.settings_dict["NAME"]).stat()
        before, self._file = self._file, (found.st_dev, found.st_ino)
        if before in (None, self._file):
            return False
        connection.close()
        return True

    def _listen(self) -> bool:
        """PostgreSQL: a primary wakes us, a replica can't, and is believed only while it follows its primary."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_is_in_recovery(), EXISTS (SELECT FROM pg_stat_wal_receiver)")
            replica, followed = cursor.fetchone()
            if replica and not followed:
                raise OrphanedReplicaError("this replica has lost its primary")
            if not replica and not self._listens:
                cursor.execute(f"LISTEN {Generation.CHANNEL}")
            self._listens = not replica
        return False

    def _wait(self, version: int | None) -> None:
        until = time.monotonic() + EVERY
        if self._listens:
            self._stopped.wait(GATHERED)
            try:
                # Without Django in between, so what psycopg raises is not yet an error of Django's.
                with connection.wrap_database_errors:
                    for _ in connection.connection.notifies(timeout=until - time.monotonic(), stop_after=1):
                        return
            except (Error, OSError) as error:
                self._lose(error)
        while version is not None and time.monotonic() + GLANCED < until:
            if self._stopped.wait(GLANCED) or _version() != version:
                return
        self._stopped.wait(max(until - time.monotonic(), GATHERED))


def _version() -> int | None:
    """SQLite: a number that is another one after somebody else has written (PRAGMA data_version), a few microseconds to
    read. None for PostgreSQL, and where there is no answer."""
    if connection.vendor != "sqlite":
        return None
    with suppress(Error, OSError), connection.cursor() as cursor:
        cursor.execute("PRAGMA data_version")
        return int(cursor.fetchone()[0])
    return None
