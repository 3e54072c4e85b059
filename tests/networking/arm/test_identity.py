"""The token of a managed identity, from both servers."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from networking.arm import tokens
from registries import signing
from registries.models import Account
from tests import make

pytestmark = pytest.mark.django_db
URL = "https://localhost:8443"
SECRET = "only the program knows"
APP_SERVICE = "/msi/token"
MACHINE = "/metadata/identity/oauth2/token"


@pytest.fixture(params=["dashboard", "arm"])
def server(request: pytest.FixtureRequest) -> str:
    if request.param == "arm":
        request.getfixturevalue("arm_server")
    return str(request.param)


@pytest.fixture
def program(settings: Settings) -> Account:
    settings.ARM_IDENTITY_ACCOUNT = "pipeline"
    settings.ARM_IDENTITY_HEADER = SECRET
    return make.account("Contributor", username="pipeline", service_principal=True)


def app_service(client: Client, *, secret: str | None = SECRET, **query: str) -> Any:
    asked = {"api-version": "2019-08-01", "resource": f"{URL}/"} | query
    return client.get(APP_SERVICE, asked, headers={"X-IDENTITY-HEADER": secret} if secret is not None else {})


def machine(client: Client, **query: str) -> Any:
    asked = {"api-version": "2018-02-01", "resource": f"{URL}/"} | query
    return client.get(MACHINE, asked, headers={"Metadata": "true"})


def test_a_program_that_knows_the_secret_gets_the_token_of_the_account(
    client: Client, server: str, program: Account
) -> None:
    told = app_service(client)
    body = told.json()
    assert tokens.identify(f"Bearer {body['access_token']}") == program
    assert {name: body[name] for name in ("token_type", "resource", "client_id")} == {
        "token_type": "Bearer",
        "resource": f"{URL}/",
        "client_id": "pipeline",
    }
    claims = signing.read(body["access_token"])
    assert claims is not None
    assert int(body["expires_on"]) == claims["exp"]
    assert "no-store" in told["Cache-Control"]


@pytest.mark.parametrize("secret", [None, "", "guess", "é"])
def test_nobody_else_does(client: Client, server: str, program: Account, secret: str | None) -> None:
    told = app_service(client, secret=secret)
    assert (told.status_code, "access_token" in told.json()) == (401, False)


def test_without_a_secret_in_the_settings_there_is_no_token(
    client: Client, server: str, program: Account, settings: Settings
) -> None:
    settings.ARM_IDENTITY_HEADER = ""
    assert [app_service(client, secret=secret).status_code for secret in ("", None, SECRET)] == [401, 401, 401]


def test_without_an_account_in_the_settings_there_is_no_token(
    client: Client, server: str, program: Account, settings: Settings
) -> None:
    settings.ARM_IDENTITY_ACCOUNT = ""
    told = app_service(client)
    assert (told.status_code, told.json()["statusCode"]) == (400, 400)


@pytest.mark.parametrize(
    "query",
    [{"client_id": "another"}, {"resource": "https://vault.azure.net"}],
    ids=["another identity", "another resource"],
)
def test_a_token_for_something_else_is_refused(
    client: Client, server: str, program: Account, query: dict[str, str]
) -> None:
    assert app_service(client, **query).status_code == 400


def test_an_account_that_ended_gets_none(client: Client, server: str, program: Account) -> None:
    Account.objects.update(is_active=False)
    assert app_service(client).status_code == 400


def test_a_machine_has_an_identity_in_demonstration_mode_only(
    client: Client, server: str, program: Account, settings: Settings
) -> None:
    assert machine(client).status_code == 404
    settings.DEMONSTRATION = True
    body = machine(client).json()
    assert tokens.identify(f"Bearer {body['access_token']}") == program
    assert client.get(MACHINE).status_code == 400


def test_demonstration_mode_knows_its_own_program(client: Client, server: str, settings: Settings) -> None:
    settings.DEMONSTRATION = True
    demo = make.account("Owner", username="demo-pipeline", service_principal=True)
    body = app_service(client, secret="portcullis-demo").json()
    assert tokens.identify(f"Bearer {body['access_token']}") == demo


def test_the_dashboard_takes_no_other_method(client: Client, program: Account) -> None:
    assert client.post(APP_SERVICE).status_code == 405


def test_both_servers_answer_a_program_that_asks_for_the_head_alone(client: Client, server: str) -> None:
    """The ARM server as for every other address, the dashboard with a 405; neither with a page."""
    answer = client.head(APP_SERVICE)
    assert (answer.status_code, answer.content) == (401 if server == "arm" else 405, b"")
