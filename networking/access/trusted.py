"""Which trusted service an address belongs to."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Self

from networking.access.decision import Caller, Identity


@dataclass(frozen=True)
class TrustedNetworks:
    """The networks an administrator lists for the trusted services, each with the name of its service."""

    networks: tuple[tuple[IPv4Network | IPv6Network, str], ...] = ()

    @classmethod
    def of(cls, services: Iterable[tuple[str, Iterable[str]]]) -> Self:
        """From our own rows: the name of a service and its networks. ValueError where a row was tampered with."""
        return cls(tuple((ip_network(text), name) for name, networks in services for text in networks))

    @cached_property
    def _bounds(self) -> tuple[tuple[int, int, int, str], ...]:
        return tuple(
            (network.version, int(network.network_address), int(network.broadcast_address), name)
            for network, name in self.networks
        )

    def service_of(self, address: IPv4Address | IPv6Address) -> str:
        """The service whose network holds the address, the first in the list; empty where there is none."""
        number, version = int(address), address.version
        for of_version, first, last, name in self._bounds:
            if first <= number <= last and version == of_version:
                return name
        return ""

    def recognise(self, caller: Caller) -> Caller:
        """The caller as the service its address belongs to; unchanged where there is none, or where it said who it is."""
        if not self.networks or caller.address is None or caller.identity is not Identity.ANYONE:
            return caller
        service = self.service_of(caller.address)
        if not service:
            return caller
        return Caller(caller.address, caller.subnet, caller.private_endpoint, Identity.TRUSTED_SERVICE, service)
