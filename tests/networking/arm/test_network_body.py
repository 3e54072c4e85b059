import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from networking.access.problems import Code, Problem
from networking.arm.network_body import (
    NetworkBody,
    SubnetBody,
    network,
    read_network,
    read_subnet,
    read_tags,
    subnet,
)

ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v"

# What az 2.91 sends for `network vnet create` (az-cli.md 7).
CREATE = {
    "location": "westus",
    "properties": {
        "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
        "enableDdosProtection": False,
        "enableVmProtection": False,
        "subnets": [{"name": "default", "properties": {"addressPrefix": "10.0.0.0/24"}}],
    },
}


def changed(**properties: Any) -> dict[str, Any]:
    return {**CREATE, "properties": {**CREATE["properties"], **properties}}  # type: ignore[dict-item]


def spelled(body: NetworkBody) -> dict[str, Any]:
    return network(ID, body, [subnet(f"{ID}/subnets/{each.name}", each) for each in body.subnets or ()])


def test_what_az_sends_is_read() -> None:
    assert read_network(CREATE) == NetworkBody(
        "westus",
        ("10.0.0.0/16",),
        subnets=(SubnetBody("default", ("10.0.0.0/24",)),),
        kept={"properties": {"enableVmProtection": False}},
    )


def test_the_answer_has_the_shape_of_azure() -> None:
    body = read_network(CREATE)
    assert isinstance(body, NetworkBody)
    answer = spelled(body)
    etag, inner = answer.pop("etag"), answer["properties"]["subnets"][0].pop("etag")
    assert etag.startswith('W/"')
    assert inner.startswith('W/"')
    guid = answer["properties"].pop("resourceGuid")
    assert len(guid) == 36
    assert answer == {
        "name": "v",
        "id": ID,
        "type": "Microsoft.Network/virtualNetworks",
        "location": "westus",
        "tags": {},
        "properties": {
            "provisioningState": "Succeeded",
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "virtualNetworkPeerings": [],
            "enableDdosProtection": False,
            "enableVmProtection": False,
            "subnets": [
                {
                    "name": "default",
                    "id": f"{ID}/subnets/default",
                    "type": "Microsoft.Network/virtualNetworks/subnets",
                    "properties": {
                        "provisioningState": "Succeeded",
                        "addressPrefix": "10.0.0.0/24",
                        "delegations": [],
                        "privateEndpointNetworkPolicies": "Disabled",
                        "privateLinkServiceNetworkPolicies": "Enabled",
                    },
                }
            ],
        },
    }


names = st.text("abcXYZ019", min_size=1, max_size=8)
plain = st.one_of(st.booleans(), st.integers(-5, 5), st.text("abc", max_size=5), st.lists(st.booleans(), max_size=2))
# Words of our own, so that none of them is one that ARM gives a meaning to.
kept_words = st.dictionaries(names.map(lambda name: f"unknown{name}"), plain, max_size=3)
texts = st.lists(st.text("0123456789./:", min_size=1, max_size=12), min_size=1, max_size=3).map(tuple)


@st.composite
def subnets(draw: st.DrawFn, name: str = "") -> SubnetBody:
    services = draw(st.lists(names, max_size=3, unique_by=str.lower))
    kept: dict[str, Any] = draw(kept_words)
    properties: dict[str, Any] = draw(kept_words)
    more = {service: words for service in services if (words := draw(kept_words))}
    if more:
        properties["serviceEndpoints"] = more
    kept |= {"properties": properties} if properties else {}
    return SubnetBody(name or draw(names), draw(texts), tuple(services), kept)


@st.composite
def networks(draw: st.DrawFn) -> NetworkBody:
    kept: dict[str, Any] = draw(kept_words)
    properties: dict[str, Any] = draw(kept_words)
    if space := draw(kept_words):
        properties["addressSpace"] = space
    return NetworkBody(
        location=draw(names),
        prefixes=draw(texts),
        tags=draw(st.dictionaries(names, names, max_size=2)),
        subnets=tuple(draw(st.lists(subnets(), max_size=3, unique_by=lambda each: each.name.lower()))),
        kept={**kept, "properties": properties} if properties else kept,
    )


