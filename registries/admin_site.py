"""The admin site: Django's own, behind our sign-in page; and what the admins of both floors have in common."""

from typing import Any, cast

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from registries.http import PortalRequest, origin
from registries.models import Origin


def admin_origin(request: HttpRequest, *, comment: str = "") -> Origin:
    """Who changes something through the admin. Whether they may, Django has asked."""
    return origin(cast("PortalRequest", request), comment=comment, door="admin")  # the middleware has made it one


class LookOnly:
    """Nobody adds, changes or deletes here, whatever a group of one's own allows. Stands before a ModelAdmin or an
    inline."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class PortcullisAdminSite(admin.AdminSite):
    """Who is staff may come in; what they may do inside is their role's."""

    site_header = "Portcullis administration"
    site_title = "Portcullis administration"
    index_title = "Registries, rules and accounts"
    site_url = reverse_lazy("registry-list")  # type: ignore[assignment] # a lazy text is one

    @method_decorator(never_cache)
    @login_not_required
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The console's sign-in page. Who has signed in there already and isn't staff would go round in a circle."""
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied(
                "The administration needs an account that is staff, which an Owner of this console can make yours."
            )
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"), settings.LOGIN_URL)
