"""Filters that several lists share."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from networking.access.policy import PublicAccess


class PublicAccessFilter(admin.SimpleListFilter):
    """By the portal's three choices; a word that is none of them filters nothing."""

    title = "public network access"
    parameter_name = "public_access"
    column = "registry__public_access"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(choice.value, choice.label) for choice in PublicAccess]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.column: self.value()}) if self.value() in list(PublicAccess) else queryset


class PublicAccessOfRule(PublicAccessFilter):
    column = "settings__registry__public_access"
