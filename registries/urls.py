"""The site map. Networking is named as a string only: the ground floor does not import the first."""

from django.urls import include, path
from django.views.generic import RedirectView

from registries import views

account_urls = [
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("preferences/theme/", views.theme, name="theme"),
]

registry_urls = [
    path("registries/", views.registry_list, name="registry-list"),
    path("create-registry/", views.create_registry, name="registry-create"),
    path("registries/<str:name>/", views.overview, name="registry-overview"),
    path("registries/<str:name>/tier/", views.tier, name="registry-tier"),
    path("registries/<str:name>/delete/", views.delete_registry, name="registry-delete"),
]

resource_group_urls = [
    path("subscriptions/<uuid:subscription>/resource-groups/<str:name>/", views.resource_group, name="resource-group"),
    path(
        "subscriptions/<uuid:subscription>/resource-groups/<str:name>/delete/",
        views.delete_resource_group,
        name="resource-group-delete",
    ),
]

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="registry-list"), name="home"),
    *account_urls,
    *registry_urls,
    *resource_group_urls,
    path("", include("networking.blade.urls")),
]

handler400 = "registries.errors.bad_request"
handler403 = "registries.errors.forbidden"
handler404 = "registries.errors.not_found"
handler500 = "registries.errors.server_error"
