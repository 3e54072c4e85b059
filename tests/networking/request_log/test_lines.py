"""What proxies and gates tell: each line becomes a value that fits its columns, or is left out; none raises."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from networking.access.decision import ALLOWING, Reason
from networking.request_log.lines import FITS, LONGEST, Dropped, Line, Report, read

AT = datetime(2026, 11, 20, 21, 35, 12, tzinfo=UTC)
# As nginx writes it (deploy/gate/nginx.conf): every value is text.
SAID: dict[str, Any] = {
    "time": "2026-11-20T22:35:12+01:00",
    "host": "mycontainerregistry.azurecr.io",
    "address": "203.0.113.9",
    "forwarded": "10.0.0.1, 203.0.113.200",
    "method": "GET",
    "uri": "/v2/team/app/manifests/1.4",
    "status": "200",
    "reason": "ip_rule",
    "rule": "203.0.113.0/24",
    "agent": "docker/27.3.1",
    "correlation": "6e4a9c1a-3b6a-4c58-9c0e-0b5b2f6f0c11",
    "bytes": "1234",
    "generation": "7",
    "subnet": "/subscriptions/s/virtualNetworks/v/subnets/n",
    "host_kind": "aks",
    "endpoint": "/subscriptions/s/privateEndpoints/e",
}
READ = Line(
    registry="mycontainerregistry",
    at=AT,
    address="203.0.113.9",
    forwarded="10.0.0.1, 203.0.113.200",
    method="GET",
    host="",
    path="/v2/team/app/manifests/1.4",
    repository="team/app",
    status=200,
    allowed=True,
    reason="ip_rule",
    rule="203.0.113.0/24",
    agent="docker/27.3.1",
    correlation_id="6e4a9c1a-3b6a-4c58-9c0e-0b5b2f6f0c11",
    subnet="/subscriptions/s/virtualNetworks/v/subnets/n",
    host_kind="aks",
    endpoint="/subscriptions/s/privateEndpoints/e",
)


@pytest.fixture(autouse=True)
def suffix(settings: Settings) -> None:
    settings.LOGIN_SERVER_SUFFIX = "azurecr.io"


def line(**more: Any) -> Line:
    found = read(SAID | more)
    assert isinstance(found, Line), found
    return found


@pytest.mark.parametrize(
    "beginning",
    [
        pytest.param(b"", id="from a gate"),
        pytest.param(b"<190>Nov 20 21:35:12 portcullis: ", id="from nginx"),
        pytest.param(b"<190>Nov 20 21:35:12 proxy7 nginx: ", id="from nginx, with its host name"),
    ],
)
def test_a_line_is_read_as_nginx_writes_it(beginning: bytes) -> None:
    assert read(beginning + json.dumps(SAID).encode()) == READ


def test_a_line_of_this_process_has_numbers(settings: Settings) -> None:
    assert read(SAID | {"status": 200, "bytes": 1234, "generation": 7}) == READ


@pytest.mark.parametrize(
    ("said", "dropped"),
    [
        pytest.param(b"", Dropped.BROKEN, id="nothing"),
        pytest.param(b"{", Dropped.BROKEN, id="cut"),
        pytest.param(b"[]", Dropped.BROKEN, id="a list"),
        pytest.param(b"null", Dropped.BROKEN, id="null"),
        pytest.param(b"<190>no json", Dropped.BROKEN, id="syslog of somebody else"),
        pytest.param(b"\xff\xfe{}", Dropped.BROKEN, id="bytes"),
        pytest.param(b'{"time": NaN}', Dropped.BROKEN, id="not a number"),
        pytest.param(b'{"status": ' + b"9" * 5000 + b"}", Dropped.BROKEN, id="more digits than Python reads"),
        pytest.param(b'{"a":' + b"[" * 60_000, Dropped.BROKEN, id="deeper than Python reads"),
        pytest.param(b'{"a":"' + b"a" * LONGEST + b'"}', Dropped.OVERSIZE, id="too long"),
        pytest.param(SAID | {"time": "yesterday"}, Dropped.BROKEN, id="a time that is none"),
        pytest.param(SAID | {"time": "2026-11-20T21:35:12"}, Dropped.BROKEN, id="a time of no zone"),
        pytest.param(SAID | {"time": 1763674512}, Dropped.BROKEN, id="a time in seconds"),
        pytest.param(SAID | {"time": "0001-01-01T00:00:00+14:00"}, Dropped.BROKEN, id="before all time"),
        pytest.param(SAID | {"status": "ok"}, Dropped.BROKEN, id="a status that is no number"),
        pytest.param(SAID | {"status": "²"}, Dropped.BROKEN, id="a status in another script"),
        pytest.param(SAID | {"status": 1000}, Dropped.BROKEN, id="a status that is none"),
        pytest.param(SAID | {"status": True}, Dropped.BROKEN, id="a status that is true"),
        pytest.param(SAID | {"status": None}, Dropped.BROKEN, id="no status"),
        pytest.param(SAID | {"host": "example.org"}, Dropped.ELSEWHERE, id="another host"),
        pytest.param(SAID | {"host": "localhost"}, Dropped.ELSEWHERE, id="the console itself"),
        pytest.param(SAID | {"host": ["a"]}, Dropped.ELSEWHERE, id="a host that is a list"),
        pytest.param({}, Dropped.BROKEN, id="an empty object"),
    ],
)
def test_what_is_no_line_of_ours_is_left_out_with_its_reason(said: Any, dropped: Dropped) -> None:
    assert read(said) is dropped


@pytest.mark.parametrize(
    ("uri", "path", "repository"),
    [
        pytest.param("/v2/", "/v2/", "", id="the handshake"),
        pytest.param("/v2/_catalog?n=100", "/v2/_catalog", "", id="the catalog"),
        pytest.param("/v2/hello-world/tags/list", "/v2/hello-world/tags/list", "hello-world", id="tags"),
        pytest.param("/v2/a/manifests/b/manifests/v1", "/v2/a/manifests/b/manifests/v1", "a/manifests/b", id="tricky"),
        pytest.param("/v2/a/blobs/uploads/", "/v2/a/blobs/uploads/", "a", id="an upload begins"),
        pytest.param("/v2/a/blobs/uploads/7f?_state=secret", "/v2/a/blobs/uploads/7f", "a", id="an upload's state"),
        pytest.param("/v2/a/blobs/sha256:4f?sig=secret&se=1", "/v2/a/blobs/sha256:4f", "a", id="a signed link"),
        pytest.param("/v2/a%2Fb/tags/list", "/v2/a%2Fb/tags/list", "a/b", id="an encoded slash"),
        pytest.param("/v2/A B/tags/list", "/v2/A B/tags/list", "", id="no repository's name"),
        pytest.param("/v2/#secret", "/v2/", "", id="a fragment"),
        pytest.param("https://ada:secret@x.azurecr.io/v2/?a", "/v2/", "", id="a whole address"),
        pytest.param("?secret", "/", "", id="only a query"),
        pytest.param("", "/", "", id="nothing"),
        pytest.param("*", "*", "", id="a star"),
        pytest.param(
            "/oauth2/token?service=x&scope=repository:team/app:pull,push", "/oauth2/token", "team/app", id="a token"
        ),
        pytest.param(
            "/oauth2/token?scope=registry:catalog:*&scope=repository:b:pull", "/oauth2/token", "b", id="second scope"
        ),
        pytest.param("/oauth2/token?" + "a&" * 99, "/oauth2/token", "", id="a query of many fields"),
        pytest.param("/v2/" + "a" * 5000 + "/tags/list", "/v2/" + "a" * 296, "", id="very long"),
    ],
)
def test_the_path_is_kept_without_its_query_and_says_which_repository(uri: str, path: str, repository: str) -> None:
    found = line(uri=uri)
    assert (found.path, found.repository) == (path, repository)
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("reason", "status", "allowed", "kept"),
    [
        *[
            pytest.param(reason.value, "401", reason in ALLOWING, reason.value, id=f"{reason}, the client gets 401")
            for reason in Reason
        ],
        pytest.param("", "401", False, "", id="asked to sign in first"),
        pytest.param("", "503", False, "", id="the gate was away"),
        pytest.param("", "204", True, "", id="a proxy that names no reason"),
        pytest.param("magic", "200", True, "", id="a word we don't know"),
    ],
)
def test_the_verdict_is_that_of_the_network_rules(reason: str, status: str, allowed: bool, kept: str) -> None:
    found = line(reason=reason, status=status)
    assert (found.allowed, found.reason) == (allowed, kept)


@pytest.mark.parametrize(
    ("said", "column", "kept"),
    [
        pytest.param({"address": "::ffff:203.0.113.9"}, "address", "203.0.113.9", id="mapped"),
        pytest.param({"address": "2001:DB8::7"}, "address", "2001:db8::7", id="IPv6"),
        pytest.param({"address": "unix:"}, "address", "", id="a socket"),
        pytest.param({"address": "9" * 9999}, "address", "", id="no address"),
        pytest.param({"host": "MyContainerRegistry.AZURECR.io.:5000"}, "host", "", id="a login server, spelled oddly"),
        pytest.param(
            {"host": "mycontainerregistry.eastus.data.azurecr.io"},
            "host",
            "mycontainerregistry.eastus.data.azurecr.io",
            id="a data endpoint",
        ),
        pytest.param({"host": "mycontainerregistry.blob.azurecr.io"}, "host", "mycontainerregistry.blob.azurecr.io"),
        pytest.param({"rule": "203.0.113.7/24"}, "rule", "", id="no range"),
        pytest.param({"rule": "<script>"}, "rule", "", id="no rule at all"),
        pytest.param({"rule": "203.0.113.0/24", "reason": "no_rule"}, "rule", "", id="a rule that did nothing"),
        pytest.param({"agent": "a\0b\nc\x1b[31m\u202ed"}, "agent", "a�b�c�[31m�d", id="characters nobody sees"),
        pytest.param({"agent": "\ud800x\udfff"}, "agent", "�x�", id="half of a surrogate pair"),
        pytest.param({"agent": "ä" * 999}, "agent", "ä" * 120, id="too long an agent"),
        pytest.param({"agent": {"a": 1}}, "agent", "", id="an agent that is no text"),
        pytest.param({"forwarded": "1" * 8000}, "forwarded", "1" * 200, id="too long a chain"),
        pytest.param({"method": "PROPPATCHALL"}, "method", "PROPPATCHA", id="too long a method"),
        pytest.param({"correlation": "x" * 99}, "correlation_id", "x" * 36, id="too long an id"),
    ],
)
def test_what_clients_write_is_cut_and_made_visible(said: dict[str, Any], column: str, kept: str) -> None:
    found = line(**said)
    assert getattr(found, column) == kept
    assert found.registry == "mycontainerregistry"


def test_half_a_surrogate_pair_from_the_wire_is_made_visible() -> None:
    found = read(json.dumps(SAID).encode().replace(b"docker/27.3.1", rb"\ud83d!"))
    assert isinstance(found, Line)
    assert found.agent == "�!"


def test_what_is_to_come_is_taken_for_now() -> None:
    before = timezone.now()
    assert before <= line(time="9999-12-31T23:59:59-12:00").at <= timezone.now()


@pytest.mark.parametrize(
    ("said", "found"),
    [
        pytest.param(
            {"gate": "gate1", "generation": 7, "at": "2026-11-20T21:35:12+00:00"}, Report("gate1", 7, AT), id="whole"
        ),
        pytest.param(
            {"gate": "g" * 999, "generation": "7", "at": "2026-11-20T21:35:12Z"}, Report("g" * 120, 7, AT), id="long"
        ),
        pytest.param({"gate": "", "generation": 7, "at": "2026-11-20T21:35:12Z"}, Dropped.BROKEN, id="no name"),
        pytest.param({"gate": "a", "generation": -1, "at": "2026-11-20T21:35:12Z"}, Dropped.BROKEN, id="below zero"),
        pytest.param({"gate": "a", "generation": 2**63, "at": "2026-11-20T21:35:12Z"}, Dropped.BROKEN, id="too large"),
        pytest.param({"gate": "a", "generation": 7}, Dropped.BROKEN, id="no time"),
    ],
)
def test_a_report_is_read(said: dict[str, Any], found: Report | Dropped) -> None:
    assert read(json.dumps(said).encode()) == found


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3)
)
texts = st.text(st.characters(exclude_categories=()), max_size=400)  # half surrogates among them


@given(st.dictionaries(st.sampled_from([*SAID, "gate", "at"]), json_values | texts))
def test_no_line_raises_and_each_fits_its_columns(said: dict[str, Any]) -> None:
    for each in (SAID | said, said):
        found = read(each)
        if isinstance(found, Line):
            for column, most in FITS.items():
                text = getattr(found, column, "")
                assert len(text) <= most
                assert text.isprintable()
            assert "?" not in found.path
            found.path.encode()


@given(st.binary(max_size=2000))
def test_no_datagram_raises(data: bytes) -> None:
    for each in (data, b"<190>" + data, b'{"gate":"' + data):
        assert isinstance(read(each), Dropped | Line | Report)
