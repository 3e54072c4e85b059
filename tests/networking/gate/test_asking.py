"""A gate's verdicts, in both orders: who is let through, who is challenged, who is refused, and what is logged."""

import logging
import re
import uuid
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import pytest
from django.urls import resolve
from pytest_django import DjangoAssertNumQueries, Settings

from networking.access.decision import ALL_NETWORKS, NO_RULE, ConnectionState, Decision, Reason
from networking.gate import layers
from networking.gate.asking import Gate, Question, Verdict
from networking.gate.hosts import Host, parse
from networking.gate.refusals import challenge, denied, unavailable
from networking.gate.snapshot import Snapshot
from networking.models import PrivateEndpointConnection, TrustedService
from tests import make

OFFICE, ELSEWHERE, SCANNER = "16.17.18.19", "198.51.100.7", "10.20.0.9"
SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/a"
ENDPOINT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateEndpoints/build"
DIGEST = "ab" * 32
BLOB = f"/v2/samples/a/blobs/sha256:{DIGEST}"


@dataclass(frozen=True)
class Token:
    trusted: bool


TOKENS = {"Bearer anyone": Token(trusted=False), "Bearer scanner": Token(trusted=True)}


def identify(authorization: str, host: Host) -> Token | None:
    return TOKENS.get(authorization) if host.registry == "contoso" else None


@pytest.fixture
def gate(snapshot: Snapshot) -> Gate:
    """Of contoso, which lets the office in, a subnet and what is trusted."""
    registry = make.registry("contoso", policy=make.selected("16.17.18.0/24", data_endpoint=True))
    make.registry("disabled", policy=make.disabled("16.17.18.0/24"))
    make.registry("everybody")
    make.registry("subnets", policy=make.selected(subnets=(SUBNET,)))
    PrivateEndpointConnection.objects.create(
        registry=registry, name="contoso.a", private_endpoint=ENDPOINT, state=ConnectionState.APPROVED
    )
    TrustedService.objects.create(name="Scanner", networks=["10.20.0.0/16"])
    snapshot.load()
    return Gate(snapshot, identify)


def ask(host: str = "contoso.azurecr.io", address: str = OFFICE, **more: Any) -> Question:
    return Question(parse(host), ip_address(address) if address else None, named=host, **more)


def reason(verdict: Verdict) -> tuple[bool, Reason | None]:
    return verdict.allowed, verdict.decision.reason if verdict.decision else None


# The network first


def test_who_is_let_through_learns_by_which_rule(gate: Gate) -> None:
    verdict = gate.answer(ask())
    assert verdict == Verdict(
        reply=None,
        decision=Decision(Reason.IP_RULE, make.rule("16.17.18.0/24")),
        registry="contoso",
        correlation_id=verdict.correlation_id,
        generation=gate.snapshot.generation,
        data_host="contoso.eastus.data.azurecr.io",
    )
    assert (verdict.allowed, verdict.reason, verdict.rule) == (True, "ip_rule", "16.17.18.0/24")
    assert uuid.UUID(verdict.correlation_id)
    assert gate.answer(ask()).correlation_id != verdict.correlation_id


