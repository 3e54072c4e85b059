"""Puts the client's address on the request, for every door that says who did something from where."""

from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from networking.client_address import ClientAddress, client_address
from networking.models import SimulatedClient

SIMULATED_AT_FIRST = "203.0.113.24"


class ClientAddressMiddleware:
    """Sets `request.client_address`, worked out when first asked for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.client_address = SimpleLazyObject(lambda: _address_of(request))  # type: ignore[attr-defined]
        return self.get_response(request)


def _address_of(request: HttpRequest) -> ClientAddress:
    if settings.DEMONSTRATION:
        simulated = SimulatedClient.objects.first()
        return ClientAddress(ip_address(simulated.address if simulated else SIMULATED_AT_FIRST), simulated=True)
    return client_address(
        request.META.get("REMOTE_ADDR", ""),
        request.headers.get("X-Forwarded-For", ""),
        settings.TRUSTED_PROXIES,
    )
