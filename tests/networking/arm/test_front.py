"""What stands before Django in the server of the ARM API."""

import time
from typing import Any

import pytest
from django.db import OperationalError, connection

from networking.arm import kept_answers
from tests import make
from tests.networking.arm.asking import REGISTRIES, REGISTRY, Arm

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each look for a kept answer, whether there was one."""
    looks: list[bool] = []
    found = kept_answers.found

    def looked(environ: dict[str, Any]) -> kept_answers.Kept | None:
        kept = found(environ)
        looks.append(kept is not None)
        return kept

    kept_answers.forget()
    monkeypatch.setattr(kept_answers, "found", looked)
    return looks


def test_an_answer_that_is_given_again_reads_like_the_first(reader: Arm, asked: list[bool]) -> None:
    make.registry(policy=make.selected("8.8.8.8"))
    sent = {"x-ms-client-request-id": "mine", "x-ms-return-client-request-id": "true"}
    sent["x-ms-correlation-request-id"] = "theirs"
    first, again = reader.get(REGISTRY, **sent), reader.get(REGISTRY, **sent)
    assert asked == [False, True]
    assert (again.status, again.json) == (200, first.json)
    assert again.headers["x-ms-request-id"] != first.headers.pop("x-ms-request-id")
    assert {name: again.headers[name] for name in first.headers} == first.headers
    assert first.headers["x-ms-client-request-id"] == "mine"
    assert first.headers["x-ms-correlation-request-id"] == "theirs"


def test_what_a_client_may_not_write_into_an_answer_it_does_not_write_there_again(
    reader: Arm, asked: list[bool]
) -> None:
    make.registry()
    for _ in range(2):
        headers = reader.get(REGISTRY, **{"x-ms-correlation-request-id": "a b"}).headers
        assert headers["x-ms-correlation-request-id"] == headers["x-ms-request-id"]
    assert asked == [False, True]


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
def test_only_a_get_is_given_an_answer_again(owner: Arm, asked: list[bool], method: str) -> None:
    make.registry()
    owner.get(REGISTRY)
    answer = owner.ask(method, REGISTRY, {} if method == "PATCH" else None)
    assert answer.status == 200
    assert (answer.json is None) == (method != "PATCH")
    assert asked == [False, False]


def test_another_host_is_refused_as_ever(reader: Arm, asked: list[bool]) -> None:
    make.registry()
    assert reader.get(REGISTRY).status == 200
    assert reader.get(REGISTRY, Host="evil.example.org").status == 400
    assert asked == [False, False]


def test_where_the_database_is_away_the_view_tells(reader: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    make.registry()
    assert reader.get(REGISTRIES).status == 200

    def away(environ: dict[str, Any]) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(kept_answers, "found", away)
    assert reader.get(REGISTRIES).status == 200
    monkeypatch.setattr("networking.arm.routing.Place.of", away)
    assert reader.get(REGISTRIES).error[:2] == (500, "InternalServerError")


def test_no_connection_outlives_its_time_by_answers_that_are_given_again(reader: Arm, asked: list[bool]) -> None:
    make.registry()
    reader.get(REGISTRY)
    connection.close_at = time.monotonic() - 1
    reader.get(REGISTRY)
    assert asked == [False, True]
    assert connection.connection is None
