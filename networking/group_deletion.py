"""What happens upstairs when resource groups go: settings.EMPTIES_RESOURCE_GROUPS names it to the ground floor."""

from collections.abc import Sequence

from networking.models import PrivateEndpoint
from networking.private_endpoints import connected_to, delete_endpoint
from registries.models import Origin, ResourceGroup


def empty(groups: Sequence[ResourceGroup], origin: Origin) -> list[str]:
    """Delete the private endpoints of these groups, so that each registry at their other end knows. Virtual networks go
    with their rows. What has to go first, a sentence each, and then nothing was done; call it in a transaction."""
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
        endpoints = list(everywhere.filter(resource_group__in=groups).order_by("pk"))
        connected_to(endpoints)  # all locks at once, in their order
        for endpoint in endpoints:
            delete_endpoint(endpoint, origin)
    return in_the_way
