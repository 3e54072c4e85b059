"""Why an input is refused: one code and one sentence, never re-worded by a door."""

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """The ARM-style codes of every refusal. What ACR itself answers is spelled as ACR spells it."""

    INVALID_IP_ADDRESS = "InvalidIpAddress"
    PRIVATE_IP_ADDRESS = "PrivateIpAddress"
    RESERVED_IP_ADDRESS = "ReservedIpAddress"
    IPV6_NOT_SUPPORTED = "IPv6NotSupported"
    DUPLICATE_IP_RULE = "DuplicateIpRule"
    QUOTA_EXCEEDED = "QuotaExceeded"
    INVALID_RULE_TEXT = "InvalidRuleText"
    INVALID_PROPERTY = "InvalidProperty"
    NETWORK_RULE_NOT_SUPPORTED = "NetworkRuleNotSupported"
    DISABLING_NOT_SUPPORTED = "DisablingPublicNetworkAccessNotSupported"
    DATA_ENDPOINT_NOT_SUPPORTED = "DataEndpointNotSupported"
    DATA_ENDPOINT_REQUIRED = "DataEndpointRequired"
    PRIVATE_ENDPOINT_NOT_SUPPORTED = "PrivateEndpointNotSupported"
    REPLICATION_NOT_SUPPORTED = "GeoReplicationNotSupported"
    NETWORK_RULE_NOT_VALID = "NetworkRuleValidationError"
    INVALID_RESOURCE_NAME = "InvalidResourceName"
    INVALID_RESOURCE_REFERENCE = "InvalidResourceReference"
    INVALID_ADDRESS_PREFIX = "InvalidAddressPrefixFormat"
    INVALID_CIDR_NOTATION = "InvalidCIDRNotation"
    ADDRESS_SPACE_OVERLAPS = "VnetAddressSpaceOverlaps"
    INVALID_SUBNET = "NetcfgInvalidSubnet"
    SUBNET_OUTSIDE_NETWORK = "NetcfgSubnetRangeOutsideVnet"
    SUBNETS_OVERLAP = "NetcfgSubnetRangesOverlap"
    SUBNET_IN_USE = "InUseSubnetCannotBeDeleted"
    PREFIX_IN_USE = "InUsePrefixCannotBeDeleted"
    SUBNET_IS_FULL = "SubnetIsFull"
    INVALID_SERVICE_TAGS = "InvalidServiceTags"
    LINKED_AUTHORIZATION_FAILED = "LinkedAuthorizationFailed"


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal. `fix` is the input that would have been right, where there is exactly one."""

    code: Code
    message: str
    fix: str | None = None

    def __str__(self) -> str:
        return self.message
