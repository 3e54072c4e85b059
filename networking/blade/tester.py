"""Stub: being written."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe


@require_safe
def tester(request: HttpRequest, name: str = "") -> HttpResponse:
    return HttpResponse(name)


@require_safe
def must_work(request: HttpRequest, name: str = "") -> HttpResponse:
    return HttpResponse(name)


@require_safe
def troubleshoot(request: HttpRequest, name: str = "") -> HttpResponse:
    return HttpResponse(name)