def test_who_is_refused_reads_the_address_that_was_seen(gate: Gate) -> None:
    verdict = gate.answer(ask(address=ELSEWHERE))
    assert verdict == Verdict(
        reply=denied(ip_address(ELSEWHERE), verdict.correlation_id),
        decision=NO_RULE,
        registry="contoso",
        correlation_id=verdict.correlation_id,
        generation=gate.snapshot.generation,
        data_host="contoso.eastus.data.azurecr.io",
        tester="/registries/contoso/networking/tester/?ip=198.51.100.7",
    )
    assert (verdict.allowed, verdict.reason, verdict.rule) == (False, "no_rule", "")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        pytest.param(ask("everybody.azurecr.io", ELSEWHERE), Reason.ALL_NETWORKS, id="all networks"),
        pytest.param(ask("everybody.azurecr.io", "2001:db8::1"), Reason.ALL_NETWORKS, id="all networks, IPv6"),
        pytest.param(ask("contoso.azurecr.io", SCANNER), Reason.TRUSTED_SERVICE, id="a trusted network"),
        pytest.param(ask("disabled.azurecr.io", SCANNER), Reason.TRUSTED_SERVICE, id="a trusted network, disabled"),
        pytest.param(ask("subnets.azurecr.io", "10.0.0.4", subnet=SUBNET), Reason.SUBNET_RULE, id="a subnet"),
        pytest.param(
            ask("contoso.azurecr.io", "10.0.0.4", endpoint=ENDPOINT), Reason.PRIVATE_ENDPOINT, id="a private endpoint"
        ),
        pytest.param(ask("contoso.eastus.data.azurecr.io"), Reason.IP_RULE, id="the data endpoint"),
        pytest.param(ask("contoso.blob.azurecr.io"), Reason.IP_RULE, id="the blob host"),
        pytest.param(ask("Contoso.AZURECR.io.:443"), Reason.IP_RULE, id="the same host spelled otherwise"),
    ],
)
def test_who_may_is_let_through(gate: Gate, question: Question, expected: Reason) -> None:
    assert reason(gate.answer(question)) == (True, expected)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        pytest.param(ask("disabled.azurecr.io"), Reason.PUBLIC_ACCESS_DISABLED, id="disabled, and listed"),
        pytest.param(ask(address="2001:db8::1"), Reason.NO_RULE, id="IPv6"),
        pytest.param(ask(address=""), Reason.UNKNOWN_ADDRESS, id="no address"),
        pytest.param(ask("everybody.azurecr.io", ""), Reason.UNKNOWN_ADDRESS, id="no address, all networks"),
        pytest.param(ask("fabrikam.azurecr.io"), Reason.UNKNOWN_REGISTRY, id="no such registry"),
        pytest.param(ask("contoso.example.org"), Reason.UNKNOWN_REGISTRY, id="no host of ours"),
        pytest.param(ask(""), Reason.UNKNOWN_REGISTRY, id="no host"),
        pytest.param(ask("contoso.westus.data.azurecr.io"), Reason.UNKNOWN_REGISTRY, id="no data endpoint there"),
        pytest.param(ask("everybody.eastus.data.azurecr.io"), Reason.UNKNOWN_REGISTRY, id="data endpoints off"),
        pytest.param(ask("contoso.eastus.data.azurecr.io", ELSEWHERE), Reason.NO_RULE, id="data endpoint, not listed"),
        pytest.param(ask("contoso.blob.azurecr.io", ELSEWHERE), Reason.NO_RULE, id="blob host, not listed"),
        pytest.param(ask("subnets.azurecr.io", "10.0.0.4"), Reason.NO_RULE, id="no subnet"),
        pytest.param(ask("subnets.azurecr.io", SCANNER), Reason.NO_RULE, id="trusted, but with subnet rules"),
        pytest.param(ask("subnets.azurecr.io", "10.0.0.4", subnet=SUBNET + "b"), Reason.NO_RULE, id="another subnet"),
        pytest.param(
            ask("disabled.azurecr.io", "10.0.0.4", endpoint=ENDPOINT),
            Reason.PUBLIC_ACCESS_DISABLED,
            id="a private endpoint of another registry",
        ),
        pytest.param(
            ask(address=ELSEWHERE, authorization="Bearer scanner"),
            Reason.NO_RULE,
            id="a trusted identity, which is not asked for in this order",
        ),
    ],
)
def test_who_may_not_is_refused(gate: Gate, question: Question, expected: Reason) -> None:
    verdict = gate.answer(question)
    assert reason(verdict) == (False, expected)
    assert verdict.reply == denied(question.address, verdict.correlation_id)


