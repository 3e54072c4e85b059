from django.apps import AppConfig
from django.contrib.admin import apps as admin


class RegistriesConfig(AppConfig):
    name = "registries"
    verbose_name = "Container registries"


class AdminConfig(admin.AdminConfig):
    """Django's admin, with the site of admin_site.py in the place of its own."""

    default = False  # of the two here, the other one is what "registries" means
    default_site = "registries.admin_site.PortcullisAdminSite"
