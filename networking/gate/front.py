"""The gate without a proxy: in front of Django in the dashboard's own server, it answers for the registries' hosts.

Every other host is Django's, and Django sees nothing of these. What is let through goes to REGISTRY_UPSTREAM.
"""

import logging
import re
import time
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.conf import settings

from networking.gate import blob_links, hosts, login, scopes, tokens
from networking.gate.asking import Gate, Question, Verdict
from networking.gate.callers import Callers
from networking.gate.hosts import Host, HostKind
from networking.gate.keeping import Keeper
from networking.gate.refusals import API_VERSION, JSON, NEVER_KEPT, Reply, challenge, error, not_found, unavailable
from networking.gate.reporting import request_line
from networking.gate.sink import Sending, reporter
from networking.gate.snapshot import Snapshot
from networking.gate.upstream import Answer, Upstream, UpstreamError, pass_on, request_of

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

logger = logging.getLogger("portcullis.gate")

# What a path of a registry is made of. Servers hand it over decoded: an encoded slash or dot is one like any other
# here, and what is judged is what is passed on.
PATH = re.compile(r"(?:/(?!\.\.?(?:/|$))[\w.:~=+@-]+)*/?", re.ASCII)
QUERY = re.compile(r"[!-~]*", re.ASCII)
LOADS_WITHIN = 10.0  # seconds that the first requests wait for the snapshot

Body = Iterable[bytes]


