"""Service tags and their imports, to look at only: a page of the dashboard imports them."""

from django.contrib import admin

from networking.models import ServiceTag, ServiceTagImport
from registries.admin_site import LookOnly


@admin.register(ServiceTagImport)
class ServiceTagImportAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg] # generic in the stubs only
    list_display = ("started_at", "file_name", "imported_by", "state", "cloud", "change_number", "tag_count")
    list_filter = ("state",)
    search_fields = ("file_name", "imported_by")
    ordering = ("-started_at", "-pk")
    fields = tuple(field.name for field in ServiceTagImport._meta.fields if not field.primary_key)


@admin.register(ServiceTag)
class ServiceTagAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg] # generic in the stubs only
    show_full_result_count = False
    list_display = ("name", "region", "system_service", "change_number", "prefix_count")
    search_fields = ("name",)
    ordering = ("name",)
    fields = ("imported_in", *list_display)
