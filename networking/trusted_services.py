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
        if refusal := _refusal(text):
            raise ValidationError(refusal)


def _refusal(text: object) -> str:
    """Why it is no network that a service could come from; empty where it is one."""
    quoted = str(text)[:64]
    text = text if isinstance(text, str) else ""
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return f"'{quoted}' isn't a network. Try a form like 10.20.0.0/16."
    if network.prefixlen == 0:
        return f"{quoted} is every address there is. Name the networks that the service comes from."
    try:
        ip_network(text)
    except ValueError:
        return f"'{quoted}' isn't the start of a network. Did you mean {network}?"
    return ""


def _readable(networks: object) -> list[str]:
    """Of a stored row: its networks, or none where any of it isn't one."""
    try:
        networks_only(networks)
    except ValidationError:
        return []
    return list(networks) if isinstance(networks, list) else []


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
        """Load. One query. Networks that can't be read count as none, as they do at a gate: nobody passes for them."""
        stored = cls.objects.values_list("name", "networks")
        return TrustedNetworks.of((name, _readable(networks)) for name, networks in stored)

    def save_recorded(self) -> None:
        """Store, and have the gates look again."""
        with transaction.atomic():
            self.save()
            Generation.next()

    def delete_recorded(self) -> None:
        with transaction.atomic():
            self.delete()
            Generation.next()
