"""What our tokens say. An access token is what Distribution's own token authentication takes; a refresh token gets
access tokens and nothing else. Each is for one registry: its host is the audience.

Who loses a role or the account keeps an access token until it ends, so it is short; clients get the next one without
asking anybody. Azure's live 60 to 75 minutes, and its refresh tokens 3 hours (acr-facts 5.3).
"""

import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings

from networking.gate.hosts import Host
from networking.gate.scopes import Scope
from registries import signing
from registries.models import Account

ACCESS_LIFETIME = 15 * 60
REFRESH_LIFETIME = 3 * 60 * 60
LONGEST = 8192

# What an ARM token may be for: the ARM API, or container registries as such. Its `idtyp` tells it from ours.
AUDIENCES = (
    "https://management.azure.com",
    "https://management.core.windows.net",
    "https://containerregistry.azure.net",
)

# Besides the audience, because whoever asks the ARM API for a token names its audience freely.
ACCESS = "access_token"
REFRESH = "refresh_token"


@dataclass(frozen=True, slots=True)
class Access:
    """What an access token says. `trusted`: it is the identity of a trusted service."""

    account: str
    grants: tuple[Scope, ...]
    trusted: bool


def access_token(account: Account, host: Host, grants: Iterable[Scope], *, trusted: bool) -> str:
    claims = {
        "jti": str(uuid.uuid4()),
        "sub": account.username,
        "grant_type": ACCESS,
        "access": [{"type": each.kind, "name": each.name, "actions": list(each.actions)} for each in grants],
        "trusted": trusted,
    }
    return signing.sign(claims, audience=host.login_server, lifetime=ACCESS_LIFETIME)


def refresh_token(account: Account, host: Host) -> str:
    """It ends early with the account, and with a new password."""
    claims = {
        "jti": str(uuid.uuid4()),
        "sub": account.username,
        "grant_type": REFRESH,
        "oid": account.pk,
        "proof": account.get_session_auth_hash(),
    }
    return signing.sign(claims, audience=_refresh_audience(host), lifetime=REFRESH_LIFETIME)


def identify(authorization: str, host: Host) -> Access | None:
    """What the bearer of that Authorization header may do at that registry; None without a token valid there."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or len(token) > LONGEST:
        return None
    try:
        access, ends = _checked(token.strip(), host.login_server)
    except ValueError:
        return None
    return access if time.time() < ends else None


def refreshed(token: str, host: Host) -> Account | None:
    """Whose refresh token it is. One query, because accounts end."""
    claims = signing.verify(token, audience=_refresh_audience(host)) if len(token) <= LONGEST else None
    if claims is None or claims.get("grant_type") != REFRESH:
        return None
    account = Account.objects.filter(pk=claims["oid"], is_active=True).first()
    return account if account and account.get_session_auth_hash() == claims["proof"] else None


def of_arm(token: str) -> Account | None:
    """Whose access token of the ARM API it is: `az acr login` exchanges one. One query."""
    claims = signing.read(token) if len(token) <= LONGEST else None
    if claims is None or "idtyp" not in claims or claims["exp"] <= time.time():
        return None
    if claims["aud"].rstrip("/") not in (settings.ARM_URL, *AUDIENCES):
        return None
    account = Account.objects.filter(username=claims["sub"], is_active=True).first()
    # A user name may be somebody else's by now.
    return account if account is not None and account.object_id == claims.get("oid") else None


@lru_cache(maxsize=4096)
def _checked(token: str, service: str) -> tuple[Access, float]:
    """Checking a signature costs a tenth of a millisecond, and a client shows one token many times. ValueError where it
    is not valid, which is not kept: it may be a clock that is a second behind."""
    claims = signing.verify(token, audience=service)
    if claims is None or claims.get("grant_type") != ACCESS:
        raise ValueError("no access token for this registry")
    return _said(claims), claims["exp"]


def _said(claims: dict[str, Any]) -> Access:
    grants = tuple(Scope(each["type"], each["name"], tuple(each["actions"])) for each in claims["access"])
    return Access(claims["sub"], grants, claims["trusted"])


def _refresh_audience(host: Host) -> str:
    return f"{host.login_server}/oauth2/token"
