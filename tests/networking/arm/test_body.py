import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from networking.access.addresses import AddressRange
from networking.access.policy import AccessPolicy, DefaultAction, PublicNetworkAccess, Rule
from networking.access.problems import Code, Problem
from networking.arm.body import merge, properties
from tests.make import disabled, rule, selected

SUBNET = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/myResourceGroup"
    "/providers/Microsoft.Network/virtualNetworks/myVnet/subnets/mySubnet"
)
NAMED = AccessPolicy(
    default_action=DefaultAction.DENY,
    rules=(rule("16.17.18.0/24", name="Office", note="All floors"), rule("198.51.100.7", name="Build server")),
    subnets=(SUBNET,),
    data_endpoint=True,
)


def public_ranges() -> st.SearchStrategy[AddressRange]:
    """Inside 16.0.0.0/6, where nothing is private or reserved."""
    return st.builds(
        lambda prefix, place: AddressRange.spanning(
            (16 << 24) + ((place % (1 << 26)) >> (32 - prefix) << (32 - prefix)), prefix
        ),
        st.integers(8, 32),
        st.integers(min_value=0),
    )


words = st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=20)
policies = st.builds(
    AccessPolicy,
    public_network_access=st.sampled_from(PublicNetworkAccess),
    default_action=st.sampled_from(DefaultAction),
    rules=st.lists(st.builds(Rule, public_ranges(), words, words), max_size=20, unique_by=lambda each: each.range).map(
        tuple
    ),
    subnets=st.lists(st.integers(0, 200), max_size=5, unique=True).map(
        lambda numbers: tuple(f"{SUBNET}{number}" for number in numbers)
    ),
    trusted_services=st.booleans(),
    tasks_bypass=st.booleans(),
    data_endpoint=st.booleans(),
)


@given(policies)
def test_what_properties_spell_merges_back_to_the_same_policy_names_and_notes_included(policy: AccessPolicy) -> None:
    assert merge(policy, properties(policy)) == policy


@given(policies, policies)
def test_properties_carry_a_whole_policy_but_for_names(policy: AccessPolicy, other: AccessPolicy) -> None:
    merged = merge(other, properties(policy))
    assert isinstance(merged, AccessPolicy)
    assert properties(merged) == properties(policy)


def test_properties_are_spelled_as_arm_spells_them() -> None:
    assert properties(NAMED) == {
        "publicNetworkAccess": "Enabled",
        "networkRuleSet": {
            "defaultAction": "Deny",
            "virtualNetworkRules": [{"action": "Allow", "virtualNetworkSubnetResourceId": SUBNET}],
            "ipRules": [{"action": "Allow", "value": "16.17.18.0/24"}, {"action": "Allow", "value": "198.51.100.7"}],
        },
        "networkRuleBypassOptions": "AzureServices",
        "networkRuleBypassAllowedForTasks": False,
        "dataEndpointEnabled": True,
    }


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param({}, NAMED, id="nothing-said-nothing-changed"),
        pytest.param(
            dict.fromkeys(("publicNetworkAccess", "networkRuleSet", "dataEndpointEnabled", "networkRuleBypassOptions")),
            NAMED,
            id="null-is-absent",
        ),
        pytest.param({"adminUserEnabled": True}, NAMED, id="other-properties"),
        pytest.param(
            {"networkRuleSet": {"defaultAction": "Allow"}},
            AccessPolicy(rules=NAMED.rules, subnets=NAMED.subnets, data_endpoint=True),
            id="default-action-alone-keeps-the-rules",
        ),
        pytest.param(
            {"networkRuleSet": {"ipRules": []}},
            AccessPolicy(default_action=DefaultAction.DENY, subnets=NAMED.subnets, data_endpoint=True),
            id="an-empty-list-clears-and-the-other-list-stays",
        ),
        pytest.param(
            {"networkRuleSet": {"ipRules": [{"value": "203.0.113.0/24"}, {"value": "16.17.18.0/24"}]}},
            AccessPolicy(
                default_action=DefaultAction.DENY,
                rules=(rule("203.0.113.0/24"), rule("16.17.18.0/24", name="Office", note="All floors")),
                subnets=NAMED.subnets,
                data_endpoint=True,
            ),
            id="a-list-is-replaced-whole-and-a-range-keeps-its-name",
        ),
        pytest.param(
            {"networkRuleSet": {"virtualNetworkRules": []}},
            AccessPolicy(default_action=DefaultAction.DENY, rules=NAMED.rules, data_endpoint=True),
            id="virtual-network-rules-cleared",
        ),
        pytest.param(
            {
                "publicNetworkAccess": "disabled",
                "networkRuleBypassOptions": "NONE",
                "networkRuleBypassAllowedForTasks": True,
                "dataEndpointEnabled": False,
                "networkRuleSet": {"defaultAction": "ALLOW"},
            },
            AccessPolicy(
                public_network_access=PublicNetworkAccess.DISABLED,
                default_action=DefaultAction.ALLOW,
                rules=NAMED.rules,
                subnets=NAMED.subnets,
                trusted_services=False,
                tasks_bypass=True,
            ),
            id="words-in-any-letter-case",
        ),
    ],
)
def test_a_merge_changes_what_is_said_and_nothing_else(said: dict[str, Any], expected: AccessPolicy) -> None:
    assert merge(NAMED, said) == expected