@given(networks())
def test_what_is_answered_reads_back_as_what_was_put_whatever_it_holds(body: NetworkBody) -> None:
    read = read_network(json.loads(json.dumps(spelled(body))))
    assert read == body


@given(subnets(name="s"))
def test_a_subnet_that_is_read_and_put_back_as_az_does_stays_as_it_was(body: SubnetBody) -> None:
    read = read_subnet(json.loads(json.dumps(subnet(f"{ID}/subnets/s", body, ["/an/endpoint"]))), "s")
    assert isinstance(read, SubnetBody)
    assert (read.prefixes, read.services) == (body.prefixes, body.services)
    assert read == body


def test_a_service_endpoint_is_answered_as_azure_does() -> None:
    body = read_subnet(
        {
            "properties": {
                "addressPrefix": "10.0.0.0/24",
                "serviceEndpoints": [{"service": "Microsoft.ContainerRegistry"}],
            }
        },
        "s",
    )
    assert body == SubnetBody("s", ("10.0.0.0/24",), ("Microsoft.ContainerRegistry",))
    assert subnet(f"{ID}/subnets/s", body, ["/the/endpoint"])["properties"] == {
        "provisioningState": "Succeeded",
        "addressPrefix": "10.0.0.0/24",
        "delegations": [],
        "privateEndpointNetworkPolicies": "Disabled",
        "privateLinkServiceNetworkPolicies": "Enabled",
        "serviceEndpoints": [
            {"provisioningState": "Succeeded", "service": "Microsoft.ContainerRegistry", "locations": ["*"]}
        ],
        "privateEndpoints": [{"id": "/the/endpoint"}],
    }


@pytest.mark.parametrize(
    ("said", "prefixes"),
    [
        pytest.param({"addressPrefix": "10.0.0.0/24"}, ("10.0.0.0/24",), id="one"),
        pytest.param({"addressPrefixes": ["10.0.0.0/24"]}, ("10.0.0.0/24",), id="a list of one"),
        pytest.param({"addressPrefixes": ["a", "b"]}, ("a", "b"), id="two"),
        pytest.param({"addressPrefix": "a", "addressPrefixes": ["a"]}, ("a",), id="both agree"),
        pytest.param({"addressPrefix": "a", "addressPrefixes": None}, ("a",), id="null"),
        pytest.param({"addressPrefix": "a", "addressPrefixes": []}, ("a",), id="an empty list"),
    ],
)
def test_prefixes_of_a_subnet_under_either_key(said: dict[str, Any], prefixes: tuple[str, ...]) -> None:
    assert read_subnet({"properties": said}, "s") == SubnetBody("s", prefixes)


def test_two_prefixes_are_answered_as_a_list() -> None:
    properties = subnet(f"{ID}/subnets/s", SubnetBody("s", ("a", "b")))["properties"]
    assert (properties["addressPrefixes"], "addressPrefix" in properties) == (["a", "b"], False)


