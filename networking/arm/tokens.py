"""The tokens of the ARM API: who asks, told by a signature. Nothing of a token is remembered, so that a restart takes
nobody's sign-in away; each request looks at the account again."""

import json
import time
import uuid
from base64 import b64encode, urlsafe_b64encode
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.conf import settings

from networking.arm.errors import ArmError
from registries import signing
from registries.models import Account

LIFETIME = 60 * 60
LONGEST = 8192
MANAGEMENT = ("https://management.azure.com", "https://management.core.windows.net")
CONTAINER_REGISTRY = "https://containerregistry.azure.net"

# What a client is told that shows a token we don't take: one that knows this challenge asks for a new one by itself,
# instead of showing the cached one until it ends.
ANEW = b64encode(b'{"access_token":{"xms_cc":{"values":["CP1"]}}}').decode()


def audiences() -> tuple[str, ...]:
    """What a token may be for: the ARM API under its names, and container registries as such."""
    return (settings.ARM_URL, *MANAGEMENT, CONTAINER_REGISTRY)


def issue(account: Account, audience: str) -> str:
    """An access token. `audience` stands in it as it was asked for, with or without its slash."""
    kind = {"idtyp": "app", "appid": account.username} if account.service_principal else {"idtyp": "user"}
    person = {} if account.service_principal else {"upn": account.username, "unique_name": account.username}
    claims: dict[str, Any] = {
        "sub": account.username,
        "oid": account.object_id,
        "tid": signing.tenant_id(),
        "ver": "1.0",
        "jti": str(uuid.uuid4()),
        **kind,
        **person,
    }
    return signing.sign(claims, audience=audience, lifetime=LIFETIME)


def client_info(account: Account) -> str:
    """What the library under az files a person's tokens by."""
    said = json.dumps({"uid": account.object_id, "utid": signing.tenant_id()})
    return urlsafe_b64encode(said.encode()).decode().rstrip("=")


def identify(authorization: str) -> Account:
    """Whose token that header holds. ArmError 401 where it holds none that is valid now, or its account ended."""
    kind, _, token = authorization.partition(" ")
    if not authorization:
        raise _refused("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
    if kind.lower() != "bearer" or not token.strip():
        message = "The 'Authorization' header is provided in an invalid format; it must be 'Bearer' and a token."
        raise _refused("AuthenticationFailedInvalidHeader", message)
    claims = _signed(token.strip()) if len(token) <= LONGEST else None
    if claims is None or "oid" not in claims:
        raise _refused("InvalidAuthenticationToken", "The access token is invalid.")
    now = time.time()
    if claims["exp"] <= now:
        ended = datetime.fromtimestamp(claims["exp"], UTC)
        message = (
            f"The access token expiry UTC time '{ended:%m/%d/%Y %H:%M:%S}' is earlier than current UTC time "
            f"'{datetime.fromtimestamp(now, UTC):%m/%d/%Y %H:%M:%S}'."
        )
        raise _refused("ExpiredAuthenticationToken", message)
    if claims["aud"].rstrip("/") not in (settings.ARM_URL, *MANAGEMENT):
        message = (
            f"The access token has been obtained for wrong audience or resource '{claims['aud']}'. "
            f"It should exactly match with one of the allowed audiences '{settings.ARM_URL}'."
        )
        raise _refused("InvalidAuthenticationTokenAudience", message)
    account = Account.active(claims["sub"])
    if account is None or account.object_id != claims["oid"]:
        raise _refused("InvalidAuthenticationToken", "The access token is of an account that is gone or inactive.")
    return account


def ends(authorization: str) -> float:
    """When the token ends that `identify` took, in seconds since 1970."""
    return float(_kept(authorization.partition(" ")[2].strip())["exp"])


@lru_cache(maxsize=4096)
def _kept(token: str) -> dict[str, Any]:
    """Checking a signature costs a tenth of a millisecond, and az shows one token many times. ValueError where it is
    not ours, so that no forgery fills the cache."""
    claims = signing.read(token)
    if claims is None:
        raise ValueError("not signed by us")
    return claims


def _signed(token: str) -> dict[str, Any] | None:
    try:
        return _kept(token)
    except ValueError:
        return None


def _refused(code: str, message: str) -> ArmError:
    challenge = (
        f'Bearer authorization_uri="{settings.ARM_URL}/adfs", error="insufficient_claims", '
        f'error_description="{code}", claims="{ANEW}"'
    )
    return ArmError(401, code, message, gateway=True, headers={"WWW-Authenticate": challenge})
