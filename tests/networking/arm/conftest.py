"""Asking the ARM API as its clients do, without a network."""

from collections.abc import Callable

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from networking.arm import tokens
from registries.models import Account
from tests import make
from tests.networking.arm.asking import Arm


@pytest.fixture
def arm_server(settings: Settings, db: None) -> None:
    """The process of the ARM API, as SERVES=ARM makes it."""
    settings.ROOT_URLCONF = "networking.arm.urls"
    settings.MIDDLEWARE = django_settings.ARM_MIDDLEWARE
    settings.LOGIN_SERVER_SUFFIX = "azurecr.io"


@pytest.fixture
def as_account(arm_server: None) -> Callable[[Account], Arm]:
    return lambda account: Arm(f"Bearer {tokens.issue(account, django_settings.ARM_URL)}")


@pytest.fixture
def contributor(as_account: Callable[[Account], Arm]) -> Arm:
    return as_account(make.account("Contributor", username="an@example.org"))


@pytest.fixture
def owner(as_account: Callable[[Account], Arm]) -> Arm:
    return as_account(make.account("Owner", username="owner@example.org"))


@pytest.fixture
def reader(as_account: Callable[[Account], Arm]) -> Arm:
    return as_account(make.account("Reader", username="reader@example.org"))


@pytest.fixture
def nobody(as_account: Callable[[Account], Arm]) -> Arm:
    return as_account(make.account(None, username="nobody@example.org"))
