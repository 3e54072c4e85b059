"""The admin site: Django's own, behind our sign-in page."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache


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
