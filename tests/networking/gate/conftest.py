"""A gate over the test's own database, and what a proxy tells it; the same in the dashboard's own server."""

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from networking import request_log
from networking.gate import tokens
from networking.gate.asking import Gate
from networking.gate.front import Front
from networking.gate.snapshot import Snapshot
from registries.models import Account
from tests import make
from tests.networking.gate import behind
from tests.networking.gate.behind import Behind
from tests.networking.gate.site import JSON, Site, django

KEY = "a key of the tests"


@pytest.fixture(autouse=True)
def gate_settings(settings: Settings) -> None:
    """Whatever the environment of whoever runs the tests says."""
    settings.LOGIN_SERVER_SUFFIX = "azurecr.io"
    settings.GATE_KEY = KEY
    settings.GATE_NAME = "gate-1"
    settings.GATE_ORDER = "NETWORK-FIRST"
    settings.GATE_MAX_AGE = 3600
    settings.GATE_GRACE = 0
    settings.GATE_REASON_HEADER = False
    settings.GATE_LOG_SOCKET = ""


@pytest.fixture
def snapshot(db: None) -> Snapshot:
    """Loaded while there is nothing; a test makes what it is about, and refreshes."""
    made = Snapshot()
    made.load()
    return made


@pytest.fixture
def front(snapshot: Snapshot, settings: Settings) -> Front:
    settings.REGISTRY_UPSTREAM = ""
    settings.HTTPS = False
    settings.TRUSTED_PROXIES = ()
    make.registry("contoso", policy=make.selected("203.0.113.0/24"))
    make.registry("fabrikam", policy=make.selected("203.0.113.0/24"))
    snapshot.refresh()
    return Front(django, Gate(snapshot, tokens.identify))


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is said of each request."""
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(request_log, "remember", found.append)
    return found


@pytest.fixture
def site(front: Front, lines: list[dict[str, Any]]) -> Site:
    return Site(front, lines)


@pytest.fixture
def registry(settings: Settings) -> Iterator[Behind]:
    """One that stands behind the front."""
    with behind.running() as started:
        settings.REGISTRY_UPSTREAM = started.address
        started.answer = lambda told, handler: handler.say(200, b"of the registry", JSON)
        yield started


@pytest.fixture
def data_endpoint(front: Front, snapshot: Snapshot) -> None:
    make.registry("layers", policy=make.selected("203.0.113.0/24", data_endpoint=True), location="westeurope")
    snapshot.refresh()


@pytest.fixture
def cy(db: None) -> Account:
    return make.account("Reader", username="cy@example.org")
