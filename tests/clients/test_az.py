"""Every az command of the five documents, unmodified, by the real Azure CLI, with its exit status and what it prints.

The sections are the documents', in their order; the registry is theirs too. What each command leaves is looked at in
the database that the blade shows. `az acr login`, which needs port 443, is in test_az_login.py.
"""

import pytest

from tests.clients.arm import GROUP, REGISTRY, ArmServer
from tests.clients.azure import Az

pytestmark = pytest.mark.client

PROVIDERS = """
import json
from registries.models import Subscription
print(json.dumps(Subscription.objects.get(display_name="Demonstration networks").providers))
"""
SERVICE_ENDPOINTS = """
import json
from networking.models import Subnet
print(json.dumps(Subnet.objects.get(name="myDockerVMSubnet").service_endpoints))
"""
REPLICAS = """
import json
from registries.models import Registry
print(json.dumps([each.location for each in Registry.objects.get(name="mycontainerregistry").replications.all()]))
"""
SUBNET = "providers/Microsoft.Network/virtualNetworks/myDockerVMVNET/subnets/myDockerVMSubnet"


def rules_of(az: Az, registry: str = REGISTRY) -> list[str]:
    listed = az.run(f"acr network-rule list --name {registry}")
    return [rule["ipAddressOrRange"] for rule in listed["ipRules"]]


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
    assert "Microsoft.ContainerRegistry" in server.read(PROVIDERS)


def test_document_000_a_provider_is_unregistered_and_az_need_not_wait(
    az: Az, server: ArmServer, demonstration: None
) -> None:
    """It asks every ten seconds, for ever, until it reads "Unregistered"."""
    az.run("account set", "--subscription", "Demonstration networks")
    try:
        az.run("provider register --namespace Microsoft.ContainerRegistry --wait")
        printed = az.tried("provider unregister --namespace Microsoft.ContainerRegistry --wait", timeout=60)
        shown = az.run("provider show --namespace Microsoft.ContainerRegistry")
    finally:
        az.run("account set --subscription Demonstration")
    assert (printed.code, printed.err) == (0, "")
    assert shown["registrationState"] == "Unregistered"
    assert "Microsoft.ContainerRegistry" not in server.read(PROVIDERS)


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
    assert "Microsoft.ContainerRegistry" in server.read(SERVICE_ENDPOINTS)
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
    assert server.policy()["networkRuleSet"]["virtualNetworkRules"] == [{"id": subnet}]

    again = az.tried(f"acr network-rule add --name {REGISTRY} --subnet {subnet}")
    assert again.code == 1
    assert f"Found duplicate virtual network rule {subnet}" in again.err

    removed = az.run(f"acr network-rule remove --name {REGISTRY} --subnet {subnet}")
    assert removed["networkRuleSet"]["virtualNetworkRules"] == []
    opened = az.run("acr update --name myContainerRegistry --default-action Allow")
    assert opened["networkRuleSet"]["defaultAction"] == "Allow"
    assert server.policy()["networkRuleSet"]["virtualNetworkRules"] == []


def test_document_000_a_subnet_of_another_name_is_named_by_network_and_subnet(
    az: Az, server: ArmServer, demonstration: None
) -> None:
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
    assert server.policy()["networkRuleSet"]["virtualNetworkRules"] == [{"id": rule["virtualNetworkSubnetResourceId"]}]


def test_document_000_a_subnet_without_the_service_endpoint_is_refused(
    az: Az, server: ArmServer, demonstration: None
) -> None:
    az.run(f"network vnet create --resource-group {GROUP} --name bare --address-prefix 10.9.0.0/16 --subnet-name plain")
    subnet = az.run(f"network vnet subnet show --resource-group {GROUP} --vnet-name bare --name plain")["id"]
    before = server.policy()
    refused = az.tried(f"acr network-rule add --name {REGISTRY} --subnet {subnet}")
    assert refused.code == 1
    assert "do not have ServiceEndpoints for Microsoft.ContainerRegistry resources configured" in refused.err
    assert server.policy() == before


