"""What nginx tells of each request arrives on the Requests page, also of those that no gate was asked about."""

import csv
import io
import os
import signal
from urllib.parse import quote

import pytest

from deploy.lab.lab import Lab
from tests.clients.blade import Blade
from tests.clients.programs import REGISTRY, Client, eventually

pytestmark = pytest.mark.client

PAGE = f"/registries/{REGISTRY}/requests/"


def lines(blade: Blade, agent: str) -> list[str]:
    """Those of one client program, the newest first."""
    table = csv.reader(io.StringIO(blade.page(f"/registries/{REGISTRY}/requests.csv")))
    return ["|".join(row) for row in table if agent in row]


def agent(client: Client, name: str, path: str = "/v2/", *options: str) -> int:
    return client.curl(path, "--user-agent", name, *options).status


def test_a_refused_request_arrives_with_its_address_its_chain_and_its_reason(blade: Blade, cafe: Client) -> None:
    forged = ("--header", "X-Forwarded-For: 203.0.113.10, 10.0.0.1")
    assert agent(cafe, "refused/1", "/v2/samples/app/manifests/v1", *forged) == 403
    assert eventually(lambda: len(lines(blade, "refused/1")) == 1)
    (line,) = lines(blade, "refused/1")
    for part in (cafe.address, "203.0.113.10, 10.0.0.1", "GET", "samples/app", "No address range matches"):
        assert part in line, line
    assert cafe.address in blade.page(PAGE)


def test_an_allowed_request_arrives_with_the_rule_that_let_it_in(blade: Blade, office: Client) -> None:
    assert agent(office, "allowed/1") == 401
    assert eventually(lambda: len(lines(blade, "allowed/1")) == 1)
    (line,) = lines(blade, "allowed/1")
    for part in (office.address, "203.0.113.0/24", "An address range matches"):
        assert part in line, line


def test_requests_that_a_kept_decision_answers_arrive_too(blade: Blade, cafe: Client) -> None:
    for _ in range(5):
        agent(cafe, "many/1")
    assert eventually(lambda: len(lines(blade, "many/1")) == 5)


def test_signing_in_and_layers_arrive_too(blade: Blade, cafe: Client) -> None:
    agent(cafe, "login/1", "/oauth2/token")
    cafe.curl(f"https://{REGISTRY}.eastus.data.azurecr.test/", "--user-agent", "layer/1")
    assert eventually(lambda: len(lines(blade, "login/1") + lines(blade, "layer/1")) == 2)
    assert all("No address range matches" in line for line in (*lines(blade, "login/1"), *lines(blade, "layer/1")))


def test_a_request_of_a_subnet_leads_to_the_tester_with_that_subnet(lab: Lab, blade: Blade) -> None:
    vm = Client(lab, "vm")
    assert vm.curl("https://contosobranches.azurecr.test/v2/").status == 401
    leads_there = f"networking/tester/?ip={vm.address}&amp;subnet={quote(lab.prepared.subnet, '')}"
    assert eventually(lambda: leads_there in blade.page("/registries/contosobranches/requests/"))


def test_a_log_that_nobody_reads_holds_nobody_up_and_goes_on_afterwards(lab: Lab, blade: Blade, office: Client) -> None:
    os.killpg(lab.log.process.pid, signal.SIGKILL)
    lab.log.process.wait()
    assert [agent(office, "lost/1") for _ in range(3)] == [401, 401, 401]
    lab.start_log()

    def goes_on() -> bool:
        agent(office, "found/1")
        return bool(lines(blade, "found/1"))

    assert eventually(goes_on)
    assert lines(blade, "lost/1") == []
