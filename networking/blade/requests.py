"""Network tools › Requests: who came to a registry, and what became of it, as a page and as a file."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from networking.blade.http import BladeRequest
from networking.blade.request_lines import Asked, Page, RequestLine, lines
from networking.models import AccessRequest, EndpointSettings, GateReport
from registries.csv_export import Cell, csv_response
from registries.http import registry_or_404, require
from registries.models import CHANGE, VIEW

AT_ONCE = 2000  # requests to a fetch of the file
HEADINGS = (
    "Time",
    "Seen address",
    "Forwarded for",
    "Method",
    "Host",
    "Path",
    "Repository",
    "Status",
    "Verdict",
    "Why",
    "Rule",
    "Rule name",
    "Client",
    "Correlation ID",
)


@never_cache
@require_safe
def registry_requests(request: BladeRequest, name: str) -> HttpResponse:
    registry = registry_or_404(name)
    require(request, VIEW, registry)
    asked = Asked.read(request.GET)
    found = asked.narrow(AccessRequest.objects.filter(registry=registry))
    policy = EndpointSettings.of(registry).policy
    page = Page.of(found, request.GET.get("page", ""), registry, policy)
    context: dict[str, Any] = {
        "registry": registry,
        "page": "Requests",
        "asked": asked,
        "page_of_requests": page,
        "may_add": registry.is_premium and request.user.may(CHANGE, registry),
        "has_gates": bool(page.lines) or GateReport.objects.exists(),
    }
    return render(request, "networking/requests.html", context)


@never_cache
@require_safe
def registry_requests_csv(request: BladeRequest, name: str) -> StreamingHttpResponse:
    """All of them in one file, narrowed as asked."""
    registry = registry_or_404(name)
    require(request, VIEW, registry)
    found = Asked.read(request.GET).narrow(AccessRequest.objects.filter(registry=registry))
    policy = EndpointSettings.of(registry).policy
    cells = map(_cells, lines(found, registry, policy, at_once=AT_ONCE))
    return csv_response(f"{registry.name}-requests.csv", HEADINGS, cells)


def _cells(line: RequestLine) -> Iterator[Cell]:
    yield from (line.at, line.address, line.forwarded, line.method, line.host, line.path, line.repository, line.status)
    yield from (line.verdict, line.why, line.rule, line.rule_name, line.agent, line.correlation_id)
