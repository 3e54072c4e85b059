"""What stands on every answer of the ARM server, whoever makes it."""

import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse

# As clients send them: a GUID mostly. Anything else a client writes there is not sent back.
ID = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)


class HeadersMiddleware:
    """The ids of the request, and that no answer is kept (acr-facts 10)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = given = new_request_id()  # type: ignore[attr-defined]
        response = self.get_response(request)
        for name, value in stamps(request.META, given).items():
            if name != "Cache-Control" or name not in response:  # a token says more
                response[name] = value
        return response


def new_request_id() -> str:
    return str(uuid.uuid4())


def stamps(environ: Mapping[str, Any], request_id: str) -> dict[str, str]:
    """The headers for the answer to a request that WSGI describes so."""
    correlation = environ.get("HTTP_X_MS_CORRELATION_REQUEST_ID", "")
    stamped = {
        "x-ms-request-id": request_id,
        "x-ms-correlation-request-id": correlation if ID.fullmatch(correlation) else request_id,
        "Cache-Control": "no-cache",
        "Pragma": "no-cache",
        "Expires": "-1",
        "X-Content-Type-Options": "nosniff",
    }
    client = environ.get("HTTP_X_MS_CLIENT_REQUEST_ID", "")
    if ID.fullmatch(client) and environ.get("HTTP_X_MS_RETURN_CLIENT_REQUEST_ID", "").lower() == "true":
        stamped["x-ms-client-request-id"] = client
    return stamped
