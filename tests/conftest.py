"""What every test can ask for."""

from collections.abc import Callable

import pytest
from django.conf import settings as django_settings
from django.test import Client
from pytest_django import Settings

from registries import credentials
from registries.models import Account
from tests import make


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite in a file, as people run it: in memory, threads share one connection, and nothing ever waits for a lock.
    One file a run and a worker, so that runs beside each other never meet."""
    database = django_settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        database.setdefault("TEST", {})["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(autouse=True)
def plain_settings(settings: Settings) -> None:
    """No TLS redirect, no collected files, a fast password hash: what a test of a page is not about."""
    settings.SECURE_SSL_REDIRECT = False
    settings.DEMONSTRATION = False
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if "whitenoise" not in each]
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def passwords_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the right nor the wrong ones are remembered."""
    monkeypatch.setattr(credentials, "proven", credentials.Proven())
    monkeypatch.setattr(credentials, "failures", credentials.Failures())


@pytest.fixture
def as_role(client: Client, db: None) -> Callable[[str | None], Client]:
    """A client signed in with a role: as_role("Reader")."""

    def sign_in(role: str | None) -> Client:
        client.force_login(make.account(role))
        return client

    return sign_in


@pytest.fixture
def reader(as_role: Callable[[str | None], Client]) -> Client:
    return as_role("Reader")


@pytest.fixture
def contributor(as_role: Callable[[str | None], Client]) -> Client:
    return as_role("Contributor")


@pytest.fixture
def owner(as_role: Callable[[str | None], Client]) -> Client:
    return as_role("Owner")


@pytest.fixture
def bo(db: None) -> Account:
    """Somebody else."""
    return make.account("Contributor", username="bo@example.org")
