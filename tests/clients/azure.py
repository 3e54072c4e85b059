"""The real Azure CLI against a running Portcullis, with a configuration of its own."""

import json
import os
import pty
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.browser.server import ROOT
from tests.clients.arm import ArmServer

AZ = ROOT / ".venv-az" / "bin" / "az"
TENANT = "11111111-1111-1111-1111-111111111111"
# az looks for a newer az once in a new directory, outside this machine, unless it has just done so.
CHECKED = {
    "versions": {"azure-cli": {"local": "2.91.0"}, "core": {"local": "2.91.0"}, "telemetry": {"local": "1.1.0"}},
    "update_time": "2099-01-01 00:00:00.000000",
}


@dataclass(frozen=True)
class Printed:
    """What a command printed, and its exit status."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Az:
    """az with a configuration of its own, which trusts the certificates of that server. `variables` are more of its
    environment."""

    home: Path
    server: ArmServer
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin",
            "HOME": str(self.home),
            "AZURE_CONFIG_DIR": str(self.home / "azure"),
            "AZURE_CORE_COLLECT_TELEMETRY": "0",
            "AZURE_CORE_NO_COLOR": "true",
            "REQUESTS_CA_BUNDLE": str(self.server.authority),
            "SSL_CERT_FILE": str(self.server.authority),
            "NO_PROXY": "localhost,127.0.0.1",
            # Nothing that az looks up by the way leaves this machine.
            "HTTPS_PROXY": "http://127.0.0.1:9",
            **self.variables,
        }

    def command(self, command: str, *more: str) -> list[str]:
        return self.server.command(str(AZ), *command.split(), *more)

    def tried(self, command: str, *more: str, timeout: float = 120) -> Printed:
        """`az` as it is typed, and how it ended; `more` are arguments that hold spaces."""
        done = subprocess.run(
            self.command(command, *more),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Printed(done.returncode, done.stdout, done.stderr)

    def typed(self, command: str, answer: str) -> Printed:
        """As at a terminal, where az asks and somebody answers."""
        terminal, theirs = pty.openpty()
        try:
            with subprocess.Popen(
                self.command(command),
                env=self.environment,
                stdin=theirs,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            ) as process:
                os.write(terminal, f"{answer}\n".encode())
                out, err = process.communicate(timeout=120)
        finally:
            os.close(terminal)
            os.close(theirs)
        return Printed(process.returncode, out, err)

    def run(self, command: str, *more: str) -> Any:
        """Its JSON, or None where it prints nothing; fails where it fails."""
        printed = self.tried(command, *more)
        assert printed.code == 0, f"az {command} {' '.join(more)} ends with {printed.code}:\n{printed.err}"
        return printed.json if printed.out.strip() else None

    def connect(self) -> None:
        """The lines of the documentation: where the cloud is, and that it is meant."""
        self.run(f"cloud register -n Portcullis --endpoint-resource-manager {self.server.arm_url}")
        self.run("cloud set -n Portcullis")

    def sign_in(self, role: str) -> Any:
        """As a service principal with that role; the subscriptions that it sees."""
        client, secret = self.server.service_principal(role)
        return self.run(f"login --service-principal -u {client} -p {secret} --tenant {TENANT}")


def needed() -> None:
    """Skips where az isn't installed; fails in CI, which leaves nothing out."""
    if AZ.exists():
        return
    why = "the Azure CLI isn't installed: VENV=.venv-az bash .ci/setup requirements-az.txt"
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


def connected(server: ArmServer, home: Path, **variables: str) -> Az:
    """An az as it is installed, that knows the server and is nobody yet."""
    az = unpacked(server, home, **variables)
    az.connect()
    return az


def unpacked(server: ArmServer, home: Path, **variables: str) -> Az:
    needed()
    (home / "azure").mkdir(parents=True)
    (home / "azure" / "versionCheck.json").write_text(json.dumps(CHECKED))
    return Az(home, server, variables)


def signed_in(server: ArmServer, home: Path, *, role: str = "Owner", **variables: str) -> Az:
    """An az of a service principal with that role."""
    az = connected(server, home, **variables)
    az.sign_in(role)
    return az
