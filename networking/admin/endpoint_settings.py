"""The settings of a registry on one page, with its rules inline: what is saved there is one policy and one change."""

import re
from typing import Any, override

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextInputWidget
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.urls import reverse
from django.utils.timesince import timesince

from networking.access.policy import (
    MAX_IP_RULES,
    AccessPolicy,
    DefaultAction,
    PublicAccess,
    PublicNetworkAccess,
    difference,
    line_problem,
)
from networking.access.problems import Problem
from networking.admin.adding import add_range
from networking.admin.fields import RegistryByName
from networking.admin.filters import PublicAccessFilter
from networking.admin.rule_rows import RuleForm, RuleFormSet
from networking.admin.storing import GONE, changing, locked, stored
from networking.forms import MAX_COMMENT
from networking.models import UPDATE, EndpointSettings, FirewallRule
from registries.models import Registry

LABELS = {
    "public_network_access": "Public network access",
    "default_action": "Default action",
    "trusted_services": "Allow trusted Microsoft services to access this container registry",
    "tasks_bypass": "Let registry tasks with a managed identity pass",
    "data_endpoint": "Enable dedicated data endpoint",
}
HELP = {
    "public_network_access": "Disabled keeps the address ranges and ignores them.",
    "default_action": "Allow is All networks. Deny is Selected networks: the address ranges below decide.",
}


class SettingsForm(forms.ModelForm):  # type: ignore[type-arg] # generic in the stubs only
    registry = RegistryByName()
    public_network_access = forms.ChoiceField(
        choices=[(each.value, each.value) for each in PublicNetworkAccess],
        initial=PublicNetworkAccess.ENABLED.value,
        help_text=HELP["public_network_access"],
        error_messages={"required": "Choose Enabled or Disabled.", "invalid_choice": "Choose Enabled or Disabled."},
    )
    default_action = forms.ChoiceField(
        choices=[(each.value, each.value) for each in DefaultAction],
        initial=DefaultAction.ALLOW.value,
        help_text=HELP["default_action"],
        error_messages={"required": "Choose Allow or Deny.", "invalid_choice": "Choose Allow or Deny."},
    )
    comment = forms.Field(
        required=False, widget=AdminTextInputWidget, help_text="Why. It stands beside the change in the activity log."
    )
    anyway = forms.BooleanField(
        label="Save anyway", required=False, help_text="Also where you or a must-work caller would be shut out."
    )
    seen = forms.Field(required=False, widget=forms.HiddenInput)

    class Meta:
        model = EndpointSettings
        fields = ("registry", *LABELS)
        labels = LABELS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = self.instance.registry_id is not None
        policy = self.instance.policy if known and not self.is_bound else AccessPolicy()
        if "seen" in self.fields:
            self.fields["seen"].initial = policy.fingerprint

    def clean_comment(self) -> str:
        comment = str(self.cleaned_data["comment"] or "").strip()
        if problem := line_problem("comment", comment, MAX_COMMENT):
            raise forms.ValidationError(problem.message)
        return comment

    def clean(self) -> None:
        """Refuse what was made upon an older policy. The lock is held until the answer, so `store` finds the same."""
        adding = "registry" in self.fields
        registry = self.cleaned_data.get("registry") if adding else self.instance.registry
        if registry is None:
            return
        if locked(registry) is None:
            self.add_error(None, GONE)
        elif adding and EndpointSettings.objects.filter(registry=registry).exists():
            self.add_error("registry", f"'{registry.name}' has settings already. Open them in the list to change them.")
        elif EndpointSettings.of(registry).policy.fingerprint != self.cleaned_data.get("seen"):
            self.add_error(None, _stale(registry))


def _stale(registry: Registry) -> str:
    last = registry.changes.filter(operation=UPDATE).order_by("-at", "-pk").first()
    if last is None:
        told = "These settings are not the ones your page was opened with."
    else:
        told = f"{last.account} changed these settings {timesince(last.at)} ago."
    return f"{told} Nothing of yours was saved. Open the page again, and make your changes there."


