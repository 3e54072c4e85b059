"""What the gate costs, with wrk, and how long a Save takes to be enforced: everything in one run, in turns.

The same static answer four times: from nginx alone, behind 100 `allow` lines of nginx's own, behind the gate with the
decision cache, and behind the gate asked for every request. The rule that matches is the last of 100.
"""

import getpass
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

from benchmarks import scratch
from deploy.gate.rendering import Site, render
from tests.browser.server import ROOT
from tests.servers.portal import Portal, installed, kill
from tests.servers.ports import free_port

HERE = Path(__file__).parent
REGISTRY, SUFFIX, CLIENT = "benchmark", "azurecr.test", "203.0.113.10"
HEADERS = {"Host": f"{REGISTRY}.{SUFFIX}", "X-Real-IP": CLIENT}
KEY = "a-key-of-the-benchmark"
CONNECTIONS, SECONDS, ROUNDS = 32, 4, 3
FLIPS, ENFORCED_WITHIN = 8, 2.0
CASES = {
    "STATIC": "nginx alone",
    "NATIVE": "nginx, 100 allow lines",
    "CACHED": "nginx + gate, cached decisions",
    "UNCACHED": "nginx + gate, every request",
}
GOALS = {"CACHED": 0.85, "UNCACHED": 0.15}  # of nginx with rules of its own
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Sample:
    """Requests a second, and microseconds of CPU for one: of nginx, of the gate."""

    rate: float
    nginx: float
    gate: float


def main() -> int:
    missing = [name for name in ("nginx", "wrk") if shutil.which(name) is None]
    if missing:
        print(f"{' and '.join(missing)} isn't installed: no figures of the gate.", file=sys.stderr)
        return 0
    with installed() as made:
        portal = Gated(made.data, made.port)
        scratch.inside(portal, "gated", REGISTRY, CLIENT)
        with serving(portal) as (ports, processes):
            figures(ports, processes)
            delays(portal, ports["CACHED"])
    return 0


class Gated(Portal):
    """An installation whose gate has a key."""

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"GATE_KEY": KEY, "LOGIN_SERVER_SUFFIX": SUFFIX}


@contextmanager
def serving(portal: Portal) -> Iterator[tuple[dict[str, int], dict[str, subprocess.Popen[bytes]]]]:
    """The ports of the four cases, and the processes of gate and nginx, once all of them answer."""
    ports = {case: free_port() for case in (*CASES, "GATE")}
    configure(portal.data, ports)
    command = [sys.executable, "-m", "granian", "networking.gate.wsgi:application", "--interface", "wsgi"]
    command += ["--host", "127.0.0.1", "--port", str(ports["GATE"]), "--workers", "2"]
    command += ["--blocking-threads", "4", "--no-access-log", "--log-level", "warning"]
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        processes["gate"] = subprocess.Popen(
            command, cwd=ROOT, env=portal.environment, start_new_session=True, stderr=subprocess.DEVNULL
        )
        processes["nginx"] = subprocess.Popen(
            ["nginx", "-c", str(portal.data / "nginx.conf"), "-p", str(portal.data)],
            start_new_session=True,
        )
        until = time.monotonic() + 30
        while [status(ports[case]) for case in CASES] != [200] * len(CASES):
            for name, process in processes.items():
                assert process.poll() is None, f"{name} has ended"
            assert time.monotonic() < until, {case: status(ports[case]) for case in CASES}
            time.sleep(0.2)
        yield ports, processes
    finally:
        for process in processes.values():
            kill(process)


def configure(directory: Path, ports: dict[str, int]) -> None:
    (directory / "answer").write_text("{}")
    site = Site(
        suffix=SUFFIX,
        key=KEY,
        registries={REGISTRY: "127.0.0.1:1"},
        certificate="/unused.pem",
        certificate_key="/unused.pem",
        log_socket="/unused.socket",
        own_login=True,
    )
    for name, file in render(site, directory).items():
        (directory / name).write_text(file.text)
    places = {case: str(port) for case, port in ports.items()}
    places |= {
        "DIRECTORY": str(directory),
        "USER": getpass.getuser(),
        "ALLOW": "\n".join(f"allow 20.{number}.16.0/20;" for number in range(99)),
    }
    places["ALLOW"] += f"\nallow {CLIENT};"
    template = (HERE / "gate.nginx").read_text()
    (directory / "nginx.conf").write_text(re.sub(r"@([A-Z]+)@", lambda place: places[place[1]], template))