@pytest.mark.parametrize(
    "uri",
    [
        pytest.param("/v2/", id="plain"),
        pytest.param("//v2/", id="two slashes"),
        pytest.param("/v2/../v2/", id="up and down"),
        pytest.param("/v2/../../etc/passwd", id="out of it"),
        pytest.param("/%76%32/", id="encoded letters"),
        pytest.param("/v2/samples%2fa/manifests/v1", id="encoded slash"),
        pytest.param("/v2/%2e%2e/samples", id="encoded dots"),
        pytest.param("/oauth2/tokens", id="nearly the token endpoint"),
        pytest.param("/oauth2/token/../../v2/", id="through the token endpoint"),
        pytest.param("https://everybody.azurecr.io/v2/", id="another host in the target"),
        pytest.param("", id="none"),
        pytest.param("/" + "a" * 8000, id="long"),
        pytest.param("/v2/\x00\udc80", id="no text"),
    ],
)
@pytest.mark.parametrize("order", ["NETWORK-FIRST", "CHALLENGE-FIRST"])
@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS", "../"])
def test_no_path_and_no_method_changes_a_verdict(
    gate: Gate, settings: Settings, order: str, uri: str, method: str
) -> None:
    settings.GATE_ORDER = order
    for address, authorization in ((OFFICE, "Bearer anyone"), (ELSEWHERE, "Bearer anyone"), (OFFICE, "")):
        plain = gate.answer(ask(address=address, authorization=authorization))
        tricked = gate.answer(ask(address=address, authorization=authorization, uri=uri, method=method))
        assert reason(tricked) == reason(plain)
        assert getattr(tricked.reply, "status", 204) == getattr(plain.reply, "status", 204)


# The challenge first


@pytest.fixture
def challenge_first(settings: Settings) -> None:
    settings.GATE_ORDER = "CHALLENGE-FIRST"


@pytest.mark.usefixtures("challenge_first")
@pytest.mark.parametrize("address", [OFFICE, ELSEWHERE, ""])
@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param("", id="none"),
        pytest.param("Bearer expired", id="no valid token"),
        pytest.param("Basic Ym86eA==", id="a password"),
    ],
)
def test_whoever_shows_no_token_is_challenged(gate: Gate, address: str, authorization: str) -> None:
    verdict = gate.answer(ask(address=address, authorization=authorization, scheme="http"))
    host = parse("contoso.azurecr.io")
    assert host is not None
    assert reason(verdict) == (False, None)
    assert verdict.reply == challenge(host, scheme="http")


@pytest.mark.usefixtures("challenge_first")
@pytest.mark.parametrize("uri", ["/oauth2/token", "/oauth2/token?service=contoso.azurecr.io", "/oauth2/exchange"])
@pytest.mark.parametrize(
    ("question", "status", "said"),
    [
        pytest.param({}, 204, (True, None), id="somebody who is let in"),
        pytest.param({"address": ELSEWHERE}, 204, (True, None), id="somebody who may be a trusted service"),
        pytest.param(
            {"host": "trustsnobody.azurecr.io", "address": ELSEWHERE},
            403,
            (False, Reason.NO_RULE),
            id="nobody who may come in",
        ),
        pytest.param(
            {"host": "contoso.blob.azurecr.io", "address": ELSEWHERE}, 403, (False, Reason.NO_RULE), id="data"
        ),
    ],
)
def test_who_goes_to_sign_in_is_not_challenged_to(
    gate: Gate, uri: str, question: dict[str, str], status: int, said: tuple[bool, Reason | None]
) -> None:
    """A proxy that asks for every request asks for that one too. Where it goes, the network has its say again."""
    make.registry("trustsnobody", policy=make.selected("16.17.18.0/24", trusted_services=False))
    gate.snapshot.load()
    verdict = gate.answer(ask(uri=uri, authorization="Basic Ym86eA==", **question))
    assert (getattr(verdict.reply, "status", 204), reason(verdict)) == (status, said)


@pytest.mark.usefixtures("challenge_first")
def test_a_challenge_asks_for_what_the_request_needs(gate: Gate) -> None:
    reply = gate.answer(ask(method="PUT", uri="/v2/samples/a/manifests/v1")).reply
    assert reply is not None
    assert dict(reply.headers)["WWW-Authenticate"].endswith(',scope="repository:samples/a:pull,push"')


@pytest.mark.usefixtures("challenge_first")
def test_a_token_of_another_registry_is_challenged(gate: Gate) -> None:
    reply = gate.answer(ask("everybody.azurecr.io", authorization="Bearer anyone")).reply
    assert reply is not None
    assert reply.status == 401


