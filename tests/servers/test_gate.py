"""A gate whose database goes away, stands still, or follows nobody any more."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tests.servers import gate as gates
from tests.servers import portal, postgres
from tests.servers.gate import eventually
from tests.servers.portal import Portal
from tests.servers.postgres import Postgres

pytestmark = pytest.mark.server

OFFICE, ELSEWHERE = "198.51.100.7", "203.0.113.7"  # `prepare` lets the first one in


@pytest.fixture
def primary() -> Iterator[Postgres]:
    if postgres.programs() is None:
        why = "PostgreSQL isn't installed."
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    with postgres.cluster() as made:
        yield made


@contextmanager
def installed(primary: Postgres) -> Iterator[Portal]:
    """One registry, contoso."""
    with portal.installed(primary.create_database("portcullis")) as made:
        made.inside("prepare", "1", "1")
        run(made, "UPDATE registries_registry SET name = 'contoso'")
        yield made


def run(of: Portal, *statements: str) -> None:
    with psycopg.connect(of.database_url) as connection:
        for each in statements:
            connection.execute(each)  # type: ignore[call-overload, unused-ignore]


def let_in(of: Portal, address: str) -> None:
    """A change of the one rule as `store` makes it, in short."""
    run(
        of,
        f"UPDATE networking_firewallrule SET range = '{address}'",
        "UPDATE registries_generation SET value = value + 1",
        "UPDATE registries_registry SET generation = (SELECT value FROM registries_generation)",
    )


def test_a_gate_lives_without_its_database_for_a_while_and_recovers_by_itself(primary: Postgres) -> None:
    process = primary.start()
    try:
        with installed(primary) as home, gates.running(home, home.database_url, max_age=10) as gate:
            assert eventually(lambda: (gate.verdict(OFFICE), gate.verdict(ELSEWHERE)) == (204, 403))
            postgres.kill(process)
            assert (gate.verdict(OFFICE), gate.verdict(ELSEWHERE)) == (204, 403)
            assert eventually(lambda: (gate.verdict(OFFICE), gate.verdict(ELSEWHERE)) == (503, 503))
            assert gate.ask("/state")[0] == 503
            process = primary.start()
            let_in(home, ELSEWHERE)
            assert eventually(lambda: (gate.verdict(OFFICE), gate.verdict(ELSEWHERE)) == (403, 204))
            with gates.frozen(process):
                assert eventually(lambda: (gate.verdict(OFFICE), gate.verdict(ELSEWHERE)) == (503, 503))
            assert eventually(lambda: (gate.verdict(OFFICE), gate.verdict(ELSEWHERE)) == (403, 204))
    finally:
        postgres.stop(process)


def test_a_gate_on_a_replica_follows_the_primary_and_closes_when_nobody_is_followed(primary: Postgres) -> None:
    process = primary.start()
    try:
        with (
            installed(primary) as home,
            gates.replica(primary) as (copy, _),
            gates.running(home, copy.url("portcullis"), max_age=10) as gate,
        ):
            assert eventually(lambda: (gate.verdict(OFFICE), gate.verdict(ELSEWHERE)) == (204, 403))
            let_in(home, ELSEWHERE)
            assert eventually(lambda: (gate.verdict(OFFICE), gate.verdict(ELSEWHERE)) == (403, 204))
            generation = gate.state()["generation"]
            postgres.kill(process)
            assert gate.verdict(ELSEWHERE) == 204
            assert eventually(lambda: (gate.verdict(OFFICE), gate.verdict(ELSEWHERE)) == (503, 503))
            process = primary.start()
            assert eventually(lambda: (gate.verdict(OFFICE), gate.verdict(ELSEWHERE)) == (403, 204))
            assert gate.state()["generation"] == generation
    finally:
        postgres.stop(process)
