"""Network tools › Pipelines and clusters: callers without a fixed address, and what to do about each (document 002)."""

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render, resolve_url
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from networking.access.addresses import AddressRange
from networking.access.problems import Code, Problem
from networking.blade.http import BladeRequest
from networking.models import EndpointSettings
from networking.must_work import MAX_NAME, add_must_work_caller
from registries.http import notify, origin, registry_or_404, require, see_other
from registries.models import CHANGE, VIEW, Registry


class Case(StrEnum):
    """A kind of caller whose address can be made to stay, and the name it gets where nobody types one."""

    AGENT = "agent"
    AKS_BASIC = "aks-basic"
    AKS_STANDARD = "aks-standard"
    PROXY = "proxy"

    @property
    def name_of_caller(self) -> str:
        names = {"agent": "Pipeline agent", "aks-basic": "AKS cluster", "aks-standard": "AKS egress", "proxy": "Proxy"}
        return names[self.value]


@dataclass(frozen=True, slots=True)
class CallerForm:
    """The form of one case as it was typed, and why it was refused."""

    case: Case
    name: str
    range: str = ""
    problem: Problem | None = None

    @property
    def field(self) -> str:
        """Which field the problem is about; empty where it is about neither."""
        match self.problem:
            case None | Problem(code=Code.QUOTA_EXCEEDED | Code.INVALID_PROPERTY | Code.NETWORK_RULE_NOT_SUPPORTED):
                return ""
            case Problem(code=Code.INVALID_RULE_TEXT):
                return "name"
            case _:
                return "range"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def agents(request: BladeRequest, name: str) -> HttpResponse:
    """The page. A POST leads the address of one case into the draft of Networking, or to the must-work callers."""
    registry = registry_or_404(name)
    require(request, VIEW, registry)
    if request.method != "POST":
        return _page(request, registry)
    require(request, CHANGE, registry)
    word = request.POST.get("case", "")
    if word not in list(Case):
        return _page(request, registry, refused="There is no such case. Choose one of the page; nothing was changed.")
    typed = CallerForm(Case(word), request.POST.get("name", ""), request.POST.get("range", "").strip())
    match request.POST.get("op"):
        case "rule":
            return _rule(request, registry, typed)
        case "must-work":
            return _must_work(request, registry, typed)
        case _:
            return _page(request, registry, refused="Choose what to add it as; nothing was changed.")


def _rule(request: BladeRequest, registry: Registry, typed: CallerForm) -> HttpResponse:
    """Into the draft of the Networking page, where a person saves it. In a tier without rules it has none."""
    wanted = AddressRange.parse(typed.range) if registry.is_premium else _needs_premium(registry)
    if isinstance(wanted, Problem):
        return _page(request, registry, typed=_refused(typed, wanted))
    return see_other(f"{resolve_url('networking', registry.name)}?{urlencode({'add': str(wanted)})}")


def _needs_premium(registry: Registry) -> Problem:
    message = f"IP rules need the Premium tier; '{registry.name}' is {registry.sku}. Change the tier first."
    return Problem(Code.NETWORK_RULE_NOT_SUPPORTED, message)


def _must_work(request: BladeRequest, registry: Registry, typed: CallerForm) -> HttpResponse:
    try:
        added = add_must_work_caller(registry, name=typed.name, text=typed.range, origin=origin(request))
    except Registry.DoesNotExist:
        raise Http404(f"'{registry.name}' was deleted meanwhile.") from None
    if isinstance(added, Problem):
        return _page(request, registry, typed=_refused(typed, added))
    notify(request, "success", "Must-work callers updated", f"'{typed.name.strip()}' is watched over from now on.")
    return see_other(resolve_url("networking-tester", registry.name) + "#must-work")


def _refused(typed: CallerForm, problem: Problem) -> CallerForm:
    return CallerForm(typed.case, typed.name, typed.range, problem)


def _page(
    request: BladeRequest, registry: Registry, *, typed: CallerForm | None = None, refused: str = ""
) -> HttpResponse:
    forms = {case: typed if typed and typed.case is case else CallerForm(case, case.name_of_caller) for case in Case}
    context = {
        "registry": registry,
        "page": "Pipelines and clusters",
        "access": EndpointSettings.of(registry).policy.public_access,
        "may_change": request.user.may(CHANGE, registry),
        "max_name": MAX_NAME,
        "forms": {case.name.lower(): form for case, form in forms.items()},
        "refused": refused,
        "failed": bool(refused or (typed and typed.problem)),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if context["failed"] else HTTPStatus.OK
    return render(request, "networking/agents.html", context, status=status)
