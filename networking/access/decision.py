"""The one question: may this caller reach the registry, why, and by which rule."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address

from networking.access.policy import AccessPolicy, DefaultAction, PublicNetworkAccess, Rule


class Reason(StrEnum):
    """The one list of reasons: gate header, log line, explain command, tester and page all spell these words."""

    PRIVATE_ENDPOINT = "private_endpoint"
    ALL_NETWORKS = "all_networks"
    IP_RULE = "ip_rule"
    SUBNET_RULE = "subnet_rule"
    TRUSTED_SERVICE = "trusted_service"
    PUBLIC_ACCESS_DISABLED = "public_access_disabled"
    NO_RULE = "no_rule"
    UNKNOWN_REGISTRY = "unknown_registry"
    UNKNOWN_ADDRESS = "unknown_address"


# The answer follows from its reason, so the two can never disagree.
ALLOWING = frozenset(
    {Reason.PRIVATE_ENDPOINT, Reason.ALL_NETWORKS, Reason.IP_RULE, Reason.SUBNET_RULE, Reason.TRUSTED_SERVICE}
)


class Identity(StrEnum):
    """Whom the caller has proven to be, as far as network rules care."""

    ANYONE = "anyone"
    TRUSTED_SERVICE = "trusted_service"  # a service of acr-facts section 8, with its managed identity
    REGISTRY_TASK = "registry_task"  # ACR Tasks with a system-assigned identity


class ConnectionState(StrEnum):
    """ARM `privateLinkServiceConnectionState.status` of the private endpoint a caller comes through."""

    APPROVED = "Approved"
    PENDING = "Pending"
    REJECTED = "Rejected"
    DISCONNECTED = "Disconnected"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `address` is the source as the public endpoint sees it, None where it could not be told; `subnet` the
    resource id that a service endpoint vouches for; `private_endpoint` the state of the one it comes through."""

    address: IPv4Address | IPv6Address | None = None
    subnet: str | None = None
    private_endpoint: ConnectionState | None = None
    identity: Identity = Identity.ANYONE


@dataclass(frozen=True, slots=True)
class Decision:
    """`rule` is the one that let the caller in, where a rule did."""

    reason: Reason
    rule: Rule | None = None

    @property
    def allowed(self) -> bool:
        return self.reason in ALLOWING


def decide(policy: AccessPolicy | None, caller: Caller) -> Decision:
    """Answer for one caller; `None` stands for a registry that does not exist.

    The order is that of the decision table in acr-facts section 6. What is not known is refused, never passed.
    """
    if policy is None:
        return Decision(Reason.UNKNOWN_REGISTRY)
    if caller.private_endpoint is ConnectionState.APPROVED:
        return Decision(Reason.PRIVATE_ENDPOINT)
    bypass = _may_bypass(policy, caller.identity)
    if policy.public_network_access is not PublicNetworkAccess.ENABLED:
        return Decision(Reason.TRUSTED_SERVICE) if bypass else Decision(Reason.PUBLIC_ACCESS_DISABLED)
    known = caller.address is not None or caller.subnet is not None or caller.identity is not Identity.ANYONE
    if policy.default_action is DefaultAction.ALLOW and known:
        return Decision(Reason.ALL_NETWORKS)
    if isinstance(caller.address, IPv4Address):
        for rule in policy.rules:
            if caller.address in rule.range:
                return Decision(Reason.IP_RULE, rule)
    if caller.subnet is not None and caller.subnet.lower() in (subnet.lower() for subnet in policy.subnets):
        return Decision(Reason.SUBNET_RULE)
    if bypass and not policy.subnets:
        # Document 004: the exception does not apply to a registry configured with a service endpoint.
        return Decision(Reason.TRUSTED_SERVICE)
    return Decision(Reason.NO_RULE if known else Reason.UNKNOWN_ADDRESS)


def _may_bypass(policy: AccessPolicy, identity: Identity) -> bool:
    match identity:
        case Identity.TRUSTED_SERVICE:
            return policy.trusted_services
        case Identity.REGISTRY_TASK:
            return policy.trusted_services and policy.tasks_bypass
        case _:
            return False
