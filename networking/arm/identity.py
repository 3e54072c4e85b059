"""Tokens of a managed identity, as programs on Azure get them without a secret of their own.

Both servers answer here, because Azure does it over plain http. `urlpatterns` are the dashboard's; on the ARM server
`dispatch` looks at the method."""

import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from networking.arm import oauth
from networking.arm.errors import JSON
from networking.arm.routing import route
from registries.demonstration import DEMONSTRATION_SERVICE_PRINCIPAL

TOKEN: dict[str, Any] = {
    "type": "object",
    "required": ["access_token", "token_type", "expires_on", "resource"],
    "properties": {
        "access_token": {"type": "string"},
        "token_type": {"const": "Bearer"},
        "expires_on": {"type": ["integer", "string"]},
        "resource": {"type": "string"},
    },
}
QUERY = {"resource": {"type": "string"}}


@route(
    "GET",
    "/msi/token",
    operation="Identity_AppServiceToken",
    summary="A managed identity's token, as App Service gives it",
    answers={200: TOKEN, 400: {"type": "object"}, 401: {"type": "object"}},
    query=QUERY,
    public=True,
)
@login_not_required
@never_cache
def app_service(request: HttpRequest) -> JsonResponse:
    """Whoever knows the secret that the environment of the program holds. Without one set, nobody does."""
    secret = settings.ARM_IDENTITY_HEADER or (
        DEMONSTRATION_SERVICE_PRINCIPAL.password if settings.DEMONSTRATION else ""
    )
    shown = request.headers.get("X-Identity-Header", "") or request.headers.get("Secret", "")
    if not secret or not secrets.compare_digest(shown.encode(), secret.encode()):
        return _told({"statusCode": 401, "message": "X-IDENTITY-HEADER isn't the one of ARM_IDENTITY_HEADER."}, 401)
    try:
        return _token(request)
    except oauth.OauthError as refused:
        return _told({"statusCode": refused.status, "message": refused.message}, refused.status)


@route(
    "GET",
    "/metadata/identity/oauth2/token",
    operation="Identity_InstanceToken",
    summary="A managed identity's token, as a virtual machine gets it",
    answers={200: TOKEN, 400: {"type": "object"}, 404: {"type": "object"}},
    query=QUERY,
    public=True,
)
@login_not_required
@never_cache
def instance_metadata(request: HttpRequest) -> JsonResponse:
    """Whoever can ask: on Azure that is the machine itself. Here it is anybody, so only demonstration mode does it."""
    if not settings.DEMONSTRATION:
        return _told(
            {"error": "not_found", "error_description": "Only demonstration mode has machine identities."}, 404
        )
    if request.headers.get("Metadata", "").lower() != "true":
        return _told({"error": "bad_request_102", "error_description": "Required metadata header not specified"}, 400)
    try:
        return _token(request)
    except oauth.OauthError as refused:
        return refused.response()


def _token(request: HttpRequest) -> JsonResponse:
    username = oauth.identity_account()
    wanted = request.GET.get("client_id", "") or request.GET.get("clientid", "")
    if not username or (wanted and wanted != username):
        raise oauth.OauthError(
            400, "invalid_request", 700016, "Identity not found; ARM_IDENTITY_ACCOUNT names the one."
        )
    given = oauth.managed_identity(request.GET.get("resource", "") or settings.ARM_URL, username)
    return _told(given | {"expires_in": str(given["expires_in"]), "expires_on": str(given["expires_on"])}, 200)


def _told(body: dict[str, Any], status: int) -> JsonResponse:
    return JsonResponse(body, status=status, content_type=JSON)


urlpatterns = [
    path("msi/token", require_GET(app_service)),
    path("metadata/identity/oauth2/token", require_GET(instance_metadata)),
]
