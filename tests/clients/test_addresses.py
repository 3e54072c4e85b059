"""What the Networking page saves, and what real clients get: push and pull, 403, and how soon."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.lab.image import make_image
from tests.clients.blade import Blade
from tests.clients.programs import CONTRIBUTOR, MANIFEST, READER, Client, eventually, refused, said_to

pytestmark = pytest.mark.client

REPOSITORY = "samples/first"


@pytest.fixture
def cafe_is_listed(blade: Blade, cafe: Client) -> Iterator[None]:
    blade.add(cafe.address)
    yield
    if cafe.address in blade.open("mycontainerregistry").ranges:
        blade.remove(cafe.address)


def in_directory(directory: Path) -> bool:
    """skopeo has left a whole image there."""
    return (directory / "manifest.json").is_file()


def test_skopeo_pushes_and_pulls_from_an_allowed_address(office: Client, image: Path, tmp_path: Path) -> None:
    pushed = office.skopeo_push(image, f"{REPOSITORY}:v1")
    assert pushed.worked, pushed
    pulled = office.skopeo_pull(tmp_path / "copy", f"{REPOSITORY}:v1")
    assert pulled.worked, pulled
    assert in_directory(tmp_path / "copy")


def test_oras_pushes_and_pulls_from_an_allowed_address(office: Client, tmp_path: Path) -> None:
    artifact = tmp_path / "artifact.txt"
    artifact.write_text("Not an image.\n")
    pushed = office.oras("push", "samples/artifact:v1", artifact)
    assert pushed.worked, pushed
    pulled = office.oras("pull", "samples/artifact:v1", tmp_path / "copy")
    assert pulled.worked, pulled
    assert [path.read_text() for path in (tmp_path / "copy").rglob("*.txt")] == ["Not an image.\n"]


def test_skopeo_is_refused_from_another_address(cafe: Client, image: Path, tmp_path: Path) -> None:
    assert refused(cafe.skopeo_pull(tmp_path / "copy"))
    assert refused(cafe.skopeo_push(image, "samples/outside:v1"))
    assert not in_directory(tmp_path / "copy")


def test_oras_is_refused_from_another_address(cafe: Client, tmp_path: Path) -> None:
    assert not cafe.oras("pull", "hello-world:v1", tmp_path / "copy").worked
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize(
    ("path", "options"),
    [
        pytest.param("/v2/", (), id="handshake"),
        pytest.param("/v2/hello-world/manifests/v1", (), id="manifest"),
        pytest.param("/v2/hello-world/blobs/sha256:" + "0" * 64, (), id="layer"),
        pytest.param("/v2/hello-world/blobs/uploads/", ("--data-binary", "x" * 1000), id="upload"),
        pytest.param("/oauth2/token?service=mycontainerregistry.azurecr.test", (), id="token"),
        pytest.param("/oauth2/token", ("--data", "grant_type=password&username=a&password=b"), id="posted token"),
        pytest.param("/oauth2/exchange", ("--data", "grant_type=access_token"), id="exchange"),
        pytest.param("/", (), id="anything else"),
    ],
)
def test_the_refusal_is_that_of_azure_with_the_address_seen(cafe: Client, path: str, options: tuple[str, ...]) -> None:
    answer = cafe.curl(path, *options)
    assert (answer.status, answer.code) == (403, "DENIED"), answer
    assert answer.message.startswith(said_to(cafe.address))
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["docker-distribution-api-version"] == "registry/2.0"
    assert {"www-authenticate", "gatereason", "gaterule"} & answer.headers.keys() == set()


def test_nothing_that_the_gate_tells_its_proxy_reaches_a_client(office: Client, cafe: Client) -> None:
    answers = [each.curl(path) for each in (office, cafe) for path in ("/v2/", "/oauth2/token", "/oauth2/exchange")]
    answers += [office.token(), cafe.token()]
    assert [name for answer in answers for name in answer.headers if name.startswith("gate")] == []


def test_outside_nobody_learns_which_password_is_right(cafe: Client) -> None:
    right, wrong = cafe.token(), cafe.token(who=("ada@example.org", "wrong"))
    assert (right.status, wrong.status) == (403, 403)


def test_a_wrong_password_is_refused_from_an_allowed_address(office: Client, tmp_path: Path) -> None:
    assert office.token(who=("ada@example.org", "wrong")).status == 401
    assert not office.skopeo_pull(tmp_path / "copy", who="ada@example.org:wrong").worked


def test_a_token_from_inside_is_worth_nothing_outside(office: Client, cafe: Client) -> None:
    token = office.bearer()
    inside, outside = (each.curl("/v2/hello-world/manifests/v1", *MANIFEST, *token) for each in (office, cafe))
    assert (inside.status, outside.status) == (200, 403)


def test_a_token_is_for_one_registry(office: Client) -> None:
    token = office.bearer("myregistry")
    answers = [
        office.curl(f"https://{name}.azurecr.test/v2/hello-world/manifests/v1", *MANIFEST, *token).status
        for name in ("myregistry", "mycontainerregistry")
    ]
    assert answers == [200, 401]


def test_a_reader_pulls_and_does_not_push(office: Client, image: Path, tmp_path: Path) -> None:
    reader, contributor = (f"{each.username}:{each.password}" for each in (READER, CONTRIBUTOR))
    assert office.skopeo_pull(tmp_path / "copy", who=reader).worked
    pushed = office.skopeo_push(image, "samples/reader:v1", who=reader)
    assert not pushed.worked
    assert "403 (Forbidden)" not in pushed.errors  # their role is the matter, not their network
    assert office.skopeo_push(image, "samples/contributor:v1", who=contributor).worked


@pytest.mark.usefixtures("cafe_is_listed")
def test_an_address_is_let_in_soon_after_it_was_added_and_out_soon_after_it_was_removed(
    blade: Blade, cafe: Client, tmp_path: Path
) -> None:
    assert eventually(lambda: cafe.skopeo_pull(tmp_path / "copy").worked)
    blade.remove(cafe.address)
    assert eventually(lambda: cafe.curl("/v2/").status == 403)
    assert refused(cafe.skopeo_pull(tmp_path / "another"))


def test_disabled_refuses_an_address_that_is_listed(blade: Blade, office: Client, home: Client) -> None:
    blade.choose("disabled")
    try:
        assert home.address in blade.open("mycontainerregistry").ranges
        assert eventually(lambda: office.curl("/v2/").status == home.curl("/v2/").status == 403)
    finally:
        blade.choose("selected")
    assert eventually(lambda: office.curl("/v2/").status == home.curl("/v2/").status == 401)


def test_all_networks_admits_everybody(blade: Blade, cafe: Client, tmp_path: Path) -> None:
    blade.choose("all")
    try:
        assert eventually(lambda: cafe.skopeo_pull(tmp_path / "copy").worked)
    finally:
        blade.choose("selected")
    assert eventually(lambda: cafe.curl("/v2/").status == 403)


def test_every_registry_has_its_own_rules(cafe: Client, office: Client) -> None:
    names = ("mycontainerregistry", "myregistry", "contosoarchive")
    asked = {
        each.host: [each.curl(f"https://{name}.azurecr.test/v2/").status for name in names] for each in (office, cafe)
    }
    assert asked == {"office": [401, 401, 403], "cafe": [403, 401, 403]}


def test_a_large_layer_goes_both_ways(office: Client, tmp_path: Path) -> None:
    """Above every buffer there is."""
    make_image(tmp_path / "image", padding=40_000_000)
    assert office.skopeo_push(tmp_path / "image", "samples/large:v1").worked
    assert office.skopeo_pull(tmp_path / "copy", "samples/large:v1").worked
