"""Whatever JSON a client sends: one answer in an envelope, and all of it stored or nothing."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as examining
from hypothesis import strategies as st

from networking.access.policy import AccessPolicy, Rule
from networking.arm.body import merge
from networking.arm.versions import KNOWN
from networking.models import EndpointSettings, PrivateEndpointConnection
from registries.models import Change, Registry
from tests import make
from tests.networking.arm.asking import REGISTRY, Arm

SUBNET = (
    "/subscriptions/11111111-0000-0000-0000-000000000001/resourceGroups/elsewhere"
    "/providers/Microsoft.Network/virtualNetworks/theirVnet/subnets/theirSubnet"
)
WORDS = [
    "Allow",
    "Deny",
    "Enabled",
    "disabled",
    "None",
    "Premium",
    "Basic",
    "eastus",
    "16.17.18.0/24",
    "8.8.8.8",
    SUBNET,
]
NAMES = [
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
    "identity",
    "policies",
    "exportPolicy",
    "softDeletePolicy",
    "retentionDays",
    "encryption",
    "keyVaultProperties",
    "zones",
    "status",
    "publicNetworkAccess",
    "PublicNetworkAccess",
    "networkRuleBypassOptions",
    "dataEndpointEnabled",
    "adminUserEnabled",
    "regionalEndpoints",
    "endpointProtocol",
    "privateLinkServiceConnectionState",
    "regionEndpointEnabled",
    "networkRuleSet.defaultAction",
    "networkRuleSet.ipRules[16.17.18.19]",
    "properties.adminUserEnabled",
    "properties.provisioningState",
]
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(WORDS)
)
anything = st.recursive(
    leaves,
    lambda inside: (
        st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inside, max_size=5)
    ),
    max_leaves=25,
)
objects = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), anything, max_size=5)
rule_sets = st.fixed_dictionaries(
    {},
    optional={
        "defaultAction": st.sampled_from(["Allow", "Deny"]) | leaves,
        "ipRules": st.lists(st.fixed_dictionaries({"value": st.sampled_from(WORDS) | leaves}), max_size=3) | anything,
        "virtualNetworkRules": st.lists(st.fixed_dictionaries({"id": st.sampled_from(WORDS)}), max_size=2) | anything,
    },
)
# Near enough to a real body that many of them are taken.
bodies = objects | st.fixed_dictionaries(
    {},
    optional={
        "location": st.just("eastus") | leaves,
        "sku": st.fixed_dictionaries({"name": st.sampled_from(["Premium", "Basic", "Standard"])}) | anything,
        "tags": st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=3) | anything,
        "properties": st.fixed_dictionaries(
            {},
            optional={
                "networkRuleSet": rule_sets,
                "publicNetworkAccess": st.sampled_from(["Enabled", "Disabled"]) | leaves,
                "dataEndpointEnabled": st.booleans() | leaves,
                "policies": anything,
                "anything": anything,
            },
        )
        | objects,
    },
)
often = examining(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def state(registry: Registry) -> Any:
    registry.refresh_from_db()
    policy = EndpointSettings.of(registry).policy
    return policy, registry.sku, registry.tags, registry.kept_aside, registry.replica_regions, Change.objects.count()


def holds(registry: Registry) -> None:
    """What the summary columns repeat is true, and the tier holds the policy."""
    policy = EndpointSettings.of(registry).policy
    assert policy.problem_for_tier(registry.sku) is None
    assert (registry.public_access, registry.rule_count, registry.subnet_count, registry.data_endpoint) == (
        policy.public_access.value,
        len(policy.rules),
        len(policy.subnets),
        policy.data_endpoint,
    )


def says_what_decides(registry: Registry, shown: Any) -> None:
    """Whatever is kept beside it: what a client reads is the policy that is stored, so that it can be put back."""
    stored = EndpointSettings.of(registry).policy
    assert merge(AccessPolicy(), shown) == replace(stored, rules=tuple(Rule(each.range) for each in stored.rules))
    assert isinstance(shown["adminUserEnabled"], bool)
    assert shown["provisioningState"] == "Succeeded"


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_registry_is_changed_whole_or_not_at_all(contributor: Arm, method: str) -> None:
    registry = make.registry(policy=make.selected("16.17.18.19"))
    taken = 0

    @often
    @given(bodies, st.sampled_from(KNOWN))
    @example({"properties": {"policies": {"exportPolicy": None}}}, "2026-09-01-preview")
    @example({"sku": {"name": "Premium"}, "properties": {"networkRuleSet": None}}, "2026-09-01-preview")
    def asked(body: Any, version: str) -> None:
        nonlocal taken
        if method == "PUT":
            body = {"location": "eastus", "sku": {"name": "Premium"}, **body}
        before = state(registry)
        answer = contributor.ask(method, REGISTRY, body, version=version)
        if answer.status == 200:
            taken += 1
            shown = contributor.get(REGISTRY, version=version)
            assert (shown.status, shown.json) == (200, answer.json)
            state(registry)
            holds(registry)
            says_what_decides(registry, contributor.get(REGISTRY).json["properties"])
        else:
            assert 400 <= answer.status < 500, answer
            assert set(answer.json["error"]) >= {"code", "message"}
            assert state(registry) == before

    asked()
    assert taken > 10


def test_a_replication_is_changed_whole_or_not_at_all(contributor: Arm) -> None:
    registry = make.registry()

    @often
    @given(objects, st.sampled_from(["PUT", "PATCH"]))
    def asked(body: Any, method: str) -> None:
        before = state(registry)
        answer = contributor.ask(method, f"{REGISTRY}/replications/westus", {"location": "westus", **body})
        assert answer.status < 500, answer
        if answer.status >= 400:
            assert state(registry) == before

    asked()


def test_a_connection_is_decided_or_not_at_all(contributor: Arm) -> None:
    registry = make.registry()
    PrivateEndpointConnection.objects.create(registry=registry, name="one", private_endpoint="/x")

    @often
    @given(objects)
    def asked(body: Any) -> None:
        before = state(registry)
        answer = contributor.put(f"{REGISTRY}/privateEndpointConnections/one", body)
        assert answer.status < 500, answer
        if answer.status >= 400:
            assert state(registry) == before

    asked()
