"""Which trusted service an address belongs to."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Self

from networking.access.decision import Caller, Identity


@dataclass(frozen=True)
class TrustedNetworks:
    """The networks an administrator lists for the trusted services, each with the name of its service. `names` are all
    services, those without networks too, for people to choose from; they decide nothing."""

    networks: tuple[tuple[IPv4Network | IPv6Network, str], ...] = ()
    names: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def of(cls, services: Iterable[tuple[str, Iterable[str]]]) -> Self:
        """From our own rows: the name of a service and its networks. ValueError where a row was tampered with, and
        where it holds every address: a network of one service is never that of everybody."""
        names: list[str] = []
        found: list[tuple[IPv4Network | IPv6Network, str]] = []
        for name, networks in services:
            names.append(name)
            found += [(ip_network(text), name) for text in networks]
        if everybody := next((network for network, _ in found if network.prefixlen == 0), None):
            raise ValueError(f"{everybody} is every address there is.")
        return cls(tuple(found), tuple(names))

    @cached_property
    def _bounds(self) -> tuple[tuple[int, int, int, str], ...]:
        return tuple(
            (network.version, int(network.network_address), int(network.broadcast_address), name)
            for network, name in self.networks
        )

    @property
    def located(self) -> tuple[str, ...]:
        """The services that have networks, in the order of the list."""
        return tuple(dict.fromkeys(name for _, name in self.networks))

    def networks_of(self, service: str) -> tuple[str, ...]:
        """The networks of that service, as people read them; empty where it is known by its identity only."""
        return tuple(str(network) for network, name in self.networks if name == service)

    @cached_property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """First and last address of each IPv4 network, in no order."""
        return tuple((first, last) for version, first, last, _ in self._bounds if version == 4)

    def service_of(self, address: IPv4Address | IPv6Address) -> str:
        """The service whose network holds the address, the first in the list; empty where there is none."""
        number, version = int(address), address.version
        for of_version, first, last, name in self._bounds:
            if first <= number <= last and version == of_version:
                return name
        return ""

    def recognise(self, caller: Caller) -> Caller:
        """The caller as the service its address belongs to; as it was where there is none or it said who it is."""
        if not self.networks or caller.address is None or caller.identity is not Identity.ANYONE:
            return caller
        service = self.service_of(caller.address)
        if not service:
            return caller
        known = Identity.TRUSTED_SERVICE
        return Caller(caller.address, caller.subnet, caller.private_endpoint, known, service, caller.host)


# Where no trusted service has networks, or where theirs are not known any more, as in the log of old changes.
NO_NETWORKS = TrustedNetworks()
