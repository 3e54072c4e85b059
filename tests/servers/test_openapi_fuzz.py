"""Schemathesis on the whole ARM API: at least 5,000 requests, by its own description and against it.

No server is started: the application is asked in process, so that the same requests come in every run."""

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from registries.demonstration import DEMONSTRATION_ACCOUNTS, DEMONSTRATION_SERVICE_PRINCIPAL
from tests import make
from tests.networking.arm import fuzzing
from tests.networking.arm.fuzzing import Seen
from tests.networking.arm.world import IDENTITY_SECRET, World, furnished

pytestmark = pytest.mark.server

AN_OPERATION = 75
WALKS = 60
CASES = 5000


@pytest.fixture
def world(settings: Settings, db: None) -> World:
    settings.ROOT_URLCONF = "networking.arm.urls"
    settings.MIDDLEWARE = django_settings.ARM_MIDDLEWARE
    settings.DEMONSTRATION = True  # machines have identities there only
    settings.ARM_IDENTITY_HEADER = IDENTITY_SECRET
    make.account("Owner", username=DEMONSTRATION_ACCOUNTS[0].username)
    make.account("Owner", username=DEMONSTRATION_SERVICE_PRINCIPAL.username, service_principal=True)
    return furnished()


def test_whatever_is_asked_the_answer_is_a_described_one_and_everything_can_succeed(world: World) -> None:
    seen, operations = Seen(), fuzzing.described()
    for operation in operations:
        fuzzing.fuzz(operation, world, AN_OPERATION, seen)
    fuzzing.walk(operations, world, WALKS, seen)
    assert seen.never(operations) == []
    assert seen.cases >= CASES
