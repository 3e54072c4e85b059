"""Layers at their data endpoint: the links that lead there, and what they are good for."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from networking.gate import blob_links
from registries.models import Account
from tests.networking.gate.behind import Behind
from tests.networking.gate.site import BLOB, HOST, OUTSIDE, PULL, Site, token


def _link(site: Site, account: Account, host: str = HOST) -> tuple[str, str, str]:
    """Host, path and query of where a layer is to be had."""
    answer = site.ask(BLOB, host=host, token=token(account, PULL, host=host))
    assert (answer.status, answer.body) == (307, b"")
    there, _, query = answer.headers["Location"].removeprefix("http://").partition("?")
    name, _, path = there.partition("/")
    return name, f"/{path}", query


@pytest.mark.parametrize(
    ("host", "there"),
    [
        pytest.param("contoso.azurecr.io", "contoso.blob.azurecr.io", id="off"),
        pytest.param("layers.azurecr.io", "layers.westeurope.data.azurecr.io", id="on"),
        pytest.param("layers.azurecr.io:8000", "layers.westeurope.data.azurecr.io:8000", id="with a port"),
    ],
)
def test_a_layer_is_to_be_had_at_the_data_endpoint(
    site: Site, registry: Behind, data_endpoint: None, cy: Account, host: str, there: str
) -> None:
    name, path, query = _link(site, cy, host)
    assert (name, path) == (there, f"/docker/registry/v2/blobs/sha256/ab/{'ab' * 32}/data")
    answer = site.ask(path, host=name, query=query)
    assert (answer.status, answer.body) == (200, b"of the registry")
    assert [(told.target, told.headers["host"]) for told in registry.asked] == [(BLOB, host)]


def test_a_link_stands_in_no_log(site: Site, registry: Behind, cy: Account) -> None:
    name, path, query = _link(site, cy)
    site.ask(path, host=name, query=query)
    assert (site.lines[1]["host"], site.lines[1]["uri"]) == (name, path)


def test_head_and_uploads_stay_at_the_login_server(site: Site, registry: Behind, cy: Account) -> None:
    assert site.ask(BLOB, method="HEAD", token=token(cy, PULL)).status == 200
    assert registry.asked[0].method == "HEAD"


def test_a_link_is_good_from_inside_only(site: Site, registry: Behind, cy: Account) -> None:
    name, path, query = _link(site, cy)
    assert site.ask(path, host=name, query=query, address=OUTSIDE).outcome == (403, "DENIED")
    assert site.ask(path, host=name, query=query, method="PUT").outcome == (404, "NOT_FOUND")
    assert registry.asked == []


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda path, query: (path, ""), id="none"),
        pytest.param(lambda path, query: (path, query[:-1]), id="cut off"),
        pytest.param(lambda path, query: (path, query.replace("samples/a", "secret/b")), id="another repository"),
        pytest.param(lambda path, query: (path.replace("ab", "cd"), query), id="another layer"),
        pytest.param(lambda path, query: (path.replace("/ab/", "/cd/"), query), id="another folder"),
        pytest.param(lambda path, query: (path, query.replace("se=1", "se=2")), id="for longer"),
        pytest.param(lambda path, query: (path, f"{query}&repo=secret/b"), id="two repositories"),
        pytest.param(lambda path, query: (BLOB, query), id="another path"),
    ],
)
def test_a_link_that_was_tampered_with_is_none(
    site: Site, registry: Behind, cy: Account, forge: Callable[[str, str], tuple[str, str]]
) -> None:
    name, path, query = _link(site, cy)
    path, query = forge(path, query)
    assert (site.ask(path, host=name, query=query).outcome, registry.asked) == ((404, "NOT_FOUND"), [])


def test_a_link_is_good_at_its_own_host_only(site: Site, registry: Behind, data_endpoint: None, cy: Account) -> None:
    _, path, query = _link(site, cy)
    others = ("fabrikam.blob.azurecr.io", "layers.westeurope.data.azurecr.io", HOST)
    assert [site.ask(path, host=other, query=query).status for other in others] == [404] * 3


def test_a_link_ends(site: Site, registry: Behind, cy: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    name, path, query = _link(site, cy)
    monkeypatch.setattr(blob_links, "time", SimpleNamespace(time=lambda: 4_000_000_000.0))
    assert site.ask(path, host=name, query=query).outcome == (404, "NOT_FOUND")
