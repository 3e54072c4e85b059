"""Signing in to a registry, as Azure Container Registry does it: the token endpoints.

The network has its say first, so that from outside nobody learns which password is right: 403 wins over 401.
"""

import binascii
import logging
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.db import Error
from django.db.models import Q
from django.utils import timezone

from networking.client_address import Address
from networking.gate import connections, hosts, scopes, tokens
from networking.gate.asking import TOKEN_ENDPOINTS, Gate, Question, Verdict
from networking.gate.hosts import Host, HostKind
from networking.gate.refusals import (
    AUTHORIZATION,
    JSON,
    NEVER_KEPT,
    PLAIN,
    Reply,
    error,
    not_found,
    spelled,
    unavailable,
)
from registries.credentials import BusyError, account_of
from registries.models import TRUSTED_GROUP, Account, Registry

logger = logging.getLogger("portcullis.gate")

TOKEN, EXCHANGE = TOKEN_ENDPOINTS
METHODS = {TOKEN: ("GET", "POST"), EXCHANGE: ("POST",)}

# The user name beside which a refresh token is the password: `az acr login` gives docker both.
NULL_ACCOUNT = "00000000-0000-0000-0000-000000000000"
TRUSTED = Q(groups__name=TRUSTED_GROUP)
MOST_BODY = 16 * 1024
MOST_FIELDS = 60


class FormError(Exception):
    """The request can't be taken; carries the answer."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def _bad(message: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> FormError:
    return FormError(error(status, "BAD_REQUEST", message, NEVER_KEPT))


@dataclass(frozen=True, slots=True)
class Form:
    """What was asked: of the query of a GET, of the body of a POST."""

    host: Host
    path: str
    method: str
    authorization: str
    address: Address | None
    fields: dict[str, list[str]]

    def one(self, name: str) -> str:
        """A field, empty where it isn't there. Refused where it is there twice: two readers could take two values."""
        values = self.fields.get(name, [""])
        if len(values) > 1:
            raise _bad(f"{name} is there {len(values)} times; give it once.")
        return values[0]


def judged(gate: Gate, question: Question, environ: Mapping[str, Any]) -> tuple[Reply, Verdict]:
    """The answer of a token endpoint, and what the network had to say. `environ` is the request as it came, `question`
    what the gate knows of it."""
    identity_counts = settings.GATE_ORDER == "CHALLENGE-FIRST"
    # Whom not even a trusted identity would help is refused unheard.
    verdict = gate.network(question, trusted=identity_counts)
    if verdict.reply is not None:
        return verdict.reply, verdict
    if identity_counts:
        verdict = replace(verdict, decision=gate.decision(question))  # nobody has proven anything yet
    try:
        form = _form(question, environ)
        connections.let_go()
        account = _account(form, trusted_only=verdict.decision is not None and not verdict.decision.allowed)
        trusted = identity_counts and account is not None and _is_trusted(account)
        if identity_counts:
            verdict = gate.network(question, trusted=trusted)
        return verdict.reply or _answer(form, account, trusted=trusted), verdict
    except FormError as mistake:
        return mistake.reply, verdict
    except BusyError as busy:
        again = ("Retry-After", str(busy.again_in))
        return error(HTTPStatus.TOO_MANY_REQUESTS, "TOOMANYREQUESTS", str(busy), again, NEVER_KEPT), verdict
    except Error as failure:
        # Nobody comes in because the database can't say who they are.
        logger.error("nobody can sign in, because the database doesn't answer: %s", str(failure).partition("\n")[0])
        return unavailable(), verdict
    finally:
        connections.let_go()


def _form(question: Question, environ: Mapping[str, Any]) -> Form:
    host, path, method = question.host, environ.get("PATH_INFO", ""), environ.get("REQUEST_METHOD", "")
    if host is None or host.kind is not HostKind.LOGIN or path not in METHODS:
        raise FormError(not_found())
    if method not in METHODS[path]:
        takes = ("Allow", ", ".join(METHODS[path]))
        message = f"{path} takes {takes[1]}."
        raise FormError(error(HTTPStatus.METHOD_NOT_ALLOWED, "UNSUPPORTED", message, takes, NEVER_KEPT))
    text = _body(environ) if method == "POST" else environ.get("QUERY_STRING", "")
    form = Form(host, path, method, question.authorization, question.address, _parsed(text))
    _check(form)
    return form


