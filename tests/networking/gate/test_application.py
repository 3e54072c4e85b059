"""The gate's own server: what it believes, what it answers a proxy, and what it never lets through."""

import json
import logging
import time
from dataclasses import dataclass
from typing import Any
from wsgiref.validate import validator

import pytest
from django.utils.http import parse_http_date
from pytest_django import DjangoAssertNumQueries, Settings

from networking.access.decision import SubnetHost
from networking.gate.application import Application, Environ, question
from networking.gate.asking import Gate, Question, Verdict
from networking.gate.hosts import parse
from networking.gate.keeping import Keeper
from networking.gate.refusals import JSON, Reply, challenge, not_found, unavailable
from networking.gate.snapshot import Snapshot
from tests import make
from tests.networking.gate.conftest import KEY

OFFICE, ELSEWHERE = "16.17.18.19", "198.51.100.7"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Asleep(Keeper):
    """Leaves the snapshot as the test has made it."""

    def awake(self) -> None:
        self.asked = True


def log_in(gate: Gate, question: Question, environ: Environ) -> tuple[Reply, Verdict]:
    """Stands for the token endpoints: what they are told."""
    said = f"{environ['PATH_INFO']} {question.address} {question.authorization}"
    return Reply(200, (JSON,), said.encode()), gate.network(question)


@pytest.fixture
def gate(snapshot: Snapshot) -> Gate:
    make.registry("contoso", policy=make.selected("16.17.18.0/24"))
    make.registry("everybody")
    snapshot.load()
    return Gate(snapshot, lambda *_: None)


@pytest.fixture
def application(gate: Gate) -> Application:
    return Application(gate, Asleep(gate.snapshot), log_in)


