from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from networking.access.addresses import QUOTED
from networking.access.policy import AccessPolicy, DefaultAction, PublicNetworkAccess
from networking.access.problems import Code, Problem
from networking.arm.document import ENVELOPE, USED
from networking.arm.registry_body import BESIDE, MOST_KEPT, POLICIES, READ_ONLY_BESIDE, Asked, read, too_much
from networking.arm.registry_schemas import BESIDE as DESCRIBED_BESIDE
from networking.arm.registry_schemas import WRITABLE
from networking.arm.replication_body import read as read_replication
from tests.make import rule, selected

SUBNET = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/myResourceGroup"
    "/providers/Microsoft.Network/virtualNetworks/myVnet/subnets/mySubnet"
)
NOTHING = Asked(location=None, sku=None, tags=None, networking={}, others={})

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=12), inside, max_size=4),
    max_leaves=20,
)
NAMES = st.sampled_from(
    [
        "properties",
        "networkRuleSet",
        "ipRules",
        "virtualNetworkRules",
        "defaultAction",
        "value",
        "id",
        "action",
        "sku",
        "name",
        "tags",
        "location",
        "policies",
        "exportPolicy",
        "status",
        "encryption",
        "publicNetworkAccess",
        "adminUserEnabled",
        "networkRuleSet.ipRules",
        "properties.networkRuleSet",
        "ipRules[16.17.18.0/24]",
    ]
)
# JSON that is nearly the body of a registry: the right names with whatever beneath them.
bodies = st.recursive(
    json_values | st.sampled_from(["Allow", "Deny", "Enabled", "Premium", "16.17.18.0/24", SUBNET]),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(NAMES | st.text(max_size=5), inside, max_size=5),
    max_leaves=30,
)


def asked(**properties: Any) -> Asked:
    found = read({"properties": properties})
    assert isinstance(found, Asked), found
    return found


@given(bodies)
def test_any_json_is_read_or_refused_in_a_sentence(body: Any) -> None:
    found = read(body)
    if isinstance(found, Problem):
        assert found.message.endswith((".", "vnet"))
        return
    assert isinstance(found.policy_upon(AccessPolicy()), AccessPolicy)
    assert isinstance(found.kept_upon({}), dict)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"properties": None, "sku": None, "tags": None, "location": None}, id="null"),
        pytest.param({"properties": {}}, id="no properties"),
        pytest.param(
            {"id": 3, "name": [], "type": {}, "systemData": {"createdBy": "me"}, "etag": "x", "resourceGroup": "g"},
            id="read-only, whatever it is",
        ),
        pytest.param(
            {
                "properties": {
                    "loginServer": 5,
                    "creationDate": "yesterday",
                    "provisioningState": "Deleting",
                    "status": {"displayStatus": "Ready"},
                    "dataEndpointHostNames": ["a.b"],
                    "regionalEndpointHostNames": [],
                    "privateEndpointConnections": [{"id": "x"}],
                }
            },
            id="read-only properties",
        ),
    ],
)
def test_what_says_nothing_asks_for_nothing(body: Any) -> None:
    assert read(body) == NOTHING


def test_a_whole_body_is_read_into_values() -> None:
    assert read(
        {
            "location": "East US",
            "sku": {"name": "premium", "capacity": 2},
            "tags": {"a": "b"},
            "identity": {"type": "None"},
            "properties": {
                "publicNetworkAccess": "disabled",
                "adminUserEnabled": True,
                "zoneRedundancy": "enabled",
                "quotas": [1],
                "networkRuleSet": {"zones": 1, "ipRules": [{"value": "8.8.8.8/32", "comment": "dns"}]},
            },
        }
    ) == Asked(
        location="East US",
        sku="Premium",
        tags={"a": "b"},
        networking={
            "publicNetworkAccess": "disabled",
            "networkRuleSet": {"zones": 1, "ipRules": [{"value": "8.8.8.8/32", "comment": "dns"}]},
        },
        others={
            "sku.capacity": 2,
            "identity": {"type": "None"},
            "properties.adminUserEnabled": True,
            "properties.zoneRedundancy": "Enabled",
            "properties.quotas": [1],
            "properties.networkRuleSet.zones": 1,
            "properties.networkRuleSet.ipRules[8.8.8.8].comment": "dns",
        },
    )


