"""What happens upstairs when resource groups go: settings.EMPTIES_RESOURCE_GROUPS names it to the ground floor."""

from collections.abc import Sequence

from networking.models import PrivateEndpoint, PrivateEndpointConnection, Subnet, VirtualNetwork
from networking.private_endpoints import delete_endpoint
from networking.virtual_networks import delete_network
from registries.models import Origin, ResourceGroup


def registries_connected_to(groups: Sequence[int]) -> set[int]:
    """The numbers of the registries that private endpoints of these groups are connected to."""
    endpoints = PrivateEndpoint.objects.filter(resource_group__in=groups).select_related("resource_group__subscription")
    connected = PrivateEndpointConnection.objects.filter(private_endpoint__in=[each.resource_id for each in endpoints])
    return set(connected.values_list("registry", flat=True))


def empty(groups: Sequence[ResourceGroup], origin: Origin) -> list[str]:
    """Delete the private endpoints of these groups, so that each registry at their other end knows, and their virtual
    networks. What has to go first, a sentence each, and then nothing was done. Call it under the locks of the groups
    and of all registries that are affected."""
    # A private endpoint locks its subnet before it comes in.
    list(
        Subnet.objects.select_for_update(of=("self",)).filter(virtual_network__resource_group__in=groups).order_by("pk")
    )
    everywhere = PrivateEndpoint.objects.select_related(
        "resource_group__subscription", "subnet__virtual_network__resource_group"
    )
    strangers = everywhere.filter(subnet__virtual_network__resource_group__in=groups).exclude(resource_group__in=groups)
    in_the_way = [
        f"Delete the private endpoint '{each.name}' in '{each.resource_group.name}': it stands in the virtual network "
        f"'{each.subnet.virtual_network.name}' of '{each.subnet.virtual_network.resource_group.name}'."
        for each in strangers.order_by("pk")
    ]
    if not in_the_way:
        for endpoint in everywhere.filter(resource_group__in=groups).order_by("pk"):
            delete_endpoint(endpoint, origin)
        for network in VirtualNetwork.objects.filter(resource_group__in=groups).order_by("pk"):
            delete_network(network, origin)
    return in_the_way
