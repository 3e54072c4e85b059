"""Real clients on the hosts of a lab, and what they say."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from deploy.lab.lab import ROOT, SUFFIX, Lab
from registries.demonstration import DEMONSTRATION_ACCOUNTS

REGISTRY = "mycontainerregistry"
IMAGE = "hello-world:v1"
MANIFEST = ("--header", "Accept: application/vnd.oci.image.manifest.v1+json")
OWNER, CONTRIBUTOR, READER = (
    next(each for each in DEMONSTRATION_ACCOUNTS if each.role == role) for role in ("Owner", "Contributor", "Reader")
)
SOON = 10.0  # seconds that a saved change may take until clients feel it
SAID = (
    "client with IP '{address}' is not allowed access. Refer https://aka.ms/acr/firewall to grant access. "
    "CorrelationId: "
)


def host_of(registry: str) -> str:
    return f"{registry}.{SUFFIX}"


@dataclass(frozen=True)
class Ran:
    """A program that has ended."""

    status: int
    output: str
    errors: str

    @property
    def worked(self) -> bool:
        return self.status == 0


@dataclass(frozen=True)
class Answer:
    """Of HTTP. `status` is 0 where there was none; `headers` have names in lower case."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""

    @property
    def message(self) -> str:
        """Of the one error in the registries' own format."""
        (error,) = json.loads(self.body)["errors"]
        return str(error["message"])

    @property
    def code(self) -> str:
        (error,) = json.loads(self.body)["errors"]
        return str(error["code"])

    @property
    def access_token(self) -> str:
        return str(json.loads(self.body)["access_token"])


@dataclass(frozen=True)
class Client:
    """The programs of one host."""

    lab: Lab
    host: str

    @property
    def address(self) -> str:
        return self.lab.prepared.hosts[self.host].plain_address

    @property
    def authority(self) -> Path:
        return self.lab.authority

    def run(self, *command: str) -> Ran:
        done = subprocess.run(
            self.lab.command(self.host, command),
            cwd=ROOT,
            env=self.lab.environment,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=120,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def curl(self, url: str, *options: str) -> Answer:
        """One request, no redirect followed. A path alone is one of REGISTRY."""
        url = f"https://{host_of(REGISTRY)}{url}" if url.startswith("/") else url
        ran = self.run("curl", "--silent", "--include", "--max-time", "20", "--path-as-is", *options, url)
        return _answer(ran.output) if ran.worked else Answer(0, body=ran.errors)

    def fetch(self, url: str, into: Path) -> int:
        """The status; what is sent, byte for byte, goes into the file."""
        ran = self.run(
            "curl", "--silent", "--max-time", "20", "--output", str(into), "--write-out", "%{http_code}", url
        )
        return int(ran.output)

    def token(self, registry: str = REGISTRY, *, actions: str = "pull", who: tuple[str, str] | None = None) -> Answer:
        """What the token endpoint answers for hello-world."""
        user, password = who or (OWNER.username, OWNER.password)
        query = f"service={host_of(registry)}&scope=repository:hello-world:{actions}"
        return self.curl(f"https://{host_of(registry)}/oauth2/token?{query}", "--user", f"{user}:{password}")

    def bearer(self, registry: str = REGISTRY, *, actions: str = "pull") -> tuple[str, str]:
        """Options of curl that show a fresh token."""
        answer = self.token(registry, actions=actions)
        assert answer.status == 200, answer
        return "--header", f"Authorization: Bearer {answer.access_token}"

    def skopeo_pull(self, into: Path, image: str = IMAGE, *, registry: str = REGISTRY, who: str = "") -> Ran:
        return self.run(
            *("skopeo", "copy", "--quiet", "--src-creds", who or f"{OWNER.username}:{OWNER.password}"),
            *(f"docker://{host_of(registry)}/{image}", f"dir:{into}"),
        )

    def skopeo_push(self, layout: Path, image: str, *, registry: str = REGISTRY, who: str = "") -> Ran:
        return self.run(
            *("skopeo", "copy", "--quiet", "--dest-creds", who or f"{OWNER.username}:{OWNER.password}"),
            *(f"oci:{layout}", f"docker://{host_of(registry)}/{image}"),
        )

    def oras(self, action: str, target: str, path: Path) -> Ran:
        return self.run(
            *(sys.executable, "-m", "tests.clients.oras_client", action, f"{host_of(REGISTRY)}/{target}", str(path)),
            *(OWNER.username, OWNER.password, str(self.authority)),
        )


def eventually(ready: Callable[[], bool], *, within: float = SOON) -> bool:
    """Whether it becomes true in time."""
    until = time.monotonic() + within
    while not ready():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def _answer(text: str) -> Answer:
    head, _, body = text.replace("\r\n", "\n").partition("\n\n")
    while head.split()[1] == "100":  # "continue", before the answer itself
        head, _, body = body.partition("\n\n")
    first, *lines = head.splitlines()
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Answer(int(first.split()[1]), headers, body)


def refused(ran: Ran) -> bool:
    """skopeo 1.9 prints the status alone."""
    return not ran.worked and "403 (Forbidden)" in ran.errors


def said_to(address: str) -> str:
    return SAID.format(address=address)