def test_names_are_read_in_any_letter_case_so_that_no_rule_is_lost_to_a_capital() -> None:
    found = read(
        {
            "Properties": {
                "PublicNetworkAccess": "Disabled",
                "networkruleset": {"DEFAULTACTION": "Deny", "IpRules": [{"VALUE": "8.8.8.8", "Action": "allow"}]},
            }
        }
    )
    assert isinstance(found, Asked)
    assert found.policy_upon(AccessPolicy()) == AccessPolicy(
        public_network_access=PublicNetworkAccess.DISABLED,
        default_action=DefaultAction.DENY,
        rules=(rule("8.8.8.8"),),
    )
    assert found.others == {}


@pytest.mark.parametrize(
    ("body", "code", "sentence"),
    [
        pytest.param([], Code.INVALID_PROPERTY, "The body is a list; it must be a JSON object.", id="a list"),
        pytest.param(None, Code.INVALID_PROPERTY, "The body is null; it must be a JSON object.", id="null"),
        pytest.param(
            {"properties": 3},
            Code.INVALID_PROPERTY,
            "The property 'properties' is 3; it must be an object.",
            id="number",
        ),
        pytest.param(
            {"properties": {"networkRuleSet": []}},
            Code.INVALID_PROPERTY,
            "The property 'networkRuleSet' is a list; it must be an object.",
            id="rule set",
        ),
        pytest.param(
            {"properties": {"networkRuleSet": {"ipRules": {"value": "8.8.8.8"}}}},
            Code.INVALID_PROPERTY,
            "The property 'networkRuleSet.ipRules' is an object; it must be a list.",
            id="rules",
        ),
        pytest.param(
            {"properties": {"networkRuleSet": {"ipRules": ["8.8.8.8"]}}},
            Code.INVALID_PROPERTY,
            "The property 'networkRuleSet.ipRules[0]' is '8.8.8.8'; it must be an object.",
            id="a rule",
        ),
        pytest.param(
            {"properties": {"networkRuleSet": {"ipRules": [{"value": "8.8.8.8", "Action": "Deny"}]}}},
            Code.INVALID_PROPERTY,
            "The property 'networkRuleSet.ipRules[0].action' is 'Deny'; it must be Allow.",
            id="deny with a capital",
        ),
        pytest.param(
            {"properties": {"publicNetworkAccess": "Enabled", "PublicNetworkAccess": "Disabled"}},
            Code.INVALID_PROPERTY,
            "The property 'properties.publicNetworkAccess' is there twice; write it once.",
            id="one property in two spellings",
        ),
        pytest.param(
            {"properties": {"networkRuleSet": {"ipRules": [{"value": "8.8.8.8"}, {"value": "8.8.8.8/32"}]}}},
            Code.DUPLICATE_IP_RULE,
            "8.8.8.8 is in the list twice. Delete one of them.",
            id="one range in two spellings",
        ),
        pytest.param(
            {"properties": {"networkRuleSet": {"ipRules": [{"value": f"16.17.18.{each}"} for each in range(101)]}}},
            Code.QUOTA_EXCEEDED,
            "A registry can have 100 rules. Delete 1 to save.",
            id="101 rules",
        ),
        pytest.param(
            {"properties": {"networkRuleSet": {"virtualNetworkRules": [{"id": SUBNET}, {"id": SUBNET.upper()}]}}},
            Code.INVALID_PROPERTY,
            f"Virtual network rule is not valid - Found duplicate virtual network rule {SUBNET.upper()}. "
            "For more information, please visit https://aka.ms/acr/vnet",
            id="one subnet twice, in ACR's words",
        ),
        pytest.param(
            {"properties": {"adminUserEnabled": "yes"}},
            Code.INVALID_PROPERTY,
            "The property 'adminUserEnabled' is 'yes'; it must be true or false.",
            id="a word for a boolean",
        ),
        pytest.param(
            {"properties": {"zoneRedundancy": "Perhaps"}},
            Code.INVALID_PROPERTY,
            "The property 'zoneRedundancy' is 'Perhaps'; it must be Enabled or Disabled.",
            id="an unknown word",
        ),
        pytest.param(
            {"properties": {"policies": {"exportPolicy": "disabled"}}},
            Code.INVALID_PROPERTY,
            "The property 'policies.exportPolicy' is 'disabled'; it must be an object.",
            id="a policy",
        ),
        pytest.param(
            {"properties": {"policies": {"exportPolicy": {"status": "off"}}}},
            Code.INVALID_PROPERTY,
            "The property 'policies.exportPolicy.status' is 'off'; it must be enabled or disabled.",
            id="the status of a policy",
        ),
        pytest.param(
            {"properties": {"encryption": "none"}},
            Code.INVALID_PROPERTY,
            "The property 'encryption' is 'none'; it must be an object.",
            id="encryption",
        ),
        pytest.param(
            {"tags": ["a"]}, Code.INVALID_PROPERTY, "The property 'tags' is a list; it must be an object.", id="t"
        ),
        pytest.param(
            {"tags": {"a": None}},
            Code.INVALID_PROPERTY,
            "The property 'tags.a' is null; it must be a text.",
            id="a tag",
        ),
        pytest.param(
            {"sku": {"name": "Gold"}},
            Code.INVALID_PROPERTY,
            "The SKU 'Gold' isn't one of Basic, Standard, Premium.",
            id="sku",
        ),
        pytest.param(
            {"location": 5}, Code.INVALID_PROPERTY, "The property 'location' is 5; it must be a text.", id="location"
        ),
        pytest.param(
            {"properties": {"quotas": "a\0b"}},
            Code.INVALID_PROPERTY,
            "The text 'a\\u0000b' holds NUL or half a character, which can't be stored.",
            id="nul in what we have no use for",
        ),
    ],
)
def test_each_refusal_says_where_and_what_would_be_right(body: Any, code: Code, sentence: str) -> None:
    assert read(body) == Problem(code, sentence)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        pytest.param(
            {"properties": {"networkRuleSet.defaultAction": "Allow"}}, "networkRuleSet.defaultAction", id="the action"
        ),
        pytest.param({"properties": {"networkRuleSet.ipRules": []}}, "networkRuleSet.ipRules", id="the rules"),
        pytest.param({"properties": {"networkRuleSet": {"ipRules[8.8.8.8]": 1}}}, "ipRules[8.8.8.8]", id="a rule"),
        pytest.param(
            {"properties": {"networkRuleSet": {"ipRules": [{"value": "8.8.8.8", "a.b": 1}]}}}, "a.b", id="of a rule"
        ),
        pytest.param({"properties.adminUserEnabled": "garbage"}, "properties.adminUserEnabled", id="beside"),
        pytest.param({"sku": {"name": "Premium", "a.b": 1}}, "a.b", id="of the sku"),
        pytest.param({"x.y": None}, "x.y", id="to take it away"),
    ],
)
def test_a_name_that_reads_like_a_path_is_refused(body: Any, name: str) -> None:
    sentence = f"The property name '{name}' holds '.' or '['; write the property into the object it belongs to."
    assert read(body) == Problem(Code.INVALID_PROPERTY, sentence)


