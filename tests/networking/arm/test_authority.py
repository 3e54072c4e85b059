"""Where az learns how to sign in, and signs in."""

from base64 import urlsafe_b64decode
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from django.contrib.auth import hashers
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from networking.arm import oauth, tokens
from registries import credentials, signing
from registries.models import Account
from registries.service_principals import Credentials, create
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("arm_server")]
URL = "https://localhost:8443"
AZ = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def program() -> Credentials:
    return create("Deployment", "Contributor")


@pytest.fixture
def bo() -> Account:
    return make.account("Contributor", username="bo@example.org")


def post(client: Client, path: str = "token", /, **form: str) -> Any:
    return client.generic("POST", f"/adfs/oauth2/{path}", urlencode(form), content_type=FORM)


def as_program(client: Client, made: Credentials, **more: str) -> Any:
    said = {
        "grant_type": "client_credentials",
        "client_id": made.client_id,
        "client_secret": made.secret,
        "scope": f"{URL}//.default",
        "client_info": "1",
        "claims": '{"access_token":{"xms_cc":{"values":["CP1"]}}}',
    }
    return post(client, **(said | more))


def as_bo(client: Client, **more: str) -> Any:
    said = {"grant_type": "password", "client_id": AZ, "username": "bo@example.org", "password": make.PASSWORD}
    return post(client, **(said | {"scope": f"{URL}//.default offline_access openid profile"} | more))


# The metadata


def test_the_metadata_leads_to_an_authority_that_az_does_not_check(client: Client) -> None:
    told = client.get("/metadata/endpoints", {"api-version": "2022-09-01"})
    assert (told.status_code, told.json()) == (
        200,
        {
            "name": "Portcullis",
            "resourceManager": f"{URL}/",
            "portal": f"{URL}/",
            "graph": f"{URL}/",
            "graphAudience": f"{URL}/",
            "authentication": {
                "loginEndpoint": f"{URL}/adfs",
                "audiences": [f"{URL}/"],
                "tenant": "adfs",
                "identityProvider": "ADFS",
            },
            "suffixes": {
                "acrLoginServer": "azurecr.io",
                "storage": "core.windows.net",
                "keyVaultDns": "vault.localhost",
                "sqlServerHostname": "database.localhost",
            },
        },
    )


def test_the_metadata_has_three_shapes(client: Client) -> None:
    newest = client.get("/metadata/endpoints", {"api-version": "2022-09-01"}).json()
    assert client.get("/metadata/endpoints", {"api-version": "2019-05-01"}).json() == [newest]
    assert client.get("/metadata/endpoints").json() == newest
    assert client.get("/metadata/endpoints", {"api-version": "2015-01-01"}).json() == {
        "galleryEndpoint": f"{URL}/",
        "graphEndpoint": f"{URL}/",
        "portalEndpoint": f"{URL}/",
        "authentication": {"loginEndpoint": f"{URL}/adfs", "audiences": [f"{URL}/"]},
    }


def test_the_metadata_names_the_address_of_the_settings_and_never_that_of_the_request(
    client: Client, settings: Settings
) -> None:
    settings.ARM_URL = "https://arm.example.org"
    told = client.get("/metadata/endpoints", headers={"Host": "localhost:9999"}).json()
    assert told["resourceManager"] == "https://arm.example.org/"


def test_the_authority_has_its_addresses(client: Client) -> None:
    told = client.get("/adfs/.well-known/openid-configuration").json()
    assert {name: told[name] for name in told if name.endswith("_endpoint")} == {
        "authorization_endpoint": f"{URL}/adfs/oauth2/authorize",
        "token_endpoint": f"{URL}/adfs/oauth2/token",
        "device_authorization_endpoint": f"{URL}/adfs/oauth2/devicecode",
    }


def test_a_browser_is_told_what_to_type_instead(client: Client) -> None:
    told = client.get("/adfs/oauth2/authorize", {"redirect_uri": "http://localhost:8400", "client_id": AZ})
    assert (told.status_code, told.json()["error"]) == (400, "unsupported_response_type")
    assert "az login --use-device-code" in told.json()["error_description"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/adfs/oauth2/token"), ("PUT", "/metadata/endpoints"), ("POST", "/adfs/oauth2/authorize")],
)
def test_another_method_is_no_way_in(client: Client, method: str, path: str) -> None:
    assert client.generic(method, f"{path}?api-version=1").status_code == 401


# Service principals


