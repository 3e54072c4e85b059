"""What a client is answered where it isn't let through, spelled as Azure Container Registry spells it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

from networking.client_address import Address
from networking.gate.hosts import Host

JSON = ("Content-Type", "application/json; charset=utf-8")
API_VERSION = ("Docker-Distribution-Api-Version", "registry/2.0")
PLAIN = ("X-Content-Type-Options", "nosniff")
NEVER_KEPT = ("Cache-Control", "no-store")
AUTHORIZATION = "authentication required, visit https://aka.ms/acr/authorization for more information."


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer of HTTP. Content-Length is added by who sends it."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


def denied(address: Address | None, correlation_id: str) -> Reply:
    """403 of the firewall (acr-facts 5.1). None is an address that could not be told."""
    return error(
        HTTPStatus.FORBIDDEN,
        "DENIED",
        f"client with IP '{address or 'unknown'}' is not allowed access. "
        f"Refer https://aka.ms/acr/firewall to grant access. CorrelationId: {correlation_id}",
    )


def challenge(host: Host, *, scheme: str = "https", scope: str = "") -> Reply:
    """401 that tells a client where to get a token (acr-facts 5.2), for `scope`: one or more, apart by spaces, as in
    `repository:samples/a:pull`."""
    wanted = f'Bearer realm="{host.origin(scheme)}/oauth2/token",service="{host.login_server}"'
    headers = (
        JSON,
        API_VERSION,
        PLAIN,
        ("WWW-Authenticate", f'{wanted},scope="{scope}"' if scope else wanted),
        ("Access-Control-Expose-Headers", "Docker-Content-Digest, WWW-Authenticate, Link, X-Ms-Correlation-Request-Id"),
    )
    detail = [each for one in scope.split() for each in _scope_detail(one)] or None
    body = {"errors": [{"code": "UNAUTHORIZED", "message": AUTHORIZATION, "detail": detail}]}
    return Reply(HTTPStatus.UNAUTHORIZED, headers, spelled(body) + b"\n")


@cache
def unavailable() -> Reply:
    """503: the gate can't tell, and what it can't tell it refuses. Clients try again."""
    message = "network rule service is unavailable; access is refused."
    return error(HTTPStatus.SERVICE_UNAVAILABLE, "UNAVAILABLE", message, ("Retry-After", "5"), NEVER_KEPT)


@cache
def not_found() -> Reply:
    return error(HTTPStatus.NOT_FOUND, "NOT_FOUND", "there is nothing at this address.", NEVER_KEPT)


def error(status: HTTPStatus, code: str, message: str, *headers: tuple[str, str]) -> Reply:
    """One error as a registry spells it, without a detail."""
    body = {"errors": [{"code": code, "message": message}]}
    return Reply(status, (JSON, API_VERSION, PLAIN, *headers), spelled(body))


def spelled(body: Mapping[str, Any]) -> bytes:
    """JSON without a space between its parts."""
    return json.dumps(body, separators=(",", ":")).encode()


def _scope_detail(scope: str) -> list[dict[str, str]]:
    """One entry for each action, as the registry spells it."""
    kind, _, rest = scope.partition(":")
    name, _, actions = rest.rpartition(":")
    return [{"Type": kind, "Name": name, "Action": action} for action in actions.split(",")]
