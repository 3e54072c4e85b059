"""Networking › Public access: one page, one form, told apart by the button that was pressed."""

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from networking.access.addresses import AddressRange
from networking.access.policy import AccessPolicy
from networking.access.problems import Code, Problem
from networking.blade.applied import enforcement, news
from networking.blade.comparison import compare
from networking.blade.http import BladeRequest
from networking.blade.page import blade_context
from networking.blade.saving import changed_elsewhere, combined, conflict, lock_out, with_the_lost
from networking.forms import Draft
from networking.models import EndpointSettings, Stale
from registries.http import notify, origin, registry_or_404, require, see_other
from registries.models import CHANGE, VIEW, Registry

PAGE = "networking/public_access.html"
STOP_POLLING = 286  # htmx's own status: swap this, and ask no more
NEEDS_PREMIUM = Problem(
    Code.NETWORK_RULE_NOT_SUPPORTED,
    "IP rules, private endpoints and dedicated data endpoints need the Premium tier. Change the tier first.",
)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def public_access(request: BladeRequest, name: str) -> HttpResponse:
    """The blade. A GET is always a whole page; a POST edits the draft, saves it or drops it."""
    registry = registry_or_404(name)
    require(request, VIEW, registry)
    policy = EndpointSettings.of(registry).policy
    if request.method != "POST":
        return _page(request, registry, _opened(request, registry, policy))
    draft = _draft(request, registry, policy)
    op = request.POST.get("op", "")
    if op == "check":
        return _page(request, registry, draft, **_seen(request))
    require(request, CHANGE, registry)
    match op:
        case "save" | "save-with-lost" | "save-anyway":
            return _save(request, registry, draft, op)
        case "discard":
            return _discard(request, registry, draft)
        case "paste":
            return render(request, "networking/paste.html", blade_context(request, registry, draft) | _seen(request))
        case _:
            return _page(request, registry, _edited(request, registry, draft, op), **_seen(request))


@never_cache
@require_POST
def evaluate(request: BladeRequest, name: str) -> HttpResponse:
    """What the server has to say of the draft on the page, as out-of-band pieces. Writes nothing, replaces no input."""
    registry = registry_or_404(name)
    require(request, VIEW, registry)
    draft = _draft(request, registry, EndpointSettings.of(registry).policy)
    return render(request, f"{PAGE}#evaluated", {**blade_context(request, registry, draft), "oob": True})


@never_cache
@require_safe
def state(request: BladeRequest, name: str) -> HttpResponse:
    """An open page asks whether it still shows what is saved, and whether the gates have it: 204 while it says so, else
    who changed it and when, or what became of the gates."""
    try:
        registry = registry_or_404(name)
    except Http404:
        return render(request, "networking/parts/changed_elsewhere.html", {"deleted": True}, status=STOP_POLLING)
    require(request, VIEW, registry)
    change = changed_elsewhere(registry, request.GET.get("fingerprint", ""))
    if change is None:
        told = news(registry, request.GET)
        if told is None:
            return HttpResponse(status=HTTPStatus.NO_CONTENT)
        return render(request, "networking/parts/applied.html", told)
    context = {"registry": registry, "change": change}
    return render(request, "networking/parts/changed_elsewhere.html", context, status=STOP_POLLING)


def _opened(request: BladeRequest, registry: Registry, policy: AccessPolicy) -> Draft:
    """The saved settings; with ?add=ADDRESS one more row, drafted for whoever may change it."""
    draft = Draft.of(policy)
    wanted = AddressRange.parse(request.GET.get("add", ""))
    if isinstance(wanted, AddressRange) and _editable(request, registry):
        return draft.with_range(wanted)
    return draft


def _seen(request: BladeRequest) -> dict[str, Any]:
    """A drafted page keeps the fingerprint it was opened with: what others stored meanwhile is not what it showed."""
    return {"fingerprint": request.POST.get("fingerprint", "")}


def _editable(request: BladeRequest, registry: Registry) -> bool:
    return registry.is_premium and request.user.may(CHANGE, registry)


def _draft(request: BladeRequest, registry: Registry, policy: AccessPolicy) -> Draft:
    """The posted draft; where the page is read-only its fields are disabled and post no rows, so what is saved. Rows
    are posted for a lower tier too, where the tier went down while somebody edited: nothing typed is lost."""
    posts = _editable(request, registry) or (request.user.may(CHANGE, registry) and "rid" in request.POST)
    return Draft.read(request.POST, policy) if posts else Draft.of(policy)


def _edited(request: BladeRequest, registry: Registry, draft: Draft, op: str) -> Draft:
    """The draft after the pressed button; unknown words change nothing."""
    word, _, rest = op.partition(":")
    rid, _, value = rest.partition(":")
    match word:
        case "remove":
            return draft.without_row(rid)
        case "restore":
            return draft.with_restored(rid)
        case "fix":
            return _with_client(request, draft.with_text(rid, value))
        case "combine":
            return draft.with_combined(rid)
        case "bulk":
            drafted, added, skipped = draft.with_pasted(request.POST.get("bulk", ""))
            ranges = "1 range" if added == 1 else f"{added:,} ranges"
            told = f"{ranges} added, {skipped:,} skipped." if skipped else f"{ranges} added."
            notify(request, "info", "Address ranges pasted", told)
            return drafted
        case "combine-both":
            seen = request.POST.get("base", "")
            wanted = combined(registry, seen, draft.policy, draft.stored)
            return Draft.wanting(wanted, stored=draft.stored, comment=draft.comment)
        case _:
            return _with_client(request, draft)


