"""The must-work callers of every registry, kept by the same two verbs as on the tester page."""

from collections import defaultdict
from typing import Any, override

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextInputWidget
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from networking.access.addresses import AddressRange
from networking.access.problems import Problem
from networking.admin.fields import RegistryByName
from networking.admin.filters import PublicAccessFilter
from networking.admin.storing import GONE, changing
from networking.models import MustWorkCaller
from networking.must_work import add_must_work_caller, name_problem, remove_must_work_callers
from registries.models import Origin, Registry


class CallerForm(forms.ModelForm):  # type: ignore[type-arg] # generic in the stubs only
    registry = RegistryByName()
    # Plain fields: a CharField would trim, and refuse in words of its own.
    name = forms.Field(required=False, widget=AdminTextInputWidget)
    range = forms.Field(label="Address or range", required=False, widget=AdminTextInputWidget({"spellcheck": "false"}))

    class Meta:
        model = MustWorkCaller
        fields = ("registry", "name", "range")

    def clean(self) -> None:
        """Asked of the verb that will do it, and taken back: so it refuses in its own words."""
        if (registry := self.cleaned_data.get("registry")) is None:
            return
        with transaction.atomic():
            try:
                outcome = self.add_to(registry, Origin(account="", door="admin"))
            except Registry.DoesNotExist:
                self.add_error("registry", GONE)
                return
            transaction.set_rollback(True)
        if isinstance(outcome, Problem):
            self.add_error("name" if name_problem(self.text("name").strip()) else "range", outcome.message)

    def _post_clean(self) -> None:
        """The verb makes the row, so there is nothing that the model should validate."""

    def text(self, field: str) -> str:
        return str(self.cleaned_data.get(field) or "")

    def add_to(self, registry: Registry, by: Origin) -> Any:
        return add_must_work_caller(registry, name=self.text("name"), text=self.text("range"), origin=by)


@admin.register(MustWorkCaller)
class MustWorkCallerAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # generic in the stubs only
    form = CallerForm
    list_display = ("name", "range", "registry", "added_by", "added_at")
    list_filter = (PublicAccessFilter, "added_at")
    list_select_related = ("registry",)
    search_fields = ("name", "range", "registry__name")
    show_full_result_count = False
    ordering = ("registry__name", "name", "pk")
    fields = ("registry", "name", "range")

    def has_change_permission(self, request: HttpRequest, obj: MustWorkCaller | None = None) -> bool:
        """One that changes is another one: removed here, and added anew."""
        return False

    @override
    def save_model(self, request: HttpRequest, obj: MustWorkCaller, form: Any, change: bool) -> None:
        registry = form.cleaned_data["registry"]
        outcome = form.add_to(registry, changing(request, registry))
        if isinstance(outcome, Problem):
            raise RuntimeError(f"What the form let through was refused: {outcome}")
        made = registry.must_work_callers.get(range=str(AddressRange.parse(form.text("range"))))
        obj.pk, obj.name, obj.range, obj.registry = made.pk, made.name, made.range, registry

    def delete_model(self, request: HttpRequest, obj: MustWorkCaller) -> None:
        self.delete_queryset(request, MustWorkCaller.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[MustWorkCaller]) -> None:
        """One change for each registry, however many of its callers go; all of them or none."""
        chosen: defaultdict[int, set[int]] = defaultdict(set)
        for caller in queryset:
            chosen[caller.registry_id].add(caller.pk)
        with transaction.atomic():
            for registry in Registry.objects.with_group().filter(pk__in=chosen).order_by("pk"):
                remove_must_work_callers(registry, chosen[registry.pk], changing(request, registry))