def test_inside_what_we_have_no_use_for_any_name_is_kept() -> None:
    ids = {"/subscriptions/a.b/x[0]": {"clientId": "c.d"}}
    found = read({"identity": {"userAssignedIdentities": ids}})
    assert isinstance(found, Asked)
    assert found.kept_upon({}) == {"identity": {"userAssignedIdentities": ids}}


WHOLE = "a whole number from 0"


@pytest.mark.parametrize(
    ("properties", "where", "value", "right"),
    [
        pytest.param({"policies": 3}, "policies", "3", "an object", id="policies"),
        pytest.param(
            {"policies": {"retentionPolicy": {"days": "seven"}}},
            "policies.retentionPolicy.days",
            "'seven'",
            WHOLE,
            id="days in words",
        ),
        pytest.param(
            {"policies": {"retentionPolicy": {"days": 7.5}}}, "policies.retentionPolicy.days", "7.5", WHOLE, id="half"
        ),
        pytest.param(
            {"policies": {"RetentionPolicy": {"Days": True}}},
            "policies.retentionPolicy.days",
            "true",
            WHOLE,
            id="true is no number",
        ),
        pytest.param(
            {"policies": {"softDeletePolicy": {"retentionDays": -4}}},
            "policies.softDeletePolicy.retentionDays",
            "-4",
            WHOLE,
            id="before today",
        ),
        pytest.param(
            {"policies": {"trustPolicy": {"type": 7}}}, "policies.trustPolicy.type", "7", "Notary", id="kind of trust"
        ),
        pytest.param(
            {"policies": {"scanPolicy": {"status": 1}}},
            "policies.scanPolicy.status",
            "1",
            "enabled or disabled",
            id="the status of an unknown policy",
        ),
        pytest.param(
            {"encryption": {"keyVaultProperties": "x"}},
            "encryption.keyVaultProperties",
            "'x'",
            "an object",
            id="key vault",
        ),
        pytest.param(
            {"encryption": {"keyVaultProperties": {"KeyIdentifier": 5}}},
            "encryption.keyVaultProperties.keyIdentifier",
            "5",
            "a text",
            id="key",
        ),
    ],
)
def test_a_property_that_arm_knows_has_arms_type(
    properties: dict[str, Any], where: str, value: str, right: str
) -> None:
    sentence = f"The property '{where}' is {value}; it must be {right}."
    assert read({"properties": properties}) == Problem(Code.INVALID_PROPERTY, sentence)


