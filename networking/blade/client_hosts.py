"""The host names that clients of a registry have to reach, with dedicated data endpoints and without (document 003)."""

from dataclasses import dataclass
from typing import Self

from django.conf import settings

from registries.models import Registry

STORAGE = "*.blob.core.windows.net"


@dataclass(frozen=True, slots=True)
class Host:
    """`off` and `on`: whether clients need it while dedicated data endpoints are off, and while they are on."""

    name: str
    serves: str
    off: bool = True
    on: bool = True


@dataclass(frozen=True, slots=True)
class ClientHosts:
    """All of them, in the order in which people list them. Every one over HTTPS, TCP port 443."""

    hosts: tuple[Host, ...]

    @classmethod
    def of(cls, registry: Registry) -> Self:
        """No query. The data endpoints stand in the order of `az acr show-endpoints`."""
        return cls(
            (
                Host(registry.login_server, "Sign-in, manifests and pushes"),
                Host(settings.LOGIN_SERVER_SUFFIX, "The certificate of all registries"),
                Host(STORAGE, "Image layers, from anybody's storage", on=False),
                *(Host(host, f"Image layers, {region}", off=False) for region, host in registry.data_endpoints),
            )
        )

    @property
    def when_on(self) -> tuple[str, ...]:
        """What a client needs while they are on, and not while they are off."""
        return tuple(each.name for each in self.hosts if each.on and not each.off)

    @property
    def when_off(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.hosts if each.off and not each.on)