def test_a_list_of_subnets_that_is_not_said_is_told_from_an_empty_one() -> None:
    silent = read_network({"location": "westus", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}})
    empty = read_network(changed(subnets=[]))
    assert isinstance(silent, NetworkBody)
    assert isinstance(empty, NetworkBody)
    assert (silent.subnets, empty.subnets) == (None, ())


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param([], "The property 'body' is a list; it must be an object.", id="a list"),
        pytest.param(None, "The property 'body' is null; it must be an object.", id="null"),
        pytest.param({}, "The property 'properties.addressSpace' is needed, and this body has none.", id="empty"),
        pytest.param({**CREATE, "properties": 5}, "The property 'properties' is 5; it must be an object.", id="number"),
        pytest.param({**CREATE, "location": 5}, "The property 'location' is 5; it must be a text.", id="location"),
        pytest.param({**CREATE, "tags": []}, "", id="empty tags of another type mean none"),
        pytest.param({**CREATE, "tags": {"a": 1}}, "The property 'tags.a' is 1; it must be a text.", id="a tag"),
        pytest.param(
            changed(addressSpace="10.0.0.0/16"),
            "The property 'properties.addressSpace' is '10.0.0.0/16'; it must be an object.",
            id="space",
        ),
        pytest.param(
            changed(addressSpace={}),
            "The property 'properties.addressSpace.addressPrefixes' is needed, and this body has none.",
            id="no prefixes",
        ),
        pytest.param(
            changed(addressSpace={"addressPrefixes": []}),
            "The property 'properties.addressSpace.addressPrefixes' is a list; it must be a list that isn't empty.",
            id="empty prefixes",
        ),
        pytest.param(
            changed(addressSpace={"addressPrefixes": [True]}),
            "The property 'properties.addressSpace.addressPrefixes[0]' is true; it must be a text.",
            id="a prefix",
        ),
        pytest.param(
            changed(subnets={}), "The property 'properties.subnets' is an object; it must be a list.", id="subnets"
        ),
        pytest.param(
            changed(subnets=["s"]),
            "The property 'properties.subnets[0]' is 's'; it must be an object.",
            id="a subnet",
        ),
        pytest.param(
            changed(subnets=[{"properties": {}}]),
            "The property 'properties.subnets[0].name' is needed, and this body has none.",
            id="no name",
        ),
        pytest.param(
            changed(subnets=[{"name": "s", "properties": {}}]),
            "The property 'properties.subnets[0].properties.addressPrefix' is needed, and this body has none.",
            id="no prefix of a subnet",
        ),
        pytest.param(
            changed(subnets=[{"name": "s", "properties": {"addressPrefix": "a", "addressPrefixes": ["b"]}}]),
            "The property 'properties.subnets[0].properties.addressPrefix' is 'a'; "
            "it must be the one that addressPrefixes holds, or left out.",
            id="two that disagree",
        ),
        pytest.param({**CREATE, "x": "\0"}, "The text '\\u0000' holds NUL or half a character, which can't be stored.",
                     id="NUL"),
    ],
)  # fmt: skip
def test_a_wrong_network_is_refused_by_its_property(document: Any, message: str) -> None:
    read = read_network(document)
    if message:
        assert read == Problem(Code.INVALID_PROPERTY, message)
    else:
        assert isinstance(read, NetworkBody)


def test_a_subnet_that_is_listed_twice_is_refused() -> None:
    listed = [{"name": name, "properties": {"addressPrefix": "10.0.0.0/24"}} for name in ("one", "ONE")]
    assert read_network(changed(subnets=listed)) == Problem(
        Code.INVALID_SUBNET, "The subnet 'ONE' is in the list twice. Delete one of them."
    )


@pytest.mark.parametrize(
    ("endpoints", "message"),
    [
        pytest.param({}, "", id="an empty object means none"),
        pytest.param("a", "The property 'properties.serviceEndpoints' is 'a'; it must be a list.", id="a text"),
        pytest.param(["a"], "The property 'properties.serviceEndpoints[0]' is 'a'; it must be an object.", id="texts"),
        pytest.param(
            [{}], "The property 'properties.serviceEndpoints[0].service' is needed, and this body has none.", id="empty"
        ),
        pytest.param(
            [{"service": "A"}, {"service": "a"}],
            "The property 'properties.serviceEndpoints[1].service' is 'a'; "
            "it must be the name of a service, each of them once.",
            id="twice",
        ),
    ],
)
def test_wrong_service_endpoints_are_refused(endpoints: Any, message: str) -> None:
    read = read_subnet({"properties": {"addressPrefix": "10.0.0.0/24", "serviceEndpoints": endpoints}}, "s")
    assert read == (Problem(Code.INVALID_PROPERTY, message) if message else SubnetBody("s", ("10.0.0.0/24",)))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["properties", "addressSpace", "addressPrefixes", "subnets", "name", "tags", "location",
                         "addressPrefix", "serviceEndpoints", "service", "kind"]), inner, max_size=4
    ),
    max_leaves=20,
)  # fmt: skip


