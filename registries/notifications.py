"""What an account was told: every toast is kept in its bell until it is dismissed, the newest 50."""

from typing import TYPE_CHECKING, ClassVar, Literal

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

if TYPE_CHECKING:
    from registries.models import Account

KEPT = 50  # for each account

type Level = Literal["success", "info", "warning", "error"]
LEVELS = ("success", "info", "warning", "error")


class NotificationQuerySet(models.QuerySet["Notification"]):
    def newest_first(self) -> "NotificationQuerySet":
        return self.order_by("-at", "-pk")


class Notification(models.Model):
    """One thing an account was told. Nobody else ever sees it."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notifications")
    level = models.CharField(max_length=10, choices=[(level, level) for level in LEVELS])
    title = models.CharField(max_length=80)
    text = models.TextField()
    at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes: ClassVar = [models.Index(fields=["account", "-at"], name="notification_newest")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(level__in=LEVELS), name="notification_level_known"),
        ]

    def __str__(self) -> str:
        return self.title

    @classmethod
    def keep(cls, account: "Account", level: Level, title: str, text: str) -> None:
        """Put it into the bell; what no longer fits goes."""
        with transaction.atomic():
            cls.objects.create(account=account, level=level, title=title, text=text)
            beyond = cls.objects.filter(account=account).newest_first().values("pk")[KEPT:]
            cls.objects.filter(pk__in=beyond).delete()
