"""A decision in one full sentence, for the command line and for pages."""

from ipaddress import IPv4Address, IPv6Address
from typing import assert_never

from networking.access.addresses import PRIVATE
from networking.access.decision import Caller, Decision, Identity, Reason
from networking.access.policy import AccessPolicy, Rule

EVERYONE_ELSE = "and everyone else gets 403 Forbidden"


def explain(decision: Decision, *, caller: Caller, registry: str, policy: AccessPolicy | None = None) -> str:
    """What was decided and why. With the policy that was asked, a rule is named by its place in the list too."""
    verdict = "Allowed" if decision.allowed else "Denied"
    may = "may" if decision.allowed else "can't"
    return f"{verdict}: {_who(caller)} {may} reach '{registry}', because {_why(decision, caller, policy)}."


def _who(caller: Caller) -> str:
    if caller.address is not None:
        return str(caller.address)
    if caller.identity is Identity.TRUSTED_SERVICE:
        return "a trusted Microsoft service"
    if caller.identity is Identity.REGISTRY_TASK:
        return "a registry task with a system-assigned identity"
    if caller.private_endpoint is not None:
        return f"a caller through a private endpoint ({caller.private_endpoint.value})"
    if caller.subnet is not None:
        return f"a machine in the subnet '{caller.subnet.rpartition('/')[2]}'"
    return "this caller"


def _why(decision: Decision, caller: Caller, policy: AccessPolicy | None) -> str:
    match decision.reason:
        case Reason.PRIVATE_ENDPOINT:
            return "it comes through an approved private endpoint, which no address range binds"
        case Reason.ALL_NETWORKS:
            return "public network access is open to all networks; signing in is still required"
        case Reason.IP_RULE:
            return _by_rule(decision.rule, policy)
        case Reason.SUBNET_RULE:
            return "a virtual network rule names the subnet it comes from"
        case Reason.TRUSTED_SERVICE:
            return "trusted Microsoft services are allowed to pass the firewall"
        case Reason.PUBLIC_ACCESS_DISABLED:
            return "public network access is disabled and address ranges are ignored"
        case Reason.NO_RULE:
            return f"{_why_no_rule(caller, policy)}, {EVERYONE_ELSE}"
        case Reason.UNKNOWN_REGISTRY:
            return "there is no registry of that name"
        case Reason.UNKNOWN_ADDRESS:
            return "its address is not known, and what is not known is refused"
        case _:
            assert_never(decision.reason)


def _by_rule(rule: Rule | None, policy: AccessPolicy | None) -> str:
    if rule is None:
        return "a rule of the firewall list covers it"
    which = "a rule" if policy is None else f"rule {policy.rules.index(rule) + 1}"
    named = f", '{rule.name}'" if rule.name else ""
    return f"{which} of the firewall list ({rule}{named}) covers it"


def _why_no_rule(caller: Caller, policy: AccessPolicy | None) -> str:
    if caller.identity is not Identity.ANYONE:
        return "it is not let past the firewall and no address range covers it"
    if isinstance(caller.address, IPv6Address):
        return "rules take IPv4 addresses only, so no address range covers it"
    if isinstance(caller.address, IPv4Address) and any(caller.address in private for private in PRIVATE):
        return "it is a private address, so no address range covers it"
    if policy is not None and not policy.rules:
        return "the firewall list is empty"
    return "no address range covers it"
