"""The gate in the dashboard's own server: what it answers itself, what it passes on, what it leaves to Django."""

import io
import json
import logging
from base64 import b64encode
from importlib import import_module
from ipaddress import ip_network
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from pytest_django import DjangoAssertNumQueries, Settings

from networking.gate import tokens
from networking.gate.asking import Gate
from networking.gate.front import Front
from networking.gate.hosts import parse
from networking.gate.snapshot import Snapshot
from registries.models import Account
from tests import make
from tests.networking.gate import behind
from tests.networking.gate.behind import Behind
from tests.networking.gate.site import BLOB, DIGEST, HOST, INSIDE, JSON, OUTSIDE, PULL, Site, django, token
from tests.servers.ports import free_port

# What is Django's


@pytest.mark.parametrize(
    "host",
    [
        "localhost:8000",
        "portcullis.example.org",
        "azurecr.io",
        "a.b.azurecr.io",
        "abc.azurecr.io",
        "contoso.azurecr.io.example.org",
        "contoso.azurecr.io, fabrikam.azurecr.io",
        "contoso.azurecr.io@example.org",
        "",
    ],
)
def test_every_other_host_is_djangos(site: Site, host: str, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        answer = site.ask("/registries/", host=host, address=OUTSIDE)
    assert (answer.status, answer.body) == (200, f"Django at {host}/registries/".encode())
    assert site.lines == []


@pytest.mark.parametrize("host", [HOST, "CONTOSO.AzureCR.io", "contoso.azurecr.io.", "contoso.azurecr.io:8000"])
@pytest.mark.parametrize("path", ["/v2/", "/", "/registries/", "/admin/", "/static/x.css"])
def test_no_request_to_a_registry_reaches_django(site: Site, host: str, path: str) -> None:
    answer = site.ask(path, host=host)
    assert answer.outcome == ((401, "UNAUTHORIZED") if path == "/v2/" else (404, "NOT_FOUND"))


def test_neither_tls_nor_allowed_hosts_stand_in_the_way(
    snapshot: Snapshot, settings: Settings, lines: list[dict[str, Any]]
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["portcullis.example.org"]
    make.registry("contoso")
    snapshot.load()
    site = Site(Front(WSGIHandler(), Gate(snapshot, tokens.identify)))
    assert site.ask().outcome == (401, "UNAUTHORIZED")
    assert site.ask("/sign-in/", host="portcullis.example.org").status == 301


def test_what_a_server_loads_has_it() -> None:
    """Where whitenoise finds nothing to serve, as plain_settings has it."""
    assert isinstance(import_module("registries.wsgi").application, Front)


# The handshake


def test_the_challenge_names_the_way_to_a_token(site: Site) -> None:
    answer = site.ask(host=f"{HOST}:8000")
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer realm="http://contoso.azurecr.io:8000/oauth2/token",service="contoso.azurecr.io"'
    )
    assert len(answer.headers["X-Ms-Correlation-Request-Id"]) == 36


def test_head_gets_the_headers_alone(site: Site) -> None:
    answer = site.ask(method="HEAD")
    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (401, b"", "149")
    assert site.lines[0]["bytes"] == 0


@pytest.mark.parametrize(
    ("environ", "https", "scheme"),
    [
        pytest.param({}, False, "http", id="plain"),
        pytest.param({"wsgi.url_scheme": "https"}, False, "https", id="TLS here"),
        pytest.param({"HTTP_X_FORWARDED_PROTO": "https"}, False, "http", id="said by a stranger"),
        pytest.param(
            {"HTTP_X_FORWARDED_PROTO": "https", "REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": INSIDE},
            False,
            "https",
            id="said by a proxy of ours",
        ),
        pytest.param({}, True, "https", id="a site with TLS in front"),
    ],
)
def test_the_challenge_leads_to_where_the_client_is(
    site: Site, settings: Settings, environ: dict[str, Any], https: bool, scheme: str
) -> None:
    settings.HTTPS = https
    settings.TRUSTED_PROXIES = (ip_network("10.0.0.0/8"),)
    assert f'realm="{scheme}://' in site.ask(**environ).headers["WWW-Authenticate"]


def test_a_token_gets_in(site: Site, cy: Account) -> None:
    basic = b64encode(f"cy@example.org:{make.PASSWORD}".encode()).decode()
    given = site.ask("/oauth2/token", query=f"service={HOST}&scope={PULL}", HTTP_AUTHORIZATION=f"Basic {basic}")
    answer = site.ask(token=json.loads(given.body)["token"])
    assert (answer.status, answer.body) == (200, b"{}")
    assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"
    assert [(line["uri"].partition("?")[0], line["status"], line["reason"], line["rule"]) for line in site.lines] == [
        ("/oauth2/token", 200, "ip_rule", "203.0.113.0/24"),
        ("/v2/", 200, "ip_rule", "203.0.113.0/24"),
    ]


def test_the_base_takes_no_other_method(site: Site, cy: Account) -> None:
    answer = site.ask(method="POST", token=token(cy))
    assert (answer.outcome, answer.headers["Allow"]) == ((405, "UNSUPPORTED"), "GET, HEAD")


@pytest.mark.parametrize(
    ("method", "path", "query", "granted", "scope"),
    [
        pytest.param("GET", "/v2/samples/a/tags/list", "", [], "repository:samples/a:pull", id="nothing granted"),
        pytest.param(
            "GET", "/v2/samples/b/tags/list", "", [PULL], "repository:samples/b:pull", id="another repository"
        ),
        pytest.param(
            "PUT", "/v2/samples/a/manifests/v1", "", [PULL], "repository:samples/a:pull,push", id="pull, not push"
        ),
        pytest.param("DELETE", BLOB, "", [f"{PULL},push"], "repository:samples/a:delete", id="push, not delete"),
        pytest.param("GET", "/v2/_catalog", "", [PULL], "registry:catalog:*", id="not the catalog"),
        pytest.param(
            "POST",
            "/v2/samples/a/blobs/uploads/",
            f"mount={DIGEST}&from=samples/b",
            [f"{PULL},push"],
            "repository:samples/a:pull,push repository:samples/b:pull",
            id="not what is mounted",
        ),
    ],
)
def test_a_token_for_less_is_challenged_for_more(
    site: Site, registry: Behind, cy: Account, method: str, path: str, query: str, granted: list[str], scope: str
) -> None:
    answer = site.ask(path, method=method, query=query, token=token(cy, *granted))
    assert (answer.status, answer.headers["WWW-Authenticate"].partition(",scope=")[2]) == (401, f'"{scope}"')
    assert registry.asked == []


def test_no_other_token_gets_in(site: Site, registry: Behind, cy: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    contoso = parse(HOST)
    assert contoso is not None
    elsewhere = token(cy, PULL, host="fabrikam.azurecr.io")
    refresh = tokens.refresh_token(cy, contoso)
    monkeypatch.setattr(tokens, "ACCESS_LIFETIME", -1)
    shown = ["", "x", elsewhere, refresh, token(cy, PULL)]
    assert [site.ask("/v2/samples/a/tags/list", token=each).status for each in shown] == [401] * 5
    assert registry.asked == []


# Refusals


@pytest.mark.parametrize(
    ("path", "host", "method"),
    [
        pytest.param("/v2/", HOST, "GET", id="the base"),
        pytest.param(BLOB, HOST, "GET", id="a layer"),
        pytest.param("/oauth2/token", HOST, "GET", id="signing in"),
        pytest.param("/oauth2/token", HOST, "POST", id="signing in with a form"),
        pytest.param("/oauth2/exchange", HOST, "POST", id="az acr login"),
        pytest.param("/", HOST, "GET", id="anything else"),
        pytest.param("/v2/../", HOST, "GET", id="a trick"),
        pytest.param("/x", "contoso.blob.azurecr.io", "GET", id="its layers' host"),
        pytest.param("/x", "layers.westeurope.data.azurecr.io", "GET", id="a data endpoint"),
        pytest.param("/v2/", "nobodys.azurecr.io", "GET", id="no registry"),
    ],
)
def test_from_outside_everything_is_403(
    site: Site, registry: Behind, data_endpoint: None, cy: Account, path: str, host: str, method: str
) -> None:
    answer = site.ask(path, host=host, method=method, address=OUTSIDE, token=token(cy, PULL))
    assert (answer.status, answer.error["message"].partition(" CorrelationId: ")[0]) == (
        403,
        f"client with IP '{OUTSIDE}' is not allowed access. Refer https://aka.ms/acr/firewall to grant access.",
    )
    (line,) = site.lines
    assert (line["status"], line["address"], line["correlation"]) == (
        403,
        OUTSIDE,
        answer.headers["X-Ms-Correlation-Request-Id"],
    )
    assert registry.asked == []


def test_the_reason_is_the_administrators_to_show(site: Site, settings: Settings) -> None:
    assert "Gatereason" not in site.ask(address=OUTSIDE).headers
    assert "Gatetester" not in site.ask(address=OUTSIDE).headers
    settings.GATE_REASON_HEADER = True
    headers = site.ask(address=OUTSIDE).headers
    assert (headers["Gatereason"], headers["Gatetester"]) == (
        "no_rule",
        f"/registries/contoso/networking/tester/?ip={OUTSIDE}",
    )
    assert "Gatetester" not in site.ask().headers


def test_in_the_order_challenge_first_it_is_401_before_403(site: Site, settings: Settings, cy: Account) -> None:
    settings.GATE_ORDER = "CHALLENGE-FIRST"
    assert [site.ask(address=OUTSIDE, token=each).status for each in ("", token(cy))] == [401, 403]


def test_a_gate_that_can_not_tell_is_503(site: Site, snapshot: Snapshot, cy: Account) -> None:
    snapshot.looked_at = None
    assert site.ask(token=token(cy)).outcome == (503, "UNAVAILABLE")
    assert site.ask("/oauth2/token").outcome == (503, "UNAVAILABLE")


def test_a_fault_of_ours_is_503_and_shows_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> object:
        raise RuntimeError("secret")

    monkeypatch.setattr(tokens, "_checked", broken)
    answer = site.ask(token="x")
    assert (answer.outcome, b"secret" in answer.body) == ((503, "UNAVAILABLE"), False)
    assert caplog.messages == ["a request to contoso.azurecr.io could not be judged"]


# Paths


@pytest.mark.parametrize(
    "path",
    [
        "//v2/",
        "/v2//",
        "/v2/samples//a/tags/list",
        "/v2/../v2/samples/a/tags/list",
        "/v2/samples/a/../../../tags/list",
        "/v2/./samples/a/tags/list",
        "/v2/samples/a/manifests/..",
        "/v2/samples/a/manifests/v1/.",
        "/v2/samples/a%2ftags/list",
        "/v2/samples/a\\tags/list",
        "/v2/samples/a/tags/list\n",
        "/v2/samples/a/tags/list?n=1",
        "/v2/samples/a/tags/list;x",
        "/v2/samples/a/tags/list#x",
        "/v2/samples/ä/tags/list",
        "/v2/samples/a\0/tags/list",
        "/V2/samples/a/tags/list",
        "/v2/samples/a/tags/list/",
        "/v2/samples/a",
        "/v1/search",
        "/debug/vars",
        "v2/",
        "/" + "v2/" * 4000,
    ],
)
def test_tricks_with_the_path_end_here(site: Site, registry: Behind, cy: Account, path: str) -> None:
    answer = site.take(_spelled(path, token=token(cy, PULL)))
    assert (answer.outcome, registry.asked) == ((404, "NOT_FOUND"), [])


@pytest.mark.parametrize("query", ["a b", "ä", "n=1\r\nHost: x", "\0"])
def test_tricks_with_the_query_end_here(site: Site, registry: Behind, cy: Account, query: str) -> None:
    answer = site.take(_spelled("/v2/samples/a/tags/list", query=query, token=token(cy, PULL)))
    assert (answer.outcome, registry.asked) == ((404, "NOT_FOUND"), [])


def test_an_encoded_slash_is_a_slash(site: Site, registry: Behind, cy: Account) -> None:
    """Servers hand paths over decoded: what is judged is what is passed on."""
    site.ask("/v2/samples/a/tags/list", token=token(cy, PULL))
    assert registry.asked[0].target == "/v2/samples/a/tags/list"


def _spelled(path: str, *, query: str = "", token: str) -> dict[str, Any]:
    """Of one that the validator would not take."""
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "HTTP_HOST": HOST,
        "REMOTE_ADDR": INSIDE,
        "HTTP_AUTHORIZATION": f"Bearer {token}",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
    }


# The registry behind


def test_what_a_token_grants_is_passed_on(site: Site, registry: Behind, cy: Account) -> None:
    answer = site.ask("/v2/samples/a/tags/list", query="n=2&last=v1", host=f"{HOST}:8000", token=token(cy, PULL))
    assert (answer.status, answer.body) == (200, b"of the registry")
    (told,) = registry.asked
    assert (told.target, told.headers["host"], told.headers["x-forwarded-for"]) == (
        "/v2/samples/a/tags/list?n=2&last=v1",
        f"{HOST}:8000",
        INSIDE,
    )
    assert "authorization" not in told.headers
    (line,) = site.lines
    assert (line["uri"], line["status"], line["bytes"]) == ("/v2/samples/a/tags/list?n=2&last=v1", 200, 15)


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        pytest.param("application/x-www-form-urlencoded", 415, id="a form"),
        pytest.param("Application/X-WWW-Form-URLencoded; charset=utf-8", 415, id="spelled otherwise"),
        pytest.param("multipart/form-data; boundary=x", 415, id="a form in parts"),
        pytest.param("application/octet-stream,application/x-www-form-urlencoded", 415, id="two in one"),
        pytest.param("\xc2\xa0application/x-www-form-urlencoded", 415, id="behind a blank that others don't see"),
        pytest.param(" ", 415, id="a blank"),
        pytest.param("application/octet-stream", 200, id="a layer"),
        pytest.param("", 200, id="nothing"),
    ],
)
def test_what_is_mounted_is_never_read_from_a_form(
    site: Site, registry: Behind, cy: Account, content_type: str, status: int
) -> None:
    """Distribution would take `from` of the body; the token was asked for that of the query."""
    answer = site.ask(
        "/v2/samples/a/blobs/uploads/",
        method="POST",
        token=token(cy, f"{PULL},push"),
        body=f"mount={DIGEST}&from=samples/b".encode(),
        CONTENT_TYPE=content_type,
    )
    assert (answer.status, len(registry.asked)) == (status, 1 if status == 200 else 0)
    if status == 415:
        message = "an upload is begun without a form; send its parameters in the query."
        assert answer.error == {"code": "UNSUPPORTED", "message": message}


