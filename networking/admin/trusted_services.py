"""The trusted services and their networks: whoever comes from one passes where the firewall exception is on."""

from ipaddress import ip_network
from typing import Any, override

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from networking.access.policy import line_problem
from networking.models import TrustedService
from networking.trusted_services import networks_only
from registries.admin_site import admin_origin

MAX_NETWORKS = 1000  # more is a list nobody reads any more, and every gate walks it


class NetworksField(forms.Field):
    """A network a line; empty lines are left out."""

    widget = AdminTextareaWidget({"rows": 10, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        """As the library spells them, each once, in the order they were typed."""
        found: dict[str, int] = {}
        refused = []
        for number, line in enumerate(str(value or "").splitlines(), start=1):
            if not (text := line.strip()):
                continue
            try:
                networks_only([text])
            except ValidationError as error:
                refused.append(f"Line {number}: {error.messages[0]}")
                continue
            spelled = str(ip_network(text))
            if spelled in found:
                refused.append(f"Line {number}: {spelled} stands in line {found[spelled]} already. Delete one of them.")
            found.setdefault(spelled, number)
        if len(found) > MAX_NETWORKS:
            refused.append(f"A service can have {MAX_NETWORKS:,} networks; these are {len(found):,}.")
        if refused:
            raise ValidationError(refused)
        networks_only(list(found))  # all of them together
        return list(found)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return str(self.prepare_value(initial) or "").split() != str(data or "").split()


class TrustedServiceForm(forms.ModelForm):  # type: ignore[type-arg] # generic in the stubs only
    # Plain fields: a CharField would refuse in words of its own.
    name = forms.Field(widget=AdminTextInputWidget, error_messages={"required": "Type the name of the service."})
    scenario = forms.Field(
        required=False, widget=AdminTextInputWidget, help_text="What it reaches registries for, in a few words."
    )
    networks = NetworksField(
        required=False,
        help_text="A network a line, like 10.20.0.0/16. Without any, the service is known by name only and nothing "
        "passes for it.",
    )

    class Meta:
        model = TrustedService
        fields = ("name", "scenario", "networks")

    def clean_name(self) -> str:
        name = self._line("name", 80)
        others = TrustedService.objects.exclude(pk=self.instance.pk)
        if others.filter(name__iexact=name).exists():
            raise ValidationError(f"There is a service named '{name}' already. Open it in the list to change it.")
        return name

    def clean_scenario(self) -> str:
        return self._line("scenario", 200)

    def _line(self, field: str, most: int) -> str:
        text = str(self.cleaned_data[field] or "").strip()
        if problem := line_problem(field, text, most):
            raise ValidationError(problem.message)
        if field == "name" and not text:
            raise ValidationError("Type the name of the service.")
        return text


@admin.register(TrustedService)
class TrustedServiceAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # generic in the stubs only
    form = TrustedServiceForm
    list_display = ("name", "scenario", "comes_from")
    search_fields = ("name", "scenario")
    ordering = ("name",)
    fields = ("name", "scenario", "networks")

    @admin.display(description="Networks")
    def comes_from(self, service: TrustedService) -> str:
        first, rest = service.networks[:3], service.networks[3:]
        more = [f"{len(rest):,} more"] if rest else []
        return ", ".join([*first, *more]) or "None: nothing passes for it"

    @override
    def save_model(self, request: HttpRequest, obj: TrustedService, form: Any, change: bool) -> None:
        obj.save_recorded(admin_origin(request))

    def delete_model(self, request: HttpRequest, obj: TrustedService) -> None:
        obj.delete_recorded(admin_origin(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[TrustedService]) -> None:
        with transaction.atomic():
            for each in queryset:
                each.delete_recorded(admin_origin(request))
