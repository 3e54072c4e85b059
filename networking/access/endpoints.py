"""What a client behind a firewall of its own must reach to use a registry (document 003)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

PORT = 443  # every endpoint speaks HTTPS
GLOBAL = "Global"


class Purpose(StrEnum):
    REST = "Registry REST API (login server)"
    CERTIFICATE = "Registry REST API (certificates)"
    DATA = "Data endpoint (layers)"
    MICROSOFT = "Microsoft Container Registry"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host name to allow; "*." at its front stands for every name that ends so."""

    purpose: Purpose
    location: str
    host: str
    reason: str


@dataclass(frozen=True, slots=True)
class Cloud:
    """What a cloud of Azure has beside its registries: its storage, and Microsoft's own images (acr-facts 9).
    `service_tags` is what the weekly file of its service tags calls it."""

    storage: str = "*.blob.core.windows.net"
    images: tuple[str, str] = ("mcr.microsoft.com", "*.data.mcr.microsoft.com")
    service_tags: str = "Public"


# By the suffix of its login servers; the one of demonstration mode stands for the public cloud.
PUBLIC = Cloud()
CLOUDS = {
    "azurecr.io": PUBLIC,
    "azurecr.localhost": PUBLIC,
    "azurecr.us": Cloud(storage="*.blob.core.usgovcloudapi.net", service_tags="AzureGovernment"),
    "azurecr.cn": Cloud("*.blob.core.chinacloudapi.cn", ("mcr.azure.cn", "*.data.mcr.azure.cn"), "China"),
}


@dataclass(frozen=True, slots=True)
class DataEndpoint:
    """The dedicated data endpoint that a region has, or would have."""

    region: str
    location: str
    host: str


@dataclass(frozen=True, slots=True)
class RegistryHosts:
    """A registry as its clients see it. `dedicated` where its dedicated data endpoints are on; without them, and under
    a name of one's own, the gate serves its layers from `blob`."""

    login_server: str
    blob: str
    data: tuple[DataEndpoint, ...]
    dedicated: bool

    @property
    def suffix(self) -> str:
        return self.login_server.partition(".")[2]

    @property
    def cloud(self) -> Cloud | None:
        """None for a registry that is served under a name of one's own."""
        return CLOUDS.get(self.suffix)

    def only(self, region: str) -> Self:
        """As a client sees it that needs one region; every region where it is empty."""
        return replace(self, data=tuple(each for each in self.data if region in ("", each.region)))


def must_reach(hosts: RegistryHosts, *, microsoft: bool = False) -> tuple[Endpoint, ...]:
    """Every endpoint, in the order of the document; `microsoft` adds those of the Microsoft Container Registry."""
    return (
        Endpoint(Purpose.REST, GLOBAL, hosts.login_server, "Sign-in, manifests, pushes and management"),
        Endpoint(Purpose.CERTIFICATE, GLOBAL, hosts.suffix, "The certificate of all login servers, for the handshake"),
        *_data(hosts),
        *(_microsoft(hosts.cloud or PUBLIC) if microsoft else ()),
    )


def _data(hosts: RegistryHosts) -> Iterable[Endpoint]:
    if hosts.dedicated:
        return [
            Endpoint(Purpose.DATA, each.location, each.host, "Layers of this registry only, in this region")
            for each in hosts.data
        ]
    if hosts.cloud is None:
        return [Endpoint(Purpose.DATA, GLOBAL, hosts.blob, "Layers, as the gate of this registry serves them")]
    return [Endpoint(Purpose.DATA, GLOBAL, hosts.cloud.storage, "Layers; reaches every storage account of Azure")]


def _microsoft(cloud: Cloud) -> Iterable[Endpoint]:
    registry, data = cloud.images
    yield Endpoint(Purpose.MICROSOFT, GLOBAL, registry, "Manifests of the images that Microsoft publishes")
    yield Endpoint(Purpose.MICROSOFT, GLOBAL, data, "Their layers")


@dataclass(frozen=True, slots=True)
class Switch:
    """What clients must reach while dedicated data endpoints are off, and while they are on."""

    off: tuple[Endpoint, ...]
    on: tuple[Endpoint, ...]

    @classmethod
    def of(cls, hosts: RegistryHosts) -> Self:
        return cls(
            must_reach(replace(hosts, dedicated=False)),
            must_reach(replace(hosts, dedicated=True)),
        )

    @property
    def only_off(self) -> tuple[str, ...]:
        """The hosts that nobody needs once they are on."""
        return tuple(each.host for each in self.off if each not in self.on)

    @property
    def only_on(self) -> tuple[str, ...]:
        return tuple(each.host for each in self.on if each not in self.off)

    @property
    def all(self) -> tuple[Endpoint, ...]:
        return (*self.off, *(each for each in self.on if each not in self.off))


@dataclass(frozen=True, slots=True)
class TagNeed:
    """A service tag that holds the addresses of some of these endpoints."""

    name: str
    region: str  # as ARM names it; empty for the tag of all regions
    reason: str

    @property
    def key(self) -> str:
        """How files of service tags name it, in lower case."""
        return (f"{self.name}.{self.region}" if self.region else self.name).lower()


def tags_needed(hosts: RegistryHosts, *, region: str = "", microsoft: bool = False) -> tuple[TagNeed, ...]:
    """Empty for a registry under a name of one's own: its addresses are those of its own proxy."""
    if hosts.cloud is None:
        return ()
    # The documents name no tag for dedicated data endpoints, so the one of storage stays.
    needed = [
        TagNeed("AzureContainerRegistry", region, "REST endpoint"),
        TagNeed("Storage", region, "Layers"),
    ]
    if microsoft:
        needed.append(TagNeed("MicrosoftContainerRegistry", "", "Images of the Microsoft Container Registry"))
        needed.append(TagNeed("AzureFrontDoor.FirstParty", "", "Their layers"))
    return tuple(needed)
