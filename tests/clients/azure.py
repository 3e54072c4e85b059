"""The real Azure CLI against a running Portcullis, with a configuration of its own."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
    """az with a configuration of its own, which trusts the certificates of that server."""

    home: Path
    server: ArmServer

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "AZURE_CONFIG_DIR": str(self.home / "azure"),
            "AZURE_CORE_COLLECT_TELEMETRY": "0",
            "AZURE_CORE_NO_COLOR": "true",
            "REQUESTS_CA_BUNDLE": str(self.server.authority),
            "SSL_CERT_FILE": str(self.server.authority),
            "NO_PROXY": "localhost,127.0.0.1",
        }

    def tried(self, command: str, *more: str, timeout: float = 120) -> Printed:
        """`az` as it is typed, and how it ended; `more` are arguments that hold spaces."""
        done = subprocess.run(
            [str(AZ), *command.split(), *more],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Printed(done.returncode, done.stdout, done.stderr)

    def run(self, command: str, *more: str) -> Any:
        """Its JSON, or None where it prints nothing; fails where it fails."""
        printed = self.tried(command, *more)
        assert printed.code == 0, f"az {command} {' '.join(more)} ends with {printed.code}:\n{printed.err}"
        return printed.json if printed.out.strip() else None

    def connect(self, client: str, secret: str) -> None:
        """The four lines of the documentation: where the cloud is, that it is meant, and who asks."""
        self.tried(f"cloud register -n Portcullis --endpoint-resource-manager {self.server.arm_url}")
        self.run("cloud set -n Portcullis")
        self.run(f"login --service-principal -u {client} -p {secret} --tenant {TENANT}")


def needed() -> None:
    """Skips where az isn't installed; fails in CI, which leaves nothing out."""
    if AZ.exists():
        return
    why = "the Azure CLI isn't installed: VENV=.venv-az bash .ci/setup requirements-az.txt"
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


@contextmanager
def signed_in(server: ArmServer, home: Path, *, role: str = "Owner") -> Iterator[Az]:
    """An az of a new service principal with that role."""
    (home / "azure").mkdir(parents=True)
    (home / "azure" / "versionCheck.json").write_text(json.dumps(CHECKED))
    az = Az(home, server)
    az.connect(*server.service_principal(role))
    yield az