def test_a_program_signs_in_with_its_secret(client: Client, program: Credentials) -> None:
    told = as_program(client, program)
    body = told.json()
    assert (told.status_code, {name: body[name] for name in ("token_type", "expires_in", "resource")}) == (
        200,
        {"token_type": "Bearer", "expires_in": 3600, "resource": f"{URL}/"},
    )
    assert "refresh_token" not in body
    assert told["Cache-Control"] == "no-store"
    account = tokens.identify(f"Bearer {body['access_token']}")
    assert (account.username, account.service_principal) == (program.client_id, True)


@pytest.mark.parametrize(
    ("scope", "audience"),
    [
        pytest.param(f"{URL}//.default", f"{URL}/", id="with a slash"),
        pytest.param(f"{URL}/.default", URL, id="without"),
        pytest.param("https://containerregistry.azure.net/.default", "https://containerregistry.azure.net", id="acr"),
        pytest.param("https://management.azure.com//.default", "https://management.azure.com/", id="the SDK's own"),
        pytest.param("", URL, id="none"),
    ],
)
def test_the_audience_is_the_one_asked_for(client: Client, program: Credentials, scope: str, audience: str) -> None:
    token = as_program(client, program, scope=scope).json()["access_token"]
    claims = signing.read(token)
    assert claims is not None
    assert claims["aud"] == audience


@pytest.mark.parametrize(
    "scope", ["https://vault.azure.net/.default", "https://graph.microsoft.com/User.Read", "x://y"]
)
def test_no_token_for_what_is_not_ours(client: Client, program: Credentials, scope: str) -> None:
    told = as_program(client, program, scope=scope)
    assert (told.status_code, told.json()["error_codes"]) == (400, [500011])


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"client_secret": "wrong"}, id="a wrong secret"),
        pytest.param({"client_secret": ""}, id="no secret"),
        pytest.param({"client_id": "nobody"}, id="an unknown client"),
        pytest.param({"client_id": ""}, id="no client"),
        pytest.param({"client_id": "a\0b"}, id="NUL in the client"),
        pytest.param({"client_id": "bo@example.org", "client_secret": make.PASSWORD}, id="a person"),
    ],
)
def test_a_wrong_secret_is_401_and_says_no_more_of_an_unknown_client(
    client: Client, program: Credentials, bo: Account, more: dict[str, str]
) -> None:
    told = as_program(client, program, **more)
    body = told.json()
    named = more.get("client_id", program.client_id)
    assert (told.status_code, body["error"], body["error_codes"]) == (401, "invalid_client", [7000215])
    assert body["error_description"] == (
        "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client "
        f"secret value, not the client secret ID, for a secret added to app '{named}'."
    )
    assert "access_token" not in body


def test_an_inactive_program_does_not_sign_in(client: Client, program: Credentials) -> None:
    Account.objects.update(is_active=False)
    assert as_program(client, program).status_code == 401


