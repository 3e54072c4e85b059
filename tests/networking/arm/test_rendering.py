import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from networking.access.policy import AccessPolicy, DefaultAction, PublicNetworkAccess
from networking.arm.registry_body import Asked, read
from networking.arm.rendering import Connection, Replica, Stamp, Stored, connection, registry, replication
from networking.arm.versions import KNOWN, NEWEST, nearest, shown, subnet_key
from tests.make import rule, selected

SAMPLES = Path(__file__).parents[2] / "samples"
PLACE = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/clitest.rg000001/providers"
SUBNET = f"{PLACE}/Microsoft.Network/virtualNetworks/cliregvnet/subnets/cliregsubnet"


def sample(version: str) -> Any:
    return json.loads((SAMPLES / f"registry_{version}.json").read_text(encoding="utf-8"))


def stamp(who: str, text: str) -> Stamp:
    return Stamp(who, datetime.fromisoformat(text).replace(tzinfo=UTC))


def stored(name: str = "clireg000002", **more: Any) -> Stored:
    who, at = "azureclilivetest@azuresdkteam.onmicrosoft.com", "2023-02-07T15:47:42.525439"
    location = more.setdefault("location", "westcentralus")
    given = {
        "id": f"{PLACE}/Microsoft.ContainerRegistry/registries/{name}",
        "name": name,
        "sku": "Premium",
        "login_server": f"{name}.azurecr.io",
        "regions": (location,),
        "policy": AccessPolicy(),
        "created": stamp(who, at),
        "modified": stamp(who, "2023-02-07T15:48:06.575018"),
    }
    return Stored(**{**given, **more})


def without_times(answer: Any) -> Any:
    """Ours have six digits of a second that mean something, the service has seven, and it sets up policies later."""
    spelled = json.loads(json.dumps(answer))
    for key in ("createdAt", "lastModifiedAt"):
        spelled["systemData"][key] = len(spelled["systemData"][key])
    spelled["properties"]["creationDate"] = len(spelled["properties"]["creationDate"])
    for policy in spelled["properties"]["policies"].values():
        if "lastUpdatedTime" in policy:
            policy["lastUpdatedTime"] = len(policy["lastUpdatedTime"])
    return spelled


