"""Links to layers: signed as nginx checks them, for one host, one layer, and a while."""

import hashlib
from base64 import urlsafe_b64encode
from urllib.parse import parse_qs

import pytest
from pytest_django import Settings

from networking.gate import layers
from networking.gate.layers import link, vouched

HOST = "contoso.eastus.data.azurecr.io"
DIGEST = "ab" * 32
BLOB = f"/v2/samples/a/blobs/sha256:{DIGEST}"
PATH = f"/docker/registry/v2/blobs/sha256/ab/{DIGEST}/data"
NOW = 1_800_000_000


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("networking.gate.layers.time.time", lambda: float(NOW))


def test_a_link_is_signed_as_nginx_checks_it() -> None:
    """secure_link_md5 "$secure_link_expires $host$uri KEY": MD5 as base64 for URLs, without its padding."""
    key = hashlib.sha256(b"layers a key of the tests").hexdigest()
    signed = hashlib.md5(f"{NOW + 1200} {HOST}{PATH} {key}".encode()).digest()
    signature = urlsafe_b64encode(signed).decode().rstrip("=")
    assert link(BLOB, HOST, trusted=False) == f"sig={signature}&se={NOW + 1200}"


@pytest.mark.parametrize(
    "uri",
    [
        pytest.param("/v2/", id="the API"),
        pytest.param("/v2/samples/a/manifests/v1", id="a manifest"),
        pytest.param(f"/v2/samples/a/manifests/sha256:{DIGEST}", id="a manifest by its digest"),
        pytest.param("/v2/samples/a/blobs/uploads/", id="an upload"),
        pytest.param(f"/v2/samples/a/blobs/sha512:{DIGEST}{DIGEST}", id="another digest"),
        pytest.param(f"/v2/samples/a/blobs/sha256:{DIGEST}ab", id="a digest too long"),
        pytest.param(f"/v2/samples/a/blobs/sha256:{DIGEST.upper()}", id="a digest in capitals"),
        pytest.param(f"/v2/samples/a/blobs/sha256:{DIGEST}/../..", id="a way out"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_is_no_layer_gets_no_link(uri: str) -> None:
    assert link(uri, HOST, trusted=True) == ""


def test_a_layer_that_is_asked_for_with_a_query_is_the_same(settings: Settings) -> None:
    assert link(f"{BLOB}?ns=docker.io", HOST, trusted=True) == link(BLOB, HOST, trusted=True)


@pytest.mark.parametrize("colon", ["%3A", "%3a"])
def test_a_layer_may_be_asked_for_with_its_colon_encoded(colon: str) -> None:
    """A proxy tells the path as the client wrote it, and reads it decoded."""
    assert link(BLOB.replace(":", colon), HOST, trusted=True) == link(BLOB, HOST, trusted=True)


def test_no_two_links_are_signed_alike() -> None:
    """A figure of the time is none of the host's."""
    signed = {layers._signature(host, PATH, ends) for host, ends in (("1contoso", "180"), ("contoso", "1801"))}
    assert len(signed) == 2


def test_there_is_no_link_where_there_is_no_data_host() -> None:
    assert link(BLOB, "", trusted=True) == ""


def test_a_link_for_a_trusted_identity_says_so() -> None:
    assert vouched(f"{PATH}?{link(BLOB, HOST, trusted=True)}", HOST)
    assert not vouched(f"{PATH}?{link(BLOB, HOST, trusted=False)}", HOST)


def test_what_a_link_says_holds_for_its_host_layer_and_time_only(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    query = link(BLOB, HOST, trusted=True)
    fields = {name: value for name, (value,) in parse_qs(query).items()}
    assert not vouched(f"{PATH}?{query}", "fabrikam.eastus.data.azurecr.io")
    assert not vouched(f"{PATH.replace('ab', 'cd')}?{query}", HOST)
    assert not vouched(f"{PATH}?by={fields['by']}&se={int(fields['se']) + 1}", HOST)
    assert not vouched(f"{PATH}?by={fields['sig']}&se={fields['se']}", HOST)
    monkeypatch.setattr("networking.gate.layers.time.time", lambda: float(NOW + layers.LIFETIME + 1))
    assert not vouched(f"{PATH}?{query}", HOST)
    monkeypatch.undo()
    settings.GATE_KEY = "another key of the tests"
    assert not vouched(f"{PATH}?{query}", HOST)


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("", id="nothing"),
        pytest.param("by=&se=", id="empty"),
        pytest.param("by=x", id="no end"),
        pytest.param("se=1900000000", id="no voucher"),
        pytest.param("by=x&se=1900000000", id="a made-up voucher"),
        pytest.param("by=x&by=y&se=1900000000", id="two vouchers"),
        pytest.param("by=%ff%fe&se=1900000000", id="no text"),
        pytest.param("by=x&se=9" + "9" * 5000, id="an end without end"),
        pytest.param("by=x&se=１９００００００００", id="other digits"),
        pytest.param("by=x&se=-1", id="a sign"),
        pytest.param("&".join(["by=x"] * 5000), id="too many"),
    ],
)
def test_a_query_that_nobody_signed_says_nothing(query: str) -> None:
    assert not vouched(f"{PATH}?{query}", HOST)


def test_without_a_gate_key_links_are_signed_all_the_same(settings: Settings) -> None:
    settings.GATE_KEY, settings.SECRET_KEY = "", "a secret of the tests"
    query = link(BLOB, HOST, trusted=True)
    assert vouched(f"{PATH}?{query}", HOST)
    settings.SECRET_KEY = "another secret of the tests"
    assert not vouched(f"{PATH}?{query}", HOST)
