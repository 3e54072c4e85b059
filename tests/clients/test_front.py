"""`make run` with a registry behind it and no proxy: skopeo and raw HTTP against the dashboard's own server."""

import json
import os
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.lab.image import make_image
from registries.demonstration import DEMONSTRATION_ACCOUNTS
from tests.servers.portal import Portal, kill
from tests.servers.ports import free_port

pytestmark = pytest.mark.client

INSIDE, OUTSIDE = "203.0.113.10", "192.0.2.77"  # 203.0.113.0/24 is in the list of mycontainerregistry
NAMES = (
    "mycontainerregistry.azurecr.localhost",
    "mycontainerregistry.eastus.data.azurecr.localhost",
    "mycontainerregistry.blob.azurecr.localhost",
)
OWNER, CONTRIBUTOR, READER = (
    next(f"{each.username}:{each.password}" for each in DEMONSTRATION_ACCOUNTS if each.role == role)
    for role in ("Owner", "Contributor", "Reader")
)
STARTS_WITHIN = 20.0
FELT_WITHIN = 5.0  # the simulated address is kept for a second


@dataclass(frozen=True)
class Fronted(Portal):
    """Demonstration mode, a registry behind it, and a hosts file that only our clients see: skopeo asks the system
    for names, and Debian's knows none under localhost."""

    upstream: str = ""

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"DEMONSTRATION": "true", "REGISTRY_UPSTREAM": self.upstream}

    @property
    def host(self) -> str:
        return f"{NAMES[0]}:{self.port}"

    def come_from(self, address: str) -> None:
        """Every client of this machine, from now on."""
        line = f"SimulatedClient.objects.update_or_create(pk=1, defaults={{'address': {address!r}}})"
        self.manage("shell", "--verbosity", "0", "--command", f"from networking.models import SimulatedClient; {line}")
        until = time.monotonic() + FELT_WITHIN
        while self.ask("/v2/").partition(" ")[0] != ("401" if address == INSIDE else "403"):
            assert time.monotonic() < until, "the simulated address is not taken"
            time.sleep(0.1)

    def skopeo(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ("skopeo", "--tmpdir", str(self.data), *arguments)
        bind = f"mount --bind {shlex.quote(str(self.data / 'hosts'))} /etc/hosts && exec {shlex.join(command)}"
        return subprocess.run(
            ["unshare", "--mount", "sh", "-c", bind], capture_output=True, text=True, check=False, timeout=60
        )

    def ask(self, target: str, *lines: str, host: str = "") -> str:
        """Status and body, of a request spelled out: no client would send some of these."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            head = [f"GET {target} HTTP/1.1", f"Host: {host or self.host}", "Connection: close", *lines, "", ""]
            connection.sendall("\r\n".join(head).encode())
            with connection.makefile("rb") as answer:
                whole = answer.read().decode()
        first, _, body = whole.partition("\r\n\r\n")
        return f"{first.split()[1]} {body}"


@pytest.fixture(scope="module")
def front() -> Iterator[Fronted]:
    missing = [name for name in ("skopeo", "docker-registry", "unshare") if shutil.which(name) is None]
    why = f"Missing: {', '.join(missing)}." if missing else "" if os.geteuid() == 0 else "Names need root."
    if why:
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    with tempfile.TemporaryDirectory(prefix="portcullis-front-") as directory:
        data, port = Path(directory), free_port()
        made = Fronted(data, free_port(), upstream=f"http://127.0.0.1:{port}")
        (data / "hosts").write_text(f"127.0.0.1 localhost {' '.join(NAMES)}\n")
        made.manage("migrate", "--verbosity", "0")
        made.manage("collectstatic", "--noinput", "--verbosity", "0")
        made.manage("demo")
        registry = _registry(data, port)
        try:
            process = made.start()
            try:
                yield made
            finally:
                kill(process)
        finally:
            registry.kill()
            registry.wait()


def _registry(data: Path, port: int) -> subprocess.Popen[bytes]:
    """Distribution without any sign-in, for this machine alone."""
    settings = {
        "version": 0.1,
        "storage": {"filesystem": {"rootdirectory": str(data / "registry")}, "delete": {"enabled": True}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    (data / "registry.yml").write_text(json.dumps(settings))
    with (data / "registry.log").open("ab") as log:
        process = subprocess.Popen(
            ["docker-registry", "serve", data / "registry.yml"], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    until = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > until:
                process.kill()
                raise AssertionError(f"docker-registry: {(data / 'registry.log').read_text()}") from None
            time.sleep(0.1)
        else:
            return process


@pytest.fixture
def image(tmp_path: Path) -> str:
    make_image(tmp_path / "image", text=f"An image of {tmp_path.name}\n", padding=2_000_000)
    return f"oci:{tmp_path / 'image'}"


def test_who_may_pushes_and_pulls_from_an_allowed_address(front: Fronted, image: str, tmp_path: Path) -> None:
    front.come_from(INSIDE)
    target = f"docker://{front.host}/samples/front:v1"
    pushed = front.skopeo("copy", "--quiet", "--dest-tls-verify=false", "--dest-creds", CONTRIBUTOR, image, target)
    assert pushed.returncode == 0, pushed.stderr
    copy = f"dir:{tmp_path / 'copy'}"
    pulled = front.skopeo("copy", "--quiet", "--src-tls-verify=false", "--src-creds", READER, target, copy)
    assert pulled.returncode == 0, pulled.stderr
    layers = json.loads((tmp_path / "copy" / "manifest.json").read_text())["layers"]
    assert [(tmp_path / "copy" / each["digest"].partition(":")[2]).stat().st_size for each in layers] == [
        each["size"] for each in layers
    ]
    refused = front.skopeo("copy", "--quiet", "--dest-tls-verify=false", "--dest-creds", READER, image, target)
    assert (refused.returncode, "authentication required" in refused.stderr) == (1, True), refused.stderr


def test_another_address_is_refused_whoever_asks(front: Fronted, image: str, tmp_path: Path) -> None:
    target = f"docker://{front.host}/samples/front:v2"
    front.come_from(OUTSIDE)
    user, _, password = OWNER.partition(":")
    kept = tmp_path / "auth.json"
    done = [
        front.skopeo(*("login", "--tls-verify=false", "--authfile", str(kept)), "-u", user, "-p", password, front.host),
        front.skopeo("copy", "--quiet", "--dest-tls-verify=false", "--dest-creds", OWNER, image, target),
        front.skopeo("copy", "--quiet", "--src-tls-verify=false", "--src-creds", OWNER, target, f"dir:{tmp_path}/x"),
    ]
    assert [(each.returncode, "invalid status code from registry 403 (Forbidden)" in each.stderr) for each in done] == [
        (1, True)
    ] * 3
    front.come_from(INSIDE)
    login = front.skopeo(
        *("login", "--tls-verify=false", "--authfile", str(kept)), "-u", user, "-p", password, front.host
    )
    assert login.stdout == "Login Succeeded!\n"


@pytest.mark.parametrize(
    ("forwarded", "status"), [(INSIDE, "401"), (OUTSIDE, "403"), (f"{INSIDE}, {OUTSIDE}", "403"), ("x", "403")]
)
def test_x_forwarded_for_of_this_machine_shows_both_verdicts(front: Fronted, forwarded: str, status: str) -> None:
    assert front.ask("/v2/", f"X-Forwarded-For: {forwarded}").partition(" ")[0] == status


@pytest.mark.parametrize("target", ["//v2/", "/v2/../v2/", "/%76%32/", "/v2/%2e%2e/v2/", "/v2/_catalog", "/"])
def test_no_spelling_of_a_path_is_a_way_around(front: Fronted, target: str) -> None:
    answer = front.ask(target, f"X-Forwarded-For: {OUTSIDE}")
    assert answer.startswith('403 {"errors":[{"code":"DENIED"'), answer


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        pytest.param("/v2/", "MyContainerRegistry.AzureCR.localhost.", "403", id="capitals and a dot"),
        pytest.param("http://localhost/v2/", "", "403", id="another host in the target"),
        pytest.param(
            "http://mycontainerregistry.azurecr.localhost/v2/", "myregistry.azurecr.localhost", "401", id="another one"
        ),
    ],
)
def test_the_host_decides_in_every_spelling(front: Fronted, target: str, host: str, status: str) -> None:
    """myregistry is open to all networks; what is judged there is asked there."""
    assert front.ask(target, f"X-Forwarded-For: {OUTSIDE}", host=host).partition(" ")[0] == status


def test_two_hosts_are_none_of_ours(front: Fronted) -> None:
    answer = front.ask("/v2/", "Host: myregistry.azurecr.localhost", f"X-Forwarded-For: {OUTSIDE}")
    assert answer.partition(" ")[0] == "400"


def test_the_dashboard_is_where_it_was(front: Fronted) -> None:
    assert front.ask("/sign-in/", host=f"localhost:{front.port}").startswith("200 ")
    assert front.ask("/v2/", host=f"localhost:{front.port}").partition(" ")[0] in ("302", "404")
