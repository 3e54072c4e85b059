"""Who stands around the lab's registries, where from, and what each of them calls them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from deploy.gate.rendering import Listener
from deploy.lab.networks import Host

LOGIN, DATA, BLOB = "100.64.0.80", "100.64.0.81", "100.64.0.82"
LOGIN6 = "2001:db8::80"
SUBNET, SUBNET_LISTENER = "10.1.0.0/24", "10.1.0.4"
VIRTUAL_NETWORK, ENDPOINT_SUBNET = "10.2.0.0/16", "10.2.0.0/27"
TRUSTED = "192.0.2.128/26"
CAFE6 = "2001:db8:77::77"

PUBLIC = (
    Host("office", "203.0.113.10/28", "203.0.113.1/28", {}),
    Host("home", "198.51.100.7/24", "198.51.100.1/24", {}),
    Host("cafe", "192.0.2.77/26", "192.0.2.65/26", {}, address6=f"{CAFE6}/64", gateway6="2001:db8:77::1/64"),
    Host("scanner", "192.0.2.130/26", "192.0.2.129/26", {}),
    # A firewall of its own that lets it go to login servers and to the hosts that layers come from by default.
    Host("branch", "203.0.113.20/28", "203.0.113.17/28", {}, routes=(LOGIN, BLOB)),
)
VM = Host("vm", "10.1.0.10/24", "10.1.0.1/24", {})
BACKEND = Host("backend", "10.2.1.10/24", "10.2.1.1/24", {})


@dataclass(frozen=True)
class Prepared:
    """What the console holds: by registry the host names of its doors, and what the listeners stand for."""

    logins: Mapping[str, str]
    data_hosts: tuple[str, ...]
    blob_hosts: tuple[str, ...]
    subnet: str
    endpoint: str
    endpoint_hosts: Mapping[str, str]
    push_tokens: Mapping[str, str]
    authority: str  # paths, like those that follow
    certificate: str
    certificate_key: str
    token_certificate: str

    @property
    def names(self) -> dict[str, str]:
        """What a public name server would answer."""
        return {
            **dict.fromkeys(self.logins.values(), LOGIN),
            **dict.fromkeys(self.data_hosts, DATA),
            **dict.fromkeys(self.blob_hosts, BLOB),
        }

    @property
    def hosts(self) -> dict[str, Host]:
        public = self.names
        around = [
            *(replace(host, names=public) for host in PUBLIC),
            replace(VM, names=dict.fromkeys(public, SUBNET_LISTENER)),
            # A private DNS zone: the registry's names lead to the endpoint, all others where they led before.
            replace(BACKEND, names={**public, **self.endpoint_hosts}),
        ]
        return {host.name: host for host in around}

    @property
    def addresses(self) -> list[str]:
        """The server's own."""
        ours = [LOGIN, DATA, BLOB, SUBNET_LISTENER, *sorted(set(self.endpoint_hosts.values()))]
        return [*(f"{address}/32" for address in ours), f"{LOGIN6}/128"]

    @property
    def subnets(self) -> tuple[Listener, ...]:
        return (Listener(SUBNET_LISTENER, SUBNET, self.subnet),)

    @property
    def endpoints(self) -> tuple[Listener, ...]:
        return tuple(_standing_for(self.endpoint, self.endpoint_hosts.values()))


def _standing_for(endpoint: str, addresses: Iterable[str]) -> Iterable[Listener]:
    for address in sorted(set(addresses)):
        yield Listener(address, VIRTUAL_NETWORK, endpoint)
