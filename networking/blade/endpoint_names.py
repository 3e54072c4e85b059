"""The host names of a private endpoint: which address each has, and what DNS answers for it in the network and outside.

In Azure the public name of a registry with private endpoints is an alias of one in privatelink.azurecr.io. A private
DNS zone of that name, linked to the network, answers it with the private address; public DNS with the public one
(acr-facts 5.5).
"""

from dataclasses import dataclass

from django.conf import settings

from networking.endpoint_addresses import HostAddress, places_of
from networking.models import PrivateEndpoint
from registries import host_names, regions

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
    return [_name(each, each.address if private else PUBLIC) for each in places_of(endpoint)]


def _name(place: HostAddress, inside: str) -> Name:
    suffix, region = settings.LOGIN_SERVER_SUFFIX, place.region
    record, alias = host_names.private_record(place.host, suffix), host_names.private_alias(place.host, suffix)
    serves = f"Image layers, {regions.display_name(region)}" if region else "Sign-in, manifests and pushes"
    return Name(place.host, serves, place.address, record, alias, inside)