def in_order(value: Any) -> Any:
    """With the order of keys in the comparison."""
    if isinstance(value, dict):
        return [(key, in_order(each)) for key, each in value.items()]
    return [in_order(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("version", "of"),
    [
        pytest.param(
            "2026-09-01-preview",
            stored(
                "testreg000002",
                location="eastus",
                created=stamp("test@example.com", "2026-09-10T06:48:16"),
                modified=stamp("test@example.com", "2026-09-10T06:48:16"),
            ),
            id="az 2.91",
        ),
        pytest.param("2021-08-01-preview", stored(policy=selected("16.17.18.0/24", subnets=(SUBNET,))), id="az 2.60"),
        pytest.param(
            "2022-02-01-preview",
            stored(policy=selected("16.17.18.0/24", subnets=(SUBNET,))),
            id="a version that hides virtual network rules",
        ),
    ],
)
def test_an_answer_has_the_words_and_the_order_of_the_recorded_service(version: str, of: Stored) -> None:
    assert in_order(without_times(registry(of, version))) == in_order(without_times(sample(version)))


def test_times_have_seven_digits_with_z_for_the_creation_and_an_offset_elsewhere() -> None:
    answer = registry(stored(), NEWEST)
    assert answer["properties"]["creationDate"] == "2023-02-07T15:47:42.5254390Z"
    assert answer["systemData"]["createdAt"] == "2023-02-07T15:47:42.5254390+00:00"
    assert answer["systemData"]["lastModifiedAt"] == "2023-02-07T15:48:06.5750180+00:00"


@pytest.mark.parametrize("sku", ["Basic", "Standard"])
def test_basic_and_standard_have_no_rule_set(sku: str) -> None:
    properties = registry(stored(sku=sku), "2022-02-01-preview")["properties"]
    assert set(sample("2022-02-01-preview")["properties"]) - set(properties) == {"networkRuleSet"}


@pytest.mark.parametrize(
    ("version", "key"),
    [
        pytest.param("2017-03-01", None, id="before there were rules"),
        pytest.param("2017-10-01", "id", id="the first one"),
        pytest.param("2021-08-01-preview", "id", id="az 2.60"),
        pytest.param("2021-09-01", None, id="stable without"),
        pytest.param("2021-12-01-preview", "id", id="the last with id"),
        pytest.param("2022-02-01-preview", None, id="hidden from here"),
        pytest.param("2025-11-01", None, id="the latest stable"),
        pytest.param("2026-01-01-preview", None, id="hidden to here"),
        pytest.param("2026-03-01-preview", "virtualNetworkSubnetResourceId", id="back"),
        pytest.param("2026-09-01-preview", "virtualNetworkSubnetResourceId", id="az 2.91"),
        pytest.param("2026-11-01", None, id="preview only"),
        pytest.param("2031-01-01", "virtualNetworkSubnetResourceId", id="unknown and newer"),
    ],
)
def test_a_virtual_network_rule_is_spelled_as_its_version_has_it(version: str, key: str | None) -> None:
    rule_set = registry(stored(policy=selected(subnets=(SUBNET,))), version)["properties"].get("networkRuleSet", {})
    assert subnet_key(version) == key
    assert rule_set.get("virtualNetworkRules") == ([{"action": "Allow", key: SUBNET}] if key else None)


@pytest.mark.parametrize(
    ("asked", "answering"),
    [
        pytest.param("2026-09-01-PREVIEW", "2026-09-01-preview", id="letter case"),
        pytest.param("2016-01-01", "2017-03-01", id="before the first"),
        pytest.param("2022-06-30", "2022-02-01-preview", id="between two"),
        pytest.param("2031-01-01", "2026-09-01-preview", id="after the last"),
        pytest.param("latest", "2026-09-01-preview", id="not a date"),
    ],
)
def test_an_unknown_version_is_answered_as_the_nearest(asked: str, answering: str) -> None:
    assert nearest(asked) == answering


@pytest.mark.parametrize(
    ("name", "without", "since"),
    [
        pytest.param("publicNetworkAccess", "2019-05-01", "2019-12-01-preview", id="public access"),
        pytest.param("networkRuleBypassOptions", "2019-12-01-preview", "2020-11-01-preview", id="trusted services"),
        pytest.param("networkRuleBypassAllowedForTasks", "2025-04-01", "2025-11-01", id="tasks"),
        pytest.param("anonymousPullEnabled", "2023-07-01", "2025-04-01", id="anonymous pull, after its gap"),
        pytest.param("roleAssignmentMode", "2025-04-01", "2025-11-01", id="role assignment mode"),
        pytest.param("endpointProtocol", "2025-11-01", "2026-01-01-preview", id="endpoint protocol"),
        pytest.param("metadataSearch", "2025-11-01", "2026-01-01-preview", id="previews only"),
    ],
)
def test_a_property_appears_with_its_version(name: str, without: str, since: str) -> None:
    assert name not in registry(stored(), without)["properties"]
    assert name in registry(stored(), since)["properties"]


def test_data_endpoints_are_listed_by_region_while_they_are_on() -> None:
    of = stored(location="westus", regions=("southcentralus", "westus"), policy=AccessPolicy(data_endpoint=True))
    hosts = ["clireg000002.southcentralus.data.azurecr.io", "clireg000002.westus.data.azurecr.io"]
    assert registry(of, NEWEST)["properties"]["dataEndpointHostNames"] == hosts
    off = replace(of, policy=AccessPolicy())
    assert registry(off, NEWEST)["properties"]["dataEndpointHostNames"] == []


def test_what_was_put_without_a_use_for_us_comes_back_where_it_was() -> None:
    body = {
        "sku": {"name": "Premium", "capacity": 2},
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "adminUserEnabled": True,
            "quotas": {"images": [1, {"a": None}]},
            "policies": {"exportPolicy": {"status": "DISABLED"}, "scanPolicy": {"depth": 3}},
            "networkRuleSet": {
                "defaultAction": "Deny",
                "zones": [1],
                "ipRules": [{"value": "16.17.18.19/32", "comment": "office"}, {"value": "8.8.8.8"}],
                "virtualNetworkRules": [{"id": SUBNET, "state": "Succeeded"}],
            },
        },
    }
    asked = read(body)
    assert isinstance(asked, Asked)
    policy = asked.policy_upon(AccessPolicy())
    answer = registry(stored(policy=policy, kept=asked.kept_upon({})), "2026-09-01-preview")
    assert answer["sku"] == {"capacity": 2, "name": "Premium", "tier": "Premium"}
    assert answer["identity"] == {"type": "SystemAssigned"}
    properties = answer["properties"]
    assert properties["adminUserEnabled"] is True
    assert properties["quotas"] == {"images": [1, {"a": None}]}
    assert properties["policies"]["exportPolicy"] == {"status": "disabled"}
    assert properties["policies"]["scanPolicy"] == {"depth": 3}
    assert properties["networkRuleSet"] == {
        "defaultAction": "Deny",
        "virtualNetworkRules": [
            {"action": "Allow", "virtualNetworkSubnetResourceId": SUBNET, "state": "Succeeded"},
        ],
        "ipRules": [
            {"action": "Allow", "value": "16.17.18.19", "comment": "office"},
            {"action": "Allow", "value": "8.8.8.8"},
        ],
        "zones": [1],
    }


