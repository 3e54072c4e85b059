"""The regions a registry is served from, as their page shows them."""

from dataclasses import dataclass
from typing import Self

from registries import regions
from registries.models import Registry, Replication


@dataclass(frozen=True, slots=True)
class RegionLine:
    """`host` is the data endpoint of the region, whether it is on or not. `replica` is None for the registry's own
    region, which has no replication of its own here."""

    region: str
    name: str
    host: str
    replica: Replication | None

    @classmethod
    def all_of(cls, registry: Registry) -> list[Self]:
        """Own region and replicas, in the order of the data endpoints. One query."""
        stored = {each.location: each for each in registry.replications.all()}
        return [
            cls(region, name, host, stored.get(region))
            for region, (name, host) in zip(registry.regions, registry.data_endpoints, strict=True)
            if region == registry.location or region in stored
        ]


def free_regions(registry: Registry) -> list[tuple[str, str]]:
    """Where the registry can still be replicated to: ARM name and display name, in the order of the latter."""
    taken = {registry.location, *registry.replica_regions}
    free = [(region, name) for region, name in regions.DISPLAY_NAMES.items() if region not in taken]
    return sorted(free, key=lambda each: each[1])