def _answer(form: Form, account: Account | None, *, trusted: bool) -> Reply:
    if account is None:
        return error(HTTPStatus.UNAUTHORIZED, "UNAUTHORIZED", AUTHORIZATION, NEVER_KEPT)
    if form.path == EXCHANGE:
        return _told({"refresh_token": tokens.refresh_token(account, form.host)})
    registry = Registry.objects.named(form.host.registry).first()
    if registry is None:  # deleted a moment ago, and the snapshot is about to know
        return not_found()
    grants = scopes.granted(_asked(form), account, registry)
    token = tokens.access_token(account, form.host, grants, trusted=trusted)
    said: dict[str, Any] = {
        "access_token": token,
        "expires_in": tokens.ACCESS_LIFETIME,
        "issued_at": timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    if form.method == "GET":
        said["token"] = token  # its name before there was OAuth, which some clients read first
    if _wants_refresh(form):
        said["refresh_token"] = tokens.refresh_token(account, form.host)
    return _told(said)


def _wants_refresh(form: Form) -> bool:
    """docker asks with every `docker login`, and keeps a refresh token in place of the password. After three hours
    it would be signed out, so it gets one only where it has no password to lose, as from Azure."""
    if form.method == "GET":
        return form.one("offline_token") == "true" and _basic(form.authorization)[0] == NULL_ACCOUNT
    return form.one("grant_type") == "password" and form.one("access_type") == "offline"


def _account(form: Form, *, trusted_only: bool) -> Account | None:
    """Who has proven to be somebody; None where the proof is wrong or missing. `trusted_only`: from where they ask,
    only a trusted identity is let in, so everybody else's name is as one that nobody has."""
    if form.method == "GET":
        return _signed_in(form, *_basic(form.authorization), trusted_only=trusted_only)
    match form.path, form.one("grant_type"):
        case "/oauth2/token", "password":
            return _signed_in(form, form.one("username"), form.one("password"), trusted_only=trusted_only)
        case "/oauth2/token", "refresh_token":
            return tokens.refreshed(form.one("refresh_token"), form.host)
        case "/oauth2/exchange", "access_token" | "access_token_refresh_token":
            return tokens.of_arm(form.one("access_token"))
    raise _bad(f"grant_type must be {'access_token' if form.path == EXCHANGE else 'password or refresh_token'}.")


def _signed_in(form: Form, username: str, password: str, *, trusted_only: bool) -> Account | None:
    if username == NULL_ACCOUNT:
        return tokens.refreshed(password, form.host)
    return account_of(
        username,
        password,
        caller=str(form.address or ""),
        only=TRUSTED if trusted_only else None,
        from_outside=trusted_only,
    )


def _is_trusted(account: Account) -> bool:
    return account.groups.filter(name=TRUSTED_GROUP).exists()


def _basic(authorization: str) -> tuple[str, str]:
    """User name and password; both empty where the header holds none."""
    kind, _, encoded = authorization.partition(" ")
    try:
        text = b64decode(encoded.strip(), validate=True).decode() if kind.lower() == "basic" else ""
    except (binascii.Error, ValueError):
        return "", ""
    username, _, password = text.partition(":")
    return username, password


def _check(form: Form) -> None:
    service = form.one("service")
    # Whoever asks another registry's token here, or this one's there, is mistaken about where it is.
    named = hosts.parse(service) if service else form.host
    if named is None or named.registry != form.host.registry:
        raise _bad(f"service must be {form.host.login_server}, the registry this was sent to.")
    _asked(form)


def _asked(form: Form) -> tuple[scopes.Scope, ...]:
    try:
        return scopes.parsed(form.fields.get("scope", []))
    except ValueError as wrong:
        raise _bad(str(wrong)) from None


def _body(environ: Mapping[str, Any]) -> str:
    """The body of a form, which is never long."""
    too_long = _bad(f"The form must be at most {MOST_BODY:,} bytes long.", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    length = environ.get("CONTENT_LENGTH") or ""
    if length and not (length.isascii() and length.isdecimal()):
        raise _bad("Content-Length must be a number.")
    if len(length) > len(str(MOST_BODY)) or int(length or 0) > MOST_BODY:
        raise too_long
    # Without a length it comes in chunks; a server that can't tell where they end has read nothing.
    known = bool(length) or bool(environ.get("wsgi.input_terminated"))
    left, parts = int(length or MOST_BODY + 1) if known else 0, []
    while left > 0 and (part := environ["wsgi.input"].read(left)):
        parts.append(part)
        left -= len(part)
    body = b"".join(parts)
    if len(body) > MOST_BODY:
        raise too_long
    try:
        return body.decode("ascii")
    except UnicodeDecodeError:
        raise _bad("The form must be application/x-www-form-urlencoded.") from None


def _parsed(text: str) -> dict[str, list[str]]:
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise _bad(f"The fields must be URL-encoded UTF-8, and at most {MOST_FIELDS} of them.") from None


def _told(said: dict[str, Any]) -> Reply:
    return Reply(HTTPStatus.OK, (JSON, PLAIN, NEVER_KEPT), spelled(said))
