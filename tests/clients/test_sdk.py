"""Azure's SDK for Python, unmodified, with a token of its own and TLS that it verifies."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.browser.server import ROOT
from tests.clients import azure
from tests.clients.arm import DEMONSTRATION, GROUP, ArmServer, path_of
from tests.clients.azure import AZ

pytestmark = pytest.mark.client

NAME = "sdkregistry"
RANGES = ["16.17.18.0/24", "203.0.113.9"]
NETWORKS = f"{DEMONSTRATION}/resourceGroups/{GROUP}/providers/Microsoft.Network/virtualNetworks"
SUBNET = f"{NETWORKS}/myDockerVMVNET/subnets/myDockerVMSubnet"
USAGES = {
    "Size": 0,
    "Webhooks": 0,
    "Geo-replications": 0,
    "IPRules": 1,
    "VNetRules": 0,
    "PrivateEndpointConnections": 0,
    "ScopeMaps": 0,
    "Tokens": 0,
}


@pytest.fixture(autouse=True)
def needed() -> None:
    """The SDK comes with az."""
    azure.needed()


def command(server: ArmServer, step: str, role: str = "Owner") -> list[str]:
    """That step of tests/clients/sdk_client.py."""
    subscription = DEMONSTRATION.rpartition("/")[2]
    return [
        # -P: what lies beside the script is none of its modules; there is an azure.py.
        *(str(AZ.with_name("python")), "-P", str(ROOT / "tests" / "clients" / "sdk_client.py"), step),
        *(server.arm_url, subscription, *server.service_principal(role)),
    ]


def environment(server: ArmServer, **variables: str) -> dict[str, str]:
    """The SDK trusts whom REQUESTS_CA_BUNDLE names, urllib SSL_CERT_FILE."""
    return {"PATH": os.environ["PATH"], "SSL_CERT_FILE": str(server.authority), **variables}


def ran(server: ArmServer, step: str, *, role: str = "Owner", **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(server, step, role),
        env=environment(server, **variables),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def answers(server: ArmServer, step: str, *, role: str = "Owner") -> Any:
    done = ran(server, step, role=role, REQUESTS_CA_BUNDLE=str(server.authority))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_registry_is_made_changed_step_by_step_and_deleted(server: ArmServer, demonstration: None) -> None:
    hosts = [f"{NAME}.{region}.data.{server.suffix}" for region in ("eastus", "westus")]
    assert answers(server, "change") == {
        "available": True,
        "created": "Succeeded",
        "taken": False,
        "made": [NAME, "eastus", "Premium", {"made": "by the SDK"}, f"{NAME}.{server.suffix}"],
        "listed": [True, True],
        "deny": ["Deny", [], "Enabled", "AzureServices", False],
        "rule": ["Deny", ["16.17.18.0/24"], "Enabled", "AzureServices", False],
        "public": ["Deny", ["16.17.18.0/24"], "Disabled", "AzureServices", False],
        "trusted": ["Deny", ["16.17.18.0/24"], "Disabled", "None", False],
        "data endpoint": ["Deny", ["16.17.18.0/24"], "Disabled", "None", True],
        "replications": ["eastus", "westus"],
        "data hosts": hosts,
        "replications left": [],
        "connections": [],
        "links": ["registry"],
        "usages": USAGES,
        "refused": [False, 400, "PrivateIpAddress"],
    }
    policy = server.policy(NAME)
    assert server.ranges(NAME) == ["16.17.18.0/24"]
    assert (policy["publicNetworkAccess"], policy["networkRuleBypassOptions"], policy["dataEndpointEnabled"]) == (
        "Disabled",
        "None",
        True,
    )
    refused = answers(server, "delete", role="Contributor")
    assert refused == {"delete": [False, 403, "AuthorizationFailed"], "get": []}
    assert answers(server, "delete") == {"delete": [], "get": [True, 404, "ResourceNotFound"]}
    assert server.last_change(NAME) == ("Delete registry", "demo-pipeline", "arm", "")


@contextmanager
def updating(server: ArmServer) -> Iterator[Callable[[dict[str, Any]], Any]]:
    """Call it with properties of myregistry: what their update answers, and what the SDK reads afterwards."""
    with subprocess.Popen(
        command(server, "update"),
        env=environment(server, REQUESTS_CA_BUNDLE=str(server.authority)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        told, answered = process.stdin, process.stdout
        assert told is not None
        assert answered is not None

        def update(properties: dict[str, Any]) -> Any:
            told.write(f"{json.dumps(properties)}\n")
            told.flush()
            line = answered.readline()
            assert line, f"{properties} ends with {process.wait()}"
            return json.loads(line)

        yield update


# What the documents change, in their order and back again; an update says what differs from the one before it.
UPDATES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    # 000
    ({"networkRuleSet": {"defaultAction": "Deny"}}, {"default_action": "Deny"}),
    (
        {
            "networkRuleSet": {
                "defaultAction": "Deny",
                "virtualNetworkRules": [{"virtualNetworkSubnetResourceId": SUBNET}],
            }
        },
        {"virtual_network_rules": [SUBNET]},
    ),
    ({"networkRuleSet": {"defaultAction": "Deny", "virtualNetworkRules": []}}, {"virtual_network_rules": []}),
    ({"networkRuleSet": {"defaultAction": "Allow"}}, {"default_action": "Allow"}),
    # 001 and 002
    (
        {"networkRuleSet": {"defaultAction": "Deny", "ipRules": [{"value": each} for each in RANGES]}},
        {"default_action": "Deny", "ip_rules": RANGES},
    ),
    ({"networkRuleSet": {"defaultAction": "Deny", "ipRules": [{"value": RANGES[1]}]}}, {"ip_rules": RANGES[1:]}),
    ({"publicNetworkAccess": "Disabled"}, {"public_network_access": "Disabled"}),
    ({"publicNetworkAccess": "Enabled"}, {"public_network_access": "Enabled"}),
    ({"networkRuleSet": {"defaultAction": "Allow", "ipRules": []}}, {"default_action": "Allow", "ip_rules": []}),
    # 003
    ({"dataEndpointEnabled": True}, {"data_endpoint_enabled": True}),
    ({"dataEndpointEnabled": False}, {"data_endpoint_enabled": False}),
    # 004
    ({"networkRuleBypassOptions": "None"}, {"network_rule_bypass_options": "None"}),
    ({"networkRuleBypassOptions": "AzureServices"}, {"network_rule_bypass_options": "AzureServices"}),
    ({"networkRuleBypassAllowedForTasks": True}, {"network_rule_bypass_allowed_for_tasks": True}),
    ({"networkRuleBypassAllowedForTasks": False}, {"network_rule_bypass_allowed_for_tasks": False}),
]
OPEN = {
    "default_action": "Allow",
    "ip_rules": [],
    "virtual_network_rules": [],
    "public_network_access": "Enabled",
    "network_rule_bypass_options": "AzureServices",
    "network_rule_bypass_allowed_for_tasks": False,
    "data_endpoint_enabled": False,
}


def kept(policy: dict[str, Any]) -> dict[str, Any]:
    """What is stored, by the names of the SDK."""
    rules = policy["networkRuleSet"]
    return {
        "default_action": rules["defaultAction"],
        "ip_rules": [each["value"] for each in rules["ipRules"]],
        "virtual_network_rules": [each["id"] for each in rules["virtualNetworkRules"]],
        "public_network_access": policy["publicNetworkAccess"],
        "network_rule_bypass_options": policy["networkRuleBypassOptions"],
        "network_rule_bypass_allowed_for_tasks": policy["networkRuleBypassAllowedForTasks"],
        "data_endpoint_enabled": policy["dataEndpointEnabled"],
    }


def test_every_change_of_the_documents_is_made_and_taken_back(server: ArmServer, demonstration: None) -> None:
    token = server.token()
    subnet = server.ask("GET", SUBNET, token).json
    subnet["properties"]["serviceEndpoints"] = [{"service": "Microsoft.ContainerRegistry"}]
    assert server.ask("PUT", SUBNET, token, subnet).status == 200
    wanted = OPEN
    assert kept(server.policy("myregistry")) == wanted
    with updating(server) as update:
        for properties, difference in UPDATES:
            wanted = {**wanted, **difference}
            assert [*update(properties), kept(server.policy("myregistry"))] == [wanted] * 3, properties
    assert wanted == OPEN


def test_a_server_that_nobody_vouches_for_is_not_spoken_to(server: ArmServer, demonstration: None) -> None:
    done = ran(server, "change")
    assert (done.returncode, done.stdout) == (1, "")
    assert "CERTIFICATE_VERIFY_FAILED" in done.stderr
    assert server.ask("GET", path_of(NAME), server.token()).status == 404
