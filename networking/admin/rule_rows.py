"""The rules of one registry as rows of its settings page, judged together in the words of the blade."""

from typing import Any, cast

from django import forms
from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.exceptions import ValidationError
from django.forms.formsets import DELETION_FIELD_NAME

from networking.access.addresses import AddressRange
from networking.access.policy import AccessPolicy, Rule
from networking.access.problems import Problem
from networking.admin.storing import losers
from networking.client_address import ClientAddress
from networking.models import EndpointSettings, FirewallRule, TrustedService
from networking.rows import JudgedRow, Row, judge


class RuleForm(forms.ModelForm):  # type: ignore[type-arg] # generic in the stubs only
    """What was typed, as it was typed: the formset judges it."""

    # Plain fields: a CharField would trim, and refuse in words of its own.
    range = forms.Field(label="Address range", required=False, widget=AdminTextInputWidget({"spellcheck": "false"}))
    name = forms.Field(required=False, widget=AdminTextInputWidget)
    note = forms.Field(required=False, widget=AdminTextInputWidget)

    class Meta:
        model = FirewallRule
        fields = ("range", "name", "note")

    def _post_clean(self) -> None:
        """The rule itself is never saved from here, so there is nothing that the model should validate."""

    @property
    def row(self) -> Row:
        """As the blade knows it: what was typed, and the rule that it began as."""
        text, name, note = (str(self.cleaned_data.get(each) or "").strip() for each in ("range", "name", "note"))
        began = self.instance
        saved = Rule(AddressRange.stored(began.range), began.name, began.note) if began.pk else None
        removed = bool(self.cleaned_data.get(DELETION_FIELD_NAME))
        return Row(self.prefix or "", text, name, note, saved=saved, removed=removed)


class RuleFormSet(forms.BaseInlineFormSet):  # type: ignore[type-arg] # generic in the stubs only
    """Valid, it knows the whole `policy` that the page describes, and what is worth a second look."""

    client: ClientAddress
    instance: EndpointSettings
    policy: AccessPolicy
    warnings: tuple[str, ...] = ()

    def add_fields(self, form: Any, index: int | None) -> None:
        """A name for each box: the heading of its column is none to a screen reader."""
        super().add_fields(form, index)
        row = "new row" if index is None else f"row {index + 1}"
        for field, label in (("range", "Address range"), ("name", "Name"), ("note", "Note"), ("DELETE", "Delete")):
            if field in form.fields:
                form.fields[field].widget.attrs["aria-label"] = f"{label}, {row}"

    def clean(self) -> None:
        shown = [(form, form.row) for form in cast("list[RuleForm]", self.forms)]
        filled = [(form, row) for form, row in shown if not row.is_blank]
        judged = judge([row for _, row in filled])
        for (form, _), each in zip(filled, judged, strict=True):
            if each.is_error and each.message is not None:
                form.add_error("range", each.message.text)
        if any(each.is_error for each in judged) or self.instance.registry_id is None:
            return
        self.policy = self._allowed(self._described(judged))
        self.warnings = tuple(
            f"{each.range}: {each.message.text}" for each in judged if each.message and each.message.state == "warn"
        )

    def _described(self, judged: tuple[JudgedRow, ...]) -> AccessPolicy:
        rules = [Rule(each.range, each.row.name, each.row.note) for each in judged if each.range is not None]
        policy = self.instance.policy.with_rules(rules)
        if isinstance(policy, Problem):
            raise ValidationError(policy.message)
        return policy

    def _allowed(self, policy: AccessPolicy) -> AccessPolicy:
        registry = self.instance.registry
        if problem := policy.problem_for_tier(registry.sku):
            raise ValidationError(problem.message)
        before = EndpointSettings.of(registry).policy
        if self.data.get("anyway"):
            return policy
        if lost := losers(registry, before, policy, self.client, TrustedService.known()):
            raise ValidationError(
                f"This would shut out {lost}. Nothing was saved. To save it all the same, tick Save anyway."
            )
        return policy
