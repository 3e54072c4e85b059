"""Create container registry: Basics, Networking, Review + create. The draft is the form itself; only Create writes."""

import uuid

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.module_loading import import_string
from django.views.decorators.http import require_http_methods

from registries import regions
from registries.forms import CONNECTIVITY, DEFAULT_SUBSCRIPTION, RegistryForm, taken
from registries.http import PortalRequest, notify, origin, require, see_other
from registries.models import CREATE, Origin, Registry, ResourceGroup, Subscription

BASICS, NETWORKING, REVIEW = "basics", "networking", "review"


@require_http_methods(["GET", "HEAD", "POST"])
def create_registry(request: PortalRequest) -> HttpResponse:
    """The step that the pressed button leads to. Moving on asks that what was typed is right; moving back doesn't."""
    require(request, CREATE)
    op = request.POST.get("op", "")
    if request.method != "POST" or op == "previous":
        return _step(request, RegistryForm(initial=request.POST.dict()), BASICS)
    form = RegistryForm(request.POST)
    if not form.is_valid():
        return _step(request, form, NETWORKING if set(form.errors) == {"connectivity"} else BASICS)
    if op == "networking":
        return _step(request, form, NETWORKING)
    if op != "create":
        return render(request, "registries/create.html", {"form": form, "step": REVIEW, "review": _review(form)})
    registry = _create(form, origin(request))
    if registry is None:
        return _step(request, form, BASICS)
    if form.is_private:
        told = f"Created '{registry.name}'. Until it has a private endpoint connection, only trusted services reach it."
        notify(request, "success", "Registry created", told)
        return see_other("networking-private", registry.name)
    notify(request, "success", "Registry created", f"Created '{registry.name}'.")
    return see_other("registry-overview", registry.name)


def _step(request: PortalRequest, form: RegistryForm, step: str) -> HttpResponse:
    status = 422 if form.errors else 200
    return render(request, "registries/create.html", {"form": form, "step": step}, status=status)


def _create(form: RegistryForm, origin: Origin) -> Registry | None:
    """None, and an error in the form, where somebody was quicker: the database is the last guard."""
    typed = form.cleaned_data
    try:
        with transaction.atomic():
            registry = Registry.create_recorded(
                resource_group=typed["resource_group"] or _new_group(form, origin),
                name=typed["name"],
                sku=typed["sku"],
                location=typed["location"],
                origin=origin,
            )
            if form.is_private:
                import_string(settings.CLOSES_NEW_REGISTRIES)(registry, origin)
            return registry
    except IntegrityError:
        if Registry.objects.named(typed["name"]).exists():
            form.add_error("name", taken(typed["name"]))
        else:
            form.add_error("resource_group", "The resource group was deleted meanwhile. Choose another.")
        return None


def _new_group(form: RegistryForm, by: Origin) -> ResourceGroup:
    typed = form.cleaned_data
    subscription = typed["subscription"] or Subscription.objects.create(
        subscription_id=uuid.uuid4(), display_name=DEFAULT_SUBSCRIPTION
    )
    return ResourceGroup.there_or_created(subscription, typed["new_group"], typed["location"], by)


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
        ("Networking", [("Connectivity configuration", CONNECTIVITY[typed["connectivity"]]), _access(form)]),
    ]


def _access(form: RegistryForm) -> tuple[str, str]:
    access = "Disabled" if form.is_private else "All networks"
    return "Public network access", f"{access}, until you change it on the Networking page"
