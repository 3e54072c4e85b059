"""A service tag as a rule names it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TagRule:
    """`prefixes` is empty where nobody asked for them, or no import has them; `missing` where there is an import of
    this cloud, and it has no such tag."""

    name: str
    reason: str
    prefixes: tuple[str, ...] = ()
    missing: bool = False

    @property
    def ipv4(self) -> list[str]:
        return [each for each in self.prefixes if ":" not in each]

    @property
    def ipv6(self) -> list[str]:
        return [each for each in self.prefixes if ":" in each]
