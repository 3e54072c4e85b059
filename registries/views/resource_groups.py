"""One resource group: the registries in it, and deleting them all."""

from uuid import UUID

from django.db.models.functions import Lower
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from registries import regions
from registries.forms import DeleteForm
from registries.http import PortalRequest, notify, origin, require, see_other
from registries.listing import Asked, Page
from registries.models import DELETE, VIEW, Registry, ResourceGroup


@require_safe
def resource_group(request: PortalRequest, subscription: UUID, name: str) -> HttpResponse:
    require(request, VIEW)
    group = group_or_404(subscription, name)
    asked = Asked.read(request.GET)
    registries = asked.order(Registry.objects.filter(resource_group=group))
    return render(
        request,
        "registries/resource_group.html",
        {
            "group": group,
            "location": regions.display_name(group.location),
            "page_of_list": Page.of(registries, request.GET.get("page", "")),
            "columns": asked.columns(with_group=False),
            "may_delete": request.user.may(DELETE),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def delete_resource_group(request: PortalRequest, subscription: UUID, name: str) -> HttpResponse:
    require(request, DELETE)
    group = group_or_404(subscription, name)
    form = DeleteForm(request.POST if request.method == "POST" else None, name=group.name)
    if form.is_bound and form.is_valid():
        in_the_way = group.delete_with_registries(origin(request))
        if not in_the_way:
            notify(request, "success", "Resource group deleted", f"Deleted '{group.name}' and what was in it.")
            return see_other("registry-list")
        for sentence in in_the_way:
            form.add_error(None, sentence)
    names = list(Registry.objects.filter(resource_group=group).order_by(Lower("name")).values_list("name", flat=True))
    context = {"group": group, "form": form, "names": names}
    return render(request, "registries/resource_group_delete.html", context, status=422 if form.is_bound else 200)


def group_or_404(subscription: UUID, name: str) -> ResourceGroup:
    """The resource group of that name in any letter case."""
    groups = ResourceGroup.objects.select_related("subscription")
    group = groups.filter(subscription__subscription_id=subscription).named(name).first()
    if group is None:
        raise Http404(f"There is no resource group named '{name[:90]}' in this subscription. It may have been deleted.")
    return group
