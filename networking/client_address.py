"""Where a request comes from, as far as it can be known. The only place that reads addresses from headers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from networking.access.addresses import AddressRange
from networking.access.problems import Code, Problem

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# As some proxies write it: [2001:db8::1]:4711, [2001:db8::1], 203.0.113.7:4711.
WITH_PORT = re.compile(r"\[([^\[\]]+)\](?::\d{1,5})?|([^:]+):\d{1,5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ClientAddress:
    """`address` is None where it can't be told. `proxies` are the trusted ones passed through, nearest first."""

    address: Address | None
    proxies: tuple[Address, ...] = ()
    simulated: bool = False

    @property
    def offered(self) -> AddressRange | None:
        """The rule that would let this client in, where there can be one: a public IPv4 address."""
        parsed = AddressRange.parse(str(self.address)) if self.address is not None else None
        return parsed if isinstance(parsed, AddressRange) else None

    @property
    def why_not_offered(self) -> str:
        """One sentence on why the address can't be a rule; empty where it can."""
        if self.address is None:
            return "Your address is not known, because a proxy in front of this console does not pass it on."
        parsed = AddressRange.parse(str(self.address))
        if not isinstance(parsed, Problem):
            return ""
        if isinstance(self.address, IPv6Address):
            return f"{self.address} is an IPv6 address, and IP rules take IPv4 only. Look up your public IPv4 address."
        if parsed.code is Code.PRIVATE_IP_ADDRESS:
            return (
                f"{self.address} is a private address, so it can't be a rule. "
                "Ask your network team for the public address."
            )
        return f"{self.address} isn't an address of the public internet, so it can't be a rule."

    @property
    def how_seen(self) -> str:
        """One truthful sentence on which address this is and how it was seen."""
        if self.simulated:
            return (
                "This is the simulated client address of demonstration mode. Everybody here comes from this computer, "
                "so it stands in for a public address; change it from the account menu."
            )
        if self.address is None:
            return self.why_not_offered
        if self.proxies:
            through = ", ".join(str(proxy) for proxy in self.proxies)
            return (
                "This is the address your browser reaches this console from, "
                f"as reported by the trusted proxy {through}. Other machines you use may have a different one."
            )
        return (
            "This is the address your browser reaches this console from, with no proxy in between that we trust. "
            "Other machines you use may have a different one."
        )

    def __str__(self) -> str:
        return "" if self.address is None else str(self.address)


def client_address(remote: str, forwarded_for: str, trusted: Sequence[Network]) -> ClientAddress:
    """The peer, unless it is a trusted proxy: then the first address from the right of X-Forwarded-For that is not.

    Anything that can't be read makes the address unknown, because what stands left of it is not to be trusted either.
    """
    peer = parse_address(remote)
    if peer is None:
        return ClientAddress(None)
    if not _is_trusted(peer, trusted):
        return ClientAddress(peer)
    proxies = [peer]
    for hop in reversed([part.strip() for part in forwarded_for.split(",")]):
        address = parse_address(hop)
        if address is None:
            return ClientAddress(None, tuple(proxies))
        if not _is_trusted(address, trusted):
            return ClientAddress(address, tuple(proxies))
        proxies.append(address)
    # Every hop is a proxy of ours: the outermost one is where the request began.
    return ClientAddress(proxies[-1], tuple(proxies[:-1]))


def parse_address(text: str) -> Address | None:
    """One address as a proxy writes it, with or without a port; None for anything else."""
    text = text.strip()
    if match := WITH_PORT.fullmatch(text):
        text = match[1] or match[2]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return address
    # ::ffff:203.0.113.7 is an IPv4 client on a dual-stack socket. The scope of fe80::1%eth0 is any text at all and
    # means something on one machine only, so it is dropped.
    return address.ipv4_mapped or IPv6Address(int(address))


def _is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in trusted)