class RuleInline(admin.TabularInline):  # type: ignore[type-arg] # generic in the stubs only
    """Who may change the settings may change their rules: the page itself asks."""

    model = FirewallRule
    form = RuleForm
    formset = RuleFormSet
    fields = ("range", "name", "note", "added")
    readonly_fields = ("added",)
    verbose_name = "address range"
    verbose_name_plural = "address ranges"
    extra = 2
    max_num = MAX_IP_RULES

    @admin.display(description="Added")
    def added(self, rule: FirewallRule) -> str:
        if rule.pk is None:
            return ""
        by = f" by {rule.added_by}" if rule.added_by else ""
        return f"{rule.added_at:%Y-%m-%d %H:%M}{by}"

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        formset.client = request.client_address  # type: ignore[attr-defined] # set by the middleware
        return formset

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


@admin.register(EndpointSettings)
class EndpointSettingsAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # generic in the stubs only
    form = SettingsForm
    inlines = (RuleInline,)
    list_display = ("registry", "tier", "public_access", "rule_count", "trusted_services", "data_endpoint", "changed")
    list_filter = ("registry__sku", PublicAccessFilter, "trusted_services", "data_endpoint")
    list_select_related = ("registry",)
    search_fields = ("registry__name", "registry__resource_group__name")
    show_full_result_count = False
    ordering = (Lower("registry__name"),)
    actions = (add_range,)

    @admin.display(description="Tier", ordering="registry__sku")
    def tier(self, row: EndpointSettings) -> str:
        return row.registry.sku

    @admin.display(description="Public network access", ordering="registry__public_access")
    def public_access(self, row: EndpointSettings) -> str:
        return PublicAccess(row.registry.public_access).label

    @admin.display(description="Address ranges", ordering="registry__rule_count")
    def rule_count(self, row: EndpointSettings) -> int:
        return row.registry.rule_count

    @admin.display(description="Changed", ordering="registry__changed_at")
    def changed(self, row: EndpointSettings) -> Any:
        return row.registry.changed_at

    @admin.display(description="Virtual network rules")
    def virtual_network_rules(self, row: EndpointSettings) -> str:
        return "\n".join(row.subnets) or "None"

    def view_on_site(self, row: EndpointSettings) -> str:
        return reverse("networking", args=[row.registry.name])

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> EndpointSettings | None:
        """By the registry. One that nobody changed yet has no row: what it has are the default settings."""
        if not re.fullmatch(r"[0-9]{1,18}", object_id, re.ASCII):
            return None
        registry = Registry.objects.with_group().filter(pk=int(object_id)).first()
        return None if registry is None else EndpointSettings.of(registry)

    def get_fieldsets(self, request: HttpRequest, obj: EndpointSettings | None = None) -> Any:
        about = ("registry", *LABELS) if obj is None else ("registry", *LABELS, "virtual_network_rules")
        shown: list[Any] = [(None, {"fields": about})]
        if obj is None or self.has_change_permission(request, obj):
            shown.append(("This change", {"fields": ("comment", "anyway", "seen")}))
        return shown

    def get_readonly_fields(self, request: HttpRequest, obj: EndpointSettings | None = None) -> tuple[str, ...]:
        return () if obj is None else ("registry", "virtual_network_rules")

    def has_delete_permission(self, request: HttpRequest, obj: EndpointSettings | None = None) -> bool:
        """The settings end with their registry."""
        return False

    @override
    def save_model(self, request: HttpRequest, obj: EndpointSettings, form: Any, change: bool) -> None:
        """Nothing yet: the settings and the rules are one policy, which is stored once, in save_related."""

    @override
    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        registry, rows = form.instance.registry, formsets[0]
        by = changing(request, registry, comment=form.cleaned_data["comment"])
        outcome = stored(EndpointSettings.store(registry, rows.policy, seen=form.cleaned_data["seen"], origin=by))
        if isinstance(outcome, Problem):
            raise RuntimeError(f"The formset let through what the tier can't hold: {outcome}")
        form.stored = outcome
        if outcome is None:
            self.message_user(request, f"'{registry.name}' has these settings already.", messages.INFO)
        for warning in rows.warnings:
            self.message_user(request, warning, messages.WARNING)

    @override
    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """In the history, how many of what; the change record has all of it."""
        if form.stored is None:
            return []
        before, after = (AccessPolicy.from_record(record) for record in (form.stored.before, form.stored.after))
        what = difference(before, after)
        counts = (("added", what.added), ("deleted", what.removed), ("renamed", what.renamed))
        parts = [f"{len(rules)} {'range' if len(rules) == 1 else 'ranges'} {done}" for done, rules in counts if rules]
        parts += [f"{label}: {was} → {now}" for label, was, now in what.settings]
        return "; ".join(parts) or "ranges put in another order"
