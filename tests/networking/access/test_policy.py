"""What a policy can be, and how one becomes another."""

import json
from dataclasses import replace
from typing import Any

import pytest

from networking.access.addresses import AddressRange
from networking.access.policy import (
    AccessPolicy,
    DefaultAction,
    Difference,
    PublicAccess,
    PublicNetworkAccess,
    Rule,
    difference,
    text_problem,
    too_many_rules,
)
from networking.access.problems import Code, Problem
from tests import make

ENABLED, SHUT = PublicNetworkAccess.ENABLED, PublicNetworkAccess.DISABLED
ALLOW, DENY = DefaultAction.ALLOW, DefaultAction.DENY
SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/a"
RANGE = AddressRange.stored("16.17.18.0/24")

FULL = AccessPolicy(
    public_network_access=SHUT,
    default_action=DENY,
    rules=(make.rule("16.17.18.0/24", name="Office", note="Until May"), make.rule("203.0.113.7")),
    subnets=(SUBNET,),
    trusted_services=False,
    tasks_bypass=True,
    data_endpoint=True,
)


def addresses(count: int) -> list[AddressRange]:
    """That many different ranges."""
    return [AddressRange(RANGE.first + 2 * number, 32) for number in range(count)]


def test_a_new_registry_is_open_to_all_networks_with_trusted_services_on() -> None:
    assert AccessPolicy() == AccessPolicy(
        public_network_access=ENABLED,
        default_action=ALLOW,
        rules=(),
        subnets=(),
        trusted_services=True,
        tasks_bypass=False,
        data_endpoint=False,
    )


@pytest.mark.parametrize(
    ("access", "action", "shown"),
    [
        pytest.param(ENABLED, ALLOW, PublicAccess.ALL_NETWORKS, id="all networks"),
        pytest.param(ENABLED, DENY, PublicAccess.SELECTED_NETWORKS, id="selected networks"),
        pytest.param(SHUT, DENY, PublicAccess.DISABLED, id="disabled"),
        pytest.param(SHUT, ALLOW, PublicAccess.DISABLED, id="disabled with default action Allow"),
    ],
)
@pytest.mark.parametrize("choice", list(PublicAccess))
def test_three_choices_are_shown_for_two_stored_facts(
    access: PublicNetworkAccess, action: DefaultAction, shown: PublicAccess, choice: PublicAccess
) -> None:
    policy = replace(FULL, public_network_access=access, default_action=action)
    assert policy.public_access is shown
    written = {
        PublicAccess.ALL_NETWORKS: (ENABLED, ALLOW),
        PublicAccess.SELECTED_NETWORKS: (ENABLED, DENY),
        PublicAccess.DISABLED: (SHUT, DENY),
    }[choice]
    if choice is shown:  # the choice that is shown changes neither fact
        written = (access, action)
    assert policy.with_public_access(choice) == replace(
        policy, public_network_access=written[0], default_action=written[1]
    )


def test_the_labels_are_those_of_the_portal() -> None:
    assert [choice.label for choice in PublicAccess] == ["All networks", "Selected networks", "Disabled"]


def test_a_rule_is_added_at_the_end_and_taken_away_again() -> None:
    policy = make.selected("203.0.113.7")
    more = policy.with_rule(RANGE, name="Office", note="Until May")
    assert more == replace(policy, rules=(*policy.rules, Rule(RANGE, "Office", "Until May")))


def test_a_rule_is_found_by_its_range() -> None:
    assert FULL.rule_for(RANGE) == Rule(RANGE, "Office", "Until May")
    assert FULL.rule_for(AddressRange.stored("16.17.18.0/25")) is None


def test_a_duplicate_is_refused() -> None:
    assert make.selected("16.17.18.0/24").with_rule(RANGE) == Problem(
        Code.DUPLICATE_IP_RULE, "16.17.18.0/24 is in the list twice. Delete one of them."
    )


def test_a_duplicate_is_seen_through_its_spelling() -> None:
    assert make.selected("16.17.18.19").with_rule(make.rule("16.17.18.19/32").range) == Problem(
        Code.DUPLICATE_IP_RULE, "16.17.18.19 is in the list twice. Delete one of them."
    )