def test_a_content_type_comes_in_its_own_header_only(site: Site, registry: Behind, cy: Account) -> None:
    """A client's Content_Type arrives under a name that would be passed on as Content-Type."""
    path = "/v2/samples/a/blobs/uploads/"
    environ = _spelled(path, token=token(cy, f"{PULL},push")) | {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": "0"}
    assert site.take(environ | {"HTTP_CONTENT_TYPE": "application/x-www-form-urlencoded"}).status == 200
    assert "content-type" not in registry.asked[0].headers


def test_a_layer_goes_up_in_chunks(site: Site, registry: Behind, cy: Account) -> None:
    def accept(told: behind.Told, handler: behind.Handler) -> None:
        handler.say(202, headers=JSON | {"Location": f"{registry.address}/v2/samples/a/blobs/uploads/1?_state=x"})

    registry.answer = accept
    answer = site.ask(
        "/v2/samples/a/blobs/uploads/1",
        method="PATCH",
        token=token(cy, f"{PULL},push"),
        body=b"x" * 200_000,
        HTTP_TRANSFER_ENCODING="chunked",
    )
    assert (answer.status, answer.headers["Location"]) == (
        202,
        "http://contoso.azurecr.io/v2/samples/a/blobs/uploads/1?_state=x",
    )
    assert registry.asked[0].body == b"x" * 200_000


def test_a_body_without_a_length_from_a_server_that_takes_none_is_refused(
    site: Site, registry: Behind, cy: Account
) -> None:
    environ: dict[str, Any] = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": False}
    path = "/v2/samples/a/blobs/uploads/1"
    answer = site.ask(path, method="PATCH", token=token(cy, f"{PULL},push"), **environ)
    assert (answer.status, answer.error["message"]) == (
        411,
        "This server takes no body without a Content-Length; serve Portcullis with granian.",
    )


@pytest.mark.parametrize(
    ("method", "outcome"), [("GET", (404, "NAME_UNKNOWN")), ("PUT", (405, "UNSUPPORTED"))], ids=["pull", "push"]
)
def test_without_a_registry_behind_it_says_so(site: Site, cy: Account, method: str, outcome: tuple[int, str]) -> None:
    answer = site.ask("/v2/samples/a/manifests/v1", method=method, token=token(cy, f"{PULL},push"))
    assert (answer.outcome, answer.error["message"]) == (
        outcome,
        "no registry stands behind this host; set REGISTRY_UPSTREAM to the address of one.",
    )


def test_a_registry_that_is_down_is_502(
    site: Site, settings: Settings, cy: Account, caplog: pytest.LogCaptureFixture
) -> None:
    settings.REGISTRY_UPSTREAM = f"http://127.0.0.1:{free_port()}"
    answer = site.ask("/v2/samples/a/tags/list", token=token(cy, PULL))
    assert (answer.outcome, site.lines[0]["status"]) == ((502, "UNAVAILABLE"), 502)
    assert answer.error["message"] == "the registry behind this host does not answer; try again in a moment."
    assert "doesn't answer for contoso: ConnectionRefusedError" in caplog.messages[0]


def test_a_registry_that_wants_a_sign_in_of_its_own_is_502(
    site: Site, registry: Behind, cy: Account, caplog: pytest.LogCaptureFixture
) -> None:
    registry.answer = lambda told, handler: handler.say(401, b"", {"WWW-Authenticate": "Bearer x"})
    answer = site.ask("/v2/samples/a/tags/list", token=token(cy, PULL))
    assert (answer.outcome, "WWW-Authenticate" in answer.headers) == ((502, "UNAVAILABLE"), False)
    assert caplog.messages == ["the registry of REGISTRY_UPSTREAM wants a sign-in: put user:password@ before its host"]


def test_a_client_that_leaves_early_is_told_of_too(site: Site, registry: Behind, cy: Account) -> None:
    registry.answer = lambda told, handler: handler.say(200, b"x" * 1_000_000)
    environ = _spelled("/v2/samples/a/tags/list", token=token(cy, PULL))
    blocks = site.front(environ, lambda status, headers: None)
    assert site.lines == []
    first = next(iter(blocks))
    blocks.close()
    blocks.close()
    assert [line["bytes"] for line in site.lines] == [len(first)]


# Its own snapshot


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_first_request_waits_until_there_is_something_to_judge_by(
    settings: Settings, lines: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    settings.REGISTRY_UPSTREAM = ""
    make.registry("contoso", policy=make.selected("203.0.113.0/24"))
    front = Front(django)
    try:
        assert Site(front).ask().status == 401
        with caplog.at_level(logging.INFO):
            assert Site(front).ask(address=OUTSIDE).status == 403
    finally:
        front.stop()
    assert "refused registry=contoso address=198.51.100.7 reason=no_rule" in caplog.messages[0]
    # The gate in this process says which changes it has taken, as any other.
    assert {line["gate"] for line in lines if "gate" in line} == {"gate-1"}
