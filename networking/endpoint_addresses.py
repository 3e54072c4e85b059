"""The addresses of private endpoints: one in the subnet for each host name of the registry that they lead to."""

from dataclasses import dataclass

from django.conf import settings

from networking.access.address_space import free_addresses, full, parse_all
from networking.access.problems import Problem
from networking.arm.endpoint_body import GROUP as GROUP
from networking.models import PrivateEndpoint, Subnet
from registries import host_names
from registries.models import Registry
from registries.resource_id import ResourceId

DATA = f"{GROUP}_data_"  # what stands before the region in a member's name


@dataclass(frozen=True, slots=True)
class HostAddress:
    """A host name that the endpoint answers for. `region` is that of a data endpoint, empty for the login server."""

    host: str
    region: str
    address: str


def members_of(registry: Registry) -> list[str]:
    """The members of its private link resource, one address each: the data endpoint of every region, and the registry
    itself (acr-facts 1.4)."""
    return [*(f"{DATA}{region}" for region in registry.regions), GROUP]


def places_of(endpoint: PrivateEndpoint) -> list[HostAddress]:
    """The data endpoints first, as Azure lists them."""
    place = ResourceId.parse(endpoint.service)
    name, suffix = place.name if place else "", settings.LOGIN_SERVER_SUFFIX
    found = []
    for member, address in sorted(endpoint.addresses.items(), key=lambda each: (each[0] == GROUP, each[0])):
        region = "" if member == GROUP else member.removeprefix(DATA)
        host = host_names.data(name, region, suffix) if region else host_names.login(name, suffix)
        found.append(HostAddress(host, region, address))
    return found


def hosts_of(endpoint: PrivateEndpoint) -> dict[str, str]:
    """The address of each host name, in that order."""
    return {each.host: each.address for each in places_of(endpoint)}


def zone() -> str:
    """The private DNS zone that holds the records of private endpoints."""
    return host_names.private_zone(settings.LOGIN_SERVER_SUFFIX)


def fit_addresses(registry: Registry) -> Problem | None:
    """Give each endpoint of the registry one address for each of its regions, and take back those of regions that it
    left. Call it in a transaction that is rolled back where a subnet has none left: no room, no replica (acr-facts 7).
    """
    wanted, service = members_of(registry), str(registry.resource_id)
    connected = set(registry.private_endpoint_connections.values_list("private_endpoint", flat=True))
    endpoints = PrivateEndpoint.objects.select_related(
        "resource_group__subscription", "subnet__virtual_network__resource_group__subscription"
    )
    for endpoint in endpoints.filter(service__iexact=service).order_by("pk"):
        if endpoint.resource_id not in connected:
            continue
        stays = {member: address for member, address in endpoint.addresses.items() if member in wanted}
        new = [member for member in wanted if member not in stays]
        found = free_in(endpoint.subnet, len(new))
        if isinstance(found, Problem):
            return found
        endpoint.addresses = {**stays, **dict(zip(new, found, strict=True))}
        endpoint.save(update_fields=["addresses"])
    return None


def free_in(subnet: Subnet, count: int) -> list[str] | Problem:
    """Free ones of the subnet, which stays locked until the transaction ends."""
    Subnet.objects.select_for_update().filter(pk=subnet.pk).first()
    taken = {address for each in subnet.private_endpoints.all() for address in each.addresses.values()}
    prefixes = parse_all(subnet.address_prefixes, subnet.resource_id)
    found = [] if isinstance(prefixes, Problem) else free_addresses(prefixes, taken, count)
    return full(subnet.name, subnet.address_prefixes, count) if found is None else found
