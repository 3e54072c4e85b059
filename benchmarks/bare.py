"""Django views that answer with bytes that lie ready: what the ARM API is measured against."""

import os
from pathlib import Path

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone

from networking.arm.errors import JSON
from registries.models import Registry

ANSWERS = {each.stem: each.read_bytes() for each in Path(os.environ["PORTCULLIS_DATA"]).glob("*.answer")}


def same(request: HttpRequest, which: str) -> HttpResponse:
    return HttpResponse(ANSWERS[which], content_type=JSON)


def written(request: HttpRequest, name: str) -> HttpResponse:
    """After one UPDATE in a transaction of its own."""
    with transaction.atomic():
        Registry.objects.filter(name=name).update(changed_at=timezone.now())
    return HttpResponse(ANSWERS["patch"], content_type=JSON)


urlpatterns = [path("same/<which>", same), path("written/<name>", written)]
