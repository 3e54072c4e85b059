"""What stands on every answer of the ARM server, whoever makes it."""

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# As clients send them: a GUID mostly. Anything else a client writes there is not sent back.
ID = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)


class HeadersMiddleware:
    """The ids of the request, and that no answer is kept (acr-facts 10)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = given = str(uuid.uuid4())  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["x-ms-request-id"] = given
        response["x-ms-correlation-request-id"] = _sent(request, "x-ms-correlation-request-id") or given
        client = _sent(request, "x-ms-client-request-id")
        if client and request.headers.get("x-ms-return-client-request-id", "").lower() == "true":
            response["x-ms-client-request-id"] = client
        response.headers.setdefault("Cache-Control", "no-cache")  # a token says more
        response["Pragma"] = "no-cache"
        response["Expires"] = "-1"
        response["X-Content-Type-Options"] = "nosniff"
        return response


def _sent(request: HttpRequest, name: str) -> str:
    text = request.headers.get(name, "")
    return text if ID.fullmatch(text) else ""
