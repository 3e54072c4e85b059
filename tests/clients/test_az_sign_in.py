"""The ways in which az signs in and learns where Portcullis is, each with an az of its own and a change in its name."""

from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from tests.clients import azure
from tests.clients.arm import DEMONSTRATION, REGISTRY, ArmServer
from tests.clients.azure import Az

pytestmark = pytest.mark.client

OWNER, CONTRIBUTOR, READER = "ada@example.org", "bo@example.org", "cy@example.org"
PASSWORD = "portcullis-demo"
IDENTITY = {"IDENTITY_HEADER": PASSWORD}
SUBSCRIPTIONS = ["Demonstration", "Demonstration networks"]


def user_of(az: Az) -> tuple[str, str]:
    user = az.run("account show")["user"]
    return user["name"], user["type"]


def changes_as(az: Az, account: str) -> None:
    """What az does is done in that name."""
    az.run(f"acr network-rule add --name {REGISTRY} --ip-address 192.0.2.40")
    assert "192.0.2.40" in az.server.ranges()
    assert az.server.last_change() == ("Update networking", account, "arm", "az acr network-rule add")


def test_a_service_principal_sees_its_subscriptions(az: Az) -> None:
    listed = az.run("account list")
    assert [each["name"] for each in listed] == SUBSCRIPTIONS
    assert [each["isDefault"] for each in listed] == [True, False]
    assert az.run("account show")["id"] == listed[0]["id"]
    assert f"/subscriptions/{listed[0]['id']}" == DEMONSTRATION
    assert user_of(az) == ("demo-pipeline", "servicePrincipal")


def test_a_tenant_by_its_name_is_told_what_a_tenant_is(server: ArmServer, tmp_path: Path) -> None:
    client, secret = server.service_principal("Owner")
    refused = azure.connected(server, tmp_path).tried(
        f"login --service-principal -u {client} -p {secret} --tenant contoso.com"
    )
    assert refused.code == 1
    assert "The --tenant of az login is a GUID; manage.py connect prints it." in refused.err
    assert "Traceback" not in refused.err


@pytest.mark.parametrize("options", [pytest.param("", id="bare"), pytest.param("--use-device-code", id="asked for")])
def test_a_device_code_signs_in_whom_the_demonstration_names(
    server: ArmServer, demonstration: None, tmp_path: Path, options: str
) -> None:
    az = azure.connected(server, tmp_path)
    printed = az.tried(f"login {options}")
    assert printed.code == 0, printed.err
    assert [each["name"] for each in printed.json] == SUBSCRIPTIONS
    assert f"Signing in as {OWNER}, as the settings of this Portcullis say." in printed.err
    assert user_of(az) == (OWNER, "user")
    changes_as(az, OWNER)


def test_a_person_signs_in_with_name_and_password(server: ArmServer, demonstration: None, tmp_path: Path) -> None:
    az = azure.connected(server, tmp_path)
    assert [each["name"] for each in az.run(f"login -u {CONTRIBUTOR} -p {PASSWORD}")] == SUBSCRIPTIONS
    assert user_of(az) == (CONTRIBUTOR, "user")
    changes_as(az, CONTRIBUTOR)
    refused = az.tried("acr delete --name myregistry --yes")
    assert refused.code == 1
    assert "AuthorizationFailed" in refused.err
    assert server.policy("myregistry")["publicNetworkAccess"] == "Enabled"


def test_a_managed_identity_gets_its_token_from_the_console_over_http(
    server: ArmServer, demonstration: None, tmp_path: Path
) -> None:
    az = azure.connected(server, tmp_path, IDENTITY_ENDPOINT=f"{server.url}/msi/token", **IDENTITY)
    assert [each["name"] for each in az.run("login --identity")] == SUBSCRIPTIONS
    assert user_of(az) == ("systemAssignedIdentity", "servicePrincipal")
    changes_as(az, "demo-pipeline")


