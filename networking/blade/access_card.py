"""The Effective access card: who gets in, for the saved settings and for the draft."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv6Address

from networking.access.decision import Caller, ConnectionState, Decision, Identity, Reason, decide
from networking.access.policy import AccessPolicy, PublicAccess
from networking.access.trusted import TrustedNetworks
from networking.blade.connection import QUOTED, read_address
from networking.client_address import ClientAddress
from networking.forms import visible

# Somebody no rule can name: a rule holds IPv4 only. Who is let in by nothing but All networks answers for the rest.
ANYBODY = IPv6Address("2001:db8::1")
NONE = "None"  # instead of a verdict, where there is nothing to have one


@dataclass(frozen=True, slots=True)
class Line:
    """One caller of the card. `was` is the saved verdict where the draft changes it, else empty."""

    who: str
    verdict: str
    why: str
    was: str = ""
    key: str = ""

    @property
    def denied(self) -> bool:
        return self.verdict == "Denied"

    @property
    def undecided(self) -> bool:
        return self.verdict in ("Not known", NONE)


def card(saved: AccessPolicy, draft: AccessPolicy, client: ClientAddress, trusted: TrustedNetworks) -> list[Line]:
    """You, trusted services, and everyone else, each as it is and as it will be; ACR Tasks where their opt-in is on."""
    lines = []
    if client.address is None:
        lines.append(Line("You (address not known)", "Not known", client.why_not_offered, key="you"))
    else:
        you = trusted.recognise(Caller(address=client.address))
        lines.append(_line(f"You ({client.address})", saved, draft, you, key="you"))
    lines.append(_line("Trusted services", saved, draft, Caller(identity=Identity.TRUSTED_SERVICE)))
    if saved.tasks_bypass or draft.tasks_bypass:
        lines.append(_line("ACR Tasks", saved, draft, Caller(identity=Identity.REGISTRY_TASK)))
    lines.append(_line("Everyone else on the internet", saved, draft, Caller(address=ANYBODY)))
    return lines


def private_endpoints_line(states: Mapping[ConnectionState, int]) -> Line:
    """Who comes through private endpoints, by how many connections there are in each state. No draft changes it."""
    approved, pending = states.get(ConnectionState.APPROVED, 0), states.get(ConnectionState.PENDING, 0)
    return Line("Private endpoints", "Allowed" if approved else NONE, f"{approved} approved, {pending} pending")


@dataclass(frozen=True, slots=True)
class Check:
    """The answer to "Check another address": a line for what is saved, a second where the draft differs."""

    address: str
    problem: str = ""
    lines: tuple[Line, ...] = ()


def check(text: str, saved: AccessPolicy, draft: AccessPolicy, trusted: TrustedNetworks) -> Check | None:
    """None where nothing was asked. Any address may be asked about: private and IPv6 callers exist too."""
    text = visible(text)
    if not text:
        return None
    address = read_address(text)
    if isinstance(address, str):
        return Check(text[:QUOTED], problem=address)
    caller = trusted.recognise(Caller(address=address))
    now = _told("Saved settings", saved, caller)
    if saved == draft:
        return Check(text, lines=(now,))
    return Check(text, lines=(now, _told("After saving", draft, caller)))


def _line(who: str, saved: AccessPolicy, draft: AccessPolicy, caller: Caller, *, key: str = "") -> Line:
    before, told = _verdict(decide(saved, caller)), _told(who, draft, caller, everybody=caller.address == ANYBODY)
    return replace(told, was="" if before == told.verdict else before, key=key)


def _told(who: str, policy: AccessPolicy, caller: Caller, *, everybody: bool = False) -> Line:
    decision = decide(policy, caller)
    why = _why(decision, policy, caller.identity, everybody=everybody)
    if caller.service and (decision.reason is Reason.TRUSTED_SERVICE or not decision.allowed):
        why = f"Belongs to '{caller.service}', a trusted service. {why}"
    return Line(who, _verdict(decision), why)


def _verdict(decision: Decision) -> str:
    return "Allowed" if decision.allowed else "Denied"


def _why(decision: Decision, policy: AccessPolicy, identity: Identity, *, everybody: bool) -> str:
    if identity is not Identity.ANYONE and not decision.allowed:
        if policy.trusted_services and identity is Identity.REGISTRY_TASK and not policy.tasks_bypass:
            return "The exception for ACR Tasks is off"
        if policy.trusted_services and policy.subnets:
            return "The exception doesn't apply while virtual network rules exist"
        return "The firewall exception is off"
    if everybody:
        return "After sign-in" if decision.allowed else "403 Forbidden"
    match decision.reason:
        case Reason.IP_RULE if decision.rule is not None:
            place = policy.rules.index(decision.rule) + 1
            named = f", {decision.rule.name}" if decision.rule.name else ""
            return f"Matches {decision.rule} (rule {place}{named})"
        case Reason.ALL_NETWORKS:
            return "Any network is allowed"
        case Reason.TRUSTED_SERVICE:
            return "Through the firewall exception"
        case Reason.PUBLIC_ACCESS_DISABLED:
            return "Public network access is disabled"
        case _:
            return "No address range matches"


def note_on_access(policy: AccessPolicy) -> tuple[str, str]:
    """What no radio button can show of a policy: the kind of message and its sentence, or two empty strings."""
    kept = "1 address range is" if len(policy.rules) == 1 else f"{len(policy.rules)} address ranges are"
    match policy.public_access:
        case PublicAccess.SELECTED_NETWORKS if not policy.rules:
            if policy.subnets:
                who = "Only the subnets of the virtual network rules"
            else:
                who = "Only trusted services" if policy.trusted_services else "Nobody"
            return "warn", f"No address ranges yet. {who} can reach the public endpoint."
        case PublicAccess.DISABLED if policy.rules:
            return "info", f"{kept} kept but ignored while public network access is disabled."
        case PublicAccess.ALL_NETWORKS if policy.rules:
            return "info", f"{kept} kept, and decide again when you choose Selected networks."
        case _:
            return "", ""
