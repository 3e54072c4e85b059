"""Network tools › Troubleshoot: the documents' cases one after the other, each with what holds for this registry."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Self

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from networking.access.client_output import client_output, not_allowed
from networking.access.decision import Caller, Reason, decide
from networking.access.policy import AccessPolicy
from networking.access.trusted import TrustedNetworks
from networking.blade.connection import read_address
from networking.blade.http import BladeRequest
from networking.client_address import Address
from networking.models import EndpointSettings
from registries.http import registry_or_404, require
from registries.models import VIEW, Registry

# An address of the documentation networks, where a text shows one.
EXAMPLE = "198.51.100.7"


@never_cache
@require_safe
def troubleshoot(request: BladeRequest, name: str) -> HttpResponse:
    """The page. Its one field asks for the proxy's address; what is asked stands in the address of the page."""
    registry = registry_or_404(name)
    require(request, VIEW, registry)
    policy = EndpointSettings.of(registry).policy
    client, trusted = request.client_address, request.trusted_networks
    typed = request.GET.get("proxy", "").strip()
    proxy = read_address(typed) if "proxy" in request.GET else None
    context = {
        "registry": registry,
        "page": "Troubleshoot",
        "access": policy.public_access,
        "client": client,
        "you": Standing.of(policy, client.address, trusted) if client.address else None,
        "typed": typed,
        "problem": proxy if isinstance(proxy, str) else "",
        "proxy": Standing.of(policy, proxy, trusted) if proxy and not isinstance(proxy, str) else None,
        "texts": error_texts(registry),
    }
    failed = bool(context["problem"])
    status = HTTPStatus.UNPROCESSABLE_ENTITY if failed else HTTPStatus.OK
    return render(request, "networking/troubleshoot.html", context, status=status)


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether an address gets in, in a few words."""

    address: str
    allowed: bool
    why: str

    @classmethod
    def of(cls, policy: AccessPolicy, address: Address, trusted: TrustedNetworks) -> Self:
        caller = trusted.recognise(Caller(address=address))
        decision = decide(policy, caller)
        known = f"it belongs to '{caller.service}', a trusted service" if caller.service else ""
        match decision.reason:
            case Reason.IP_RULE:
                why = f"{decision.rule} in the list contains it"
            case Reason.ALL_NETWORKS:
                why = "any network may connect"
            case Reason.TRUSTED_SERVICE:
                why = f"{known}, which the firewall exception lets pass"
            case _ if known:
                why = f"{known}, which the firewall exception doesn't let pass"
            case Reason.PUBLIC_ACCESS_DISABLED:
                why = "public network access is disabled"
            case _:
                why = "no address range in the list contains it"
        return cls(str(address), decision.allowed, why)


@dataclass(frozen=True, slots=True)
class ErrorText:
    """A text that somebody has in front of them, what printed it, and the cases to look at, by number."""

    printed_by: str
    text: str
    means: str
    cases: tuple[int, ...] = ()


def error_texts(registry: Registry) -> tuple[ErrorText, ...]:
    """What clients print where the network refuses, and what merely looks like it."""
    host, address = registry.login_server, EXAMPLE
    login, pull, az = client_output(registry=registry.name, login_server=host, address=address, allowed=False)
    today = f'Error response from daemon: Get "https://{host}/v2/": {not_allowed(address)}'
    names_it = "The text names the address that was refused. If it isn't the client's own, a proxy is in between."
    return (
        ErrorText(login.command, login.prints, "Refused before the password was looked at.", (1, 2, 3, 4)),
        ErrorText(f"{login.command}, in Azure today", today, names_it, (1, 2, 3)),
        ErrorText(pull.command, pull.prints, f"{names_it} The repository may well exist.", (1, 2, 3)),
        ErrorText(az.command, az.prints, "Refused before it signed in.", (1, 2, 3, 4)),
        ErrorText(
            f"az acr check-health --name {registry.name}",
            "An error occurred: CONNECTIVITY_FORBIDDEN_ERROR",
            "The same refusal as of az acr login.",
            (1, 2, 3, 4),
        ),
        ErrorText(
            f"az acr check-health --name {registry.name}",
            f"An error occurred: CONNECTIVITY_REFRESH_TOKEN_ERROR\n"
            f"Access to registry '{host}' was denied. Response code: 403. "
            "Please try running 'az login' again to refresh permissions.",
            "Refused at the second request. Response code 401 instead means sign-in or a missing role.",
            (1, 2, 3),
        ),
        ErrorText(
            "AKS, or another containerd",
            "failed to authorize: failed to fetch anonymous token: unexpected status: 403 Forbidden",
            "The address that the cluster's traffic leaves from isn't listed.",
            (2, 5),
        ),
        ErrorText(
            login.command,
            "unauthorized: authentication required, visit https://aka.ms/acr/authorization for more information.",
            "Not the network: it let the client through, and sign-in failed.",
        ),
    )
