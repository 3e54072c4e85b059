"""Prints 10, 50 and 200 people editing at once, over HTTP on a real server. The goal: nothing lost, no error.

Five people share a registry. Each opens the blade, puts a rule of their own in the place of the one before, and saves;
a 409 is tried again on the fresh page. Nobody takes time to think, so this is the work of far more people than that."""

import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median, quantiles

from tests.servers import postgres
from tests.servers.person import LOST, Person
from tests.servers.portal import THERE_FROM_THE_START, Portal, installed, kill

TO_A_REGISTRY = 5
SAVES = {10: 20, 50: 6, 200: 2}  # by each person, so that no run takes minutes


@dataclass
class Editing:
    """So many people at work, and what comes of it. Times are in milliseconds, as the people see them."""

    saves_each: int
    pages: list[float] = field(default_factory=list)
    saves: list[float] = field(default_factory=list)
    conflicts: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)
    own: dict[tuple[str, str], str] = field(default_factory=dict)  # registry and session: the last acknowledged range

    def run(self, portal: Portal, people: int) -> None:
        prepared = portal.inside("prepare", str(people // TO_A_REGISTRY), str(people))
        work = [
            threading.Thread(
                target=self._edit,
                args=(portal.port, number, session, prepared["registries"][number // TO_A_REGISTRY]),
            )
            for number, session in enumerate(prepared["sessions"])
        ]
        process = portal.start()
        try:
            began = time.perf_counter()
            for each in work:
                each.start()
            for each in work:
                each.join()
            self.seconds = time.perf_counter() - began
        finally:
            kill(process)
        self.wrong += self._lost(portal)

    def _edit(self, port: int, number: int, session: str, registry: str) -> None:
        with Person(port, session) as person:
            for place in range(self.saves_each):
                wanted = f"20.{number}.{place}.1"
                try:
                    while not self._saved(person, registry, self.own.get((registry, session), ""), wanted):
                        pass
                except (AssertionError, *LOST) as error:
                    self.wrong.append(f"Somebody at {registry}: {error}")
                    return
                self.own[registry, session] = wanted

    def _saved(self, person: Person, registry: str, own: str, wanted: str) -> bool:
        began = time.perf_counter()
        form = person.open(registry)
        self.pages.append((time.perf_counter() - began) * 1000)
        form = (form.without_range(own) if own else form).with_range(wanted)
        began = time.perf_counter()
        status = person.save(form)
        self.saves.append((time.perf_counter() - began) * 1000)
        assert status in (303, 409), f"a Save answers {status}"
        self.conflicts += status == 409
        return status == 303

    def _lost(self, portal: Portal) -> Iterable[str]:
        """What is not as the answers promised: each person's last range and no other, and every save on record."""
        looked = portal.inside("look")
        for name, each in looked.items():
            promised = {THERE_FROM_THE_START} | {text for (registry, _), text in self.own.items() if registry == name}
            if set(each["ranges"]) != promised:
                yield f"{name} holds {sorted(set(each['ranges']) ^ promised)} or doesn't, against its answers"
            yield from each["faults"]
        on_record = sum(each["saves"] - 1 for each in looked.values())  # the first one prepared the registry
        if on_record != len(self.saves) - self.conflicts:
            yield f"{len(self.saves) - self.conflicts} saves were acknowledged and {on_record} are on record"


def told(people: int, database: str, found: Editing) -> str:
    stored = len(found.saves) - found.conflicts
    pace = (len(found.pages) + len(found.saves)) / found.seconds
    return (
        f"  {people:3} people, {database:<10} {stored:4} saves, {pace:5.0f} requests/s, "
        f"page {spread(found.pages)}, save {spread(found.saves)}, {found.conflicts:4} times 409, "
        f"lost or wrong: {'; '.join(found.wrong[:3]) or 'nothing'}"
    )


def spread(times: list[float]) -> str:
    return f"{median(times):5.0f} ms (p95 {quantiles(times, n=20)[-1]:5.0f})"


def on_postgres(people: int) -> Editing:
    found = Editing(SAVES[people])
    with postgres.running() as server, installed(server.create_database("editing"), workers=2) as portal:
        found.run(portal, people)
    return found


def on_sqlite(people: int) -> Editing:
    found = Editing(SAVES[people])
    with installed() as portal:
        found.run(portal, people)
    return found


def main() -> int:
    print(f"People editing without a pause, {TO_A_REGISTRY} to a registry; clients and server share the machine:")
    runs = [("SQLite", 50, on_sqlite)]
    if postgres.programs() is not None:
        runs = [*(("PostgreSQL", people, on_postgres) for people in SAVES), *runs]
    whole = True
    for database, people, run in runs:
        found = run(people)
        print(told(people, database, found), flush=True)
        whole = whole and not found.wrong
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())
