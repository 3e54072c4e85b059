"""Who asks the front, and how: a question from a WSGI request that came without a proxy of the gate's."""

import time
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

from django.conf import settings

from networking.client_address import Address, client_address, parse_address
from networking.gate import connections
from networking.gate.asking import Question
from networking.gate.hosts import Host
from networking.middleware import simulated_address

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
SIMULATED_FOR = 1.0  # seconds


class Callers:
    """Demonstration mode believes X-Forwarded-For of this machine, so that a request can come from anywhere; without
    that header the simulated client address stands in for this machine's own."""

    def __init__(self) -> None:
        self._simulated: tuple[Address, float] | None = None

    def question(self, host: Host, environ: Mapping[str, Any]) -> Question:
        """django.db.Error where the simulated address can't be read."""
        peer, forwarded = environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_FORWARDED_FOR", "")
        trusted = (*settings.TRUSTED_PROXIES, *(LOOPBACK if settings.DEMONSTRATION else ()))
        seen = client_address(peer, forwarded, trusted)
        address = seen.address
        if settings.DEMONSTRATION and not forwarded.strip() and _is_loopback(peer):
            address = self._stand_in()
        query = environ.get("QUERY_STRING", "")
        return Question(
            host,
            address,
            method=environ.get("REQUEST_METHOD", ""),
            uri=environ.get("PATH_INFO", "") + (f"?{query}" if query else ""),
            scheme=_scheme(environ, through_proxy=bool(seen.proxies)),
            authorization=environ.get("HTTP_AUTHORIZATION", ""),
            forwarded=forwarded,
        )

    def _stand_in(self) -> Address:
        now = time.monotonic()
        if self._simulated is None or now - self._simulated[1] >= SIMULATED_FOR:
            try:
                self._simulated = simulated_address(), now
            finally:
                connections.let_go()
        return self._simulated[0]


def _is_loopback(peer: str) -> bool:
    address = parse_address(peer)
    return address is not None and address.is_loopback


def _scheme(environ: Mapping[str, Any], *, through_proxy: bool) -> str:
    """How the client reaches us, which a proxy in front that ends TLS has to tell."""
    told = environ.get("HTTP_X_FORWARDED_PROTO", "") if through_proxy else ""
    secure = settings.HTTPS or "https" in (environ.get("wsgi.url_scheme"), told.strip().lower())
    return "https" if secure else "http"
