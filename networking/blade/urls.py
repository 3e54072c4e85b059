"""Where the blade's pages are."""

from django.urls import path

from networking.blade import demonstration, views

urlpatterns = [
    path("registries/<str:name>/networking/", views.public_access, name="networking"),
    path("registries/<str:name>/networking/evaluate/", views.evaluate, name="networking-evaluate"),
    path("demonstration/", demonstration.demonstration, name="demonstration"),
    path("help/", views.help_page, name="help"),
]
