"""Signing in to the ARM API: the grants of the /adfs authority, and what it says instead of a token.

Everything it gives away is signed and stateless. Its wrong answers are those of Entra ID, which az prints as they are.
"""

import time
import uuid
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.http import JsonResponse
from django.utils import timezone

from networking.arm import tokens
from networking.arm.errors import JSON, ArmError
from registries import signing
from registries.credentials import PEOPLE, PROGRAMS, BusyError, GuessedError, account_of
from registries.demonstration import DEMONSTRATION_ACCOUNTS, DEMONSTRATION_SERVICE_PRINCIPAL
from registries.models import Account

REFRESH_LIFETIME = 7 * 24 * 60 * 60
DEVICE_LIFETIME = 15 * 60
REFRESH = "portcullis:refresh-token"  # audiences of what only this authority takes
DEVICE = "portcullis:device-code"
DEVICE_PAGE = "/adfs/oauth2/deviceauth"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class OauthError(ArmError):
    """A refusal of the token endpoint (RFC 6749, 5.2), with the number that Entra ID gives it."""

    def __init__(
        self, status: int, error: str, number: int, description: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, error, f"AADSTS{number}: {description}", headers=headers)
        self.number = number

    def response(self, *, of_registries: bool = False) -> JsonResponse:
        body = {
            "error": self.code,
            "error_description": self.message,
            "error_codes": [self.number],
            "timestamp": timezone.now().strftime("%Y-%m-%d %H:%M:%SZ"),
            "trace_id": str(uuid.uuid4()),
        }
        headers = {"WWW-Authenticate": "Basic"} if self.status == 401 else {}
        return JsonResponse(body, status=self.status, content_type=JSON, headers=headers | self.headers)


def granted(form: Mapping[str, str], caller: str) -> dict[str, Any]:
    """The answer to a token request from the address `caller`. OauthError where it proves nobody."""
    match form.get("grant_type", ""):
        case "client_credentials":
            return _of_program(form, caller)
        case "password":
            return _of_person(_with_password(form, caller), form)
        case "refresh_token":
            return _of_person(_refreshed(form.get("refresh_token", "")), form)
        case "urn:ietf:params:oauth:grant-type:device_code" | "device_code":  # as OAuth and as ADFS call it
            return _of_person(_approved(form.get("device_code") or form.get("code", "")), form)
        case "":
            message = "The request body must contain the following parameter: 'grant_type'."
            raise OauthError(400, "invalid_request", 900144, message)
        case other:
            message = f"The app requested an unsupported grant type '{other[:60]}'."
            raise OauthError(400, "unsupported_grant_type", 70003, message)


def managed_identity(audience: str, username: str) -> dict[str, Any]:
    """The token of a managed identity, whose account a setting names."""
    account = Account.objects.filter(username=username, is_active=True).first()
    if account is None:
        raise OauthError(400, "invalid_request", 700016, "The account of ARM_IDENTITY_ACCOUNT is gone or inactive.")
    return _token(account, checked_audience(audience)) | {"client_id": account.username}


def identity_account() -> str:
    """Whose token a managed identity gets; empty: nobody's."""
    return settings.ARM_IDENTITY_ACCOUNT or (DEMONSTRATION_SERVICE_PRINCIPAL.username if settings.DEMONSTRATION else "")


def device_code(form: Mapping[str, str]) -> dict[str, Any]:
    """A code that is approved already, where a setting says whose it is. OauthError elsewhere: there is no page where
    anybody could approve one, and az would wait for it in vain."""
    username = _approving()
    if not username:
        message = (
            "Signing in with a device code is turned off here. Use az login --service-principal, "
            "or az login -u USER with a user name of this console."
        )
        raise OauthError(400, "access_denied", 70044, message)
    _audience(form)
    code = signing.sign({"sub": username}, audience=DEVICE, lifetime=DEVICE_LIFETIME)
    page = f"{settings.ARM_URL}{DEVICE_PAGE}"
    return {
        "device_code": code,
        "user_code": "PORTCULLIS",
        "verification_uri": page,
        "verification_url": page,
        "expires_in": DEVICE_LIFETIME,
        "interval": 1,
        "message": f"Signing in as {username}, as the settings of this Portcullis say. There is nothing to type.",
    }


def checked_audience(text: str) -> str:
    """The audience as it was asked for. OauthError where it is none of those that tokens are for."""
    if text.rstrip("/") in tokens.audiences():
        return text
    message = f"The resource principal named {text[:200]} was not found; tokens are for {settings.ARM_URL}."
    raise OauthError(400, "invalid_resource", 500011, message)


