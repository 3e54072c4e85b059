"""Portcullis as `make run` serves it, the dashboard and the ARM API over TLS, on ports and data of its own."""

import json
import os
import re
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener, urlopen

from registries.demonstration import DEMONSTRATION_ACCOUNTS, DEMONSTRATION_SERVICE_PRINCIPAL
from tests.browser.server import ROOT, STARTS_WITHIN, Server
from tests.servers.ports import free_port

CSRF = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
POLICY = """
import json
from networking.models import EndpointSettings
from registries.models import Registry
print(json.dumps(EndpointSettings.of(Registry.objects.named({name!r}).get()).policy.record()))
"""


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

    def arm_answers(self) -> bool:
        try:
            trusting = ssl.create_default_context(cafile=self.authority)
            with urlopen(f"{self.arm_url}/metadata/endpoints", timeout=5, context=trusting) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    @cached_property
    def _principals(self) -> dict[str, tuple[str, str]]:
        known = DEMONSTRATION_SERVICE_PRINCIPAL
        return {known.role: (known.username, known.password)}

    def service_principal(self, role: str) -> tuple[str, str]:
        """Client id and secret of one with that role, the same each time."""
        if role not in self._principals:
            said = self.manage("service_principal", f"the {role} of the tests", "--role", role)
            client, secret = re.findall(r"^.*?(?:id|ID|secret)\W+(\S+)$", said, re.MULTILINE)[:2]
            self._principals[role] = (client, secret)
        return self._principals[role]

    def client_id(self, role: str) -> str:
        return self.service_principal(role)[0]

    def policy(self, registry: str) -> dict[str, Any]:
        """What is stored, as a change record spells it."""
        stored: dict[str, Any] = json.loads(
            self.manage("shell", "--verbosity", "0", "--command", POLICY.format(name=registry))
        )
        return stored

    def blade(self, registry: str) -> str:
        return self.page(f"/registries/{registry}/networking/")

    def page(self, path: str) -> str:
        """As the Owner sees it."""
        with self._browser.open(f"{self.url}{path}", timeout=30) as answer:
            return str(answer.read().decode())

    @cached_property
    def _browser(self) -> OpenerDirector:
        browser = build_opener(HTTPCookieProcessor(CookieJar()))
        owner = next(each for each in DEMONSTRATION_ACCOUNTS if each.role == "Owner")
        with browser.open(f"{self.url}/sign-in/", timeout=30) as answer:
            token = CSRF.search(answer.read().decode())
        assert token is not None
        form = {"username": owner.username, "password": owner.password, "csrfmiddlewaretoken": token[1]}
        browser.open(f"{self.url}/sign-in/", urlencode(form).encode(), timeout=30).close()
        return browser


@contextmanager
def running() -> Iterator[ArmServer]:
    """Both servers answer, with the demonstration registries; stopped and their data deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="portcullis-") as directory:
        server = ArmServer(data=Path(directory), port=free_port(), arm_port=free_port())
        server.manage("migrate", "--verbosity", "0")
        server.manage("collectstatic", "--noinput", "--verbosity", "0")
        server.manage("demo")
        with (server.data / "server.log").open("w") as log:
            process = subprocess.Popen(
                ["bash", ".ci/serve", str(server.port), str(server.arm_port)],
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
                    raise AssertionError(
                        f"The servers don't answer on {server.url} and {server.arm_url}:\n{server.log()}"
                    )
                time.sleep(0.2)
            yield server
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
