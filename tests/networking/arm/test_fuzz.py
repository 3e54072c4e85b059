"""A short run of schemathesis, on both databases; the long one is in tests/servers."""

from typing import Any

import pytest
from pytest_django import Settings
from schemathesis.core.failures import FailureGroup

from networking.arm import openapi
from tests.networking.arm import fuzzing
from tests.networking.arm.fuzzing import Seen
from tests.networking.arm.world import IDENTITY_SECRET, World, furnished

AN_OPERATION = 4


@pytest.fixture
def world(arm_server: None, settings: Settings) -> World:
    settings.DEMONSTRATION = True  # machines have identities there only
    settings.ARM_IDENTITY_HEADER = IDENTITY_SECRET
    return furnished()


def test_whatever_is_asked_the_answer_is_a_described_one(world: World) -> None:
    seen, operations = Seen(), fuzzing.described()
    for operation in operations:
        fuzzing.fuzz(operation, world, AN_OPERATION, seen)
    fuzzing.walk(operations, world, 10, seen)
    assert seen.cases >= 300


@pytest.mark.parametrize(
    "described",
    [
        pytest.param({200: {"type": "object"}}, id="a status"),
        pytest.param({200: {"type": "array"}, 400: {}, 401: {}, 403: {}, 404: {}}, id="a shape"),
    ],
)
def test_an_answer_that_is_not_described_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch, described: dict[int, Any]
) -> None:
    monkeypatch.setattr(openapi, "_answers", lambda of: described)
    [operation] = [each for each in fuzzing.described() if each.label == "GET /subscriptions/{subscription}"]
    with pytest.raises(FailureGroup):
        fuzzing.fuzz(operation, world, 20, Seen())
