"""The request as the blade's views see it."""

from networking.access.trusted import TrustedNetworks
from networking.client_address import ClientAddress
from registries.http import PortalRequest


class BladeRequest(PortalRequest):
    client_address: ClientAddress
    trusted_networks: TrustedNetworks