def _with_client(request: BladeRequest, draft: Draft) -> Draft:
    """Without scripts, ticking "Add your client IP address" adds a row and unticking it takes the row away. The box and
    what it was before both post the address they showed; with scripts the list has followed the box already."""
    ticked, was_ticked = request.POST.get("add_client", ""), request.POST.get("client_listed", "")
    shown = AddressRange.parse(ticked or was_ticked)
    if request.htmx or bool(ticked) == bool(was_ticked) or not isinstance(shown, AddressRange):
        return draft
    return draft.with_range(shown) if ticked else draft.without_range(shown)


def _save(request: BladeRequest, registry: Registry, draft: Draft, op: str) -> HttpResponse:
    """Permission, fields, version, lock-out, then the write: the first that fails answers."""
    unprocessable: dict[str, Any] = {"status": HTTPStatus.UNPROCESSABLE_ENTITY, **_seen(request)}
    if not registry.is_premium:
        return _page(request, registry, draft, refused=NEEDS_PREMIUM, **unprocessable)
    seen = request.POST.get("fingerprint", "")
    draft = _with_client(request, draft)
    if op == "save-with-lost":
        draft = with_the_lost(request, registry, draft)
    if draft.problems:
        return _page(request, registry, draft, **unprocessable)
    if seen != draft.stored.fingerprint and draft.policy != draft.stored:
        return _conflict(request, registry, draft, seen)
    if op == "save" and (lost := lock_out(request, registry, draft)):
        return _ask_first(request, registry, draft, lost)
    by = origin(request, comment=draft.comment)
    stored = EndpointSettings.store(registry, draft.policy, seen=draft.stored.fingerprint, origin=by)
    match stored:
        case Stale():
            # Somebody was faster by a moment: compare with what they stored.
            fresh = EndpointSettings.of(registry).policy
            draft = Draft.wanting(draft.policy, stored=fresh, comment=draft.comment)
            return _conflict(request, registry, draft, seen)
        case Problem():
            return _page(request, registry, draft, refused=stored, **unprocessable)
        case None:
            notify(request, "info", "No changes to save", f"'{registry.name}' has these settings already.")
        case _:
            notify(request, "success", "Networking updated", f"Saved to '{registry.name}'.")
    return _afresh(request, registry, draft.policy)


def _ask_first(request: BladeRequest, registry: Registry, draft: Draft, lost: Any) -> HttpResponse:
    """Who would be shut out, and what to do about it: a dialog over the page, or a page without scripts."""
    context = {**blade_context(request, registry, draft), "lock_out": lost, **_seen(request)}
    if not request.htmx:
        return render(request, "networking/lock_out.html", context)
    response = render(request, "networking/parts/lock_out_dialog.html", context)
    response["HX-Retarget"] = "#dialog-slot"
    response["HX-Reswap"] = "innerHTML"
    return response


def _conflict(request: BladeRequest, registry: Registry, draft: Draft, seen: str) -> HttpResponse:
    found = conflict(registry, seen, draft.policy, draft.stored)
    more = {"conflict": found, "compared": compare(found, request.trusted_networks), "base": seen}
    return _page(request, registry, draft, status=HTTPStatus.CONFLICT, **more)


def _discard(request: BladeRequest, registry: Registry, dropped: Draft) -> HttpResponse:
    """The saved settings again. With htmx the toast carries the dropped draft, for Undo."""
    if not request.htmx:
        notify(request, "info", "Changes discarded", "The saved settings are shown.")
    return _afresh(request, registry, dropped.stored, dropped=dropped)


def _afresh(
    request: BladeRequest, registry: Registry, policy: AccessPolicy, *, dropped: Draft | None = None
) -> HttpResponse:
    """The clean page: in place with htmx, by a redirect without, so that a reload repeats nothing."""
    if request.htmx:
        began = request.POST.get("fingerprint", "")
        return _page(request, registry, Draft.of(policy), dropped=dropped, dropped_fingerprint=began)
    return see_other("networking", registry.name)


def _page(
    request: BladeRequest, registry: Registry, draft: Draft, *, status: HTTPStatus = HTTPStatus.OK, **more: Any
) -> HttpResponse:
    context = blade_context(request, registry, draft, failed=status is HTTPStatus.UNPROCESSABLE_ENTITY) | more
    context |= enforcement(registry, draft.judged, context["fingerprint"])
    narrow = bool(request.htmx) and request.method == "POST"
    response = render(request, f"{PAGE}#blade" if narrow else PAGE, {**context, "narrow": narrow}, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
def help_page(request: BladeRequest) -> HttpResponse:
    """What the fields mean and where Azure differs from the documents, for any page's "Learn more"."""
    return render(request, "networking/help.html")
