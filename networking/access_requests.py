"""What came through the gates: requests as the proxies logged them, and which generation each gate serves."""

from datetime import UTC, datetime
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
    host = models.CharField(max_length=255, blank=True)  # the data or blob endpoint; empty for the login server
    path = models.CharField(max_length=300)  # without its query, which may hold signatures and tokens
    repository = models.CharField(max_length=256, blank=True)
    status = models.PositiveSmallIntegerField()
    allowed = models.BooleanField()  # by the network rules; what the client got is its status
    reason = models.CharField(max_length=30, blank=True)  # networking.access.decision.Reason
    rule = models.CharField(max_length=18, blank=True)  # the range that let it in
    agent = models.CharField(max_length=120, blank=True)
    correlation_id = models.CharField(max_length=36, blank=True)
    # What the listener it came to stands for, and what asks from that subnet; empty at a listener for everybody.
    subnet = models.CharField(max_length=400, blank=True)
    host_kind = models.CharField(max_length=20, blank=True)  # networking.access.decision.SubnetHost
    endpoint = models.CharField(max_length=400, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["registry", "-at"], name="request_of_registry"),
            models.Index(fields=["at"], name="request_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path} from {self.address or 'an unknown address'}"


class GateReport(models.Model):
    """A gate by its name, and the generation it served when it last said so."""

    STEPS: ClassVar = 100  # that are remembered

    name = models.CharField(max_length=120, unique=True)
    generation = models.BigIntegerField()
    # When it took its last generations, the newest last: [generation, seconds since 1970]. A gate that is asked about
    # one registry's change has often taken others since.
    steps = models.JSONField(default=list)
    first_reported_at = models.DateTimeField()
    reported_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

    @property
    def served_since(self) -> datetime:
        """When it took the generation it serves."""
        return self.reached(self.generation) or self.reported_at

    def reached(self, generation: int) -> datetime | None:
        """When it first served that generation or a later one; None where it doesn't yet, or where that is so long
        ago that it isn't remembered."""
        for step, (taken, at) in enumerate(self.steps):
            if taken >= generation:
                return datetime.fromtimestamp(at, UTC) if step or taken == generation else None
        return None