def test_an_unknown_client_costs_the_same_hash_as_a_wrong_secret(
    client: Client, program: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    encode = hashers.MD5PasswordHasher.encode

    def counted(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", counted)
    counts = []
    for more in ({"client_secret": "wrong"}, {"client_id": "nobody"}, {"client_id": "a\0b"}, {"client_id": ""}):
        hashed.clear()
        as_program(client, program, **more)
        counts.append(len(hashed))
    assert counts == [1, 1, 1, 0]  # no name at all is nobody's secret


def test_a_certificate_is_not_taken(client: Client, program: Credentials) -> None:
    told = as_program(client, program, client_assertion="a.b.c")
    assert (told.status_code, told.json()["error_codes"]) == (401, [700027])


# How often


NOBODY = {"client_id": "nobody", "username": "nobody"}


@pytest.mark.parametrize("more", [{}, NOBODY], ids=["somebody", "nobody"])
@pytest.mark.parametrize("grant", ["client_credentials", "password"])
def test_after_ten_wrong_ones_no_password_is_looked_at(
    client: Client, program: Credentials, bo: Account, more: dict[str, str], grant: str
) -> None:
    def sign_in(word: str = "", *, address: str = "192.0.2.1") -> Any:
        given = {"client_secret": word, "password": word} if word else {}
        said = {"client_id": program.client_id, "client_secret": program.secret, "username": "bo@example.org"}
        form = {"grant_type": grant, "password": make.PASSWORD, **said, **more, **given}
        return client.post("/adfs/oauth2/token", urlencode(form), content_type=FORM, REMOTE_ADDR=address)

    refused = [sign_in(f"wrong {each}").status_code for each in range(10)]
    assert refused == [401 if grant == "client_credentials" else 400] * 10
    for word in ("wrong", ""):
        told = sign_in(word)
        assert (told.status_code, told.headers["Retry-After"]) == (429, "60")
        said = told.json()
        assert (said["error"], said["error_codes"], said["error_description"]) == (
            "invalid_grant",
            [50053],
            "AADSTS50053: The account is locked. Too many wrong passwords for this name; try again in a minute.",
        )
    elsewhere = sign_in(address="192.0.2.2")
    assert (elsewhere.status_code == 200) is not bool(more)


def test_a_person_and_a_program_that_sign_in_at_the_wrong_place_count_as_wrong_too(client: Client, bo: Account) -> None:
    """Else the one that never has to wait would tell that its password is right."""
    for _ in range(10):
        post(client, grant_type="client_credentials", client_id="bo@example.org", client_secret=make.PASSWORD)
    assert as_bo(client).status_code == 429


def test_where_too_many_sign_in_the_rest_waits(client: Client, bo: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "WAITS", 0.0)
    with credentials.turns.taken():
        told = as_bo(client)
    assert (told.status_code, told.headers["Retry-After"], told.json()["error_description"]) == (
        429,
        "1",
        "AADSTS90055: Too many are signing in; try again in a moment.",
    )
    assert as_bo(client).status_code == 200


# People


def test_a_person_signs_in_and_is_told_apart_by_az(client: Client, bo: Account) -> None:
    body = as_bo(client).json()
    assert tokens.identify(f"Bearer {body['access_token']}") == bo
    said = jwt.decode(body["id_token"], options={"verify_signature": False})
    assert {name: said[name] for name in ("aud", "iss", "upn", "preferred_username", "oid", "tid")} == {
        "aud": AZ,
        "iss": f"{URL}/adfs",
        "upn": "bo@example.org",
        "preferred_username": "bo@example.org",
        "oid": bo.object_id,
        "tid": signing.tenant_id(),
    }
    info = urlsafe_b64decode(body["client_info"] + "==").decode()
    assert info == f'{{"uid": "{bo.object_id}", "utid": "{signing.tenant_id()}"}}'


@pytest.mark.parametrize("more", [{"password": "wrong"}, {"username": "nobody"}, {"username": ""}, {"password": ""}])
def test_a_wrong_password_is_refused(client: Client, bo: Account, more: dict[str, str]) -> None:
    told = as_bo(client, **more)
    assert (told.status_code, told.json()["error"], told.json()["error_description"]) == (
        400,
        "invalid_grant",
        "AADSTS50126: Error validating credentials due to invalid username or password.",
    )


def test_a_program_is_no_person(client: Client, program: Credentials) -> None:
    told = as_bo(client, username=program.client_id, password=program.secret)
    assert told.json()["error_codes"] == [50126]


# Refresh tokens


def refreshed(client: Client, token: str, scope: str = "https://containerregistry.azure.net/.default") -> Any:
    return post(client, grant_type="refresh_token", client_id=AZ, refresh_token=token, scope=scope)


def test_a_refresh_token_gets_a_token_for_registries(client: Client, bo: Account) -> None:
    told = refreshed(client, as_bo(client).json()["refresh_token"]).json()
    claims = signing.verify(told["access_token"], audience=tokens.CONTAINER_REGISTRY)
    assert claims is not None
    assert claims["sub"] == "bo@example.org"


def end(account: Account) -> None:
    Account.objects.update(is_active=False)


def change_password(account: Account) -> None:
    account.set_password("another password")
    account.save()


@pytest.mark.parametrize("happens", [end, change_password, Account.delete])
def test_a_refresh_token_ends_with_what_it_came_from(client: Client, bo: Account, happens: Any) -> None:
    token = as_bo(client).json()["refresh_token"]
    happens(bo)
    told = refreshed(client, token)
    assert (told.status_code, told.json()["error"], told.json()["error_codes"]) == (400, "invalid_grant", [50173])


def test_a_refresh_token_ends_after_a_week(client: Client, bo: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    earlier = timezone.now() - timedelta(days=7, seconds=1)
    with monkeypatch.context() as patched:
        patched.setattr(timezone, "now", lambda: earlier)
        token = oauth._of_person(bo, {})["refresh_token"]
    assert refreshed(client, token).json()["error_codes"] == [700082]


def test_an_access_token_refreshes_nothing(client: Client, bo: Account) -> None:
    assert refreshed(client, as_bo(client).json()["access_token"]).status_code == 400


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "a" * 100_000])
def test_what_is_no_refresh_token_is_refused(client: Client, token: str) -> None:
    assert refreshed(client, token).json()["error_codes"] == [700082]


# Device codes


def device_code(client: Client) -> Any:
    return post(client, "devicecode", client_id=AZ, scope=f"{URL}//.default offline_access openid profile")


def approved(client: Client, code: str) -> Any:
    return post(client, grant_type=oauth.DEVICE_GRANT, client_id=AZ, device_code=code, scope=f"{URL}//.default")


def test_the_page_of_a_device_code_says_that_there_is_nothing_to_do(client: Client, settings: Settings) -> None:
    settings.ARM_DEVICE_CODE_ACCOUNT = make.account("Contributor").username
    page = client.get(device_code(client).json()["verification_uri"].removeprefix(URL))
    assert page.status_code == 200
    assert page.json()["message"].startswith("There is nothing to type here")


def test_no_device_code_where_the_settings_name_nobody(client: Client) -> None:
    told = device_code(client)
    assert (told.status_code, told.json()["error"]) == (400, "access_denied")
    assert "turned off here" in told.json()["error_description"]


def test_the_account_of_the_settings_is_signed_in(client: Client, bo: Account, settings: Settings) -> None:
    settings.ARM_DEVICE_CODE_ACCOUNT = "bo@example.org"
    code = device_code(client).json()
    assert (code["interval"], code["message"]) == (
        1,
        "Signing in as bo@example.org, as the settings of this Portcullis say. There is nothing to type.",
    )
    assert tokens.identify(f"Bearer {approved(client, code['device_code']).json()['access_token']}") == bo


def test_demonstration_mode_signs_its_owner_in(client: Client, settings: Settings) -> None:
    settings.DEMONSTRATION = True
    ada = make.account("Owner", username="ada@example.org")
    code = device_code(client).json()["device_code"]
    assert tokens.identify(f"Bearer {approved(client, code).json()['access_token']}") == ada


@pytest.mark.parametrize("now", ["", "cy@example.org"])
def test_a_code_is_worth_nothing_once_the_setting_changed(
    client: Client, bo: Account, settings: Settings, now: str
) -> None:
    make.account("Owner", username="cy@example.org")
    settings.ARM_DEVICE_CODE_ACCOUNT = "bo@example.org"
    code = device_code(client).json()["device_code"]
    settings.ARM_DEVICE_CODE_ACCOUNT = now
    assert approved(client, code).json()["error"] == "authorization_declined"


def test_a_setting_that_names_nobody_signs_nobody_in(client: Client, settings: Settings) -> None:
    settings.ARM_DEVICE_CODE_ACCOUNT = "gone@example.org"
    code = device_code(client).json()["device_code"]
    assert approved(client, code).json()["error"] == "authorization_declined"


@pytest.mark.parametrize("code", ["", "PORTCULLIS", "a.b.c"])
def test_a_code_of_somebody_elses_making_is_refused(client: Client, settings: Settings, code: str) -> None:
    settings.ARM_DEVICE_CODE_ACCOUNT = "bo@example.org"
    assert approved(client, code).json()["error"] == "expired_token"


# Bad forms


@pytest.mark.parametrize(
    ("form", "error"),
    [
        pytest.param({}, "invalid_request", id="nothing"),
        pytest.param({"grant_type": ""}, "invalid_request", id="no grant"),
        pytest.param({"grant_type": "authorization_code", "code": "x"}, "unsupported_grant_type", id="another grant"),
        pytest.param({"grant_type": "é" * 5000}, "unsupported_grant_type", id="a long grant"),
    ],
)
def test_a_form_that_asks_for_nothing_we_have_is_refused(client: Client, form: dict[str, str], error: str) -> None:
    told = post(client, **form)
    assert (told.status_code, told.json()["error"]) == (400, error)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        pytest.param('{"grant_type": "password"}', "application/json", 400, id="JSON"),
        pytest.param("grant_type=password", "text/plain", 400, id="text"),
        pytest.param("--x\r\n", "multipart/form-data; boundary=x", 400, id="parts"),
        pytest.param(b"grant_type=\xff", FORM, 400, id="no UTF-8"),
        pytest.param("grant_type=password", f"{FORM}; charset=utf-16", 400, id="another encoding"),
        pytest.param("&".join(f"a{number}=1" for number in range(3000)), FORM, 400, id="fields"),
        pytest.param(f"a={'x' * 2 * 1024 * 1024}", FORM, 413, id="large"),
    ],
)
def test_no_body_makes_a_fault(client: Client, body: str | bytes, kind: str, status: int) -> None:
    told = client.generic("POST", "/adfs/oauth2/token", body, content_type=kind)
    assert told.status_code == status
    assert told.json()["error"]
