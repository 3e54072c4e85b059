"""The same on PostgreSQL, which wakes the gate: what differs from SQLite, and no more."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.lab.lab import Lab
from tests.clients import lab as labs
from tests.clients.blade import Blade
from tests.clients.programs import OWNER, REGISTRY, Client, eventually, refused

pytestmark = pytest.mark.client


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """One registry is enough."""
    labs.skip_where_it_cannot_be()
    with labs.on_postgres("p", registries=[REGISTRY]) as started:
        yield started


@pytest.fixture(scope="module")
def blade(lab: Lab) -> Iterator[Blade]:
    with Blade(lab, OWNER) as signed_in:
        yield signed_in


def test_an_allowed_address_pushes_and_pulls_and_another_is_refused(
    office: Client, cafe: Client, image: Path, tmp_path: Path
) -> None:
    assert office.skopeo_push(image, "samples/first:v1").worked
    assert office.skopeo_pull(tmp_path / "copy", "samples/first:v1").worked
    assert refused(cafe.skopeo_pull(tmp_path / "outside", "samples/first:v1"))


def test_an_address_is_let_in_soon_after_it_was_added_and_out_soon_after_it_was_removed(
    blade: Blade, cafe: Client
) -> None:
    blade.add(cafe.address)
    assert eventually(lambda: cafe.curl("/v2/").status == 401)
    blade.remove(cafe.address)
    assert eventually(lambda: cafe.curl("/v2/").status == 403)


def test_the_gate_is_back_after_it_was_killed(lab: Lab, office: Client, cafe: Client) -> None:
    lab.gate.kill()
    assert eventually(lambda: (office.curl("/v2/").status, cafe.curl("/v2/").status) == (503, 503))
    lab.start_gate()
    assert eventually(lambda: (office.curl("/v2/").status, cafe.curl("/v2/").status) == (401, 403))