def ask(application: Application, path: str = "/decide", **headers: str) -> Answer:
    """As the proxy asks for the office at contoso, but for what the test says; an empty header is not sent."""
    told = {"key": KEY, "host": "contoso.azurecr.io", "caller": OFFICE, "method": "GET", "uri": "/v2/"} | headers
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "9000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "203.0.113.250",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": NoBody(),
        "wsgi.errors": NoBody(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, text in told.items():
        header = name.upper() if name.isupper() or name == "authorization" else f"GATE{name.upper()}"
        if text:
            environ[f"HTTP_{header}"] = text
    answered = Answer(0, {}, b"")

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        assert len({name for name, _ in headers}) == len(headers)
        answered.status, answered.headers = int(status[:3]), dict(headers)
        return lambda _: None

    chunks = validator(application)(environ, start_response)
    answered.body = b"".join(chunks)
    chunks.close()  # type: ignore[attr-defined]
    return answered


class NoBody:
    """What a WSGI server gives where there is nothing to read."""

    def read(self, size: int = -1) -> bytes:
        return b""

    def readline(self, size: int = -1) -> bytes:
        return b""

    def readlines(self, hint: int = -1) -> list[bytes]:
        return []

    def __iter__(self) -> Any:
        return iter(())

    def write(self, text: str) -> None:
        raise AssertionError(text)

    def writelines(self, lines: list[str]) -> None:
        raise AssertionError(lines)

    def flush(self) -> None:
        return


# What it answers


def test_who_may_pass_is_204_with_the_reason_for_the_log(application: Application, gate: Gate) -> None:
    answer = ask(application)
    assert answer == Answer(
        204,
        {
            "Expires": answer.headers["Expires"],
            "Gatereason": "ip_rule",
            "Gaterule": "16.17.18.0/24",
            "Gateregistry": "contoso",
            "Gategeneration": str(gate.snapshot.generation),
            "Gatecorrelation": answer.headers["Gatecorrelation"],
            "Gatedatahost": "contoso.blob.azurecr.io",
        },
        b"",
    )


def test_who_is_refused_is_403_with_the_clients_answer(application: Application, gate: Gate) -> None:
    answer = ask(application, caller=ELSEWHERE)
    correlation_id = answer.headers["Gatecorrelation"]
    body = (
        """{"errors":[{"code":"DENIED","message":"client with IP '198.51.100.7' is not allowed access. """
        f'Refer https://aka.ms/acr/firewall to grant access. CorrelationId: {correlation_id}"}}]}}'
    )
    assert answer == Answer(
        403,
        {
            "Content-Type": "application/json; charset=utf-8",
            "Docker-Distribution-Api-Version": "registry/2.0",
            "X-Content-Type-Options": "nosniff",
            "Expires": answer.headers["Expires"],
            "Gatereason": "no_rule",
            "Gateregistry": "contoso",
            "Gategeneration": str(gate.snapshot.generation),
            "Gatecorrelation": correlation_id,
            "Gatedatahost": "contoso.blob.azurecr.io",
            "Gatetester": "/registries/contoso/networking/tester/?ip=198.51.100.7",
            "Content-Length": str(len(body)),
        },
        body.encode(),
    )


def test_an_answer_may_be_kept_until_the_second_is_over(application: Application) -> None:
    """nginx keeps `max-age=1` for up to two."""
    before = int(time.time())
    expires = parse_http_date(ask(application).headers["Expires"])
    assert before <= expires <= int(time.time())


def test_who_is_challenged_is_401(application: Application, settings: Settings) -> None:
    settings.GATE_ORDER = "CHALLENGE-FIRST"
    answer = ask(application, scheme="http", host="contoso.azurecr.io:8000")
    host = parse("contoso.azurecr.io:8000")
    assert host is not None
    expected = challenge(host, scheme="http")
    assert (answer.status, answer.body) == (401, expected.body)
    assert dict(expected.headers).items() <= answer.headers.items()
    assert "Gatereason" not in answer.headers


def test_a_layer_comes_with_the_query_of_its_link(application: Application) -> None:
    answer = ask(application, uri=f"/v2/samples/a/blobs/sha256:{'ab' * 32}")
    assert answer.headers["Gatelayer"].startswith("sig=")


def test_a_verdict_may_outlive_the_gate_where_the_settings_say_so(application: Application, settings: Settings) -> None:
    settings.GATE_GRACE = 30
    assert ask(application).headers["Cache-Control"] == "stale-if-error=30"
    assert ask(application, caller=ELSEWHERE).headers["Cache-Control"] == "stale-if-error=30"


def test_envoy_puts_the_path_behind_ours(application: Application) -> None:
    assert ask(application, "/decide/v2/_catalog").status == 204
    assert ask(application, "/decide/../state").status == 204
    assert ask(application, "/decide//oauth2/token", caller=ELSEWHERE).status == 403


@pytest.mark.parametrize(
    ("word", "host"),
    [
        pytest.param("", SubnetHost.VIRTUAL_MACHINE, id="what a listener stands for where nothing is said"),
        pytest.param("virtual-machine", SubnetHost.VIRTUAL_MACHINE, id="a virtual machine"),
        pytest.param("aks", SubnetHost.AKS, id="an AKS cluster"),
        pytest.param("other", SubnetHost.OTHER, id="another service"),
        pytest.param("AKS", SubnetHost.OTHER, id="a word that nobody knows"),
    ],
)
def test_what_asks_from_a_subnet_is_what_the_proxy_says(word: str, host: SubnetHost) -> None:
    assert question({"HTTP_GATEHOSTKIND": word} if word else {}).host_kind is host


def test_the_token_endpoints_are_told_who_asks(application: Application) -> None:
    for path in ("/oauth2/token", "/oauth2/exchange"):
        answer = ask(application, path, authorization="Basic Ym86eA==")
        assert (answer.status, answer.body.decode()) == (200, f"{path} {OFFICE} Basic Ym86eA==")


def test_the_token_endpoints_say_what_the_network_said(application: Application, gate: Gate) -> None:
    """The proxy's log has nobody else to ask, where signing in comes first."""
    answer = ask(application, "/oauth2/token", caller=ELSEWHERE)
    assert answer.headers == {
        "Content-Type": "application/json; charset=utf-8",
        "Gatereason": "no_rule",
        "Gateregistry": "contoso",
        "Gategeneration": str(gate.snapshot.generation),
        "Gatecorrelation": answer.headers["Gatecorrelation"],
        "Gatetester": "/registries/contoso/networking/tester/?ip=198.51.100.7",
        "Content-Length": answer.headers["Content-Length"],
    }
    assert ask(application, "/oauth2/token").headers["Gaterule"] == "16.17.18.0/24"


def test_a_fault_at_a_token_endpoint_says_nothing(gate: Gate) -> None:
    faulty = Application(gate, Asleep(gate.snapshot), lambda *_: (unavailable(), gate.network(Question(None, None))))
    answer = ask(faulty, "/oauth2/token")
    assert (answer.status, [name for name in answer.headers if name.startswith("Gate")]) == (503, [])


@pytest.mark.parametrize("path", ["/", "", "/decided", "/Decide", "/oauth2/", "/oauth2/token/", "/v2/", "/state/"])
def test_there_is_nothing_else(application: Application, path: str) -> None:
    answer = ask(application, path)
    assert (answer.status, answer.body) == (404, not_found().body)


def test_every_request_keeps_the_snapshot_fresh(gate: Gate) -> None:
    keeper = Asleep(gate.snapshot)
    ask(Application(gate, keeper, log_in), key="")
    assert keeper.asked


def test_an_answer_takes_no_query(application: Application, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        ask(application)
        ask(application, caller=ELSEWHERE)
        ask(application, "/state")


# Who asks


@pytest.mark.parametrize(
    ("key", "why"),
    [
        pytest.param("", "it sent no Gatekey.", id="none"),
        pytest.param("another", "its Gatekey is not GATE_KEY.", id="another"),
        pytest.param(KEY + " ", "its Gatekey is not GATE_KEY.", id="nearly"),
        pytest.param(KEY.upper(), "its Gatekey is not GATE_KEY.", id="letter case"),
        pytest.param("ключ", "its Gatekey is not GATE_KEY.", id="other letters"),
        pytest.param(f"{KEY},{KEY}", "its Gatekey is not GATE_KEY.", id="twice"),
    ],
)
@pytest.mark.parametrize("path", ["/decide", "/oauth2/token", "/oauth2/exchange", "/state", "/"])
def test_without_the_key_nobody_is_answered(
    application: Application, caplog: pytest.LogCaptureFixture, key: str, why: str, path: str
) -> None:
    answer = ask(application, path, key=key, host="everybody.azurecr.io")
    assert (answer.status, answer.body) == (503, unavailable().body)
    assert [each.getMessage() for each in caplog.records] == [f"no answer to a proxy: {why}"]


@pytest.mark.parametrize("sent", ["", "x"])
def test_without_a_key_of_our_own_nobody_is_answered(
    application: Application, settings: Settings, caplog: pytest.LogCaptureFixture, sent: str
) -> None:
    settings.GATE_KEY = ""
    answer = ask(application, key=sent, host="everybody.azurecr.io")
    assert (answer.status, answer.body) == (503, unavailable().body)
    assert [each.getMessage() for each in caplog.records] == ["no answer to a proxy: GATE_KEY is not set."]


def test_who_is_not_the_proxy_is_not_believed(application: Application) -> None:
    """Whatever else a client may write, and whoever the peer is."""
    forged = {"X_FORWARDED_FOR": OFFICE, "X_REAL_IP": OFFICE, "FORWARDED": f"for={OFFICE}", "GATE_CALLER": OFFICE}
    assert ask(application, caller=ELSEWHERE, forwarded=OFFICE, **forged).status == 403
    assert ask(application, caller="", **forged).status == 403
    assert ask(application, host="fabrikam.azurecr.io", HOST="everybody.azurecr.io").status == 403


@pytest.mark.parametrize(
    ("caller", "status", "seen"),
    [
        pytest.param("16.17.18.19", 204, "", id="an address"),
        pytest.param("16.17.18.19:4711", 204, "", id="with a port"),
        pytest.param("::ffff:16.17.18.19", 204, "", id="in the clothes of IPv6"),
        pytest.param("[::ffff:16.17.18.19]:4711", 204, "", id="in brackets"),
        pytest.param("::ffff:198.51.100.7", 403, "198.51.100.7", id="in the clothes of IPv6, not listed"),
        pytest.param("2001:db8::16.17.18.19", 403, "2001:db8::1011:1213", id="IPv6 that ends alike"),
        pytest.param("fe80::1%16.17.18.19", 403, "fe80::1", id="with a zone"),
        pytest.param("", 403, "unknown", id="none"),
        pytest.param("unix:", 403, "unknown", id="a socket of this machine"),
        pytest.param("16.17.18.19, 198.51.100.7", 403, "unknown", id="two headers in one"),
        pytest.param("16.17.18.019", 403, "unknown", id="a leading zero"),
        pytest.param("16.17.4627", 403, "unknown", id="a short form"),
        pytest.param("269554195", 403, "unknown", id="a number"),
        pytest.param("16.17.18.0/24", 403, "unknown", id="a range"),
        pytest.param("localhost", 403, "unknown", id="a name"),
    ],
)
def test_the_address_is_read_or_refused(application: Application, caller: str, status: int, seen: str) -> None:
    answer = ask(application, caller=caller)
    assert answer.status == status
    assert status == 204 or f"client with IP '{seen}' ".encode() in answer.body


@pytest.mark.parametrize(
    ("host", "status"),
    [
        pytest.param("CONTOSO.azurecr.io", 204, id="letter case"),
        pytest.param("contoso.azurecr.io.:443", 204, id="port and dot"),
        pytest.param("", 403, id="none"),
        pytest.param("fabrikam.azurecr.io", 403, id="unknown"),
        pytest.param("everybody.azurecr.io, contoso.azurecr.io", 403, id="two headers in one"),
    ],
)
def test_the_registry_is_that_of_the_host(application: Application, host: str, status: int) -> None:
    assert ask(application, host=host).status == status


@pytest.mark.parametrize(
    "header", ["key", "host", "caller", "forwarded", "method", "uri", "scheme", "subnet", "endpoint", "authorization"]
)
def test_a_header_of_10_kb_is_a_fault(application: Application, caplog: pytest.LogCaptureFixture, header: str) -> None:
    answer = ask(application, **{"host": "everybody.azurecr.io", header: "x" * 10_000})
    assert (answer.status, answer.body) == (503, unavailable().body)
    (line,) = [each.getMessage() for each in caplog.records]
    assert len(line) < 200


@pytest.mark.parametrize("scheme", ["gopher", "", "HTTP", "https\r\nX: y"])
def test_an_unknown_scheme_is_https(application: Application, settings: Settings, scheme: str) -> None:
    settings.GATE_ORDER = "CHALLENGE-FIRST"
    assert 'realm="https://' in ask(application, scheme=scheme).headers["WWW-Authenticate"]


# A gate that can't tell


def test_a_gate_that_is_not_loaded_is_a_fault_that_nobody_keeps() -> None:
    snapshot = Snapshot()
    answer = ask(Application(Gate(snapshot, lambda *_: None), Asleep(snapshot), log_in))
    assert (answer.status, answer.body) == (503, unavailable().body)
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_fault_nobody_thought_of_lets_nobody_in(
    application: Application, gate: Gate, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Question) -> None:
        raise RuntimeError("nobody thought of it")

    monkeypatch.setattr(gate, "answer", fail)
    answer = ask(application)
    assert (answer.status, answer.body) == (503, unavailable().body)
    assert [each.getMessage() for each in caplog.records] == ["a proxy's question could not be answered"]


# What it says of itself


def test_its_state_is_for_administrators(application: Application, gate: Gate) -> None:
    answer = ask(application, "/state")
    said = json.loads(answer.body)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    assert 0 <= said.pop("age") < 60
    assert said == {
        "gate": "gate-1",
        "generation": gate.snapshot.generation,
        "registries": 2,
        "order": "network-first",
    }


def test_its_state_is_503_while_it_is_closed(settings: Settings) -> None:
    settings.GATE_ORDER = "CHALLENGE-FIRST"
    snapshot = Snapshot()
    answer = ask(Application(Gate(snapshot, lambda *_: None), Asleep(snapshot), log_in), "/state")
    assert (answer.status, json.loads(answer.body)) == (
        503,
        {"gate": "gate-1", "generation": None, "age": None, "registries": 0, "order": "challenge-first"},
    )


def test_a_refusal_is_logged_once(application: Application, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    ask(application, caller=ELSEWHERE)
    ask(application)
    assert [each.name for each in caplog.records] == ["portcullis.gate"]
