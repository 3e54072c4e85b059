"""kill -9 in the middle of 200 saves.

Four people add address ranges to eight registries over HTTP. Three times the server and its workers are killed without
warning, on PostgreSQL once the database with them, and the database is read before anything starts again.
"""

import random
import subprocess
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.servers import portal, postgres
from tests.servers.person import LOST, Person
from tests.servers.portal import Portal
from tests.servers.postgres import Postgres

SAVES = 200
PEOPLE = 4
REGISTRIES = 8
KILLED_AT = (50, 100, 150)  # acknowledged saves

Saved = tuple[str, str]  # registry, address range


@dataclass(frozen=True)
class Found:
    """What the database held when nothing ran: what an answer had promised and isn't there, and what isn't whole."""

    when: str
    acknowledged: int
    unanswered: int  # stored, but the answer never came
    missing: tuple[Saved, ...]
    faults: tuple[str, ...]

    def __str__(self) -> str:
        lost = ", ".join(f"{text} of {registry}" for registry, text in self.missing) or "none"
        return (
            f"{self.when:<28} {self.acknowledged:4} saves acknowledged, missing: {lost}; "
            f"{self.unanswered} stored without an answer; not whole: {'; '.join(self.faults) or 'nothing'}"
        )


@dataclass
class Crash:
    """The people, and the server that is taken from them. `up` is clear while it is down."""

    server: Portal
    database: Postgres | None
    up: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    acknowledged: set[Saved] = field(default_factory=set)
    failed: list[str] = field(default_factory=list)

    def run(self, database_process: subprocess.Popen[bytes] | None) -> list[Found]:
        prepared = self.server.inside("prepare", str(REGISTRIES), str(PEOPLE))
        process = self.server.start()
        self.up.set()
        work = [
            threading.Thread(target=self._add, args=(session, list(jobs(number, prepared["registries"]))))
            for number, session in enumerate(prepared["sessions"])
        ]
        for each in work:
            each.start()
        found = []
        try:
            for place, count in enumerate(KILLED_AT):
                self._wait_for(count, work)
                self.up.clear()
                time.sleep(random.uniform(0, 0.05))  # somewhere in the next saves
                portal.kill(process)
                when = f"Killed after {count} saves:"
                if self.database is not None and database_process is not None and place == 1:
                    postgres.kill(database_process)
                    when = f"Killed after {count}, both:"
                    database_process = self.database.start()
                time.sleep(0.2)  # an answer that came before the end is noted by now
                found.append(self._look(when))
                process = self.server.start()
                self.up.set()
            for each in work:
                each.join()
            found.append(self._look("At the end:"))
        finally:
            self.failed.append("The end")  # whoever still works stops
            self.up.set()
            portal.kill(process)
            if database_process is not None:
                postgres.stop(database_process)
        assert self.failed == ["The end"], self.failed
        return found

    def _add(self, session: str, wanted: list[Saved]) -> None:
        """One person. A save whose answer was lost is looked for before it is made again, as a person would."""
        with Person(self.server.port, session) as person:
            for registry, text in wanted:
                while not self.failed and not self._added(person, registry, text):
                    self.up.wait()

    def _added(self, person: Person, registry: str, text: str) -> bool:
        """One try; False where it has to be made again."""
        try:
            form = person.open(registry)
            if text in form.ranges:
                return True
            status = person.save(form.with_range(text))
        except LOST:
            time.sleep(0.05)
            return False
        except AssertionError as error:
            self.failed.append(str(error))
            return False
        if status == 303:
            with self.lock:
                self.acknowledged.add((registry, text))
        elif status != 409:
            self.failed.append(f"Adding {text} to {registry} answers {status}")
        return status == 303

    def _wait_for(self, count: int, work: Iterable[threading.Thread]) -> None:
        while len(self.acknowledged) < count:
            assert not self.failed, self.failed
            assert any(each.is_alive() for each in work), f"Only {len(self.acknowledged)} saves"
            time.sleep(0.002)

    def _look(self, when: str) -> Found:
        with self.lock:
            acknowledged = set(self.acknowledged)
        looked = self.server.inside("look")
        stored = {(name, text) for name, each in looked.items() for text in each["ranges"] if text.startswith("20.")}
        on_record = sum(each["saves"] - 1 for each in looked.values())  # the first one prepared the registry
        faults = [fault for each in looked.values() for fault in each["faults"]]
        if on_record != len(stored):
            faults.append(f"{len(stored)} saves are stored and {on_record} are on record")
        return Found(
            when, len(acknowledged), len(stored - acknowledged), tuple(sorted(acknowledged - stored)), tuple(faults)
        )


def jobs(person: int, registries: list[str]) -> Iterable[Saved]:
    """What one person adds, registry after registry: everybody is at the same ones."""
    for number in range(SAVES // PEOPLE):
        yield registries[number % len(registries)], f"20.{person}.{number}.1"


def on_sqlite() -> list[Found]:
    with portal.installed() as server:
        return Crash(server, None).run(None)


def on_postgres() -> list[Found]:
    with postgres.cluster() as database:
        process = database.start()
        with portal.installed(database.url(), workers=2) as server:
            return Crash(server, database).run(process)
