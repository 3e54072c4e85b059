"""Geo-replications: the regions a registry is served from besides its own."""

from typing import ClassVar

from django.db import models
from django.utils import timezone


class Replication(models.Model):
    """ARM `registries/replications`; its name is its region. The home region has none of its own here: ARM shows one
    for it as soon as there is another (acr-facts 1.3)."""

    registry = models.ForeignKey("registries.Registry", models.CASCADE, related_name="replications")
    location = models.CharField(max_length=40)
    region_endpoint_enabled = models.BooleanField(default=True)
    zone_redundancy = models.CharField(max_length=8, default="Disabled")
    tags = models.JSONField(default=dict, blank=True)
    kept_aside = models.JSONField(default=dict, blank=True)  # ARM properties that Portcullis has no use for, by name
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["location"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["registry", "location"], name="replication_region_unique"),
            models.CheckConstraint(
                condition=models.Q(zone_redundancy__in=("Enabled", "Disabled")), name="zone_redundancy_known"
            ),
        ]

    def __str__(self) -> str:
        return self.location
