"""The record of everything that changed, and who stands behind a change."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from registries.models import Registry


@dataclass(frozen=True, slots=True)
class Origin:
    """Who makes a change, through which door, from which address, and what they say of it."""

    account: str
    door: str
    address: str = ""
    comment: str = ""


def same_json(one: Any, other: Any) -> bool:
    """What a change is measured by. True is not 1; a number is its value, for PostgreSQL spells 1e308 as an integer."""
    match one, other:
        case dict(), dict():
            return one.keys() == other.keys() and all(same_json(value, other[name]) for name, value in one.items())
        case list(), list():
            return len(one) == len(other) and all(map(same_json, one, other))
        case (bool(), _) | (_, bool()):
            return one is other
        case (float(), int() | float()) | (int(), float()):
            try:
                return float(one) == float(other)
            except OverflowError:  # an integer that no float is
                return False
    return bool(one == other)


class Change(models.Model):
    """One stored step of history. Written in the transaction of the change itself, never edited, and it outlives its
    registry."""

    registry = models.ForeignKey("registries.Registry", models.SET_NULL, null=True, related_name="changes")
    resource_id = models.CharField(max_length=400)
    operation = models.CharField(max_length=40)
    at = models.DateTimeField(default=timezone.now)
    account = models.CharField(max_length=150)
    door = models.CharField(max_length=20)
    address = models.CharField(max_length=45, blank=True)
    comment = models.CharField(max_length=400, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["registry", "-at"], name="change_of_registry"),
            models.Index(fields=["-at"], name="change_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.operation} by {self.account}"

    @classmethod
    def record(
        cls,
        registry: "Registry",
        operation: str,
        origin: Origin,
        *,
        before: dict[str, Any] | None,
        after: dict[str, Any] | None,
    ) -> Self:
        place = str(registry.resource_id)
        return cls.record_at(place, operation, origin, before=before, after=after, registry=registry)

    @classmethod
    def record_at(
        cls,
        resource_id: str,
        operation: str,
        origin: Origin,
        *,
        before: dict[str, Any] | None,
        after: dict[str, Any] | None,
        registry: "Registry | None" = None,
    ) -> Self:
        """Of what belongs to no registry, by its ARM id or, where it has none, by what people call it."""
        return cls.objects.create(
            registry=registry,
            resource_id=resource_id,
            operation=operation,
            account=origin.account,
            door=origin.door,
            address=origin.address,
            comment=origin.comment,
            before=before,
            after=after,
        )
