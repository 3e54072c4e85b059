"""The decision table of the documents, row by row, and what lies between the rows."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import pytest

from networking.access.compiled import CompiledPolicy
from networking.access.decision import (
    ALLOWING,
    Asked,
    Caller,
    ConnectionState,
    Decision,
    Identity,
    Reason,
    SubnetHost,
    decide,
)
from networking.access.policy import AccessPolicy, DefaultAction, PublicNetworkAccess
from networking.access.trusted import TrustedNetworks
from tests import make

SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/a"
OTHER_SUBNET = SUBNET + "b"
OFFICE = make.rule("16.17.18.0/24", name="Office")
LISTED = IPv4Address("16.17.18.19")
UNLISTED = IPv4Address("203.0.113.24")
PRIVATE = IPv4Address("10.0.0.4")


def disabled(**more: Any) -> AccessPolicy:
    """Public access disabled, with rules and subnets kept."""
    return AccessPolicy(
        **{
            "public_network_access": PublicNetworkAccess.DISABLED,
            "default_action": DefaultAction.DENY,
            "rules": (OFFICE,),
            "subnets": (SUBNET,),
            **more,
        }
    )


def restricted(**more: Any) -> AccessPolicy:
    """Selected networks with one address range."""
    return AccessPolicy(**{"default_action": DefaultAction.DENY, "rules": (OFFICE,), **more})


def opened(**more: Any) -> AccessPolicy:
    """All networks, with rules kept."""
    return AccessPolicy(**{"rules": (OFFICE,), **more})


def public(address: IPv4Address | IPv6Address | None = UNLISTED, **more: Any) -> Caller:
    return Caller(address=address, **more)


def trusted(**more: Any) -> Caller:
    return Caller(**{"address": UNLISTED, "identity": Identity.TRUSTED_SERVICE, **more})


def task(**more: Any) -> Caller:
    return Caller(**{"address": UNLISTED, "identity": Identity.REGISTRY_TASK, **more})


def through(state: ConnectionState, **more: Any) -> Caller:
    return Caller(**{"address": PRIVATE, "private_endpoint": state, **more})


APPROVED, PENDING = ConnectionState.APPROVED, ConnectionState.PENDING
REJECTED, DISCONNECTED = ConnectionState.REJECTED, ConnectionState.DISCONNECTED
SHUT_WITH_ALLOW = disabled(default_action=DefaultAction.ALLOW)

# The rows are numbered as in the decision table that the product implements.
TABLE = [
    pytest.param(disabled(), through(APPROVED), Reason.PRIVATE_ENDPOINT, id="1 approved endpoint, disabled"),
    pytest.param(restricted(), through(APPROVED), Reason.PRIVATE_ENDPOINT, id="1 approved endpoint, selected networks"),
    pytest.param(opened(), through(APPROVED), Reason.PRIVATE_ENDPOINT, id="1 approved endpoint, all networks"),
    pytest.param(
        disabled(), through(APPROVED, address=None), Reason.PRIVATE_ENDPOINT, id="1 approved endpoint, unknown address"
    ),
    pytest.param(disabled(), through(PENDING), Reason.PUBLIC_ACCESS_DISABLED, id="2 pending endpoint, disabled"),
    pytest.param(restricted(), through(PENDING), Reason.NO_RULE, id="2 pending endpoint, no rule"),
    pytest.param(restricted(), through(REJECTED), Reason.NO_RULE, id="2 rejected endpoint, no rule"),
    pytest.param(restricted(), through(DISCONNECTED), Reason.NO_RULE, id="2 disconnected endpoint, no rule"),
    pytest.param(
        restricted(), through(REJECTED, address=LISTED), Reason.IP_RULE, id="2 rejected endpoint falls to public rules"
    ),
    pytest.param(opened(), through(PENDING), Reason.ALL_NETWORKS, id="2 pending endpoint, all networks"),
    pytest.param(disabled(), trusted(), Reason.TRUSTED_SERVICE, id="3 trusted service, disabled"),
    pytest.param(SHUT_WITH_ALLOW, trusted(), Reason.TRUSTED_SERVICE, id="3 trusted service, disabled with Allow"),
    pytest.param(
        disabled(trusted_services=False),
        trusted(),
        Reason.PUBLIC_ACCESS_DISABLED,
        id="4 trusted service without the exception, disabled",
    ),
    pytest.param(disabled(), public(LISTED), Reason.PUBLIC_ACCESS_DISABLED, id="5 listed address, disabled"),
    pytest.param(SHUT_WITH_ALLOW, public(LISTED), Reason.PUBLIC_ACCESS_DISABLED, id="5 disabled with Allow"),
    pytest.param(disabled(), public(None), Reason.PUBLIC_ACCESS_DISABLED, id="5 unknown address, disabled"),
    pytest.param(disabled(), public(subnet=SUBNET), Reason.PUBLIC_ACCESS_DISABLED, id="6 listed subnet, disabled"),
    pytest.param(
        disabled(), trusted(subnet=SUBNET), Reason.TRUSTED_SERVICE, id="6 a service in a listed subnet, disabled"
    ),
    pytest.param(opened(), public(), Reason.ALL_NETWORKS, id="7 anyone, all networks"),
    pytest.param(opened(), public(LISTED), Reason.ALL_NETWORKS, id="7 a listed address, all networks: no rule decides"),
    pytest.param(opened(), public(subnet=SUBNET), Reason.ALL_NETWORKS, id="7 a subnet, all networks"),
    pytest.param(opened(), trusted(), Reason.ALL_NETWORKS, id="7 trusted service, all networks"),
    pytest.param(opened(trusted_services=False), trusted(), Reason.ALL_NETWORKS, id="7 whatever the exception says"),
    pytest.param(restricted(), public(LISTED), Reason.IP_RULE, id="8 listed address"),
    pytest.param(restricted(trusted_services=False), public(LISTED), Reason.IP_RULE, id="8 without the exception"),
    pytest.param(restricted(subnets=(SUBNET,)), public(LISTED), Reason.IP_RULE, id="8 beside subnets"),
    pytest.param(restricted(), trusted(address=LISTED), Reason.IP_RULE, id="8 a rule comes before the exception"),
    pytest.param(restricted(subnets=(SUBNET,)), public(PRIVATE, subnet=SUBNET), Reason.SUBNET_RULE, id="9 subnet"),
    pytest.param(
        restricted(subnets=(OTHER_SUBNET, SUBNET.upper())),
        public(PRIVATE, subnet=SUBNET),
        Reason.SUBNET_RULE,
        id="9 listed subnet in any letter case",
    ),
    pytest.param(
        restricted(subnets=(SUBNET,)), public(None, subnet=SUBNET), Reason.SUBNET_RULE, id="9 subnet, no address"
    ),
    pytest.param(
        restricted(subnets=(SUBNET,)), public(LISTED, subnet=SUBNET), Reason.IP_RULE, id="9 IP rules are asked first"
    ),
    pytest.param(
        restricted(subnets=(SUBNET,)), public(PRIVATE, subnet=OTHER_SUBNET), Reason.NO_RULE, id="9 another subnet"
    ),
    pytest.param(restricted(), public(PRIVATE, subnet=""), Reason.NO_RULE, id="9 no subnet at all"),
    pytest.param(
        restricted(subnets=(SUBNET,)),
        public(PRIVATE, subnet=SUBNET, host=SubnetHost.AKS),
        Reason.SUBNET_RULE,
        id="9 an AKS cluster in the subnet",
    ),
    pytest.param(
        restricted(subnets=(SUBNET,)),
        public(PRIVATE, subnet=SUBNET, host=SubnetHost.OTHER),
        Reason.NO_RULE,
        id="9 another service in the subnet",
    ),
    pytest.param(
        restricted(subnets=(SUBNET,)),
        public(None, subnet=SUBNET, host=SubnetHost.OTHER),
        Reason.NO_RULE,
        id="9 another service in the subnet, no address",
    ),
    pytest.param(
        restricted(subnets=(SUBNET,)),
        public(LISTED, subnet=SUBNET, host=SubnetHost.OTHER),
        Reason.IP_RULE,
        id="9 another service in the subnet, from a listed address",
    ),
    pytest.param(
        opened(subnets=(SUBNET,)),
        public(PRIVATE, subnet=SUBNET, host=SubnetHost.OTHER),
        Reason.ALL_NETWORKS,
        id="7 another service in the subnet, all networks",
    ),
    pytest.param(
        disabled(),
        public(PRIVATE, subnet=SUBNET, host=SubnetHost.AKS),
        Reason.PUBLIC_ACCESS_DISABLED,
        id="6 an AKS cluster in a listed subnet, disabled",
    ),
    pytest.param(
        restricted(subnets=(SUBNET,)),
        trusted(subnet=SUBNET, host=SubnetHost.OTHER),
        Reason.NO_RULE,
        id="10 a service in a listed subnet is no host that a rule lets in",
    ),
    pytest.param(restricted(), trusted(), Reason.TRUSTED_SERVICE, id="10 trusted service"),
    pytest.param(restricted(rules=()), trusted(), Reason.TRUSTED_SERVICE, id="10 trusted service, empty list"),
    pytest.param(restricted(), trusted(address=None), Reason.TRUSTED_SERVICE, id="10 trusted service, unknown address"),
    pytest.param(
        restricted(subnets=(SUBNET,)), trusted(), Reason.NO_RULE, id="10 no exception while subnet rules exist"
    ),
    pytest.param(
        restricted(subnets=(SUBNET,)),
        trusted(address=LISTED),
        Reason.IP_RULE,
        id="10 a listed address beside subnet rules needs no exception",
    ),
    pytest.param(
        restricted(subnets=(SUBNET,)),
        trusted(subnet=SUBNET),
        Reason.SUBNET_RULE,
        id="10 a listed subnet needs no exception",
    ),
    pytest.param(restricted(trusted_services=False), trusted(), Reason.NO_RULE, id="11 without the exception"),
    pytest.param(restricted(), public(), Reason.NO_RULE, id="12 any other address"),
    pytest.param(restricted(rules=()), public(LISTED), Reason.NO_RULE, id="12 an empty list lets nobody in"),
    pytest.param(restricted(), public(IPv4Address("16.17.17.255")), Reason.NO_RULE, id="12 just below a range"),
    pytest.param(restricted(), public(IPv4Address("16.17.19.0")), Reason.NO_RULE, id="12 just above a range"),
    pytest.param(restricted(tasks_bypass=True), task(), Reason.TRUSTED_SERVICE, id="13 task"),
    pytest.param(disabled(tasks_bypass=True), task(), Reason.TRUSTED_SERVICE, id="13 task, disabled"),
    pytest.param(restricted(), task(), Reason.NO_RULE, id="13 task without its switch"),
    pytest.param(disabled(), task(), Reason.PUBLIC_ACCESS_DISABLED, id="13 task without its switch, disabled"),
    pytest.param(
        restricted(tasks_bypass=True, trusted_services=False),
        task(),
        Reason.NO_RULE,
        id="13 task without the exception",
    ),
    pytest.param(
        disabled(tasks_bypass=True, trusted_services=False),
        task(),
        Reason.PUBLIC_ACCESS_DISABLED,
        id="13 task without the exception, disabled",
    ),
    pytest.param(restricted(tasks_bypass=True), public(), Reason.NO_RULE, id="13 the switch is for tasks only"),
    pytest.param(None, public(LISTED), Reason.UNKNOWN_REGISTRY, id="unknown registry"),
    pytest.param(None, through(APPROVED), Reason.UNKNOWN_REGISTRY, id="unknown registry, approved endpoint"),
    pytest.param(None, trusted(), Reason.UNKNOWN_REGISTRY, id="unknown registry, trusted service"),
    pytest.param(restricted(), public(None), Reason.UNKNOWN_ADDRESS, id="unknown address"),
    pytest.param(opened(), public(None), Reason.UNKNOWN_ADDRESS, id="unknown address, all networks"),
    pytest.param(restricted(), through(PENDING, address=None), Reason.UNKNOWN_ADDRESS, id="unknown address, pending"),
    pytest.param(restricted(), public(IPv6Address("2001:db8::7")), Reason.NO_RULE, id="IPv6, which no rule can name"),
    pytest.param(
        restricted(),
        public(IPv6Address(int(LISTED))),
        Reason.NO_RULE,
        id="an IPv6 address whose number is that of a listed one",
    ),
    pytest.param(opened(), public(IPv6Address("2001:db8::7")), Reason.ALL_NETWORKS, id="IPv6, all networks"),
]


def as_stored(policy: AccessPolicy) -> Asked:
    return policy


# As pages ask, and as a gate does.
KINDS = pytest.mark.parametrize(
    "asked", [pytest.param(as_stored, id="policy"), pytest.param(CompiledPolicy.of, id="compiled")]
)


@KINDS
@pytest.mark.parametrize(("policy", "caller", "reason"), TABLE)
def test_the_decision_table(
    policy: AccessPolicy | None, caller: Caller, reason: Reason, asked: Callable[[AccessPolicy], Asked]
) -> None:
    decision = decide(asked(policy) if policy else None, caller)
    assert decision == Decision(reason, OFFICE if reason is Reason.IP_RULE else None)


def test_the_table_has_every_row_and_every_reason() -> None:
    assert {case.values[2] for case in TABLE} == set(Reason)
    numbered = {word for case in TABLE if (word := str(case.id).split()[0]).isdigit()}
    assert numbered == {str(row) for row in range(1, 14)}


SCANNERS = TrustedNetworks.of([("Image scanner", ["203.0.113.0/28", "10.20.0.0/16", "2001:db8:5::/48"])])


@KINDS
@pytest.mark.parametrize(
    ("policy", "address", "reason"),
    [
        pytest.param(restricted(), "203.0.113.9", Reason.TRUSTED_SERVICE, id="selected networks"),
        pytest.param(restricted(), "10.20.30.40", Reason.TRUSTED_SERVICE, id="a private network"),
        pytest.param(restricted(), "2001:db8:5::9", Reason.TRUSTED_SERVICE, id="an IPv6 network"),
        pytest.param(restricted(), "203.0.113.16", Reason.NO_RULE, id="just above a network"),
        pytest.param(restricted(rules=(make.rule("203.0.113.9"),)), "203.0.113.9", Reason.IP_RULE, id="a rule first"),
        pytest.param(restricted(trusted_services=False), "203.0.113.9", Reason.NO_RULE, id="the exception off"),
        pytest.param(restricted(subnets=(SUBNET,)), "203.0.113.9", Reason.NO_RULE, id="beside subnet rules"),
        pytest.param(disabled(), "203.0.113.9", Reason.TRUSTED_SERVICE, id="disabled, with subnet rules kept"),
        pytest.param(
            disabled(trusted_services=False), "203.0.113.9", Reason.PUBLIC_ACCESS_DISABLED, id="disabled, exception off"
        ),
        pytest.param(opened(trusted_services=False), "203.0.113.9", Reason.ALL_NETWORKS, id="all networks"),
    ],
)
def test_an_address_in_a_network_of_a_trusted_service_is_that_service(
    policy: AccessPolicy, address: str, reason: Reason, asked: Callable[[AccessPolicy], Asked]
) -> None:
    caller = SCANNERS.recognise(Caller(ip_address(address)))
    assert decide(asked(policy), caller).reason is reason


@pytest.mark.parametrize(
    ("spelled", "decided_by"),
    [
        pytest.param(("16.17.18.0/24", "16.17.18.19"), "16.17.18.0/24", id="the wider first"),
        pytest.param(("16.17.18.19", "16.17.18.0/24"), "16.17.18.19", id="the narrower first"),
        pytest.param(("203.0.113.0/24", "16.17.0.0/16", "16.17.18.0/24"), "16.17.0.0/16", id="after one that misses"),
    ],
)
def test_the_first_matching_rule_in_list_order_decides(spelled: tuple[str, ...], decided_by: str) -> None:
    assert decide(make.selected(*spelled), public(LISTED)) == Decision(Reason.IP_RULE, make.rule(decided_by))


def test_the_answer_follows_from_the_reason() -> None:
    assert {reason for reason in Reason if Decision(reason).allowed} == ALLOWING
    assert set(Reason) - ALLOWING == {
        Reason.PUBLIC_ACCESS_DISABLED,
        Reason.NO_RULE,
        Reason.UNKNOWN_REGISTRY,
        Reason.UNKNOWN_ADDRESS,
    }


def test_reasons_are_the_words_of_the_gate_and_the_log() -> None:
    assert [str(reason) for reason in Reason] == [
        "private_endpoint",
        "all_networks",
        "ip_rule",
        "subnet_rule",
        "trusted_service",
        "public_access_disabled",
        "no_rule",
        "unknown_registry",
        "unknown_address",
    ]


def test_a_host_stays_what_it_is_when_its_address_is_that_of_a_trusted_service() -> None:
    networks = TrustedNetworks.of([("Image scanner", [f"{PRIVATE}/32"])])
    caller = networks.recognise(public(PRIVATE, subnet=SUBNET, host=SubnetHost.OTHER))
    assert (caller.service, caller.host) == ("Image scanner", SubnetHost.OTHER)
    assert decide(restricted(subnets=(SUBNET,)), caller) == Decision(Reason.NO_RULE)
