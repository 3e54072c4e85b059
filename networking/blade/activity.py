"""Stub: being written."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe


@require_safe
def registry_activity(request: HttpRequest, name: str = "") -> HttpResponse:
    return HttpResponse(name)


@require_safe
def registry_activity_csv(request: HttpRequest, name: str = "") -> HttpResponse:
    return HttpResponse(name)


@require_safe
def activity(request: HttpRequest, name: str = "") -> HttpResponse:
    return HttpResponse(name)


@require_safe
def activity_csv(request: HttpRequest, name: str = "") -> HttpResponse:
    return HttpResponse(name)
