"""A decision in one full sentence, for the command line and for pages."""

from ipaddress import IPv4Address, IPv6Address
from typing import assert_never

from networking.access.addresses import PRIVATE
from networking.access.decision import Caller, Decision, Identity, Reason
from networking.access.policy import AccessPolicy, Rule

EVERYONE_ELSE = "and everyone else gets 403 Forbidden"
CARRIES = "a service endpoint lets in virtual machines and AKS clusters only"


def explain(decision: Decision, *, caller: Caller, registry: str, policy: AccessPolicy | None = None) -> str:
    """What was decided and why. With the policy that was asked, a rule is named by its place in the list too."""
    verdict = "Allowed" if decision.allowed else "Denied"
    may = "may" if decision.allowed else "can't"
    return f"{verdict}: {_who(caller)} {may} reach '{registry}', because {_why(decision, caller, policy)}."


def belonging(caller: Caller) -> str:
    """Whose network the address is in: 203.0.113.9 belongs to 'Image scanner', a trusted service. Empty where it is in
    nobody's."""
    if caller.address is None or not caller.service:
        return ""
    return f"{caller.address} belongs to '{caller.service}', a trusted service"


def is_named_in_vain(caller: Caller, policy: AccessPolicy | None) -> bool:
    """A virtual network rule names its subnet, but what it is there no service endpoint lets in."""
    if caller.subnet is None or caller.host.is_carried:
        return False
    return policy is None or policy.names_subnet(caller.subnet)


def _who(caller: Caller) -> str:
    if caller.address is not None:
        return str(caller.address)
    if caller.service:
        return f"the trusted service '{caller.service}'"
    if caller.identity is Identity.TRUSTED_SERVICE:
        return "a trusted Microsoft service"
    if caller.identity is Identity.REGISTRY_TASK:
        return "a registry task with a system-assigned identity"
    if caller.private_endpoint is not None:
        return f"a caller through a private endpoint ({caller.private_endpoint.value})"
    if caller.subnet is not None and not caller.host.is_carried:
        return f"a service in the subnet '{caller.subnet.rpartition('/')[2]}'"
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
        case Reason.TRUSTED_SERVICE if belonging(caller):
            return f"it belongs to '{caller.service}', a trusted service, which is allowed to pass the firewall"
        case Reason.TRUSTED_SERVICE if caller.service:
            return "trusted services are allowed to pass the firewall"
        case Reason.TRUSTED_SERVICE:
            return "trusted Microsoft services are allowed to pass the firewall"
        case Reason.PUBLIC_ACCESS_DISABLED if belonging(caller):
            return (
                f"it belongs to '{caller.service}', a trusted service that is not let past the firewall, "
                "and public network access is disabled"
            )
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
    if belonging(caller):
        return (
            f"it belongs to '{caller.service}', a trusted service that is not let past the firewall, "
            "no address range covers it"
        )
    if caller.identity is not Identity.ANYONE:
        return "it is not let past the firewall and no address range covers it"
    if is_named_in_vain(caller, policy):
        return f"{CARRIES} and no address range covers it"
    if caller.subnet is not None:
        return "no virtual network rule names the subnet it comes from and no address range covers it"
    if isinstance(caller.address, IPv6Address):
        return "rules take IPv4 addresses only, so no address range covers it"
    if isinstance(caller.address, IPv4Address) and any(caller.address in private for private in PRIVATE):
        return "it is a private address, so no address range covers it"
    if policy is not None and not policy.rules:
        return "the firewall list is empty"
    return "no address range covers it"
