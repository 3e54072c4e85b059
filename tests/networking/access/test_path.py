from dataclasses import replace
from ipaddress import ip_address

import pytest
from hypothesis import given

from networking.access.decision import Caller, ConnectionState, Identity, Reason, SubnetHost, decide
from networking.access.path import Stage, Step, Verdict, walk
from networking.access.policy import AccessPolicy
from networking.access.trusted import TrustedNetworks
from tests.make import disabled, rule, selected
from tests.networking.access.test_properties import CALLERS, NETWORKS, policies

SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/build"
THREE = selected("16.17.18.0/24", "203.0.113.0/24", "198.51.100.7")
SERVICE = Caller(identity=Identity.TRUSTED_SERVICE)
TASK = Caller(identity=Identity.REGISTRY_TASK)
SCANNER = Caller(ip_address("203.0.113.9"), identity=Identity.TRUSTED_SERVICE, service="Image scanner")


def at(address: str, **more: object) -> Caller:
    return replace(Caller(address=ip_address(address)), **more)  # type: ignore[arg-type]


def test_a_denied_address_is_walked_through_every_stage() -> None:
    assert walk(THREE, at("192.0.2.50")) == (
        Step(Stage.PUBLIC_ACCESS, Verdict.PASSED_ON, "Selected networks, so address ranges decide."),
        Step(
            Stage.ADDRESS_RANGES,
            Verdict.DENIED,
            "3 checked: 16.17.18.0/24, 203.0.113.0/24, 198.51.100.7. None contains 192.0.2.50.",
        ),
        Step(
            Stage.TRUSTED_SERVICES,
            Verdict.NOT_APPLIED,
            "Allowed, but 192.0.2.50 belongs to no trusted service.",
        ),
        Step(Stage.PRIVATE_ENDPOINTS, Verdict.NOT_APPLIED, "The caller comes over the public endpoint."),
    )


def test_a_registry_that_does_not_exist_is_a_path_of_one_step() -> None:
    assert walk(None, at("192.0.2.50")) == (Step(Stage.REGISTRY, Verdict.DENIED, "There is no registry of that name."),)


def test_virtual_network_rules_are_a_stage_where_there_are_some() -> None:
    assert [step.stage for step in walk(selected(subnets=(SUBNET,)), at("192.0.2.50"))] == [
        Stage.PUBLIC_ACCESS,
        Stage.ADDRESS_RANGES,
        Stage.VIRTUAL_NETWORKS,
        Stage.TRUSTED_SERVICES,
        Stage.PRIVATE_ENDPOINTS,
    ]