def test_the_words_of_a_rule_stay_with_it_when_another_door_moves_or_deletes_it() -> None:
    asked = read({"properties": {"networkRuleSet": {"ipRules": [{"value": "8.8.8.8", "comment": "dns"}]}}})
    assert isinstance(asked, Asked)
    kept = asked.kept_upon({})
    moved = registry(stored(policy=selected("1.1.1.1", "8.8.8.8"), kept=kept), NEWEST)["properties"]["networkRuleSet"]
    assert moved["ipRules"] == [
        {"action": "Allow", "value": "1.1.1.1"},
        {"action": "Allow", "value": "8.8.8.8", "comment": "dns"},
    ]
    gone = registry(stored(policy=selected("1.1.1.1"), kept=kept), NEWEST)["properties"]["networkRuleSet"]
    assert gone == {
        "defaultAction": "Deny",
        "virtualNetworkRules": [],
        "ipRules": [{"action": "Allow", "value": "1.1.1.1"}],
    }


def test_what_an_import_kept_of_the_answers_own_words_never_stands_in_for_them() -> None:
    kept = {
        "systemData": {"createdBy": "somebody else"},
        "properties.creationDate": "2001-01-01T00:00:00.0000000Z",
        "properties.loginServer": "other.azurecr.io",
        "properties.privateEndpointConnections": [{"id": "of another registry"}],
        "properties.dataEndpointHostNames": ["other.eastus.data.azurecr.io"],
        "properties.status": {"displayStatus": "Failed"},
    }
    assert registry(stored(kept=kept), NEWEST) == registry(stored(), NEWEST)


PATHS = st.sampled_from(
    [
        "networkRuleSet",
        "networkRuleSet.defaultAction",
        "networkRuleSet.ipRules",
        "networkRuleSet.virtualNetworkRules",
        "networkRuleSet.ipRules[8.8.8.8].value",
        "networkRuleSet.ipRules[8.8.8.8].action",
        f"networkRuleSet.virtualNetworkRules[{SUBNET}].id",
        f"networkRuleSet.virtualNetworkRules[{SUBNET}].virtualNetworkSubnetResourceId",
        "publicNetworkAccess",
        "dataEndpointEnabled",
        "adminUserEnabled",
        "provisioningState",
        "policies",
        "encryption",
        "zoneRedundancy",
    ]
)
garbage = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inside: st.lists(inside, max_size=2) | st.dictionaries(st.text(max_size=4), inside, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(PATHS.map("properties.{}".format) | st.sampled_from(["sku.name", "id", "x.y"]), garbage))
def test_no_path_that_was_ever_kept_stands_in_for_what_decides(kept: dict[str, Any]) -> None:
    """An older Portcullis took names that read like paths; their rows are still there."""
    of = stored(policy=selected("8.8.8.8", subnets=(SUBNET,)))
    for version in ("2021-08-01-preview", "2025-11-01", NEWEST):
        plain, answer = registry(of, version), registry(replace(of, kept=kept), version)
        assert {name: answer[name] for name in plain if name != "properties"} == {
            name: value for name, value in plain.items() if name != "properties"
        }
        for name in ("networkRuleSet", "publicNetworkAccess", "dataEndpointEnabled", "provisioningState"):
            assert answer["properties"].get(name) == plain["properties"].get(name)
        if "adminUserEnabled" in plain["properties"]:
            assert isinstance(answer["properties"]["adminUserEnabled"], bool)
        assert isinstance(answer["properties"].get("policies"), dict)


def test_a_word_of_a_policy_that_an_import_kept_in_another_type_is_the_default() -> None:
    kept = {
        "retentionPolicy": {"days": "seven", "lastUpdatedTime": 5, "more": [1]},
        "softDeletePolicy": {"retentionDays": True, "status": "enabled"},
    }
    told, plain = (
        registry(each, NEWEST)["properties"]["policies"]
        for each in (stored(kept={"properties.policies": kept}), stored())
    )
    assert told["retentionPolicy"] == {**plain["retentionPolicy"], "more": [1]}
    assert told["softDeletePolicy"] == {**plain["softDeletePolicy"], "status": "enabled"}


