"""What came through the gates: requests as the proxies logged them, and which generation each gate serves."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from registries.models import Registry


class AccessRequest(models.Model):
    """One request that a proxy sent to a registry, or refused. Written in batches, bounded in number and age."""

    registry = models.ForeignKey(Registry, models.CASCADE, related_name="access_requests")
    at = models.DateTimeField(default=timezone.now)
    address = models.CharField(max_length=45, blank=True)  # as the gate saw it; empty where it could not be told
    forwarded = models.CharField(max_length=200, blank=True)  # X-Forwarded-For as it came, believed or not
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=300)
    repository = models.CharField(max_length=256, blank=True)
    status = models.PositiveSmallIntegerField()
    allowed = models.BooleanField()
    reason = models.CharField(max_length=30, blank=True)  # networking.access.decision.Reason
    rule = models.CharField(max_length=18, blank=True)  # the range that let it in
    agent = models.CharField(max_length=120, blank=True)
    correlation_id = models.CharField(max_length=36, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["registry", "-at"], name="request_of_registry"),
            models.Index(fields=["at"], name="request_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path} from {self.address or 'an unknown address'}"


class GateReport(models.Model):
    """A gate by its name, and the generation it served when it last said so."""

    name = models.CharField(max_length=120, unique=True)
    generation = models.BigIntegerField()
    served_since = models.DateTimeField()  # when it took that generation
    reported_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
