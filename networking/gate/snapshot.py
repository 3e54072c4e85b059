"""Every registry's settings in memory: read once, then only what changed, and looked up without a query."""

import logging
import math
import time

from django.conf import settings

from networking.access.compiled import CompiledPolicy
from networking.access.decision import ConnectionState
from networking.access.trusted import TrustedNetworks
from networking.gate import reading
from networking.gate.reading import Connection, Row
from registries.models import Generation

logger = logging.getLogger("portcullis.gate")


class Entry:
    """A registry as of its last change. Its policy is compiled when it is first asked, and kept as long as the entry:
    a change makes a new one."""

    __slots__ = ("_policy", "_read", "_regions", "connections", "row")

    def __init__(self, row: Row, connections: tuple[Connection, ...] = ()) -> None:
        self.row = row
        self.connections = connections
        self._read = False
        self._policy: CompiledPolicy | None = None
        self._regions: frozenset[str] = frozenset()

    @property
    def policy(self) -> CompiledPolicy | None:
        """None where what is stored can't be read: nobody is let in by guessing."""
        self._look()
        return self._policy

    @property
    def data_regions(self) -> frozenset[str]:
        """Where it has dedicated data endpoints."""
        self._look()
        return self._regions

    def _look(self) -> None:
        if self._read:
            return
        try:
            policy, regions = self.row.compiled(), self.row.regions()
        except ValueError as error:
            logger.error("registry=%s refuses everybody, because its settings can't be read: %s", self.row.name, error)
        else:
            self._policy, self._regions = policy, regions if self.row.data_endpoint else frozenset()
        self._read = True  # last: others ask at the same time


class Snapshot:
    """Empty, and too old to be asked, until it is loaded. One thread loads and refreshes; any thread asks."""

    def __init__(self) -> None:
        self.generation = 0
        self.looked_at: float | None = None  # on the clock time.monotonic, when the last look began that succeeded
        self.trusted = TrustedNetworks()
        self._entries: dict[str, Entry] = {}

    @property
    def age(self) -> float:
        """Seconds since this was known to be true; without end where it never was."""
        return math.inf if self.looked_at is None else time.monotonic() - self.looked_at

    @property
    def usable(self) -> bool:
        """Young enough to decide by. A gate that can't ask closes after GATE_MAX_AGE seconds."""
        return self.age <= settings.GATE_MAX_AGE

    def __len__(self) -> int:
        return len(self._entries)

    def policy_of(self, name: str) -> CompiledPolicy | None:
        """By the name in lower case. None where there is no such registry, or its settings can't be read."""
        entry = self._entries.get(name)
        return entry.policy if entry else None

    def connection_state(self, name: str, of: str) -> ConnectionState | None:
        """The state of a registry's private endpoint connection, by the endpoint's ARM id or the connection's name, in
        any letter case; None where it has none. Of two to one endpoint, one that is approved is a way in."""
        entry, wanted = self._entries.get(name), of.lower()
        states = [each[2] for each in entry.connections if wanted in each[:2]] if entry else []
        return ConnectionState.APPROVED if ConnectionState.APPROVED in states else next(iter(states), None)

    def has_data_endpoint(self, name: str) -> bool:
        return bool(self.data_regions(name))

    def data_regions(self, name: str) -> frozenset[str]:
        """The regions of its dedicated data endpoints; empty while they are off."""
        entry = self._entries.get(name)
        return entry.data_regions if entry else frozenset()

    def location(self, name: str) -> str:
        """Its home region; empty where there is no such registry."""
        entry = self._entries.get(name)
        return entry.row.location.lower() if entry else ""

    def load(self) -> None:
        """Everything anew. What is asked meanwhile is answered from before."""
        began = time.monotonic()
        # The count first: what changes while we read is read again next time, and nothing is missed.
        generation = Generation.current()
        connections = reading.connections()
        entries = {row.name: Entry(row, connections.get(row.name, ())) for row in reading.rows()}
        trusted = _trusted()
        self._entries, self.trusted = entries, trusted
        self.generation, self.looked_at = generation, began

    def refresh(self) -> None:
        """What changed since. Everything, where it was never loaded or the count went back: another database then."""
        began = time.monotonic()
        generation = Generation.current()
        if self.looked_at is None or generation < self.generation:
            self.load()
            return
        if generation > self.generation:
            connections = reading.connections(self.generation)
            for row in reading.rows(self.generation):
                self._entries[row.name] = Entry(row, connections.get(row.name, ()))
            # After the rows: one that is gone by now has a tombstone that is younger than itself.
            for name, deleted_at in reading.tombstones(self.generation):
                entry = self._entries.get(name)
                if entry is not None and entry.row.generation < deleted_at:
                    del self._entries[name]
            self.trusted = _trusted()
            self.generation = generation
        self.looked_at = began


def _trusted() -> TrustedNetworks:
    trusted, unreadable = reading.trusted_networks()
    for name in unreadable:
        logger.error("nobody passes as the trusted service %r, because its networks can't be read", name)
    return trusted
