"""What a registry is: its place in ARM, its tier, its tags, and the record of everything that changed."""

import re
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.module_loading import import_string

from registries import host_names, regions
from registries.accounts import CHANGE as CHANGE
from registries.accounts import CREATE as CREATE
from registries.accounts import DELETE as DELETE
from registries.accounts import IMPORT_SERVICE_TAGS as IMPORT_SERVICE_TAGS
from registries.accounts import TRUSTED_GROUP as TRUSTED_GROUP
from registries.accounts import VIEW as VIEW
from registries.accounts import Account as Account
from registries.accounts import ServicePrincipal as ServicePrincipal
from registries.changes import Change as Change
from registries.changes import Origin as Origin
from registries.changes import same_json as same_json
from registries.generation import Generation as Generation
from registries.generation import Tombstone as Tombstone
from registries.named import NamedQuerySet as NamedQuerySet
from registries.notifications import Notification as Notification
from registries.replications import Replication as Replication
from registries.resource_groups import ResourceGroup as ResourceGroup
from registries.resource_id import ResourceId
from registries.tiers import Step

NAME_RULE = re.compile(r"[a-zA-Z0-9]{5,50}", re.ASCII)
TIERS = ("Basic", "Standard", "Premium")


def all_providers() -> list[str]:
    """What a new subscription is registered for. Migration 0007 names this function, so it has to stay here."""
    return ["Microsoft.ContainerRegistry", "Microsoft.Network"]


class Subscription(models.Model):
    """An ARM subscription: the outermost part of a registry's id."""

    subscription_id = models.UUIDField(unique=True)
    display_name = models.CharField(max_length=64)
    # Resource provider namespaces that are registered, as `az provider register` does it.
    providers = models.JSONField(default=all_providers, blank=True)

    def __str__(self) -> str:
        return self.display_name


class RegistryQuerySet(models.QuerySet["Registry"]):
    def named(self, name: str) -> Self:
        """The registry of that name in any letter case; uses the unique index. Text that can't be a name finds nothing:
        PostgreSQL takes no NUL, and neither database half a surrogate pair."""
        if not (name.isascii() and name.isalnum()):
            return self.none()
        return self.alias(key=Lower("name")).filter(key=name.lower())

    def with_group(self) -> Self:
        return self.select_related("resource_group__subscription")

    def locked(self) -> Self:
        """Under the one lock that every change to a registry takes, until the transaction ends. SQLite has none by
        row: there the transaction itself is IMMEDIATE, so the same line holds on both."""
        return self.select_for_update(of=("self",)).with_group()


