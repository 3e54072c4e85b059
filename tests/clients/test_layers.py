"""Where layers come from: data endpoints, gated like everything else, and what happens to a client that knows only one
of the host names when the checkbox is ticked."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.lab.lab import Lab
from tests.clients.blade import Blade
from tests.clients.programs import MANIFEST, REGISTRY, Client, eventually, said_to

pytestmark = pytest.mark.client

DATA = f"https://{REGISTRY}.eastus.data.azurecr.test"
BLOB = f"https://{REGISTRY}.blob.azurecr.test"


@pytest.fixture
def layer(office: Client) -> str:
    """The path of the one layer of hello-world."""
    answer = office.curl("/v2/hello-world/manifests/v1", *MANIFEST, *office.bearer())
    digest = json.loads(answer.body)["layers"][0]["digest"]
    return f"/v2/hello-world/blobs/{digest}"


@pytest.fixture
def no_data_endpoint(blade: Blade, office: Client, layer: str) -> Iterator[None]:
    """The checkbox is ticked in the demonstration."""
    blade.tick("data_endpoint", on=False)
    assert eventually(lambda: link_of(office, layer).startswith(f"{BLOB}/"))
    yield
    blade.tick("data_endpoint", on=True)
    assert eventually(lambda: link_of(office, layer).startswith(f"{DATA}/"))


def link_of(client: Client, layer: str) -> str:
    answer = client.curl(layer, *client.bearer())
    assert answer.status == 307, answer
    return answer.headers["location"]


def test_a_layer_is_fetched_from_the_dedicated_data_endpoint(office: Client, layer: str, tmp_path: Path) -> None:
    link = link_of(office, layer)
    assert link.startswith(f"{DATA}/docker/registry/v2/blobs/sha256/")
    assert office.fetch(link, tmp_path / "layer") == 200
    content = (tmp_path / "layer").read_bytes()
    assert layer.endswith(f"sha256:{hashlib.sha256(content).hexdigest()}")


def test_a_digest_with_its_colon_encoded_is_the_same_layer(office: Client, layer: str, tmp_path: Path) -> None:
    """As containerd and others write it."""
    for spelled in (layer.replace(":", "%3A"), layer.replace(":", "%3a"), layer.replace("blobs", "%62lobs")):
        link = link_of(office, spelled)
        assert link.startswith(f"{DATA}/docker/registry/v2/blobs/sha256/")
        assert office.fetch(link, tmp_path / "layer") == 200


def test_the_data_endpoint_is_gated_also_with_a_link_from_inside(office: Client, cafe: Client, layer: str) -> None:
    answer = cafe.curl(link_of(office, layer))
    assert (answer.status, answer.code) == (403, "DENIED")
    assert answer.message.startswith(said_to(cafe.address))


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(lambda link: link.partition("?")[0], id="no signature"),
        pytest.param(lambda link: link.replace("sig=", "sig=A"), id="another signature"),
        pytest.param(lambda link: link.replace("se=", "se=9"), id="another end"),
        pytest.param(lambda link: link.replace("eastus.data", "blob"), id="another host"),
        pytest.param(lambda link: link.replace("mycontainerregistry", "myregistry"), id="another registry"),
        pytest.param(lambda link: link.replace("/data?", "/../x?"), id="another path"),
    ],
)
def test_a_link_that_nobody_signed_leads_nowhere(office: Client, layer: str, changed: object) -> None:
    assert callable(changed)
    answer = office.curl(changed(link_of(office, layer)))
    assert answer.status in (403, 404), answer
    assert answer.code in ("DENIED", "NOT_FOUND")


def test_outside_a_wrong_link_and_a_right_one_are_refused_alike(office: Client, cafe: Client, layer: str) -> None:
    link = link_of(office, layer)
    assert [cafe.curl(each).status for each in (link, link.replace("sig=", "sig=A"), f"{DATA}/")] == [403, 403, 403]


@pytest.mark.usefixtures("no_data_endpoint")
def test_without_the_data_endpoint_layers_come_from_the_blob_host(office: Client, cafe: Client, layer: str) -> None:
    link = link_of(office, layer)
    assert (office.fetch(link, Path("/dev/null")), cafe.curl(link).status) == (200, 403)
    # Nobody is there any more, whatever the link says.
    assert office.curl(link.replace(".blob.", ".eastus.data.")).status in (403, 404)


@pytest.mark.usefixtures("no_data_endpoint")
def test_a_client_whose_own_firewall_allows_the_old_host_only_fails_after_the_switch(
    lab: Lab, blade: Blade, layer: str, tmp_path: Path
) -> None:
    """As document 003 warns before the checkbox is ticked."""
    branch = Client(lab, "branch")
    assert branch.skopeo_pull(tmp_path / "before").worked
    blade.tick("data_endpoint", on=True)
    assert eventually(lambda: link_of(branch, layer).startswith(f"{DATA}/"))
    after = branch.skopeo_pull(tmp_path / "after")
    assert not after.worked
    assert "network is unreachable" in after.errors