class Front:
    """A WSGI callable around another. It reads no database, and keeps no thread, before a registry is asked for.
    A gate that is given is kept fresh by whoever gives it."""

    def __init__(self, application: "WSGIApplication", gate: Gate | None = None) -> None:
        self._application = application
        self._gate = gate or Gate(Snapshot(), tokens.identify)
        self._reporter = reporter()
        self._keeper = None if gate else Keeper(self._gate.snapshot, self._reporter)
        self._callers = Callers()
        self._asked_at: float | None = None

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Body:
        host = hosts.parse(environ.get("HTTP_HOST", ""))
        if host is None:
            return self._application(environ, start_response)
        question, verdict = Question(host, None), Verdict(unavailable(), registry=host.registry)
        try:
            self._load()
            question = self._callers.question(host, environ)
            reply, verdict = self._answer(host, question, environ)
        except Exception:
            # Whatever it is, nobody comes in by it.
            logger.exception("a request to %s could not be judged", host.name)
            reply = unavailable()
        return self._send(reply, verdict, question, environ, start_response)

    def stop(self) -> None:
        """For tests, and whoever else goes on living."""
        if self._keeper is not None:
            self._keeper.stop()

    def _load(self) -> None:
        """The first requests wait until there is something to judge by."""
        if self._keeper is None:
            return
        self._keeper.awake()
        now = time.monotonic()
        if self._asked_at is None:
            self._asked_at = now
        while self._gate.snapshot.looked_at is None and time.monotonic() < self._asked_at + LOADS_WITHIN:
            time.sleep(0.02)

    def _answer(self, host: Host, question: Question, environ: "WSGIEnvironment") -> tuple[Reply | Answer, Verdict]:
        if host.kind is HostKind.LOGIN and environ["PATH_INFO"] in login.METHODS:
            return login.judged(self._gate, question, environ)
        verdict = self._gate.answer(question)
        if verdict.reply is not None:
            return verdict.reply, verdict
        if not (PATH.fullmatch(environ["PATH_INFO"]) and QUERY.fullmatch(environ.get("QUERY_STRING", ""))):
            return not_found(), verdict
        if host.kind is not HostKind.LOGIN:
            return self._layer(host, question, environ), verdict
        return self._registry(host, question, environ, verdict), verdict

    def _registry(self, host: Host, question: Question, environ: "WSGIEnvironment", verdict: Verdict) -> Reply | Answer:
        """The registry's API: the network has let the caller in, now the token says what it may do."""
        path = environ["PATH_INFO"]
        wanted = scopes.needed(question.method, path, environ.get("QUERY_STRING", ""))
        if wanted is None:
            return not_found()
        access = tokens.identify(question.authorization, host)
        if access is None or not scopes.covers(access.grants, wanted):
            return challenge(host, scheme=question.scheme, scope=" ".join(map(str, wanted)))
        if not wanted:
            if question.method in ("GET", "HEAD"):
                return Reply(HTTPStatus.OK, (JSON, API_VERSION, NEVER_KEPT), b"{}")
            allow = ("Allow", "GET, HEAD")
            return error(HTTPStatus.METHOD_NOT_ALLOWED, "UNSUPPORTED", "/v2/ takes GET, HEAD.", allow, NEVER_KEPT)
        if question.method == "POST" and not scopes.is_no_form(environ.get("CONTENT_TYPE", "")):
            # The registry would read there what is mounted from where; only the query is judged.
            message = "an upload is begun without a form; send its parameters in the query."
            return error(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED", message, NEVER_KEPT)
        blob = scopes.blob_of(path)
        if blob and question.method == "GET" and verdict.layer and settings.REGISTRY_UPSTREAM:
            there = host.origin(question.scheme).replace(host.login_server, verdict.data_host, 1)
            location = there + blob_links.link(verdict.data_host, *blob, verdict.layer)
            return Reply(HTTPStatus.TEMPORARY_REDIRECT, (("Location", location), JSON, API_VERSION, NEVER_KEPT))
        return self._pass_on(host, question, environ, question.uri)

    def _layer(self, host: Host, question: Question, environ: "WSGIEnvironment") -> Reply | Answer:
        """A data endpoint: whoever has a link, and comes from where the registry may be reached, gets the layer."""
        found = blob_links.read(host.name, environ["PATH_INFO"], environ.get("QUERY_STRING", ""))
        if found is None or question.method not in ("GET", "HEAD"):
            return not_found()
        repository, digest = found
        return self._pass_on(host, question, environ, f"/v2/{repository}/blobs/{digest}")

    def _pass_on(self, host: Host, question: Question, environ: "WSGIEnvironment", target: str) -> Reply | Answer:
        if not settings.REGISTRY_UPSTREAM:
            return _nothing_behind(question.method)
        upstream = Upstream.of(settings.REGISTRY_UPSTREAM, host.registry)
        try:
            request = request_of(
                environ,
                method=question.method,
                target=target,
                origin=host.origin(question.scheme),
                address=str(question.address or ""),
            )
        except ValueError as wrong:
            return error(HTTPStatus.LENGTH_REQUIRED, "BAD_REQUEST", str(wrong), NEVER_KEPT)
        try:
            answer = pass_on(upstream, request)
        except UpstreamError as failure:
            logger.error("the registry of REGISTRY_UPSTREAM doesn't answer for %s: %s", host.registry, failure)
            message = "the registry behind this host does not answer; try again in a moment."
            return error(HTTPStatus.BAD_GATEWAY, "UNAVAILABLE", message, NEVER_KEPT)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            # A client would sign in here again and again.
            answer.blocks.close()
            logger.error("the registry of REGISTRY_UPSTREAM wants a sign-in: put user:password@ before its host")
            message = "the registry behind this host does not let this server in."
            return error(HTTPStatus.BAD_GATEWAY, "UNAVAILABLE", message, NEVER_KEPT)
        return answer

    def _send(
        self,
        reply: Reply | Answer,
        verdict: Verdict,
        question: Question,
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
    ) -> Body:
        said = _line(reply.status, verdict, question, environ)
        headers = [*reply.headers, ("X-Ms-Correlation-Request-Id", verdict.correlation_id)]
        if settings.GATE_REASON_HEADER:
            why = (("Gatereason", verdict.reason), ("Gatetester", verdict.tester))
            headers += [each for each in why if each[1]]
        if isinstance(reply, Answer):
            start_response(f"{reply.status} {reply.reason}", headers)
            return Sending(reply, said, self._reporter)
        if reply.status != HTTPStatus.NO_CONTENT:
            headers.append(("Content-Length", str(len(reply.body))))
        body = b"" if question.method == "HEAD" else reply.body
        self._reporter.send(said | {"bytes": len(body)})
        start_response(f"{int(reply.status)} {HTTPStatus(reply.status).phrase}", headers)
        return [body]


def _line(status: int, verdict: Verdict, question: Question, environ: "WSGIEnvironment") -> dict[str, Any]:
    """For the log. A link to a layer opens it, so its query is left out."""
    host = question.host
    is_login = host is not None and host.kind is HostKind.LOGIN
    return request_line(
        host=host.name if host else "",
        address=str(question.address or ""),
        forwarded=question.forwarded,
        method=question.method,
        uri=question.uri if is_login else environ.get("PATH_INFO", ""),
        status=int(status),
        reason=verdict.reason,
        rule=verdict.rule,
        agent=environ.get("HTTP_USER_AGENT", ""),
        correlation=verdict.correlation_id,
        size=0,
        generation=verdict.generation,
    )


def _nothing_behind(method: str) -> Reply:
    """As far as it goes without a registry: signing in, and being refused."""
    message = "no registry stands behind this host; set REGISTRY_UPSTREAM to the address of one."
    if method in ("GET", "HEAD"):
        return error(HTTPStatus.NOT_FOUND, "NAME_UNKNOWN", message, NEVER_KEPT)
    return error(HTTPStatus.METHOD_NOT_ALLOWED, "UNSUPPORTED", message, ("Allow", "GET, HEAD"), NEVER_KEPT)
