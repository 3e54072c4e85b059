"""The host names of a private endpoint: which address each has, and what DNS answers for it in the network and outside.

In Azure the public name of a registry with private endpoints is an alias of one in privatelink.azurecr.io. A private
DNS zone of that name, linked to the network, answers it with the private address; public DNS with the public one
(acr-facts 5.5).
"""

from dataclasses import dataclass

from django.conf import settings

from networking.models import PrivateEndpoint
from networking.private_endpoints import hosts_of, zone
from registries import regions

PUBLIC = "the public address"


@dataclass(frozen=True, slots=True)
class Name:
    """One host name. `record` is its name within the zone, `alias` the name that the public one leads to; `inside` is
    what a machine in the network gets to hear."""

    host: str
    serves: str
    address: str
    record: str
    alias: str
    inside: str
    outside: str = PUBLIC


def names_of(endpoint: PrivateEndpoint, *, approved: bool) -> list[Name]:
    """The data endpoints first, as Azure lists them. While the connection isn't approved no name leads to it."""
    private = approved and endpoint.private_dns
    return [_name(host, address, address if private else PUBLIC) for host, address in hosts_of(endpoint).items()]


def _name(host: str, address: str, inside: str) -> Name:
    record = host.removesuffix(f".{settings.LOGIN_SERVER_SUFFIX}")
    _, _, place = record.partition(".")
    region = place.removesuffix(".data")
    serves = f"Image layers, {regions.display_name(region)}" if place else "Sign-in, manifests and pushes"
    return Name(host, serves, address, record, f"{record}.{zone()}", inside)
