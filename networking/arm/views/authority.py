"""Where az learns how to sign in, and where it does. What stands here needs no token."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse

from networking.arm import identity as identity  # registers its routes
from networking.arm import oauth
from networking.arm.http import ArmRequest, answer
from networking.arm.routing import OBJECT, route

TEXT = {"type": "string"}
SECRET = {"Cache-Control": "no-store"}  # RFC 6749, 5.1
FORM: dict[str, Any] = {
    "type": "object",
    "properties": {
        "grant_type": {"enum": ["client_credentials", "password", "refresh_token", "device_code", oauth.DEVICE_GRANT]},
        **dict.fromkeys(("client_id", "client_secret", "username", "password", "refresh_token", "device_code"), TEXT),
        **dict.fromkeys(("scope", "resource"), TEXT),
    },
    "additionalProperties": TEXT,
}
OAUTH_ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["error", "error_description", "error_codes"],
    "properties": {
        "error": {"type": "string"},
        "error_description": {"type": "string"},
        "error_codes": {"type": "array", "items": {"type": "integer"}},
    },
}


@route(
    "GET",
    "/metadata/endpoints",
    operation="Cloud_Endpoints",
    summary="What az cloud register reads",
    answers={200: {"type": ["object", "array"]}},
    query={"api-version": {"type": "string"}},
    public=True,
)
def endpoints(request: ArmRequest) -> JsonResponse:
    """One object; a list of it for ARM_CLOUD_METADATA_URL, and the first shape of all for az before 2.61."""
    match request.GET.get("api-version", ""):
        case "2015-01-01":
            url = settings.ARM_URL
            authentication = {"loginEndpoint": f"{url}/adfs", "audiences": [f"{url}/"]}
            old = {"galleryEndpoint": f"{url}/", "graphEndpoint": f"{url}/", "portalEndpoint": f"{url}/"}
            return answer({**old, "authentication": authentication})
        case version if version and version < "2020":
            return answer([_cloud()])
        case _:
            return answer(_cloud())


def _cloud() -> dict[str, Any]:
    url = f"{settings.ARM_URL}/"
    return {
        "name": "Portcullis",
        "resourceManager": url,
        "portal": url,
        "graph": url,
        "graphAudience": url,
        "authentication": {
            # The library under az asks Microsoft about an authority that it doesn't know, unless its path is /adfs.
            "loginEndpoint": f"{settings.ARM_URL}/adfs",
            "audiences": [url],
            "tenant": "adfs",
            "identityProvider": "ADFS",
        },
        "suffixes": {
            "acrLoginServer": settings.LOGIN_SERVER_SUFFIX,
            # Not ours, but az names the hosts of layers with it.
            "storage": "core.windows.net",
            "keyVaultDns": "vault.localhost",
            "sqlServerHostname": "database.localhost",
        },
    }


@route(
    "GET",
    "/adfs/.well-known/openid-configuration",
    operation="Authority_Configuration",
    summary="The addresses of the authority",
    public=True,
)
def configuration(request: ArmRequest) -> JsonResponse:
    authority = f"{settings.ARM_URL}/adfs"
    return answer(
        {
            "issuer": authority,
            "authorization_endpoint": f"{authority}/oauth2/authorize",
            "token_endpoint": f"{authority}/oauth2/token",
            "device_authorization_endpoint": f"{authority}/oauth2/devicecode",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "grant_types_supported": ["client_credentials", "password", "refresh_token", oauth.DEVICE_GRANT],
            "response_types_supported": ["token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        }
    )


@route(
    "POST",
    "/adfs/oauth2/token",
    operation="Authority_Token",
    summary="Sign in: a service principal, a person, or a token that is about to end",
    form=FORM,
    answers={200: OBJECT, 400: OAUTH_ERROR, 401: OAUTH_ERROR, 429: OAUTH_ERROR},
    headers={429: ("Retry-After",)},
    public=True,
)
def token(request: ArmRequest) -> JsonResponse:
    return answer(oauth.granted(_form(request), str(request.client_address)), headers=SECRET)


@route(
    "POST",
    "/adfs/oauth2/devicecode",
    operation="Authority_DeviceCode",
    summary="A device code, where the settings approve one",
    form=FORM,
    answers={200: OBJECT, 400: OAUTH_ERROR},
    public=True,
)
def device_code(request: ArmRequest) -> JsonResponse:
    return answer(oauth.device_code(_form(request)), headers=SECRET)


@route(
    "GET",
    oauth.DEVICE_PAGE,
    operation="Authority_DevicePage",
    summary="Where az sends people with a device code: one sentence, because there is nothing to do",
    public=True,
)
def device_page(request: ArmRequest) -> JsonResponse:
    text = "There is nothing to type here: where the settings of this Portcullis approve a code, az goes on by itself."
    return answer({"message": text})


@route(
    "GET",
    "/adfs/oauth2/authorize",
    operation="Authority_Authorize",
    summary="Signing in with a browser, which Portcullis does not do",
    answers={400: OAUTH_ERROR},
    public=True,
)
def authorize(request: ArmRequest) -> JsonResponse:
    """A desktop's az opens it in a browser: it says what to type instead."""
    message = (
        "Portcullis has no sign-in page for az. Press Ctrl+C there, and use az login --service-principal, "
        "az login -u USER, or az login --use-device-code."
    )
    raise oauth.OauthError(400, "unsupported_response_type", 700051, message)


def _form(request: HttpRequest) -> dict[str, str]:
    """The fields, the last one of a name; none of another media type than a form's."""
    return request.POST.dict() if request.content_type == "application/x-www-form-urlencoded" else {}