def _audience(form: Mapping[str, str]) -> str:
    """What the token is to be for: `<audience>/.default` among the scopes, or the older `resource`."""
    scope = next((each for each in form.get("scope", "").split() if "://" in each), "")
    return checked_audience(scope.removesuffix("/.default") or form.get("resource", "") or settings.ARM_URL)


def _of_program(form: Mapping[str, str], caller: str) -> dict[str, Any]:
    client = form.get("client_id", "")
    if form.get("client_assertion"):
        message = "Portcullis takes the secret of a service principal, not a certificate or a federated token."
        raise OauthError(401, "invalid_client", 700027, message)
    account = _proven(client, form.get("client_secret", ""), caller, PROGRAMS)
    if account is None:
        message = (
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
            f"not the client secret ID, for a secret added to app '{client[:150]}'."
        )
        raise OauthError(401, "invalid_client", 7000215, message)
    return _token(account, _audience(form))


def _with_password(form: Mapping[str, str], caller: str) -> Account:
    account = _proven(form.get("username", ""), form.get("password", ""), caller, PEOPLE)
    if account is None:
        message = "Error validating credentials due to invalid username or password."
        raise OauthError(400, "invalid_grant", 50126, message)
    return account


def _proven(username: str, password: str, caller: str, only: Q) -> Account | None:
    """Whose they are. OauthError 429 where nobody looks: Entra ID's own numbers, under the status that says how long
    to wait."""
    try:
        return account_of(username, password, caller=caller, only=only, renews=True, patient=True)
    except BusyError as busy:
        headers = {"Retry-After": str(busy.again_in)}
        if isinstance(busy, GuessedError):
            message = f"The account is locked. {busy.sentence}"
            raise OauthError(429, "invalid_grant", 50053, message, headers=headers) from None
        raise OauthError(429, "temporarily_unavailable", 90055, busy.sentence, headers=headers) from None


def _refreshed(token: str) -> Account:
    claims = signing.verify(token, audience=REFRESH) if len(token) <= tokens.LONGEST else None
    if claims is None:
        message = "The refresh token has expired or is not one of this Portcullis. Sign in again with az login."
        raise OauthError(400, "invalid_grant", 700082, message)
    account = Account.objects.filter(pk=claims["id"], is_active=True).first()
    if account is None or account.get_session_auth_hash() != claims["proof"]:
        message = "The grant was revoked: the password changed, or the account ended. Sign in again with az login."
        raise OauthError(400, "invalid_grant", 50173, message)
    return account


def _approved(code: str) -> Account:
    claims = signing.verify(code, audience=DEVICE) if len(code) <= tokens.LONGEST else None
    if claims is None:
        raise OauthError(400, "expired_token", 70020, "The device code has expired or is not one of this Portcullis.")
    # Asked again, because the setting may have changed since.
    username = _approving()
    accounts = Account.objects.filter(username=username, is_active=True, service_principal=False)
    account = accounts.first() if claims["sub"] == username else None
    if account is None:
        raise OauthError(400, "authorization_declined", 70018, "Nobody approves this device code.")
    return account


def _approving() -> str:
    """Who a device code signs in without asking; empty: nobody."""
    return settings.ARM_DEVICE_CODE_ACCOUNT or (DEMONSTRATION_ACCOUNTS[0].username if settings.DEMONSTRATION else "")


def _token(account: Account, audience: str) -> dict[str, Any]:
    now = int(time.time())
    return {
        "token_type": "Bearer",
        "access_token": tokens.issue(account, audience),
        "expires_in": tokens.LIFETIME,
        "expires_on": now + tokens.LIFETIME,
        "not_before": now,
        "resource": audience,
    }


def _of_person(account: Account, form: Mapping[str, str]) -> dict[str, Any]:
    """With what keeps a person signed in, and what says who it is."""
    proof = {"id": account.pk, "proof": account.get_session_auth_hash(), "jti": str(uuid.uuid4())}
    who = {
        "iss": f"{settings.ARM_URL}/adfs",
        "sub": account.object_id,
        "oid": account.object_id,
        "tid": signing.tenant_id(),
        "upn": account.username,
        "preferred_username": account.username,
        "name": account.get_full_name() or account.username,
    }
    return {
        **_token(account, _audience(form)),
        "scope": form.get("scope", ""),
        "refresh_token": signing.sign(proof, audience=REFRESH, lifetime=REFRESH_LIFETIME),
        "refresh_token_expires_in": REFRESH_LIFETIME,
        "id_token": signing.sign(who, audience=form.get("client_id", "") or "az", lifetime=tokens.LIFETIME),
        "client_info": tokens.client_info(account),
    }
