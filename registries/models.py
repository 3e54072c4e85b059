"""What a registry is: its place in ARM, its tier, its tags, and the record of everything that changed."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property

from registries import regions
from registries.notifications import Notification as Notification
from registries.resource_id import ResourceId

NAME_RULE = re.compile(r"[a-zA-Z0-9]{5,50}", re.ASCII)
TIERS = ("Basic", "Standard", "Premium")

# What a role may do, as Django permissions. Everything is asked through Account.may, so that a later scope
# (a subscription, a group, one registry) changes one function.
VIEW = "registries.view_registry"
CREATE = "registries.add_registry"
CHANGE = "registries.change_registry"
DELETE = "registries.delete_registry"
MANAGE_ACCOUNTS = "registries.change_account"


@dataclass(frozen=True, slots=True)
class Origin:
    """Who makes a change, through which door, from which address, and what they say of it."""

    account: str
    door: str
    address: str = ""
    comment: str = ""


class Account(AbstractUser):
    """A person who signs in. The groups Reader, Contributor and Owner are the roles."""

    if TYPE_CHECKING:
        id: int

    class Meta:
        verbose_name = "account"

    def may(self, permission: str, registry: "Registry | None" = None) -> bool:
        """The one place where a permission is checked."""
        return self.has_perm(permission)

    @cached_property
    def role(self) -> str:
        """The name of the account's role, for people to read; what it may do is asked through `may`."""
        group = self.groups.order_by("name").first()
        return group.name if group else "No role"

    @property
    def initials(self) -> str:
        return self.username[:2].upper()

    @property
    def unread(self) -> int:
        """How many notifications the bell has that this account has not looked at. One query."""
        return self.notifications.filter(read_at=None).count()


class Subscription(models.Model):
    """An ARM subscription: the outermost part of a registry's id."""

    subscription_id = models.UUIDField(unique=True)
    display_name = models.CharField(max_length=64)

    def __str__(self) -> str:
        return self.display_name


