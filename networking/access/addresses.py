"""One IPv4 address or CIDR range of the public internet, as a rule may name it."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Network, NetmaskValueError
from typing import Self

from networking.access.problems import Code, Problem

# Longest input that is quoted back; anything longer is not an address and would only flood the page.
QUOTED = 64

SHAPE = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3})(?:/(\d{1,2}))?", re.ASCII)

# Ranges no rule may touch. ipaddress.is_global is no help: it looks at the two ends of a range only, and
# calls the three documentation networks special, where training material lives.
PRIVATE = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
RESERVED = {
    IPv4Network("127.0.0.0/8"): "a loopback range",
    IPv4Network("169.254.0.0/16"): "a link-local range",
    IPv4Network("100.64.0.0/10"): "shared address space of internet providers",
    IPv4Network("0.0.0.0/8"): "the range for 'this network'",
    IPv4Network("224.0.0.0/4"): "the multicast range",
    IPv4Network("240.0.0.0/4"): "a reserved range",
}
USE_PRIVATE_ENDPOINT = "Rules accept public addresses only; use a private endpoint instead."


@dataclass(frozen=True, slots=True, order=True)
class AddressRange:
    """The addresses `first` to `last`, both as integers. Sorts by place, wider ranges first."""

    first: int
    prefix: int

    @classmethod
    def parse(cls, text: str) -> Self | Problem:
        """People's input: an IPv4 address or CIDR range a rule may hold, or why not (documents 001 and 002)."""
        text = text.strip()
        if not text:
            return Problem(
                Code.INVALID_IP_ADDRESS, "Type an IP address or a CIDR range, like 16.17.18.19 or 16.17.18.0/24."
            )
        shape = SHAPE.fullmatch(text)
        if shape is None or len(text) > QUOTED:
            return _not_ipv4(text)
        address, prefix = shape.groups()
        try:
            network = IPv4Network(f"{address}/{prefix or 32}", strict=False)
        except (AddressValueError, NetmaskValueError):
            return _not_ipv4(text)
        return _refused(network, spelled=text) or _host_bits(network, address, text) or cls._of(network)

    @classmethod
    def stored(cls, text: str) -> Self:
        """Our own rows, which were parsed when they were written. Raises ValueError where a row was tampered with."""
        return cls._of(IPv4Network(text))

    @classmethod
    def spanning(cls, first: int, prefix: int) -> Self:
        """The range of that prefix which begins at `first`; ValueError if none does."""
        return cls._of(IPv4Network((first, prefix)))

    @classmethod
    def _of(cls, network: IPv4Network) -> Self:
        return cls(int(network.network_address), network.prefixlen)

    @property
    def size(self) -> int:
        """How many addresses."""
        return 1 << (32 - self.prefix)

    @property
    def last(self) -> int:
        return self.first + self.size - 1

    def __contains__(self, address: IPv4Address) -> bool:
        # One subtraction, without `last`: this is the inner loop of `decide`.
        return 0 <= int(address) - self.first < 1 << (32 - self.prefix)

    def covers(self, other: "AddressRange") -> bool:
        """Every address of `other` is one of ours."""
        return self.first <= other.first and other.last <= self.last

    def __str__(self) -> str:
        """As ARM spells it: a single address has no /32."""
        address = str(IPv4Address(self.first))
        return address if self.prefix == 32 else f"{address}/{self.prefix}"


def _refused(network: IPv4Network, *, spelled: str) -> Problem | None:
    if network.prefixlen == 0:
        return Problem(
            Code.INVALID_IP_ADDRESS,
            f"{spelled} is every address there is. To let everyone in, choose All networks instead.",
        )
    for private in PRIVATE:
        if not network.overlaps(private):
            continue
        if network == private:
            relation = "is a private range (RFC 1918)."
        elif network.subnet_of(private):
            relation = f"is inside the private range {private} (RFC 1918)."
        else:
            relation = f"contains the private range {private} (RFC 1918)."
        return Problem(Code.PRIVATE_IP_ADDRESS, f"{spelled} {relation} {USE_PRIVATE_ENDPOINT}")
    for reserved, meaning in RESERVED.items():
        if not network.overlaps(reserved):
            continue
        if network == reserved:
            relation = "is"
        elif network.subnet_of(reserved):
            relation = f"is inside {reserved},"
        else:
            relation = f"overlaps {reserved},"
        return Problem(
            Code.RESERVED_IP_ADDRESS,
            f"{spelled} {relation} {meaning}, which never reaches a registry over the internet. "
            "Use the public address that your traffic leaves from.",
        )
    return None


def _host_bits(network: IPv4Network, address: str, text: str) -> Problem | None:
    if IPv4Address(address) == network.network_address:
        return None
    return Problem(
        Code.INVALID_IP_ADDRESS, f"'{text}' isn't the start of a range. Did you mean {network}?", fix=str(network)
    )


def _not_ipv4(text: str) -> Problem:
    if ":" in text:
        try:
            IPv6Network(text, strict=False)
        except ValueError:
            pass
        else:
            return Problem(
                Code.IPV6_NOT_SUPPORTED, "IPv6 isn't supported in IP rules. Use an IPv4 address or CIDR range."
            )
    quoted = text if len(text) <= QUOTED else text[:QUOTED] + "…"
    return Problem(
        Code.INVALID_IP_ADDRESS,
        f"'{quoted}' isn't an IPv4 address or CIDR range. Try a form like 16.17.18.19 or 16.17.18.0/24.",
    )
