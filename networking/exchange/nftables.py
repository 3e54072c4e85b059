"""Address prefixes as sets of nftables."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, collapse_addresses

from networking.access.endpoints import PORT

TABLE = "inet filter"


def rules(registry: str, prefixes: Iterable[str], notes: Iterable[str]) -> str:
    """A file for `nft -f`: two sets and a chain in the table that most machines have. Loaded again, it takes the place
    of what it held before, in one step; nothing is filtered until a chain of one's own jumps there. `notes` are a line
    each: where the prefixes are from, and what of them is missing."""
    written = list(prefixes)
    # An interval stands in a set once: what lies in another one, or beside it, is put together.
    sets = {
        "ipv4": [str(each) for each in collapse_addresses(IPv4Network(text) for text in written if ":" not in text)],
        "ipv6": [str(each) for each in collapse_addresses(IPv6Network(text) for text in written if ":" in text)],
    }
    return "\n".join(
        [
            "#!/usr/sbin/nft -f",
            f"# {registry}: what its clients must reach.",
            *(f"# {note}" for note in notes),
            "# Let the chain of your outgoing traffic use it: nft add rule inet filter output jump container_registry",
            f"table {TABLE} {{",
            *_declared("ipv4"),
            *_declared("ipv6"),
            "  chain container_registry {",
            "  }",
            "}",
            f"flush chain {TABLE} container_registry",
            *(f"flush set {TABLE} container_registry_{family}" for family in sets),
            *(line for family, held in sets.items() if held for line in _filled(family, held)),
            f"add rule {TABLE} container_registry ip daddr @container_registry_ipv4 tcp dport {PORT} accept",
            f"add rule {TABLE} container_registry ip6 daddr @container_registry_ipv6 tcp dport {PORT} accept",
            "",
        ]
    )


def _declared(family: str) -> Iterator[str]:
    yield f"  set container_registry_{family} {{"
    yield f"    type {family}_addr"
    yield "    flags interval"
    yield "  }"


def _filled(family: str, prefixes: list[str]) -> Iterator[str]:
    yield f"add element {TABLE} container_registry_{family} {{"
    yield from (f"  {each}," for each in prefixes)
    yield "}"
