"""Django's own change page for a registry's endpoint settings with its rules in a table, as anybody would set it up in
ten lines: what the blade is measured against."""

from django.contrib.admin import AdminSite, ModelAdmin, TabularInline
from django.urls import path

from networking.models import EndpointSettings, FirewallRule
from registries import urls


class Rules(TabularInline):  # type: ignore[type-arg] # generic in the stubs only
    model = FirewallRule


class Settings(ModelAdmin):  # type: ignore[type-arg] # generic in the stubs only
    inlines = (Rules,)


site = AdminSite(name="plain")
site.register(EndpointSettings, Settings)

urlpatterns = [path("plain-admin/", site.urls), *urls.urlpatterns]
