"""What the Trusted services page says: services of document 004, those of one's own, and the workflow for one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from networking.access.policy import AccessPolicy, PublicAccess
from networking.access.trusted import TrustedNetworks
from networking.models import TrustedService

ROLE = "AcrPull, or Container Registry Repository Reader where roles have conditions"


class Identity(StrEnum):
    """Which managed identity of a service's instance the exception counts (document 004, acr-facts section 8)."""

    EITHER = "System- or user-assigned"
    SYSTEM = "System-assigned"
    NONE = "Not needed"
    OWN = "None: its networks show who it is"


@dataclass(frozen=True, slots=True)
class Need:
    """What document 004 says of one service."""

    scenario: str
    identity: Identity

    @property
    def role(self) -> str:
        if self.identity is Identity.OWN:
            return "That of the account it signs in with"
        return "Not needed" if self.identity is Identity.NONE else ROLE


NEEDS = {
    "Azure Container Instances": Need("Deploy from a registry with a managed identity", Identity.EITHER),
    "Microsoft Defender for Cloud": Need("Scan images for vulnerabilities", Identity.NONE),
    "Machine Learning": Need("Deploy or train with a custom image", Identity.SYSTEM),
    "Azure Container Registry": Need("Import images to or from a restricted registry", Identity.NONE),
}


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """One service. `listed` where the tester knows it: an administrator may have deleted one of the documents'."""

    name: str
    need: Need
    networks: tuple[str, ...]
    listed: bool

    @property
    def own(self) -> bool:
        return self.need.identity is Identity.OWN

    @classmethod
    def all_of(cls, trusted: TrustedNetworks) -> list[Self]:
        """Those of the document in its order, then those of one's own. One query."""
        scenarios = dict(TrustedService.objects.values_list("name", "scenario"))
        needs = NEEDS | {name: Need(said, Identity.OWN) for name, said in scenarios.items() if name not in NEEDS}
        return [cls(name, need, trusted.networks_of(name), name in scenarios) for name, need in needs.items()]


@dataclass(frozen=True, slots=True)
class Standing:
    """What the exception does for a registry as it is saved: a kind of message, and its sentences."""

    kind: str
    text: str

    @classmethod
    def of(cls, policy: AccessPolicy) -> Self:
        access, rules = policy.public_access, _rules(policy)
        if not policy.trusted_services:
            if access is PublicAccess.ALL_NETWORKS:
                return cls("info", "The exception is off. While all networks may connect, nobody needs it.")
            return cls("warn", "The exception is off, so a trusted service is a caller like any other.")
        match access:
            case PublicAccess.ALL_NETWORKS:
                return cls("info", "The exception is on. While all networks may connect, nobody needs it.")
            case PublicAccess.SELECTED_NETWORKS if policy.subnets:
                return cls(
                    "warn",
                    f"The exception is on, but doesn't apply: the registry has {rules}, made for service endpoints.",
                )
            case PublicAccess.DISABLED if policy.subnets:
                return cls(
                    "ok",
                    f"The exception is on, and trusted services pass. Its {rules} would keep them out as soon as "
                    "Selected networks is chosen; Disabled asks no such rule.",
                )
            case _:
                return cls("ok", "The exception is on, and trusted services pass.")


def _rules(policy: AccessPolicy) -> str:
    count = len(policy.subnets)
    return "1 virtual network rule" if count == 1 else f"{count} virtual network rules"


class State(StrEnum):
    """How far a step is, as far as it can be seen from here."""

    DONE = "Done"
    TO_DO = "To do"
    ELSEWHERE = "Not seen from here"
    NOT_NEEDED = "Not needed"


