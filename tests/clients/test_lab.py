"""The lab itself: what an earlier run left behind goes away, and what it needs is said."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import gate as benchmark
from deploy.lab import __main__ as command
from deploy.lab.networks import ETC, Host, Networks, inside, run
from tests.clients import lab as labs
from tests.servers.ports import free_port

pytestmark = pytest.mark.client

HOST = Host("client", "203.0.113.10/28", "203.0.113.1/28", {"a.example": "100.64.0.80"})


@pytest.fixture
def networks(tmp_path: Path) -> Iterator[Networks]:
    labs.skip_where_it_cannot_be()
    (tmp_path / "authority.pem").write_text("an authority\n")
    made = Networks(f"n{os.getpid()}")
    made.make([HOST], ["100.64.0.80/32"], tmp_path / "authority.pem")
    yield made
    made.remove()


def test_a_host_has_its_address_its_names_its_authority_and_no_way_out(networks: Networks) -> None:
    def says(*asked: str) -> str:
        return run(*inside(networks.namespace(HOST), asked))

    assert "203.0.113.10/28" in says("ip", "-brief", "address", "show", "dev", "eth0")
    assert says("getent", "hosts", "a.example").split() == ["100.64.0.80", "a.example"]
    assert says("cat", "/etc/ssl/certs/ca-certificates.crt") == "an authority\n"
    routes = run("ip", "-n", networks.server, "route").splitlines()
    assert [line for line in routes if line.startswith("default")] == []


def test_the_gate_that_is_measured_is_the_gate(tmp_path: Path) -> None:
    """`benchmarks/gate.nginx` has what the files of deploy/gate ask for."""
    labs.skip_where_it_cannot_be()
    benchmark.configure(tmp_path, {case: free_port() for case in (*benchmark.CASES, "GATE")})
    run("nginx", "-t", "-c", str(tmp_path / "nginx.conf"), "-p", str(tmp_path))


def test_what_a_killed_run_left_behind_goes_away_with_whoever_runs_in_it(networks: Networks) -> None:
    left = subprocess.Popen(inside(networks.namespace(HOST), ["sleep", "600"]))
    Networks(networks.prefix).remove()
    assert left.wait(10) != 0
    assert networks.prefix not in run("ip", "netns", "list")
    assert list(ETC.glob(f"{networks.prefix}-*")) == []


def test_the_machines_own_names_stay_as_they_are(networks: Networks) -> None:
    assert "a.example" not in Path("/etc/hosts").read_text()


def test_without_root_or_a_package_the_lab_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "missing", lambda: ["nginx-light", "skopeo"])
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert command._in_the_way() == "Something is missing: apt install nginx-light skopeo."
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert command._in_the_way() == "The lab makes network namespaces, which only root may: sudo make lab."
