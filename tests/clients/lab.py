"""`make lab` as a fixture: the same pieces, on SQLite or on a PostgreSQL of our own."""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.lab.lab import Lab, missing
from tests.servers import postgres
from tests.servers.ports import free_port


def skip_where_it_cannot_be() -> None:
    """CI leaves nothing out."""
    why = ""
    if sys.platform != "linux" or os.geteuid() != 0:
        why = "Client hosts are network namespaces, which need Linux and root."
    elif packages := missing():
        why = f"Missing: apt install {' '.join(packages)}."
    if why:
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)


@contextmanager
def running(name: str, *, registries: Sequence[str] = (), database_url: str = "") -> Iterator[Lab]:
    """A lab that is up; stopped and its data deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="portcullis-clients-") as directory:
        settings = {"DATABASE_URL": database_url} if database_url else {}
        lab = Lab(f"{name}{os.getpid()}", Path(directory), free_port(), registries=registries, **settings)
        try:
            lab.start()
            yield lab
        finally:
            lab.stop()


@contextmanager
def on_postgres(name: str, *, registries: Sequence[str]) -> Iterator[Lab]:
    if postgres.programs() is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL isn't installed.")
        pytest.skip("PostgreSQL isn't installed.")
    with postgres.running() as server, running(name, registries=registries, database_url=server.url()) as lab:
        yield lab
