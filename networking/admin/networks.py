"""Virtual networks, private endpoints and their connections, to look at only: the pages and the ARM API make and
change them."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from networking.access.decision import ConnectionState
from networking.endpoint_addresses import hosts_of
from networking.models import PrivateEndpoint, PrivateEndpointConnection, Subnet, VirtualNetwork
from networking.private_endpoints import states_of
from registries import regions
from registries.admin_site import LookOnly


class SubnetInline(LookOnly, admin.TabularInline):  # type: ignore[type-arg] # generic in the stubs only
    model = Subnet
    fields = readonly_fields = ("name", "prefixes", "services", "endpoints")
    ordering = ("pk",)
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subnet]:
        return super().get_queryset(request).prefetch_related("private_endpoints")

    @admin.display(description="Address prefixes")
    def prefixes(self, subnet: Subnet) -> str:
        return ", ".join(subnet.address_prefixes)

    @admin.display(description="Service endpoints")
    def services(self, subnet: Subnet) -> str:
        return ", ".join(subnet.service_endpoints) or "None"

    @admin.display(description="Private endpoints")
    def endpoints(self, subnet: Subnet) -> str:
        return ", ".join(sorted(each.name for each in subnet.private_endpoints.all())) or "None"


class Placed(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg] # generic in the stubs only
    """A resource with a resource group and a region of its own."""

    list_filter: ClassVar[Any] = ("location",)
    list_select_related: ClassVar[Any] = ("resource_group__subscription",)
    search_fields: ClassVar[Any] = ("name", "resource_group__name")
    show_full_result_count = False
    ordering = (Lower("name"), "pk")

    @admin.display(description="Location", ordering="location")
    def region(self, resource: VirtualNetwork | PrivateEndpoint) -> str:
        return regions.display_name(resource.location)

    @admin.display(description="Subscription", ordering="resource_group__subscription__display_name")
    def subscription(self, resource: VirtualNetwork | PrivateEndpoint) -> str:
        return resource.resource_group.subscription.display_name


@admin.register(VirtualNetwork)
class VirtualNetworkAdmin(Placed):
    inlines = (SubnetInline,)
    list_display = ("name", "resource_group", "subscription", "region", "prefixes", "subnet_count")
    fields = ("name", "resource_id", "subscription", "region", "prefixes", "tags")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        networks: QuerySet[Any] = super().get_queryset(request).annotate(count_of_subnets=Count("subnets"))
        return networks

    @admin.display(description="Address space")
    def prefixes(self, network: VirtualNetwork) -> str:
        return ", ".join(network.address_prefixes)

    @admin.display(description="Subnets", ordering="count_of_subnets")
    def subnet_count(self, network: Any) -> int:
        return int(network.count_of_subnets)


@admin.register(PrivateEndpoint)
class PrivateEndpointAdmin(Placed):
    list_display = ("name", "resource_group", "subscription", "region", "subnet", "leads_to", "created_at")
    list_select_related = ("resource_group__subscription", "subnet__virtual_network__resource_group__subscription")
    search_fields = ("name", "resource_group__name", "service")
    fields = (
        "name",
        "resource_id",
        "subscription",
        "region",
        "subnet_id_",
        "leads_to",
        "connection",
        "hosts",
        "private_dns",
        "tags",
    )

    @admin.display(description="Subnet")
    def subnet_id_(self, endpoint: PrivateEndpoint) -> str:
        return endpoint.subnet.resource_id

    @admin.display(description="Registry", ordering="service")
    def leads_to(self, endpoint: PrivateEndpoint) -> str:
        """From the text, because the registry may be gone."""
        return endpoint.service.rpartition("/")[2]

    @admin.display(description="Connection")
    def connection(self, endpoint: PrivateEndpoint) -> str:
        state, description = states_of([endpoint]).get(endpoint.resource_id, (ConnectionState.DISCONNECTED, ""))
        return f"{state.value} ({description})" if description else state.value

    @admin.display(description="Addresses")
    def hosts(self, endpoint: PrivateEndpoint) -> str:
        return "\n".join(f"{host}: {address}" for host, address in hosts_of(endpoint).items()) or "None"


@admin.register(PrivateEndpointConnection)
class PrivateEndpointConnectionAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg] # generic in the stubs only
    list_display = ("name", "of_registry", "state", "endpoint_name", "description", "created_at")
    list_filter = ("state", "created_at")
    list_select_related = ("registry",)
    search_fields = ("name", "registry__name", "private_endpoint", "description")
    show_full_result_count = False
    ordering = ("-pk",)  # by index
    fields = ("name", "of_registry", "private_endpoint", "state", "description", "created_at")

    @admin.display(description="Registry", ordering="registry__name")
    def of_registry(self, connection: PrivateEndpointConnection) -> str:
        registry = connection.registry
        return format_html('<a href="{}">{}</a>', reverse("registry-overview", args=[registry.name]), registry.name)

    @admin.display(description="Private endpoint", ordering="private_endpoint")
    def endpoint_name(self, connection: PrivateEndpointConnection) -> str:
        return connection.private_endpoint.rpartition("/")[2]
