"""What proxies and gates tell of themselves, read with suspicion: clients wrote half of every line."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, Self
from urllib.parse import parse_qsl, unquote

from django.db.models import CharField
from django.utils import timezone

from networking.access.addresses import AddressRange
from networking.access.decision import ALLOWING, Reason
from networking.client_address import parse_address
from networking.gate.hosts import Host, HostKind, parse
from networking.models import AccessRequest, GateReport

LONGEST = 128 * 1024  # bytes of a line: the longest headers that nginx takes, every character of them escaped
WORDS = {reason.value: reason for reason in Reason}
LONGEST_PATH = 600  # that is looked through for a repository
LARGEST = 2**63 - 1  # that a generation can be

ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#]*", re.IGNORECASE)
# The longest name before one of the endings that Distribution knows: a name may hold such a word itself.
REPOSITORY = re.compile(
    r"/v2/([a-z0-9][a-z0-9._/-]*)/(?:manifests/[^/]+|tags/list|referrers/[^/]+|blobs/(?:uploads/?[^/]*|[^/]+))"
)
SCOPE = re.compile(r"repository:([a-z0-9][a-z0-9._/-]*):[^:]*")

FITS = {
    field.name: field.max_length or 0
    for model in (AccessRequest, GateReport)
    for field in model._meta.get_fields()
    if isinstance(field, CharField)
}


class Dropped(StrEnum):
    """Why a line is left out."""

    OVERSIZE = "too long"
    BROKEN = "no log lines"
    ELSEWHERE = "about no registry of ours"
    FULL = "more than could be kept waiting"
    REFUSED = "refused by the database"


@dataclass(frozen=True, slots=True)
class Line:
    """A request. `registry` is a name in lower case that need not exist; every text fits its column."""

    registry: str
    at: datetime
    address: str
    forwarded: str
    method: str
    host: str
    path: str
    repository: str
    status: int
    allowed: bool
    reason: str
    rule: str
    agent: str
    correlation_id: str
    subnet: str = ""
    host_kind: str = ""
    endpoint: str = ""

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self | Dropped:
        host = parse(_text(said, "host"))
        at, status = _moment(said.get("time")), _number(said.get("status"), most=999)
        if at is None or status is None:
            return Dropped.BROKEN
        if host is None:
            return Dropped.ELSEWHERE
        reason = _reason(_text(said, "reason"))
        path, _, query = ORIGIN.sub("", _text(said, "uri"), count=1).partition("#")[0].partition("?")
        return cls(
            registry=host.registry,
            at=at,
            address=str(parse_address(_text(said, "address")[:100]) or ""),
            forwarded=_column(said, "forwarded"),
            method=_column(said, "method"),
            host=_endpoint(host),
            path=_fitting(path or "/", "path"),
            repository=_repository(path, query),
            status=status,
            # Without a reason the proxy's answer tells: what it let through was not refused.
            allowed=reason in ALLOWING if reason else status < 400,
            reason=reason.value if reason else "",
            rule=_rule(_text(said, "rule")[:20]) if reason is Reason.IP_RULE else "",
            agent=_column(said, "agent"),
            correlation_id=_fitting(_text(said, "correlation"), "correlation_id"),
            subnet=_column(said, "subnet"),
            host_kind=_column(said, "host_kind"),
            endpoint=_column(said, "endpoint"),
        )


@dataclass(frozen=True, slots=True)
class Report:
    """A gate says which generation it serves."""

    gate: str
    generation: int
    at: datetime

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self | Dropped:
        gate = _fitting(_text(said, "gate"), "name")
        generation, at = _number(said.get("generation"), most=LARGEST), _moment(said.get("at"))
        if not gate or generation is None or at is None:
            return Dropped.BROKEN
        return cls(gate, generation, at)


def read(said: bytes | Mapping[str, Any]) -> Line | Report | Dropped:
    """A datagram, with or without the beginning that syslog gives it; or what is in one. Raises nothing."""
    if isinstance(said, bytes):
        if len(said) > LONGEST:
            return Dropped.OVERSIZE
        # <190>Nov 20 21:35:12 portcullis: {…
        begin = said.find(b"{") if said.startswith(b"<") else 0
        try:
            said = json.loads(said[max(begin, 0) :].decode(errors="replace"))
        except (ValueError, RecursionError):
            return Dropped.BROKEN
    if not isinstance(said, Mapping):
        return Dropped.BROKEN
    return Report.of(said) if "gate" in said else Line.of(said)


def _text(said: Mapping[str, Any], key: str) -> str:
    """Empty for what is no text."""
    value = said.get(key)
    return value if isinstance(value, str) else ""


def _number(value: object, *, most: int) -> int | None:
    """nginx writes numbers as text. None for what is no number from 0 to `most`."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most else None


def _moment(value: object) -> datetime | None:
    """Not later than now, whatever a clock says: what is to come would stand first for ever."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if moment is None or moment.utcoffset() is None or moment.year < 2000:
        return None
    return min(moment, timezone.now()).astimezone(UTC)


def _column(said: Mapping[str, Any], name: str) -> str:
    return _fitting(_text(said, name), name)


def _fitting(text: str, column: str) -> str:
    """Cut, and with a sign for what nobody sees, what turns the line around and what no database takes."""
    cut = text[: FITS[column]]
    return cut if cut.isprintable() else "".join(letter if letter.isprintable() else "\ufffd" for letter in cut)


def _reason(word: str) -> Reason | None:
    return WORDS.get(word)


@lru_cache(maxsize=1000)
def _rule(text: str) -> str:
    """Empty for what no rule can be."""
    parsed = AddressRange.parse(text)
    return str(parsed) if isinstance(parsed, AddressRange) else ""


def _endpoint(host: Host) -> str:
    return "" if host.kind is HostKind.LOGIN else _fitting(host.name, "host")


def _repository(path: str, query: str) -> str:
    """The one that is read or written, or that a token is asked for; empty where there is none."""
    if found := REPOSITORY.fullmatch(unquote(path[:LONGEST_PATH])):
        return _fitting(found[1], "repository")
    if not path.startswith("/oauth2/"):
        return ""
    try:
        scopes = [value for name, value in parse_qsl(query, max_num_fields=50) if name == "scope"]
    except ValueError:
        return ""
    asked = [SCOPE.fullmatch(scope) for text in scopes for scope in text.split(" ")]
    return next((_fitting(found[1], "repository") for found in asked if found), "")
