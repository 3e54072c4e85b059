"""manage.py explain REGISTRY ADDRESS"""

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from networking.access.addresses import QUOTED
from networking.access.decision import Caller, Reason, decide
from networking.access.explanation import explain
from networking.models import EndpointSettings, TrustedService
from registries.models import Registry


class Command(BaseCommand):
    help = (
        "Says in one sentence whether an address may reach a registry, and why. The exit status is 0 for an answer, "
        "allowed or denied, and 1 where the registry does not exist or the address is none."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("registry", metavar="REGISTRY", help="its name, in any letter case")
        parser.add_argument("address", metavar="ADDRESS", help="an IPv4 or IPv6 address, public or private")

    def handle(self, *args: Any, **options: Any) -> None:
        caller = TrustedService.known().recognise(Caller(address=_address(options["address"])))
        registry = Registry.objects.named(options["registry"]).first()
        policy = None if registry is None else EndpointSettings.of(registry).policy
        decision = decide(policy, caller)
        name = options["registry"][:QUOTED] if registry is None else registry.name
        sentence = explain(decision, caller=caller, registry=name, policy=policy)
        if decision.reason is Reason.UNKNOWN_REGISTRY:
            raise CommandError(sentence)
        self.stdout.write(sentence)


def _address(text: str) -> IPv4Address | IPv6Address:
    try:
        address = ip_address(text.strip())
    except ValueError:
        raise CommandError(f"'{text[:QUOTED]}' isn't an IP address. Ask about one, like 16.17.18.19.") from None
    # ::ffff:16.17.18.19 is an IPv4 caller on a socket for both.
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