DECIDING = [
    pytest.param(
        AccessPolicy(),
        at("192.0.2.50"),
        Stage.PUBLIC_ACCESS,
        "All networks, so any host on the internet may connect. Sign-in is still required.",
        id="all networks",
    ),
    pytest.param(
        disabled("192.0.2.50"),
        at("192.0.2.50"),
        Stage.PUBLIC_ACCESS,
        "Disabled, so the public endpoint is closed, to listed addresses too.",
        id="disabled",
    ),
    pytest.param(
        replace(THREE, rules=(rule("9.9.9.9"), rule("16.17.18.0/24", name="Office"))),
        at("16.17.18.19"),
        Stage.ADDRESS_RANGES,
        "16.17.18.0/24 (rule 2, Office) contains 16.17.18.19.",
        id="a rule with a name",
    ),
    pytest.param(
        THREE,
        at("198.51.100.7"),
        Stage.ADDRESS_RANGES,
        "198.51.100.7 (rule 3) contains 198.51.100.7.",
        id="a rule without a name",
    ),
    pytest.param(
        selected(*[f"20.0.{number}.1" for number in range(100)]),
        at("192.0.2.50"),
        Stage.ADDRESS_RANGES,
        "100 checked. None contains 192.0.2.50.",
        id="more rules than are spelled",
    ),
    pytest.param(
        selected(), at("192.0.2.50"), Stage.ADDRESS_RANGES, "The list is empty, so it lets no address in.", id="no rule"
    ),
    pytest.param(
        THREE,
        at("2001:db8::1"),
        Stage.ADDRESS_RANGES,
        "Rules hold IPv4 ranges only, so none can contain 2001:db8::1.",
        id="IPv6",
    ),
    pytest.param(
        selected("9.9.9.9"),
        at("10.0.0.4"),
        Stage.ADDRESS_RANGES,
        "1 checked: 9.9.9.9. None contains 10.0.0.4. It is a private address, which no rule can hold.",
        id="private",
    ),
    pytest.param(
        THREE,
        Caller(),
        Stage.ADDRESS_RANGES,
        "The caller's address isn't known, and what isn't known is refused.",
        id="unknown address",
    ),
    pytest.param(
        AccessPolicy(),
        Caller(),
        Stage.ADDRESS_RANGES,
        "The caller's address isn't known, and what isn't known is refused.",
        id="unknown address, all networks",
    ),
    pytest.param(
        selected(subnets=(SUBNET,)),
        Caller(subnet=SUBNET),
        Stage.VIRTUAL_NETWORKS,
        "A rule names the subnet 'build', which a service endpoint vouches for.",
        id="subnet rule",
    ),
    pytest.param(
        selected(subnets=(SUBNET,)),
        Caller(subnet=SUBNET, host=SubnetHost.OTHER),
        Stage.VIRTUAL_NETWORKS,
        "A rule names the subnet 'build', but a service endpoint lets in virtual machines and AKS clusters only, and "
        "the caller is neither.",
        id="a host that no service endpoint carries",
    ),
    pytest.param(
        selected(subnets=(SUBNET,)),
        Caller(subnet="/subnets/other"),
        Stage.VIRTUAL_NETWORKS,
        "No rule names the subnet 'other'.",
        id="another subnet",
    ),
    pytest.param(
        THREE,
        SERVICE,
        Stage.TRUSTED_SERVICES,
        "The firewall exception is on, so this caller passes without a rule.",
        id="trusted service",
    ),
    pytest.param(
        disabled(),
        SERVICE,
        Stage.TRUSTED_SERVICES,
        "The firewall exception is on, so this caller passes without a rule.",
        id="trusted service, disabled",
    ),
    pytest.param(
        selected(tasks_bypass=True),
        TASK,
        Stage.TRUSTED_SERVICES,
        "The firewall exception is on and tasks have their own opt-in, so this caller passes without a rule.",
        id="task",
    ),
    pytest.param(
        selected(),
        TASK,
        Stage.TRUSTED_SERVICES,
        "The firewall exception is on, but tasks need an opt-in of their own, which is off.",
        id="task without its opt-in",
    ),
    pytest.param(
        selected(trusted_services=False),
        SERVICE,
        Stage.TRUSTED_SERVICES,
        "The firewall exception is off, so a service is a caller like any other.",
        id="trusted service, exception off",
    ),
    pytest.param(
        selected(subnets=(SUBNET,)),
        SERVICE,
        Stage.TRUSTED_SERVICES,
        "The firewall exception doesn't apply while virtual network rules exist.",
        id="trusted service beside virtual network rules",
    ),
    pytest.param(
        selected("9.9.9.9"),
        SCANNER,
        Stage.TRUSTED_SERVICES,
        "203.0.113.9 belongs to 'Image scanner', a trusted service, and the firewall exception is on, "
        "so it passes without a rule.",
        id="an address in a service's network",
    ),
    pytest.param(
        selected("9.9.9.9", trusted_services=False),
        SCANNER,
        Stage.TRUSTED_SERVICES,
        "203.0.113.9 belongs to 'Image scanner', a trusted service, but the firewall exception is off.",
        id="an address in a service's network, exception off",
    ),
    pytest.param(
        selected(subnets=(SUBNET,)),
        SCANNER,
        Stage.TRUSTED_SERVICES,
        "203.0.113.9 belongs to 'Image scanner', a trusted service, but the firewall exception doesn't apply while "
        "virtual network rules exist.",
        id="an address in a service's network, beside virtual network rules",
    ),
    pytest.param(
        selected(),
        replace(SERVICE, service="Image scanner"),
        Stage.TRUSTED_SERVICES,
        "The firewall exception is on, so 'Image scanner' passes without a rule.",
        id="a service by name",
    ),
    pytest.param(
        selected(),
        Caller(subnet=SUBNET),
        Stage.VIRTUAL_NETWORKS,
        "No rule names the subnet 'build'.",
        id="a subnet where there are no virtual network rules",
    ),
    pytest.param(
        disabled(),
        at("10.0.0.4", private_endpoint=ConnectionState.APPROVED),
        Stage.PRIVATE_ENDPOINTS,
        "The caller comes through an approved private endpoint, which no public rule binds.",
        id="private endpoint",
    ),
]


