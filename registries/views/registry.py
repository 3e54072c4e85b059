"""One registry: its overview, its tier, and its end."""

from collections.abc import Sequence

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from registries import regions
from registries.forms import DeleteForm, TierForm
from registries.http import PortalRequest, notify, origin, registry_or_404, require, see_other
from registries.listing import PUBLIC_ACCESS
from registries.models import CHANGE, DELETE, TIERS, VIEW, Registry
from registries.tiers import Step

# What a tier has, in the order of TIERS; acr-facts section 7.
TIER_FACTS = (
    ("IP rules", ("No", "No", "Yes")),
    ("Turning public network access off", ("No", "No", "Yes")),
    ("Private endpoints", ("No", "No", "Yes")),
    ("Dedicated data endpoints", ("No", "No", "Yes")),
    ("Geo-replication", ("No", "No", "Yes")),
    ("Anonymous pull", ("No", "Yes", "Yes")),
    ("Storage included", ("10 GiB", "100 GiB", "500 GiB")),
    ("Webhooks", ("2", "10", "500")),
    ("Read operations a minute", ("10,000", "10,000", "20,000")),
)


@require_safe
def overview(request: PortalRequest, name: str) -> HttpResponse:
    require(request, VIEW)
    registry = registry_or_404(name)
    return render(
        request,
        "registries/overview.html",
        {
            "registry": registry,
            "access": PUBLIC_ACCESS[registry.public_access],
            "location": regions.display_name(registry.location),
            "rules": ranges(registry),
            "may_change": request.user.may(CHANGE, registry),
            "may_delete": request.user.may(DELETE, registry),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def tier(request: PortalRequest, name: str) -> HttpResponse:
    registry = registry_or_404(name)
    require(request, CHANGE, registry)
    form = TierForm(request.POST if request.method == "POST" else None, initial={"sku": registry.sku})
    if not form.is_bound:
        return _tier_page(request, registry, form)
    if not form.is_valid():
        return _tier_page(request, registry, form, status=422)
    wanted = form.cleaned_data["sku"]
    if wanted == registry.sku:
        notify(request, "info", "Nothing changed", f"'{registry.name}' is {wanted} already.")
        return see_other("registry-overview", registry.name)
    try:
        in_the_way = registry.change_tier(wanted, origin(request))
    except Registry.DoesNotExist:
        raise Http404(f"'{registry.name}' was deleted meanwhile.") from None
    if in_the_way:
        return _tier_page(request, registry, form, in_the_way, status=409)
    notify(request, "success", "Tier changed", f"'{registry.name}' is {wanted} now.")
    return see_other("registry-overview", registry.name)


def _tier_page(
    request: PortalRequest, registry: Registry, form: TierForm, in_the_way: Sequence[Step] = (), status: int = 200
) -> HttpResponse:
    wanted = form["sku"].value()
    context = {
        "registry": registry,
        "page": "Change tier",
        "form": form,
        "wanted": wanted,
        "tiers": TIERS,
        "facts": TIER_FACTS,
        "in_the_way": in_the_way,
    }
    return render(request, "registries/tier.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def delete_registry(request: PortalRequest, name: str) -> HttpResponse:
    registry = registry_or_404(name)
    require(request, DELETE, registry)
    form = DeleteForm(request.POST if request.method == "POST" else None, name=registry.name)
    if form.is_bound and form.is_valid():
        registry.delete_recorded(origin(request))
        notify(request, "success", "Registry deleted", f"Deleted '{registry.name}'.")
        return see_other("registry-list")
    context = {"registry": registry, "page": "Delete", "form": form, "rules": ranges(registry)}
    return render(request, "registries/delete.html", context, status=422 if form.is_bound else 200)


def ranges(registry: Registry) -> str:
    """'3 address ranges'; empty without any."""
    if not registry.rule_count:
        return ""
    return "1 address range" if registry.rule_count == 1 else f"{registry.rule_count} address ranges"
