"""Two who change one registry at once: the last one wins whole, as in ACR, and with If-Match nobody loses anything."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from tests.clients.arm import REGISTRY, Answer, ArmServer, path_of
from tests.clients.azure import Az

pytestmark = pytest.mark.client

WRITERS = 4
EACH = 5
PLACE = path_of()


def patch(server: ArmServer, token: str, ranges: list[str], **headers: str) -> Answer:
    rules = [{"value": each, "action": "Allow"} for each in ranges]
    return server.ask("PATCH", PLACE, token, {"properties": {"networkRuleSet": {"ipRules": rules}}}, **headers)


def seen(server: ArmServer, token: str) -> tuple[list[str], str]:
    """The ranges, and the version of the registry that holds them."""
    answer = server.ask("GET", PLACE, token)
    rules: list[dict[str, Any]] = answer.json["properties"]["networkRuleSet"]["ipRules"]
    return [rule["value"] for rule in rules], answer.headers["ETag"]


def test_two_az_that_add_at_once_leave_what_one_of_them_wrote_whole(
    az: Az, server: ArmServer, demonstration: None
) -> None:
    """az reads the list, adds to it and writes all of it. Nothing is torn."""
    before = server.ranges()
    started = [
        subprocess.Popen(
            az.command(f"acr network-rule add --name {REGISTRY} --ip-address {each}"),
            env=az.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for each in ("192.0.2.1", "192.0.2.2")
    ]
    for each in started:
        _, err = each.communicate(timeout=120)
        assert each.returncode == 0, err.decode()
    one, two = [*before, "192.0.2.1"], [*before, "192.0.2.2"]
    assert server.ranges() in (one, two, [*one, "192.0.2.2"], [*two, "192.0.2.1"])


def test_without_if_match_the_last_one_wins_whole(server: ArmServer, demonstration: None) -> None:
    token = server.token()
    before, _ = seen(server, token)
    assert patch(server, token, [*before, "192.0.2.1"]).status == 200
    assert patch(server, token, [*before, "192.0.2.2"]).status == 200
    assert server.ranges() == [*before, "192.0.2.2"]


def test_with_if_match_the_later_one_is_refused_and_writes_nothing(server: ArmServer, demonstration: None) -> None:
    token = server.token()
    before, version = seen(server, token)
    first = patch(server, token, [*before, "192.0.2.1"], **{"If-Match": version})
    later = patch(server, token, [*before, "192.0.2.2"], **{"If-Match": version})
    assert (first.status, later.status, later.json["error"]["code"]) == (200, 412, "PreconditionFailed")
    assert server.ranges() == [*before, "192.0.2.1"]
    deleted = server.ask("DELETE", PLACE, token, **{"If-Match": version})
    assert (deleted.status, server.ranges()) == (412, [*before, "192.0.2.1"])
    again, newer = seen(server, token)
    assert newer == first.headers["ETag"]
    assert patch(server, token, [*again, "192.0.2.2"], **{"If-Match": newer}).status == 200
    assert server.ranges() == [*before, "192.0.2.1", "192.0.2.2"]


def test_many_who_write_at_once_with_if_match_lose_nothing(server: ArmServer, demonstration: None) -> None:
    token, before = server.token(), server.ranges()
    together = Barrier(WRITERS)

    def write(writer: int) -> list[int]:
        """Adds its own, one after the other; the statuses of all it sent."""
        statuses: list[int] = []
        together.wait(timeout=60)
        for number in range(EACH):
            while not statuses or len([each for each in statuses if each == 200]) <= number:
                ranges, version = seen(server, token)
                wanted = [*ranges, f"192.0.2.{10 * writer + number}"]
                statuses.append(patch(server, token, wanted, **{"If-Match": version}).status)
        return statuses

    with ThreadPoolExecutor(WRITERS) as writers:
        statuses = [status for each in writers.map(write, range(WRITERS)) for status in each]
    wanted = [f"192.0.2.{10 * writer + number}" for writer in range(WRITERS) for number in range(EACH)]
    assert set(statuses) <= {200, 412}
    assert statuses.count(200) == WRITERS * EACH
    assert server.ranges()[: len(before)] == before
    assert sorted(server.ranges()[len(before) :]) == sorted(wanted)
