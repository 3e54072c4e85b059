"""What people type beside the documents: registries made, listed and deleted, wrong rules, networks and private
endpoints."""

import json
import re
from pathlib import Path

import pytest

from tests.clients.arm import DEMONSTRATION, GROUP, REGISTRY, ArmServer, path_of
from tests.clients.azure import Az

pytestmark = pytest.mark.client

FULL, TEAM = "contosobranches", "contosoteam"  # with 100 rules; of the Standard tier
NOWHERE = f"{DEMONSTRATION}/resourceGroups/none/providers/Microsoft.Network/virtualNetworks/none/subnets/missing"
TEMPLATE = {
    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "resources": [],
}
MANY = """
from registries.models import Origin, Registry, ResourceGroup
group = ResourceGroup.objects.get(name="many")
for number in range({count}):
    Registry.create_recorded(
        resource_group=group, name=f"many{{number:03}}", sku="Basic", location="eastus", origin=Origin("test", "arm")
    )
"""
CONNECTIONS = """
import json
from networking.models import PrivateEndpointConnection
from registries.models import Registry
found = Registry.objects.named({name!r}).get().private_endpoint_connections.order_by("pk")
print(json.dumps([[each.private_endpoint.split("/")[-1], each.state, each.description] for each in found]))
"""


def test_a_registry_is_checked_created_shown_listed_and_deleted(az: Az, server: ArmServer, demonstration: None) -> None:
    assert az.run("acr check-name --name brandnewregistry")["nameAvailable"] is True
    made = az.run(
        f"acr create --name brandnewregistry --resource-group {GROUP} --sku Premium --default-action Deny --tags a=b c"
    )
    assert (made["sku"]["name"], made["provisioningState"], made["tags"]) == (
        "Premium",
        "Succeeded",
        {"a": "b", "c": ""},
    )
    assert made["networkRuleSet"]["defaultAction"] == "Deny"
    assert server.policy("brandnewregistry")["networkRuleSet"]["defaultAction"] == "Deny"
    assert az.run("acr check-name --name brandnewregistry")["nameAvailable"] is False
    assert "brandnewregistry" in [each["name"] for each in az.run("acr list")]
    assert "brandnewregistry" in [each["name"] for each in az.run(f"acr list --resource-group {GROUP}")]
    usage = {each["name"]: each["limit"] for each in az.run("acr show-usage --name brandnewregistry")["value"]}
    assert usage["IPRules"] == 100
    az.run("acr delete --name brandnewregistry --yes")
    assert az.tried("acr show --name brandnewregistry").code == 1
    assert server.last_change("brandnewregistry") == ("Delete registry", "demo-pipeline", "arm", "az acr delete")


@pytest.mark.parametrize(
    ("registry", "rule", "says"),
    [
        pytest.param(REGISTRY, "--ip-address 10.0.0.0/8", "private range", id="a private range"),
        pytest.param(REGISTRY, "--ip-address 16.17.18.5/24", "Did you mean 16.17.18.0/24?", id="host bits"),
        pytest.param(REGISTRY, "--ip-address office", "'office'", id="no address at all"),
        pytest.param(REGISTRY, "--ip-address 203.0.113.0/24", "twice", id="one that is there"),
        pytest.param(FULL, "--ip-address 203.0.113.0/24", "A registry can have 100 rules.", id="the 101st"),
        pytest.param(TEAM, "--ip-address 203.0.113.0/24", "Premium", id="another tier"),
        pytest.param(REGISTRY, f"--subnet {NOWHERE}", f"The subnet {NOWHERE} was not found.", id="no subnet"),
    ],
)
def test_a_wrong_rule_is_refused_in_one_sentence_and_nothing_is_written(
    az: Az, server: ArmServer, demonstration: None, registry: str, rule: str, says: str
) -> None:
    before = server.policy(registry)
    refused = az.tried(f"acr network-rule add --name {registry} {rule}")
    assert (refused.code, refused.out) == (1, "")
    assert says in refused.err
    assert "Traceback" not in refused.err
    assert server.policy(registry) == before


def test_the_activity_log_names_the_command_and_who_gave_it(az: Az, server: ArmServer, demonstration: None) -> None:
    az.run(f"acr network-rule add --name {REGISTRY} --ip-address 192.0.2.77")
    assert server.last_change() == ("Update networking", "demo-pipeline", "arm", "az acr network-rule add")
    page = server.page(f"/registries/{REGISTRY}/activity/")
    assert "az acr network-rule add" in page
    assert "demo-pipeline" in page


def test_lists_of_many_registries_are_followed_page_by_page(az: Az, server: ArmServer, demonstration: None) -> None:
    az.run("group create --name many --location eastus")
    try:
        server.manage("shell", "--verbosity", "0", "--command", MANY.format(count=205))
        names = [f"many{number:03}" for number in range(205)]
        assert az.run("acr list --resource-group many", "--query", "[].name") == names
        assert [name for name in az.run("acr list", "--query", "[].name") if name.startswith("many")] == names
        assert az.run("resource list --resource-group many", "--query", "[].name") == names
        assert az.run("acr show --name many204", "--query", "resourceGroup") == "many"
    finally:
        az.run("group delete --name many --yes")
    assert az.run("acr list", "--query", "[?resourceGroup=='many']") == []