def test_document_000_the_resource_group_is_deleted_with_everything_in_it(
    az: Az, server: ArmServer, demonstration: None
) -> None:
    az.run("group create --name cleanup --location westeurope")
    az.run("acr create --name cleanupregistry --resource-group cleanup --sku Premium")
    assert az.tried("group exists --name cleanup").out.strip() == "true"
    az.run("group delete --name cleanup --yes")
    assert az.tried("group exists --name cleanup").out.strip() == "false"
    gone = az.tried("acr show --name cleanupregistry")
    assert gone.code == 1
    assert "The resource with name 'cleanupregistry'" in gone.err
    assert server.last_change("cleanupregistry")[0] == "Delete registry"


def test_document_000_deleting_the_group_asks_at_a_terminal(az: Az, server: ArmServer, demonstration: None) -> None:
    refused = az.tried("group delete --name myResourceGroup")
    assert (refused.code, refused.out) == (1, "")
    assert "Unable to prompt for confirmation as no tty available. Use --yes." in refused.err
    declined = az.typed("group delete --name myResourceGroup", "n")
    assert declined.code == 1
    assert az.tried("group exists --name myResourceGroup").out.strip() == "true"
    confirmed = az.typed("group delete --name myResourceGroup", "y")
    assert confirmed.code == 0, confirmed.err
    assert "Are you sure you want to perform this operation? (y/n)" in confirmed.out + confirmed.err
    assert az.tried("group exists --name myResourceGroup").out.strip() == "false"
    assert server.last_change() == ("Delete registry", "demo-pipeline", "arm", "az group delete")


# Documents 001 and 002: selected public networks


def test_document_001_deny_by_default_and_allow_one_range(az: Az, server: ArmServer, demonstration: None) -> None:
    denied = az.run("acr update --name myregistry --default-action Deny")
    assert denied["networkRuleSet"] == {"defaultAction": "Deny", "ipRules": [], "virtualNetworkRules": []}
    added = az.run("acr network-rule add --name myregistry --ip-address 16.17.18.0/24")
    assert added["networkRuleSet"]["ipRules"] == [{"action": "Allow", "ipAddressOrRange": "16.17.18.0/24"}]
    assert rules_of(az, "myregistry") == ["16.17.18.0/24"]
    assert [rule["value"] for rule in server.policy("myregistry")["networkRuleSet"]["ipRules"]] == ["16.17.18.0/24"]
    assert 'value="16.17.18.0/24"' in server.blade("myregistry")


def test_document_001_a_single_address_is_kept_without_its_prefix(
    az: Az, server: ArmServer, demonstration: None
) -> None:
    before = server.ranges()
    az.run(f"acr network-rule add --name {REGISTRY} --ip-address 203.0.114.9/32")
    assert rules_of(az) == server.ranges() == [*before, "203.0.114.9"]


def test_document_001_the_default_is_restored(az: Az, server: ArmServer, demonstration: None) -> None:
    for each in rules_of(az):
        az.run(f"acr network-rule remove --name {REGISTRY} --ip-address {each}")
    opened = az.run("acr update --name myContainerRegistry --default-action Allow")
    assert opened["networkRuleSet"] == {"defaultAction": "Allow", "ipRules": [], "virtualNetworkRules": []}
    stored = server.policy()["networkRuleSet"]
    assert (stored["defaultAction"], stored["ipRules"]) == ("Allow", [])


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
    assert server.policy()["publicNetworkAccess"] == "Disabled"


def test_document_002_enabled_again_it_has_selected_networks_and_not_all(
    az: Az, server: ArmServer, demonstration: None
) -> None:
    az.run("acr update --name myregistry --public-network-enabled false")
    enabled = az.run("acr update --name myregistry --public-network-enabled true")
    assert (enabled["publicNetworkAccess"], enabled["networkRuleSet"]["defaultAction"]) == ("Enabled", "Deny")
    stored = server.policy("myregistry")
    assert (stored["publicNetworkAccess"], stored["networkRuleSet"]["defaultAction"]) == ("Enabled", "Deny")


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
    assert server.policy("myregistry")["dataEndpointEnabled"] is True


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
        assert server.read(REPLICAS) == ["westus"]
    finally:
        az.run(f"acr replication delete --registry {REGISTRY} --name westus")
    assert server.read(REPLICAS) == []


# Document 004: trusted services


def test_document_004_az_tells_its_version(az: Az) -> None:
    printed = az.tried("--version")
    assert printed.code == 0, printed.err
    assert printed.out.split()[:2] == ["azure-cli", "2.91.0"]


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
