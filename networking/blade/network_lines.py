"""Virtual networks and subnets as their pages show them: values, and how many queries they cost."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from django.db.models import Prefetch, QuerySet

from networking.models import EndpointSettings, PrivateEndpoint, Subnet, VirtualNetwork
from registries import regions
from registries.resource_id import PROVIDER


@dataclass(frozen=True, slots=True)
class NetworkLine:
    """One line of the list. `vouching` is how many of its subnets have the service endpoint for registries."""

    name: str
    subscription: str
    group: str
    location: str
    prefixes: str
    subnets: int
    vouching: int

    @classmethod
    def of(cls, network: VirtualNetwork) -> Self:
        """Of a network that `whole` found."""
        subnets = network.subnets.all()
        return cls(
            name=network.name,
            subscription=str(network.resource_group.subscription.subscription_id),
            group=network.resource_group.name,
            location=regions.display_name(network.location),
            prefixes=", ".join(network.address_prefixes),
            subnets=len(subnets),
            vouching=sum(subnet.vouches_to(PROVIDER) for subnet in subnets),
        )


@dataclass(frozen=True, slots=True)
class Command:
    """A line for the command line, to copy. `what` says what it does."""

    what: str
    text: str


@dataclass(frozen=True, slots=True)
class SubnetLine:
    """One subnet. `others` are its service endpoints for other services, `endpoints` the private endpoints that stand
    in it, `registries` those whose rules name it."""

    number: int
    name: str
    resource_id: str
    prefixes: str
    vouches: bool
    others: tuple[str, ...]
    endpoints: tuple[PrivateEndpoint, ...]
    registries: tuple[str, ...]
    commands: tuple[Command, ...]


def whole() -> "QuerySet[VirtualNetwork]":
    """Networks with their place and their subnets: two queries."""
    return VirtualNetwork.objects.select_related("resource_group__subscription").prefetch_related("subnets")


def subnet_lines(network: VirtualNetwork) -> list[SubnetLine]:
    """In the order they were made. Three queries: the subnets, the private endpoints in them, and the rules of all
    registries that have some."""
    endpoints = PrivateEndpoint.objects.select_related("resource_group__subscription").order_by("name", "pk")
    rows = list(network.subnets.prefetch_related(Prefetch("private_endpoints", endpoints)).order_by("pk"))
    places = {row.pk: f"{network.resource_id}/subnets/{row.name}" for row in rows}
    naming = _registries_naming(places.values())
    return [
        SubnetLine(
            number=row.pk,
            name=row.name,
            resource_id=places[row.pk],
            prefixes=", ".join(row.address_prefixes),
            vouches=row.vouches_to(PROVIDER),
            others=tuple(each for each in row.service_endpoints if each.lower() != PROVIDER.lower()),
            endpoints=tuple(row.private_endpoints.all()),
            registries=tuple(naming[places[row.pk].lower()]),
            commands=tuple(_commands(network, row, places[row.pk])),
        )
        for row in rows
    ]


def registries_naming(subnet: Subnet) -> list[str]:
    """The names of the registries whose rules name that subnet. One query, without those of its own place."""
    place = subnet.resource_id
    return _registries_naming([place])[place.lower()]


def _registries_naming(places: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {place.lower(): [] for place in places}
    settings = EndpointSettings.objects.filter(registry__subnet_count__gt=0).order_by("registry__name")
    for name, subnets in settings.values_list("registry__name", "subnets"):
        for subnet in subnets:
            if subnet.lower() in found:
                found[subnet.lower()].append(name)
    return found


def _commands(network: VirtualNetwork, subnet: Subnet, place: str) -> Iterable[Command]:
    at = f"--name {subnet.name} --vnet-name {network.name} --resource-group {network.resource_group.name}"
    services = " ".join(dict.fromkeys([*subnet.service_endpoints, PROVIDER]))
    if not subnet.vouches_to(PROVIDER):
        command = f"az network vnet subnet update {at} --service-endpoints {services}"
        yield Command("Give it the service endpoint", command)
    yield Command("Its resource ID", place)
    yield Command("Let it in", f"az acr network-rule add --name <registry> --subnet {place}")
    yield Command("Take that back", f"az acr network-rule remove --name <registry> --subnet {place}")
