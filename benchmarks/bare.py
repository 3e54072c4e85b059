"""Django views that answer with bytes that lie ready, some after one look into the database or one UPDATE: what the ARM
API is measured against. They ask for no token and check nothing."""

import json
import os
from pathlib import Path

from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone

from networking.arm.errors import JSON
from networking.models import EndpointSettings
from registries.models import Change, Generation, Registry

PAGE = 100
ANSWERS = {each.stem: each.read_bytes() for each in Path(os.environ["PORTCULLIS_DATA"]).glob("*.answer")}


def same(request: HttpRequest, which: str) -> HttpResponse:
    return HttpResponse(ANSWERS[which], content_type=JSON)


def read(request: HttpRequest, name: str) -> HttpResponse:
    """After one SELECT, as `get_object_or_404` makes it."""
    get_object_or_404(Registry.objects.with_group().named(name))
    return HttpResponse(ANSWERS["get"], content_type=JSON)


def listed(request: HttpRequest) -> HttpResponse:
    """After one SELECT of a page of registries."""
    list(Registry.objects.with_group().order_by("pk")[:PAGE])
    return HttpResponse(ANSWERS["list"], content_type=JSON)


def written(request: HttpRequest, name: str) -> HttpResponse:
    """After one UPDATE in a transaction of its own."""
    with transaction.atomic():
        Registry.objects.named(name).update(changed_at=timezone.now())
    return HttpResponse(ANSWERS["patch"], content_type=JSON)


def recorded(request: HttpRequest, name: str) -> HttpResponse:
    """After the rows that no PATCH can do without which says who changed what: the registry locked, its setting and
    what the list shows of it written, the count for the gates, and the record."""
    bypass = json.loads(request.body)["properties"]["networkRuleBypassOptions"] == "AzureServices"
    with transaction.atomic():
        registry = Registry.objects.select_for_update().get(name=name)
        settings, _ = EndpointSettings.objects.get_or_create(registry=registry)
        settings.trusted_services = bypass
        settings.save(update_fields=["trusted_services"])
        Generation.objects.filter(pk=1).update(value=F("value") + 1)
        registry.changed_at = timezone.now()
        registry.save(update_fields=["changed_at"])
        Change.objects.create(
            registry=registry,
            resource_id=name,
            operation="Update networking",
            account="figures",
            door="arm",
            before={"trusted_services": not bypass},
            after={"trusted_services": bypass},
        )
    return HttpResponse(ANSWERS["patch"], content_type=JSON)


urlpatterns = [
    path("same/<which>", same),
    path("read/<name>", read),
    path("listed", listed),
    path("written/<name>", written),
    path("recorded/<name>", recorded),
]
