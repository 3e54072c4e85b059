"""How a registry is named in a form: typed, so that it works without scripts, and among a hundred thousand."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextInputWidget

from registries.models import Registry


class RegistryByName(forms.Field):
    widget = AdminTextInputWidget({"autocapitalize": "none", "spellcheck": "false"})
    default_error_messages = {"required": "Type the name of a registry."}  # noqa: RUF012 - as the parent class has it

    def to_python(self, value: Any) -> Registry | None:
        """The registry of that name in any letter case."""
        name = str(value or "").strip()
        if not name:
            return None
        registry = Registry.objects.with_group().named(name).first()
        if registry is None:
            raise forms.ValidationError(f"There is no registry named '{name[:50]}'. It may have been deleted.")
        return registry
