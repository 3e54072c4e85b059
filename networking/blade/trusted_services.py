"""Network tools › Trusted services: whom the firewall exception is about, and what one needs for this registry."""

from http import HTTPStatus

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from networking.access.decision import Reason
from networking.access.trusted import TrustedNetworks
from networking.blade.connection import QUOTED, read_address
from networking.blade.http import BladeRequest
from networking.blade.service_lines import NEEDS, LetIn, Place, ServiceLine, Standing, workflow
from networking.models import EndpointSettings
from registries.http import registry_or_404, require
from registries.models import VIEW, Registry

FIRST = next(iter(NEEDS))
LOOKED_AT = 100  # requests that the exception let in, the newest first


@never_cache
@require_safe
def trusted_services(request: BladeRequest, name: str) -> HttpResponse:
    """The page. Its address holds the service that the workflow is told for."""
    registry = registry_or_404(name)
    require(request, VIEW, registry)
    policy, trusted = EndpointSettings.of(registry).policy, request.trusted_networks
    lines = ServiceLine.all_of(trusted)
    asked = request.GET.get("service", FIRST)
    chosen = next((line for line in lines if line.name == asked), None)
    place = Place(registry.name, registry.login_server, str(registry.resource_id))
    context = {
        "registry": registry,
        "page": "Trusted services",
        "policy": policy,
        "standing": Standing.of(policy),
        "lines": lines,
        "chosen": chosen,
        "refused": "" if chosen else f"There is no trusted service '{asked[:QUOTED]}'. Choose one of the list.",
        "steps": workflow(chosen, policy, place, _seen(registry, chosen, trusted)) if chosen else (),
        "network_first": settings.GATE_ORDER == "NETWORK-FIRST",
        "may_name_services": request.user.is_staff and request.user.may("networking.change_trustedservice"),
    }
    status = HTTPStatus.OK if chosen else HTTPStatus.UNPROCESSABLE_ENTITY
    return render(request, "networking/trusted_services.html", context, status=status)


def _seen(registry: Registry, service: ServiceLine, trusted: TrustedNetworks) -> LetIn | None:
    """When a gate last let that service in by the exception; None where it did not lately. One query."""
    let_in = registry.access_requests.filter(reason=Reason.TRUSTED_SERVICE).order_by("-at")
    for at, text in let_in.values_list("at", "address")[:LOOKED_AT]:
        address = read_address(text)  # of a log, and so perhaps none
        if not isinstance(address, str) and trusted.service_of(address) == service.name:
            return LetIn(at, text)
    return None
