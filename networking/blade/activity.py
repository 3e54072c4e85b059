"""The activity log of one registry and of the whole console, as a page and as a file."""

from collections.abc import Iterator

from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from networking.blade.activity_log import Asked, Event, Page, events
from networking.blade.http import BladeRequest
from registries.csv_export import Cell, csv_response
from registries.http import registry_or_404, require
from registries.models import VIEW, Change, Registry

AT_ONCE = 500  # changes to a fetch of the file; a change of a hundred rules weighs 30 KB
HEADINGS = (
    "Time",
    "Registry",
    "Operation",
    "Difference",
    "Door",
    "Initiated by",
    "Source address",
    "Comment",
    "Resource ID",
)


@never_cache
@require_safe
def registry_activity(request: BladeRequest, name: str) -> HttpResponse:
    registry = registry_or_404(name)
    require(request, VIEW, registry)
    context = {"registry": registry, "page": "Activity log", **_context(request, _of(registry))}
    return render(request, "networking/registry_activity.html", context)


@never_cache
@require_safe
def registry_activity_csv(request: BladeRequest, name: str) -> StreamingHttpResponse:
    registry = registry_or_404(name)
    require(request, VIEW, registry)
    return _csv(request, _of(registry), f"{registry.name}-activity-log.csv")


@never_cache
@require_safe
def activity(request: BladeRequest) -> HttpResponse:
    """Every registry's changes, those that are deleted among them."""
    require(request, VIEW)
    return render(request, "networking/activity.html", _context(request, Change.objects.all()))


@never_cache
@require_safe
def activity_csv(request: BladeRequest) -> StreamingHttpResponse:
    require(request, VIEW)
    return _csv(request, Change.objects.all(), "activity-log.csv")


def _of(registry: Registry) -> QuerySet[Change]:
    return Change.objects.filter(registry=registry)


def _context(request: BladeRequest, changes: QuerySet[Change]) -> dict[str, object]:
    asked = Asked.read(request.GET, changes)
    return {"asked": asked, "page_of_log": Page.of(asked.narrow(changes), request.GET.get("page", ""))}


def _csv(request: BladeRequest, changes: QuerySet[Change], filename: str) -> StreamingHttpResponse:
    """All pages of the log in one file, narrowed as asked."""
    asked = Asked.read(request.GET, changes)
    return csv_response(filename, HEADINGS, map(_cells, events(asked.narrow(changes), at_once=AT_ONCE)))


def _cells(event: Event) -> Iterator[Cell]:
    yield from (event.at, event.registry, event.told.operation, str(event.told))
    yield from (event.door, event.account, event.address, event.comment, event.resource_id)
