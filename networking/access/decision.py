"""The one question: may this caller reach the registry, why, and by which rule."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from typing import Protocol

from networking.access.policy import DefaultAction, PublicNetworkAccess, Rule


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


class SubnetHost(StrEnum):
    """What runs in a subnet and asks from there. A service endpoint carries virtual machines and AKS clusters only
    (document 000)."""

    VIRTUAL_MACHINE = "virtual-machine"
    AKS = "aks"
    OTHER = "other"

    @property
    def is_carried(self) -> bool:
        """A service endpoint vouches for it."""
        return self in (SubnetHost.VIRTUAL_MACHINE, SubnetHost.AKS)


class ConnectionState(StrEnum):
    """ARM `privateLinkServiceConnectionState.status` of the private endpoint a caller comes through."""

    APPROVED = "Approved"
    PENDING = "Pending"
    REJECTED = "Rejected"
    DISCONNECTED = "Disconnected"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `address` is the source as the public endpoint sees it, None where it could not be told; `subnet` the
    resource id of the one it comes from by a service endpoint, and `host` what it is there; `private_endpoint` the
    state of the one it comes through; `service` the name of the trusted service its address belongs to, for people to
    read."""

    address: IPv4Address | IPv6Address | None = None
    subnet: str | None = None
    private_endpoint: ConnectionState | None = None
    identity: Identity = Identity.ANYONE
    service: str = ""
    host: SubnetHost = SubnetHost.VIRTUAL_MACHINE


@dataclass(frozen=True, slots=True)
class Decision:
    """`rule` is the one that let the caller in, where a rule did."""

    reason: Reason
    rule: Rule | None = None

    @property
    def allowed(self) -> bool:
        return self.reason in ALLOWING


# Made once: a gate gives them many thousand times a second.
UNKNOWN_REGISTRY = Decision(Reason.UNKNOWN_REGISTRY)
PRIVATE_ENDPOINT = Decision(Reason.PRIVATE_ENDPOINT)
ALL_NETWORKS = Decision(Reason.ALL_NETWORKS)
SUBNET_RULE = Decision(Reason.SUBNET_RULE)
TRUSTED_SERVICE = Decision(Reason.TRUSTED_SERVICE)
PUBLIC_ACCESS_DISABLED = Decision(Reason.PUBLIC_ACCESS_DISABLED)
NO_RULE = Decision(Reason.NO_RULE)
UNKNOWN_ADDRESS = Decision(Reason.UNKNOWN_ADDRESS)


class Asked(Protocol):
    """What `decide` asks of a policy: an AccessPolicy, or one compiled for a gate."""

    @property
    def public_network_access(self) -> PublicNetworkAccess: ...
    @property
    def default_action(self) -> DefaultAction: ...
    @property
    def trusted_services(self) -> bool: ...
    @property
    def tasks_bypass(self) -> bool: ...
    @property
    def subnets(self) -> tuple[str, ...]: ...
    def rule_covering(self, address: IPv4Address) -> Rule | None: ...
    def names_subnet(self, subnet: str) -> bool: ...


def decide(policy: Asked | None, caller: Caller) -> Decision:
    """Answer for one caller; `None` stands for a registry that does not exist.

    The order is that of the decision table in acr-facts section 6. What is not known is refused, never passed.
    """
    if policy is None:
        return UNKNOWN_REGISTRY
    address, identity = caller.address, caller.identity
    if caller.private_endpoint is ConnectionState.APPROVED:
        return PRIVATE_ENDPOINT
    bypass = identity is not Identity.ANYONE and _may_bypass(policy, identity)
    if policy.public_network_access is not PublicNetworkAccess.ENABLED:
        return TRUSTED_SERVICE if bypass else PUBLIC_ACCESS_DISABLED
    known = address is not None or caller.subnet is not None or identity is not Identity.ANYONE
    if policy.default_action is DefaultAction.ALLOW and known:
        return ALL_NETWORKS
    if isinstance(address, IPv4Address) and (rule := policy.rule_covering(address)) is not None:
        return Decision(Reason.IP_RULE, rule)
    if caller.subnet is not None and caller.host.is_carried and policy.names_subnet(caller.subnet):
        return SUBNET_RULE
    if bypass and not policy.subnets:
        # Document 004: the exception does not apply to a registry configured with a service endpoint.
        return TRUSTED_SERVICE
    return NO_RULE if known else UNKNOWN_ADDRESS


def _may_bypass(policy: Asked, identity: Identity) -> bool:
    match identity:
        case Identity.TRUSTED_SERVICE:
            return policy.trusted_services
        case Identity.REGISTRY_TASK:
            return policy.trusted_services and policy.tasks_bypass
        case _:
            return False