def test_a_property_that_is_named_like_the_rule_set_is_none_of_its_words() -> None:
    of = stored(kept={"properties.networkRuleSetFoo": 1, "x.y": 2})
    answer = registry(of, NEWEST)
    assert (answer["properties"]["networkRuleSetFoo"], answer["x.y"]) == (1, 2)
    assert answer["properties"]["networkRuleSet"] == registry(stored(), NEWEST)["properties"]["networkRuleSet"]


def test_what_is_kept_of_a_replication_never_stands_in_for_its_own_words() -> None:
    made = stamp("bo", "2026-09-10T06:48:16")
    of = Replica("/the/id", "westus", made, made)
    kept = {"properties.provisioningState": "Failed", "properties.status": 9, "id": "/other", "properties.quotas": 1}
    answer = replication(replace(of, kept=kept))
    plain = replication(of)
    assert answer == {**plain, "properties": {**plain["properties"], "quotas": 1}}


def test_what_is_kept_of_a_connection_comes_back_where_it_was() -> None:
    of = Connection("/the/id", "clireg000002.0123", "/the/endpoint", "Approved", "Ours")
    kept = {
        "note": "n",
        "name": "another",
        "properties.quota": 3,
        "properties.provisioningState": "Failed",
        "properties.privateEndpoint.location": "eastus",
        "properties.privateEndpoint.id": "/another",
        "properties.privateLinkServiceConnectionState.by": "me",
        "properties.privateLinkServiceConnectionState.status": "Rejected",
    }
    answer = connection(replace(of, kept=kept))
    assert answer == {
        "type": "Microsoft.ContainerRegistry/registries/privateEndpointConnections",
        "id": "/the/id",
        "name": "clireg000002.0123",
        "properties": {
            "privateEndpoint": {"id": "/the/endpoint", "location": "eastus"},
            "privateLinkServiceConnectionState": {"status": "Approved", "description": "Ours", "by": "me"},
            "provisioningState": "Succeeded",
            "quota": 3,
        },
        "note": "n",
    }
    assert replace(of, kept=kept).etag != of.etag


def test_a_connection_has_a_description_only_where_somebody_wrote_one() -> None:
    of = Connection("/the/id", "clireg000002.0123", "/the/endpoint", "Pending")
    assert connection(of)["properties"] == {
        "privateEndpoint": {"id": "/the/endpoint"},
        "privateLinkServiceConnectionState": {"status": "Pending"},
        "provisioningState": "Succeeded",
    }
    approved = connection(replace(of, state="Approved", description="somedescription"))
    assert approved["properties"]["privateLinkServiceConnectionState"] == {
        "status": "Approved",
        "description": "somedescription",
    }
    listed = registry(stored(connections=(of,)), NEWEST)["properties"]["privateEndpointConnections"]
    assert listed == [connection(of)]


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"sku": "Standard"}, id="tier"),
        pytest.param({"tags": {"a": "b"}}, id="tags"),
        pytest.param({"kept": {"properties.adminUserEnabled": True}}, id="other properties"),
        pytest.param({"policy": selected("8.8.8.8")}, id="policy"),
        pytest.param({"policy": selected(subnets=(SUBNET,))}, id="what a version hides"),
        pytest.param({"regions": ("eastus", "westcentralus")}, id="replications"),
        pytest.param({"connections": (Connection("/id", "n", "/e", "Pending"),)}, id="connections"),
    ],
)
def test_the_etag_is_another_one_after_any_change(more: dict[str, Any]) -> None:
    assert stored(**more).etag != stored().etag
    assert stored(**more).etag == stored(**more).etag


@given(st.sampled_from(KNOWN))
def test_a_put_says_its_whole_version_and_a_get_of_that_version_puts_the_same_again(version: str) -> None:
    policy = AccessPolicy(
        public_network_access=PublicNetworkAccess.DISABLED,
        default_action=DefaultAction.DENY,
        rules=(rule("16.17.18.0/24", name="Office", note="All floors"),),
        subnets=(SUBNET,),
        trusted_services=False,
        tasks_bypass=True,
        data_endpoint=True,
    )
    kept = {
        "properties.anonymousPullEnabled": True,
        "properties.quotas": 3,
        "properties.zoneRedundancy": "Enabled",
        "properties.policies": {
            "softDeletePolicy": {"status": "enabled", "retentionDays": 9},
            "azureADAuthenticationAsArmPolicy": {"status": "disabled"},
            "retentionPolicy": {"status": "enabled", "days": 30},
        },
    }
    of = stored(policy=policy, kept=kept)
    asked = read(registry(of, version))
    assert isinstance(asked, Asked)
    assert asked.policy_instead_of(policy, version) == policy
    again = replace(of, kept=asked.kept_instead_of(kept, version))
    assert registry(again, version) == registry(of, version)
    assert registry(again, NEWEST) == registry(of, NEWEST)


