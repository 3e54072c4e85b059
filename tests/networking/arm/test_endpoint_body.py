import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from networking.access.decision import ConnectionState
from networking.access.problems import Code, Problem
from networking.arm.endpoint_body import EndpointBody, Link, endpoint, interface_id, read_endpoint

GROUP = "/subscriptions/s/resourceGroups/g/providers"
ID = f"{GROUP}/Microsoft.Network/privateEndpoints/e"
SUBNET = f"{GROUP}/Microsoft.Network/virtualNetworks/v/subnets/s"
REGISTRY = f"{GROUP}/Microsoft.ContainerRegistry/registries/mycontainerregistry"

# What az 2.91 sends for `network private-endpoint create --manual-request` (az-cli.md 7).
CONNECTION = {"name": "c", "properties": {"groupIds": ["registry"], "privateLinkServiceId": REGISTRY}}
CREATE: dict[str, Any] = {
    "location": "eastus",
    "properties": {
        "subnet": {"id": SUBNET},
        "ipVersionType": "IPv4",
        "manualPrivateLinkServiceConnections": [CONNECTION],
    },
}
HOSTS = {"mycontainerregistry.eastus.data.azurecr.io": "10.0.0.4", "mycontainerregistry.azurecr.io": "10.0.0.5"}


def changed(**properties: Any) -> dict[str, Any]:
    return {**CREATE, "properties": {**CREATE["properties"], **properties}}


def connected(**connection: Any) -> dict[str, Any]:
    inner = {**CONNECTION["properties"], **connection}  # type: ignore[dict-item]
    return changed(manualPrivateLinkServiceConnections=[{"name": "c", "properties": inner}])


def test_what_az_sends_is_read() -> None:
    assert read_endpoint(CREATE) == EndpointBody(
        "eastus", SUBNET, Link("c", REGISTRY, manual=True), kept={"properties": {"ipVersionType": "IPv4"}}
    )


def test_a_connection_of_the_other_list_is_automatic() -> None:
    body = read_endpoint(changed(manualPrivateLinkServiceConnections=[], privateLinkServiceConnections=[CONNECTION]))
    assert isinstance(body, EndpointBody)
    assert body.link == Link("c", REGISTRY)


def test_the_answer_to_a_pending_one_has_the_shape_of_azure() -> None:
    body = read_endpoint(connected(requestMessage="Please"))
    assert isinstance(body, EndpointBody)
    answer = endpoint(ID, body, ConnectionState.PENDING, "Please", HOSTS)
    [connection] = answer["properties"]["manualPrivateLinkServiceConnections"]
    assert [answer.pop("etag")[:3], connection.pop("etag")[:3], len(answer["properties"].pop("resourceGuid"))] == [
        'W/"', 'W/"', 36,
    ]  # fmt: skip
    assert answer == {
        "name": "e",
        "id": ID,
        "type": "Microsoft.Network/privateEndpoints",
        "location": "eastus",
        "tags": {},
        "properties": {
            "provisioningState": "Succeeded",
            "privateLinkServiceConnections": [],
            "manualPrivateLinkServiceConnections": [
                {
                    "name": "c",
                    "id": f"{ID}/manualPrivateLinkServiceConnections/c",
                    "type": "Microsoft.Network/privateEndpoints/manualPrivateLinkServiceConnections",
                    "properties": {
                        "provisioningState": "Succeeded",
                        "privateLinkServiceId": REGISTRY,
                        "groupIds": ["registry"],
                        "requestMessage": "Please",
                        "privateLinkServiceConnectionState": {
                            "status": "Pending",
                            "description": "Please",
                            "actionsRequired": "None",
                        },
                    },
                }
            ],
            "customNetworkInterfaceName": "",
            "ipConfigurations": [],
            "ipVersionType": "IPv4",
            "subnet": {"id": SUBNET},
            "networkInterfaces": [{"id": interface_id(ID)}],
            "customDnsConfigs": [],
        },
    }


def test_an_approved_one_shows_its_host_names_and_addresses() -> None:
    body = EndpointBody("eastus", SUBNET, Link("c", REGISTRY))
    properties = endpoint(ID, body, ConnectionState.APPROVED, "", HOSTS)["properties"]
    assert properties["customDnsConfigs"] == [
        {"fqdn": host, "ipAddresses": [address]} for host, address in HOSTS.items()
    ]
    assert properties["manualPrivateLinkServiceConnections"] == []
    assert len(properties["privateLinkServiceConnections"]) == 1


