"""ARM resource ids of container registries, parsed in any letter case, and what a group in them may be named. Pure."""

import re
from dataclasses import dataclass
from typing import Self

PROVIDER = "Microsoft.ContainerRegistry"
# ARM's rule for the name of a resource group: letters and digits of any script.
GROUP_NAME = re.compile(r"[-\w.()]{0,89}[-\w()]")
PATTERN = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
    rf"/providers/{re.escape(PROVIDER)}/registries/(?P<name>[^/]+)/?",
    re.IGNORECASE | re.ASCII,  # without ASCII, a Kelvin sign is a k
)


@dataclass(frozen=True, slots=True)
class ResourceId:
    """Where a registry stands in ARM: subscription id, resource group, name, as they were spelled."""

    subscription: str
    resource_group: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None for anything that is not the id of a container registry itself."""
        match = PATTERN.fullmatch(text.strip())
        return cls(match["subscription"], match["group"], match["name"]) if match else None

    def __str__(self) -> str:
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
            f"/providers/{PROVIDER}/registries/{self.name}"
        )
