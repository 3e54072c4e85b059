"""Prints how much the ARM API answers a second, with wrk, beside bare Django views that return the same bytes; and what
a page of a list of 100,000 registries costs, wherever it is. Everything in one run, in turns."""

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
from typing import Any

from benchmarks import scratch
from tests.browser.server import ROOT
from tests.servers.portal import Portal, installed, kill
from tests.servers.ports import free_port

REGISTRIES, FEW = 100_000, 1000
CONNECTIONS, SECONDS, ROUNDS = 4, 4, 3
GOAL = 0.5
CONSTANT = 1.5
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    """`bare` serves it, else the ARM API."""

    method: str
    paths: list[str]
    bare: bool = True


class Arm(Portal):
    """An installation whose server is the ARM API's."""

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"SERVES": "ARM"}


def main() -> int:
    if shutil.which("wrk") is None:
        print("wrk isn't installed: no figures of the ARM API.", file=sys.stderr)
        return 0
    with prepared("", FEW) as arm:
        compare(arm, "SQLite")
    with scratch.database() as (database, url), prepared(url, REGISTRIES) as arm:
        if url:
            compare(arm, database)
        pages = scratch.inside(arm, "arm-pages")
    worst = max(pages.values()) / min(pages.values())
    print(f"A page of 100 of {REGISTRIES:,} registries, read anew:")
    print("  " + ", ".join(f"{place} {took:.1f} ms" for place, took in pages.items()))
    print(f"  slowest to fastest {worst:.2f}× (goal {CONSTANT}×: {'met' if worst <= CONSTANT else 'not met'})")
    return 0


@contextmanager
def prepared(url: str, registries: int) -> Iterator[Arm]:
    with installed(url) as made:
        arm = Arm(made.data, made.port, url)
        scratch.inside(arm, "fill", str(registries))
        yield arm


def compare(arm: Arm, database: str) -> None:
    asked: dict[str, Any] = scratch.inside(arm, "arm-asked")
    with serving(arm) as ports:
        print(f"{database}, {CONNECTIONS} connections, {ROUNDS} rounds of {SECONDS} s, requests a second:")
        figures(arm, ports, asked)


def figures(arm: Arm, ports: dict[bool, int], asked: dict[str, Any]) -> None:
    (arm.data / "bodies").write_text("\n".join(asked["bodies"]))
    cases = {
        "GET": Case("GET", asked["paths"], bare=False),
        "the same bytes": Case("GET", ["/same/get"]),
        "one SELECT": Case("GET", [f"/read/{name}" for name in asked["names"]]),
        "list": Case("GET", [asked["listing"]], bare=False),
        "the same list": Case("GET", ["/same/list"]),
        "one SELECT of a page": Case("GET", ["/listed"]),
        "PATCH": Case("PATCH", asked["paths"], bare=False),
        "nothing written": Case("PATCH", ["/same/patch"]),
        "one UPDATE": Case("PATCH", [f"/written/{name}" for name in asked["names"]]),
        "locked, written and recorded": Case("PATCH", [f"/recorded/{name}" for name in asked["names"]]),
    }
    rates: dict[str, list[float]] = {name: [] for name in cases}
    for round_ in range(ROUNDS + 1):  # the first only warms up
        for name, case in cases.items():
            rate = run(arm, ports[case.bare], case, asked["token"])
            rates[name] += [rate] if round_ else []
    found = {name: median(each) for name, each in rates.items()}
    for asked_for, name, beside in (
        ("GET registry", "GET", ("the same bytes", "one SELECT")),
        ("list, a page of 100", "list", ("the same list", "one SELECT of a page")),
        ("PATCH, another policy", "PATCH", ("nothing written", "one UPDATE", "locked, written and recorded")),
    ):
        for bare in beside:
            tell(asked_for, found[name], bare, found[bare])


def tell(what: str, rate: float, beside: str, bare: float) -> None:
    verdict = "met" if rate / bare >= GOAL else "not met"
    beside = f"a bare view, {beside}"
    print(f"  {what:<22} {rate:8,.0f}   {beside:<34} {bare:8,.0f}   {rate / bare:5.2f} (goal {GOAL}: {verdict})")


def run(arm: Arm, port: int, case: Case, token: str) -> float:
    (arm.data / "paths").write_text("\n".join(case.paths))
    given = {
        "METHOD": case.method,
        "TOKEN": token,
        "PATHS": str(arm.data / "paths"),
        "BODIES": str(arm.data / "bodies") if case.method == "PATCH" else os.devnull,
    }
    for seconds in (1, SECONDS):  # what was written in the turn before is read first, and doesn't count
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(HERE / "arm.lua")]
        done = subprocess.run(
            [*command, f"http://127.0.0.1:{port}"],
            env={"PATH": os.environ["PATH"], **given},
            capture_output=True,
            text=True,
            check=True,
        )
    assert "Non-2xx" not in done.stdout, done.stdout
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1])  # type: ignore[index] # wrk always says it


@contextmanager
def serving(arm: Arm) -> Iterator[dict[bool, int]]:
    """The ports of the ARM API and, under True, of the bare views, once both answer. One worker of 4 threads each."""
    settings = {False: "registries.settings", True: "benchmarks.bare_settings"}
    ports = {bare: free_port() for bare in settings}
    processes = [start(arm, ports[bare], module) for bare, module in settings.items()]
    try:
        until = time.monotonic() + 30
        while not (answers(ports[False], "/openapi.json") and answers(ports[True], "/same/get")):
            assert time.monotonic() < until, "the servers don't answer"
            time.sleep(0.2)
        yield ports
    finally:
        for process in processes:
            kill(process)


def start(arm: Arm, port: int, settings: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "granian", "registries.wsgi:application", "--interface", "wsgi"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--blocking-threads", "4"]
    return subprocess.Popen(
        [*command, "--no-access-log", "--log-level", "warning"],
        cwd=ROOT,
        env=arm.environment | {"DJANGO_SETTINGS_MODULE": settings},
        start_new_session=True,
    )


def answers(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
