"""Create container registry: Basics, then Review + create. The draft is the form itself; only Create writes."""

import uuid

from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from registries import regions
from registries.forms import DEFAULT_SUBSCRIPTION, RegistryForm, taken
from registries.http import PortalRequest, notify, origin, require, see_other
from registries.models import CREATE, Origin, Registry, ResourceGroup, Subscription


@require_http_methods(["GET", "HEAD", "POST"])
def create_registry(request: PortalRequest) -> HttpResponse:
    require(request, CREATE)
    op = request.POST.get("op", "")
    if request.method != "POST" or op == "previous":
        return _basics(request, RegistryForm(initial=request.POST.dict()))
    form = RegistryForm(request.POST)
    if not form.is_valid():
        return _basics(request, form)
    if op != "create":
        return render(request, "registries/create.html", {"form": form, "review": _review(form)})
    registry = _create(form, origin(request))
    if registry is None:
        return _basics(request, form)
    notify(request, "success", "Registry created", f"Created '{registry.name}'.")
    return see_other("registry-overview", registry.name)


def _basics(request: PortalRequest, form: RegistryForm) -> HttpResponse:
    return render(request, "registries/create.html", {"form": form}, status=422 if form.errors else 200)


def _create(form: RegistryForm, origin: Origin) -> Registry | None:
    """None, and an error in the form, where somebody was quicker: the database is the last guard."""
    typed = form.cleaned_data
    try:
        with transaction.atomic():
            return Registry.create_recorded(
                resource_group=typed["resource_group"] or _new_group(form),
                name=typed["name"],
                sku=typed["sku"],
                location=typed["location"],
                origin=origin,
            )
    except IntegrityError:
        if Registry.objects.named(typed["name"]).exists():
            form.add_error("name", taken(typed["name"]))
        else:
            form.add_error("resource_group", "The resource group was deleted meanwhile. Choose another.")
        return None


def _new_group(form: RegistryForm) -> ResourceGroup:
    typed = form.cleaned_data
    subscription = typed["subscription"] or Subscription.objects.create(
        subscription_id=uuid.uuid4(), display_name=DEFAULT_SUBSCRIPTION
    )
    group, _ = ResourceGroup.objects.get_or_create(
        subscription=subscription,
        name__iexact=typed["new_group"],
        defaults={"name": typed["new_group"], "location": typed["location"]},
    )
    return group


def _review(form: RegistryForm) -> list[tuple[str, list[tuple[str, str]]]]:
    """What will be created, by section: label and value."""
    typed = form.cleaned_data
    group = typed["resource_group"]
    draft = Registry(name=typed["name"])
    return [
        (
            "Project details",
            [
                ("Subscription", str(typed["subscription"] or f"(new) {DEFAULT_SUBSCRIPTION}")),
                ("Resource group", group.name if group else f"(new) {typed['new_group']}"),
            ],
        ),
        (
            "Instance details",
            [
                ("Registry name", draft.name),
                ("Login server", draft.login_server),
                ("Location", regions.display_name(typed["location"])),
                ("Service tier", typed["sku"]),
            ],
        ),
        ("Networking", [("Public network access", "All networks, until you change it on the Networking page")]),
    ]
