"""How a policy is kept: the row of endpoint settings, the rules of the firewall list, and the one write path."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Self

from django.db import connection, models, transaction
from django.utils import timezone

from networking.access.addresses import AddressRange
from networking.access.decision import ConnectionState
from networking.access.policy import AccessPolicy, DefaultAction, PublicNetworkAccess, Rule
from networking.access.problems import Code, Problem
from networking.access_requests import AccessRequest as AccessRequest
from networking.access_requests import GateReport as GateReport
from networking.networks import PrivateEndpoint as PrivateEndpoint
from networking.networks import PrivateEndpointConnection as PrivateEndpointConnection
from networking.networks import Subnet as Subnet
from networking.networks import VirtualNetwork as VirtualNetwork
from networking.service_tag_models import ServiceTag as ServiceTag
from networking.service_tag_models import ServiceTagImport as ServiceTagImport
from networking.trusted_services import TrustedService as TrustedService
from registries.models import Change, Generation, Origin, Registry

UPDATE = "Update networking"  # the operation of a change record that store writes
# Document 003: a registry with a private link has dedicated data endpoints by itself.
DATA_ENDPOINT_REQUIRED = Problem(
    Code.DATA_ENDPOINT_REQUIRED,
    "Dedicated data endpoints stay on while the registry has an approved private endpoint connection. "
    "Reject or remove its approved connections first.",
)


def requires_data_endpoint(registry: Registry) -> bool:
    """A private endpoint leads to it, so that `store` turns dedicated data endpoints off no more. One query."""
    return registry.private_endpoint_connections.filter(state=ConnectionState.APPROVED.value).exists()


def _assign(row: models.Model, **columns: object) -> list[str]:
    """The names of those that were others before."""
    changed = [name for name, value in columns.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, columns[name])
    return changed


@dataclass(frozen=True, slots=True)
class Stale:
    """Somebody stored another policy since the page was opened. `last` is their change, None where it is not known."""

    last: Change | None


class EndpointSettings(models.Model):
    """The row that stores a policy. A registry without one has the default policy."""

    registry = models.OneToOneField(Registry, models.CASCADE, primary_key=True, related_name="endpoint_settings")
    public_network_access = models.CharField(max_length=8, default=PublicNetworkAccess.ENABLED.value)
    default_action = models.CharField(max_length=5, default=DefaultAction.ALLOW.value)
    trusted_services = models.BooleanField(default=True)
    tasks_bypass = models.BooleanField(default=False)
    data_endpoint = models.BooleanField(default=False)
    subnets = models.JSONField(default=list, blank=True)
    # Since when a proxy tells of its requests; None where none ever did, so that nobody knows which rules are unused.
    logged_since = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name_plural = "endpoint settings"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(public_network_access__in=[each.value for each in PublicNetworkAccess]),
                name="public_network_access_known",
            ),
            models.CheckConstraint(
                condition=models.Q(default_action__in=[each.value for each in DefaultAction]),
                name="default_action_known",
            ),
        ]

    def __str__(self) -> str:
        return f"Endpoint settings of {self.registry}"

    @classmethod
    def of(cls, registry: Registry) -> Self:
        """The row of a registry, or a new one that holds the default policy and is not saved yet. One query, as it
        stands here: every door asks it, and Django would take longer to spell it than the database to answer."""
        found = cls.objects.raw("SELECT * FROM networking_endpointsettings WHERE registry_id = %s", [registry.pk])
        row = next(iter(found), None) or cls()
        row.registry = registry
        return row

    @property
    def policy(self) -> AccessPolicy:
        """Load. One query for the rules, in their own order; none where they were read before."""
        return AccessPolicy(
            public_network_access=PublicNetworkAccess(self.public_network_access),
            default_action=DefaultAction(self.default_action),
            rules=tuple(Rule(AddressRange.stored(text), name, note) for text, name, note in self._rules()),
            subnets=tuple(self.subnets),
            trusted_services=self.trusted_services,
            tasks_bypass=self.tasks_bypass,
            data_endpoint=self.data_endpoint,
        )

    def _rules(self) -> Iterable[tuple[str, str, str]]:
        """Range, name and note of each, in order."""
        if self._state.adding:
            return []
        if "rules" in getattr(self, "_prefetched_objects_cache", {}):
            return [(row.range, row.name, row.note) for row in self.rules.all()]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT range, name, note FROM networking_firewallrule WHERE settings_id = %s ORDER BY position, id",
                [self.pk],
            )
            return list(cursor.fetchall())

    @classmethod
    def store(
        cls, registry: Registry, policy: AccessPolicy, *, seen: str, origin: Origin
    ) -> Change | Stale | Problem | None:
        """Store. The one write path of every door, in one transaction.

        `seen` is the fingerprint of the policy that the change was made upon. Returns the change record, None where
        the policy is stored already, Stale where another one was stored meanwhile, a Problem where the tier can't
        hold it or a private endpoint needs what it turns off. Registry.DoesNotExist where the registry was deleted.
        Nothing is written but with a change record.
        """
        with transaction.atomic():
            registry = Registry.objects.locked().get(pk=registry.pk)
            row = cls.of(registry)
            before = row.policy
            if before.fingerprint != seen:
                return Stale(registry.changes.filter(operation=UPDATE).order_by("-at", "-pk").first())
            return row.store_locked(before, policy, origin)

    def store_locked(self, before: AccessPolicy, policy: AccessPolicy, origin: Origin) -> Change | Problem | None:
        """As `store`, for whoever holds the registry's lock since before this row and its policy were read."""
        if policy == before:
            return None
        if problem := policy.problem_for_tier(self.registry.sku):
            return problem
        if before.data_endpoint and not policy.data_endpoint and requires_data_endpoint(self.registry):
            return DATA_ENDPOINT_REQUIRED
        self._write(before, policy, origin)
        return Change.record(self.registry, UPDATE, origin, before=before.record(), after=policy.record())

    def _write(self, before: AccessPolicy, policy: AccessPolicy, origin: Origin) -> None:
        changed = _assign(
            self,
            public_network_access=policy.public_network_access.value,
            default_action=policy.default_action.value,
            trusted_services=policy.trusted_services,
            tasks_bypass=policy.tasks_bypass,
            data_endpoint=policy.data_endpoint,
            subnets=list(policy.subnets),
        )
        if self._state.adding:
            self.save()
        elif changed:
            self.save(update_fields=changed)
        if policy.rules != before.rules:
            self._write_rules(policy.rules, origin)
        changed = _assign(
            self.registry,
            public_access=policy.public_access.value,
            rule_count=len(policy.rules),
            subnet_count=len(policy.subnets),
            data_endpoint=policy.data_endpoint,
            changed_at=timezone.now(),
            generation=Generation.next(),
        )
        self.registry.save(update_fields=changed)

    def _write_rules(self, rules: tuple[Rule, ...], origin: Origin) -> None:
        """Only rows that differ are touched, so that who added a rule, and when, stays true. IntegrityError where a
        range stands twice, which no policy that was changed by its own methods can hold."""
        rows = {row.range: row for row in self.rules.all()}
        new, changed = [], []
        for position, rule in enumerate(rules):
            row = rows.pop(str(rule.range), None)
            if row is None:
                new.append(
                    FirewallRule(
                        settings=self,
                        range=str(rule.range),
                        name=rule.name,
                        note=rule.note,
                        position=position,
                        added_by=origin.account,
                    )
                )
            elif (row.position, row.name, row.note) != (position, rule.name, rule.note):
                row.position, row.name, row.note = position, rule.name, rule.note
                changed.append(row)
        if rows:
            self.rules.filter(pk__in=[row.pk for row in rows.values()]).delete()
        FirewallRule.objects.bulk_create(new)
        FirewallRule.objects.bulk_update(changed, ["position", "name", "note"])


