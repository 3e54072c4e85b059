"""Answers for registries as bytes, kept for as long as they are true.

What an answer is made of lies in five tables. Whoever changes any of it writes the registry's `changed_at` or its
`generation` in the same transaction, so one look at its row tells whether the bytes in this process still hold.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from networking.arm import rendering
from networking.arm.errors import resource_not_found
from networking.arm.http import group_at
from networking.arm.registry_queries import stored_all, whole
from networking.arm.versions import nearest
from registries.models import Registry, RegistryQuerySet
from registries.resource_id import PROVIDER

MOST = 4000  # answers
LARGEST = 16 * 1024  # bytes of one that is kept


class Row(NamedTuple):
    """What one look at a registry tells: its place, and how it would tell a change."""

    pk: int
    subscription: UUID
    group: str
    name: str
    generation: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Spelled:
    """A registry's answer in one api-version."""

    body: bytes
    etag: str


kept: dict[tuple[Row, str], Spelled] = {}


def spelled_at(subscription: str, group: str, name: str, version: str) -> Spelled:
    """The answer for the registry of a path, in any letter case. One query where it is kept. ArmError where there is
    none."""
    for row in rows(Registry.objects.named(name)):
        if (str(row.subscription), row.group.lower()) == (subscription.lower(), group.lower()):
            for spelled in all_spelled([row], version):
                return spelled
    raise resource_not_found(f"{PROVIDER}/registries", name, group_at(subscription, group).name)


def rows(registries: RegistryQuerySet) -> list[Row]:
    """One query."""
    place = ("resource_group__subscription__subscription_id", "resource_group__name", "name")
    return [Row(*each) for each in registries.values_list("pk", *place, "generation", "changed_at")]


def all_spelled(rows: Iterable[Row], version: str) -> list[Spelled]:
    """The answers for these rows, without those of registries that were deleted since. Four queries for all that are
    not kept, and none where all are."""
    known = nearest(version)
    found = {row.pk: kept.get((row, known)) for row in rows}
    if missing := [pk for pk, spelled in found.items() if spelled is None]:
        found |= _spell(missing, known)
    return [spelled for spelled in found.values() if spelled is not None]


def _spell(missing: list[int], version: str) -> dict[int, Spelled]:
    registries = list(whole().filter(pk__in=missing))
    made = {}
    for registry, stored in zip(registries, stored_all(registries), strict=True):
        body = json.dumps(rendering.registry(stored, version), separators=(",", ":")).encode()
        made[registry.pk] = spelled = Spelled(body, stored.etag)
        # By the row that was read before the rest: where somebody changed it in between, nobody finds these bytes.
        _keep((_row(registry), version), spelled)
    return made


def _row(registry: Registry) -> Row:
    group = registry.resource_group
    place = (group.subscription.subscription_id, group.name, registry.name)
    return Row(registry.pk, *place, registry.generation, registry.changed_at)


def _keep(key: tuple[Row, str], spelled: Spelled) -> None:
    if len(kept) >= MOST:
        kept.clear()
    if len(spelled.body) <= LARGEST:
        kept[key] = spelled
