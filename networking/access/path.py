"""The path of one connection, step by step: the decision spelled out, never decided a second time."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address

from networking.access.addresses import PRIVATE
from networking.access.decision import Caller, Decision, Identity, Reason, decide
from networking.access.explanation import CARRIES, belonging, is_named_in_vain
from networking.access.policy import AccessPolicy, PublicAccess

# Longer lists are counted, not spelled: the page of the firewall shows them.
SPELLED = 5


class Stage(StrEnum):
    """Where a connection may be decided, in the order of the walk."""

    REGISTRY = "Registry"
    PUBLIC_ACCESS = "Public network access"
    ADDRESS_RANGES = "Address ranges"
    VIRTUAL_NETWORKS = "Virtual network rules"
    TRUSTED_SERVICES = "Trusted services"
    PRIVATE_ENDPOINTS = "Private endpoints"


class Verdict(StrEnum):
    PASSED_ON = "Passed on"
    ALLOWED = "Decided: allowed"
    DENIED = "Decided: denied"
    NOT_APPLIED = "Not applied"


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of the walk: what it said of the connection, and why."""

    stage: Stage
    verdict: Verdict
    why: str

    @property
    def decided(self) -> bool:
        """This is the step that settled it. Exactly one step of a path did."""
        return self.verdict in (Verdict.ALLOWED, Verdict.DENIED)


def walk(policy: AccessPolicy | None, caller: Caller) -> tuple[Step, ...]:
    """What `decide` answers, stage by stage; None stands for a registry that does not exist."""
    if policy is None:
        return (Step(Stage.REGISTRY, Verdict.DENIED, "There is no registry of that name."),)
    decision = decide(policy, caller)
    return tuple(_step(stage, decision, policy, caller) for stage in _stages(policy, caller))


def _step(stage: Stage, decision: Decision, policy: AccessPolicy, caller: Caller) -> Step:
    verdict = _verdict(stage, _deciding_stage(decision, caller), decision, policy)
    return Step(stage, verdict, _why(stage, verdict, decision, policy, caller))


def _stages(policy: AccessPolicy, caller: Caller) -> list[Stage]:
    """Virtual network rules are a stage where there are some, and for whoever comes from a subnet."""
    asked = bool(policy.subnets) or caller.subnet is not None
    return [stage for stage in Stage if stage is not Stage.REGISTRY and (asked or stage is not Stage.VIRTUAL_NETWORKS)]


def _deciding_stage(decision: Decision, caller: Caller) -> Stage:
    match decision.reason:
        case Reason.ALL_NETWORKS | Reason.PUBLIC_ACCESS_DISABLED:
            return Stage.PUBLIC_ACCESS
        case Reason.SUBNET_RULE:
            return Stage.VIRTUAL_NETWORKS
        case Reason.TRUSTED_SERVICE:
            return Stage.TRUSTED_SERVICES
        case Reason.PRIVATE_ENDPOINT:
            return Stage.PRIVATE_ENDPOINTS
        # Nothing let the caller in: what stands at the end is the last stage that could have.
        case Reason.NO_RULE if caller.identity is not Identity.ANYONE:
            return Stage.TRUSTED_SERVICES
        case Reason.NO_RULE if caller.subnet is not None:
            return Stage.VIRTUAL_NETWORKS
        case _:
            return Stage.ADDRESS_RANGES


def _verdict(stage: Stage, decided_at: Stage, decision: Decision, policy: AccessPolicy) -> Verdict:
    if stage is decided_at:
        return Verdict.ALLOWED if decision.allowed else Verdict.DENIED
    order = list(Stage)
    if decision.reason is Reason.PRIVATE_ENDPOINT or order.index(stage) > order.index(decided_at):
        return Verdict.NOT_APPLIED
    if stage is not Stage.PUBLIC_ACCESS and policy.public_access is PublicAccess.DISABLED:
        return Verdict.NOT_APPLIED
    return Verdict.PASSED_ON


def _why(stage: Stage, verdict: Verdict, decision: Decision, policy: AccessPolicy, caller: Caller) -> str:
    match stage:
        case Stage.PUBLIC_ACCESS:
            return _of_public_access(verdict, policy)
        case Stage.ADDRESS_RANGES:
            return _of_ranges(verdict, decision, policy, caller)
        case Stage.VIRTUAL_NETWORKS:
            return _of_subnets(verdict, policy, caller)
        case Stage.TRUSTED_SERVICES:
            return _of_services(verdict, policy, caller)
        case _:
            return _of_private_endpoints(verdict, caller)


def _of_public_access(verdict: Verdict, policy: AccessPolicy) -> str:
    if verdict is Verdict.NOT_APPLIED:
        return "The caller doesn't come over the public endpoint."
    match policy.public_access, verdict:
        case PublicAccess.ALL_NETWORKS, Verdict.ALLOWED:
            return "All networks, so any host on the internet may connect. Sign-in is still required."
        case PublicAccess.ALL_NETWORKS, _:
            return "All networks, but a caller whose address isn't known is let in nowhere."
        case PublicAccess.DISABLED, Verdict.DENIED:
            return "Disabled, so the public endpoint is closed, to listed addresses too."
        case PublicAccess.DISABLED, _:
            return "Disabled, which closes the public endpoint to everyone but trusted services."
        case _:
            return "Selected networks, so address ranges decide."