def test_a_put_that_says_nothing_gives_back_the_defaults_but_for_what_its_version_has_no_word_for() -> None:
    asked = read({"location": "eastus", "sku": {"name": "Premium"}})
    assert isinstance(asked, Asked)
    policy = selected("8.8.8.8", subnets=(SUBNET,), trusted_services=False, tasks_bypass=True, data_endpoint=True)
    kept = {"properties.anonymousPullEnabled": True, "properties.quotas": 3}
    assert asked.policy_instead_of(policy, "2026-09-01-preview") == AccessPolicy()
    assert asked.policy_instead_of(policy, "2023-07-01") == AccessPolicy(subnets=(SUBNET,), tasks_bypass=True)
    assert asked.kept_instead_of(kept, "2026-09-01-preview") == {}
    assert asked.kept_instead_of(kept, "2023-07-01") == {"properties.anonymousPullEnabled": True}


@pytest.mark.parametrize(
    ("version", "properties", "policies"),
    [
        pytest.param("2025-11-01", {}, {"softDeletePolicy": {"retentionDays": 9}}, id="without soft delete"),
        pytest.param(
            "2025-11-01",
            {"policies": {"exportPolicy": {"status": "enabled"}}},
            {"softDeletePolicy": {"retentionDays": 9}, "exportPolicy": {"status": "enabled"}},
            id="beneath what the body says",
        ),
        pytest.param(
            "2025-11-01",
            {"policies": None},
            {"softDeletePolicy": {"retentionDays": 9}},
            id="null for all it has a word for",
        ),
        pytest.param(
            "2025-11-01",
            {"policies": {"softDeletePolicy": {"status": "enabled"}}},
            {"softDeletePolicy": {"retentionDays": 9, "status": "enabled"}},
            id="a word it doesn't have",
        ),
        pytest.param(
            "2022-12-01",
            {},
            {"softDeletePolicy": {"retentionDays": 9}, "azureADAuthenticationAsArmPolicy": {"status": "disabled"}},
            id="without authentication as ARM",
        ),
        pytest.param(
            "2019-05-01",
            {"policies": {"trustPolicy": {"status": "enabled"}}},
            {
                "softDeletePolicy": {"retentionDays": 9},
                "azureADAuthenticationAsArmPolicy": {"status": "disabled"},
                "exportPolicy": {"status": "disabled"},
                "trustPolicy": {"status": "enabled"},
            },
            id="an old one",
        ),
        pytest.param("2026-09-01-preview", {}, None, id="one that knows them all"),
    ],
)
def test_a_put_leaves_the_policies_that_its_version_has_no_word_for(
    version: str, properties: dict[str, Any], policies: dict[str, Any] | None
) -> None:
    kept = {
        "properties.policies": {
            "softDeletePolicy": {"retentionDays": 9},
            "azureADAuthenticationAsArmPolicy": {"status": "disabled"},
            "exportPolicy": {"status": "disabled"},
            "retentionPolicy": {"days": 30},
            "scanPolicy": {"depth": 3},
        }
    }
    asked = read({"location": "eastus", "sku": {"name": "Premium"}, "properties": properties})
    assert isinstance(asked, Asked)
    assert asked.kept_instead_of(kept, version) == ({} if policies is None else {"properties.policies": policies})


@pytest.mark.parametrize("policies", ["x", 3, [1], {"softDeletePolicy": 5}])
def test_a_put_passes_over_policies_that_an_import_kept_as_something_else(policies: Any) -> None:
    asked = read({"location": "eastus", "sku": {"name": "Premium"}, "properties": {}})
    assert isinstance(asked, Asked)
    after = asked.kept_instead_of({"properties.policies": policies}, "2025-11-01")
    assert registry(stored(kept=after), NEWEST) == registry(stored(), NEWEST)


def test_every_version_knows_something_and_the_newest_knows_all() -> None:
    assert all(shown(version) for version in KNOWN)
    assert set().union(*map(shown, KNOWN)) == shown(NEWEST)
