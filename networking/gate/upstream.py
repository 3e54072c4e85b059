"""Passes a request on to the real registry of REGISTRY_UPSTREAM, and its answer back, a block at a time.

What the registry sees is who asked and how, not with what token: it has no sign-in of its own, or that of the
`user:password@` in the address, and it must not be reachable but from here.
"""

import http.client
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import unquote, urlsplit

BLOCK = 64 * 1024
CONNECTS_WITHIN = 5.0  # seconds
ANSWERS_WITHIN = 300.0  # between two blocks; a registry that puts a large blob together is silent for long

# Between two hops only (RFC 9110, 7.6.1), or said anew by us.
HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
OURS = {"authorization", "content-length", "expect", "forwarded", "host", "x-real-ip"}
FORWARDED = "x-forwarded-"
WITH_BODY = ("POST", "PUT", "PATCH")


class UpstreamError(Exception):
    """The registry didn't answer; the text says how, for the log."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where the registry listens. `authorization` is the header it wants; empty where it wants none."""

    secure: bool
    host: str
    port: int
    authorization: str = ""

    @classmethod
    def of(cls, address: str, registry: str) -> Self:
        """From the setting, which may name the registry as `{registry}`."""
        parts = urlsplit(address.replace("{registry}", registry))
        secure = parts.scheme == "https"
        credentials = ""
        if parts.username is not None:
            both = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            credentials = f"Basic {b64encode(both.encode()).decode()}"
        return cls(secure, parts.hostname or "", parts.port or (443 if secure else 80), credentials)

    def is_at(self, location: str) -> bool:
        """The address leads to this registry itself."""
        try:
            parts = urlsplit(location)
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            return False
        return bool(parts.netloc) and (parts.hostname, port) == (self.host, self.port)


@dataclass(frozen=True, slots=True)
class Request:
    """What is passed on. `length` is that of the body, None where it comes in chunks; `origin` is where the client
    thinks it is, like http://contoso.azurecr.localhost:8000."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    origin: str
    address: str
    length: int | None
    read: Callable[[int], bytes]


class Blocks:
    """The body of an answer. Closing it early closes the connection: the registry need not go on."""

    def __init__(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> None:
        self._connection = connection
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        block = self._response.read(BLOCK)
        if block:
            return block
        if self._response.length:
            # What is missing must not look like the end: the client's own connection breaks off as well.
            raise UpstreamError(f"the registry's answer broke off {self._response.length} bytes before its end")
        raise StopIteration

    def close(self) -> None:
        self._response.close()
        self._connection.close()


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    reason: str
    headers: list[tuple[str, str]]
    blocks: Blocks


def pass_on(upstream: Upstream, request: Request) -> Answer:
    """The registry's answer, its body not read yet. UpstreamError where there is none."""
    kind = http.client.HTTPSConnection if upstream.secure else http.client.HTTPConnection
    connection = kind(upstream.host, upstream.port, timeout=CONNECTS_WITHIN)
    try:
        connection.connect()
        connection.sock.settimeout(ANSWERS_WITHIN)
        _ask(connection, upstream, request)
        response = connection.getresponse()
    except (OSError, http.client.HTTPException, ValueError) as error:
        connection.close()
        raise UpstreamError(f"{type(error).__name__}: {error}") from error
    headers = list(_back(upstream, request.origin, response.getheaders()))
    return Answer(response.status, response.reason, headers, Blocks(connection, response))


def _ask(connection: http.client.HTTPConnection, upstream: Upstream, request: Request) -> None:
    connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
    for name, value in _there(upstream, request):
        connection.putheader(name, value)
    connection.endheaders()
    # A registry that has refused already reads no further; what it said counts.
    with suppress(BrokenPipeError, ConnectionResetError):
        for part in _body(request):
            connection.send(part)


def _there(upstream: Upstream, request: Request) -> Iterable[tuple[str, str]]:
    scheme, _, host = request.origin.partition("://")
    dropped = HOP_BY_HOP | OURS | _named_by_connection(request.headers)
    for name, value in request.headers:
        if name.lower() not in dropped and not name.lower().startswith(FORWARDED):
            yield name, value
    yield "Host", host
    yield "X-Forwarded-Host", host
    yield "X-Forwarded-Proto", scheme
    yield "X-Forwarded-For", request.address
    yield "Connection", "close"
    if upstream.authorization:
        yield "Authorization", upstream.authorization
    if request.length is None:
        yield "Transfer-Encoding", "chunked"
    elif request.length or request.method in WITH_BODY:
        yield "Content-Length", str(request.length)


def _body(request: Request) -> Iterator[bytes]:
    left = request.length
    while left is None or left > 0:
        block = request.read(BLOCK if left is None else min(BLOCK, left))
        if not block:
            break
        if left is None:
            yield b"%x\r\n%b\r\n" % (len(block), block)
        else:
            left -= len(block)
            yield block
    if left is None:
        yield b"0\r\n\r\n"
    elif left > 0:
        raise ValueError(f"the client broke off {left} bytes before the end")


def _back(upstream: Upstream, origin: str, headers: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    dropped = HOP_BY_HOP | _named_by_connection(headers)
    for name, value in headers:
        match name.lower():
            case lower if lower in dropped:
                pass
            case "location":
                yield name, _ours(upstream, origin, value)
            case "link" if value.startswith("<"):
                target, after, rest = value[1:].partition(">")
                yield name, f"<{_ours(upstream, origin, target)}{after}{rest}"
            case _:
                yield name, value


def _ours(upstream: Upstream, origin: str, location: str) -> str:
    """Where the registry names its own address, the client is told the one it knows."""
    if not upstream.is_at(location):
        return location
    return origin + urlsplit(location)._replace(scheme="", netloc="").geturl()


def _named_by_connection(headers: Iterable[tuple[str, str]]) -> set[str]:
    return {
        each.strip().lower() for name, value in headers if name.lower() == "connection" for each in value.split(",")
    }


def request_of(environ: Mapping[str, Any], *, method: str, target: str, origin: str, address: str) -> Request:
    """From a WSGI request. ValueError says why its body can't be read."""
    headers = [
        (name.removeprefix("HTTP_").replace("_", "-").title(), value)
        for name, value in environ.items()
        # Content_Type is no name of a header, but would become that of one.
        if name.startswith("HTTP_") and name != "HTTP_CONTENT_TYPE"
    ]
    if environ.get("CONTENT_TYPE"):
        headers.append(("Content-Type", environ["CONTENT_TYPE"]))
    return Request(
        method, target, tuple(headers), origin, address, _length(environ, method), environ["wsgi.input"].read
    )


def _length(environ: Mapping[str, Any], method: str) -> int | None:
    if environ.get("HTTP_TRANSFER_ENCODING", "chunked").lower() != "chunked":
        # The server has undone the chunks and left the rest, which the registry would take for the body.
        raise ValueError("Transfer-Encoding must be chunked.")
    said = environ.get("CONTENT_LENGTH") or ""
    if said:
        if not (said.isascii() and said.isdecimal()):
            raise ValueError("Content-Length must be a number.")
        return int(said)
    if environ.get("wsgi.input_terminated"):
        return None if method in WITH_BODY else 0  # HTTP/2 says nothing of chunks
    if environ.get("HTTP_TRANSFER_ENCODING"):
        raise ValueError("This server takes no body without a Content-Length; serve Portcullis with granian.")
    return 0
