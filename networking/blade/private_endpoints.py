"""A new private endpoint connection, the page of an endpoint, and its end."""

from http import HTTPStatus
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from networking.access.decision import ConnectionState
from networking.access.endpoints import Switch
from networking.access.problems import Code, Problem
from networking.blade.client_hosts import hosts_of
from networking.blade.connection_lines import ConnectionLine
from networking.blade.endpoint_names import names_of
from networking.blade.http import BladeRequest
from networking.blade.private_endpoint_form import PrivateEndpointForm
from networking.endpoint_addresses import members_of, zone
from networking.models import EndpointSettings, PrivateEndpoint, PrivateEndpointConnection
from networking.private_endpoints import create_endpoint, delete_endpoint, endpoint_at, states_of
from registries import regions
from registries.http import notify, origin, registry_or_404, require, see_other
from registries.models import CHANGE, DELETE, VIEW, ResourceGroup
from registries.resource_id import ResourceId

# Which field a refusal of the verb is about; the others are about the form as a whole.
FIELDS = {Code.INVALID_RESOURCE_NAME: "name", Code.SUBNET_IS_FULL: "subnet", Code.INVALID_RESOURCE_REFERENCE: "subnet"}
NEEDS_PREMIUM = "Private endpoints need the Premium tier. Change the tier first."


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def create_private_endpoint(request: BladeRequest, name: str) -> HttpResponse:
    """The form; made, the endpoint's own page."""
    registry = registry_or_404(name)
    require(request, CHANGE, registry)
    form = PrivateEndpointForm(registry, request.POST if request.method == "POST" else None)
    if form.is_bound and not registry.is_premium:
        form.add_error(None, NEEDS_PREMIUM)
    if form.is_bound and form.is_valid():
        made = _created(request, form)
        if isinstance(made, PrivateEndpoint):
            told = "It waits for approval." if made.manual else f"It leads to '{registry.name}'."
            notify(request, "success", "Private endpoint created", f"'{made.name}' has its addresses. {told}")
            row = registry.private_endpoint_connections.filter(private_endpoint=made.resource_id).first()
            if row is None:  # somebody removed it at once
                return see_other("networking-private", registry.name)
            return see_other("networking-private-endpoint", registry.name, row.name)
        form.add_error(FIELDS.get(made.code), made.message)
    context = {
        "registry": registry,
        "page": "Networking",
        "form": form,
        "zone": zone(),
        "addresses": len(members_of(registry)),
        "turns_data_endpoints_on": not EndpointSettings.of(registry).policy.data_endpoint,
        "switch": Switch.of(hosts_of(registry)),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "networking/private_endpoint_create.html", context, status=status)


def _created(request: BladeRequest, form: PrivateEndpointForm) -> PrivateEndpoint | Problem:
    try:
        return create_endpoint(
            form.resource_group,
            form.cleaned_data["name"],
            form.body,
            origin(request),
            request.user,
            private_dns=form.wants_private_dns,
        )
    except ResourceGroup.DoesNotExist:
        return Problem(Code.INVALID_PROPERTY, "The resource group was deleted meanwhile. Choose another.")


@never_cache
@require_safe
def private_endpoint(request: BladeRequest, name: str, connection: str) -> HttpResponse:
    """What a connection leads from: the endpoint, its addresses, and what DNS says of them."""
    registry = registry_or_404(name)
    require(request, VIEW, registry)
    row = PrivateEndpointConnection.objects.filter(registry=registry).named(connection).first()
    if row is None:
        raise Http404(f"'{registry.name}' has no private endpoint connection '{connection[:50]}'. It may be removed.")
    endpoint = endpoint_at(row.private_endpoint)
    line = ConnectionLine.of(row)
    context = {
        "registry": registry,
        "page": "Networking",
        "line": line,
        "since": row.created_at,
        "endpoint": endpoint,
        "location": regions.display_name(endpoint.location) if endpoint else "",
        "names": names_of(endpoint, approved=line.state is ConnectionState.APPROVED) if endpoint else [],
        "zone": zone(),
        "may_change": request.user.may(CHANGE, registry),
        "may_delete": request.user.may(DELETE),
    }
    return render(request, "networking/private_endpoint.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def delete_private_endpoint(request: BladeRequest, subscription: UUID, group: str, name: str) -> HttpResponse:
    """Of any endpoint, with a connection or without: one whose connection was removed has no other page."""
    require(request, DELETE)
    place = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/privateEndpoints/{name}"
    endpoint = endpoint_at(place)
    if endpoint is None:
        raise Http404(f"There is no private endpoint named '{name[:80]}' in that group. It may have been deleted.")
    network = endpoint.subnet.virtual_network
    if request.method == "POST":
        delete_endpoint(endpoint, origin(request))
        told = f"Deleted '{endpoint.name}'. Its addresses are free again."
        notify(request, "success", "Private endpoint deleted", told)
        within = network.resource_group
        return see_other("virtual-network", within.subscription.subscription_id, within.name, network.name)
    service = ResourceId.parse(endpoint.service)
    state, _ = states_of([endpoint]).get(endpoint.resource_id, (None, ""))
    context = {
        "endpoint": endpoint,
        "network": network,
        "location": regions.display_name(endpoint.location),
        "service": service.name if service else endpoint.service,
        "state": state,
    }
    return render(request, "networking/private_endpoint_delete.html", context)
