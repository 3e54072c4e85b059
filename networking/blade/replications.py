"""Services › Geo-replications: the regions a registry is served from, and the data endpoint that comes with each."""

from http import HTTPStatus

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from networking.access.endpoints import Switch
from networking.access.problems import Code, Problem
from networking.blade.client_hosts import hosts_of
from networking.blade.http import BladeRequest
from networking.blade.replica_lines import RegionLine, free_regions
from networking.replicating import add, remove
from registries import regions
from registries.http import notify, origin, registry_or_404, require, see_other
from registries.models import CHANGE, VIEW, Registry


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def replications(request: BladeRequest, name: str) -> HttpResponse:
    """The page. Adding acts at once; Remove asks with a GET, because clients lose a name, and a POST does it."""
    registry = registry_or_404(name)
    require(request, VIEW, registry)
    if request.method != "POST":
        return _ask_before_removing(request, registry) if "op" in request.GET else _page(request, registry)
    require(request, CHANGE, registry)
    region = request.POST.get("region", "")
    try:
        match request.POST.get("op"):
            case "add":
                return _add(request, registry, region)
            case "remove":
                return _remove(request, registry, region)
            case _:
                return _page(request, registry, Problem(Code.INVALID_PROPERTY, "Choose Add or Remove."))
    except Registry.DoesNotExist:
        raise Http404(f"'{registry.name}' was deleted meanwhile.") from None


def _add(request: BladeRequest, registry: Registry, region: str) -> HttpResponse:
    if region not in regions.DISPLAY_NAMES:
        return _page(request, registry, Problem(Code.INVALID_PROPERTY, "Choose a region of the list."))
    added = add(registry, region, origin(request))
    if isinstance(added, Problem):
        return _page(request, registry, added)
    told = f"'{registry.name}' is replicated to {regions.display_name(region)}."
    if registry.data_endpoint:
        told += f" Client firewalls have to allow {registry.data_host(region)} too."
    notify(request, "success", "Replication added", told)
    return see_other("registry-replications", registry.name)


def _ask_before_removing(request: BladeRequest, registry: Registry) -> HttpResponse:
    """What goes with the region, and the button that does it."""
    require(request, CHANGE, registry)
    line = next((each for each in RegionLine.all_of(registry) if each.region == request.GET.get("region")), None)
    if line is None:
        return _page(request, registry, Problem(Code.INVALID_PROPERTY, "Choose a region that the registry has."))
    if line.replica is None:
        return _page(request, registry, _own(line.region))
    context = {
        "registry": registry,
        "page": "Geo-replications",
        "line": line,
        "endpoints": registry.private_endpoint_connections.count(),
    }
    return render(request, "networking/replications_remove.html", context)


def _own(region: str) -> Problem:
    own = f"{regions.display_name(region)} is the registry's own region, which it is served from always."
    return Problem(Code.INVALID_PROPERTY, own)


def _remove(request: BladeRequest, registry: Registry, region: str) -> HttpResponse:
    if region == registry.location:
        return _page(request, registry, _own(region))
    if remove(registry, region, origin(request)) is None:
        notify(request, "info", "Nothing changed", f"'{registry.name}' has no replication there any more.")
    else:
        where = regions.display_name(region)
        notify(request, "success", "Replication removed", f"'{registry.name}' isn't replicated to {where} any more.")
    return see_other("registry-replications", registry.name)


def _page(request: BladeRequest, registry: Registry, refused: Problem | None = None) -> HttpResponse:
    may_change = request.user.may(CHANGE, registry)
    context = {
        "registry": registry,
        "page": "Geo-replications",
        "lines": RegionLine.all_of(registry),
        "free": free_regions(registry),
        "chosen": request.POST.get("region", ""),
        "switch": Switch.of(hosts_of(registry)),
        "refused": refused,
        "may_change": may_change,
        "editable": may_change and registry.is_premium,
        "pattern": registry.data_host("<region>"),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK
    return render(request, "networking/replications.html", context, status=status)
