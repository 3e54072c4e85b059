"""The change records, to look at only."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html

from networking.difference import door_name, tell
from registries.admin_site import LookOnly
from registries.models import Change
from registries.resource_id import ResourceId

RECENT = 2000  # the changes whose words the filters offer; all of them would read the whole table


class OfRecentChanges(admin.SimpleListFilter):
    """Offers what the recent changes hold. A word of an older one works in the address."""

    parameter_name: str

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        recent = Change.objects.order_by("-at").values_list(self.parameter_name, flat=True)[:RECENT]
        return [(value, value) for value in sorted(set(recent)) if value]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.parameter_name: self.value()}) if self.value() else queryset


class OperationFilter(OfRecentChanges):
    title = parameter_name = "operation"


class DoorFilter(OfRecentChanges):
    title = parameter_name = "door"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(door, door_name(door)) for door, _ in super().lookups(request, model_admin)]


class AccountFilter(OfRecentChanges):
    title = parameter_name = "account"


@admin.register(Change)
class ChangeAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg] # generic in the stubs only
    list_display = ("at", "operation", "registry_name", "account", "door_", "address", "comment")
    list_filter = (OperationFilter, DoorFilter, AccountFilter, "at")
    search_fields = ("resource_id", "account", "address", "comment")
    show_full_result_count = False
    ordering = ("-at", "-pk")
    fields = ("at", "operation", "resource_id", "account", "door_", "address", "comment", "happened", "was", "became")

    @admin.display(description="Registry", ordering="resource_id")
    def registry_name(self, change: Change) -> str:
        """From the text, because a change outlives its registry."""
        place = ResourceId.parse(change.resource_id)
        return place.name if place else change.resource_id

    @admin.display(description="Door", ordering="door")
    def door_(self, change: Change) -> str:
        return door_name(change.door)

    @admin.display(description="What happened")
    def happened(self, change: Change) -> str:
        return render_to_string("networking/parts/difference.html", {"told": tell(change)})

    @admin.display(description="Before")
    def was(self, change: Change) -> str:
        return _spelled(change.before)

    @admin.display(description="After")
    def became(self, change: Change) -> str:
        return _spelled(change.after)


def _spelled(record: Any) -> str:
    if record is None:
        return "Nothing"
    return format_html("<pre>{}</pre>", json.dumps(record, indent=2, ensure_ascii=False))
