"""Address prefixes, packed: five bytes for one of IPv4, seventeen for one of IPv6, sorted, each once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from struct import Struct

type Prefix = IPv4Network | IPv6Network
type Address = IPv4Address | IPv6Address

V4 = Struct("!IB")  # network, length
V6 = Struct("!QQB")  # network in two halves, length


@dataclass(frozen=True, slots=True)
class Packed:
    ipv4: bytes = b""
    ipv6: bytes = b""

    @classmethod
    def of(cls, prefixes: Iterable[str]) -> "Packed":
        """ValueError, with the text that isn't one as its argument."""
        ipv4: set[bytes] = set()
        ipv6: set[bytes] = set()
        for text in prefixes:
            packed = _packed(text)
            (ipv4 if len(packed) == V4.size else ipv6).add(packed)
        return cls(b"".join(sorted(ipv4)), b"".join(sorted(ipv6)))

    def __len__(self) -> int:
        return len(self.ipv4) // V4.size + len(self.ipv6) // V6.size

    def __iter__(self) -> Iterator[Prefix]:
        for first, length in V4.iter_unpack(self.ipv4):
            yield IPv4Network((first, length))
        for high, low, length in V6.iter_unpack(self.ipv6):
            yield IPv6Network((high << 64 | low, length))

    def records(self) -> set[bytes]:
        """Each prefix as bytes, to compare two of us."""
        return set(_records(self.ipv4, V4.size)) | set(_records(self.ipv6, V6.size))

    def narrowest(self, address: Address) -> Prefix | None:
        """The smallest prefix that the address is in."""
        number, found = int(address), None
        # The longest length wins; a look at each costs a tenth of a microsecond, and a file has a hundred thousand.
        if isinstance(address, IPv4Address):
            for first, length in V4.iter_unpack(self.ipv4):
                if not (number ^ first) >> (32 - length) and (found is None or length > found[1]):
                    found = first, length
            return IPv4Network(found) if found else None
        for high, low, length in V6.iter_unpack(self.ipv6):
            if not (number ^ (high << 64 | low)) >> (128 - length) and (found is None or length > found[1]):
                found = high << 64 | low, length
        return IPv6Network(found) if found else None


def spelled(record: bytes) -> str:
    """A record of `records`, as text."""
    packed = Packed(ipv4=record) if len(record) == V4.size else Packed(ipv6=record)
    return str(next(iter(packed)))


@lru_cache(maxsize=65536)  # a prefix stands in the tag of its region, of all regions, and of the whole cloud
def _packed(text: str) -> bytes:
    try:
        network = ip_network(text)
    except ValueError:
        raise ValueError(text) from None
    if "%" in text:  # an address within one machine's networks
        raise ValueError(text)
    number = int(network.network_address)
    if network.version == 4:
        return V4.pack(number, network.prefixlen)
    return V6.pack(number >> 64, number & 0xFFFF_FFFF_FFFF_FFFF, network.prefixlen)


def _records(packed: bytes, size: int) -> Iterator[bytes]:
    return (packed[start : start + size] for start in range(0, len(packed), size))
