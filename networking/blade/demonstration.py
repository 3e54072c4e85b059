"""Demonstration settings: the simulated client address, and the way back to the start."""

from http import HTTPStatus

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from networking.blade.connection import read_address
from networking.blade.http import BladeRequest
from networking.demonstration import restore
from networking.models import SimulatedClient
from registries.http import notify, origin, require, see_other
from registries.models import DELETE


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def demonstration(request: BladeRequest) -> HttpResponse:
    """One page, two buttons. It exists in demonstration mode only."""
    if not settings.DEMONSTRATION:
        raise Http404
    if request.method != "POST":
        return _page(request, str(request.client_address))
    if request.POST.get("op") == "reset":
        require(request, DELETE)
        restore(reset=True, origin=origin(request))
        notify(request, "success", "Demonstration reset", "Everything is as it was at first.")
        return see_other("demonstration")
    return _simulate(request, request.POST.get("address", "").strip())


def _simulate(request: BladeRequest, text: str) -> HttpResponse:
    address = read_address(text)
    if isinstance(address, str):
        return _page(request, text, problem=address, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    SimulatedClient.objects.update_or_create(pk=1, defaults={"address": str(address)})
    notify(request, "success", "Simulated client address changed", f"Everybody now comes from {address}.")
    return see_other("demonstration")


def _page(
    request: BladeRequest, address: str, *, problem: str = "", status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    context = {"address": address, "problem": problem, "may_reset": request.user.may(DELETE)}
    return render(request, "networking/demonstration.html", context, status=status)
