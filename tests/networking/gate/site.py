"""The gate in the dashboard's own server, asked as granian asks it."""

import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from wsgiref.validate import validator

from networking.gate import tokens
from networking.gate.hosts import parse
from networking.gate.scopes import parsed
from registries.models import Account

HOST = "contoso.azurecr.io"
INSIDE, OUTSIDE = "203.0.113.10", "198.51.100.7"
DIGEST = "sha256:" + "ab" * 32
BLOB = f"/v2/samples/a/blobs/{DIGEST}"
JSON = {"Content-Type": "application/json"}
PULL = "repository:samples/a:pull"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> Any:
        (error,) = json.loads(self.body)["errors"]
        return error

    @property
    def outcome(self) -> tuple[int, str]:
        return self.status, self.error["code"] if self.body and b'"errors"' in self.body else ""


@dataclass
class Site:
    """The front before a Django that only says so."""

    front: Any
    lines: list[dict[str, Any]] = field(default_factory=list)

    def ask(
        self,
        path: str = "/v2/",
        *,
        method: str = "GET",
        host: str = HOST,
        address: str = INSIDE,
        query: str = "",
        token: str = "",
        body: bytes = b"",
        **environ: Any,
    ) -> Answer:
        """As granian hands a request over; the answer read to its end, as a server does."""
        made: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "HTTP_HOST": host,
            "REMOTE_ADDR": address,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.input_terminated": True,
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        if token:
            made["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return self.take(made | environ, checked=True)

    def take(self, environ: dict[str, Any], *, checked: bool = False) -> Answer:
        """Any environ at all; `checked` holds both sides to the letter of WSGI."""
        found: list[Any] = []
        application: Any = validator(self.front) if checked else self.front
        blocks = application(environ, lambda status, headers: found.extend((status, headers)))
        try:
            content = b"".join(blocks)
        finally:
            if hasattr(blocks, "close"):
                blocks.close()
        return Answer(int(found[0].split()[0]), dict(found[1]), content)


def django(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"Django at {environ['HTTP_HOST']}{environ['PATH_INFO']}".encode()]


def token(account: Account, *scopes: str, host: str = HOST) -> str:
    named = parse(host)
    assert named is not None
    return tokens.access_token(account, named, parsed(scopes), trusted=False)
