"""The bell: what this account was told, newest first. The pane of every page, and a page of its own."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from registries.http import PortalRequest, see_other
from registries.notifications import KEPT, Notification

PAGE = "registries/notifications.html"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def notifications(request: PortalRequest) -> HttpResponse:
    """A POST is somebody opening the bell: what is there now counts as read."""
    kept = list(request.user.notifications.newest_first())
    if request.method == "POST":
        unread = [each.pk for each in kept if each.read_at is None]
        Notification.objects.filter(pk__in=unread).update(read_at=timezone.now())
    return _answer(request, kept)


@never_cache
@require_POST
def dismiss(request: PortalRequest, pk: int) -> HttpResponse:
    """Of one's own only. Gone already, from another tab perhaps, is as good as done."""
    if Notification.objects.filter(pk=pk).exclude(account=request.user).exists():
        raise Http404("There is no such notification.")
    kept = list(request.user.notifications.newest_first())
    at = next((at for at, each in enumerate(kept) if each.pk == pk), 0)
    Notification.objects.filter(pk=pk, account=request.user).delete()
    left = [each for each in kept if each.pk != pk]
    return _answer(request, left, focus=left[min(at, len(left) - 1)].pk if left else 0)


@never_cache
@require_POST
def dismiss_all(request: PortalRequest) -> HttpResponse:
    request.user.notifications.all().delete()
    return _answer(request, [], focus=0)


def _answer(request: PortalRequest, kept: list[Notification], *, focus: int | None = None) -> HttpResponse:
    """The list, in place with htmx; `focus` is the notification whose button takes the focus, 0 the empty list."""
    narrow = bool(request.htmx) and request.method == "POST"
    if request.method == "POST" and not narrow:
        return see_other("notifications")
    context = {"kept": kept, "limit": KEPT, "focus": focus, "narrow": narrow}
    response = render(request, f"{PAGE}#notes" if narrow else PAGE, context)
    patch_vary_headers(response, ["HX-Request"])
    return response
