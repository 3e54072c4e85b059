"""The token endpoints: who gets a token, and what everybody else is told."""

import io
import json
from base64 import b64encode
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import Group
from django.db import OperationalError
from pytest_django import DjangoAssertNumQueries, Settings

from networking.gate import hosts, login, tokens
from networking.gate.asking import Gate, Question, Verdict
from networking.gate.login import NULL_ACCOUNT, judged
from networking.gate.refusals import Reply, unavailable
from networking.gate.scopes import Scope
from networking.gate.snapshot import Snapshot
from networking.gate.tokens import Access, identify, refreshed
from registries import credentials, signing
from registries.models import Account, Registry
from tests import make

HOST = "contoso.azurecr.io"
INSIDE, OUTSIDE = "203.0.113.10", "198.51.100.7"
CY = "cy@example.org"
PULL = Scope("repository", "samples/a", ("pull",))
UNAUTHORIZED = {
    "errors": [
        {
            "code": "UNAUTHORIZED",
            "message": "authentication required, visit https://aka.ms/acr/authorization for more information.",
        }
    ]
}


def basic(username: str, password: str = make.PASSWORD) -> str:
    return f"Basic {b64encode(f'{username}:{password}'.encode()).decode()}"


Asked = Callable[..., Reply]


@pytest.fixture
def gate(snapshot: Snapshot) -> Gate:
    make.registry("contoso", policy=make.selected("203.0.113.0/24"))
    snapshot.refresh()
    return Gate(snapshot, identify)


@pytest.fixture
def cy(db: None) -> Account:
    return make.account("Reader", username=CY)