def status(port: int) -> int:
    """What the case answers; 0 where nobody does."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/v2/", headers=HEADERS)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def figures(ports: dict[str, int], processes: dict[str, subprocess.Popen[bytes]]) -> None:
    samples: dict[str, list[Sample]] = {case: [] for case in CASES}
    for case in CASES:
        run(ports[case], processes, seconds=1)
    for _ in range(ROUNDS):
        for case in CASES:
            samples[case].append(run(ports[case], processes, seconds=SECONDS))
    native = median(each.rate for each in samples["NATIVE"])
    print(
        f"{CONNECTIONS} connections, {ROUNDS} rounds of {SECONDS} s:   requests/s   of native   CPU µs: nginx    gate"
    )
    for case, name in CASES.items():
        rate = median(each.rate for each in samples[case])
        cpu = [median(each.nginx for each in samples[case]), median(each.gate for each in samples[case])]
        goal = GOALS.get(case)
        verdict = f"  (goal {goal}: {'met' if rate / native >= goal else 'not met'})" if goal else ""
        print(f"  {name:<36} {rate:10,.0f}   {rate / native:9.2f}   {cpu[0]:13.1f} {cpu[1]:7.1f}{verdict}")


def run(port: int, processes: dict[str, subprocess.Popen[bytes]], *, seconds: int) -> Sample:
    before = {name: cpu(process.pid) for name, process in processes.items()}
    headers = [part for name, value in HEADERS.items() for part in ("-H", f"{name}: {value}")]
    done = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", *headers, f"http://127.0.0.1:{port}/v2/"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Non-2xx" not in done.stdout, done.stdout
    requests = int(re.search(r"(\d+) requests in", done.stdout)[1])  # type: ignore[index] # wrk always says it
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1])  # type: ignore[index]
    spent = {name: (cpu(process.pid) - before[name]) / requests * 1e6 for name, process in processes.items()}
    return Sample(rate, spent["nginx"], spent["gate"])


def cpu(leader: int) -> float:
    """Seconds of CPU of the process that leads a session, and of everybody in it."""
    total = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader:
            total += (int(fields[11]) + int(fields[12])) / TICKS
    return total


def delays(portal: Portal, port: int) -> None:
    """From the end of a store to the first answer that obeys it, asked every 5 ms through the decision cache."""
    took: dict[int, list[float]] = {200: [], 403: []}
    flips = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.inside", "flips", REGISTRY, CLIENT, str(FLIPS)],
        cwd=ROOT,
        env=portal.environment | {"DJANGO_SETTINGS_MODULE": "registries.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert flips.stdin is not None
    assert flips.stdout is not None
    for line in flips.stdout:
        wanted = 200 if line.strip() == "allowed" else 403
        if wanted == 403 and line.strip() != "denied":
            break
        began = time.perf_counter()
        while status(port) != wanted:
            assert time.perf_counter() - began < 30, f"still not {wanted}"
            time.sleep(0.005)
        took[wanted].append(time.perf_counter() - began)
        flips.stdin.write("next\n")
        flips.stdin.flush()
    flips.wait(30)
    worst = max(max(each) for each in took.values())
    for wanted, name in ((403, "allowed to denied"), (200, "denied to allowed")):
        each = sorted(took[wanted])
        print(f"  Save to enforced, {name}: median {median(each):.2f} s, worst {each[-1]:.2f} s")
    print(f"  goal at worst {ENFORCED_WITHIN:.0f} s: {'met' if worst <= ENFORCED_WITHIN else 'not met'}")


if __name__ == "__main__":
    sys.exit(main())