def test_a_registry_is_a_resource_among_others(az: Az, server: ArmServer, demonstration: None) -> None:
    place = path_of()
    by_id = az.run(f"resource show --ids {place}")
    assert (by_id["id"], by_id["properties"]["loginServer"]) == (place, f"{REGISTRY}.{server.suffix}")
    named = az.run(
        f"resource show --resource-group {GROUP} --name {REGISTRY} "
        "--resource-type Microsoft.ContainerRegistry/registries"
    )
    assert named == by_id
    every = [(each["type"], each["name"]) for each in az.run(f"resource list --resource-group {GROUP}")]
    assert every == [
        ("Microsoft.ContainerRegistry/registries", "mycontainerregistry"),
        ("Microsoft.ContainerRegistry/registries", "myregistry"),
        ("Microsoft.Network/virtualNetworks", "myDockerVMVNET"),
    ]
    tagged = az.run(f"resource tag --ids {place} --tags owner=ada", "--query", "tags")
    assert tagged == {"owner": "ada"}
    assert az.run("resource list --tag owner=ada", "--query", "[].name") == [REGISTRY]


def test_the_etag_that_az_rest_shows_loses_nobodys_change(az: Az, server: ArmServer, demonstration: None) -> None:
    """As docs/az.md has it."""
    url = f"--url {path_of()}?api-version=2025-11-01"
    shown = az.tried(f"rest {url} --verbose")
    found = re.search(r"'etag': '(.*)'", shown.err)
    assert found is not None, shown.err
    patch = f"rest --method patch {url} --headers If-Match={found[1]} --body"
    az.run(patch, '{"properties": {"dataEndpointEnabled": false}}')
    second = az.tried(patch, '{"properties": {"dataEndpointEnabled": true}}')
    assert (second.code, server.policy()["dataEndpointEnabled"]) == (1, False)
    assert "Precondition Failed" in second.err


@pytest.mark.parametrize("command", ["create", "validate", "what-if"])
def test_template_deployments_are_refused_in_a_sentence(az: Az, tmp_path: Path, command: str) -> None:
    template = tmp_path / "main.json"
    template.write_text(json.dumps(TEMPLATE))
    refused = az.tried(f"deployment group {command} --resource-group {GROUP} --template-file {template}")
    assert refused.code == 1
    assert "Portcullis doesn't serve template deployments; docs/az.md lists what it serves." in refused.err
    assert "Traceback" not in refused.err


def test_a_private_endpoint_waits_until_the_owner_approves_it(az: Az, server: ArmServer, demonstration: None) -> None:
    def connections() -> list[list[str]]:
        found: list[list[str]] = server.read(CONNECTIONS.format(name=REGISTRY))
        return found

    made = az.run(
        f"network private-endpoint create --resource-group {GROUP} --name shop --vnet-name myDockerVMVNET "
        f"--subnet myDockerVMSubnet --private-connection-resource-id {path_of()} --group-id registry "
        "--connection-name shop --manual-request",
        *("--request-message", "The shop's own endpoint"),
    )
    [asked] = made["manualPrivateLinkServiceConnections"]
    assert asked["privateLinkServiceConnectionState"]["status"] == "Pending"
    assert connections() == [["shop", "Pending", "The shop's own endpoint"]]

    of_registry = f"--registry-name {REGISTRY}"
    [listed] = az.run(f"acr private-endpoint-connection list {of_registry}")
    one = f"{of_registry} --name {listed['name']}"
    assert az.run(f"acr private-endpoint-connection show {one}") == listed

    approved = az.run(f"acr private-endpoint-connection approve {one} --description", "Ticket 4711")
    assert approved["privateLinkServiceConnectionState"]["status"] == "Approved"
    assert connections() == [["shop", "Approved", "Ticket 4711"]]
    shown = az.run(f"network private-endpoint show --resource-group {GROUP} --name shop")
    [seen] = shown["manualPrivateLinkServiceConnections"]
    assert seen["privateLinkServiceConnectionState"]["status"] == "Approved"
    assert server.policy()["dataEndpointEnabled"] is True

    rejected = az.run(f"acr private-endpoint-connection reject {one} --description", "No longer")
    assert rejected["privateLinkServiceConnectionState"]["status"] == "Rejected"
    assert connections() == [["shop", "Rejected", "No longer"]]
    assert server.last_change()[0] == "Reject private endpoint connection"

    az.run(f"acr private-endpoint-connection delete {one}")
    assert connections() == []
    gone = az.tried(f"acr private-endpoint-connection show {one}")
    assert gone.code == 3
    assert "ResourceNotFound" in gone.err
    az.run(f"network private-endpoint delete --resource-group {GROUP} --name shop")
    assert az.run(f"network private-endpoint list --resource-group {GROUP}") == []


def test_what_a_private_link_offers_is_the_registry_in_its_regions(az: Az) -> None:
    [offered] = az.run(f"acr private-link-resource list --name {FULL}")
    assert (offered["name"], offered["groupId"]) == ("registry", "registry")
    assert offered["requiredMembers"] == ["registry", "registry_data_northeurope"]
