"""Gates for the server: what one would tell, by way of the real `manage.py gate_log`, and the server's own."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Page

from tests.browser.server import ROOT, STARTS_WITHIN, Server

Tell = Callable[[dict[str, Any]], None]


@contextmanager
def gate_log(server: Server) -> Iterator[Tell]:
    """Call it with what a proxy or a gate says. All of it is written when this is left."""
    path = server.data / "gate_log"
    command = [sys.executable, "manage.py", "gate_log", "--socket", str(path)]
    process = subprocess.Popen(command, cwd=ROOT, env=server.environment, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + STARTS_WITHIN
    while not path.is_socket():
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            raise AssertionError(process.communicate()[1])
        time.sleep(0.05)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours:
        ours.connect(str(path))
        try:
            yield lambda said: ours.sendall(json.dumps(said).encode())
        finally:
            process.terminate()
            said = process.communicate(timeout=30)[1]
    assert process.returncode == 0, said


def report(generation: int, gate: str = "gate1", *, ago: timedelta = timedelta()) -> dict[str, Any]:
    return {"gate": gate, "generation": generation, "at": (datetime.now(UTC) - ago).isoformat()}


def request(address: str, reason: str, *, ago: timedelta = timedelta(), **more: Any) -> dict[str, Any]:
    """A line of a proxy's access log."""
    refused = {"status": "403", "correlation": "6e4a9c1a-3b6a-4c58-9c0e-0b5b2f6f0c11"}
    return {
        "time": (datetime.now(UTC) - ago).isoformat(timespec="seconds"),
        "host": "mycontainerregistry.azurecr.localhost",
        "address": address,
        "forwarded": "",
        "method": "GET",
        "uri": "/v2/",
        "status": "200",
        "reason": reason,
        "rule": "",
        "agent": "docker/27.3.1 go/go1.22 os/linux arch/amd64",
        "correlation": "",
        "bytes": "2",
        "generation": "4",
        **({} if reason in ("ip_rule", "") else refused),
        **more,
    }


def wake_own_gate(page: Page) -> None:
    """The server's own gate begins to look, and to report, with the first request for a registry."""
    page.request.get("/v2/", headers={"Host": "mycontainerregistry.azurecr.localhost"})
    gates = page.locator("#applied")
    while not gates.inner_text():
        page.wait_for_timeout(200)
        page.reload()


def log_a_morning(server: Server) -> None:
    with gate_log(server) as tell:
        morning(tell)


def morning(tell: Tell) -> None:
    """Some of everything, the newest last; no gate reports."""
    lines = [
        request("2001:db8::7", "no_rule", method="HEAD", uri="/v2/hello-world/manifests/v1"),
        request("203.0.113.24", "ip_rule", rule="203.0.113.0/24", status="401"),
        request(
            "203.0.113.24", "ip_rule", rule="203.0.113.0/24", uri="/oauth2/token?scope=repository:hello-world:pull"
        ),
        request("203.0.113.24", "ip_rule", rule="203.0.113.0/24", uri="/v2/hello-world/manifests/v1"),
        request(
            "203.0.113.24",
            "ip_rule",
            rule="203.0.113.0/24",
            host="mycontainerregistry.eastus.data.azurecr.localhost",
            uri=f"/v2/hello-world/blobs/sha256:{'4f' * 32}?sig=secret",
        ),
        request("16.17.99.7", "ip_rule", rule="16.17.99.0/24", method="PUT", uri="/v2/team/app/manifests/1.4"),
        request("198.51.100.99", "", status="503", uri="/v2/"),
        request("192.0.2.50", "no_rule", forwarded="10.20.30.40, 172.16.0.9"),
        request("192.0.2.50", "no_rule", method="POST", uri="/oauth2/token"),
    ]
    for number, line in enumerate(lines):
        tell(line | {"time": (datetime.now(UTC) - timedelta(seconds=41 * (len(lines) - number))).isoformat()})