@pytest.mark.usefixtures("challenge_first")
@pytest.mark.parametrize(
    ("question", "expected"),
    [
        pytest.param(ask(authorization="Bearer anyone"), (True, Reason.IP_RULE), id="listed"),
        pytest.param(ask(address=ELSEWHERE, authorization="Bearer anyone"), (False, Reason.NO_RULE), id="not listed"),
        pytest.param(
            ask(address=ELSEWHERE, authorization="Bearer scanner"),
            (True, Reason.TRUSTED_SERVICE),
            id="trusted identity",
        ),
        pytest.param(
            ask(address="", authorization="Bearer scanner"), (True, Reason.TRUSTED_SERVICE), id="trusted, from nowhere"
        ),
        pytest.param(ask(address=SCANNER, authorization="Bearer anyone"), (True, Reason.TRUSTED_SERVICE), id="network"),
        pytest.param(
            ask("fabrikam.azurecr.io", authorization="Bearer anyone"),
            (False, Reason.UNKNOWN_REGISTRY),
            id="no such registry",
        ),
        pytest.param(ask("contoso.example.org"), (False, Reason.UNKNOWN_REGISTRY), id="no host of ours"),
        pytest.param(ask("contoso.blob.azurecr.io"), (True, Reason.IP_RULE), id="a layer, without a token"),
        pytest.param(ask("contoso.blob.azurecr.io", ELSEWHERE), (False, Reason.NO_RULE), id="a layer, not listed"),
    ],
)
def test_with_a_token_the_network_decides(gate: Gate, question: Question, expected: tuple[bool, Reason]) -> None:
    assert reason(gate.answer(question)) == expected


@pytest.mark.usefixtures("challenge_first")
def test_no_identity_passes_without_the_exception(gate: Gate) -> None:
    make.registry("contoso2", policy=make.selected(trusted_services=False))
    gate.snapshot.load()
    trusted = Gate(gate.snapshot, lambda *_: Token(trusted=True))
    assert reason(trusted.answer(ask("contoso2.azurecr.io", ELSEWHERE))) == (False, Reason.NO_RULE)


@pytest.mark.usefixtures("challenge_first")
def test_a_trusted_identity_fetches_its_layers_too(gate: Gate) -> None:
    verdict = gate.answer(ask(address=ELSEWHERE, authorization="Bearer scanner", uri=BLOB))
    path = f"/docker/registry/v2/blobs/sha256/{DIGEST[:2]}/{DIGEST}/data"
    fetched = gate.answer(ask(verdict.data_host, ELSEWHERE, uri=f"{path}?{verdict.layer}"))
    assert reason(fetched) == (True, Reason.TRUSTED_SERVICE)
    others = gate.answer(ask(authorization="Bearer anyone", uri=BLOB))
    fetched = gate.answer(ask(others.data_host, ELSEWHERE, uri=f"{path}?{others.layer}"))
    assert reason(fetched) == (False, Reason.NO_RULE)


def test_a_link_says_nothing_where_no_identity_is_asked_for(gate: Gate) -> None:
    host = "contoso.eastus.data.azurecr.io"
    path = f"/docker/registry/v2/blobs/sha256/{DIGEST[:2]}/{DIGEST}/data"
    query = layers.link(BLOB, host, trusted=True)
    assert reason(gate.answer(ask(host, ELSEWHERE, uri=f"{path}?{query}"))) == (False, Reason.NO_RULE)


# The network alone, as the token endpoints ask


def test_the_network_alone_knows_of_an_identity_what_it_is_told(gate: Gate) -> None:
    question = ask(address=ELSEWHERE, authorization="Bearer scanner")
    assert reason(gate.network(question)) == (False, Reason.NO_RULE)
    assert reason(gate.network(question, trusted=True)) == (True, Reason.TRUSTED_SERVICE)


# Where layers are


@pytest.mark.parametrize(
    ("host", "data_host"),
    [
        pytest.param("contoso.azurecr.io", "contoso.eastus.data.azurecr.io", id="on"),
        pytest.param("everybody.azurecr.io:8443", "everybody.blob.azurecr.io", id="off"),
        pytest.param("contoso.eastus.data.azurecr.io", "", id="there already"),
        pytest.param("contoso.example.org", "", id="nowhere"),
    ],
)
def test_layers_leave_by_the_data_endpoint_where_there_is_one(gate: Gate, host: str, data_host: str) -> None:
    assert gate.answer(ask(host)).data_host == data_host