def test_a_range_inside_another_is_no_duplicate() -> None:
    assert isinstance(make.selected("16.17.18.0/24").with_rule(AddressRange.stored("16.17.18.0/25")), AccessPolicy)


def test_the_hundredth_rule_is_the_last() -> None:
    policy = AccessPolicy().with_ranges(addresses(100))
    assert isinstance(policy, AccessPolicy)
    assert len(policy.rules) == 100
    assert policy.with_rule(AddressRange.stored("203.0.113.7")) == Problem(
        Code.QUOTA_EXCEEDED, "A registry can have 100 rules. Delete 1 to save."
    )


def test_ten_thousand_rules_are_refused_with_how_many_to_delete() -> None:
    assert AccessPolicy().with_ranges(addresses(10_000)) == too_many_rules(10_000)
    assert too_many_rules(10_000) == Problem(
        Code.QUOTA_EXCEEDED, "A registry can have 100 rules. Delete 9,900 to save."
    )


@pytest.mark.parametrize(
    ("name", "note", "problem"),
    [
        pytest.param("", "", None, id="nothing"),
        pytest.param("n" * 80, "t" * 400, None, id="just short enough"),
        pytest.param("Büro 東京 🏢", "« oui »", None, id="any language"),
        pytest.param(
            "n" * 81,
            "",
            Problem(Code.INVALID_RULE_TEXT, "A name can have 80 characters; this one has 81."),
            id="a long name",
        ),
        pytest.param(
            "",
            "t" * 12_345,
            Problem(Code.INVALID_RULE_TEXT, "A note can have 400 characters; this one has 12,345."),
            id="a long note",
        ),
        *(
            pytest.param(
                f"a{bad}b",
                "",
                Problem(
                    Code.INVALID_RULE_TEXT, "A name can't hold line breaks or control characters. Type it on one line."
                ),
                id=meaning,
            )
            for bad, meaning in (
                ("\x00", "NUL, which PostgreSQL can't keep"),
                ("\ud800", "half a surrogate pair, which no database can keep"),
                ("\n", "a line break"),
                ("\x1b", "an escape, which a terminal would obey"),
            )
        ),
    ],
)
def test_a_name_and_a_note_fit_their_row(name: str, note: str, problem: Problem | None) -> None:
    assert text_problem(name, note) == problem
    expected = problem or replace(AccessPolicy(), rules=(Rule(RANGE, name, note),))
    assert AccessPolicy().with_rule(RANGE, name=name, note=note) == expected


def test_names_and_notes_stay_with_their_range() -> None:
    new = AddressRange.stored("198.51.100.0/24")
    changed = FULL.with_ranges([new, AddressRange.stored("203.0.113.7"), RANGE])
    assert changed == replace(
        FULL, rules=(Rule(new), make.rule("203.0.113.7"), make.rule("16.17.18.0/24", name="Office", note="Until May"))
    )


@pytest.mark.parametrize("sku", ["Basic", "Standard"])
@pytest.mark.parametrize(
    ("policy", "code", "message"),
    [
        pytest.param(
            make.disabled(),
            Code.DISABLING_NOT_SUPPORTED,
            "Disabling public network access is not supported for the SKU {sku}. "
            "For more information, please visit https://aka.ms/acr/private-link.",
            id="disabled",
        ),
        pytest.param(
            make.selected(),
            Code.NETWORK_RULE_NOT_SUPPORTED,
            "The requested feature virtual network rule is not supported for the SKU {sku}.",
            id="selected networks without a rule",
        ),
        pytest.param(
            AccessPolicy(rules=(make.rule("16.17.18.19"),)),
            Code.NETWORK_RULE_NOT_SUPPORTED,
            "The requested feature virtual network rule is not supported for the SKU {sku}.",
            id="rules kept under All networks",
        ),
        pytest.param(
            AccessPolicy(subnets=(SUBNET,)),
            Code.NETWORK_RULE_NOT_SUPPORTED,
            "The requested feature virtual network rule is not supported for the SKU {sku}.",
            id="subnets kept under All networks",
        ),
        pytest.param(
            AccessPolicy(data_endpoint=True),
            Code.DATA_ENDPOINT_NOT_SUPPORTED,
            "The requested feature data endpoint rule is not supported for the SKU {sku}.",
            id="data endpoint",
        ),
    ],
)
def test_network_rules_need_premium(policy: AccessPolicy, code: Code, message: str, sku: str) -> None:
    assert policy.problem_for_tier(sku) == Problem(code, message.format(sku=sku))
    assert policy.problem_for_tier("Premium") is None


