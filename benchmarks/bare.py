"""Django views that answer with bytes that lie ready, some after one look into the database or one UPDATE: what the ARM
API is measured against. They ask for no token and check nothing."""

import os
from pathlib import Path

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone

from networking.arm.errors import JSON
from registries.models import Registry

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


urlpatterns = [
    path("same/<which>", same),
    path("read/<name>", read),
    path("listed", listed),
    path("written/<name>", written),
]
