"""The thread that keeps a snapshot true, and what it does while the database is away."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import InterfaceError, OperationalError, connection
from pytest_django import Settings

from networking.access.compiled import CompiledPolicy
from networking.gate import keeping
from networking.gate.keeping import Keeper, OrphanedReplicaError
from networking.gate.reporting import Reporter
from networking.gate.snapshot import Snapshot
from networking.models import EndpointSettings
from registries.models import Generation, Registry
from tests import make

WITHIN = 20.0  # seconds; only a failure takes that long


class Told(Reporter):
    """Remembers what it should send."""

    def __init__(self) -> None:
        super().__init__("", "gate-1")
        self.generations: list[int] = []

    def tell(self, generation: int) -> None:
        self.generations.append(generation)


def until(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + WITHIN
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    return true()


@contextmanager
def kept(keeper: Keeper) -> Iterator[Keeper]:
    keeper.awake()
    try:
        yield keeper
    finally:
        keeper.stop()


def stored(registry: Registry, *ranges: str) -> None:
    seen = EndpointSettings.of(registry).policy.fingerprint
    EndpointSettings.store(registry, make.selected(*ranges), seen=seen, origin=make.BO)


def failing(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


# The thread


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_it_loads_and_follows_every_change() -> None:
    registry = make.registry("contoso", policy=make.selected("16.17.18.0/24"))
    snapshot, told = Snapshot(), Told()
    with kept(Keeper(snapshot, told)):
        assert until(lambda: snapshot.usable)
        assert snapshot.policy_of("contoso") == CompiledPolicy.of(make.selected("16.17.18.0/24"))
        stored(registry, "203.0.113.7")
        assert until(lambda: snapshot.policy_of("contoso") == CompiledPolicy.of(make.selected("203.0.113.7")))
        assert until(lambda: told.generations[-1:] == [Generation.current()])
    assert "portcullis-snapshot" not in {each.name for each in threading.enumerate()}


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite wakes nobody.")
def test_postgresql_wakes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "EVERY", 3600.0)
    registry = make.registry("contoso", policy=make.selected("16.17.18.0/24"))
    snapshot = Snapshot()
    keeper = Keeper(snapshot, Told())
    keeper.awake()
    assert until(lambda: snapshot.usable)
    stored(registry, "203.0.113.7")
    assert until(lambda: snapshot.policy_of("contoso") == CompiledPolicy.of(make.selected("203.0.113.7")))
    stored(registry, "203.0.113.8")
    assert until(lambda: snapshot.policy_of("contoso") == CompiledPolicy.of(make.selected("203.0.113.8")))
    keeper._stopped.set()
    registry.touch()
    keeper.stop()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no sessions.")
def test_a_session_that_postgresql_ends_is_begun_anew(caplog: pytest.LogCaptureFixture) -> None:
    """Administrators and proxies of databases do that while nothing else is wrong."""
    registry = make.registry("contoso", policy=make.selected("16.17.18.0/24"))
    snapshot = Snapshot()
    with kept(Keeper(snapshot, Told())) as keeper:
        assert until(lambda: snapshot.usable and keeper._listens)
        thread = keeper._thread
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        stored(registry, "203.0.113.7")
        assert until(lambda: snapshot.policy_of("contoso") == CompiledPolicy.of(make.selected("203.0.113.7")))
        assert until(lambda: keeper._listens)
        assert (keeper._thread, thread is not None and thread.is_alive()) == (thread, True)
    assert [each.levelname for each in caplog.records] == ["ERROR", "WARNING"]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_it_is_one_thread_however_often_it_is_woken() -> None:
    with kept(Keeper(Snapshot(), Told())) as keeper:
        for _ in range(100):
            keeper.awake()
        assert [each.name for each in threading.enumerate()].count("portcullis-snapshot") == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_died_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = Snapshot()
    keeper = Keeper(snapshot, Told())
    monkeypatch.setattr(snapshot, "refresh", failing(RuntimeError("nobody thought of it")))
    keeper.awake()
    assert until(lambda: keeper._thread is not None and not keeper._thread.is_alive())
    monkeypatch.undo()
    assert not snapshot.usable
    with kept(keeper):
        assert until(lambda: snapshot.usable)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_who_asks_after_the_thread_died_is_judged_by_what_is_true_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "STALE", 0.0)
    monkeypatch.setattr(keeping, "CATCHES_UP", WITHIN)
    registry = make.registry("contoso", policy=make.selected("16.17.18.0/24"))
    snapshot = Snapshot()
    snapshot.load()
    stored(registry, "203.0.113.7")
    with kept(Keeper(snapshot, Told())):
        assert snapshot.policy_of("contoso") == CompiledPolicy.of(make.selected("203.0.113.7"))


@pytest.mark.parametrize(
    ("age", "away", "waits"),
    [
        pytest.param(10.0, False, True, id="nobody has looked for a while"),
        pytest.param(1.0, False, False, id="somebody has looked a moment ago"),
        pytest.param(10.0, True, False, id="the database is away"),
        pytest.param(None, False, False, id="there is nothing to judge by"),
    ],
)
def test_who_asks_waits_for_a_thread_that_was_just_started(
    monkeypatch: pytest.MonkeyPatch, age: float | None, away: bool, waits: bool
) -> None:
    """As long as CATCHES_UP says and no longer, however many ask."""
    snapshot = Snapshot()
    snapshot.looked_at = None if age is None else time.monotonic() - age
    keeper, looks = Keeper(snapshot, Told()), threading.Event()
    asked: list[float] = []
    keeper._away = away
    monkeypatch.setattr(keeper, "_keep", lambda: looks.wait(WITHIN))
    monkeypatch.setattr(keeper._looked, "wait", asked.append)
    keeper.awake()
    keeper._started_at -= keeping.CATCHES_UP
    keeper.awake()
    looks.set()
    assert [0.0 < each <= keeping.CATCHES_UP for each in asked] == ([True, False] if waits else [])
    assert asked[1:] == ([0.0] if waits else [])


# The database is away


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(OperationalError("server closed the connection\nmore of it"), id="lost"),
        pytest.param(InterfaceError("connection already closed"), id="closed"),
        pytest.param(OSError("no such file"), id="the machine"),
        pytest.param(OrphanedReplicaError("this replica has lost its primary"), id="a replica left alone"),
    ],
)
def test_while_the_database_is_away_memory_decides(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    make.registry("contoso", policy=make.selected("16.17.18.0/24"))
    keeper = Keeper(snapshot, Told())
    keeper.look()
    looked_at = snapshot.looked_at
    monkeypatch.setattr(connection, "close", lambda: None)  # the test's own transaction is on it
    monkeypatch.setattr(snapshot, "refresh", failing(error))
    monkeypatch.setattr(snapshot, "load", failing(error))
    for _ in range(3):
        keeper.look()
    assert snapshot.policy_of("contoso") == CompiledPolicy.of(make.selected("16.17.18.0/24"))
    assert snapshot.looked_at == looked_at
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        (
            "ERROR",
            "the database doesn't answer, and decisions come from memory for 3600 seconds at most: "
            + str(error).partition("\n")[0],
        )
    ]


def test_when_the_database_is_back_everything_is_read_anew(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It may be another one: a backup, or a replica that was behind."""
    registry = make.registry("contoso", policy=make.selected("16.17.18.0/24"))
    keeper = Keeper(snapshot, Told())
    keeper.look()
    with monkeypatch.context() as away:
        away.setattr(connection, "close", lambda: None)
        away.setattr(snapshot, "refresh", failing(OperationalError("gone")))
        keeper.look()
    Registry.objects.filter(pk=registry.pk).delete()  # no door does: neither the count nor a tombstone tells of it
    keeper.look()
    assert snapshot.policy_of("contoso") is None
    assert [each.levelname for each in caplog.records] == ["ERROR", "WARNING"]
    assert caplog.records[1].getMessage() == (
        f"the database answers again; generation {Generation.current()} is served"
    )
    caplog.clear()
    keeper.look()
    assert caplog.records == []


