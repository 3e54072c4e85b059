"""The site map. Networking is named as a string only: the ground floor does not import the first."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from registries.views import accounts, creating, listing, notifications, registry, resource_groups

account_urls = [
    path("sign-in/", accounts.sign_in, name="sign-in"),
    path("sign-out/", accounts.sign_out, name="sign-out"),
    path("preferences/theme/", accounts.theme, name="theme"),
]

registry_urls = [
    path("registries/", listing.registry_list, name="registry-list"),
    path("registries.csv", listing.registry_csv, name="registry-csv"),
    path("create-registry/", creating.create_registry, name="registry-create"),
    path("registries/<str:name>/", registry.overview, name="registry-overview"),
    path("registries/<str:name>/tier/", registry.tier, name="registry-tier"),
    path("registries/<str:name>/delete/", registry.delete_registry, name="registry-delete"),
]

notification_urls = [
    path("notifications/", notifications.notifications, name="notifications"),
    path("notifications/dismiss/", notifications.dismiss_all, name="notifications-dismiss"),
    path("notifications/<int:pk>/dismiss/", notifications.dismiss, name="notification-dismiss"),
]

resource_group_urls = [
    path(
        "subscriptions/<uuid:subscription>/resource-groups/<str:name>/",
        resource_groups.resource_group,
        name="resource-group",
    ),
    path(
        "subscriptions/<uuid:subscription>/resource-groups/<str:name>/delete/",
        resource_groups.delete_resource_group,
        name="resource-group-delete",
    ),
]

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="registry-list"), name="home"),
    *account_urls,
    *notification_urls,
    *registry_urls,
    *resource_group_urls,
    path("admin/", admin.site.urls),
    path("", include("networking.blade.urls")),
    path("", include("networking.arm.identity")),
]

handler400 = "registries.errors.bad_request"
handler403 = "registries.errors.forbidden"
handler404 = "registries.errors.not_found"
handler500 = "registries.errors.server_error"
