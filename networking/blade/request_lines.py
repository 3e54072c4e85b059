"""The requests of a registry: what a person asked of the list, and what a line says."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone

from networking.access.addresses import AddressRange
from networking.access.decision import ConnectionState, Identity, Reason, SubnetHost
from networking.access.policy import AccessPolicy
from networking.blade.activity_log import LINES, LONGEST_SEARCH, TIMESPANS, Choice
from networking.client_address import parse_address
from networking.models import AccessRequest
from registries.models import Registry

MOST_COUNTED = 10_000  # requests that pages lead to; counting all of them would read the whole table
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
VERDICTS = {"allowed": "Allowed", "refused": "Refused", "undecided": "Not decided"}

# The short form of what `explanation` says in a sentence.
REASONS = {
    Reason.IP_RULE: "An address range matches",
    Reason.ALL_NETWORKS: "Any network is allowed",
    Reason.PRIVATE_ENDPOINT: "Through a private endpoint",
    Reason.SUBNET_RULE: "A virtual network rule names its subnet",
    Reason.TRUSTED_SERVICE: "Through the firewall exception",
    Reason.NO_RULE: "No address range matches",
    Reason.PUBLIC_ACCESS_DISABLED: "Public network access is disabled",
    Reason.UNKNOWN_ADDRESS: "Its address is not known",
    Reason.UNKNOWN_REGISTRY: "There was no registry of that name yet",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to the list. Words that mean nothing are left out, and `refused` says which."""

    q: str = ""
    timespan: str = ""
    verdict: str = ""
    reason: str = ""
    method: str = ""
    refused: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> Self:
        q = query.get("q", "").replace("\0", "").strip()
        known: dict[str, Collection[str]] = {
            "timespan": TIMESPANS,
            "verdict": VERDICTS,
            "reason": list(Reason),
            "method": METHODS,
        }
        typed = {name: query.get(name, "").replace("\0", "").strip() for name in known}
        unknown = [f"{name} '{typed[name][:50]}'" for name, words in known.items() if typed[name] not in ("", *words)]
        said = f"This list has no {' and no '.join(unknown)}; left out." if unknown else ""
        if len(q) > LONGEST_SEARCH:
            said = f"{said} A search can have {LONGEST_SEARCH} characters; the rest is left out.".strip()
        chosen = {name: word for name, word in typed.items() if word in known[name]}
        return cls(q=q[:LONGEST_SEARCH], refused=said, **chosen)

    @property
    def narrowed(self) -> bool:
        return bool(self.q or self.timespan or self.verdict or self.reason or self.method)

    @property
    def timespans(self) -> list[Choice]:
        return [Choice(key, text, key == self.timespan) for key, (text, _) in TIMESPANS.items()]

    @property
    def verdicts(self) -> list[Choice]:
        return [Choice(key, text, key == self.verdict) for key, text in VERDICTS.items()]

    @property
    def reasons(self) -> list[Choice]:
        return [Choice(key.value, text, key == self.reason) for key, text in REASONS.items()]

    @property
    def methods(self) -> list[Choice]:
        return [Choice(method, method, method == self.method) for method in METHODS]

    def narrow(self, requests: QuerySet[AccessRequest]) -> QuerySet[AccessRequest]:
        """The requests asked for, newest first. The index serves order and timespan; all else reads on."""
        if self.timespan:
            requests = requests.filter(at__gte=timezone.now() - TIMESPANS[self.timespan][1])
        if self.verdict:
            refused = ~Q(reason="") if self.verdict == "refused" else Q(reason="")
            requests = requests.filter(Q(allowed=True) if self.verdict == "allowed" else Q(refused, allowed=False))
        if self.reason:
            requests = requests.filter(reason=self.reason)
        if self.method:
            requests = requests.filter(method=self.method)
        if self.q:
            requests = requests.filter(_found(self.q))
        return requests.order_by("-at", "-pk")


def _found(q: str) -> Q:
    """An address or its beginning, a part of a repository, a correlation id, or the range of a rule."""
    address = parse_address(q)
    seen = Q(address__startswith=q) if address is None else Q(address=str(address))
    return seen | Q(repository__icontains=q) | Q(correlation_id__iexact=q) | Q(rule=q)