@dataclass(frozen=True, slots=True)
class LetIn:
    """A request that a gate let in by the exception."""

    at: datetime
    address: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the workflow. `networking` where the Networking page is the place for it; `seen` where a gate shows
    that it is done."""

    title: str
    state: State
    text: str
    commands: tuple[str, ...] = ()
    networking: bool = False
    seen: LetIn | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """The registry that the workflow is about, as its commands name it."""

    name: str
    login_server: str
    resource_id: str


def workflow(line: ServiceLine, policy: AccessPolicy, place: Place, seen: LetIn | None) -> tuple[Step, ...]:
    """The five steps of document 004 for one service. `seen` is when a gate last let it in, None where none did."""
    return (
        _identity(line),
        _role(line, place),
        _setting(policy, place),
        _authentication(line, place),
        _pull(line, place, seen),
    )


def _identity(line: ServiceLine) -> Step:
    title = "Enable a managed identity in the instance"
    match line.need.identity:
        case Identity.NONE:
            return Step(title, State.NOT_NEEDED, "This service shows by itself who it is.")
        case Identity.OWN if line.networks:
            told = f"A service of your own is known by its networks: {', '.join(line.networks)}."
            return Step(title, State.NOT_NEEDED, told)
        case Identity.OWN:
            told = "It has no networks yet, so nobody passes for it. An Owner names them in the administration."
            return Step("Name its networks", State.TO_DO, told)
        case Identity.EITHER:
            told = "System-assigned or user-assigned, both count for this service."
            return Step(title, State.ELSEWHERE, told, ("az identity create --resource-group GROUP --name IDENTITY",))
        case _:
            told = "Only a system-assigned identity counts for this service. A workspace has one from the start."
            show = "az ml workspace show --resource-group GROUP --name WORKSPACE --query identity"
            return Step(title, State.ELSEWHERE, told, (show,))


def _role(line: ServiceLine, place: Place) -> Step:
    title = "Assign the identity a role on the registry"
    if line.need.identity is Identity.NONE:
        return Step(title, State.NOT_NEEDED, "It comes without a role.")
    if line.own:
        told = "Give it an account of its own, a service principal. Any role may pull; Contributor may push too."
        return Step("Give it an account with a role", State.ELSEWHERE, told)
    assign = f"az role assignment create --assignee PRINCIPAL-ID --role AcrPull --scope {place.resource_id}"
    return Step(title, State.ELSEWHERE, f"To pull images: {ROLE}.", (assign,))


def _setting(policy: AccessPolicy, place: Place) -> Step:
    standing = Standing.of(policy)
    applies = policy.trusted_services and standing.kind != "warn"
    turn_on = f"az acr update --name {place.name} --allow-trusted-services true"
    return Step(
        "Allow trusted services in the registry's network settings",
        State.DONE if applies else State.TO_DO,
        standing.text,
        () if policy.trusted_services else (turn_on,),
        networking=not applies,
    )


def _authentication(line: ServiceLine, place: Place) -> Step:
    title = "Authenticate with the identity"
    match line.need.identity:
        case Identity.NONE:
            return Step(title, State.NOT_NEEDED, "The service does that by itself.")
        case Identity.OWN:
            login = f"docker login {place.login_server} --username CLIENT-ID"
            return Step("Sign in with that account", State.ELSEWHERE, "From one of its networks.", (login,))
        case _:
            commands = ("az login --identity", f"az acr login --name {place.name}")
            return Step(title, State.ELSEWHERE, "Where the identity lives; the service may do it by itself.", commands)


def _pull(line: ServiceLine, place: Place, seen: LetIn | None) -> Step:
    title = "Pull images, or whatever else the role allows"
    image = f"{place.login_server}/hello-world:v1"
    commands: Iterable[str] = (f"docker pull {image}",)
    if line.name == "Azure Container Instances":
        identity = "--assign-identity IDENTITY-ID --acr-identity IDENTITY-ID"
        commands = (f"az container create --resource-group GROUP --name CONTAINER --image {image} {identity}",)
    if line.need.identity is Identity.NONE:
        commands = ()
    if seen is not None:
        return Step(title, State.DONE, "", tuple(commands), seen=seen)
    return Step(title, State.ELSEWHERE, "No gate has let this service in by the exception lately.", tuple(commands))
