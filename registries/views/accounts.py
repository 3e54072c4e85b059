"""Signing in and out, and the theme: what works before anybody is known."""

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from registries import errors
from registries.context import THEMES
from registries.demonstration import DEMONSTRATION_ACCOUNTS
from registries.forms import SignInForm
from registries.http import PortalRequest, see_other

ONE_YEAR = 365 * 24 * 60 * 60


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
@never_cache
def sign_in(request: PortalRequest) -> HttpResponse:
    to = safe_next(request)
    if request.user.is_authenticated:
        return see_other(to)
    form = SignInForm(request, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        login(request, form.get_user())
        return see_other(to)
    response = render(
        request,
        "registries/sign_in.html",
        {"form": form, "next": to, "accounts": DEMONSTRATION_ACCOUNTS if settings.DEMONSTRATION else ()},
        status=422 if form.is_bound else 200,
    )
    if form.again_in is not None:
        response.status_code, response.headers["Retry-After"] = 429, str(form.again_in)
    return response


# Not behind a login: a second tab that signs out after the first must not end on a page that asks for POST.
@login_not_required
@require_POST
def sign_out(request: PortalRequest) -> HttpResponse:
    logout(request)
    return see_other("sign-in")


@login_not_required
@require_POST
def theme(request: PortalRequest) -> HttpResponse:
    wanted = request.POST.get("theme", "")
    if wanted not in THEMES:
        return errors.page(request, 400, "No such theme", "The theme can be auto, light or dark. Nothing was changed.")
    response = HttpResponse(status=204) if request.htmx else see_other(safe_next(request))
    response.set_cookie(
        "theme", wanted, max_age=ONE_YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE, httponly=True
    )
    return response


def safe_next(request: PortalRequest) -> str:
    """Where to go on: the page asked for, if it is one of this console; else the list of registries."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return resolve_url(settings.LOGIN_REDIRECT_URL)
