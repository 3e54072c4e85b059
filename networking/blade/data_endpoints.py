"""Networking › What changes for client firewalls, when dedicated data endpoints are switched."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from networking.access.endpoints import PORT, Switch
from networking.blade.client_hosts import hosts_of
from networking.blade.http import BladeRequest
from networking.models import EndpointSettings, requires_data_endpoint
from registries.http import registry_or_404, require
from registries.models import CHANGE, VIEW


@never_cache
@require_safe
def data_endpoints(request: BladeRequest, name: str) -> HttpResponse:
    """What clients have to reach before and after. It switches nothing: the checkbox on the Networking page does."""
    registry = registry_or_404(name)
    require(request, VIEW, registry)
    switch = Switch.of(hosts_of(registry))
    is_on = EndpointSettings.of(registry).policy.data_endpoint
    context = {
        "registry": registry,
        "page": "Networking",
        "switch": switch,
        "port": PORT,
        "is_on": is_on,
        "needed_now": [each.host for each in (switch.on if is_on else switch.off)],
        "added": switch.only_off if is_on else switch.only_on,
        "no_longer": switch.only_on if is_on else switch.only_off,
        "locked": is_on and requires_data_endpoint(registry),
        "may_change": request.user.may(CHANGE, registry),
    }
    return render(request, "networking/data_endpoints.html", context)
