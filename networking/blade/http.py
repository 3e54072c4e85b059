"""The request as the blade's views see it."""

from networking.client_address import ClientAddress
from registries.http import PortalRequest


class BladeRequest(PortalRequest):
    client_address: ClientAddress