class FirewallRule(models.Model):
    """One address range of the firewall list, as ARM spells it, with the name and note that ARM does not keep."""

    settings = models.ForeignKey(EndpointSettings, models.CASCADE, related_name="rules")
    range = models.CharField(max_length=18)
    name = models.CharField(max_length=80, blank=True)
    note = models.CharField(max_length=400, blank=True)
    position = models.PositiveSmallIntegerField()
    added_by = models.CharField(max_length=150, blank=True)
    added_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True, blank=True)  # when a gate last let somebody in by it

    class Meta:
        ordering: ClassVar = ["position", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["settings", "range"], name="rule_range_unique"),
            models.CheckConstraint(condition=~models.Q(range=""), name="rule_has_a_range"),
            models.CheckConstraint(condition=models.Q(position__lt=100), name="rule_position_within_limit"),
        ]

    def __str__(self) -> str:
        return self.range


class MustWorkCaller(models.Model):
    """A named address or range that must keep its access to a registry; the blade warns before a Save that takes it."""

    registry = models.ForeignKey(Registry, models.CASCADE, related_name="must_work_callers")
    name = models.CharField(max_length=80)
    range = models.CharField(max_length=18)
    added_by = models.CharField(max_length=150, blank=True)
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "must-work caller"
        ordering: ClassVar = ["name", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["registry", "range"], name="must_work_range_unique"),
            models.CheckConstraint(
                condition=~models.Q(name="") & ~models.Q(range=""), name="must_work_caller_has_name_and_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.range})"


class SimulatedClient(models.Model):
    """Demonstration mode only: the address that stands in for everybody's 127.0.0.1, one for the whole instance."""

    address = models.GenericIPAddressField()

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(pk=1), name="one_simulated_client")]

    def __str__(self) -> str:
        return self.address