def _of_ranges(verdict: Verdict, decision: Decision, policy: AccessPolicy, caller: Caller) -> str:
    if decision.rule is not None and verdict is Verdict.ALLOWED:
        named = f", {decision.rule.name}" if decision.rule.name else ""
        return f"{decision.rule} (rule {policy.rules.index(decision.rule) + 1}{named}) contains {caller.address}."
    if verdict is Verdict.NOT_APPLIED:
        return _of_kept_ranges(policy)
    if caller.address is None:
        known = caller.subnet is not None or caller.identity is not Identity.ANYONE
        return (
            "The caller shows no address to compare with the list."
            if known
            else "The caller's address isn't known, and what isn't known is refused."
        )
    if isinstance(caller.address, IPv6Address):
        return f"Rules hold IPv4 ranges only, so none can contain {caller.address}."
    if not policy.rules:
        return "The list is empty, so it lets no address in."
    also = " It is a private address, which no rule can hold." if _is_private(caller) else ""
    return f"{_checked(policy)} None contains {caller.address}.{also}"


def _checked(policy: AccessPolicy) -> str:
    count = len(policy.rules)
    spelled = ", ".join(str(rule) for rule in policy.rules)
    return f"{count} checked: {spelled}." if count <= SPELLED else f"{count} checked."


def _of_kept_ranges(policy: AccessPolicy) -> str:
    """What the list is worth where it isn't asked."""
    match policy.public_access:
        case _ if not policy.rules:
            return "There are none."
        case PublicAccess.ALL_NETWORKS:
            return f"{len(policy.rules)} kept, and they decide nothing while all networks may connect."
        case PublicAccess.DISABLED:
            return f"{len(policy.rules)} kept, and ignored while public network access is disabled."
        case _:
            return "They bind the public endpoint only."


def _of_subnets(verdict: Verdict, policy: AccessPolicy, caller: Caller) -> str:
    subnet = (caller.subnet or "").rpartition("/")[2]
    if verdict is Verdict.ALLOWED:
        return f"A rule names the subnet '{subnet}', which a service endpoint vouches for."
    if policy.public_access is PublicAccess.DISABLED:
        return "Ignored while public network access is disabled."
    if verdict is not Verdict.NOT_APPLIED:
        if is_named_in_vain(caller, policy):
            return f"A rule names the subnet '{subnet}', but {CARRIES}, and the caller is neither."
        return f"No rule names the subnet '{subnet}'." if caller.subnet else "No service endpoint vouches for a subnet."
    if caller.subnet is None:
        return "An address alone can't prove a subnet; only a service endpoint can."
    return "Not asked: the connection is decided already."


def _of_services(verdict: Verdict, policy: AccessPolicy, caller: Caller) -> str:
    if caller.identity is Identity.ANYONE:
        if not policy.trusted_services:
            return "Not allowed: the firewall exception is off."
        if caller.address is None:
            return "Allowed, but nothing shows that the caller is a trusted service."
        return f"Allowed, but {caller.address} belongs to no trusted service."
    if known := belonging(caller):
        return f"{known}{_of_known_service(verdict, policy)}"
    if verdict is Verdict.ALLOWED:
        opted = " and tasks have their own opt-in" if caller.identity is Identity.REGISTRY_TASK else ""
        who = f"'{caller.service}'" if caller.service else "this caller"
        return f"The firewall exception is on{opted}, so {who} passes without a rule."
    if not policy.trusted_services:
        return "The firewall exception is off, so a service is a caller like any other."
    if caller.identity is Identity.REGISTRY_TASK and not policy.tasks_bypass:
        return "The firewall exception is on, but tasks need an opt-in of their own, which is off."
    if verdict is Verdict.DENIED:
        return "The firewall exception doesn't apply while virtual network rules exist."
    return "Not needed: the caller is let in without it."


def _of_known_service(verdict: Verdict, policy: AccessPolicy) -> str:
    if verdict is Verdict.ALLOWED:
        return ", and the firewall exception is on, so it passes without a rule."
    if not policy.trusted_services:
        return ", but the firewall exception is off."
    if verdict is Verdict.DENIED:
        return ", but the firewall exception doesn't apply while virtual network rules exist."
    return ". The firewall exception isn't needed: the caller is let in without it."


def _of_private_endpoints(verdict: Verdict, caller: Caller) -> str:
    if verdict is Verdict.ALLOWED:
        return "The caller comes through an approved private endpoint, which no public rule binds."
    if caller.private_endpoint is not None:
        return f"The private endpoint is {caller.private_endpoint.value}, so it carries no traffic."
    if _is_private(caller):
        return f"{caller.address} could connect through one; this is the path over the public endpoint."
    return "The caller comes over the public endpoint."


def _is_private(caller: Caller) -> bool:
    return isinstance(caller.address, IPv4Address) and any(caller.address in private for private in PRIVATE)