class ResourceGroup(models.Model):
    """An ARM resource group. Its name is unique in its subscription, in any letter case."""

    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="resource_groups")
    name = models.CharField(max_length=90)
    location = models.CharField(max_length=40)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("subscription", Lower("name"), name="resource_group_name_unique"),
            models.CheckConstraint(condition=~models.Q(name=""), name="resource_group_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def delete_with_registries(self, origin: Origin) -> None:
        """Delete the group and every registry in it; each leaves its change record."""
        with transaction.atomic():
            for registry in self.registries.with_group():
                registry.delete_recorded(origin)
            self.delete()


class RegistryQuerySet(models.QuerySet["Registry"]):
    def named(self, name: str) -> Self:
        """The registry of that name in any letter case; uses the unique index. Text that can't be a name finds nothing:
        PostgreSQL takes no NUL, and neither database half a surrogate pair."""
        if not (name.isascii() and name.isalnum()):
            return self.none()
        return self.alias(key=Lower("name")).filter(key=name.lower())

    def with_group(self) -> Self:
        return self.select_related("resource_group__subscription")


class Registry(models.Model):
    """A container registry. The last five columns repeat what networking says, so that the list needs no other table;
    only EndpointSettings.store writes them."""

    resource_group = models.ForeignKey(ResourceGroup, models.CASCADE, related_name="registries")
    name = models.CharField(max_length=50)
    sku = models.CharField(max_length=10, choices=[(tier, tier) for tier in TIERS])
    location = models.CharField(max_length=40)
    tags = models.JSONField(default=dict, blank=True)
    # ARM properties that Portcullis has no use for, by their path; an import keeps them here.
    kept_aside = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.CharField(max_length=150, blank=True)

    public_access = models.CharField(max_length=8, default="all")
    rule_count = models.PositiveSmallIntegerField(default=0)
    subnet_count = models.PositiveSmallIntegerField(default=0)
    data_endpoint = models.BooleanField(default=False)
    changed_at = models.DateTimeField(default=timezone.now, db_index=True)

    objects = RegistryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "registries"
        # One for each column that the list sorts by, in the order of its lines; the name has its unique index.
        indexes: ClassVar = [
            models.Index("public_access", Lower("name"), name="registry_by_access"),
            models.Index("rule_count", Lower("name"), name="registry_by_rules"),
            models.Index("sku", Lower("name"), name="registry_by_tier"),
            models.Index("location", Lower("name"), name="registry_by_location"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("name"), name="registry_name_unique"),
            models.CheckConstraint(condition=models.Q(sku__in=TIERS), name="registry_sku_known"),
            models.CheckConstraint(
                condition=models.Q(public_access__in=("all", "selected", "disabled")),
                name="registry_public_access_known",
            ),
            models.CheckConstraint(
                condition=models.Q(sku="Premium")
                | models.Q(public_access="all", rule_count=0, subnet_count=0, data_endpoint=False),
                name="registry_network_rules_need_premium",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def resource_id(self) -> ResourceId:
        group = self.resource_group
        return ResourceId(str(group.subscription.subscription_id), group.name, self.name)

    @property
    def login_server(self) -> str:
        return f"{self.name.lower()}.{settings.LOGIN_SERVER_SUFFIX}"

    @property
    def data_endpoints(self) -> list[tuple[str, str]]:
        """Region name as the portal shows it, and host name, for each region the registry serves layers from."""
        host = f"{self.name.lower()}.{self.location}.data.{settings.LOGIN_SERVER_SUFFIX}"
        return [(regions.display_name(self.location), host)]

    @property
    def is_premium(self) -> bool:
        return self.sku == "Premium"

    @classmethod
    def create_recorded(
        cls, *, resource_group: ResourceGroup, name: str, sku: str, location: str, origin: Origin, **more: Any
    ) -> "Registry":
        """A new registry and its change record. IntegrityError where the name is taken."""
        with transaction.atomic():
            registry = cls.objects.create(
                resource_group=resource_group,
                name=name,
                sku=sku,
                location=location,
                created_by=origin.account,
                **more,
            )
            Change.record(registry, "Create registry", origin, before=None, after=registry.summary())
        return registry

    def change_tier(self, sku: str, origin: Origin) -> list[str]:
        """Upgrade at once, downgrade when nothing stands in the way. Returns what must go first; empty means done."""
        with transaction.atomic():
            # The same lock that EndpointSettings.store takes: a rule can't slip in while the tier goes down.
            locked = Registry.objects.select_for_update().get(pk=self.pk)
            in_the_way = locked.in_the_way_of(sku)
            if in_the_way or locked.sku == sku:
                return in_the_way
            before = {"sku": locked.sku}
            self.sku = locked.sku = sku
            self.changed_at = locked.changed_at = timezone.now()
            locked.save(update_fields=["sku", "changed_at"])
            Change.record(self, "Change tier", origin, before=before, after={"sku": sku})
        return []

    def in_the_way_of(self, sku: str) -> list[str]:
        """What a downgrade to `sku` needs gone first, a sentence each. Azure leaves this open (acr-facts 3.18)."""
        if sku == "Premium":
            return []
        needed = []
        if self.rule_count:
            rules = "1 address range" if self.rule_count == 1 else f"{self.rule_count} address ranges"
            needed.append(f"Delete the {rules} from the firewall list.")
        if self.subnet_count:
            rules = "1 virtual network rule" if self.subnet_count == 1 else f"{self.subnet_count} virtual network rules"
            needed.append(f"Delete the {rules}.")
        if self.public_access != "all":
            needed.append("Set Public network access to All networks.")
        if self.data_endpoint:
            needed.append("Turn off the dedicated data endpoint.")
        return needed

    def delete_recorded(self, origin: Origin) -> None:
        """Delete the registry; its change records stay, with the ARM id as text. Nothing where it is gone already."""
        with transaction.atomic():
            # The lock of every change: a save that is under way leaves its record first.
            locked = Registry.objects.select_for_update(of=("self",)).with_group().filter(pk=self.pk).first()
            if locked is not None:
                Change.record(locked, "Delete registry", origin, before=locked.summary(), after=None)
                locked.delete()

    def summary(self) -> dict[str, Any]:
        """What a change record keeps of the registry itself."""
        return {
            "id": str(self.resource_id),
            "sku": self.sku,
            "location": self.location,
            "tags": self.tags,
        }


class Change(models.Model):
    """One stored step of history. Written in the transaction of the change itself, never edited, and it outlives its
    registry."""

    registry = models.ForeignKey(Registry, models.SET_NULL, null=True, related_name="changes")
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
        registry: Registry,
        operation: str,
        origin: Origin,
        *,
        before: dict[str, Any] | None,
        after: dict[str, Any] | None,
    ) -> Self:
        return cls.objects.create(
            registry=registry,
            resource_id=str(registry.resource_id),
            operation=operation,
            account=origin.account,
            door=origin.door,
            address=origin.address,
            comment=origin.comment,
            before=before,
            after=after,
        )