@pytest.mark.parametrize("sku", ["Basic", "Standard"])
def test_the_trusted_services_setting_is_there_in_every_tier(sku: str) -> None:
    assert AccessPolicy().problem_for_tier(sku) is None
    assert AccessPolicy(trusted_services=False, tasks_bypass=True).problem_for_tier(sku) is None


def test_the_record_spells_arm_words() -> None:
    assert FULL.record() == {
        "publicNetworkAccess": "Disabled",
        "networkRuleSet": {
            "defaultAction": "Deny",
            "ipRules": [
                {"value": "16.17.18.0/24", "name": "Office", "note": "Until May"},
                {"value": "203.0.113.7", "name": "", "note": ""},
            ],
            "virtualNetworkRules": [{"id": SUBNET}],
        },
        "networkRuleBypassOptions": "None",
        "networkRuleBypassAllowedForTasks": True,
        "dataEndpointEnabled": True,
    }


@pytest.mark.parametrize("policy", [AccessPolicy(), FULL, make.selected(), AccessPolicy(public_network_access=SHUT)])
def test_a_record_is_read_back_through_json(policy: AccessPolicy) -> None:
    assert AccessPolicy.from_record(json.loads(json.dumps(policy.record()))) == policy


def broken(**changes: Any) -> dict[str, Any]:
    return {**FULL.record(), **changes}


@pytest.mark.parametrize(
    "record",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"sku": "Basic"}, id="the record of a change of tier"),
        pytest.param(broken(publicNetworkAccess="SecuredByPerimeter"), id="an unknown access"),
        pytest.param(broken(networkRuleBypassOptions="Everybody"), id="an unknown bypass"),
        pytest.param(broken(networkRuleSet=None), id="no rule set"),
        pytest.param(broken(networkRuleSet=[]), id="a list for the rule set"),
        pytest.param(
            broken(networkRuleSet={**FULL.record()["networkRuleSet"], "ipRules": [{"value": "::1"}]}), id="::1"
        ),
        pytest.param(
            broken(
                networkRuleSet={
                    **FULL.record()["networkRuleSet"],
                    "ipRules": [{"value": "16.17.18.19/32", "name": "", "note": ""}],
                }
            ),
            id="a range that we spell otherwise",
        ),
        pytest.param(broken(regionalEndpoints="Enabled"), id="a property nobody reads"),
    ],
)
def test_only_the_record_of_a_policy_is_read_as_one(record: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any sentence
        AccessPolicy.from_record(record)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(replace(FULL, public_network_access=ENABLED), id="public network access"),
        pytest.param(replace(FULL, default_action=ALLOW), id="default action"),
        pytest.param(replace(FULL, rules=()), id="no rules"),
        pytest.param(replace(FULL, rules=FULL.rules[:1]), id="a rule less"),
        pytest.param(replace(FULL, rules=FULL.rules[::-1]), id="the order of rules"),
        pytest.param(replace(FULL, rules=(replace(FULL.rules[0], name="office"), FULL.rules[1])), id="a name"),
        pytest.param(replace(FULL, rules=(replace(FULL.rules[0], note=""), FULL.rules[1])), id="a note"),
        pytest.param(
            replace(FULL, rules=(replace(FULL.rules[0], name="", note="Office"), FULL.rules[1])), id="a name as note"
        ),
        pytest.param(replace(FULL, subnets=()), id="subnets"),
        pytest.param(replace(FULL, trusted_services=True), id="trusted services"),
        pytest.param(replace(FULL, tasks_bypass=False), id="tasks"),
        pytest.param(replace(FULL, data_endpoint=False), id="data endpoint"),
    ],
)
def test_the_fingerprint_changes_with_every_field(changed: AccessPolicy) -> None:
    assert changed.fingerprint != FULL.fingerprint
    assert len(changed.fingerprint) == 64
    assert set(changed.fingerprint) <= set("0123456789abcdef")


