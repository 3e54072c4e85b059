"""What the connection tester answers: values for its page, worked out once."""

from dataclasses import dataclass, replace
from typing import Self

from django.conf import settings

from networking.access.addresses import AddressRange
from networking.access.client_output import ClientOutput, client_output
from networking.access.decision import Caller, ConnectionState, Decision, Identity, Reason, decide
from networking.access.explanation import CARRIES, belonging, is_named_in_vain
from networking.access.path import Step, walk
from networking.access.policy import MAX_IP_RULES, AccessPolicy, PublicAccess
from networking.access.problems import Problem
from networking.blade.connection import Choices, Kind, Question
from registries.models import Registry

ELSEWHERE = "This registry has no connection to that private endpoint, so it carries no traffic here."
BEHIND_A_PROXY = (
    "The registry sees the public address of the proxy, whichever machine is behind it. The Docker client and the "
    "Docker daemon both have to use the proxy."
)
_ANEW = "Create a private endpoint connection for this registry in that network, have it approved, and test again."
_FOR_AN_ENDPOINT = {  # an approved one is let in
    ConnectionState.PENDING: "Only an approved connection carries traffic. Have it approved, and test again.",
    ConnectionState.REJECTED: "The connection was rejected. Have it approved after all, and test again.",
    ConnectionState.DISCONNECTED: (
        "A disconnected connection can't be approved, because its private endpoint was deleted. Remove it, create a "
        "private endpoint connection anew, and have that approved."
    ),
}


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do about a refusal. `add` is the address that a rule could name, where the viewer may make one."""

    text: str
    add: str = ""
    networking: bool = False  # the Networking page is where to go


@dataclass(frozen=True, slots=True)
class Answer:
    """For the saved settings. `note` is what else to know of such a caller; empty where there is nothing."""

    decision: Decision
    in_short: str
    steps: tuple[Step, ...]
    prints: tuple[ClientOutput, ...]  # empty for services, which are no docker client
    next: NextStep | None = None
    note: str = ""

    @property
    def allowed(self) -> bool:
        return self.decision.allowed

    @classmethod
    def of(
        cls,
        registry: Registry,
        policy: AccessPolicy,
        question: Question,
        caller: Caller,
        choices: Choices,
        *,
        may_change: bool,
    ) -> Self:
        """Every endpoint of a registry obeys the same settings, so the target changes only what clients print."""
        decision = decide(policy, caller)
        elsewhere = question.endpoint is not None and choices.is_elsewhere(question.endpoint)
        return cls(
            decision=decision,
            in_short=_with_endpoint(_in_short(decision, policy, caller), decision, caller),
            steps=walk(policy, caller),
            prints=_prints(registry, question, caller, decision),
            next=None
            if decision.allowed
            else _next_step(decision, policy, caller, elsewhere=elsewhere, may_change=may_change),
            note=ELSEWHERE if elsewhere else _note(decision, question, caller, choices),
        )


def _prints(registry: Registry, question: Question, caller: Caller, decision: Decision) -> tuple[ClientOutput, ...]:
    if question.identity is not Identity.ANYONE:
        return ()
    outputs = client_output(
        registry=registry.name,
        login_server=registry.login_server,
        address=str(caller.address),
        allowed=decision.allowed,
    )
    # Only a pull fetches layers, and the text of a refused one names the address.
    at_login = question.target == registry.login_server
    pulls = caller.address is not None or decision.allowed
    return tuple(each for each in outputs if (pulls if each.command.startswith("docker pull") else at_login))


def _with_endpoint(in_short: str, decision: Decision, caller: Caller) -> str:
    if decision.allowed or caller.private_endpoint is None:
        return in_short
    return f"The private endpoint is {caller.private_endpoint.value}, and {in_short[:1].lower()}{in_short[1:]}"


def _in_short(decision: Decision, policy: AccessPolicy, caller: Caller) -> str:
    who, known = str(caller.address or "this caller"), belonging(caller)
    match decision.reason:
        case Reason.IP_RULE:
            return f"{decision.rule} contains {who}."
        case Reason.ALL_NETWORKS:
            return "Any network may connect."
        case Reason.PRIVATE_ENDPOINT:
            return "The private endpoint is approved, and no public rule binds it."
        case Reason.SUBNET_RULE:
            return f"A virtual network rule names the subnet '{_name(caller.subnet)}'."
        case Reason.TRUSTED_SERVICE:
            let_in = f"The firewall exception lets {f"'{caller.service}'" if caller.service else 'it'} pass."
            return f"{known}, and the firewall exception lets it pass." if known else let_in
        case Reason.PUBLIC_ACCESS_DISABLED:
            closed = "public network access is disabled"
            return f"{known}, but the firewall exception is off and {closed}." if known else f"{closed.capitalize()}."
        case Reason.UNKNOWN_ADDRESS:
            return "The caller's address isn't known."
        case _ if known:
            return f"{known}, but the firewall exception doesn't let it pass, and no address range matches."
        case _ if caller.subnet is not None and caller.identity is Identity.ANYONE:
            ranges = f", and no address range matches {who}" if caller.address else ""
            if is_named_in_vain(caller, policy):
                return f"{CARRIES[:1].upper()}{CARRIES[1:]}{ranges}."
            return f"No virtual network rule names the subnet '{_name(caller.subnet)}'{ranges}."
        case _:
            return f"No address range matches {who}."


def _name(resource_id: str | None) -> str:
    return (resource_id or "").rpartition("/")[2]


def _note(decision: Decision, question: Question, caller: Caller, choices: Choices) -> str:
    """What the gate makes of the same caller, where it may know less of it."""
    if question.kind is Kind.PROXY:
        return BEHIND_A_PROXY
    by_identity = decision.reason is Reason.TRUSTED_SERVICE and not belonging(caller)
    if not by_identity or settings.GATE_ORDER != "NETWORK-FIRST":
        return ""
    sees = "Its identity lets it pass. A gate in network-first order sees only its address"
    if question.kind is Kind.TASK:
        return f"{sees}, which shows no task."
    if not question.service:
        return f"{sees}: there it passes from the networks that are listed for it."
    networks = ", ".join(choices.trusted.networks_of(question.service))
    return f"{sees}: there it passes from {networks}." if networks else f"{sees}, and no networks are listed for it."


def _next_step(
    decision: Decision, policy: AccessPolicy, caller: Caller, *, elsewhere: bool, may_change: bool
) -> NextStep:
    if caller.private_endpoint is not None:
        step = NextStep(_ANEW if elsewhere else _FOR_AN_ENDPOINT[caller.private_endpoint])
        return _or_by_its_address(step, policy, caller, may_change=may_change)
    if caller.identity is not Identity.ANYONE:
        step = _for_services(policy, caller.identity)
        return _or_by_its_address(step, policy, caller, may_change=may_change) if belonging(caller) else step
    if decision.reason is Reason.PUBLIC_ACCESS_DISABLED:
        return NextStep(
            "An address range wouldn't help while public network access is disabled. Choose Selected networks first, "
            "or connect through a private endpoint.",
            networking=True,
        )
    if caller.subnet is not None and not caller.host.is_carried:
        return NextStep("Ask from a virtual machine or an AKS cluster, or connect through a private endpoint.")
    if caller.subnet is not None:
        return NextStep(
            "Add a virtual network rule for the subnet with az acr network-rule add, which no page here does, "
            "or connect through a private endpoint."
        )
    return _for_an_address(policy, caller, may_change=may_change)


def _or_by_its_address(step: NextStep, policy: AccessPolicy, caller: Caller, *, may_change: bool) -> NextStep:
    """The same, and the address for a rule, where one would help and the viewer may make it."""
    address = _for_an_address(policy, caller, may_change=may_change)
    if not address.add or policy.public_access is PublicAccess.DISABLED:
        return step
    return replace(step, text=f"{step.text} An address range lets this address alone pass.", add=address.add)


def _for_an_address(policy: AccessPolicy, caller: Caller, *, may_change: bool) -> NextStep:
    wanted = AddressRange.parse(str(caller.address))
    if isinstance(wanted, Problem):
        return NextStep(wanted.message)
    if not may_change:
        return NextStep(f"Ask a Contributor or Owner to add {wanted} to the address ranges.")
    if len(policy.rules) >= MAX_IP_RULES:
        return NextStep(f"All {MAX_IP_RULES} rules are used. Delete one or combine ranges first.", networking=True)
    return NextStep("Nothing is saved until you select Save there.", add=str(wanted))


def _for_services(policy: AccessPolicy, identity: Identity) -> NextStep:
    if not policy.trusted_services:
        return NextStep("Tick the firewall exception for trusted Microsoft services.", networking=True)
    if identity is Identity.REGISTRY_TASK and not policy.tasks_bypass:
        return NextStep(
            "Tick the exception for ACR Tasks with a system-assigned identity, beside that for trusted services.",
            networking=True,
        )
    return NextStep(
        "The exception and virtual network rules exclude each other. Remove those rules on the Networking page first.",
        networking=True,
    )
