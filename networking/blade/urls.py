"""Where the blade's pages are."""

from django.urls import path

from networking.blade import views

urlpatterns = [
    path("registries/<str:name>/networking/", views.public_access, name="networking"),
    path("registries/<str:name>/networking/evaluate/", views.evaluate, name="networking-evaluate"),
    path("registries/<str:name>/networking/paste/", views.paste, name="networking-paste"),
    path("demonstration/", views.demonstration, name="demonstration"),
    path("help/", views.help_page, name="help"),
]