@given(json_values)
def test_no_json_makes_reading_or_answering_fail(document: Any) -> None:
    body = read_network(document)
    if isinstance(body, NetworkBody):
        assert spelled(body)["id"] == ID
    one = read_subnet(document, "s")
    if isinstance(one, SubnetBody):
        assert subnet(f"{ID}/subnets/s", one)["name"] == "s"
    assert isinstance(read_tags(document), dict | Problem | None)


def test_an_etag_changes_with_what_it_stands_for_and_with_nothing_else() -> None:
    body = SubnetBody("s", ("10.0.0.0/24",))
    etags = {
        subnet(f"{ID}/subnets/s", each)["etag"]
        for each in (body, SubnetBody("s", ("10.0.0.0/24",)), SubnetBody("s", ("10.0.1.0/24",)))
    }
    assert len(etags) == 2


@pytest.mark.parametrize(
    ("document", "tags"),
    [
        ({"tags": {"a": "b"}}, {"a": "b"}),
        ({"tags": {}}, {}),
        ({"tags": None}, None),
        ({"Tags": {"a": "b"}, "id": "x", "etag": "y"}, {"a": "b"}),
        (
            {"location": "westus"},
            Problem(
                Code.INVALID_PROPERTY,
                "A PATCH of a virtual network changes its tags; send the property 'location' with a PUT.",
            ),
        ),
        ({"tags": {"a": None}}, Problem(Code.INVALID_PROPERTY, "The property 'tags.a' is null; it must be a text.")),
        ("x", Problem(Code.INVALID_PROPERTY, "The property 'body' is 'x'; it must be an object.")),
    ],
)
def test_the_tags_of_a_patch(document: Any, tags: Any) -> None:
    assert read_tags(document) == tags


def upper(said: Any) -> Any:
    """The same body with other capitals in every name."""
    match said:
        case dict():
            return {key[0].upper() + key[1:]: upper(value) for key, value in said.items()}
        case list():
            return [upper(each) for each in said]
        case _:
            return said


def test_names_are_read_in_any_letter_case() -> None:
    service = {"service": "Microsoft.Storage", "locations": ["eastus"]}
    subnets = [{"name": "s", "properties": {"addressPrefix": "10.0.0.0/24", "serviceEndpoints": [service]}}]
    sent = changed(subnets=subnets, dhcpOptions={"dnsServers": []})
    read = read_network(upper(sent))
    assert isinstance(read, NetworkBody)
    assert read.subnets == (SubnetBody("s", ("10.0.0.0/24",), ("Microsoft.Storage",)),)
    assert (read.location, read.prefixes) == ("westus", ("10.0.0.0/16",))
    assert read_subnet(upper(subnets[0]), "s") == read.subnets[0]


def test_a_name_that_is_there_twice_is_refused() -> None:
    assert read_network({**CREATE, "Location": "eastus"}) == Problem(
        Code.INVALID_PROPERTY, "The property 'location' is there twice; write it once."
    )


TOO_MUCH = Problem(Code.INVALID_PROPERTY, "Portcullis keeps at most 64 KiB of properties that it has no use for.")


def test_what_is_kept_has_a_limit() -> None:
    long = "x" * 65_536
    assert read_network(changed(dhcpOptions=long)) == TOO_MUCH
    assert read_network({**CREATE, "kind": long}) == TOO_MUCH
    odd = {"name": "s", "properties": {"addressPrefix": "10.0.0.0/24", "delegations": long}}
    assert read_network(changed(subnets=[odd])) == TOO_MUCH
    assert read_subnet(odd, "s") == TOO_MUCH


def test_what_stands_beside_the_properties_of_a_subnet_is_kept_and_returned() -> None:
    body = read_subnet({"zones": ["1"], "properties": {"addressPrefix": "10.0.0.0/24"}}, "s")
    assert isinstance(body, SubnetBody)
    assert subnet(f"{ID}/subnets/s", body)["zones"] == ["1"]
