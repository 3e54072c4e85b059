"""What every view of the dashboard begins with: the typed request, the permission, the registry of the address."""

from typing import Any

from django.contrib import messages
from django.contrib.messages.constants import DEFAULT_LEVELS
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.shortcuts import resolve_url
from django_htmx.middleware import HtmxDetails

from registries.models import (
    CHANGE,
    CREATE,
    DELETE,
    IMPORT_SERVICE_TAGS,
    VIEW,
    Account,
    Notification,
    Origin,
    Registry,
)
from registries.notifications import Level

NEEDS = {
    VIEW: "Seeing registries needs the Reader, Contributor or Owner role.",
    CREATE: "Creating a registry needs the Contributor or Owner role.",
    CHANGE: "Changing a registry needs the Contributor or Owner role.",
    DELETE: "Deleting needs the Owner role.",
    IMPORT_SERVICE_TAGS: "Importing service tags needs the Owner role.",
}


class PortalRequest(HttpRequest):
    """A request of someone who has signed in, after our middleware."""

    user: Account
    htmx: HtmxDetails
    client_address: Any  # networking's ClientAddress; its str() is the address, or "" where that is not known


def require(request: PortalRequest, permission: str, registry: Registry | None = None) -> None:
    """Let through whoever has the permission; PermissionDenied with a sentence for everybody else."""
    if not request.user.may(permission, registry):
        raise PermissionDenied(f"{NEEDS[permission]} Ask an Owner of this console.")


def registry_or_404(name: str) -> Registry:
    """The registry of that name in any letter case."""
    registry = Registry.objects.with_group().named(name).first()
    if registry is None:
        raise Http404(f"There is no registry named '{name[:50]}'. It may have been deleted.")
    return registry


def see_other(to: Any, *args: Any, **kwargs: Any) -> HttpResponseRedirect:
    """After a POST that is done: the page to look at now. Takes what reverse() takes."""
    response = HttpResponseRedirect(resolve_url(to, *args, **kwargs))
    response.status_code = 303
    return response


def origin(request: PortalRequest, *, comment: str = "", door: str = "portal") -> Origin:
    """Who makes a change in the browser, for its change record."""
    return Origin(account=request.user.username, door=door, address=str(request.client_address), comment=comment)


def notify(request: PortalRequest, level: Level, title: str, text: str) -> None:
    """A toast on the next page this request leads to, and the same in the account's bell."""
    messages.add_message(request, DEFAULT_LEVELS[level.upper()], text, extra_tags=title)
    Notification.keep(request.user, level, title, text)
