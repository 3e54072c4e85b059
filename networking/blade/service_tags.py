"""Service tags: importing the weekly file, what it changed, and which tag holds an address."""

from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from typing import Any, Self

from django.db.models.functions import Lower
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from networking.access.problems import Code, Problem
from networking.blade.http import BladeRequest
from networking.models import ServiceTag, ServiceTagImport
from networking.tags.prefixes import Address
from networking.tags.storing import Holding, combined, import_tags, tags_holding
from registries.http import notify, require, see_other
from registries.models import IMPORT_SERVICE_TAGS, VIEW
from registries.uploads import takes_files, too_large

MOST_BYTES = 64 * 1024 * 1024
LONGEST_SEARCH = 100
MOST_FOUND = 50
SHOWN_IMPORTS = 10


@never_cache
@require_safe
def service_tags(request: BladeRequest) -> HttpResponse:
    """The page. `q` is an address, or a part of a tag's name; `sending` is what an open page asks with while its
    import is on the way, before the server has a row of it."""
    require(request, VIEW)
    return _page(request)


@takes_files(MOST_BYTES)
@require_POST
def import_service_tags(request: BladeRequest) -> HttpResponse:
    """In the request: whoever imports has the answer with it, and there is no thread for a restart to forget. Every
    other page asks the row how far it is."""
    require(request, IMPORT_SERVICE_TAGS)
    file = request.FILES.get("file")
    if too_large(request):
        message = f"The file is larger than {MOST_BYTES // 2**20} MiB, so it wasn't read. The weekly file has some 10."
        return _page(request, problem=Problem(Code.INVALID_SERVICE_TAGS, message))
    if file is None:
        return _page(request, problem=Problem(Code.INVALID_SERVICE_TAGS, "Choose a file to import."))
    done = import_tags(file, name=str(file.name), size=int(file.size or 0), by=request.user.username)  # type: ignore[arg-type]
    if isinstance(done, Problem):
        return _page(request, problem=done)
    text = f"{done.cloud} {done.change_number}: {done.tag_count:,} tags with {done.prefix_count:,} address prefixes."
    notify(request, "success", "Service tags imported", text)
    return see_other("service-tags")


@dataclass(frozen=True, slots=True)
class Search:
    """What was searched for, and what was found: tags that hold an address, or tags of a name."""

    q: str = ""
    address: Address | None = None
    holding: tuple[Holding, ...] = ()
    named: tuple[ServiceTag, ...] = ()
    exact: ServiceTag | None = None
    prefixes: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str) -> Self:
        """Two queries at most, and none where nothing was asked."""
        q = "".join(each for each in text if each.isprintable()).strip()[:LONGEST_SEARCH]
        if not q:
            return cls()
        try:
            address = ip_address(q)
        except ValueError:
            found = ServiceTag.objects.defer("ipv4", "ipv6").alias(key=Lower("name")).filter(key__contains=q.lower())
            named = tuple(found.order_by("key")[: MOST_FOUND + 1])
            exact = next((tag for tag in named if tag.name.lower() == q.lower()), None)
            whole = ServiceTag.objects.filter(pk=exact.pk) if exact else ServiceTag.objects.none()
            return cls(q, named=named, exact=exact, prefixes=combined(whole))
        # ::ffff:16.17.18.19 is an IPv4 address on a socket for both.
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        return cls(q, address=address, holding=tuple(tags_holding(mapped or address)))

    @property
    def more(self) -> bool:
        return len(self.named) > MOST_FOUND


def _page(request: BladeRequest, *, problem: Problem | None = None) -> HttpResponse:
    imports = list(ServiceTagImport.objects.defer("difference")[:SHOWN_IMPORTS])
    running = next((each for each in imports if each.state == ServiceTagImport.RUNNING), None)
    last = ServiceTagImport.last()
    context: dict[str, Any] = {
        "last": last,
        "difference": last.difference if last else {},
        "imports": imports,
        "running": running,
        "working": (running and not running.is_silent) or (bool(request.htmx) and "sending" in request.GET),
        "search": Search.of(request.GET.get("q", "")),
        "most_found": MOST_FOUND,
        "may_import": request.user.may(IMPORT_SERVICE_TAGS),
        "most_megabytes": MOST_BYTES // 2**20,
        "problem": problem,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return render(request, "networking/service_tags.html", context, status=status)
