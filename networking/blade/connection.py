"""What is asked of the connection tester, and what it answers: values for its page, worked out once."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Self

from django.http import QueryDict

from networking.access.addresses import AddressRange
from networking.access.client_output import ClientOutput, client_output
from networking.access.decision import Caller, Decision, Identity, Reason, decide
from networking.access.path import Step, walk
from networking.access.policy import MAX_IP_RULES, AccessPolicy
from networking.access.problems import Problem
from networking.client_address import ClientAddress
from registries.models import Registry

IDENTITIES = {
    Identity.ANYONE.value: "Anyone (an address only)",
    Identity.TRUSTED_SERVICE.value: "A trusted Microsoft service",
    Identity.REGISTRY_TASK.value: "A registry task with its own identity",
}
QUOTED = 64


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a question can't be answered; `field` is where on the form."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Question:
    """The form as it was filled in. `asked` where somebody ran the test, not only opened the page."""

    ip: str
    identity: str
    target: str
    asked: bool

    @classmethod
    def read(cls, query: QueryDict, registry: Registry, client: ClientAddress) -> Self:
        """What the address of the page says; left out, it is the viewer's own address at the login server."""
        return cls(
            ip=query.get("ip", str(client)).strip(),
            identity=query.get("identity", Identity.ANYONE.value),
            target=query.get("target", registry.login_server),
            asked="ip" in query,
        )

    def caller(self, targets: dict[str, str]) -> Caller | Refused:
        if self.identity not in IDENTITIES:
            return Refused("identity", "There is no such identity. Choose one from the list.")
        if self.target not in targets:
            return Refused("target", f"'{self.target[:QUOTED]}' isn't an endpoint of this registry. Choose another.")
        identity = Identity(self.identity)
        if not self.ip and identity is not Identity.ANYONE:
            return Caller(identity=identity)  # a service is known by who it is
        address = read_address(self.ip)
        return Refused("ip", address) if isinstance(address, str) else Caller(address=address, identity=identity)


def read_address(text: str) -> IPv4Address | IPv6Address | str:
    """One address, of any kind, or the sentence that says why it is none."""
    if not text:
        return "Type an IP address, like 198.51.100.7."
    try:
        address = ip_address(text)
    except ValueError:
        return f"'{text[:QUOTED]}' isn't an IP address. Try a form like 198.51.100.7."
    if isinstance(address, IPv4Address):
        return address
    # The same address in the clothes of IPv6, or with the zone of one machine's own.
    return address.ipv4_mapped or IPv6Address(int(address))


def targets(registry: Registry, policy: AccessPolicy) -> dict[str, str]:
    """The endpoints a client may ask, by host name. Data endpoints are there only while they are on."""
    found = {registry.login_server: f"{registry.login_server} (sign-in and manifests)"}
    if policy.data_endpoint:
        found |= {host: f"{host} (layers)" for _, host in registry.data_endpoints}
    return found


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do about a refusal. `add` is the address that a rule could name, where the viewer may make one."""

    text: str
    add: str = ""
    networking: bool = False  # the Networking page is where to go


@dataclass(frozen=True, slots=True)
class Answer:
    allowed: bool
    in_short: str
    steps: tuple[Step, ...]
    prints: tuple[ClientOutput, ...]  # empty for services, which are no docker client
    next: NextStep | None = None


def answer(registry: Registry, policy: AccessPolicy, question: Question, caller: Caller, *, may_change: bool) -> Answer:
    """For the saved settings. Every endpoint of a registry obeys the same settings, so the target changes only what
    clients print."""
    decision = decide(policy, caller)
    return Answer(
        allowed=decision.allowed,
        in_short=_in_short(decision, caller),
        steps=walk(policy, caller),
        prints=_prints(registry, question, caller, decision),
        next=None if decision.allowed else _next_step(decision, policy, caller, may_change=may_change),
    )


def _prints(registry: Registry, question: Question, caller: Caller, decision: Decision) -> tuple[ClientOutput, ...]:
    if caller.identity is not Identity.ANYONE:
        return ()
    outputs = client_output(
        registry=registry.name,
        login_server=registry.login_server,
        address=str(caller.address),
        allowed=decision.allowed,
    )
    if question.target == registry.login_server:
        return outputs
    # Of the three, only a pull fetches layers.
    return tuple(each for each in outputs if each.command.startswith("docker pull"))


def _in_short(decision: Decision, caller: Caller) -> str:
    who = str(caller.address or "this caller")
    match decision.reason:
        case Reason.IP_RULE:
            return f"{decision.rule} contains {who}."
        case Reason.ALL_NETWORKS:
            return "Any network may connect."
        case Reason.TRUSTED_SERVICE:
            return "The firewall exception lets it pass."
        case Reason.PUBLIC_ACCESS_DISABLED:
            return "Public network access is disabled."
        case _:
            return f"No address range matches {who}."


def _next_step(decision: Decision, policy: AccessPolicy, caller: Caller, *, may_change: bool) -> NextStep:
    if caller.identity is not Identity.ANYONE:
        return _for_services(policy, caller.identity)
    if decision.reason is Reason.PUBLIC_ACCESS_DISABLED:
        return NextStep(
            "An address range wouldn't help while public network access is disabled. Choose Selected networks first, "
            "or connect through a private endpoint.",
            networking=True,
        )
    wanted = AddressRange.parse(str(caller.address))
    if isinstance(wanted, Problem):
        return NextStep(wanted.message)
    if not may_change:
        return NextStep(f"Ask a Contributor or Owner to add {wanted} to the address ranges.")
    if len(policy.rules) >= MAX_IP_RULES:
        return NextStep(f"All {MAX_IP_RULES} rules are used. Delete one or combine ranges first.", networking=True)
    return NextStep("Nothing is saved until you select Save there.", add=str(wanted))


def _for_services(policy: AccessPolicy, identity: Identity) -> NextStep:
    if not policy.trusted_services:
        return NextStep("Tick the firewall exception for trusted Microsoft services.", networking=True)
    if identity is Identity.REGISTRY_TASK and not policy.tasks_bypass:
        return NextStep(
            "Set networkRuleBypassAllowedForTasks on the registry. An import brings it, and so does the administration."
        )
    return NextStep(
        "The exception and virtual network rules exclude each other. Remove those rules where they were made; "
        "no page here changes them."
    )