def test_the_fingerprint_stays_the_same_from_one_release_to_the_next() -> None:
    """It stands in pages that people have open, and in what clients keep."""
    assert AccessPolicy().fingerprint == "4b4efa3d585b0c7cd3bcbb9e87f65e97736a63ab73d55de1363064b50c33a210"


OFFICE = make.rule("16.17.18.0/24", name="Office")
HOME = make.rule("203.0.113.7", name="Home")
VPN = make.rule("198.51.100.0/24", name="VPN")
LIST = AccessPolicy(default_action=DENY, rules=(OFFICE, HOME))


@pytest.mark.parametrize(
    ("after", "found"),
    [
        pytest.param(LIST, Difference(), id="nothing"),
        pytest.param(replace(LIST, rules=(OFFICE, HOME, VPN)), Difference(added=(VPN,)), id="added"),
        pytest.param(replace(LIST, rules=(VPN, OFFICE, HOME)), Difference(added=(VPN,)), id="added in front"),
        pytest.param(replace(LIST, rules=(HOME,)), Difference(removed=(OFFICE,)), id="removed"),
        pytest.param(replace(LIST, rules=(VPN, HOME)), Difference(added=(VPN,), removed=(OFFICE,)), id="replaced"),
        pytest.param(replace(LIST, rules=(HOME, OFFICE)), Difference(reordered=True), id="reordered"),
        pytest.param(
            replace(LIST, rules=(replace(OFFICE, name="Works"), HOME)),
            Difference(renamed=((OFFICE, replace(OFFICE, name="Works")),)),
            id="another name",
        ),
        pytest.param(
            replace(LIST, rules=(OFFICE, replace(HOME, note="Bo's"))),
            Difference(renamed=((HOME, replace(HOME, note="Bo's")),)),
            id="another note",
        ),
        pytest.param(
            replace(LIST, rules=(replace(HOME, name="H"), VPN, OFFICE)),
            Difference(added=(VPN,), renamed=((HOME, replace(HOME, name="H")),), reordered=True),
            id="several at once",
        ),
        pytest.param(
            LIST.with_public_access(PublicAccess.ALL_NETWORKS),
            Difference(
                settings=(
                    ("Public network access", "Selected networks", "All networks"),
                    ("Default action", "Deny", "Allow"),
                )
            ),
            id="all networks",
        ),
        pytest.param(
            LIST.with_public_access(PublicAccess.DISABLED),
            Difference(settings=(("Public network access", "Selected networks", "Disabled"),)),
            id="disabled",
        ),
        pytest.param(
            replace(LIST, trusted_services=False, tasks_bypass=True, data_endpoint=True, subnets=(SUBNET,)),
            Difference(
                settings=(
                    ("Trusted services", "Allowed", "Not allowed"),
                    ("Tasks with a managed identity", "Not allowed", "Allowed"),
                    ("Dedicated data endpoint", "Off", "On"),
                    ("Virtual network rules", "None", SUBNET),
                )
            ),
            id="the other settings",
        ),
    ],
)
def test_the_difference_names_what_happened(after: AccessPolicy, found: Difference) -> None:
    assert difference(LIST, after) == found
    assert bool(found) is (after != LIST)


def test_a_fact_that_no_radio_shows_is_a_difference_too() -> None:
    allow = AccessPolicy(public_network_access=SHUT, default_action=ALLOW)
    assert difference(allow, replace(allow, default_action=DENY)) == Difference(
        settings=(("Default action", "Allow", "Deny"),)
    )
