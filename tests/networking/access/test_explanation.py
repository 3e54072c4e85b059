from ipaddress import ip_address

import pytest

from networking.access.decision import Caller, ConnectionState, Decision, Identity, Reason, SubnetHost, decide
from networking.access.explanation import explain
from networking.access.policy import AccessPolicy, DefaultAction
from tests.make import disabled, rule, selected

SUBNET = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/myResourceGroup"
    "/providers/Microsoft.Network/virtualNetworks/myVnet/subnets/mySubnet"
)
OFFICE = AccessPolicy(
    default_action=DefaultAction.DENY, rules=(rule("198.51.100.7"), rule("16.17.18.0/24", name="Office"))
)

SCANNER = Caller(ip_address("203.0.113.9"), identity=Identity.TRUSTED_SERVICE, service="Image scanner")


def at(address: str) -> Caller:
    return Caller(address=ip_address(address))


CASES = [
    pytest.param(
        disabled(),
        Caller(address=ip_address("10.0.0.4"), private_endpoint=ConnectionState.APPROVED),
        Reason.PRIVATE_ENDPOINT,
        "Allowed: 10.0.0.4 may reach 'myregistry', because it comes through an approved private endpoint, "
        "which no address range binds.",
        id="private-endpoint",
    ),
    pytest.param(
        AccessPolicy(),
        at("8.8.8.8"),
        Reason.ALL_NETWORKS,
        "Allowed: 8.8.8.8 may reach 'myregistry', because public network access is open to all networks; "
        "signing in is still required.",
        id="all-networks",
    ),
    pytest.param(
        OFFICE,
        at("16.17.18.19"),
        Reason.IP_RULE,
        "Allowed: 16.17.18.19 may reach 'myregistry', because rule 2 of the firewall list (16.17.18.0/24, 'Office') "
        "covers it.",
        id="a-rule-with-a-name",
    ),
    pytest.param(
        OFFICE,
        at("198.51.100.7"),
        Reason.IP_RULE,
        "Allowed: 198.51.100.7 may reach 'myregistry', because rule 1 of the firewall list (198.51.100.7) covers it.",
        id="a-rule-without-a-name",
    ),
    pytest.param(
        selected(subnets=(SUBNET,)),
        Caller(subnet=SUBNET),
        Reason.SUBNET_RULE,
        "Allowed: a machine in the subnet 'mySubnet' may reach 'myregistry', because a virtual network rule names the "
        "subnet it comes from.",
        id="subnet-rule",
    ),
    pytest.param(
        disabled(),
        Caller(identity=Identity.TRUSTED_SERVICE),
        Reason.TRUSTED_SERVICE,
        "Allowed: a trusted Microsoft service may reach 'myregistry', because trusted Microsoft services are allowed "
        "to pass the firewall.",
        id="trusted-service",
    ),
    pytest.param(
        selected(),
        SCANNER,
        Reason.TRUSTED_SERVICE,
        "Allowed: 203.0.113.9 may reach 'myregistry', because it belongs to 'Image scanner', a trusted service, which "
        "is allowed to pass the firewall.",
        id="an-address-in-a-service's-network",
    ),
    pytest.param(
        selected(),
        Caller(identity=Identity.TRUSTED_SERVICE, service="Image scanner"),
        Reason.TRUSTED_SERVICE,
        "Allowed: the trusted service 'Image scanner' may reach 'myregistry', because trusted services are allowed to "
        "pass the firewall.",
        id="a-service-by-name",
    ),
    pytest.param(
        selected(trusted_services=False),
        SCANNER,
        Reason.NO_RULE,
        "Denied: 203.0.113.9 can't reach 'myregistry', because it belongs to 'Image scanner', a trusted service that "
        "is not let past the firewall, no address range covers it, and everyone else gets 403 Forbidden.",
        id="an-address-in-a-service's-network-exception-off",
    ),
    pytest.param(
        disabled(trusted_services=False),
        SCANNER,
        Reason.PUBLIC_ACCESS_DISABLED,
        "Denied: 203.0.113.9 can't reach 'myregistry', because it belongs to 'Image scanner', a trusted service that "
        "is not let past the firewall, and public network access is disabled.",
        id="an-address-in-a-service's-network-disabled",
    ),
    pytest.param(
        OFFICE,
        Caller(subnet=SUBNET),
        Reason.NO_RULE,
        "Denied: a machine in the subnet 'mySubnet' can't reach 'myregistry', because no virtual network rule names "
        "the subnet it comes from and no address range covers it, and everyone else gets 403 Forbidden.",
        id="a-subnet-without-a-rule",
    ),
    pytest.param(
        selected(subnets=(SUBNET,)),
        Caller(subnet=SUBNET, host=SubnetHost.OTHER),
        Reason.NO_RULE,
        "Denied: a service in the subnet 'mySubnet' can't reach 'myregistry', because a service endpoint lets in "
        "virtual machines and AKS clusters only and no address range covers it, and everyone else gets 403 Forbidden.",
        id="a-host-that-no-service-endpoint-carries",
    ),
    pytest.param(
        disabled("16.17.18.0/24"),
        at("16.17.18.19"),
        Reason.PUBLIC_ACCESS_DISABLED,
        "Denied: 16.17.18.19 can't reach 'myregistry', because public network access is disabled and address ranges "
        "are ignored.",
        id="disabled",
    ),
    pytest.param(
        OFFICE,
        at("8.8.8.8"),
        Reason.NO_RULE,
        "Denied: 8.8.8.8 can't reach 'myregistry', because no address range covers it, and everyone else gets "
        "403 Forbidden.",
        id="no-rule",
    ),
    pytest.param(
        selected(),
        at("8.8.8.8"),
        Reason.NO_RULE,
        "Denied: 8.8.8.8 can't reach 'myregistry', because the firewall list is empty, and everyone else gets "
        "403 Forbidden.",
        id="an-empty-list",
    ),
    pytest.param(
        OFFICE,
        at("2001:db8::1"),
        Reason.NO_RULE,
        "Denied: 2001:db8::1 can't reach 'myregistry', because rules take IPv4 addresses only, so no address range "
        "covers it, and everyone else gets 403 Forbidden.",
        id="ipv6",
    ),
    pytest.param(
        OFFICE,
        at("172.16.0.9"),
        Reason.NO_RULE,
        "Denied: 172.16.0.9 can't reach 'myregistry', because it is a private address, so no address range covers it, "
        "and everyone else gets 403 Forbidden.",
        id="a-private-address",
    ),
    pytest.param(
        OFFICE,
        Caller(identity=Identity.REGISTRY_TASK),
        Reason.NO_RULE,
        "Denied: a registry task with a system-assigned identity can't reach 'myregistry', because it is not let past "
        "the firewall and no address range covers it, and everyone else gets 403 Forbidden.",
        id="a-task",
    ),
    pytest.param(
        None,
        at("8.8.8.8"),
        Reason.UNKNOWN_REGISTRY,
        "Denied: 8.8.8.8 can't reach 'myregistry', because there is no registry of that name.",
        id="unknown-registry",
    ),
    pytest.param(
        OFFICE,
        Caller(),
        Reason.UNKNOWN_ADDRESS,
        "Denied: this caller can't reach 'myregistry', because its address is not known, and what is not known is "
        "refused.",
        id="unknown-address",
    ),
    pytest.param(
        selected(),
        Caller(private_endpoint=ConnectionState.PENDING),
        Reason.UNKNOWN_ADDRESS,
        "Denied: a caller through a private endpoint (Pending) can't reach 'myregistry', because its address is not "
        "known, and what is not known is refused.",
        id="a-private-endpoint-that-waits",
    ),
]


@pytest.mark.parametrize(("policy", "caller", "reason", "sentence"), CASES)
def test_a_decision_is_one_sentence(policy: AccessPolicy | None, caller: Caller, reason: Reason, sentence: str) -> None:
    decision = decide(policy, caller)
    assert decision.reason is reason
    assert explain(decision, caller=caller, registry="myregistry", policy=policy) == sentence


def test_every_reason_has_its_sentence() -> None:
    assert {case.values[2] for case in CASES} == set(Reason)


def test_without_the_policy_a_rule_is_named_without_its_place() -> None:
    decision = Decision(Reason.IP_RULE, rule("16.17.18.0/24", name="Office"))
    assert explain(decision, caller=at("16.17.18.19"), registry="myregistry") == (
        "Allowed: 16.17.18.19 may reach 'myregistry', because a rule of the firewall list (16.17.18.0/24, 'Office') "
        "covers it."
    )
