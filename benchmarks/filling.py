"""Many registries at once, as `store` would have left them one by one: rules, settings, summary columns, a change."""

import json
from datetime import timedelta
from uuid import UUID

from django.db import connection
from django.utils import timezone

from networking.access.addresses import AddressRange
from networking.access.policy import AccessPolicy, DefaultAction, Rule
from networking.models import UPDATE, EndpointSettings
from registries.models import Change, Registry, ResourceGroup, Subscription

RULES = 20
GROUPS = 100
BATCH = 5000
SUBSCRIPTION_ID = UUID("00000000-0000-0000-0000-000000000001")
LOCATIONS = ("eastus", "westus2", "westeurope", "northeurope", "uksouth")
WORDS = ("shop", "billing", "search", "mail", "build", "maps", "games", "video", "stock", "audit")


def policy(rules: int = RULES) -> AccessPolicy:
    """Selected networks with so many rules, none of them next to another."""
    texts = (f"20.{number}.16.0/20" for number in range(rules))
    return AccessPolicy(
        default_action=DefaultAction.DENY,
        rules=tuple(
            Rule(AddressRange.stored(text), f"Office {number}", "") for number, text in enumerate(texts, start=1)
        ),
    )


def fill(count: int) -> None:
    """So many registries in all, with RULES rules each; those that are there stay."""
    groups = _groups()
    kept = policy()
    record = json.dumps(kept.record())
    now = timezone.now()
    have = Registry.objects.count()
    for start in range(have, count, BATCH):
        made = Registry.objects.bulk_create(
            Registry(
                resource_group=groups[number * 7 % GROUPS],
                name=f"{WORDS[number % len(WORDS)]}{number * 7919 % 1_000_003:06}",
                sku="Premium",
                location=LOCATIONS[number * 3 % len(LOCATIONS)],
                public_access=kept.public_access.value,
                rule_count=RULES,
                changed_at=now - timedelta(minutes=number * 13 % 500_000),
            )
            for number in range(start, min(start + BATCH, count))
        )
        EndpointSettings.objects.bulk_create(
            EndpointSettings(registry=registry, default_action=kept.default_action.value) for registry in made
        )
        Change.objects.bulk_create(
            Change(
                registry=registry,
                resource_id=str(registry.resource_id),
                operation=UPDATE,
                at=registry.changed_at,
                account="bo@example.org",
                door="portal",
                before=AccessPolicy().record(),
                after=json.loads(record),
            )
            for registry in made
        )
        _add_rules(kept, made[0].pk, made[-1].pk)
    # What happens by itself a few minutes later, and would otherwise happen in the middle of a figure.
    for statement in ("VACUUM ANALYZE", "CHECKPOINT") if connection.vendor == "postgresql" else ("ANALYZE",):
        with connection.cursor() as cursor:
            cursor.execute(statement)


def resource_group() -> ResourceGroup:
    return _groups()[0]


def _groups() -> list[ResourceGroup]:
    subscription, _ = Subscription.objects.get_or_create(
        subscription_id=SUBSCRIPTION_ID, defaults={"display_name": "Example subscription"}
    )
    names = [f"group-{number:03}" for number in range(GROUPS)]
    ResourceGroup.objects.bulk_create(
        [ResourceGroup(subscription=subscription, name=name, location="eastus") for name in names],
        ignore_conflicts=True,
    )
    groups = ResourceGroup.objects.filter(name__in=names).select_related("subscription").order_by("name")
    return list(groups)


def _add_rules(kept: AccessPolicy, first: int, last: int) -> None:
    """The rules in the database itself: two million rows through Python would take minutes."""
    with connection.cursor() as cursor:
        for position, rule in enumerate(kept.rules):
            cursor.execute(
                "INSERT INTO networking_firewallrule (settings_id, range, name, note, position, added_by, added_at) "
                "SELECT registry_id, %s, %s, '', %s, 'bo@example.org', CURRENT_TIMESTAMP "
                "FROM networking_endpointsettings WHERE registry_id BETWEEN %s AND %s",
                [str(rule.range), rule.name, position, first, last],
            )