@given(
    st.sampled_from(ConnectionState),
    st.booleans(),
    st.text("abc ", max_size=10),
    st.dictionaries(
        st.text("abc", min_size=1, max_size=4).map(lambda word: f"unknown{word}"), st.integers(), max_size=3
    ),
)
def test_what_is_answered_reads_back_as_what_was_put(
    state: ConnectionState, manual: bool, message: str, unknown: dict[str, int]
) -> None:
    properties = {**unknown, "customNetworkInterfaceName": "nic"}
    if unknown:
        properties["privateLinkServiceConnections"] = {**unknown, "properties": unknown}
    kept = {"properties": properties, **unknown}
    body = EndpointBody("eastus", SUBNET, Link("c", REGISTRY, manual, message), {"a": "b"}, kept)
    assert read_endpoint(json.loads(json.dumps(endpoint(ID, body, state, "why", HOSTS)))) == body


def test_the_interface_has_the_name_it_was_given_or_one_of_its_own() -> None:
    interfaces = f"{GROUP}/Microsoft.Network/networkInterfaces"
    assert interface_id(ID, "mine") == f"{interfaces}/mine"
    assert interface_id(ID).startswith(f"{interfaces}/e.nic.")
    assert interface_id(ID, "") == interface_id(ID, 5) == interface_id(ID)


NEEDS_ONE = (
    "A private endpoint has one connection, in privateLinkServiceConnections or "
    "manualPrivateLinkServiceConnections; this body has {}."
)
WHERE = "properties.manualPrivateLinkServiceConnections[0]"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param([], "The property 'body' is a list; it must be an object.", id="a list"),
        pytest.param({}, "The property 'properties.subnet' is needed, and this body has none.", id="empty"),
        pytest.param(
            changed(subnet="s"), "The property 'properties.subnet' is 's'; it must be an object.", id="subnet"
        ),
        pytest.param(
            changed(subnet={"id": 5}), "The property 'properties.subnet.id' is 5; it must be a text.", id="subnet id"
        ),
        pytest.param(changed(manualPrivateLinkServiceConnections=[]), NEEDS_ONE.format(0), id="no connection"),
        pytest.param(changed(privateLinkServiceConnections=[CONNECTION]), NEEDS_ONE.format(2), id="two connections"),
        pytest.param(
            changed(manualPrivateLinkServiceConnections=[7]),
            f"The property '{WHERE}' is 7; it must be an object.",
            id="a number",
        ),
        pytest.param(
            changed(manualPrivateLinkServiceConnections=[{"name": "c"}]),
            f"The property '{WHERE}.properties' is needed, and this body has none.",
            id="no properties",
        ),
        pytest.param(
            connected(privateLinkServiceId=None),
            f"The property '{WHERE}.properties.privateLinkServiceId' is needed, and this body has none.",
            id="no registry",
        ),
        pytest.param(
            connected(groupIds=["vault"]),
            f"The property '{WHERE}.properties.groupIds' is a list; "
            'it must be ["registry"], the one sub-resource of a container registry.',
            id="another sub-resource",
        ),
        pytest.param(
            connected(groupIds=None),
            f"The property '{WHERE}.properties.groupIds' is null; "
            'it must be ["registry"], the one sub-resource of a container registry.',
            id="no sub-resource",
        ),
        pytest.param(
            connected(requestMessage="x" * 141),
            f"The property '{WHERE}.properties.requestMessage' is '{'x' * 64}…'; "
            "it must be a text of at most 140 characters.",
            id="a long message",
        ),
    ],
)
def test_a_wrong_endpoint_is_refused_by_its_property(document: Any, message: str) -> None:
    assert read_endpoint(document) == Problem(Code.INVALID_PROPERTY, message)


def test_what_stands_in_the_connection_is_kept_and_returned() -> None:
    inner = {**CONNECTION["properties"], "odd": 1}  # type: ignore[dict-item]
    body = read_endpoint(changed(manualPrivateLinkServiceConnections=[{"name": "c", "zones": [], "properties": inner}]))
    assert isinstance(body, EndpointBody)
    [told] = endpoint(ID, body, ConnectionState.PENDING, "", HOSTS)["properties"]["manualPrivateLinkServiceConnections"]
    assert (told["zones"], told["properties"]["odd"]) == ([], 1)


def test_names_are_read_in_any_letter_case() -> None:
    properties = {"GroupIds": ["registry"], "PrivateLinkServiceId": REGISTRY}
    loud = {
        "Location": "eastus",
        "Properties": {
            "Subnet": {"Id": SUBNET},
            "ManualPrivateLinkServiceConnections": [{"Name": "c", "Properties": properties}],
        },
    }
    assert read_endpoint(loud) == EndpointBody("eastus", SUBNET, Link("c", REGISTRY, manual=True))


def test_what_is_kept_has_a_limit() -> None:
    refused = Problem(Code.INVALID_PROPERTY, "Portcullis keeps at most 64 KiB of properties that it has no use for.")
    assert read_endpoint(changed(odd="x" * 65_536)) == refused
    assert read_endpoint(connected(odd="x" * 65_536)) == refused
