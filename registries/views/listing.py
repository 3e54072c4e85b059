"""The list of registries, as a page and as a file."""

from collections.abc import Iterator

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from registries.csv_export import Cell, csv_response
from registries.http import PortalRequest, require
from registries.listing import PUBLIC_ACCESS, Asked, Line, Page
from registries.models import CREATE, TIERS, VIEW, Registry, RegistryQuerySet

AT_ONCE = 2000  # lines to a fetch of the export


@require_safe
def registry_list(request: PortalRequest) -> HttpResponse:
    require(request, VIEW)
    asked = Asked.read(request.GET)
    page = Page.of(asked.order(asked.narrow(Registry.objects.all())), request.GET.get("page", ""))
    return render(
        request,
        "registries/list.html",
        {
            "asked": asked,
            "page_of_list": page,
            "columns": asked.columns(),
            "tiers": TIERS,
            "accesses": [(key, look.text) for key, look in PUBLIC_ACCESS.items()],
            "may_create": request.user.may(CREATE),
        },
    )


@never_cache
@require_safe
def registry_csv(request: PortalRequest) -> StreamingHttpResponse:
    """All pages of the list in one file, narrowed and sorted as asked."""
    require(request, VIEW)
    asked = Asked.read(request.GET)
    headings = [column.text for column in asked.columns()]
    registries = asked.order(asked.narrow(Registry.objects.with_group()))
    return csv_response("registries.csv", [*headings, "Subscription"], _cells(registries))


def _cells(registries: RegistryQuerySet) -> Iterator[list[Cell]]:
    """A line for each registry, in the order of `Asked.columns`."""
    for line in map(Line.of, registries.iterator(chunk_size=AT_ONCE)):
        access, changed = line.access.text, line.changed_at
        yield [line.name, access, line.rules, line.group, line.tier, line.location, changed, str(line.subscription)]
