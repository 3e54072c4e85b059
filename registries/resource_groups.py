"""Resource groups: where registries, networks and private endpoints stand, and what becomes of them with it."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Self
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models.functions import Lower

from registries.changes import Change, Origin
from registries.named import NamedQuerySet

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from registries.models import Registry, Subscription

type Expected = Callable[[ResourceGroup], None]

# The operations of their change records.
CREATED = "Create resource group"
UPDATED = "Update resource group"
DELETED = "Delete resource group"


class ResourceGroupQuerySet(NamedQuerySet["ResourceGroup"]):
    def at(self, subscription: UUID, name: str) -> Self:
        """The group of that name, in any letter case, in the subscription of that id."""
        return self.filter(subscription__subscription_id=subscription).named(name)

    def locked(self) -> Self:
        """With their subscriptions, under the lock that whoever makes something in a group takes, until the transaction
        ends."""
        return self.select_for_update(of=("self",)).select_related("subscription")


class ResourceGroup(models.Model):
    """An ARM resource group. Its name is unique in its subscription, in any letter case."""

    subscription = models.ForeignKey("registries.Subscription", models.CASCADE, related_name="resource_groups")
    name = models.CharField(max_length=90)
    location = models.CharField(max_length=40)
    tags = models.JSONField(default=dict, blank=True)
    # ARM words that Portcullis has no use for: properties under "properties", the rest beside it.
    kept_aside = models.JSONField(default=dict, blank=True)

    objects = ResourceGroupQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("subscription", Lower("name"), name="resource_group_name_unique"),
            models.CheckConstraint(condition=~models.Q(name=""), name="resource_group_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def resource_id(self) -> str:
        return f"/subscriptions/{self.subscription.subscription_id}/resourceGroups/{self.name}"

    @classmethod
    def create_recorded(
        cls, subscription: "Subscription", name: str, location: str, origin: Origin, **more: Any
    ) -> "ResourceGroup":
        """A new group and its change record. IntegrityError where the name is taken."""
        with transaction.atomic():
            group = cls.objects.create(subscription=subscription, name=name, location=location, **more)
            Change.record_at(group.resource_id, CREATED, origin, before=None, after=group.summary())
        return group

    @staticmethod
    def lock_order(subscription: int, name: str) -> tuple[int, str]:
        """What several groups are sorted by before they are locked, `subscription` the number of its row. By name, not
        by number: one that is yet to be created has its place too."""
        return subscription, name.lower()

    @classmethod
    def there_or_created(
        cls, subscription: "Subscription", name: str, location: str, origin: Origin
    ) -> "ResourceGroup":
        """The group of that name in any letter case, created where there is none. Under its lock, so call it in a
        transaction; who needs several takes them in the order of `lock_order`."""
        named = cls.objects.locked().filter(subscription=subscription).named(name)
        if (found := named.first()) is not None:
            return found
        try:
            return cls.create_recorded(subscription, name, location, origin)
        except IntegrityError:  # somebody was quicker
            return named.get()

    def change(self, origin: Origin, *, tags: dict[str, str], kept_aside: dict[str, Any]) -> Change | None:
        """All tags, and all that is kept, anew. None where they are these already; call it under the group's lock."""
        if (tags, kept_aside) == (self.tags, self.kept_aside):
            return None
        before = self.summary()
        self.tags, self.kept_aside = tags, kept_aside
        self.save(update_fields=["tags", "kept_aside"])
        return Change.record_at(self.resource_id, UPDATED, origin, before=before, after=self.summary())

    def delete_with_registries(self, origin: Origin, *, expected: Expected | None = None) -> list[str]:
        """Delete the group and all in it; each resource leaves its change record. Returns what must go first, a
        sentence each, and then nothing was deleted; empty means done. `expected` is asked about the group under its
        lock, and raises where it is not as expected."""
        return self.delete_all([self], origin, expected=expected)

    @classmethod
    def delete_all(
        cls, groups: Sequence["ResourceGroup"], origin: Origin, *, expected: Expected | None = None
    ) -> list[str]:
        """As `delete_with_registries`, of several groups that may hold on to each other."""
        numbers = [group.pk for group in groups]
        while True:
            with transaction.atomic():
                # The order of all locks is registries, groups. Nothing comes into a group that is locked, so what
                # stands there is read again under its lock; where that is a registry more, all locks are let go first.
                registries = _registries().select_for_update(of=("self",)).filter(pk__in=_affected(numbers))
                held = {registry.pk: registry for registry in registries.order_by("pk")}
                ordered = sorted(groups, key=lambda each: cls.lock_order(each.subscription_id, each.name))
                locked = [cls.objects.locked().filter(pk=each.pk).first() for each in ordered]
                still_there = [each for each in locked if each is not None]
                if held.keys() >= _affected(numbers):
                    if expected is not None:
                        for group in still_there:
                            expected(group)
                    return cls._deleted(still_there, list(held.values()), origin)
                transaction.set_rollback(True)

    @classmethod
    def _deleted(cls, groups: Sequence["ResourceGroup"], registries: Sequence["Registry"], origin: Origin) -> list[str]:
        """Under all the locks."""
        if in_the_way := import_module(settings.EMPTIES_RESOURCE_GROUPS).empty(groups, origin):
            return list(in_the_way)
        going = {group.pk for group in groups}
        for registry in registries:
            if registry.resource_group_id in going:
                registry.delete_recorded(origin)
        for group in groups:
            Change.record_at(group.resource_id, DELETED, origin, before=group.summary(), after=None)
            group.delete()
        return []

    def summary(self) -> dict[str, Any]:
        """What a change record keeps of the group."""
        kept = self.kept_aside
        return {
            "id": self.resource_id,
            "location": self.location,
            "tags": self.tags,
            "properties": {**{key: kept[key] for key in kept if key != "properties"}, **kept.get("properties", {})},
        }


def _registries() -> "QuerySet[Registry]":
    found: QuerySet[Registry] = apps.get_model("registries", "Registry").objects.select_related(
        "resource_group__subscription"
    )
    return found


def _affected(groups: Sequence[int]) -> set[int]:
    """The registries in these groups, and those elsewhere that know what stands in them."""
    upstairs = import_module(settings.EMPTIES_RESOURCE_GROUPS)
    inside = _registries().filter(resource_group__in=groups).values_list("pk", flat=True)
    return {*inside, *upstairs.registries_connected_to(groups)}
