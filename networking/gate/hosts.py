"""The host name of a request: which registry it is about, and which of its doors."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from django.conf import settings

from registries import host_names

LONGEST = 300  # a host name has 253 characters; more is no host, and no reason to look closer

NAMED = re.compile(r"([a-z0-9]{5,50})(?:\.([a-z0-9]{1,40})\.data|(\.blob))?", re.ASCII)
WITH_PORT = re.compile(r"(?P<name>[^:]+?)\.?(?::(?P<port>\d{1,5}))?", re.ASCII)


class HostKind(StrEnum):
    LOGIN = "login"  # sign-in, manifests, uploads
    DATA = "data"  # the dedicated data endpoint of a region: layers
    BLOB = "blob"  # layers, while there is no dedicated one


@dataclass(frozen=True, slots=True)
class Host:
    """`registry` is its name in lower case; `region` is empty but for a data endpoint; `port` where one was named."""

    registry: str
    kind: HostKind
    region: str = ""
    port: str = ""

    @property
    def login_server(self) -> str:
        return host_names.login(self.registry, settings.LOGIN_SERVER_SUFFIX)

    @property
    def name(self) -> str:
        """The whole host name, without a port."""
        match self.kind:
            case HostKind.LOGIN:
                return self.login_server
            case HostKind.DATA:
                return host_names.data(self.registry, self.region, settings.LOGIN_SERVER_SUFFIX)
            case HostKind.BLOB:
                return host_names.blob(self.registry, settings.LOGIN_SERVER_SUFFIX)

    def origin(self, scheme: str) -> str:
        """Where the login server answers, with the port the client used unless that goes without saying."""
        usual = {"https": "443", "http": "80"}[scheme]
        return f"{scheme}://{self.login_server}" + (f":{self.port}" if self.port not in ("", usual) else "")


def parse(text: str) -> Host | None:
    """The host as a proxy or a client writes it: any letter case, a port, one dot at the end. None for any other."""
    return _parsed(text, settings.LOGIN_SERVER_SUFFIX.lower()) if len(text) <= LONGEST and text.isascii() else None


@lru_cache(maxsize=4096)  # the same few, thousands of times a second
def _parsed(text: str, suffix: str) -> Host | None:
    named = WITH_PORT.fullmatch(text)
    if named is None:
        return None
    inside, ours, after = named["name"].lower().rpartition(f".{suffix}")
    found = NAMED.fullmatch(inside) if ours and not after else None
    if found is None:
        return None
    registry, region, blob = found.groups()
    kind = HostKind.DATA if region else HostKind.BLOB if blob else HostKind.LOGIN
    return Host(registry, kind, region or "", named["port"] or "")
