"""The address prefixes of service tags, as the weekly file has them, and the imports that brought them."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

RENEWED_EVERY = timedelta(days=7)  # Microsoft publishes the file once a week
SILENT_AFTER = timedelta(minutes=2)  # an import that works says so every half second


class ServiceTagImport(models.Model):
    """One import, under way, done or failed. The tags stay of the last one that is done."""

    RUNNING, DONE, FAILED = "running", "done", "failed"

    state = models.CharField(max_length=7, default=RUNNING)
    file_name = models.CharField(max_length=200)
    file_size = models.BigIntegerField(default=0)
    bytes_read = models.BigIntegerField(default=0)
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)  # when it last said how far it is
    ended_at = models.DateTimeField(null=True, blank=True)
    imported_by = models.CharField(max_length=150)
    problem = models.CharField(max_length=400, blank=True)
    cloud = models.CharField(max_length=60, blank=True)
    change_number = models.BigIntegerField(null=True, blank=True)
    tag_count = models.PositiveIntegerField(default=0)
    prefix_count = models.PositiveIntegerField(default=0)
    # What networking.tags.difference says of it and the import before; empty for the first one.
    difference = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering: ClassVar = ["-started_at", "-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state__in=("running", "done", "failed")), name="service_tag_import_state_known"
            ),
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state="running"), name="one_service_tag_import_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_name} of {self.started_at:%Y-%m-%d}"

    @property
    def is_silent(self) -> bool:
        """It runs no more, but nobody was there to say so: its process was ended."""
        return self.state == self.RUNNING and timezone.now() - self.seen_at > SILENT_AFTER

    @property
    def is_old(self) -> bool:
        return timezone.now() - (self.ended_at or self.started_at) > RENEWED_EVERY

    @property
    def percent(self) -> int:
        return min(99, self.bytes_read * 100 // self.file_size) if self.file_size else 0

    @classmethod
    def last(cls) -> "ServiceTagImport | None":
        """The last good one, whose tags are in place."""
        return cls.objects.filter(state=cls.DONE).order_by("-ended_at", "-pk").first()


class ServiceTag(models.Model):
    """A service tag and its prefixes, packed as networking.tags.prefixes has it."""

    imported_in = models.ForeignKey(ServiceTagImport, models.CASCADE, related_name="tags")
    name = models.CharField(max_length=100)
    region = models.CharField(max_length=60, blank=True)
    system_service = models.CharField(max_length=60, blank=True)
    change_number = models.BigIntegerField(null=True, blank=True)
    prefix_count = models.PositiveIntegerField()
    ipv4 = models.BinaryField(blank=True)
    ipv6 = models.BinaryField(blank=True)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [models.UniqueConstraint("imported_in", Lower("name"), name="service_tag_name_unique")]

    def __str__(self) -> str:
        return self.name