@pytest.mark.parametrize(("policy", "caller", "stage", "why"), DECIDING)
def test_the_step_that_decided_says_why(policy: AccessPolicy, caller: Caller, stage: Stage, why: str) -> None:
    [step] = [step for step in walk(policy, caller) if step.decided]
    verdict = Verdict.ALLOWED if decide(policy, caller).allowed else Verdict.DENIED
    assert step == Step(stage, verdict, why)


OTHERS = [
    pytest.param(
        disabled("9.9.9.9"),
        SERVICE,
        {
            Stage.PUBLIC_ACCESS: (
                Verdict.PASSED_ON,
                "Disabled, which closes the public endpoint to everyone but trusted services.",
            ),
            Stage.ADDRESS_RANGES: (
                Verdict.NOT_APPLIED,
                "1 kept, and ignored while public network access is disabled.",
            ),
        },
        id="a service passes a closed endpoint",
    ),
    pytest.param(
        AccessPolicy(rules=(rule("9.9.9.9"),), trusted_services=False, subnets=(SUBNET,)),
        at("192.0.2.50"),
        {
            Stage.ADDRESS_RANGES: (
                Verdict.NOT_APPLIED,
                "1 kept, and they decide nothing while all networks may connect.",
            ),
            Stage.VIRTUAL_NETWORKS: (
                Verdict.NOT_APPLIED,
                "An address alone can't prove a subnet; only a service endpoint can.",
            ),
            Stage.TRUSTED_SERVICES: (Verdict.NOT_APPLIED, "Not allowed: the firewall exception is off."),
        },
        id="nothing else is asked with all networks",
    ),
    pytest.param(
        selected("203.0.113.0/24"),
        SCANNER,
        {
            Stage.TRUSTED_SERVICES: (
                Verdict.NOT_APPLIED,
                "203.0.113.9 belongs to 'Image scanner', a trusted service. The firewall exception isn't needed: the "
                "caller is let in without it.",
            )
        },
        id="a rule comes before the exception",
    ),
    pytest.param(
        disabled(trusted_services=False),
        SCANNER,
        {
            Stage.PUBLIC_ACCESS: (
                Verdict.DENIED,
                "Disabled, so the public endpoint is closed, to listed addresses too.",
            ),
            Stage.TRUSTED_SERVICES: (
                Verdict.NOT_APPLIED,
                "203.0.113.9 belongs to 'Image scanner', a trusted service, but the firewall exception is off.",
            ),
        },
        id="a service before a closed endpoint, exception off",
    ),
    pytest.param(
        selected("9.9.9.9"),
        Caller(),
        {
            Stage.TRUSTED_SERVICES: (
                Verdict.NOT_APPLIED,
                "Allowed, but nothing shows that the caller is a trusted service.",
            )
        },
        id="nothing is known of the caller",
    ),
    pytest.param(
        AccessPolicy(),
        SERVICE,
        {
            Stage.ADDRESS_RANGES: (Verdict.NOT_APPLIED, "There are none."),
            Stage.TRUSTED_SERVICES: (Verdict.NOT_APPLIED, "Not needed: the caller is let in without it."),
        },
        id="a service among all networks",
    ),
    pytest.param(
        AccessPolicy(),
        Caller(),
        {
            Stage.PUBLIC_ACCESS: (
                Verdict.PASSED_ON,
                "All networks, but a caller whose address isn't known is let in nowhere.",
            )
        },
        id="all networks, but an unknown address",
    ),
    pytest.param(
        selected("9.9.9.9", subnets=(SUBNET,)),
        Caller(subnet=SUBNET, identity=Identity.TRUSTED_SERVICE, private_endpoint=ConnectionState.APPROVED),
        {
            Stage.PUBLIC_ACCESS: (Verdict.NOT_APPLIED, "The caller doesn't come over the public endpoint."),
            Stage.ADDRESS_RANGES: (Verdict.NOT_APPLIED, "They bind the public endpoint only."),
            Stage.VIRTUAL_NETWORKS: (Verdict.NOT_APPLIED, "Not asked: the connection is decided already."),
        },
        id="a private endpoint comes before all",
    ),
    pytest.param(
        disabled(subnets=(SUBNET,)),
        at("10.0.0.4", private_endpoint=ConnectionState.PENDING),
        {
            Stage.VIRTUAL_NETWORKS: (Verdict.NOT_APPLIED, "Ignored while public network access is disabled."),
            Stage.PRIVATE_ENDPOINTS: (
                Verdict.NOT_APPLIED,
                "The private endpoint is Pending, so it carries no traffic.",
            ),
        },
        id="a private endpoint that is not approved",
    ),
    pytest.param(
        selected(subnets=(SUBNET,)),
        SERVICE,
        {
            Stage.ADDRESS_RANGES: (Verdict.PASSED_ON, "The caller shows no address to compare with the list."),
            Stage.VIRTUAL_NETWORKS: (Verdict.PASSED_ON, "No service endpoint vouches for a subnet."),
        },
        id="a service without an address or a subnet",
    ),
    pytest.param(
        THREE,
        at("10.0.0.4"),
        {
            Stage.PRIVATE_ENDPOINTS: (
                Verdict.NOT_APPLIED,
                "10.0.0.4 could connect through one; this is the path over the public endpoint.",
            )
        },
        id="a private address",
    ),
]


