"""What came through the gates, and what the gates say, to look at only."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from networking.access.decision import Reason
from networking.models import AccessRequest, GateReport
from registries.admin_site import LookOnly


class ReasonFilter(admin.SimpleListFilter):
    """Offers every reason there is: to ask the table for its own would read all of it."""

    title = parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(reason.value, reason.value) for reason in Reason]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(reason=self.value()) if self.value() else queryset


@admin.register(AccessRequest)
class AccessRequestAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg] # generic in the stubs only
    show_full_result_count = False
    list_display = ("at", "registry", "address", "method", "repository", "status", "allowed", "reason", "rule")
    list_filter = ("allowed", ReasonFilter, "at")
    list_select_related = ("registry",)
    search_fields = ("address", "repository", "correlation_id")
    ordering = ("-at", "-pk")
    fields = tuple(field.name for field in AccessRequest._meta.fields if not field.primary_key)


@admin.register(GateReport)
class GateReportAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg] # generic in the stubs only
    list_display = ("name", "generation", "served_since", "reported_at", "first_reported_at")
    search_fields = ("name",)
    ordering = ("name",)
    fields = list_display

    @admin.display(description="Served since")
    def served_since(self, report: GateReport) -> Any:
        return report.served_since
