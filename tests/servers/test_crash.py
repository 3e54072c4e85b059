"""kill -9 of real servers."""

import os
from collections.abc import Callable

import pytest

from tests.servers import crash, postgres

pytestmark = pytest.mark.server


@pytest.mark.parametrize(
    "run", [pytest.param(crash.on_sqlite, id="SQLite"), pytest.param(crash.on_postgres, id="PostgreSQL")]
)
def test_kill_9_in_the_middle_of_200_saves_leaves_every_acknowledged_one_and_only_whole_ones(
    run: Callable[[], list[crash.Found]],
) -> None:
    if run is crash.on_postgres and postgres.programs() is None:
        why = "PostgreSQL isn't installed."
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    found = run()
    assert [(each.missing, each.faults) for each in found] == [((), ())] * (len(crash.KILLED_AT) + 1)
    assert found[-1].acknowledged + found[-1].unanswered == crash.SAVES
