"""Stub."""

from typing import Any

from django.http import HttpRequest, HttpResponse


def _todo(request: HttpRequest, **_: Any) -> HttpResponse:
    return HttpResponse()


sign_in = sign_out = theme = registry_list = create_registry = overview = tier = delete_registry = resource_group = (
    delete_resource_group
) = _todo