@pytest.mark.parametrize("reads", [pytest.param(read, id="registry"), pytest.param(read_replication, id="replication")])
@pytest.mark.parametrize(
    ("body", "where", "value", "right"),
    [
        pytest.param({"identity": "x"}, "identity", "'x'", "an object", id="identity"),
        pytest.param({"Identity": {"type": True}}, "identity.type", "true", "a text", id="kind of identity"),
        pytest.param(
            {"identity": {"userAssignedIdentities": ["x"]}},
            "identity.userAssignedIdentities",
            "a list",
            "an object",
            id="identities",
        ),
        pytest.param(
            {"identity": {"userAssignedIdentities": {"x": 1}}},
            "identity.userAssignedIdentities.x",
            "1",
            "an object",
            id="one of them",
        ),
        pytest.param({"zones": 5}, "zones", "5", "a list", id="zones"),
        pytest.param({"plan": "x"}, "plan", "'x'", "an object", id="plan"),
        pytest.param({"ManagedBy": []}, "managedBy", "a list", "a text", id="managed by"),
        pytest.param({"zones": ["1", 2]}, "zones[1]", "2", "a text", id="a zone"),
    ],
)
def test_so_has_what_stands_beside_the_properties(
    reads: Callable[[object], object], body: dict[str, Any], where: str, value: str, right: str
) -> None:
    sentence = f"The property '{where}' is {value}; it must be {right}."
    assert reads(body) == Problem(Code.INVALID_PROPERTY, sentence)


def test_what_is_of_its_type_is_kept_and_what_only_the_service_says_is_read_over() -> None:
    found = read(
        {
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {"a": {}, "b": None}},
            "zones": ["1"],
            "properties": {
                "policies": {
                    "retentionPolicy": {"days": 0, "status": None, "lastUpdatedTime": 5},
                    "softDeletePolicy": {"retentionDays": 9, "LastUpdatedTime": "today"},
                    "trustPolicy": {"type": "notary", "since": [1]},
                },
                "encryption": {"keyVaultProperties": {"keyIdentifier": "k", "identity": None, "more": 1}},
            },
        }
    )
    assert isinstance(found, Asked)
    assert found.others == {
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {"a": {}, "b": None}},
        "zones": ["1"],
        "properties.policies": {
            "retentionPolicy": {"days": 0, "status": None},
            "softDeletePolicy": {"retentionDays": 9},
            "trustPolicy": {"type": "Notary", "since": [1]},
        },
        "properties.encryption": {"keyVaultProperties": {"keyIdentifier": "k", "identity": None, "more": 1}},
    }


def test_the_description_knows_what_stands_beside_the_properties() -> None:
    assert set(DESCRIBED_BESIDE) == set(BESIDE) == ENVELOPE - USED - READ_ONLY_BESIDE


@pytest.mark.parametrize("policy", sorted(POLICIES))
def test_the_description_knows_the_words_of_each_policy(policy: str) -> None:
    described = WRITABLE["policies"]["properties"][policy]["properties"]
    assert set(described) == {word for word, check in POLICIES[policy].items() if check is not None}


def test_policies_and_the_sku_are_read_in_any_letter_case_too() -> None:
    found = read(
        {
            "sku": {"Name": "premium"},
            "properties": {"policies": {"ExportPolicy": {"Status": "Disabled"}}, "encryption": {"STATUS": "enabled"}},
        }
    )
    assert isinstance(found, Asked)
    assert (found.sku, found.others) == (
        "Premium",
        {
            "properties.policies": {"exportPolicy": {"status": "disabled"}},
            "properties.encryption": {"status": "enabled"},
        },
    )


