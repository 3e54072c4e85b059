"""How a registry is chosen among a hundred thousand."""

from typing import Any

from django.contrib.admin.widgets import AutocompleteSelect


class RegistrySelect(AutocompleteSelect):
    """Searched while one types. What was forged to be no number is no choice either; Django would ask the database."""

    def optgroups(self, name: str, value: list[str], attrs: dict[str, Any] | None = None) -> Any:
        numbers = [each for each in value if str(each).isascii() and str(each).isdecimal()]
        return super().optgroups(name, numbers, attrs)