class Registry(models.Model):
    """A container registry. Five columns repeat what networking says, so that the list needs no other table; only
    EndpointSettings.store writes them."""

    resource_group = models.ForeignKey(ResourceGroup, models.CASCADE, related_name="registries")
    name = models.CharField(max_length=50)
    sku = models.CharField(max_length=10, choices=[(tier, tier) for tier in TIERS])
    location = models.CharField(max_length=40)
    tags = models.JSONField(default=dict, blank=True)
    # ARM properties that Portcullis has no use for, by their path; an import keeps them here.
    kept_aside = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.CharField(max_length=150, blank=True)
    # The regions of its replications besides its own, repeated here so that its host names need no other table.
    replica_regions = models.JSONField(default=list, blank=True)
    # The count of changes that matter to a gate, as it stood after the last one of this registry.
    generation = models.BigIntegerField(default=0, db_index=True)

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
        return host_names.login(self.name, settings.LOGIN_SERVER_SUFFIX)

    @property
    def regions(self) -> list[str]:
        """Where it is served from: its own region and those of its replications, in the order of their names."""
        return sorted({self.location, *self.replica_regions})

    def data_host(self, region: str) -> str:
        """The data endpoint of that region, whether it has one or not."""
        return host_names.data(self.name, region, settings.LOGIN_SERVER_SUFFIX)

    @property
    def data_endpoints(self) -> list[tuple[str, str]]:
        """Region name as the portal shows it, and host name, for each region the registry serves layers from."""
        return [(regions.display_name(region), self.data_host(region)) for region in self.regions]

    @property
    def is_premium(self) -> bool:
        return self.sku == "Premium"

    @classmethod
    def create_recorded(
        cls, *, resource_group: ResourceGroup, name: str, sku: str, location: str, origin: Origin, **more: Any
    ) -> "Registry":
        """A new registry and its change record. IntegrityError where the name is taken, or the group is gone."""
        with transaction.atomic():
            # The group first, as everybody takes it who makes something there: for the count all changes wait.
            if ResourceGroup.objects.locked().filter(pk=resource_group.pk).first() is None:
                raise IntegrityError("The resource group was deleted.")
            registry = cls.objects.create(
                resource_group=resource_group,
                name=name,
                sku=sku,
                location=location,
                created_by=origin.account,
                generation=Generation.next(),
                **more,
            )
            Change.record(registry, "Create registry", origin, before=None, after=registry.summary())
        return registry

    def change_tier(self, sku: str, origin: Origin) -> list[Step]:
        """Upgrade at once, downgrade when nothing stands in the way. Returns what must go first; empty means done."""
        with transaction.atomic():
            # The same lock that EndpointSettings.store takes: a rule can't slip in while the tier goes down.
            locked = Registry.objects.locked().get(pk=self.pk)
            in_the_way = locked.in_the_way_of(sku)
            if in_the_way or locked.sku == sku:
                return in_the_way
            before = {"sku": locked.sku}
            self.sku = locked.sku = sku
            self.changed_at = locked.changed_at = timezone.now()
            locked.save(update_fields=["sku", "changed_at"])
            Change.record(self, "Change tier", origin, before=before, after={"sku": sku})
        return []

    def in_the_way_of(self, sku: str) -> list[Step]:
        """What a downgrade to `sku` needs gone first, a sentence each. Azure leaves this open (acr-facts 3.18)."""
        if sku == "Premium":
            return []
        needed = []
        if self.rule_count:
            rules = "1 address range" if self.rule_count == 1 else f"{self.rule_count} address ranges"
            needed.append(Step(f"Delete the {rules} from the firewall list."))
        if self.subnet_count:
            rules = "1 virtual network rule" if self.subnet_count == 1 else f"{self.subnet_count} virtual network rules"
            needed.append(Step(f"Delete the {rules}."))
        if self.public_access != "all":
            needed.append(Step("Set Public network access to All networks."))
        needed += import_string(settings.KEEPS_A_TIER)(self)
        if self.replica_regions:
            needed.append(Step("Delete the replications.", "registry-replications"))
        return needed

    def delete_recorded(self, origin: Origin) -> None:
        """Delete the registry; its change records stay, with the ARM id as text. Nothing where it is gone already."""
        with transaction.atomic():
            # The lock of every change: a save that is under way leaves its record first.
            locked = Registry.objects.locked().filter(pk=self.pk).first()
            if locked is not None:
                Change.record(locked, "Delete registry", origin, before=locked.summary(), after=None)
                Tombstone.objects.create(name=locked.name.lower(), generation=Generation.next())
                locked.delete()

    def change_tags(self, tags: dict[str, str], origin: Origin) -> Change | None:
        """All tags anew. None where they are these already; call it under the registry's lock."""
        if tags == self.tags:
            return None
        before, self.tags, self.changed_at = self.tags, tags, timezone.now()
        self.save(update_fields=["tags", "changed_at"])
        return Change.record(self, "Update tags", origin, before={"tags": before}, after={"tags": tags})

    def change_kept_aside(self, kept: dict[str, Any], origin: Origin) -> Change | None:
        """The properties that Portcullis has no use for, all anew; its record holds those that differ. None where
        none does; call it under the registry's lock."""
        was = self.kept_aside
        before = {path: was[path] for path in was if path not in kept or not same_json(was[path], kept[path])}
        after = {path: kept[path] for path in kept if path not in was or not same_json(was[path], kept[path])}
        if not before and not after:
            return None
        self.kept_aside, self.changed_at = kept, timezone.now()
        self.save(update_fields=["kept_aside", "changed_at"])
        return Change.record(
            self, "Update properties", origin, before={"properties": before}, after={"properties": after}
        )

    def changed(self) -> None:
        """Pages say that it changed now, and the gates look again. Call it in the transaction of the change."""
        self.changed_at = timezone.now()
        self.save(update_fields=["changed_at"])
        self.touch()

    def touch(self) -> None:
        """Tell the gates that they have to look at this registry again. Call it in the transaction of the change."""
        self.generation = Generation.next()
        Registry.objects.filter(pk=self.pk).update(generation=self.generation)

    def summary(self) -> dict[str, Any]:
        """What a change record keeps of the registry itself."""
        return {
            "id": str(self.resource_id),
            "sku": self.sku,
            "location": self.location,
            "tags": self.tags,
        }
