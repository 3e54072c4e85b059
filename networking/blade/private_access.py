"""Networking › Private access: the private endpoint connections of a registry, and what becomes of them."""

import re
from collections.abc import Sequence
from http import HTTPStatus

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from networking.access.decision import ConnectionState
from networking.access.endpoints import Switch
from networking.blade.client_hosts import hosts_of
from networking.blade.connection_decisions import Outcome, Verb, carry_out
from networking.blade.connection_lines import Asked, ConnectionLine, has_both_kinds, public_reach, states_at
from networking.blade.http import BladeRequest
from networking.models import EndpointSettings, PrivateEndpointConnection
from networking.private_endpoint_connections import LONGEST_DESCRIPTION, MOST
from registries.http import notify, origin, registry_or_404, require, see_other
from registries.models import CHANGE, VIEW, Registry

PAGE = "networking/private_access.html"
NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
SPELLED = 3  # names in a notification; the rest is counted


@never_cache
@require_safe
def private_access(request: BladeRequest, name: str) -> HttpResponse:
    """The list, narrowed as the address of the page says."""
    registry = registry_or_404(name)
    require(request, VIEW, registry)
    return _list(request, registry)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def decide_connections(request: BladeRequest, name: str) -> HttpResponse:
    """Approve, reject or remove: a GET asks, a POST does it. The chosen connections stand in either."""
    registry = registry_or_404(name)
    require(request, CHANGE, registry)
    asked = request.POST if request.method == "POST" else request.GET
    verb = asked.get("op", "")
    numbers = [int(text) for text in asked.getlist("id")[:MOST] if NUMBER.fullmatch(text)]
    if verb not in list(Verb) or not numbers:
        wrong = "Select at least one connection first." if verb in list(Verb) else "Choose Approve, Reject or Remove."
        return _list(request, registry, refused=wrong)
    chosen = list(registry.private_endpoint_connections.filter(pk__in=numbers))
    if not chosen:
        notify(request, "info", "Nothing changed", "These connections were removed already.")
        return see_other("networking-private", registry.name)
    if request.method != "POST":
        return _confirm(request, registry, Verb(verb), chosen)
    return _carry_out(request, registry, Verb(verb), chosen)


def _list(request: BladeRequest, registry: Registry, *, refused: str = "") -> HttpResponse:
    policy, states = EndpointSettings.of(registry).policy, states_at(registry)
    asked = Asked.read(request.GET)
    connections = asked.narrow(registry.private_endpoint_connections.all())
    may_change = request.user.may(CHANGE, registry)
    context = {
        "registry": registry,
        "page": "Networking",
        "asked": asked,
        "lines": sorted(map(ConnectionLine.of, connections), key=lambda line: line.place),
        "count": sum(states.values()),
        "limit": MOST,
        "pending": states.get(ConnectionState.PENDING, 0),
        "reach": public_reach(policy),
        "both_kinds": has_both_kinds(policy.subnets, states),
        "data_endpoint": policy.data_endpoint,
        "data_endpoint_locked": ConnectionState.APPROVED in states,
        "may_change": may_change,
        "may_create": may_change and registry.is_premium,
        "may_decide": may_change and bool(states),
        "refused": refused,
    }
    return render(request, PAGE, context, status=HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK)


def _confirm(
    request: BladeRequest,
    registry: Registry,
    verb: Verb,
    chosen: Sequence[PrivateEndpointConnection],
    outcome: Outcome | None = None,
) -> HttpResponse:
    """The question before it is done; with an outcome, what kept it from being done."""
    policy = EndpointSettings.of(registry).policy
    why = {connection.pk: problem.message for connection, problem in outcome.refused} if outcome else {}
    lines = [ConnectionLine.of(each, chosen=each.pk not in why, refused=why.get(each.pk, "")) for each in chosen]
    context = {
        "registry": registry,
        "page": "Networking",
        "verb": verb,
        "lines": lines,
        "refused": [line for line in lines if line.refused],
        "shuts_out": outcome is not None and outcome.shuts_out and not why,
        "trusted_services": policy.trusted_services,
        "public_access": policy.public_access.label,
        "turns_data_endpoints_on": verb is Verb.APPROVE and not policy.data_endpoint,
        "switch": Switch.of(hosts_of(registry)),
        "description": _description(request.POST, chosen),
        "longest": LONGEST_DESCRIPTION,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if why else HTTPStatus.OK
    return render(request, "networking/private_access_decide.html", context, status=status)


def _description(posted: QueryDict, chosen: Sequence[PrivateEndpointConnection]) -> str:
    """As it was typed; at first that of the one connection."""
    return posted.get("description", chosen[0].description if len(chosen) == 1 else "")


def _carry_out(
    request: BladeRequest, registry: Registry, verb: Verb, chosen: Sequence[PrivateEndpointConnection]
) -> HttpResponse:
    typed = request.POST.get("description", "").strip()
    # Of one connection the box showed its description; of several an empty box means that each keeps its own.
    description = typed if typed or len(chosen) == 1 else None
    sure = request.POST.get("sure") == "1"
    try:
        done = carry_out(verb, registry, chosen, origin(request), description=description, sure=sure)
    except Registry.DoesNotExist:
        raise Http404(f"'{registry.name}' was deleted meanwhile.") from None
    if done.refused or (done.shuts_out and not sure):
        return _confirm(request, registry, verb, chosen, done)
    if done.done:
        names = [ConnectionLine.of(each).endpoint for each in done.done]
        title = f"Private endpoint connection{'' if len(names) == 1 else 's'} {verb.done.lower()}"
        notify(request, "success", title, f"{verb.done} {_names(names)}.")
    else:
        notify(request, "info", "Nothing changed", "The connections are so already.")
    return see_other("networking-private", registry.name)


def _names(names: Sequence[str]) -> str:
    more = len(names) - SPELLED
    return ", ".join(f"'{name}'" for name in names[:SPELLED]) + (f" and {more} more" if more > 0 else "")
