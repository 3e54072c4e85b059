"""An installation of its own for each figure: data deleted afterwards, PostgreSQL with the settings it comes with."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.browser.server import ROOT
from tests.servers import postgres
from tests.servers.portal import Portal, installed

SQLITE = "SQLite"


@contextmanager
def database() -> Iterator[tuple[str, str]]:
    """Name and URL of PostgreSQL where it is installed; else of SQLite, and then the URL is empty."""
    if postgres.programs() is None:
        yield SQLITE, ""
        return
    with postgres.running() as server:
        yield "PostgreSQL", server.create_database("portcullis")


@contextmanager
def with_plain_admin(database_url: str) -> Iterator[Portal]:
    """Its files collected, the admin's among them."""
    with installed(database_url) as portal:
        portal.manage("collectstatic", "--noinput", "--verbosity", "0", "--settings", "benchmarks.plain_admin_settings")
        yield portal


def inside(portal: Portal, *arguments: str, settings: str = "registries.settings") -> Any:
    """What `benchmarks.inside` answers: Django set up in a process of its own, on that installation."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.inside", *arguments],
        cwd=ROOT,
        env=portal.environment | {"DJANGO_SETTINGS_MODULE": settings},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)
