"""What every page shows of demonstration mode."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def demonstration(request: HttpRequest) -> dict[str, Any]:
    """`demonstration` is true in that mode only; the simulated address is looked up when a template shows it."""
    return {
        "demonstration": settings.DEMONSTRATION,
        "client_address": getattr(request, "client_address", None),
    }