@pytest.fixture
def ask(gate: Gate) -> Asked:
    def asked(
        path: str = "/oauth2/token",
        *,
        method: str = "",
        form: Any = None,
        query: Any = (),
        authorization: str = "",
        address: str = INSIDE,
        host: str = HOST,
        **environ: Any,
    ) -> Reply:
        """A POST where there is a form, else a GET."""
        body = form if isinstance(form, bytes) else urlencode(form or {}, doseq=True).encode()
        made = {
            "REQUEST_METHOD": method or ("GET" if form is None else "POST"),
            "PATH_INFO": path,
            "QUERY_STRING": query if isinstance(query, str) else urlencode(query, doseq=True),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        question = Question(hosts.parse(host), ip_address(address), uri=path, authorization=authorization)
        return judged(gate, question, made | environ)[0]

    return asked


def said(reply: Reply) -> Any:
    return json.loads(reply.body)


def access(reply: Reply) -> Access | None:
    assert reply.status == 200, reply
    host = hosts.parse(HOST)
    assert host is not None
    return identify(f"Bearer {said(reply)['access_token']}", host)


# Who gets a token


def test_a_name_and_a_password_get_a_token_for_what_the_role_gives(ask: Asked, cy: Account) -> None:
    query = [("service", HOST), ("scope", "repository:samples/a:pull,push"), ("account", CY)]
    reply = ask(query=query, authorization=basic(CY))
    assert access(reply) == Access(CY, (PULL,), trusted=False)
    assert dict(reply.headers) == {
        "Content-Type": "application/json; charset=utf-8",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    answer = said(reply)
    assert answer["token"] == answer["access_token"]
    assert answer["expires_in"] == 900
    assert len(answer["issued_at"]) == len("2026-11-20T10:00:00Z")
    assert set(answer) == {"token", "access_token", "expires_in", "issued_at"}


def test_docker_login_gets_no_refresh_token_in_place_of_its_password(ask: Asked, cy: Account) -> None:
    """It would keep that instead, and be signed out after three hours."""
    query = {"account": CY, "client_id": "docker", "offline_token": "true", "service": HOST}
    assert "refresh_token" not in said(ask(query=query, authorization=basic(CY)))


@pytest.mark.parametrize(
    ("form", "names"),
    [
        pytest.param({}, {"access_token", "expires_in", "issued_at"}, id="online"),
        pytest.param(
            {"access_type": "offline"}, {"access_token", "expires_in", "issued_at", "refresh_token"}, id="offline"
        ),
    ],
)
def test_a_password_may_come_as_a_form(ask: Asked, cy: Account, form: dict[str, str], names: set[str]) -> None:
    password = {"grant_type": "password", "username": CY, "password": make.PASSWORD, "service": HOST}
    reply = ask(form=password | form | {"scope": str(PULL)})
    assert access(reply) == Access(CY, (PULL,), trusted=False)
    assert set(said(reply)) == names


def test_a_refresh_token_gets_access_tokens(ask: Asked, cy: Account, gate: Gate) -> None:
    login_host = hosts.parse(HOST)
    assert login_host is not None
    refresh = tokens.refresh_token(cy, login_host)
    form = {"grant_type": "refresh_token", "service": HOST, "scope": str(PULL), "refresh_token": refresh}
    reply = ask(form=form)
    assert access(reply) == Access(CY, (PULL,), trusted=False)
    assert "refresh_token" not in said(reply)
    Account.objects.update(is_active=False)
    assert (ask(form=form).status, said(ask(form=form))) == (401, UNAUTHORIZED)


@pytest.mark.parametrize("by_form", [False, True], ids=["Basic", "form"])
def test_the_null_account_signs_in_with_a_refresh_token(ask: Asked, cy: Account, by_form: bool) -> None:
    """What `az acr login` gives docker."""
    login_host = hosts.parse(HOST)
    assert login_host is not None
    refresh = tokens.refresh_token(cy, login_host)
    if by_form:
        fields = {"grant_type": "password", "username": NULL_ACCOUNT, "password": refresh, "access_type": "offline"}
        reply = ask(form=fields)
    else:
        reply = ask(query={"offline_token": "true", "service": HOST}, authorization=basic(NULL_ACCOUNT, refresh))
    assert access(reply) == Access(CY, (), trusted=False)
    assert refreshed(said(reply)["refresh_token"], login_host) == cy
    assert ask(authorization=basic(NULL_ACCOUNT, make.PASSWORD)).status == 401


@pytest.mark.parametrize("grant", ["access_token", "access_token_refresh_token"])
def test_a_token_of_the_arm_api_is_exchanged_for_a_refresh_token(ask: Asked, cy: Account, grant: str) -> None:
    """As `az acr login` does it."""
    claims = {"sub": CY, "oid": cy.object_id, "idtyp": "user"}
    arm = signing.sign(claims, audience="https://containerregistry.azure.net", lifetime=60)
    form = {"grant_type": grant, "service": HOST, "tenant": "t", "access_token": arm}
    reply = ask("/oauth2/exchange", form=form)
    assert (reply.status, list(said(reply))) == (200, ["refresh_token"])
    contoso = hosts.parse(HOST)
    assert contoso is not None
    assert refreshed(said(reply)["refresh_token"], contoso) == cy
    refused = ask("/oauth2/exchange", form=form | {"access_token": said(reply)["refresh_token"]})
    assert (refused.status, said(refused)) == (401, UNAUTHORIZED)


def test_a_role_counts_as_it_is_now(ask: Asked, cy: Account) -> None:
    push = {"scope": "repository:samples/a:pull,push"}
    assert access(ask(query=push, authorization=basic(CY))) == Access(CY, (PULL,), trusted=False)
    cy.groups.set([Group.objects.get(name="Contributor")])
    both = Scope("repository", "samples/a", ("pull", "push"))
    assert access(ask(query=push, authorization=basic(CY))) == Access(CY, (both,), trusted=False)
    cy.groups.clear()
    assert access(ask(query=push, authorization=basic(CY))) == Access(CY, (), trusted=False)


def test_signing_in_costs_four_queries(
    ask: Asked, cy: Account, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(4):  # the account, its permissions and its roles', the registry
        assert ask(query={"scope": str(PULL)}, authorization=basic(CY)).status == 200


# Who gets none


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param("", id="nobody"),
        pytest.param(basic(CY, "wrong"), id="a wrong password"),
        pytest.param(basic("nobody@example.org"), id="an unknown name"),
        pytest.param(basic(CY).lower(), id="what can't be decoded"),
        pytest.param("Basic", id="nothing to decode"),
        pytest.param("Basic " + b64encode(b"\xff\xfe:x").decode(), id="no UTF-8"),
        pytest.param("Basic " + b64encode(CY.encode()).decode(), id="no colon"),
        pytest.param("Bearer x", id="another scheme"),
        pytest.param("Basic " + "a" * 10_000, id="10 KB"),
    ],
)
def test_without_the_right_password_the_answer_is_401(ask: Asked, cy: Account, authorization: str) -> None:
    reply = ask(query={"service": HOST}, authorization=authorization)
    assert (reply.status, said(reply)) == (401, UNAUTHORIZED)


def test_somebody_who_was_shut_out_a_moment_ago_gets_401(ask: Asked, cy: Account) -> None:
    assert ask(authorization=basic(CY)).status == 200
    Account.objects.update(is_active=False)
    assert (ask(authorization=basic(CY)).status, said(ask(authorization=basic(CY)))) == (401, UNAUTHORIZED)


@pytest.mark.parametrize("order", ["NETWORK-FIRST", "CHALLENGE-FIRST"])
@pytest.mark.parametrize("password", [make.PASSWORD, "wrong"], ids=["right", "wrong"])
@pytest.mark.parametrize("path", ["/oauth2/token", "/oauth2/exchange"])
def test_from_outside_every_password_gets_the_same_403(
    ask: Asked, cy: Account, settings: Settings, order: str, password: str, path: str
) -> None:
    settings.GATE_ORDER = order
    form = {"username": CY, "password": password, "access_token": password}
    form["grant_type"] = "password" if path == "/oauth2/token" else "access_token"
    reply = ask(path, form=form, address=OUTSIDE)
    message = said(reply)["errors"][0]["message"]
    assert (reply.status, message.partition(" CorrelationId: ")[0]) == (
        403,
        f"client with IP '{OUTSIDE}' is not allowed access. Refer https://aka.ms/acr/firewall to grant access.",
    )


def test_from_outside_no_password_is_looked_at(
    ask: Asked, cy: Account, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert ask(authorization=basic(CY), address=OUTSIDE).status == 403


def test_a_gate_that_can_not_tell_lets_nobody_sign_in(ask: Asked, cy: Account, gate: Gate, settings: Settings) -> None:
    gate.snapshot.looked_at = None
    assert ask(authorization=basic(CY)) == unavailable()


def test_a_database_that_is_away_lets_nobody_sign_in(
    ask: Asked, cy: Account, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(username: str, password: str, **_: object) -> Account | None:
        raise OperationalError("connection refused\nIs the server running?")

    monkeypatch.setattr(login, "account_of", away)
    assert ask(authorization=basic(CY)) == unavailable()
    assert caplog.messages == ["nobody can sign in, because the database doesn't answer: connection refused"]


def test_a_registry_that_was_deleted_a_moment_ago_gives_no_token(ask: Asked, cy: Account) -> None:
    Registry.objects.all().delete()
    assert ask(authorization=basic(CY)).status == 404


# Trusted identities


@pytest.mark.parametrize(
    ("order", "group", "trusts", "status"),
    [
        pytest.param("CHALLENGE-FIRST", True, True, 200, id="a trusted identity passes"),
        pytest.param("CHALLENGE-FIRST", True, False, 403, id="not without the exception"),
        pytest.param("CHALLENGE-FIRST", False, True, 403, id="not anybody"),
        pytest.param("NETWORK-FIRST", True, True, 403, id="not where the network comes first"),
    ],
)
def test_an_account_in_the_group_trusted_services(
    ask: Asked, cy: Account, gate: Gate, settings: Settings, order: str, group: bool, trusts: bool, status: int
) -> None:
    settings.GATE_ORDER = order
    make.registry("fabrikam", policy=make.selected("203.0.113.0/24", trusted_services=trusts))
    gate.snapshot.refresh()
    if group:
        cy.groups.add(Group.objects.get(name="Trusted services"))
    reply = ask(authorization=basic(CY), address=OUTSIDE, host="fabrikam.azurecr.io")
    assert reply.status == status
    if status == 200:
        fabrikam = hosts.parse("fabrikam.azurecr.io")
        assert fabrikam is not None
        assert identify(f"Bearer {said(reply)['access_token']}", fabrikam) == Access(CY, (), trusted=True)


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every password that was compared with a hash."""
    found: list[str] = []

    def listening(password: str, encoded: str) -> bool:
        found.append(password)
        return check_password(password, encoded)

    monkeypatch.setattr(credentials, "check_password", listening)
    monkeypatch.setattr(credentials, "make_password", found.append)
    return found


@pytest.mark.parametrize("name", [CY, "nobody@example.org"], ids=["somebody", "nobody"])
def test_from_outside_no_answer_takes_longer_or_shorter_than_another(
    ask: Asked, cy: Account, gate: Gate, settings: Settings, looked_at: list[str], name: str
) -> None:
    """Somebody inside has shown the right password a moment ago."""
    settings.GATE_ORDER = "CHALLENGE-FIRST"
    assert ask(authorization=basic(CY)).status == 200
    looked_at.clear()
    assert [ask(authorization=basic(name, each), address=OUTSIDE).status for each in (make.PASSWORD, "x")] == [403] * 2
    assert looked_at == [make.PASSWORD, "x"]


@pytest.mark.parametrize("name", [CY, "bo@example.org", "nobody@example.org"], ids=["trusted", "somebody", "nobody"])
def test_from_outside_the_count_of_wrong_passwords_tells_nobody_apart(
    ask: Asked, cy: Account, bo: Account, settings: Settings, looked_at: list[str], name: str
) -> None:
    settings.GATE_ORDER = "CHALLENGE-FIRST"
    cy.groups.add(Group.objects.get(name="Trusted services"))
    statuses = [ask(authorization=basic(name, f"{each}"), address=OUTSIDE).status for each in range(12)]
    assert statuses == [403] * 10 + [429] * 2
    assert looked_at == [str(each) for each in range(10)]


def test_from_outside_a_trusted_identitys_password_is_looked_at_every_time(
    ask: Asked, cy: Account, gate: Gate, settings: Settings, looked_at: list[str]
) -> None:
    settings.GATE_ORDER = "CHALLENGE-FIRST"
    make.registry("fabrikam", policy=make.selected("203.0.113.0/24", trusted_services=True))
    gate.snapshot.refresh()
    cy.groups.add(Group.objects.get(name="Trusted services"))
    fabrikam = {"host": "fabrikam.azurecr.io", "address": OUTSIDE}
    passwords = [make.PASSWORD, "wrong", make.PASSWORD]
    assert [ask(authorization=basic(CY, each), **fabrikam).status for each in passwords] == [200, 403, 200]
    assert looked_at == passwords


# How often


@pytest.mark.parametrize(
    ("address", "other", "status"),
    [
        pytest.param(INSIDE, "203.0.113.11", 401, id="IPv4"),
        pytest.param("2001:db8::1", "2001:db8::ffff:1", 429, id="IPv6, of one network"),
        pytest.param("2001:db8::1", "2001:db8:0:1::1", 401, id="IPv6, of another network"),
    ],
)
def test_wrong_passwords_at_speed_are_429(
    ask: Asked, cy: Account, gate: Gate, address: str, other: str, status: int
) -> None:
    make.registry("everybody")
    gate.snapshot.load()
    host = "everybody.azurecr.io"
    wrong = [ask(authorization=basic(CY, f"{each}"), address=address, host=host).status for each in range(10)]
    assert wrong == [401] * 10
    reply = ask(authorization=basic(CY), address=address, host=host)
    assert (reply.status, dict(reply.headers)["Retry-After"]) == (429, "60")
    message = "too many wrong passwords for this name; try again in a minute."
    assert said(reply) == {"errors": [{"code": "TOOMANYREQUESTS", "message": message}]}
    assert ask(authorization=basic(CY, "wrong"), address=other, host=host).status == status


def test_where_too_many_sign_in_the_rest_is_429(ask: Asked, cy: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "WAITS", 0.0)
    with credentials.turns.taken():
        reply = ask(authorization=basic(CY))
    assert (reply.status, dict(reply.headers)["Retry-After"]) == (429, "1")
    message = "too many are signing in; try again in a moment."
    assert said(reply) == {"errors": [{"code": "TOOMANYREQUESTS", "message": message}]}
    assert ask(authorization=basic(CY)).status == 200


# What the network had to say


@pytest.mark.parametrize(
    ("order", "address", "password", "form", "expected"),
    [
        pytest.param("NETWORK-FIRST", INSIDE, make.PASSWORD, None, (200, "ip_rule"), id="let in"),
        pytest.param("NETWORK-FIRST", OUTSIDE, make.PASSWORD, None, (403, "no_rule"), id="refused"),
        pytest.param("CHALLENGE-FIRST", INSIDE, make.PASSWORD, None, (200, "ip_rule"), id="let in, by then"),
        pytest.param("CHALLENGE-FIRST", INSIDE, "wrong", None, (401, "ip_rule"), id="nobody"),
        pytest.param("CHALLENGE-FIRST", OUTSIDE, make.PASSWORD, None, (403, "no_rule"), id="refused, by then"),
        pytest.param("CHALLENGE-FIRST", OUTSIDE, make.PASSWORD, {}, (400, "no_rule"), id="a form that says nothing"),
    ],
)
def test_the_verdict_says_what_was_decided(
    cy: Account, gate: Gate, settings: Settings, order: str, address: str, password: str, form: Any, expected: Any
) -> None:
    settings.GATE_ORDER = order
    make.registry("fabrikam", policy=make.selected("203.0.113.0/24", trusted_services=True))
    gate.snapshot.refresh()
    question = Question(hosts.parse("fabrikam.azurecr.io"), ip_address(address), authorization=basic(CY, password))
    method = "GET" if form is None else "POST"
    environ = {"REQUEST_METHOD": method, "PATH_INFO": "/oauth2/token", "wsgi.input": io.BytesIO()}
    reply, verdict = judged(gate, question, environ)
    assert (reply.status, verdict.reason, verdict.registry) == (*expected, "fabrikam")
    assert isinstance(verdict, Verdict)


# What can't be read


@pytest.mark.parametrize(
    ("asked", "status", "message"),
    [
        pytest.param({"form": {}}, 400, "grant_type must be password or refresh_token.", id="an empty form"),
        pytest.param({"form": {"grant_type": "x"}}, 400, "grant_type must be password or refresh_token.", id="a grant"),
        pytest.param(
            {"path": "/oauth2/exchange", "form": {"grant_type": "password"}},
            400,
            "grant_type must be access_token.",
            id="a grant of the other endpoint",
        ),
        pytest.param(
            {"form": {"grant_type": ["password", "refresh_token"]}},
            400,
            "grant_type is there 2 times; give it once.",
            id="a field twice",
        ),
        pytest.param(
            {"query": {"service": "fabrikam.azurecr.io"}},
            400,
            "service must be contoso.azurecr.io, the registry this was sent to.",
            id="another registry's token",
        ),
        pytest.param(
            {"query": {"service": "localhost"}},
            400,
            "service must be contoso.azurecr.io, the registry this was sent to.",
            id="a service that is no registry",
        ),
        pytest.param(
            {"query": {"scope": "everything"}},
            400,
            "scope must look like repository:samples/hello-world:pull,push.",
            id="no scope",
        ),
        pytest.param(
            {"query": "scope=%ff"}, 400, "The fields must be URL-encoded UTF-8, and at most 60 of them.", id="no UTF-8"
        ),
        pytest.param(
            {"query": "&".join(["a=b"] * 61)},
            400,
            "The fields must be URL-encoded UTF-8, and at most 60 of them.",
            id="too many fields",
        ),
        pytest.param(
            {"form": "grant_type=pässword".encode()},
            400,
            "The form must be application/x-www-form-urlencoded.",
            id="a form that isn't encoded",
        ),
        pytest.param(
            {"form": b"a=" + b"b" * 16_383}, 413, "The form must be at most 16,384 bytes long.", id="too long a form"
        ),
        pytest.param(
            {"form": b"a=" + b"b" * 16_383, "CONTENT_LENGTH": "", "wsgi.input_terminated": True},
            413,
            "The form must be at most 16,384 bytes long.",
            id="too long a form in chunks",
        ),
        pytest.param({"form": {}, "CONTENT_LENGTH": "-1"}, 400, "Content-Length must be a number.", id="a length"),
        pytest.param(
            {"form": {}, "CONTENT_LENGTH": "9" * 5000},
            413,
            "The form must be at most 16,384 bytes long.",
            id="a length without end",
        ),
    ],
)
def test_what_can_not_be_read_is_refused_with_a_sentence(
    ask: Asked, cy: Account, asked: dict[str, Any], status: int, message: str
) -> None:
    reply = ask(authorization=basic(CY), **asked)
    assert (reply.status, said(reply)) == (status, {"errors": [{"code": "BAD_REQUEST", "message": message}]})


def test_a_form_may_come_in_chunks(ask: Asked, cy: Account) -> None:
    form = {"grant_type": "password", "username": CY, "password": make.PASSWORD}
    environ = {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}
    assert ask(form=form, **environ).status == 200


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [("/oauth2/token", "PUT", "GET, POST"), ("/oauth2/exchange", "GET", "POST"), ("/oauth2/token", "", "GET, POST")],
)
def test_other_methods_are_not_taken(ask: Asked, path: str, method: str, allowed: str) -> None:
    reply = ask(path, REQUEST_METHOD=method)
    assert (reply.status, dict(reply.headers)["Allow"]) == (405, allowed)
    assert said(reply) == {"errors": [{"code": "UNSUPPORTED", "message": f"{path} takes {allowed}."}]}


@pytest.mark.parametrize(
    ("path", "host"),
    [
        ("/oauth2/token/", HOST),
        ("/oauth2/tokens", HOST),
        ("/oauth2/token", "contoso.blob.azurecr.io"),
    ],
)
def test_there_are_no_other_token_endpoints(ask: Asked, path: str, host: str) -> None:
    assert ask(path, host=host).status == 404


def test_a_host_that_is_no_registry_is_refused(ask: Asked) -> None:
    assert ask(host="fabrikam.azurecr.io").status == 403
    assert ask(host="localhost").status == 403
