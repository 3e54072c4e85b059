"""Every rule of every registry: found here, deleted in bulk here, and edited on the page of its registry's settings."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, cast

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from networking.access.policy import AccessPolicy
from networking.access.problems import Problem
from networking.admin.filters import PublicAccessOfRule
from networking.admin.storing import change_policy, losers
from networking.client_address import ClientAddress
from networking.models import EndpointSettings, FirewallRule, TrustedService
from registries.models import Registry


@admin.register(FirewallRule)
class FirewallRuleAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # generic in the stubs only
    list_display = ("range", "registry", "tier", "name", "note", "added_by", "added_at")
    list_filter = (PublicAccessOfRule, "settings__registry__location", "added_at")
    list_select_related = ("settings__registry",)
    search_fields = ("range", "name", "note", "settings__registry__name")
    show_full_result_count = False
    ordering = ("-pk",)  # by index: there may be millions
    fields = ("range", "registry", "name", "note", "added_by", "added_at")

    @admin.display(description="Registry", ordering="settings__registry__name")
    def registry(self, rule: FirewallRule) -> str:
        where = reverse("admin:networking_endpointsettings_change", args=[rule.settings_id])
        return format_html('<a href="{}">{}</a>', where, rule.settings.registry.name)

    @admin.display(description="Tier", ordering="settings__registry__sku")
    def tier(self, rule: FirewallRule) -> str:
        return rule.settings.registry.sku

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A rule begins on the page of its registry's settings, where it is judged among its neighbours."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: FirewallRule | None = None) -> bool:
        return False

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """With the rules, who would be shut out without them."""
        shown, counts, needed, protected = super().get_deleted_objects(objs, request)
        client = cast("ClientAddress", request.client_address)  # type: ignore[attr-defined] # set by the middleware
        return [*shown, *_warnings(objs, client)], counts, needed, protected

    def delete_model(self, request: HttpRequest, obj: FirewallRule) -> None:
        self.delete_queryset(request, FirewallRule.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[FirewallRule]) -> None:
        """One change for each registry, however many of its rules go; all of them or none."""
        with transaction.atomic():
            for registry, ranges in by_registry(queryset):
                outcome = change_policy(request, registry, partial(without, gone=ranges))
                if isinstance(outcome, Problem):
                    raise RuntimeError(f"'{registry.name}' can't hold fewer rules: {outcome}")


def by_registry(rules: Iterable[FirewallRule]) -> list[tuple[Registry, set[str]]]:
    """The registries in one order for everybody, so that two people never wait for each other's locks."""
    chosen: defaultdict[int, set[str]] = defaultdict(set)
    for rule in rules:
        chosen[rule.settings_id].add(rule.range)
    registries = Registry.objects.with_group().filter(pk__in=chosen).order_by("pk")
    return [(registry, chosen[registry.pk]) for registry in registries]


def without(policy: AccessPolicy, gone: set[str]) -> AccessPolicy:
    return replace(policy, rules=tuple(rule for rule in policy.rules if str(rule) not in gone))


def _warnings(rules: Iterable[FirewallRule], client: ClientAddress) -> Iterator[str]:
    trusted = TrustedService.known()
    for registry, ranges in by_registry(rules):
        policy = EndpointSettings.of(registry).policy
        if lost := losers(registry, policy, without(policy, ranges), client, trusted):
            yield f"'{registry.name}': this shuts out {lost}."
