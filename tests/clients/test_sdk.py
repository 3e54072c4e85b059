"""Azure's SDK for Python, unmodified, with a token of its own and TLS that it verifies."""

import json
import os
import subprocess
from typing import Any

import pytest

from tests.browser.server import ROOT
from tests.clients import azure
from tests.clients.arm import DEMONSTRATION, ArmServer, path_of
from tests.clients.azure import AZ

pytestmark = pytest.mark.client

NAME = "sdkregistry"
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


def ran(server: ArmServer, step: str, *, role: str = "Owner", **variables: str) -> subprocess.CompletedProcess[str]:
    """That step of tests/clients/sdk_client.py. The SDK trusts whom REQUESTS_CA_BUNDLE names, urllib SSL_CERT_FILE."""
    subscription = DEMONSTRATION.rpartition("/")[2]
    return subprocess.run(
        [
            # -P: what lies beside the script is none of its modules; there is an azure.py.
            *(str(AZ.with_name("python")), "-P", str(ROOT / "tests" / "clients" / "sdk_client.py"), step),
            *(server.arm_url, subscription, *server.service_principal(role)),
        ],
        env={"PATH": os.environ["PATH"], "SSL_CERT_FILE": str(server.authority), **variables},
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


def test_a_server_that_nobody_vouches_for_is_not_spoken_to(server: ArmServer, demonstration: None) -> None:
    done = ran(server, "change")
    assert (done.returncode, done.stdout) == (1, "")
    assert "CERTIFICATE_VERIFY_FAILED" in done.stderr
    assert server.ask("GET", path_of(NAME), server.token()).status == 404
