"""Schemathesis on the ARM API as its own description has it, in process, mostly about what is there. Each request is
asked as if it were the first; `walk` asks several, one after another."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examining
from hypothesis import strategies as st
from schemathesis import GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from networking.arm.openapi import HEADERS
from tests.networking.arm.asking import SUBSCRIPTION, VERSION, Arm
from tests.networking.arm.world import IDENTITY_SECRET, World

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SENT: list[dict[str, str]] = [
    {},
    {},
    {"CommandName": "acr update", "Metadata": "true", "X-Identity-Header": IDENTITY_SECRET},
    {"If-Match": "*"},
    {"If-Match": '"stale"'},
    {"If-None-Match": "*"},
]

CONDITIONS = ("If-Match", "If-None-Match")

type Operation = APIOperation[Any, Any, Any, Any]
type Case = schemathesis.Case[Any]


class Place(Enum):
    """Whose names a request takes."""

    HOME = auto()  # of what is there, but for the last one
    AROUND = auto()  # of what is there and what is not, in any combination
    ELSEWHERE = auto()  # any that the description allows


PLACES = [*[Place.HOME] * 6, *[Place.AROUND] * 3, Place.ELSEWHERE]


@dataclass
class Seen:
    """How often each operation gave which status."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)

    @property
    def cases(self) -> int:
        return self.answers.total()

    def never(self, operations: list[Operation]) -> list[str]:
        """Those that never did what they are there for, though they can."""
        done = {label for label, status in self.answers if status < 300}
        return [
            each.label
            for each in operations
            if each.label not in done and any(status.startswith("2") for status in each.responses.status_codes)
        ]


def described() -> list[Operation]:
    """The operations of /openapi.json, as the application gives it. The description itself is none of them."""
    with one_connection():
        schema = schemathesis.openapi.from_wsgi("/openapi.json", WSGIHandler())
    found = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]
    return sorted(found, key=lambda each: each.label)


@st.composite
def cases(draw: st.DrawFn, operation: Operation, world: World) -> Case:
    """One request: by the description or against it."""
    place = draw(st.sampled_from(PLACES))
    home = place is not Place.ELSEWHERE
    wrong = draw(st.integers(0, 3)) == 0 and bool(operation.body or operation.query)
    case = draw(
        operation.as_strategy(
            generation_mode=GenerationMode.NEGATIVE if wrong else GenerationMode.POSITIVE,
            path_parameters=_named(draw, operation, world, place) if home else None,
        )
    )
    whole = world.whole.get(operation.definition.raw["operationId"])
    if home:
        for name in sorted(set(case.query) & set(world.queries)):
            case.query[name] = draw(st.sampled_from(world.queries[name]))
        if whole and draw(st.integers(0, 2)) == 0:
            case.body = draw(st.sampled_from(whole))
        elif isinstance(case.body, dict | list):
            case.body = _meant(draw, case.body, world.texts)
    for name in CONDITIONS:  # one that is made up hardly ever lets a request through
        if name in case.headers and draw(st.integers(0, 5)):
            del case.headers[name]
    case.headers["Authorization"] = draw(st.sampled_from(world.authorizations))
    case.headers.update(draw(st.sampled_from(SENT)))
    return case


def _named(draw: st.DrawFn, operation: Operation, world: World, place: Place) -> dict[str, str]:
    """Values for its path."""
    names = [each.name for each in operation.path_parameters]
    usual = names[:-1] if place is Place.HOME else []
    return {name: world.paths[name][0] if name in usual else draw(st.sampled_from(world.paths[name])) for name in names}


def _meant(draw: st.DrawFn, value: Any, texts: dict[str, list[str]], key: str = "") -> Any:
    """The same body with texts that mean something here."""
    match value:
        case dict():
            return {name: _meant(draw, each, texts, name) for name, each in value.items()}
        case list():
            return [_meant(draw, each, texts, key) for each in value]
        case str() if key in texts:
            return draw(st.sampled_from(texts[key]))
    return value


def _often(count: int) -> examining:
    """The same cases in every run, none of them twice."""
    return examining(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def fuzz(operation: Operation, world: World, count: int, seen: Seen) -> None:
    """Ask so many times, each time as if for the first: what a request changes is taken back."""

    @_often(count)
    @given(cases(operation, world))
    def ask(case: Case) -> None:
        with taken_back():
            _ask(case, seen)

    ask()


def walk(operations: list[Operation], world: World, count: int, seen: Seen) -> None:
    """So many times, several requests one after another. In the end, what is listed can be shown."""
    any_case = st.sampled_from(operations).flatmap(lambda each: cases(each, world))

    @_often(count)
    @given(st.lists(any_case, min_size=5, max_size=10))
    def ask(sequence: list[Case]) -> None:
        with taken_back():
            for case in sequence:
                _ask(case, seen)
            _look_at_all(Arm(world.authorizations[0]))

    ask()


def _ask(case: Case, seen: Seen) -> None:
    seen.answers[case.operation.label, answered(case).status_code] += 1


def _look_at_all(owner: Arm) -> None:
    listed = owner.get(f"{SUBSCRIPTION}/resources?$top=1000&api-version={VERSION}")
    assert listed.status == 200, listed.json
    for each in listed.json["value"]:
        shown = owner.get(each["id"])
        assert (shown.status, shown.json["id"]) == (200, each["id"])


def answered(case: Case) -> Response:
    """The answer, of a documented status and shape; and JSON, or nothing at all."""
    with one_connection():
        response = case.call()
    case.validate_response(response, checks=CHECKS)
    told = case.operation.definition.raw["responses"][str(response.status_code)].get("headers", {})
    assert {name for name in HEADERS if name.lower() in response.headers} == set(told), (case, response.headers)
    if response.content:
        assert response.headers["content-type"] == ["application/json; charset=utf-8"], response.headers
    elif case.method != "HEAD":
        assert "content-type" not in response.headers, response.headers
    return response


@contextmanager
def one_connection() -> Iterator[None]:
    """What Django's own client does too: the connection, with the transaction of the test, outlives a request."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


@contextmanager
def taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