@pytest.mark.parametrize(
    ("tags", "sentence"),
    [
        pytest.param(
            {str(number): "" for number in range(51)},
            "A resource can have 50 tags, and this one would have 51.",
            id="51",
        ),
        pytest.param(
            {"": "build"}, "The name of the tag with the value 'build' is empty; a tag needs a name.", id="no name"
        ),
        pytest.param(
            {"n" * 513: "v"},
            f"The tag name '{'n' * QUOTED}…' has 513 characters; it can have 512.",
            id="a long name",
        ),
        pytest.param(
            {"n": "v" * 257}, "The value of the tag 'n' has 257 characters; it can have 256.", id="a long value"
        ),
    ],
)
def test_tags_have_the_limits_that_azure_has(tags: dict[str, str], sentence: str) -> None:
    assert read({"tags": tags}) == Problem(Code.INVALID_PROPERTY, sentence)
    assert read_replication({"tags": tags}) == Problem(Code.INVALID_PROPERTY, sentence)


def test_tags_at_the_limits_are_taken() -> None:
    tags = {**{str(number): "" for number in range(49)}, "n" * 512: "v" * 256}
    found = read({"tags": tags})
    assert isinstance(found, Asked)
    assert found.tags == tags


def test_nesting_without_end_is_refused() -> None:
    nested: Any = {}
    for _ in range(40):
        nested = {"a": nested}
    found = read({"properties": nested})
    assert isinstance(found, Problem)
    assert found.message.startswith("The JSON is nested more than 32 levels deep")


def test_a_patch_merges_objects_replaces_lists_and_null_takes_away() -> None:
    kept = {
        "properties.policies": {"exportPolicy": {"status": "disabled"}, "scanPolicy": {"depth": 3, "on": True}},
        "properties.quotas": [1, 2],
        "properties.adminUserEnabled": True,
        "identity": {"type": "SystemAssigned"},
    }
    found = asked(policies={"scanPolicy": {"depth": 4, "on": None}}, quotas=[3], adminUserEnabled=None)
    assert found.kept_upon(kept) == {
        "properties.policies": {"exportPolicy": {"status": "disabled"}, "scanPolicy": {"depth": 4}},
        "properties.quotas": [3],
        "identity": {"type": "SystemAssigned"},
    }


def test_a_list_of_rules_takes_the_words_of_its_old_rules_away_and_leaves_the_other_list() -> None:
    kept = {
        "properties.networkRuleSet.ipRules[8.8.8.8].comment": "dns",
        f"properties.networkRuleSet.virtualNetworkRules[{SUBNET}].state": "Succeeded",
        "properties.networkRuleSet.zones": 1,
    }
    assert asked(networkRuleSet={"defaultAction": "Allow"}).kept_upon(kept) == kept
    assert asked(networkRuleSet={"ipRules": [{"value": "8.8.8.8", "since": 2026}]}).kept_upon(kept) == {
        "properties.networkRuleSet.ipRules[8.8.8.8].since": 2026,
        f"properties.networkRuleSet.virtualNetworkRules[{SUBNET}].state": "Succeeded",
        "properties.networkRuleSet.zones": 1,
    }


def test_a_put_of_a_list_keeps_the_names_that_only_portcullis_has() -> None:
    named = AccessPolicy(
        default_action=DefaultAction.DENY, rules=(rule("8.8.8.8", name="DNS"), rule("1.1.1.1", name="Gone"))
    )
    found = asked(networkRuleSet={"defaultAction": "Deny", "ipRules": [{"value": "8.8.8.8"}, {"value": "9.9.9.9"}]})
    assert found.policy_instead_of(named, "2026-09-01-preview") == AccessPolicy(
        default_action=DefaultAction.DENY, rules=(rule("8.8.8.8", name="DNS"), rule("9.9.9.9"))
    )


def test_a_put_without_a_rule_set_opens_what_was_selected() -> None:
    assert asked().policy_instead_of(selected("8.8.8.8"), "2026-09-01-preview") == AccessPolicy()


def test_what_is_kept_has_a_limit() -> None:
    assert too_much(asked(quotas="x" * (MOST_KEPT - 50)).kept_upon({})) is None
    assert too_much(asked(quotas="x" * MOST_KEPT).kept_upon({})) == Problem(
        Code.INVALID_PROPERTY, "Portcullis keeps at most 64 KiB of properties that it has no use for."
    )
