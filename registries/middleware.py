"""Who has not signed in, and what an open page of theirs is told."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase


class SignedInMiddleware(LoginRequiredMiddleware):
    """Every page needs a sign-in unless its view says otherwise."""

    def handle_no_permission(  # type: ignore[override]  # the stubs know of a redirect only
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseBase:
        """A page is sent to sign in. A part of an open page gets 401 instead: the sign-in page would take the place
        of what somebody is editing."""
        if request.headers.get("HX-Request"):
            return HttpResponse(
                "You are signed out. Sign in in another tab, then try again.",
                status=401,
                content_type="text/plain; charset=utf-8",
            )
        return super().handle_no_permission(request, view_func)