def test_only_who_is_let_through_gets_a_link_to_a_layer(gate: Gate) -> None:
    assert gate.answer(ask(uri=BLOB)).layer.startswith("sig=")
    assert gate.answer(ask(uri=BLOB, address=ELSEWHERE)).layer == ""
    assert gate.answer(ask(uri="/v2/samples/a/manifests/v1")).layer == ""


# A gate that can't tell


@pytest.mark.parametrize("order", ["NETWORK-FIRST", "CHALLENGE-FIRST"])
@pytest.mark.parametrize("authorization", ["", "Bearer scanner"])
def test_a_gate_that_was_never_loaded_is_closed(settings: Settings, order: str, authorization: str) -> None:
    settings.GATE_ORDER = order
    gate = Gate(Snapshot(), identify)
    verdict = gate.answer(ask("everybody.azurecr.io", authorization=authorization))
    assert verdict == Verdict(unavailable(), None, "everybody", verdict.correlation_id)
    assert not verdict.allowed


@pytest.mark.parametrize("order", ["NETWORK-FIRST", "CHALLENGE-FIRST"])
@pytest.mark.parametrize("authorization", ["", "Bearer anyone", "Bearer scanner"])
def test_a_gate_that_could_not_ask_for_too_long_is_closed(
    gate: Gate, settings: Settings, order: str, authorization: str
) -> None:
    settings.GATE_ORDER = order
    assert gate.snapshot.looked_at is not None
    gate.snapshot.looked_at -= settings.GATE_MAX_AGE + 1
    for host in ("contoso.azurecr.io", "everybody.azurecr.io", "contoso.blob.azurecr.io", "fabrikam.azurecr.io", "x"):
        verdict = gate.answer(ask(host, authorization=authorization))
        assert (verdict.reply, verdict.decision) == (unavailable(), None)
    gate.snapshot.refresh()
    assert gate.network(ask("everybody.azurecr.io")).decision == ALL_NETWORKS


# What it costs, and what it leaves behind


def test_a_verdict_takes_no_query(gate: Gate, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        gate.answer(ask())
        gate.answer(ask(address=ELSEWHERE))
        gate.answer(ask(endpoint=ENDPOINT, subnet=SUBNET, uri=BLOB))


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.name == "portcullis.gate"]


def test_each_refusal_is_a_line_with_the_way_to_the_tester(gate: Gate, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="portcullis.gate")
    verdict = gate.answer(ask(address=ELSEWHERE, subnet=SUBNET, forwarded="203.0.113.7"))
    (line,) = logged(caplog)
    assert line == (
        f"refused registry=contoso address=198.51.100.7 reason=no_rule correlation={verdict.correlation_id} "
        "forwarded='203.0.113.7' tester=/registries/contoso/networking/tester/?ip=198.51.100.7"
        "&subnet=%2Fsubscriptions%2Fs%2FresourceGroups%2Fg%2Fproviders%2FMicrosoft.Network"
        "%2FvirtualNetworks%2Fv%2Fsubnets%2Fa"
    )
    link = re.search(r"tester=(\S+)\?", line)
    assert link is not None
    assert resolve(link[1]).url_name == "networking-tester"


def test_who_is_let_through_or_challenged_leaves_no_line(
    gate: Gate, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="portcullis.gate")
    gate.answer(ask())
    settings.GATE_ORDER = "CHALLENGE-FIRST"
    gate.answer(ask(address=ELSEWHERE))
    assert logged(caplog) == []


def test_no_client_writes_into_the_log(gate: Gate, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="portcullis.gate")
    gate.answer(ask("x\nrefused registry=contoso" + "y" * 5000, "", forwarded="1.2.3.4\n\x1b[2J" + "z" * 5000))
    (line,) = logged(caplog)
    assert line.isprintable()
    assert len(line) < 500
    assert "registry='x\\nrefused registry=contoso" in line
    assert "address=unknown reason=unknown_registry" in line
