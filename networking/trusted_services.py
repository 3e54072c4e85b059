"""The trusted services of document 004 as data: whose networks pass the firewall where the exception is on."""

from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models, transaction

from networking.access.trusted import TrustedNetworks
from registries.models import Change, Generation, Origin


def networks_only(value: object) -> None:
    """A list of IPv4 or IPv6 networks that leave somebody out, private ones too: a self-hosted registry's scanners
    stand next to it. ValidationError for anything else."""
    if not isinstance(value, list):
        raise ValidationError("Give a list of networks, like 10.20.0.0/16.")
    for text in value:
        if refusal := _refusal(text):
            raise ValidationError(refusal)
    networks = [ip_network(text) for text in value]
    together: dict[str, list[IPv4Network] | list[IPv6Network]] = {
        "IPv4": [*collapse_addresses(each for each in networks if isinstance(each, IPv4Network))],
        "IPv6": [*collapse_addresses(each for each in networks if isinstance(each, IPv6Network))],
    }
    for version, found in together.items():
        if any(each.prefixlen == 0 for each in found):
            raise ValidationError(
                f"Together these networks are every {version} address there is. "
                "Name the networks that the service comes from."
            )


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
    networks = models.JSONField(default=list, blank=True)
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

    def save_recorded(self, origin: Origin) -> Change | None:
        """Store, and have the gates look again. None, and nothing written, where it is stored like that already.
        ValidationError where the networks are none."""
        networks_only(self.networks)
        with transaction.atomic():
            stored = self._stored()
            before = stored.record() if stored else None
            if before == self.record():
                return None
            self.save()
            Generation.next()
            operation = "Change trusted service" if stored else "Add trusted service"
            return self._recorded(operation, origin, before=before, after=self.record())

    def delete_recorded(self, origin: Origin) -> Change | None:
        """None where it is gone already."""
        with transaction.atomic():
            if (stored := self._stored()) is None:
                return None
            stored.delete()
            Generation.next()
            return self._recorded("Delete trusted service", origin, before=stored.record(), after=None)

    def record(self) -> dict[str, Any]:
        """What a change record keeps of it."""
        return {"trustedService": {"name": self.name, "scenario": self.scenario, "networks": list(self.networks)}}

    def _stored(self) -> "TrustedService | None":
        """As the database has it, locked until the transaction ends; None where it has none."""
        return TrustedService.objects.select_for_update().filter(pk=self.pk).first()

    def _recorded(
        self, operation: str, origin: Origin, *, before: dict[str, Any] | None, after: dict[str, Any] | None
    ) -> Change:
        return Change.record_at(f"Trusted service '{self.name}'", operation, origin, before=before, after=after)
