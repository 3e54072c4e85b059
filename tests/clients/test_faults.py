"""The gate killed, frozen, gone for a while: nobody is let through, everybody is told in the registries' own words, and
afterwards all is as before."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.lab.lab import Lab
from tests.clients.programs import MANIFEST, Answer, Client, eventually

pytestmark = pytest.mark.client

PATHS = ("/v2/", "/v2/hello-world/manifests/v1", "/oauth2/token?service=mycontainerregistry.azurecr.test")
HANGS = 10.0  # seconds; nginx waits for two, and this machine may be busy


@pytest.fixture
def gate_again(lab: Lab) -> Iterator[None]:
    """Whatever a test does to the gate, it runs afterwards."""
    yield
    lab.gate.signal(signal.SIGCONT)
    if not lab.gate.runs or not lab.gate_answers():
        lab.gate.kill()
        lab.start_gate()


def is_unavailable(answer: Answer) -> bool:
    return (
        answer.status == 503
        and answer.code == "UNAVAILABLE"
        and answer.headers["content-type"] == "application/json; charset=utf-8"
        and answer.headers["retry-after"].isdecimal()
    )


@pytest.mark.usefixtures("gate_again")
def test_a_gate_that_is_killed_lets_nobody_through(
    lab: Lab, office: Client, cafe: Client, home: Client, tmp_path: Path
) -> None:
    token = office.bearer()
    assert office.curl("/v2/hello-world/manifests/v1", *MANIFEST, *token).status == 200
    lab.gate.kill()
    assert eventually(lambda: office.curl("/v2/").status == 503)  # what it said lives for a second
    answers = [client.curl(path, *token) for client in (office, cafe, home) for path in PATHS]
    assert [answer for answer in answers if not is_unavailable(answer)] == []
    assert not office.skopeo_pull(tmp_path / "copy").worked
    lab.start_gate()
    assert eventually(lambda: office.curl("/v2/hello-world/manifests/v1", *MANIFEST, *token).status == 200)
    assert cafe.curl("/v2/").status == 403


@pytest.mark.usefixtures("gate_again")
def test_a_gate_that_is_frozen_lets_nobody_through_and_recovers_by_itself(
    lab: Lab, office: Client, cafe: Client
) -> None:
    token = office.bearer()
    lab.gate.signal(signal.SIGSTOP)
    assert eventually(lambda: office.curl("/v2/").status == 503)
    for client in (office, cafe):
        began = time.monotonic()
        assert is_unavailable(client.curl("/v2/hello-world/manifests/v1", *token))
        assert time.monotonic() - began < HANGS
    lab.gate.signal(signal.SIGCONT)
    assert eventually(lambda: office.curl("/v2/hello-world/manifests/v1", *MANIFEST, *token).status == 200)
    assert cafe.curl("/v2/").status == 403


@pytest.mark.usefixtures("gate_again")
def test_a_worker_of_the_gate_that_is_killed_comes_back_by_itself(lab: Lab, office: Client, cafe: Client) -> None:
    main = lab.gate.process.pid
    before = children(main)
    for worker in before:
        os.kill(worker, signal.SIGKILL)
    assert eventually(lambda: bool(children(main) - before) and office.curl("/v2/").status == 401, within=20)
    assert cafe.curl("/v2/").status == 403


def children(pid: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


@pytest.mark.usefixtures("gate_again")
def test_with_a_grace_known_clients_keep_their_answer_to_all_but_signing_in_and_layers(
    lab: Lab, office: Client, cafe: Client, home: Client
) -> None:
    lab.reconfigure(GATE_GRACE="8")
    try:
        assert (office.curl("/v2/").status, cafe.curl("/v2/").status) == (401, 403)
        lab.gate.kill()
        time.sleep(1.5)  # beyond what any decision is good for without a grace
        answers = [client.curl("/v2/").status for client in (office, cafe, home)]
        assert answers == [401, 403, 503]  # home has not asked before
        layer = "/v2/hello-world/blobs/sha256:" + "0" * 64
        assert [office.curl(path).status for path in (layer, "/oauth2/token")] == [503, 503]  # made for each request
        assert eventually(lambda: office.curl("/v2/").status == cafe.curl("/v2/").status == 503, within=20)
    finally:
        lab.reconfigure(GATE_GRACE="0")


def test_a_registry_that_is_down_is_told_in_json(lab: Lab, office: Client) -> None:
    registry = lab.registries["myregistry"]
    registry.signal(signal.SIGKILL)
    registry.process.wait()
    try:
        assert is_unavailable(office.curl("https://myregistry.azurecr.test/v2/"))
    finally:
        lab.start_registry("myregistry")
    assert office.curl("https://myregistry.azurecr.test/v2/").status == 401
