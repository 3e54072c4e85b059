"""The whole of it: console, gate, log, nginx, a registry for each name, and the hosts around them."""

import http.client
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.gate.__main__ import write
from deploy.gate.rendering import Site, render
from deploy.lab.hosts import Prepared
from deploy.lab.image import make_image
from deploy.lab.networks import Networks, inside
from deploy.lab.processes import Program, Programs

ROOT = Path(__file__).resolve().parent.parent.parent
SUFFIX = "azurecr.test"
FIRST_PORT = 5001  # of the registries, in the server's own namespace
NGINX_USER = "www-data"
NEEDED = {  # by program, the Debian package
    "nginx": "nginx-light",
    "docker-registry": "docker-registry",
    "skopeo": "skopeo",
    "curl": "curl",
    "ip": "iproute2",
}
NGINX = """\
user {user};
daemon off;
worker_processes 1;
worker_shutdown_timeout 5s;
pid {directory}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {directory}/nginx/body;
    proxy_temp_path {directory}/nginx/proxy;
    fastcgi_temp_path {directory}/nginx/fastcgi;
    uwsgi_temp_path {directory}/nginx/uwsgi;
    scgi_temp_path {directory}/nginx/scgi;
    include {directory}/gate/nginx.conf;
}}
"""


def missing() -> list[str]:
    """The Debian packages of the programs that aren't there. Some stand where only root looks."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    return [package for program, package in NEEDED.items() if shutil.which(program, path=path) is None]


class Lab:
    """Everything lies in `directory`, which others may pass through but not list. `settings` are Portcullis's own."""

    def __init__(
        self,
        prefix: str,
        directory: Path,
        port: int,
        *,
        registries: Sequence[str] = (),
        **settings: str,
    ) -> None:
        self.directory = directory
        self.port = port
        self.networks = Networks(prefix)
        self.settings = {
            "DEMONSTRATION": "true",
            "HTTPS": "false",
            "LOGIN_SERVER_SUFFIX": SUFFIX,
            "PORTCULLIS_DATA": str(directory / "data"),
            "GATE_KEY": secrets.token_urlsafe(32),
            "GATE_NAME": "lab",
            "GATE_LOG_SOCKET": str(directory / "gate_log.sock"),
            "LOG_LEVEL": "WARNING",
            **settings,
        }
        self._registries = registries
        self._programs = Programs(ROOT, directory / "logs")
        self.gate: Program
        self.log: Program
        self.nginx: Program
        self.registries: dict[str, Program] = {}
        self.prepared: Prepared
        self.site: Site

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the shell that starts it: no database, no hosts of another installation."""
        kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
        path = f"{os.environ.get('PATH', '/usr/bin:/bin')}:/usr/sbin:/sbin"
        return {**kept, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1", **self.settings}

    @property
    def authority(self) -> Path:
        """The certificate that the hosts trust."""
        return Path(self.prepared.authority)

    def start(self, say: Callable[[str], object] = lambda text: None) -> None:
        """RuntimeError where a part doesn't come up. What was started is stopped by `stop` in any case."""
        self.networks.remove()  # of a run that was killed
        for name in ("logs", "nginx", "registries", "gate"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o711)
        say("The console, with the demonstration registries.")
        self.manage("migrate", "--verbosity", "0")
        self.manage("collectstatic", "--noinput", "--verbosity", "0")
        self.manage("demo")
        self.prepared = self._prepared()
        self._start_console()
        say("Hosts with addresses of their own.")
        self.networks.make(self.prepared.hosts.values(), self.prepared.addresses, self.authority)
        say("nginx, the gate, and a registry for each name.")
        self.site = self._site()
        self._write_configuration()
        self.start_log()
        self.start_gate()
        self._start_registries()
        self._start_nginx()
        say("A small hello-world:v1, pushed to each.")
        self._push()

    def stop(self) -> None:
        self._programs.stop()
        self.networks.remove()

    def ended(self) -> Program | None:
        return self._programs.ended()

    def manage(self, *arguments: str) -> str:
        return self._said([sys.executable, "manage.py", *arguments])

    def command(self, host: str, command: Sequence[str]) -> list[str]:
        """The command line that runs `command` on a host of the lab."""
        return inside(self.networks.namespace(self.prepared.hosts[host]), command)

    def reconfigure(self, **settings: str) -> None:
        """Other settings for the gate and nginx: both begin anew with them, the registries and the console stay."""
        self.settings |= settings
        self.site = self._site()
        self._write_configuration()
        self.gate.stop()
        self.start_gate()
        self.nginx.stop()
        self._start_nginx()

    def start_gate(self) -> None:
        path = self.directory / "gate.sock"
        path.unlink(missing_ok=True)
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--uds", str(path)]
        # nginx's workers are somebody else; the key keeps everybody else out.
        command += ["--uds-permissions", "666", "--workers", "1", "--blocking-threads", "16", "--no-access-log"]
        command += ["--respawn-failed-workers", "--respawn-interval", "0.5"]
        command += ["--log-level", "warning", "networking.gate.wsgi:application"]
        self.gate = self._programs.start("gate", command, self.environment, ready=self.gate_answers)

    def start_registry(self, name: str) -> None:
        url = f"http://{self.site.registries[name]}/v2/"
        self.registries[name] = self._programs.start(
            f"registry-{name}",
            ["docker-registry", "serve", str(self.directory / "gate" / f"{name}.yml")],
            self.environment,
            namespace=self.networks.server,
            ready=lambda: self._answers(url),
        )

    def gate_answers(self) -> bool:
        """With a snapshot to decide by."""
        connection = _UnixConnection(self.directory / "gate.sock")
        try:
            connection.request("GET", "/state", headers={"Gatekey": self.settings["GATE_KEY"]})
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def _prepared(self) -> Prepared:
        told = json.loads(self._said([sys.executable, "-m", "deploy.lab.prepare"]))
        told = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
        return Prepared(**told)

    def _site(self) -> Site:
        names = self._registries or [*self.prepared.logins]
        return Site(
            suffix=SUFFIX,
            key=self.settings["GATE_KEY"],
            registries={name: f"127.0.0.1:{FIRST_PORT + number}" for number, name in enumerate(names)},
            certificate=self.prepared.certificate,
            certificate_key=self.prepared.certificate_key,
            log_socket=self.settings["GATE_LOG_SOCKET"],
            gate=f"unix:{self.directory / 'gate.sock'}",
            storage=str(self.directory / "registries"),
            token_certificate=self.prepared.token_certificate,
            cache=str(self.directory / "decisions"),
            challenge_first=self.settings.get("GATE_ORDER") == "CHALLENGE-FIRST",
            reason_header=self.settings.get("GATE_REASON_HEADER") == "true",
            grace=int(self.settings.get("GATE_GRACE", "0")),
            subnets=self.prepared.subnets,
            endpoints=self.prepared.endpoints,
        )

    def _write_configuration(self) -> None:
        directory = self.directory / "gate"
        for name, file in render(self.site, directory).items():
            write(directory / name, file)
        (directory / "main.conf").write_text(NGINX.format(user=NGINX_USER, directory=self.directory))

    def _start_console(self) -> None:
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
        command += ["--port", str(self.port), "--workers", "1", "--blocking-threads", "4", "--no-access-log"]
        command += ["--log-level", "warning", "registries.wsgi:application"]
        self._programs.start("console", command, self.environment, ready=self._console_answers)

    def _console_answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/sign-in/")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def start_log(self) -> None:
        path = Path(self.settings["GATE_LOG_SOCKET"])
        path.unlink(missing_ok=True)
        command = [sys.executable, "manage.py", "gate_log", "--socket", str(path), "--group", NGINX_USER]
        self.log = self._programs.start("gate_log", command, self.environment, ready=path.is_socket)

    def _start_registries(self) -> None:
        for name in self.site.registries:
            self.start_registry(name)

    def _start_nginx(self) -> None:
        command = ["nginx", "-c", str(self.directory / "gate" / "main.conf"), "-p", str(self.directory)]
        self.nginx = self._programs.start(
            "nginx",
            command,
            self.environment,
            namespace=self.networks.server,
            ready=lambda: self._answers("https://127.0.0.1/"),
        )

    def _answers(self, url: str) -> bool:
        asked = inside(self.networks.server, ["curl", "--silent", "--insecure", "--output", "/dev/null", url])
        return subprocess.run(asked, env=self.environment, check=False).returncode == 0

    def _push(self) -> None:
        layout = self.directory / "hello-world"
        make_image(layout)
        for name, address in self.site.registries.items():
            self._said(
                inside(
                    self.networks.server,
                    [
                        *("skopeo", "copy", "--quiet", "--dest-tls-verify=false"),
                        *("--dest-registry-token", self.prepared.push_tokens[name]),
                        *(f"oci:{layout}", f"docker://{address}/hello-world:v1"),
                    ],
                )
            )

    def _said(self, command: Sequence[str]) -> str:
        """What it prints; RuntimeError with what it complains of."""
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command[:4])}: {done.stderr.strip()[-2000:]}")
        return done.stdout


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=5)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
