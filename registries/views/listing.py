"""The list of registries."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from registries.http import PortalRequest, require
from registries.listing import PUBLIC_ACCESS, Asked, Page
from registries.models import CREATE, TIERS, VIEW, Registry


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
