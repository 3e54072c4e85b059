"""Stub."""

from typing import Any

from django.http import HttpRequest, HttpResponse


def _todo(request: HttpRequest, **_: Any) -> HttpResponse:
    return HttpResponse()


public_access = evaluate = paste = demonstration = help_page = _todo
