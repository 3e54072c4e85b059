"""Portcullis and az in a network namespace of their own, as `make run ARM_PORT=443` serves it on a machine with the
host names of the registries: port 443 is free there, and nothing leads out. Linux, as root."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.lab.networks import ETC, Networks, inside
from tests.clients.arm import REGISTRY, ArmServer, started

SIMULATE = """
from networking.models import SimulatedClient
SimulatedClient.objects.update_or_create(pk=1, defaults={{"address": {address!r}}})
"""
REQUESTS = """
import json
from networking.models import AccessRequest
found = AccessRequest.objects.filter(registry__name={name!r}, address={address!r}).order_by("pk")
print(json.dumps([[each.method, each.path, each.status, each.allowed] for each in found]))
"""


@dataclass(frozen=True)
class SecludedServer(ArmServer):
    namespace: str = ""

    @property
    def environment(self) -> dict[str, str]:
        given = super().environment
        return given | {"PATH": f"{given['PATH']}:/usr/sbin:/sbin"}

    def command(self, *command: str) -> list[str]:
        return inside(self.namespace, command)

    @property
    def login_server(self) -> str:
        return f"{REGISTRY}.{self.suffix}"

    def curl(self, url: str, *options: str) -> tuple[int, str]:
        """Status and body; 0 where nobody answers."""
        done = subprocess.run(
            self.command(
                *("curl", "--silent", "--max-time", "20", "--cacert", str(self.authority)),
                *("--write-out", "\n%{http_code}", *options, url),
            ),
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        body, _, status = done.stdout.rpartition("\n")
        return int(status or 0), body

    def answers(self) -> bool:
        return self.curl(f"{self.url}/sign-in/")[0] == 200

    def arm_answers(self) -> bool:
        return self.curl(f"{self.arm_url}/metadata/endpoints")[0] == 200

    def is_allowed(self) -> bool:
        """Whether the login server speaks to whom it doesn't know yet."""
        return self.curl(f"https://{self.login_server}/v2/")[0] == 401

    def simulate(self, address: str) -> None:
        """Where everybody on this machine comes from; a second later the gate knows."""
        self.manage("shell", "--verbosity", "0", "--command", SIMULATE.format(address=address))

    def requests_from(self, address: str) -> list[tuple[str, str, int, bool]]:
        """What the gate has told of them: method, path, status, allowed."""
        return [tuple(each) for each in self.read(REQUESTS.format(name=REGISTRY, address=address))]


def needed() -> None:
    """CI leaves nothing out."""
    why = ""
    if sys.platform != "linux" or os.geteuid() != 0:
        why = "Port 443 of a network namespace needs Linux and root."
    elif not (shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin:/bin") and shutil.which("curl")):
        why = "Missing: apt install iproute2 curl."
    if why:
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)


@contextmanager
def running() -> Iterator[SecludedServer]:
    networks = Networks(f"az{os.getpid()}")
    with tempfile.TemporaryDirectory(prefix="portcullis-") as directory:
        server = SecludedServer(data=Path(directory), port=8000, arm_port=443, namespace=networks.server)
        try:
            networks.make((), (), server.authority)
            etc = ETC / networks.server
            etc.mkdir(parents=True)
            (etc / "hosts").write_text(f"127.0.0.1 localhost {server.login_server}\n")
            (etc / "resolv.conf").write_text("# No name server: what is not in the hosts file does not exist here.\n")
            with started(server):
                yield server
        finally:
            networks.remove()
