"""What a gate is asked for each request, and its verdict: `decide`, over a snapshot, in the order the settings say."""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import urlencode

from django.conf import settings

from networking.access.decision import Caller, ConnectionState, Decision, Identity, SubnetHost, decide
from networking.client_address import Address
from networking.gate import layers
from networking.gate.hosts import Host, HostKind
from networking.gate.refusals import Reply, challenge, denied, unavailable
from networking.gate.scopes import scope_of
from networking.gate.snapshot import Snapshot

logger = logging.getLogger("portcullis.gate")

QUOTED = 80
TOKEN_ENDPOINTS = ("/oauth2/token", "/oauth2/exchange")


@dataclass(frozen=True, slots=True)
class Question:
    """One request. `host` is None where its name is none of ours, and `named` is what it said; `address` is None where
    it can't be told; `subnet` and `endpoint` are ARM ids that the proxy's listener stands for, `host_kind` what asks
    from the subnet. `forwarded` is X-Forwarded-For as it came, for the log only."""

    host: Host | None
    address: Address | None
    subnet: str | None = None
    endpoint: str | None = None
    method: str = "GET"
    uri: str = "/v2/"
    scheme: str = "https"
    authorization: str = ""
    forwarded: str = ""
    named: str = ""
    host_kind: SubnetHost = SubnetHost.VIRTUAL_MACHINE


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reply` is what the client gets instead of the registry; None lets it through. `decision` is None where the
    network was not looked at: a challenge that comes first, or a gate that can't tell."""

    reply: Reply | None
    decision: Decision | None = None
    registry: str = ""
    correlation_id: str = ""
    generation: int = 0
    data_host: str = ""  # where layers of this registry are to be had
    layer: str = ""  # the signed query of the link there, where a layer was asked for
    tester: str = ""  # where the tester tells of this very request, as a path; of a refusal only

    @property
    def allowed(self) -> bool:
        return self.reply is None

    @property
    def reason(self) -> str:
        return self.decision.reason.value if self.decision else ""

    @property
    def rule(self) -> str:
        """The range that let the caller in; empty where none did."""
        return str(self.decision.rule) if self.decision and self.decision.rule else ""


class Claims(Protocol):
    """What a valid token says, as far as the network cares."""

    @property
    def trusted(self) -> bool:
        """It is the identity of a trusted service."""


Identify = Callable[[str, Host], Claims | None]  # the Authorization header and the host; None: no valid token


class Gate:
    """Gives verdicts. Any doubt is a refusal."""

    def __init__(self, snapshot: Snapshot, identify: Identify) -> None:
        self.snapshot = snapshot
        self._identify = identify

    def answer(self, question: Question) -> Verdict:
        """For a request to a registry or a data endpoint, in the order of GATE_ORDER."""
        host = question.host
        if settings.GATE_ORDER != "CHALLENGE-FIRST" or host is None or self.snapshot.policy_of(host.registry) is None:
            return self.network(question)
        if host.kind is not HostKind.LOGIN:
            # A layer is fetched without a token (acr-facts 5.4): its link says for whom it was made.
            return self.network(question, trusted=layers.vouched(question.uri, host.name))
        claims = self._identify(question.authorization, host)
        if claims is not None:
            return self.network(question, trusted=claims.trusted)
        if question.uri.partition("?")[0] in TOKEN_ENDPOINTS:
            # Nobody has a token yet there. Who could be let in at all is passed on, and judged by the endpoint.
            verdict = self.network(question, trusted=True)
            return replace(verdict, decision=None) if verdict.allowed else verdict
        if not self.snapshot.usable:
            return self._closed(question)
        scope = scope_of(question.method, question.uri)
        return self._verdict(question, challenge(host, scheme=question.scheme, scope=scope), None)

    def network(self, question: Question, *, trusted: bool = False) -> Verdict:
        """The network's verdict alone; `trusted` where the caller has proven to be a trusted service."""
        if not self.snapshot.usable:
            return self._closed(question)
        decision = self.decision(question, trusted=trusted)
        if decision.allowed:
            return self._verdict(question, None, decision, trusted=trusted)
        correlation_id = str(uuid.uuid4())
        refused = self._verdict(question, denied(question.address, correlation_id), decision, correlation_id)
        verdict = replace(refused, tester=_tester(question))
        _log(question, verdict)
        return verdict

    def decision(self, question: Question, *, trusted: bool = False) -> Decision:
        """The same without an answer to the client, and without a trace."""
        host = question.host
        registry = host.registry if host else ""
        policy = self.snapshot.policy_of(registry) if host and self._serves(host) else None
        return decide(policy, self._caller(question, registry, trusted=trusted))

    def _serves(self, host: Host) -> bool:
        return host.kind is not HostKind.DATA or host.region in self.snapshot.data_regions(host.registry)

    def _caller(self, question: Question, registry: str, *, trusted: bool) -> Caller:
        state = None
        if question.endpoint:
            # One that leads to another registry, or to none any more, is no way to this one.
            state = self.snapshot.connection_state(registry, question.endpoint) or ConnectionState.DISCONNECTED
        identity = Identity.TRUSTED_SERVICE if trusted else Identity.ANYONE
        caller = Caller(question.address, question.subnet or None, state, identity, host=question.host_kind)
        return self.snapshot.trusted.recognise(caller)

    def _verdict(
        self,
        question: Question,
        reply: Reply | None,
        decision: Decision | None,
        correlation_id: str = "",
        *,
        trusted: bool = False,
    ) -> Verdict:
        host = question.host
        data_host = self._data_host(host) if host and host.kind is HostKind.LOGIN else ""
        return Verdict(
            reply,
            decision,
            host.registry if host else "",
            correlation_id or str(uuid.uuid4()),
            self.snapshot.generation,
            data_host,
            layers.link(question.uri, data_host, trusted=trusted) if reply is None else "",
        )

    def _data_host(self, host: Host) -> str:
        if self.snapshot.has_data_endpoint(host.registry):
            region = self.snapshot.location(host.registry)
            return Host(host.registry, HostKind.DATA, region).name
        return Host(host.registry, HostKind.BLOB).name

    def _closed(self, question: Question) -> Verdict:
        return Verdict(unavailable(), None, question.host.registry if question.host else "", str(uuid.uuid4()))


def _log(question: Question, verdict: Verdict) -> None:
    """What a client wrote is quoted."""
    logger.info(
        "refused registry=%s address=%s reason=%s correlation=%s forwarded=%r tester=%s",
        verdict.registry or repr(question.named[:QUOTED]),
        question.address or "unknown",
        verdict.reason,
        verdict.correlation_id,
        question.forwarded[:QUOTED],
        verdict.tester,
    )


def _tester(question: Question) -> str:
    """Empty where the host is no registry's."""
    if question.host is None:
        return ""
    host = None if question.host_kind is SubnetHost.VIRTUAL_MACHINE else question.host_kind
    asked = {"ip": question.address or "", "subnet": question.subnet, "host": host, "endpoint": question.endpoint}
    query = urlencode({name: str(said) for name, said in asked.items() if said is not None})
    return f"/registries/{question.host.registry}/networking/tester/?{query}"