def test_a_loss_closes_the_connection(snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []
    monkeypatch.setattr(connection, "close", lambda: closed.append(True))
    monkeypatch.setattr(snapshot, "refresh", failing(OperationalError("gone")))
    Keeper(snapshot, Told()).look()
    assert closed == [True]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL is no file.")
def test_another_file_in_its_place_is_another_database(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A backup was brought back, while the file that went is still open here."""
    file = tmp_path / "database"
    file.touch()
    monkeypatch.setitem(connection.settings_dict, "NAME", str(file))
    closed = []
    monkeypatch.setattr(connection, "close", lambda: closed.append(True))
    registry = make.registry("contoso", policy=make.selected("16.17.18.0/24"))
    keeper = Keeper(snapshot, Told())
    keeper.look()
    Registry.objects.filter(pk=registry.pk).delete()  # as it isn't in the backup
    keeper.look()
    assert (len(snapshot), closed) == (1, [])
    (tmp_path / "backup").touch()
    (tmp_path / "backup").rename(file)
    keeper.look()
    assert (len(snapshot), closed) == (0, [True])
    file.unlink()
    looked_at = snapshot.looked_at
    keeper.look()
    assert snapshot.looked_at == looked_at
    assert [each.levelname for each in caplog.records] == ["ERROR"]
    assert not file.exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_nothing_is_told_before_there_is_anything(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot, told = Snapshot(), Told()
    failed = threading.Event()

    def fail() -> None:
        failed.set()
        raise OperationalError("gone")

    monkeypatch.setattr(snapshot, "refresh", fail)
    monkeypatch.setattr(snapshot, "load", fail)
    with kept(Keeper(snapshot, told)):
        assert failed.wait(WITHIN)
    assert told.generations == []
    assert not snapshot.usable
