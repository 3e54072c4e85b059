"""What every view of the ARM API begins with: the typed request, what its path names, and the answer."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from networking.arm.errors import JSON, ArmError, group_not_found, subscription_not_found
from networking.arm.kept_answers import Place
from registries.models import Account, Origin, ResourceGroup, Subscription


class ArmRequest(HttpRequest):
    """A request after `dispatch`: `json` is the body as parsed, None where the route takes none; `place` is where its
    answer is kept, None where it isn't."""

    account: Account
    api_version: str
    json: Any
    place: Place | None
    client_address: Any  # networking's ClientAddress; its str() is the address, or "" where that is not known


def request_id(request: HttpRequest) -> str:
    """What the answer and the log call this request."""
    return str(getattr(request, "request_id", ""))


def origin(request: ArmRequest) -> Origin:
    """Who makes a change, for its change record. The az command stands in a header that az sends with each request."""
    command = " ".join(request.headers.get("CommandName", "").split())
    # az's own; another program may write there what it likes, so only a command in plain characters counts.
    said = f"az {command}"[:400] if command.isascii() and command.isprintable() and command else ""
    return Origin(account=request.account.username, door="arm", address=str(request.client_address), comment=said)


def answer(body: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> JsonResponse:
    """JSON as ARM sends it."""
    return JsonResponse(body, status=status, safe=False, content_type=JSON, headers=headers)


def nothing(status: int = 200, *, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """An answer without a body, as ARM gives it for what was deleted."""
    response = HttpResponse(status=status, headers=headers)
    del response["Content-Type"]
    return response


def absolute(path: str) -> str:
    """A path of this API as an address, for nextLink and Location. Never made of the request's Host header: the client
    sends its token there."""
    return f"{settings.ARM_URL}{path}"


def subscription_id(text: str) -> uuid.UUID | None:
    """A subscription id as ARM spells it, in any letter case; None for any other text, like one without dashes."""
    try:
        read = uuid.UUID(text)
    except ValueError:
        return None
    return read if str(read) == text.lower() else None


def subscription_at(text: str) -> Subscription:
    """The subscription of a path; ArmError where there is none."""
    wanted = subscription_id(text)
    if wanted is None:
        message = f"The provided subscription identifier '{text[:90]}' is malformed or invalid."
        raise ArmError(400, "InvalidSubscriptionId", message, gateway=True)
    found = Subscription.objects.filter(subscription_id=wanted).first()
    if found is None:
        raise subscription_not_found(text)
    return found


def group_at(subscription: str, name: str) -> ResourceGroup:
    """The resource group of a path in any letter case, with its subscription: one query where it is there. ArmError
    where it is not."""
    wanted = subscription_id(subscription)
    groups = ResourceGroup.objects.select_related("subscription")
    found = groups.at(wanted, name).first() if wanted else None
    if found is None:
        subscription_at(subscription)
        raise group_not_found(name)
    return found