@pytest.mark.parametrize(("policy", "caller", "expected"), OTHERS)
def test_the_other_steps_say_what_they_did(
    policy: AccessPolicy, caller: Caller, expected: dict[Stage, tuple[Verdict, str]]
) -> None:
    steps = {step.stage: (step.verdict, step.why) for step in walk(policy, caller)}
    assert {stage: steps[stage] for stage in expected} == expected


# Where each reason can have been decided, said once more by hand.
DECIDED_AT = {
    Reason.PRIVATE_ENDPOINT: {Stage.PRIVATE_ENDPOINTS},
    Reason.ALL_NETWORKS: {Stage.PUBLIC_ACCESS},
    Reason.PUBLIC_ACCESS_DISABLED: {Stage.PUBLIC_ACCESS},
    Reason.IP_RULE: {Stage.ADDRESS_RANGES},
    Reason.SUBNET_RULE: {Stage.VIRTUAL_NETWORKS},
    Reason.TRUSTED_SERVICE: {Stage.TRUSTED_SERVICES},
    Reason.NO_RULE: {Stage.ADDRESS_RANGES, Stage.VIRTUAL_NETWORKS, Stage.TRUSTED_SERVICES},
    Reason.UNKNOWN_ADDRESS: {Stage.ADDRESS_RANGES},
}


@given(policies(), CALLERS)
def test_exactly_one_step_decides_and_it_agrees_with_the_decision(policy: AccessPolicy, caller: Caller) -> None:
    decision = decide(policy, caller)
    steps = walk(policy, caller)
    [decided] = [step for step in steps if step.decided]
    assert decided.verdict is (Verdict.ALLOWED if decision.allowed else Verdict.DENIED)
    assert decided.stage in DECIDED_AT[decision.reason]
    if decision.rule is not None:
        assert decided.why.startswith(f"{decision.rule} (rule {policy.rules.index(decision.rule) + 1}")


@given(policies(), CALLERS)
def test_a_path_is_in_order_and_nothing_is_applied_after_the_step_that_decided(
    policy: AccessPolicy, caller: Caller
) -> None:
    steps = walk(policy, caller)
    order = list(Stage)
    places = [order.index(step.stage) for step in steps]
    assert places == sorted(set(places))
    after = steps[[step.decided for step in steps].index(True) + 1 :]
    assert {step.verdict for step in after} <= {Verdict.NOT_APPLIED}
    assert all(step.why.endswith(".") for step in steps)


@given(policies(), CALLERS, NETWORKS)
def test_the_text_of_a_recognised_address_names_its_service_and_agrees(
    policy: AccessPolicy, caller: Caller, trusted: TrustedNetworks
) -> None:
    known = trusted.recognise(caller)
    if not known.service:
        return
    [why] = [step.why for step in walk(policy, known) if step.stage is Stage.TRUSTED_SERVICES]
    assert why.startswith(f"{caller.address} belongs to '{known.service}', a trusted service")
    assert ("so it passes" in why) is (decide(policy, known).reason is Reason.TRUSTED_SERVICE)
    assert "is off" not in why or not policy.trusted_services


@given(policies(), CALLERS)
def test_a_refusal_never_speaks_of_a_caller_who_is_let_in(policy: AccessPolicy, caller: Caller) -> None:
    if not decide(policy, caller).allowed:
        assert [step.why for step in walk(policy, caller) if "let in without it" in step.why] == []