@pytest.mark.parametrize(
    "spelled",
    [
        pytest.param({"value": "16.17.18.19/32", "action": "allow"}, id="arm"),
        pytest.param({"ipAddressOrRange": " 16.17.18.19 "}, id="az"),
        pytest.param({"ipAddressOrRange": "16.17.18.19", "value": None, "action": None}, id="az-prints-null"),
    ],
)
def test_an_ip_rule_is_read_in_every_spelling(spelled: dict[str, Any]) -> None:
    assert merge(disabled(), {"networkRuleSet": {"ipRules": [spelled]}}) == disabled("16.17.18.19")


@pytest.mark.parametrize(
    "spelled",
    [
        pytest.param({"virtualNetworkSubnetResourceId": SUBNET}, id="arm-today"),
        pytest.param({"action": "Allow", "id": SUBNET}, id="arm-until-2021"),
        pytest.param({"virtualNetworkResourceId": SUBNET}, id="az"),
        pytest.param({"virtualNetworkResourceId": SUBNET.lower(), "virtualNetworkSubnetResourceId": SUBNET}, id="both"),
    ],
)
def test_a_virtual_network_rule_is_read_in_every_spelling(spelled: dict[str, Any]) -> None:
    merged = merge(selected(), {"networkRuleSet": {"virtualNetworkRules": [spelled]}})
    assert merged == selected(subnets=(SUBNET,))


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        pytest.param([], "The property 'properties' is a list; it must be an object.", id="a-list"),
        pytest.param(
            {"publicNetworkAccess": "Sometimes"},
            "The property 'publicNetworkAccess' is 'Sometimes'; it must be Enabled or Disabled.",
            id="unknown-word",
        ),
        pytest.param(
            {"publicNetworkAccess": True},
            "The property 'publicNetworkAccess' is true; it must be Enabled or Disabled.",
            id="a-boolean-for-a-word",
        ),
        pytest.param(
            {"networkRuleBypassOptions": "Everybody"},
            "The property 'networkRuleBypassOptions' is 'Everybody'; it must be AzureServices or None.",
            id="unknown-bypass",
        ),
        pytest.param(
            {"networkRuleBypassAllowedForTasks": 1},
            "The property 'networkRuleBypassAllowedForTasks' is 1; it must be true or false.",
            id="a-number-for-a-boolean",
        ),
        pytest.param(
            {"dataEndpointEnabled": "true"},
            "The property 'dataEndpointEnabled' is 'true'; it must be true or false.",
            id="a-text-for-a-boolean",
        ),
        pytest.param(
            {"networkRuleSet": "Deny"},
            "The property 'networkRuleSet' is 'Deny'; it must be an object.",
            id="a-text-for-the-rule-set",
        ),
        pytest.param(
            {"networkRuleSet": {"defaultAction": "Refuse" * 30}},
            f"The property 'networkRuleSet.defaultAction' is '{'Refuse' * 10}Refu…'; it must be Allow or Deny.",
            id="a-long-word-is-cut",
        ),
        pytest.param(
            {"networkRuleSet": {"ipRules": {}}},
            "The property 'networkRuleSet.ipRules' is an object; it must be a list.",
            id="an-object-for-a-list",
        ),
        pytest.param(
            {"networkRuleSet": {"ipRules": ["16.17.18.19"]}},
            "The property 'networkRuleSet.ipRules[0]' is '16.17.18.19'; it must be an object.",
            id="a-bare-address",
        ),
        pytest.param(
            {"networkRuleSet": {"ipRules": [{"action": "Allow"}]}},
            "The property 'networkRuleSet.ipRules[0]' is an object; it must be an object with 'value'.",
            id="no-value",
        ),
        pytest.param(
            {"networkRuleSet": {"ipRules": [{"value": "16.17.18.19"}, {"value": 16}]}},
            "The property 'networkRuleSet.ipRules[1].value' is 16; it must be a text.",
            id="a-number-for-an-address",
        ),
        pytest.param(
            {"networkRuleSet": {"ipRules": [{"value": "16.17.18.19", "action": "Deny"}]}},
            "The property 'networkRuleSet.ipRules[0].action' is 'Deny'; it must be Allow.",
            id="a-rule-that-denies",
        ),
        pytest.param(
            {"networkRuleSet": {"ipRules": [{"value": "1.1.1.1", "ipAddressOrRange": "8.8.8.8"}]}},
            "The property 'networkRuleSet.ipRules[0]' is an object; "
            "it must be one in which value and ipAddressOrRange agree.",
            id="two-values",
        ),
        pytest.param(
            {"networkRuleSet": {"virtualNetworkRules": [{"id": "/subscriptions/1"}]}},
            "The property 'networkRuleSet.virtualNetworkRules[0].virtualNetworkSubnetResourceId' is "
            "'/subscriptions/1'; it must be the resource id of a subnet.",
            id="not-a-subnet",
        ),
        pytest.param(
            {"networkRuleSet": {"virtualNetworkRules": [{"id": SUBNET}, {"id": SUBNET.upper()}]}},
            f"Virtual network rule is not valid - Found duplicate virtual network rule {SUBNET.upper()}. "
            "For more information, please visit https://aka.ms/acr/vnet",
            id="a-subnet-twice",
        ),
        pytest.param(
            {"networkRuleSet": {"virtualNetworkRules": [{"id": f"{SUBNET}{n}"} for n in range(101)]}},
            "The property 'networkRuleSet.virtualNetworkRules' is a list; it must be a list of at most 100 rules.",
            id="101-subnets",
        ),
    ],
)
def test_a_wrong_type_or_word_is_refused_with_the_property_what_it_was_and_what_is_right(
    said: object, sentence: str
) -> None:
    assert merge(NAMED, said) == Problem(Code.INVALID_PROPERTY, sentence)


