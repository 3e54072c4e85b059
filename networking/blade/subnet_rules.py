"""The virtual network rules of a registry, as the Public access tab shows them: made elsewhere, removed there."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from networking.access.decision import ConnectionState
from networking.access.policy import PublicAccess
from networking.blade.connection_lines import has_both_kinds
from networking.forms import Draft
from networking.models import Subnet
from networking.virtual_networks import SUBNET_ID, subnets_at
from registries.models import Subscription
from registries.resource_id import PROVIDER

ELSEWHERE = "In a subscription that isn't kept here, so nothing more is known of it."
GONE = "There is no such subnet any more, so the rule lets nobody in."
LOST = f"It has no service endpoint for {PROVIDER} any more, so in Azure the rule lets nobody in."


@dataclass(frozen=True, slots=True)
class SubnetRule:
    """One rule. `wrong` is why it may let nobody in, empty where nothing is wrong; `place` is where its network's page
    is, None where it has none; `removed` on the next Save."""

    resource_id: str
    subnet: str
    network: str
    group: str
    removed: bool
    wrong: str
    place: tuple[UUID, str, str] | None


@dataclass(frozen=True, slots=True)
class SubnetRules:
    """All of them, and what is to be said of them in this draft: a kind of message and its sentence each."""

    rules: tuple[SubnetRule, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, draft: Draft, connected: Mapping[ConnectionState, int]) -> Self:
        """`connected` counts the registry's private endpoint connections. No query without rules, two with any."""
        ids = draft.stored.subnets
        if not ids:
            return cls()
        found, ours = subnets_at(ids), _subscriptions_of(ids)
        rules = tuple(_rule(each, found.get(each), ours, removed=each in draft.removed_subnets) for each in ids)
        return cls(rules, tuple(_notes(draft, connected)))


def _rule(resource_id: str, found: Subnet | None, ours: set[str], *, removed: bool) -> SubnetRule:
    parts = resource_id.strip("/").split("/")
    named = dict(zip((part.lower() for part in parts[::2]), parts[1::2], strict=False))
    place = None
    if found is not None:
        group = found.virtual_network.resource_group
        place = (group.subscription.subscription_id, group.name, found.virtual_network.name)
    return SubnetRule(
        resource_id=resource_id,
        subnet=named.get("subnets", resource_id),
        network=named.get("virtualnetworks", ""),
        group=named.get("resourcegroups", ""),
        removed=removed,
        wrong=_wrong(found, is_ours=named.get("subscriptions", "").lower() in ours),
        place=place,
    )


def _wrong(found: Subnet | None, *, is_ours: bool) -> str:
    if found is None:
        return GONE if is_ours else ELSEWHERE
    return "" if found.vouches_to(PROVIDER) else LOST


def _subscriptions_of(ids: Iterable[str]) -> set[str]:
    """Of the subscriptions that these ids name, those that are kept here. One query."""
    named: set[UUID] = set()
    for place in filter(None, map(SUBNET_ID.fullmatch, ids)):
        with suppress(ValueError):  # 36 digits and hyphens in another order
            named.add(UUID(place["subscription"]))
    kept = Subscription.objects.filter(subscription_id__in=named).values_list("subscription_id", flat=True)
    return {str(each) for each in kept}


def _notes(draft: Draft, connected: Mapping[ConnectionState, int]) -> Iterable[tuple[str, str]]:
    kept = draft.policy.subnets
    if not kept:
        return
    if has_both_kinds(kept, connected):
        yield (
            "warn",
            "This registry has private endpoints too, and Azure doesn't support both on one registry. Keep the private "
            "endpoints, and remove these rules.",
        )
    match draft.choice:
        case PublicAccess.DISABLED:
            yield "info", "Disabled cuts these subnets off too. The rules are kept, and ignored."
        case PublicAccess.ALL_NETWORKS:
            yield "info", "These rules decide nothing while all networks may connect."
        case PublicAccess.SELECTED_NETWORKS if draft.trusted_services:
            yield (
                "warn",
                "While there is a virtual network rule, the firewall exception lets no trusted service pass in "
                "Selected networks.",
            )
        case _:
            return
