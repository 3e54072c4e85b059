"""A registry as its clients see it, for every page that tells what they must reach (document 003)."""

from django.conf import settings

from networking.access.endpoints import DataEndpoint, RegistryHosts
from registries import host_names
from registries.models import Registry


def hosts_of(registry: Registry) -> RegistryHosts:
    """No query. The data endpoints stand in the order of `az acr show-endpoints`."""
    data = (
        DataEndpoint(region, location, host)
        for region, (location, host) in zip(registry.regions, registry.data_endpoints, strict=True)
    )
    blob = host_names.blob(registry.name, settings.LOGIN_SERVER_SUFFIX)
    return RegistryHosts(registry.login_server, blob, tuple(data), dedicated=registry.data_endpoint)
