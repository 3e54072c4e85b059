"""One address range more for many registries at once: the action of the list, and the page it asks on."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.contrib.admin.widgets import AdminTextInputWidget
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from networking.access.addresses import AddressRange
from networking.access.policy import AccessPolicy, line_problem
from networking.access.problems import Problem
from networking.admin.storing import change_policy
from networking.forms import MAX_COMMENT
from networking.models import EndpointSettings
from networking.rows import Row, judge
from registries.models import Change


class RangeForm(forms.Form):
    """A row of the blade's list, judged as such."""

    range = forms.Field(label="Address range", required=False, widget=AdminTextInputWidget({"spellcheck": "false"}))
    name = forms.Field(required=False, widget=AdminTextInputWidget)
    note = forms.Field(required=False, widget=AdminTextInputWidget)
    comment = forms.Field(required=False, widget=AdminTextInputWidget)

    def clean(self) -> None:
        row, comment = self.row, self.text("comment")
        judged = judge([row])[0]
        if judged.is_error and judged.message:
            self.add_error("range", judged.message.text)
        if problem := line_problem("comment", comment, MAX_COMMENT):
            self.add_error("comment", problem.message)

    @property
    def row(self) -> Row:
        return Row("new", self.text("range"), self.text("name"), self.text("note"))

    @property
    def wanted(self) -> AddressRange:
        """Of a valid form."""
        return AddressRange.stored(self.row.text)

    def text(self, field: str) -> str:
        return str(self.cleaned_data.get(field) or "").strip()

    def added_to(self, policy: AccessPolicy) -> AccessPolicy | Problem:
        """The same policy where it has the range already."""
        if policy.rule_for(self.wanted):
            return policy
        return policy.with_rule(self.wanted, name=self.row.name, note=self.row.note)


@admin.action(description="Add an address range to the selected registries", permissions=["change"])
def add_range(model_admin: Any, request: HttpRequest, queryset: Any) -> HttpResponse | None:
    """Asks which; then each registry on its own either gets it, as one change, or keeps what it has and says why."""
    form = RangeForm(request.POST if "apply" in request.POST else None)
    if not form.is_valid():
        return _page(model_admin, request, queryset, form)
    added = 0
    for row in queryset.select_related("registry__resource_group__subscription"):
        outcome = change_policy(request, row.registry, form.added_to, comment=form.text("comment"))
        if isinstance(outcome, Change):
            added += 1
            model_admin.log_change(request, row, f"{form.wanted} added to address ranges")
        elif isinstance(outcome, Problem):
            model_admin.message_user(request, f"'{row.registry.name}': {outcome}", messages.WARNING)
    registries = "1 registry" if added == 1 else f"{added:,} registries"
    model_admin.message_user(request, f"Added {form.wanted} to {registries}.", messages.SUCCESS)
    return None


def _page(model_admin: Any, request: HttpRequest, queryset: Any, form: RangeForm) -> HttpResponse:
    fieldsets = [(None, {"fields": list(form.fields)})]
    shown = cast("Any", form)  # the admin draws any form, whatever the stubs say
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Add an address range",
        "opts": EndpointSettings._meta,
        "adminform": helpers.AdminForm(shown, fieldsets, {}, model_admin=model_admin),
        "errors": helpers.AdminErrorList(shown, []),
        "registries": [(row.pk, row.registry.name) for row in queryset.select_related("registry")],
        "checkbox": helpers.ACTION_CHECKBOX_NAME,
        "media": model_admin.media,
    }
    return render(request, "networking/admin/add_range.html", context, status=422 if form.is_bound else 200)
