"""Hosts on one machine: network namespaces, each with a cable to the server's. Linux, as root; nothing leads out."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ETC = Path("/etc/netns")  # `ip netns exec` puts what lies here in the place of /etc, for one namespace


@dataclass(frozen=True)
class Host:
    """A client and its network. `address` is its own with the prefix, `gateway` the server's end of the cable; `names`
    are the host names it can resolve; `routes` what it may reach, where not everything."""

    name: str
    address: str
    gateway: str
    names: Mapping[str, str]
    routes: tuple[str, ...] = ("default",)
    address6: str = ""
    gateway6: str = ""

    @property
    def plain_address(self) -> str:
        return self.address.partition("/")[0]


class Networks:
    """The server's namespace and those of the hosts around it. All names begin with `prefix`, so that what an earlier
    run left behind can be told from what is somebody else's."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.server = f"{prefix}-server"

    def namespace(self, host: Host) -> str:
        return f"{self.prefix}-{host.name}"

    def make(self, hosts: Iterable[Host], addresses: Iterable[str], authority: Path) -> None:
        """`addresses` are the server's own, beside its ends of the cables."""
        run("ip", "netns", "add", self.server)
        run("ip", "-n", self.server, "link", "set", "lo", "up")
        for address in addresses:
            run("ip", "-n", self.server, "address", "add", address, "dev", "lo", *_at_once(address))
        for number, host in enumerate(hosts):
            self._connect(host, f"{self.prefix[:8]}{os.getpid() % 100000}.{number}")
            self._furnish(self.namespace(host), host.names, authority)

    def _connect(self, host: Host, cable: str) -> None:
        here = self.namespace(host)
        run("ip", "netns", "add", here)
        run("ip", "-n", here, "link", "set", "lo", "up")
        run("ip", "-n", self.server, "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", here)
        for namespace, device, address in (
            (self.server, cable, host.gateway),
            (here, "eth0", host.address),
            (self.server, cable, host.gateway6),
            (here, "eth0", host.address6),
        ):
            if address:
                run("ip", "-n", namespace, "address", "add", address, "dev", device, *_at_once(address))
                run("ip", "-n", namespace, "link", "set", device, "up")
        for route in host.routes:
            run("ip", "-n", here, "route", "add", route, "via", host.gateway.partition("/")[0])
        if host.gateway6:
            run("ip", "-n", here, "-6", "route", "add", "default", "via", host.gateway6.partition("/")[0])

    def _furnish(self, namespace: str, names: Mapping[str, str], authority: Path) -> None:
        """Names, and the one certificate authority that this host trusts. The machine's own files stay as they are."""
        etc = ETC / namespace
        (etc / "ssl" / "certs").mkdir(parents=True)
        lines = ["127.0.0.1 localhost", *(f"{address} {name}" for name, address in names.items())]
        (etc / "hosts").write_text("\n".join(lines) + "\n")
        (etc / "resolv.conf").write_text("# No name server: what is not in the hosts file does not exist here.\n")
        shutil.copy(authority, etc / "ssl" / "certs" / "ca-certificates.crt")
        if Path("/etc/ssl/openssl.cnf").exists():
            shutil.copy("/etc/ssl/openssl.cnf", etc / "ssl" / "openssl.cnf")

    def change_names(self, host: Host, names: Mapping[str, str]) -> None:
        lines = ["127.0.0.1 localhost", *(f"{address} {name}" for name, address in names.items())]
        (ETC / self.namespace(host) / "hosts").write_text("\n".join(lines) + "\n")

    def remove(self) -> None:
        """All namespaces of this prefix, those of an earlier run too, and whoever still runs inside."""
        for namespace in self._found():
            _empty(namespace)
            run("ip", "netns", "delete", namespace)
        for etc in ETC.glob(f"{self.prefix}-*"):
            shutil.rmtree(etc)
        with suppress(OSError):  # somebody else's namespaces have theirs
            ETC.rmdir()

    def _found(self) -> list[str]:
        listed = run("ip", "netns", "list")
        names = [line.split()[0] for line in listed.splitlines() if line.strip()]
        return [name for name in names if name.startswith(f"{self.prefix}-")]


def inside(namespace: str, command: Iterable[str]) -> list[str]:
    """The command line that runs `command` in a namespace."""
    return ["ip", "netns", "exec", namespace, *command]


def run(*command: str) -> str:
    """What it prints; RuntimeError with what it complains of."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def _empty(namespace: str) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        for _ in range(20):
            pids = [int(pid) for pid in run("ip", "netns", "pids", namespace).split()]
            if not pids:
                return
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
                    os.kill(pid, signal.SIGCONT)
            time.sleep(0.1)


def _at_once(address: str) -> tuple[str, ...]:
    """IPv6 would first look for a second or two whether somebody else has the address."""
    return ("nodad",) if ":" in address else ()
