"""The gate's own server, in front of which a proxy stands: a WSGI callable without Django's request handling.

Only a proxy that knows GATE_KEY is answered. Its headers have no hyphens, because servers read a client's
`X_Header` as the proxy's `X-Header`.
"""

import json
import logging
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.utils.crypto import constant_time_compare
from django.utils.http import http_date

from networking.access.decision import SubnetHost
from networking.client_address import parse_address
from networking.gate import hosts
from networking.gate.asking import TOKEN_ENDPOINTS, Gate, Question, Verdict
from networking.gate.keeping import Keeper
from networking.gate.refusals import JSON, NEVER_KEPT, Reply, not_found, unavailable

logger = logging.getLogger("portcullis.gate")

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]
Handle = Callable[[Gate, Question, Environ], tuple[Reply, Verdict]]  # the token endpoints

LONGEST = 8192  # of one header; a proxy sends no longer one
READ = (
    "HTTP_GATEKEY",
    "HTTP_GATEHOST",
    "HTTP_GATECALLER",
    "HTTP_GATEFORWARDED",
    "HTTP_GATEMETHOD",
    "HTTP_GATEURI",
    "HTTP_GATESCHEME",
    "HTTP_GATESUBNET",
    "HTTP_GATEENDPOINT",
    "HTTP_GATEHOSTKIND",
    "HTTP_AUTHORIZATION",
)
PHRASES = {int(status): f"{status.value} {status.phrase}" for status in HTTPStatus}


class Application:
    """GET /decide is the sub-request, /oauth2/… what a client signs in with, /state what an administrator looks at."""

    def __init__(self, gate: Gate, keeper: Keeper, log_in: Handle) -> None:
        self._gate = gate
        self._keeper = keeper
        self._log_in = log_in

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            self._keeper.awake()
            reply = self._reply(environ)
        except Exception:
            # Whatever it is, nobody comes in by it.
            logger.exception("a proxy's question could not be answered")
            reply = unavailable()
        headers = [*reply.headers]
        if reply.status != HTTPStatus.NO_CONTENT:
            headers.append(("Content-Length", str(len(reply.body))))
        start_response(PHRASES[reply.status], headers)
        return [reply.body]

    def _reply(self, environ: Environ) -> Reply:
        path = environ.get("PATH_INFO", "")
        if fault := _fault(environ):
            logger.error("no answer to a proxy: %s", fault)
            return unavailable()
        # Envoy puts the path that was asked for behind ours.
        if path == "/decide" or path.startswith("/decide/"):
            return _of(self._gate.answer(question(environ)))
        if path in TOKEN_ENDPOINTS:
            return _with(*self._log_in(self._gate, question(environ), environ))
        return self._state() if path == "/state" else not_found()

    def _state(self) -> Reply:
        snapshot = self._gate.snapshot
        known = snapshot.looked_at is not None
        state = {
            "gate": settings.GATE_NAME,
            "generation": snapshot.generation if known else None,
            "age": round(snapshot.age, 3) if known else None,
            "registries": len(snapshot),
            "order": settings.GATE_ORDER.lower(),
        }
        status = HTTPStatus.OK if snapshot.usable else HTTPStatus.SERVICE_UNAVAILABLE
        return Reply(status, (JSON, NEVER_KEPT), json.dumps(state).encode() + b"\n")


def question(environ: Environ) -> Question:
    """From the headers the proxy has set. What it left out is not known."""
    named = environ.get("HTTP_GATEHOST", "")
    return Question(
        host=hosts.parse(named),
        address=parse_address(environ.get("HTTP_GATECALLER", "")),
        subnet=environ.get("HTTP_GATESUBNET") or None,
        endpoint=environ.get("HTTP_GATEENDPOINT") or None,
        method=environ.get("HTTP_GATEMETHOD", "GET"),
        uri=environ.get("HTTP_GATEURI", ""),
        scheme="http" if environ.get("HTTP_GATESCHEME") == "http" else "https",
        authorization=environ.get("HTTP_AUTHORIZATION", ""),
        forwarded=environ.get("HTTP_GATEFORWARDED", ""),
        named=named,
        host_kind=_host_kind(environ.get("HTTP_GATEHOSTKIND", "")),
    )


def _host_kind(word: str) -> SubnetHost:
    """A listener for a subnet stands for its virtual machines, unless the proxy says otherwise. A word that we don't
    know is none of those that a service endpoint lets in."""
    if not word:
        return SubnetHost.VIRTUAL_MACHINE
    return SubnetHost(word) if word in list(SubnetHost) else SubnetHost.OTHER


def _fault(environ: Environ) -> str:
    """Why this is no question of a proxy that we trust; empty where it is one."""
    if not settings.GATE_KEY:
        return "GATE_KEY is not set."
    key = environ.get("HTTP_GATEKEY", "")
    if not key:
        return "it sent no Gatekey."
    if not constant_time_compare(key, settings.GATE_KEY):
        return "its Gatekey is not GATE_KEY."
    for name in READ:
        if len(environ.get(name, "")) > LONGEST:
            return f"its header {name.removeprefix('HTTP_').capitalize()} is longer than {LONGEST:,} bytes."
    return ""


def _of(verdict: Verdict) -> Reply:
    """For the proxy: the client's answer, and beside it what goes to the proxy's log. What is certain may be kept for
    a second; a fault may not."""
    return _with(
        verdict.reply or Reply(HTTPStatus.NO_CONTENT),
        verdict,
        # nginx counts in whole seconds: this is the rest of the current one, where max-age=1 would be up to two.
        ("Expires", http_date()),
        ("Cache-Control", f"stale-if-error={settings.GATE_GRACE}" if settings.GATE_GRACE else ""),
        ("Gatedatahost", verdict.data_host),
        ("Gatelayer", verdict.layer),
    )


def _with(reply: Reply, verdict: Verdict, *more: tuple[str, str]) -> Reply:
    """The answer with what the network had to say, for the proxy's log. A fault says nothing."""
    if reply.status == HTTPStatus.SERVICE_UNAVAILABLE:
        return reply
    said = (
        *more,
        ("Gatereason", verdict.reason),
        ("Gaterule", verdict.rule),
        ("Gateregistry", verdict.registry),
        ("Gategeneration", str(verdict.generation)),
        ("Gatecorrelation", verdict.correlation_id),
        ("Gatetester", verdict.tester),
    )
    return Reply(reply.status, (*reply.headers, *(each for each in said if each[1])), reply.body)
