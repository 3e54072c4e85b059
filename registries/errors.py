"""Error pages: one sentence of what is wrong and one of what to do, never a trace."""

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def page(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        # A part of an open page: the sentence alone, which its script shows beside what was typed.
        return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
    return render(request, "error.html", {"title": title, "text": text}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent):
        return page(
            request,
            413,
            "Too much at once",
            "The form is larger than a firewall list can be, so nothing was saved. Go back and send fewer lines.",
        )
    return page(request, 400, "Bad request", "The request can't be read, so nothing was saved. Go back and try again.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    text = str(exception) or "You don't have permission to do this. Ask an Owner for the role that has it."
    return page(request, 403, "No permission", text)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    text = exception.args[0] if exception.args and isinstance(exception.args[0], str) else ""
    text = text or "There is no page at this address. Start from the list of registries."
    return page(request, 404, "Not found", text)


def server_error(request: HttpRequest) -> HttpResponse:
    # No context processors: whatever failed may fail in them again.
    return render(None, "500.html", status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return page(
        request,
        403,
        "This page is out of date",
        "The form came without its security token, so nothing was saved. Go back, reload the page and try again.",
    )
