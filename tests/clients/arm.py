"""Portcullis as `make run` serves it, the dashboard and the ARM API over TLS, on ports and data of its own."""

import json
import re
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from functools import cached_property
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener, urlopen

from registries.demonstration import DEMONSTRATION_ACCOUNTS, DEMONSTRATION_SERVICE_PRINCIPAL
from tests.browser.server import ROOT, STARTS_WITHIN, Server
from tests.servers.ports import free_port

DEMONSTRATION = "/subscriptions/7d1f4e0a-52c8-4b3e-9a6d-0c8e2f5b7a91"
GROUP = "myResourceGroup"
REGISTRY = "mycontainerregistry"
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
POLICY = """
import json
from networking.models import EndpointSettings
from registries.models import Registry
print(json.dumps(EndpointSettings.of(Registry.objects.named({name!r}).get()).policy.record()))
"""
READER = """
import json, sys
import django
django.setup()
for line in sys.stdin:
    exec(json.loads(line), {})
    sys.stdout.flush()
"""
LAST_CHANGE = """
import json
from registries.models import Change
change = Change.objects.filter(resource_id__iendswith={end!r}).order_by("-pk").first()
print(json.dumps([change.operation, change.account, change.door, change.comment]))
"""


def path_of(registry: str = REGISTRY, group: str = GROUP) -> str:
    """The ARM id of a registry of the demonstration's first subscription."""
    return f"{DEMONSTRATION}/resourceGroups/{group}/providers/Microsoft.ContainerRegistry/registries/{registry}"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class ArmServer(Server):
    """In demonstration mode; `port` is the dashboard's."""

    arm_port: int = 0

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"ARM_URL": self.arm_url, "LOG_LEVEL": "WARNING", "VENV": sys.prefix}

    @property
    def arm_url(self) -> str:
        return f"https://localhost:{self.arm_port}"

    @property
    def suffix(self) -> str:
        return "azurecr.localhost"

    @property
    def authority(self) -> Path:
        """The certificate that clients of the ARM API must trust."""
        return self.data / "authority.pem"

    def command(self, *command: str) -> list[str]:
        """The command line that runs it where the servers are: on this machine."""
        return [*command]

    def arm_answers(self) -> bool:
        try:
            with urlopen(f"{self.arm_url}/metadata/endpoints", timeout=5, context=self.trusting) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    @property
    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.authority)

    @cached_property
    def _principals(self) -> dict[str, tuple[str, str]]:
        known = DEMONSTRATION_SERVICE_PRINCIPAL
        return {known.role: (known.username, known.password)}

    def service_principal(self, role: str) -> tuple[str, str]:
        """Client id and secret of one with that role, the same each time."""
        if role not in self._principals:
            said = self.manage("service_principal", f"the {role} of the tests", "--role", role)
            fields = dict(line.split(":", 1) for line in said.splitlines() if ":" in line)
            self._principals[role] = (fields["Client id"].strip(), fields["Secret"].strip())
        return self._principals[role]

    def client_id(self, role: str) -> str:
        return self.service_principal(role)[0]

    def token(self, role: str = "Owner") -> str:
        """A fresh one, for the ARM API."""
        client, secret = self.service_principal(role)
        form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
        with urlopen(
            f"{self.arm_url}/adfs/oauth2/token", urlencode(form).encode(), timeout=30, context=self.trusting
        ) as answer:
            return str(json.load(answer)["access_token"])

    def ask(self, method: str, path: str, token: str, body: Any = None, **headers: str) -> Answer:
        """A request of the ARM API, whatever it answers."""
        request = Request(
            f"{self.arm_url}{path}?api-version=2025-11-01",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers},
            method=method,
        )
        try:
            with urlopen(request, timeout=60, context=self.trusting) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except HTTPError as refused:
            with refused:
                return Answer(refused.code, refused.headers, refused.read())

    def policy(self, registry: str = REGISTRY) -> dict[str, Any]:
        """What is stored, as a change record spells it."""
        stored: dict[str, Any] = self.read(POLICY.format(name=registry))
        return stored

    def ranges(self, registry: str = REGISTRY) -> list[str]:
        return [rule["value"] for rule in self.policy(registry)["networkRuleSet"]["ipRules"]]

    def last_change(self, registry: str = REGISTRY) -> tuple[str, str, str, str]:
        """Of its history: operation, account, door, comment."""
        operation, account, door, comment = self.read(LAST_CHANGE.format(end=f"/registries/{registry}"))
        return operation, account, door, comment

    def read(self, code: str) -> Any:
        """The JSON that code prints, one line of it, which runs on the data of the servers."""
        told, telling = self._reader.stdin, self._reader.stdout
        assert told is not None
        assert telling is not None
        told.write(f"{json.dumps(code)}\n")
        told.flush()
        line = telling.readline()
        assert line, f"This ends with {self._reader.wait()}: {code}"
        return json.loads(line)

    @cached_property
    def _reader(self) -> subprocess.Popen[str]:
        """Loading Django takes most of a second; this process has done so, and runs code until `stop_reading`."""
        return subprocess.Popen(
            [sys.executable, "-c", READER],
            cwd=ROOT,
            env=self.environment | {"DJANGO_SETTINGS_MODULE": "registries.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def stop_reading(self) -> None:
        if "_reader" in vars(self):
            self._reader.communicate(timeout=30)

    def blade(self, registry: str) -> str:
        return self.page(f"/registries/{registry}/networking/")

    def page(self, path: str) -> str:
        """As the Owner sees it, who signs in for it."""
        browser = build_opener(HTTPCookieProcessor(CookieJar()))
        owner = next(each for each in DEMONSTRATION_ACCOUNTS if each.role == "Owner")
        with browser.open(f"{self.url}/sign-in/", timeout=30) as answer:
            token = CSRF.search(answer.read().decode())
        assert token is not None
        form = {"username": owner.username, "password": owner.password, "csrfmiddlewaretoken": token[1]}
        browser.open(f"{self.url}/sign-in/", urlencode(form).encode(), timeout=30).close()
        with browser.open(f"{self.url}{path}", timeout=30) as answer:
            return str(answer.read().decode())


@contextmanager
def running() -> Iterator[ArmServer]:
    """Both servers answer, with the demonstration registries; stopped and their data deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="portcullis-") as directory:
        server = ArmServer(data=Path(directory), port=free_port(), arm_port=free_port())
        with started(server):
            yield server


@contextmanager
def started(server: ArmServer) -> Iterator[None]:
    """As `make run` starts it, on the empty data of that server."""
    server.manage("migrate", "--verbosity", "0")
    server.manage("collectstatic", "--noinput", "--verbosity", "0")
    server.manage("demo")
    for role in ("Contributor", "Reader"):
        server.service_principal(role)
    server.remember()
    with (server.data / "server.log").open("w") as log:
        process = subprocess.Popen(
            server.command("bash", ".ci/serve", str(server.port), str(server.arm_port)),
            cwd=ROOT,
            env=server.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        until = time.monotonic() + STARTS_WITHIN
        while not (server.answers() and server.arm_answers()):
            if process.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"The servers don't answer on {server.url} and {server.arm_url}:\n{server.log()}")
            time.sleep(0.2)
        yield
    finally:
        # It stops both servers, which are in groups of their own; SIGKILL for it alone would leave them behind.
        process.terminate()
        process.wait(timeout=60)
        server.stop_reading()
