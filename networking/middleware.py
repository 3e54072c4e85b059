"""Puts the client's address on the request, and the networks by which it may be known: every door judges callers."""

from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from networking.client_address import Address, ClientAddress, client_address
from networking.models import SimulatedClient, TrustedService

SIMULATED_AT_FIRST = "203.0.113.24"


class ClientAddressMiddleware:
    """Sets `request.client_address` and `request.trusted_networks`, each worked out once, when first asked for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.client_address = SimpleLazyObject(lambda: _address_of(request))  # type: ignore[attr-defined]
        request.trusted_networks = SimpleLazyObject(TrustedService.known)  # type: ignore[attr-defined]
        return self.get_response(request)


def _address_of(request: HttpRequest) -> ClientAddress:
    if settings.DEMONSTRATION:
        return ClientAddress(simulated_address(), simulated=True)
    return client_address(
        request.META.get("REMOTE_ADDR", ""),
        request.headers.get("X-Forwarded-For", ""),
        settings.TRUSTED_PROXIES,
    )


def simulated_address() -> Address:
    """What stands in for this machine's own address in demonstration mode. One query."""
    simulated = SimulatedClient.objects.first()
    return ip_address(simulated.address if simulated else SIMULATED_AT_FIRST)
