"""What of networking keeps a registry from a lower tier: settings.KEEPS_A_TIER names it to the ground floor."""

from networking.access.decision import ConnectionState
from networking.models import PrivateEndpointConnection
from registries.models import Registry
from registries.tiers import Step


def in_the_way(registry: Registry) -> list[Step]:
    """What has to go first of what the registry's own row doesn't tell. Call it under the registry's lock. One query.

    An approved connection keeps dedicated data endpoints on, so that they can't be turned off before it is gone."""
    connections = PrivateEndpointConnection.objects.filter(registry=registry).order_by()
    states = set(connections.values_list("state", flat=True).distinct())
    data_endpoint = [Step("Turn off the dedicated data endpoint.")] if registry.data_endpoint else []
    if not states:
        return data_endpoint
    if data_endpoint and ConnectionState.APPROVED.value in states:
        sentence = "Remove the private endpoint connections, then turn off the dedicated data endpoint."
        return [Step(sentence, "networking-private")]
    return [*data_endpoint, Step("Remove the private endpoint connections.", "networking-private")]
