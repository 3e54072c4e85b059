"""Network tools › Connection tester: one question to the saved settings, and the callers that must keep working."""

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Self

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from networking.access.addresses import AddressRange
from networking.access.decision import Caller, decide
from networking.access.path import walk
from networking.access.policy import AccessPolicy
from networking.access.problems import Code, Problem
from networking.access.reach import Reach
from networking.access.trusted import TrustedNetworks
from networking.blade.answer import Answer
from networking.blade.connection import HOSTS, Choices, Kind, Question, Refused
from networking.blade.http import BladeRequest
from networking.models import EndpointSettings
from networking.must_work import (
    MAX_MUST_WORK_CALLERS,
    MAX_NAME,
    add_must_work_caller,
    must_work_callers,
    remove_must_work_caller,
)
from registries.http import notify, origin, registry_or_404, require, see_other
from registries.models import CHANGE, VIEW, Registry

UPDATED = "Must-work callers updated"


@never_cache
@require_safe
def tester(request: BladeRequest, name: str) -> HttpResponse:
    """The page. Its address holds the whole question, so that it can be sent to somebody else; the form is led there
    without the fields that don't count."""
    try:
        registry = registry_or_404(name)
    except Http404 as unknown:
        return _of_no_registry(request, str(unknown))
    require(request, VIEW, registry)
    own = request.client_address
    question = Question.read(request.GET, registry, own)
    if "mine" in request.GET:
        if own.address is None:
            return _page(request, registry, refused=Refused("ip", own.why_not_offered))
        question = replace(question, ip=str(own))
    elif "caller" not in request.GET:
        return _page(request, registry)
    if question.kind is None:
        return _page(request, registry)
    return HttpResponseRedirect(f"{request.path}?{question.query(registry)}")


def _of_no_registry(request: BladeRequest, text: str) -> HttpResponse:
    """The answer for a name that no registry has: whoever asks for it is refused, at the first step."""
    require(request, VIEW)
    context = {
        "page": "Connection tester",
        "text": text,
        "decision": decide(None, Caller()),
        "steps": walk(None, Caller()),
    }
    return render(request, "networking/tester_unknown.html", context, status=HTTPStatus.NOT_FOUND)


@never_cache
@require_POST
def must_work(request: BladeRequest, name: str) -> HttpResponse:
    """Add or remove a must-work caller; what was asked of the tester stays in the address."""
    registry = registry_or_404(name)
    require(request, CHANGE, registry)
    try:
        match request.POST.get("op"):
            case "add":
                return _add(request, registry)
            case "remove":
                return _remove(request, registry)
            case _:
                problem = Problem(Code.INVALID_PROPERTY, "Choose Add or Remove; nothing was changed.")
                return _page(request, registry, typed=Typed(problem=problem))
    except Registry.DoesNotExist:
        raise Http404(f"'{registry.name}' was deleted meanwhile.") from None


def _add(request: BladeRequest, registry: Registry) -> HttpResponse:
    typed = Typed(request.POST.get("name", ""), request.POST.get("range", ""))
    added = add_must_work_caller(registry, name=typed.name, text=typed.range, origin=origin(request))
    if isinstance(added, Problem):
        return _page(request, registry, typed=Typed(typed.name, typed.range, added))
    notify(request, "success", UPDATED, f"'{typed.name.strip()}' is watched over from now on.")
    return _back(request, registry)


def _remove(request: BladeRequest, registry: Registry) -> HttpResponse:
    removed = remove_must_work_caller(registry, request.POST.get("id", ""), origin(request))
    if removed is None:
        notify(request, "info", "Nothing changed", "That caller was removed already.")
    else:
        notify(request, "success", UPDATED, f"Removed '{removed.name}' ({removed.range}).")
    return _back(request, registry)


def _back(request: BladeRequest, registry: Registry) -> HttpResponse:
    query = request.GET.urlencode()
    return see_other(resolve_url("networking-tester", registry.name) + (f"?{query}" if query else "") + "#must-work")


@dataclass(frozen=True, slots=True)
class Typed:
    """The form of a new must-work caller as it was typed, and why it was refused."""

    name: str = ""
    range: str = ""
    problem: Problem | None = None

    @property
    def field(self) -> str:
        """Which of the two fields the problem is about; empty where it is about neither."""
        match self.problem:
            case None | Problem(code=Code.QUOTA_EXCEEDED | Code.INVALID_PROPERTY):
                return ""
            case Problem(code=Code.INVALID_RULE_TEXT):
                return "name"
            case _:
                return "range"


@dataclass(frozen=True, slots=True)
class MustWorkLine:
    """A must-work caller as the table shows it: how much of it gets in now."""

    number: int
    name: str
    range: str
    reach: Reach

    @classmethod
    def all_of(cls, registry: Registry, policy: AccessPolicy, trusted: TrustedNetworks) -> list[Self]:
        return [
            cls(row.pk, row.name, row.range, Reach.of(policy, AddressRange.stored(row.range), trusted))
            for row in must_work_callers(registry)
        ]


def _page(
    request: BladeRequest, registry: Registry, *, refused: Refused | None = None, typed: Typed | None = None
) -> HttpResponse:
    policy = EndpointSettings.of(registry).policy
    may_change = request.user.may(CHANGE, registry)
    context: dict[str, Any] = {
        "registry": registry,
        "page": "Connection tester",
        "client": request.client_address,
        "may_change": may_change,
        "query": request.GET.urlencode(),
        "callers": MustWorkLine.all_of(registry, policy, request.trusted_networks),
        "typed": typed or Typed(),
        "limit": MAX_MUST_WORK_CALLERS,
        "max_name": MAX_NAME,
        **_tested(request, registry, policy, refused, may_change=may_change and registry.is_premium),
    }
    failed = context["refused"] or context["typed"].problem
    status = HTTPStatus.UNPROCESSABLE_ENTITY if failed else HTTPStatus.OK
    return render(request, "networking/tester.html", context, status=status)


def _tested(
    request: BladeRequest, registry: Registry, policy: AccessPolicy, refused: Refused | None, *, may_change: bool
) -> dict[str, Any]:
    """The question as it was filled in, and its answer: None where nothing was asked, or where it can't be given."""
    question = Question.read(request.GET, registry, request.client_address)
    choices = Choices.of(registry, policy, request.trusted_networks)
    answer = None
    if refused is None and question.asked:
        caller = question.caller(choices)
        if isinstance(caller, Refused):
            refused = caller
        else:
            answer = Answer.of(registry, policy, question, caller, choices, may_change=may_change)
    return {
        "question": question,
        "choices": choices,
        "kinds": list(Kind),
        "hosts": HOSTS,
        "endpoints": choices.endpoints(question.endpoint or ""),
        "refused": refused,
        "answer": answer,
    }