@pytest.mark.parametrize("text", ["10.0.0.0/8", "172.0.0.0/8", "0.0.0.0/0", "16.17.18.5/24", "::1", "２.2.2.2", ""])
def test_an_address_that_is_no_rule_is_refused_in_the_words_of_the_address_itself(text: str) -> None:
    problem = AddressRange.parse(text)
    assert isinstance(problem, Problem)
    assert merge(NAMED, {"networkRuleSet": {"ipRules": [{"value": text}]}}) == problem


def test_a_range_twice_is_refused_even_where_it_is_spelled_differently() -> None:
    said = {"networkRuleSet": {"ipRules": [{"value": "8.8.8.8"}, {"value": "8.8.8.8/32"}]}}
    assert merge(NAMED, said) == Problem(Code.DUPLICATE_IP_RULE, "8.8.8.8 is in the list twice. Delete one of them.")


def test_a_hundred_rules_are_taken_and_the_next_one_is_refused() -> None:
    ranges = [f"8.8.{number}.8" for number in range(101)]
    assert merge(selected(), {"networkRuleSet": {"ipRules": [{"value": text} for text in ranges[:100]]}}) == selected(
        *ranges[:100]
    )
    assert merge(selected(), {"networkRuleSet": {"ipRules": [{"value": text} for text in ranges]}}) == Problem(
        Code.QUOTA_EXCEEDED, "A registry can have 100 rules. Delete 1 to save."
    )


def test_a_deep_body_is_refused_without_being_spelled_out() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    refused = merge(NAMED, {"networkRuleSet": deep})
    assert isinstance(refused, Problem)
    assert re.fullmatch(r"The property 'networkRuleSet' is a list; it must be an object\.", refused.message)