def test_a_managed_identity_of_a_virtual_machine_needs_no_secret(
    server: ArmServer, demonstration: None, tmp_path: Path
) -> None:
    az = azure.connected(server, tmp_path, AZURE_POD_IDENTITY_AUTHORITY_HOST=server.url)
    assert [each["name"] for each in az.run("login --identity")] == SUBSCRIPTIONS
    changes_as(az, "demo-pipeline")


def test_a_managed_identity_with_a_wrong_secret_is_refused(server: ArmServer, tmp_path: Path) -> None:
    where = {"IDENTITY_ENDPOINT": f"{server.url}/msi/token", "IDENTITY_HEADER": "wrong"}
    refused = azure.connected(server, tmp_path, **where).tried("login --identity")
    assert refused.code == 1
    assert "ARM_IDENTITY_HEADER" in refused.err


@pytest.mark.parametrize(
    ("command", "says"),
    [
        pytest.param(
            f"login --service-principal -u demo-pipeline -p wrong --tenant {azure.TENANT}",
            "AADSTS7000215",
            id="of a service principal",
        ),
        pytest.param(f"login -u {OWNER} -p wrong", "AADSTS50126", id="of a person"),
        pytest.param(f"login -u demo-pipeline -p {PASSWORD}", "AADSTS50126", id="of a program, as a person"),
    ],
)
def test_a_wrong_secret_is_told_so(server: ArmServer, tmp_path: Path, command: str, says: str) -> None:
    az = azure.connected(server, tmp_path)
    refused = az.tried(command)
    assert refused.code == 1
    assert says in refused.err
    assert az.tried("account show").code == 1


def test_after_ten_wrong_passwords_az_is_told_to_wait(server: ArmServer, tmp_path: Path) -> None:
    """Of a name that nobody has, so that no other test has to."""
    form = {"grant_type": "password", "username": "guess@example.org", "password": "wrong"}
    for _ in range(10):
        with pytest.raises(HTTPError, match="400"):
            urlopen(f"{server.arm_url}/adfs/oauth2/token", urlencode(form).encode(), context=server.trusting)
    refused = azure.connected(server, tmp_path).tried("login -u guess@example.org -p another")
    assert refused.code == 1
    assert "AADSTS50053" in refused.err
    assert "try again in a minute" in refused.err


def test_a_reader_may_look_and_not_touch(server: ArmServer, tmp_path: Path) -> None:
    before = server.policy("contosobranches")
    reader = azure.signed_in(server, tmp_path, role="Reader")
    assert reader.run("acr show --name contosobranches")["name"] == "contosobranches"
    refused = reader.tried("acr update --name contosobranches --default-action Allow")
    assert (refused.code, refused.out) == (1, "")
    assert "AuthorizationFailed" in refused.err
    assert server.policy("contosobranches") == before


def test_a_cloud_spelled_out_as_before_2_61_works_too(server: ArmServer, demonstration: None, tmp_path: Path) -> None:
    az, url = azure.unpacked(server, tmp_path), server.arm_url
    az.run(
        f"cloud register -n Portcullis --skip-endpoint-discovery --endpoint-resource-manager {url} "
        f"--endpoint-active-directory {url}/adfs --endpoint-active-directory-resource-id {url} "
        f"--endpoint-active-directory-graph-resource-id {url} "
        f"--suffix-acr-login-server-endpoint .{server.suffix} --suffix-storage-endpoint core.windows.net"
    )
    az.run("cloud set -n Portcullis")
    az.sign_in("Contributor")
    changes_as(az, server.client_id("Contributor"))
    assert az.run(f"acr show-endpoints --name {REGISTRY}")["loginServer"] == f"{REGISTRY}.{server.suffix}"


def test_a_cloud_can_be_told_by_the_environment_alone(server: ArmServer, tmp_path: Path) -> None:
    where = f"{server.arm_url}/metadata/endpoints?api-version=2019-05-01"
    az = azure.unpacked(server, tmp_path, ARM_CLOUD_METADATA_URL=where)
    az.run("cloud set -n Portcullis")
    az.sign_in("Reader")
    assert az.run("acr check-name --name contosobranches")["nameAvailable"] is False
