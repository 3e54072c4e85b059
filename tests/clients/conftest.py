"""Real clients against a real registry behind the gate, and az against the ARM API. One lab and one pair of servers for
the session; tests put back what they save. So two processes may run them, one those of the lab, one all others."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from deploy.lab.image import make_image
from deploy.lab.lab import Lab
from tests.clients import azure
from tests.clients import lab as labs
from tests.clients.arm import ArmServer, running
from tests.clients.azure import Az
from tests.clients.blade import Blade
from tests.clients.programs import OWNER, Client

WITHOUT_THE_LAB = {
    "test_az",
    "test_az_login",
    "test_az_registries",
    "test_az_sign_in",
    "test_early_answers",
    "test_front",
    "test_sdk",
    "test_writers",
}


class TwoLines(LoadScopeScheduling):  # type: ignore[misc] # xdist tells no types
    """Those with az in one process, those of the lab in another: there is one lab."""

    def _split_scope(self, nodeid: str) -> str:
        return "az" if Path(nodeid.partition("::")[0]).stem in WITHOUT_THE_LAB else "lab"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> TwoLines:
    return TwoLines(config, log)


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    labs.skip_where_it_cannot_be()
    with labs.running("t") as started:
        yield started


@pytest.fixture(scope="session")
def blade(lab: Lab) -> Iterator[Blade]:
    """The Owner, signed in."""
    with Blade(lab, OWNER) as signed_in:
        yield signed_in


@pytest.fixture
def office(lab: Lab) -> Client:
    """203.0.113.10, in the list of mycontainerregistry."""
    return Client(lab, "office")


@pytest.fixture
def home(lab: Lab) -> Client:
    """198.51.100.7, in the same list, alone."""
    return Client(lab, "home")


@pytest.fixture
def cafe(lab: Lab) -> Client:
    """192.0.2.77, in no list of it."""
    return Client(lab, "cafe")


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """One that no registry holds yet, as an OCI layout."""
    layout = tmp_path / "image"
    make_image(layout, text=f"An image of {tmp_path.name}\n", padding=200_000)
    return layout


@pytest.fixture(scope="session")
def server() -> Iterator[ArmServer]:
    """The console and the ARM API over TLS. What a test changes there stays until `demonstration`."""
    with running() as started:
        yield started


@pytest.fixture(scope="session")
def az(server: ArmServer, tmp_path_factory: pytest.TempPathFactory) -> Az:
    """Signed in as the Owner."""
    azure.needed()
    return azure.signed_in(server, tmp_path_factory.mktemp("az"))


@pytest.fixture
def demonstration(server: ArmServer) -> None:
    """The demonstration registries as they were at first: mycontainerregistry has three ranges, myregistry is open."""
    server.reset()
