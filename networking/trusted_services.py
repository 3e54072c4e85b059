"""The trusted services of document 004 as data: whose networks pass the firewall where the exception is on."""

from ipaddress import ip_network
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models, transaction

from networking.access.trusted import TrustedNetworks
from registries.models import Generation


def networks_only(value: object) -> None:
    """A list of IPv4 or IPv6 networks, private ones too: a self-hosted registry's scanners stand next to it."""
    if not isinstance(value, list):
        raise ValidationError("Give a list of networks, like 10.20.0.0/16.")
    for text in value:
        try:
            ip_network(text if isinstance(text, str) else "")
        except ValueError:
            raise ValidationError(f"'{str(text)[:64]}' isn't a network. Try a form like 10.20.0.0/16.") from None


class TrustedService(models.Model):
    """A service that the firewall exception is about, and the networks it comes from. Without networks it is known by
    name only, and nothing passes for it."""

    name = models.CharField(max_length=80, unique=True)
    networks = models.JSONField(default=list, blank=True, validators=[networks_only])
    scenario = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~models.Q(name=""), name="trusted_service_has_a_name")
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def known(cls) -> TrustedNetworks:
        """Load. One query."""
        return TrustedNetworks.of(cls.objects.values_list("name", "networks"))

    def save_recorded(self) -> None:
        """Store, and have the gates look again."""
        with transaction.atomic():
            self.save()
            Generation.next()

    def delete_recorded(self) -> None:
        with transaction.atomic():
            self.delete()
            Generation.next()
