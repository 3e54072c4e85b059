"""Every az command of the five documents, unmodified, by the real Azure CLI, with its exit status and what it prints.

The sections are the documents', in their order; the registry is theirs too. What each command leaves is looked at in
the database that the blade shows.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients import azure
from tests.clients.arm import ArmServer, running
from tests.clients.azure import AZ, Az

pytestmark = pytest.mark.client

REGISTRY = "mycontainerregistry"
GROUP = "myResourceGroup"
SUBNET = "providers/Microsoft.Network/virtualNetworks/myDockerVMVNET/subnets/myDockerVMSubnet"


@pytest.fixture(scope="module")
def server() -> Iterator[ArmServer]:
    azure.needed()
    with running() as started:
        yield started


@pytest.fixture(scope="module")
def az(server: ArmServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Az]:
    with azure.signed_in(server, tmp_path_factory.mktemp("az")) as signed_in:
        yield signed_in


@pytest.fixture
def demonstration(server: ArmServer) -> None:
    """The demonstration registries as they were at first: mycontainerregistry has three ranges, myregistry is open."""
    server.reset()


def rules_of(az: Az, registry: str = REGISTRY) -> list[str]:
    listed = az.run(f"acr network-rule list --name {registry}")
    return [rule["ipAddressOrRange"] for rule in listed["ipRules"]]


def shown(az: Az, registry: str = REGISTRY) -> dict[str, Any]:
    found: dict[str, Any] = az.run(f"acr show --name {registry}")
    return found


# Document 000: service endpoints


def test_document_000_a_provider_is_registered_in_the_subscription_of_the_virtual_network(
    az: Az, server: ArmServer, demonstration: None
) -> None:
    other = next(each for each in az.run("account list") if each["name"] != "Demonstration")
    az.run(f"account set --subscription {other['id']}")
    try:
        before = az.run("provider show --namespace Microsoft.ContainerRegistry")
        az.run("provider register --namespace Microsoft.ContainerRegistry")
        after = az.run("provider show --namespace Microsoft.ContainerRegistry")
    finally:
        az.run("account set --subscription Demonstration")
    assert (before["registrationState"], after["registrationState"]) == ("NotRegistered", "Registered")


def test_document_000_from_the_service_endpoint_to_the_rule_and_back(
    az: Az, server: ArmServer, demonstration: None
) -> None:
    assert az.run(
        f"network vnet list --resource-group {GROUP}", "--query", "[].{Name: name, Subnet: subnets[0].name}"
    ) == [{"Name": "myDockerVMVNET", "Subnet": "myDockerVMSubnet"}]
    az.run(
        f"network vnet subnet update --name myDockerVMSubnet --vnet-name myDockerVMVNET --resource-group {GROUP} "
        "--service-endpoints Microsoft.ContainerRegistry"
    )
    printed = az.tried(
        f"network vnet subnet show --name myDockerVMSubnet --vnet-name myDockerVMVNET --resource-group {GROUP} "
        "--query id --output tsv"
    )
    subnet = printed.out.strip()
    assert subnet.endswith(f"/resourceGroups/{GROUP}/{SUBNET}")

    updated = az.run("acr update --name myContainerRegistry --default-action Deny")
    assert updated["networkRuleSet"]["defaultAction"] == "Deny"
    added = az.run(f"acr network-rule add --name {REGISTRY} --subnet {subnet}")
    assert [rule["virtualNetworkSubnetResourceId"] for rule in added["networkRuleSet"]["virtualNetworkRules"]] == [
        subnet
    ]
    listed = az.run(f"acr network-rule list --name {REGISTRY}")
    assert [rule["virtualNetworkSubnetResourceId"] for rule in listed["virtualNetworkRules"]] == [subnet]
    assert server.policy(REGISTRY)["networkRuleSet"]["virtualNetworkRules"] == [{"id": subnet}]

    again = az.tried(f"acr network-rule add --name {REGISTRY} --subnet {subnet}")
    assert again.code == 1
    assert f"Found duplicate virtual network rule {subnet}" in again.err

    removed = az.run(f"acr network-rule remove --name {REGISTRY} --subnet {subnet}")
    assert removed["networkRuleSet"]["virtualNetworkRules"] == []
    opened = az.run("acr update --name myContainerRegistry --default-action Allow")
    assert opened["networkRuleSet"]["defaultAction"] == "Allow"
    assert server.policy(REGISTRY)["networkRuleSet"]["virtualNetworkRules"] == []


def test_document_000_a_subnet_of_another_name_is_named_by_network_and_subnet(az: Az, demonstration: None) -> None:
    az.run(
        f"network vnet subnet update --name myDockerVMSubnet --vnet-name myDockerVMVNET --resource-group {GROUP} "
        "--service-endpoints Microsoft.ContainerRegistry"
    )
    added = az.run(
        f"acr network-rule add --name {REGISTRY} --resource-group {GROUP} --vnet-name myDockerVMVNET "
        "--subnet myDockerVMSubnet"
    )
    [rule] = added["networkRuleSet"]["virtualNetworkRules"]
    assert rule["virtualNetworkSubnetResourceId"].endswith(SUBNET)


def test_document_000_a_subnet_without_the_service_endpoint_is_refused(
    az: Az, server: ArmServer, demonstration: None
) -> None:
    az.run(f"network vnet create --resource-group {GROUP} --name bare --address-prefix 10.9.0.0/16 --subnet-name plain")
    subnet = az.run(f"network vnet subnet show --resource-group {GROUP} --vnet-name bare --name plain")["id"]
    before = server.policy(REGISTRY)
    refused = az.tried(f"acr network-rule add --name {REGISTRY} --subnet {subnet}")
    assert refused.code == 1
    assert "service endpoint" in refused.err
    assert server.policy(REGISTRY) == before


def test_document_000_the_resource_group_is_deleted_with_everything_in_it(az: Az, demonstration: None) -> None:
    az.run("group create --name cleanup --location westeurope")
    az.run("acr create --name cleanupregistry --resource-group cleanup --sku Premium")
    assert az.tried("group exists --name cleanup").out.strip() == "true"
    az.run("group delete --name cleanup --yes")
    assert az.tried("group exists --name cleanup").out.strip() == "false"
    gone = az.tried("acr show --name cleanupregistry")
    assert gone.code != 0
    assert "cleanupregistry" in gone.err


# Documents 001 and 002: selected public networks


def test_document_001_deny_by_default_and_allow_one_range(az: Az, server: ArmServer, demonstration: None) -> None:
    denied = az.run("acr update --name myregistry --default-action Deny")
    assert denied["networkRuleSet"] == {"defaultAction": "Deny", "ipRules": [], "virtualNetworkRules": []}
    added = az.run("acr network-rule add --name myregistry --ip-address 16.17.18.0/24")
    assert added["networkRuleSet"]["ipRules"] == [{"action": "Allow", "ipAddressOrRange": "16.17.18.0/24"}]
    assert rules_of(az, "myregistry") == ["16.17.18.0/24"]
    assert [rule["value"] for rule in server.policy("myregistry")["networkRuleSet"]["ipRules"]] == ["16.17.18.0/24"]
    assert "myregistry" in server.blade("myregistry")
    assert "16.17.18.0/24" in server.blade("myregistry")


def test_document_001_a_single_address_is_kept_without_its_prefix(az: Az, demonstration: None) -> None:
    az.run(f"acr network-rule add --name {REGISTRY} --ip-address 203.0.114.9/32")
    assert "203.0.114.9" in rules_of(az)


def test_document_001_the_default_is_restored(az: Az, server: ArmServer, demonstration: None) -> None:
    for each in rules_of(az):
        az.run(f"acr network-rule remove --name {REGISTRY} --ip-address {each}")
    opened = az.run("acr update --name myContainerRegistry --default-action Allow")
    assert opened["networkRuleSet"] == {"defaultAction": "Allow", "ipRules": [], "virtualNetworkRules": []}
    assert server.policy(REGISTRY)["networkRuleSet"]["ipRules"] == []


def test_document_002_public_access_is_disabled_and_the_rules_stay(
    az: Az, server: ArmServer, demonstration: None
) -> None:
    before = rules_of(az)
    printed = az.tried("acr update --name myContainerRegistry --public-network-enabled false")
    assert printed.code == 0, printed.err
    assert "Disabling the public endpoint overrides all firewall configurations." in printed.err
    assert (printed.json["publicNetworkAccess"], printed.json["networkRuleSet"]["defaultAction"]) == (
        "Disabled",
        "Deny",
    )
    assert rules_of(az) == before
    assert server.policy(REGISTRY)["publicNetworkAccess"] == "Disabled"


def test_document_002_enabled_again_it_has_selected_networks_and_not_all(az: Az, demonstration: None) -> None:
    az.run("acr update --name myregistry --public-network-enabled false")
    enabled = az.run("acr update --name myregistry --public-network-enabled true")
    assert (enabled["publicNetworkAccess"], enabled["networkRuleSet"]["defaultAction"]) == ("Enabled", "Deny")


# Document 003: data endpoints


def test_document_003_data_endpoints_are_turned_on_and_shown(az: Az, server: ArmServer, demonstration: None) -> None:
    before = az.tried("acr show-endpoints --name myregistry")
    assert before.code == 0, before.err
    assert before.json["dataEndpoints"] == [{"endpoint": "*.blob.core.windows.net", "region": "eastus"}]
    assert "--data-endpoint-enabled" in before.err
    az.run("acr update --name myregistry --data-endpoint-enabled")
    assert az.run("acr show-endpoints --name myregistry") == {
        "dataEndpoints": [{"endpoint": f"myregistry.eastus.data.{server.suffix}", "region": "eastus"}],
        "loginServer": f"myregistry.{server.suffix}",
    }


def test_document_003_a_replication_has_a_data_endpoint_of_its_own(
    az: Az, server: ArmServer, demonstration: None
) -> None:
    az.run(f"acr replication create --registry {REGISTRY} --location westus")
    try:
        assert [each["region"] for each in az.run(f"acr show-endpoints --name {REGISTRY}")["dataEndpoints"]] == [
            "eastus",
            "westus",
        ]
        assert sorted(each["name"] for each in az.run(f"acr replication list --registry {REGISTRY}")) == [
            "eastus",
            "westus",
        ]
    finally:
        az.run(f"acr replication delete --registry {REGISTRY} --name westus")


# Document 004: trusted services


def test_document_004_the_exception_is_turned_off_and_on_again(az: Az, server: ArmServer, demonstration: None) -> None:
    off = az.run("acr update --name myregistry --allow-trusted-services false")
    assert off["networkRuleBypassOptions"] == "None"
    assert server.policy("myregistry")["networkRuleBypassOptions"] == "None"
    on = az.run("acr update --name myregistry --allow-trusted-services true")
    assert on["networkRuleBypassOptions"] == "AzureServices"
    assert server.policy("myregistry")["networkRuleBypassOptions"] == "AzureServices"


def test_document_004_tasks_are_let_past_by_a_generic_update(az: Az, server: ArmServer, demonstration: None) -> None:
    az.run(
        f"resource update --resource-group {GROUP} --name myregistry --resource-type "
        "Microsoft.ContainerRegistry/registries --api-version 2025-06-01-preview "
        "--set properties.networkRuleBypassAllowedForTasks=true"
    )
    assert server.policy("myregistry")["networkRuleBypassAllowedForTasks"] is True


# What else people type on the way


def test_a_registry_is_checked_created_shown_listed_and_deleted(az: Az, demonstration: None) -> None:
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
    assert az.run("acr check-name --name brandnewregistry")["nameAvailable"] is False
    assert "brandnewregistry" in [each["name"] for each in az.run("acr list")]
    assert "brandnewregistry" in [each["name"] for each in az.run(f"acr list --resource-group {GROUP}")]
    usage = {each["name"]: each["limit"] for each in az.run("acr show-usage --name brandnewregistry")["value"]}
    assert usage["IPRules"] == 100
    az.run("acr delete --name brandnewregistry --yes")
    assert az.tried("acr show --name brandnewregistry").code != 0


@pytest.mark.parametrize(
    ("command", "says"),
    [
        pytest.param("--ip-address 10.0.0.0/8", "private range", id="a private range"),
        pytest.param("--ip-address 16.17.18.5/24", "16.17.18.0/24", id="host bits"),
        pytest.param("--ip-address office", "office", id="no address at all"),
        pytest.param("--ip-address 203.0.113.0/24", "twice", id="one that is there"),
        pytest.param(
            f"--subnet /subscriptions/00000000-0000-0000-0000-00000000000f/resourceGroups/none/{SUBNET}",
            "myDockerVMSubnet",
            id="a subnet that isn't there",
        ),
    ],
)
def test_a_wrong_rule_is_refused_in_one_sentence_and_nothing_is_written(
    az: Az, server: ArmServer, demonstration: None, command: str, says: str
) -> None:
    before = server.policy(REGISTRY)
    refused = az.tried(f"acr network-rule add --name {REGISTRY} {command}")
    assert refused.code == 1
    assert says in refused.err
    assert "Traceback" not in refused.err
    assert server.policy(REGISTRY) == before


def test_two_who_add_at_once_leave_what_one_of_them_wrote_whole(az: Az, server: ArmServer, demonstration: None) -> None:
    """As in ACR: az reads the list, adds to it and writes all of it, and the last one wins. Nothing is torn."""
    before = rules_of(az)
    commands = [
        [str(AZ), "acr", "network-rule", "add", "--name", REGISTRY, "--ip-address", each]
        for each in ("192.0.2.1", "192.0.2.2")
    ]
    started = [
        subprocess.Popen(each, env=az.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for each in commands
    ]
    for each in started:
        _, err = each.communicate(timeout=120)
        assert each.returncode == 0, err.decode()
    one, two = [*before, "192.0.2.1"], [*before, "192.0.2.2"]
    after = rules_of(az)
    assert after in (one, two, [*one, "192.0.2.2"], [*two, "192.0.2.1"])


def test_a_reader_may_look_and_not_touch(server: ArmServer, demonstration: None, tmp_path: Path) -> None:
    before = server.policy(REGISTRY)
    with azure.signed_in(server, tmp_path, role="Reader") as reader:
        assert shown(reader)["name"] == REGISTRY
        refused = reader.tried("acr update --name myContainerRegistry --default-action Allow")
    assert refused.code == 1
    assert "AuthorizationFailed" in refused.err
    assert server.policy(REGISTRY) == before


def test_a_wrong_secret_is_told_so(server: ArmServer, demonstration: None, tmp_path: Path) -> None:
    with azure.signed_in(server, tmp_path) as az:
        client, _ = server.service_principal("Reader")
        refused = az.tried(f"login --service-principal -u {client} -p wrong --tenant {azure.TENANT}")
    assert refused.code == 1
    assert "AADSTS7000215" in refused.err


def test_the_activity_log_names_the_command_and_who_gave_it(az: Az, server: ArmServer, demonstration: None) -> None:
    az.run(f"acr network-rule add --name {REGISTRY} --ip-address 192.0.2.77")
    page = server.page(f"/registries/{REGISTRY}/activity/")
    assert "az acr network-rule add" in page
    assert server.client_id("Owner") in page