@dataclass(frozen=True, slots=True)
class RequestLine:
    """One request as the list shows it. `rule_name` is None where the rule that let it in is gone; `tester` and `add`
    are queries of those pages, `add` empty where there is nothing to add."""

    at: datetime
    address: str
    forwarded: str
    method: str
    host: str
    path: str
    repository: str
    status: int
    verdict: str
    why: str
    rule: str
    rule_name: str | None
    agent: str
    correlation_id: str
    subnet: str
    endpoint: str
    tester: str
    add: str

    @property
    def denied(self) -> bool:
        return self.verdict == VERDICTS["refused"]

    @property
    def undecided(self) -> bool:
        return self.verdict == VERDICTS["undecided"]

    @classmethod
    def of(cls, request: AccessRequest, registry: Registry, policy: AccessPolicy) -> Self:
        """`policy` is what is saved now: it names the rule, and an address that it covers need not be added."""
        verdict = "allowed" if request.allowed else "refused" if request.reason else "undecided"
        return cls(
            at=request.at,
            address=request.address,
            forwarded=request.forwarded,
            method=request.method,
            host=request.host or registry.login_server,
            path=request.path,
            repository=request.repository,
            status=request.status,
            verdict=VERDICTS[verdict],
            why=_why(request),
            rule=request.rule,
            rule_name=next((rule.name for rule in policy.rules if str(rule) == request.rule), None),
            agent=request.agent,
            correlation_id=request.correlation_id,
            subnet=request.subnet,
            endpoint=request.endpoint,
            tester=_tester(request),
            add=_add(request.address, policy),
        )


def _why(request: AccessRequest) -> str:
    """In a few words; of what was not decided, what its status tells."""
    if request.reason in list(Reason):
        return REASONS[Reason(request.reason)]
    if request.allowed:
        return "The proxy passed it on without a reason"
    match request.status:
        case 401:
            return "Asked to sign in before the network was looked at"
        case 499:
            return "The client went away before there was an answer"
        case status if status >= 500:
            return "The gate could not tell, so nothing was let through"
        case _:
            return "Answered by the proxy itself"


def _tester(request: AccessRequest) -> str:
    """The same question for the connection tester: with what the gate had been shown, as far as it was logged."""
    asked = {"ip": request.address}
    if request.subnet:
        asked["subnet"] = request.subnet
        if request.host_kind and request.host_kind != SubnetHost.VIRTUAL_MACHINE:
            asked["host"] = request.host_kind
    if request.endpoint:
        asked["endpoint"] = request.endpoint
    elif request.reason == Reason.PRIVATE_ENDPOINT:
        asked["endpoint"] = ConnectionState.APPROVED.value
    if request.reason == Reason.TRUSTED_SERVICE:
        asked["identity"] = Identity.TRUSTED_SERVICE.value
    return urlencode(asked | ({"target": request.host} if request.host else {}))


def _add(address: str, policy: AccessPolicy) -> str:
    wanted = AddressRange.parse(address)
    if not isinstance(wanted, AddressRange) or any(rule.range.covers(wanted) for rule in policy.rules):
        return ""
    return urlencode({"add": str(wanted)})


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the list. `previous` and `next` are page numbers, 0 where there is none."""

    lines: tuple[RequestLine, ...]
    showing: str
    previous: int
    next: int

    @classmethod
    def of(cls, requests: QuerySet[AccessRequest], number: str, registry: Registry, policy: AccessPolicy) -> Self:
        """The page asked for, or the nearest there is. Two queries, which read no more than what pages lead to."""
        counted = requests.values("pk")[: MOST_COUNTED + 1].count()
        paginator = Paginator(requests[: min(counted, MOST_COUNTED)], LINES)
        paginator.count = min(counted, MOST_COUNTED)  # instead of another query
        wanted = int(number) if number.isdecimal() and len(number) < 10 else 1
        page = paginator.page(min(max(wanted, 1), paginator.num_pages))
        return cls(
            lines=tuple(RequestLine.of(each, registry, policy) for each in page.object_list),
            showing=_showing(page.start_index(), page.end_index(), counted),
            previous=page.previous_page_number() if page.has_previous() else 0,
            next=page.next_page_number() if page.has_next() else 0,
        )


def lines(
    requests: QuerySet[AccessRequest], registry: Registry, policy: AccessPolicy, *, at_once: int
) -> Iterator[RequestLine]:
    """All of them, read little by little."""
    return (RequestLine.of(each, registry, policy) for each in requests.iterator(chunk_size=at_once))


def _showing(first: int, last: int, count: int) -> str:
    if not count:
        return ""
    if count > MOST_COUNTED:
        return f"Showing {first:,} to {last:,} of the newest {MOST_COUNTED:,} requests; the file holds all of them."
    return f"Showing {first:,} to {last:,} of {count:,} {'request' if count == 1 else 'requests'}."
