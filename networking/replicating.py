"""Geo-replications: added, changed and deleted, each with its change record. The gates learn of new host names."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction

from networking.access.problems import Code, Problem
from networking.endpoint_addresses import fit_addresses
from registries import regions
from registries.models import Change, Origin, Registry, Replication, same_json

# The operations of their change records.
ADD = "Add replication"
UPDATE = "Update replication"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a replication can be told to be. `kept` is what Portcullis has no use for, by name."""

    region_endpoint_enabled: bool = True
    zone_redundancy: str = "Disabled"
    tags: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, stored: Replication) -> "Wanted":
        return cls(stored.region_endpoint_enabled, stored.zone_redundancy, stored.tags, stored.kept_aside)

    def is_as(self, other: "Wanted") -> bool:
        """As JSON, where true isn't 1."""
        return replace(self, kept={}) == replace(other, kept={}) and same_json(dict(self.kept), dict(other.kept))


def replicate(registry: Registry, region: str, wanted: Wanted, origin: Origin) -> Change | Problem | None:
    """Serve the registry from that region too, by its ARM name; or change the replication that is there.

    None where it is so already. A Problem, and nothing written, where the tier has none, for the registry's own region,
    and where a private endpoint's subnet has no address left for it. Registry.DoesNotExist where the registry was
    deleted."""
    with transaction.atomic():
        locked = _locked(registry)
        if problem := _problem(locked, region):
            return problem
        stored = locked.replications.filter(location=region).first()
        if stored is not None and Wanted.of(stored).is_as(wanted):
            return None
        before = None if stored is None else _record(stored)
        stored = stored or Replication(registry=locked, location=region)
        stored.region_endpoint_enabled = wanted.region_endpoint_enabled
        stored.zone_redundancy = wanted.zone_redundancy
        stored.tags, stored.kept_aside = dict(wanted.tags), dict(wanted.kept)
        stored.save()
        _changed(locked)
        if before is None and (problem := fit_addresses(locked)):
            transaction.set_rollback(True)
            return problem
        operation = ADD if before is None else UPDATE
        return Change.record(locked, operation, origin, before=before, after=_record(stored))


def add(registry: Registry, region: str, origin: Origin) -> Change | Problem:
    """As `replicate`, which would change one that is there: here that is a Problem."""
    with transaction.atomic():
        locked = _locked(registry)
        there = Problem(
            Code.INVALID_PROPERTY, f"'{registry.name}' is replicated to {regions.display_name(region)} already."
        )
        if region in locked.replica_regions:
            return there
        return replicate(locked, region, Wanted(), origin) or there


def remove(registry: Registry, region: str, origin: Origin) -> Change | None:
    """None where the registry has no replication there."""
    with transaction.atomic():
        locked = _locked(registry)
        stored = locked.replications.filter(location=region).first()
        if stored is None:
            return None
        before = _record(stored)
        stored.delete()
        _changed(locked)
        fit_addresses(locked)  # nothing can be missing where one goes
        return Change.record(locked, "Delete replication", origin, before=before, after=None)


def _locked(registry: Registry) -> Registry:
    """Takes the lock that every change to a registry takes."""
    return Registry.objects.locked().get(pk=registry.pk)


def _problem(registry: Registry, region: str) -> Problem | None:
    if not registry.is_premium:
        message = f"The requested feature geo-replication is not supported for the SKU {registry.sku}."
        return Problem(Code.REPLICATION_NOT_SUPPORTED, message)
    if region == registry.location:
        message = f"{regions.display_name(region)} is the registry's own region. Choose another one to replicate to."
        return Problem(Code.INVALID_PROPERTY, message)
    return None


def _changed(registry: Registry) -> None:
    """Its host names are read from the registry's own row, by pages and gates alike."""
    registry.replica_regions = list(registry.replications.order_by("location").values_list("location", flat=True))
    registry.save(update_fields=["replica_regions"])
    registry.changed()


def _record(stored: Replication) -> dict[str, Any]:
    return {
        "replication": {
            "location": stored.location,
            "regionEndpointEnabled": stored.region_endpoint_enabled,
            "zoneRedundancy": stored.zone_redundancy,
            "tags": stored.tags,
        },
        **({"properties": stored.kept_aside} if stored.kept_aside else {}),
    }
