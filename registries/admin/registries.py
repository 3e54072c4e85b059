"""Registries and what they stand in. All that writes goes through the models' own verbs, which keep the record."""

from typing import Any, override

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html

from registries import regions
from registries.admin_site import LookOnly, admin_origin
from registries.forms import GroupChoice, RegistryForm, TierForm, taken
from registries.listing import PUBLIC_ACCESS
from registries.models import Origin, Registry, Replication, ResourceGroup, Subscription

DELETED_TOGETHER = (Subscription, ResourceGroup, Registry)


class DeletedRecorded(admin.ModelAdmin):  # type: ignore[type-arg] # generic in the stubs only
    """Deletes one by one, all or none, so that each registry leaves its change record."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What belongs to a registry, upstairs too, goes with it and needs no permission of its own."""
        shown, counts, needed, protected = super().get_deleted_objects(objs, request)
        ours = {str(model._meta.verbose_name) for model in DELETED_TOGETHER}
        return shown, counts, {str(name) for name in needed} & ours, protected

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        delete(list(queryset), admin_origin(request))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        delete([obj], admin_origin(request))


def delete(places: list[Model], by: Origin) -> None:
    """Registries, groups or subscriptions, with what is in them. PermissionDenied where something must go first that
    was not there when the page was drawn."""
    with transaction.atomic():
        subscriptions = [place for place in places if isinstance(place, Subscription)]
        groups = [place for place in places if isinstance(place, ResourceGroup)]
        groups += ResourceGroup.objects.filter(subscription__in=subscriptions)
        if in_the_way := ResourceGroup.delete_all(groups, by):
            raise PermissionDenied(" ".join(in_the_way))
        for place in places:
            match place:
                case Registry():
                    place.delete_recorded(by)
                case Subscription():
                    place.delete()


class OnceOnly(DeletedRecorded):
    """What is typed when it is added stays: it is part of the resource id of every registry inside."""

    fixed: tuple[str, ...] = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.fixed if obj is not None else ()


@admin.register(Subscription)
class SubscriptionAdmin(OnceOnly):
    list_display = ("display_name", "subscription_id")
    search_fields = ("display_name", "subscription_id")
    ordering = ("display_name",)
    fields = ("subscription_id", "display_name")  # its providers are registered by the ARM API, which records it
    fixed = ("subscription_id",)


class ResourceGroupForm(forms.ModelForm):  # type: ignore[type-arg] # generic in the stubs only
    name = forms.CharField(validators=RegistryForm.base_fields["new_group"].validators)
    location = RegistryForm.base_fields["location"]


@admin.register(ResourceGroup)
class ResourceGroupAdmin(OnceOnly):
    form = ResourceGroupForm
    list_display = ("name", "subscription", "location")
    list_filter = ("subscription", "location")
    list_select_related = ("subscription",)
    search_fields = ("name", "subscription__display_name")
    ordering = (Lower("name"),)
    fixed = ("subscription", "name", "location")
    fields = ("subscription", "name", "location")

    @override
    def save_model(self, request: HttpRequest, obj: ResourceGroup, form: Any, change: bool) -> None:
        """Of one that is there already, nothing here can be changed."""
        if not change:
            obj.pk = ResourceGroup.create_recorded(**form.cleaned_data, origin=admin_origin(request)).pk


class AddRegistryForm(forms.ModelForm):  # type: ignore[type-arg] # generic in the stubs only
    """The fields of the portal's own page, so that they refuse in the same words."""

    resource_group = GroupChoice(
        ResourceGroup.objects.select_related("subscription").order_by("name"),
        error_messages={
            "required": "Choose a resource group.",
            "invalid_choice": "There is no such resource group any more. Choose another.",
        },
    )
    name = RegistryForm.base_fields["name"]
    location = RegistryForm.base_fields["location"]
    sku = RegistryForm.base_fields["sku"]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if Registry.objects.named(name).exists():
            raise forms.ValidationError(taken(name))
        return name


class ChangeRegistryForm(forms.ModelForm):  # type: ignore[type-arg] # generic in the stubs only
    """The tier: the one thing of a registry itself that can be changed."""

    sku = TierForm.base_fields["sku"]

    def clean_sku(self) -> str:
        """Refused with what must go first. The lock is held until the answer, so change_tier finds the same."""
        sku: str = self.cleaned_data["sku"]
        locked = Registry.objects.locked().filter(pk=self.instance.pk).first()
        if locked is None:
            raise forms.ValidationError(f"'{self.instance.name}' was deleted meanwhile.")
        if in_the_way := locked.in_the_way_of(sku):
            raise forms.ValidationError([f"'{locked.name}' can't become {sku} yet. Do this first:", *in_the_way])
        return sku


class PublicAccessFilter(admin.SimpleListFilter):
    title = "public network access"
    parameter_name = "public_access"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(key, look.text) for key, look in PUBLIC_ACCESS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(public_access=self.value()) if self.value() in PUBLIC_ACCESS else queryset


class ReplicationInline(LookOnly, admin.TabularInline):  # type: ignore[type-arg] # generic in the stubs only
    """Besides the home region. The portal and the ARM API make and delete them, each with its change record."""

    model = Replication
    fields = readonly_fields = ("region", "region_endpoint_enabled", "zone_redundancy", "created_at")
    extra = 0

    @admin.display(description="Location")
    def region(self, replication: Replication) -> str:
        return regions.display_name(replication.location)


@admin.register(Registry)
class RegistryAdmin(DeletedRecorded):
    list_display = ("name", "resource_group", "sku", "region", "networking", "rules", "changed_at")
    list_filter = ("sku", PublicAccessFilter, "location")
    list_select_related = ("resource_group__subscription",)
    search_fields = ("name", "resource_group__name")
    show_full_result_count = False
    ordering = (Lower("name"),)
    add_fields = ("resource_group", "name", "location", "sku")
    change_fields = (
        "name", "sku", "networking", "resource_id", "login_server", "region", "tags", "created_at", "created_by",
    )  # fmt: skip

    @admin.display(description="Location", ordering="location")
    def region(self, registry: Registry) -> str:
        return regions.display_name(registry.location)

    @admin.display(description="Networking", ordering="public_access")
    def networking(self, registry: Registry) -> str:
        """What it is, leading to where it is changed; the settings are upstairs and known here by address only."""
        where = reverse("admin:networking_endpointsettings_change", args=[registry.pk])
        return format_html('<a href="{}">{}</a>', where, PUBLIC_ACCESS[registry.public_access].text)

    @admin.display(description="Address ranges", ordering="rule_count")
    def rules(self, registry: Registry) -> int:
        return registry.rule_count

    def view_on_site(self, registry: Registry) -> str:
        return reverse("registry-overview", args=[registry.name])

    def get_inlines(self, request: HttpRequest, obj: Registry | None = None) -> tuple[type[ReplicationInline], ...]:
        return (ReplicationInline,) if obj is not None else ()

    def get_fields(self, request: HttpRequest, obj: Registry | None = None) -> tuple[str, ...]:
        return self.change_fields if obj is not None else self.add_fields

    def get_readonly_fields(self, request: HttpRequest, obj: Registry | None = None) -> tuple[str, ...]:
        return tuple(field for field in self.change_fields if field != "sku") if obj is not None else ()

    def get_form(self, request: HttpRequest, obj: Registry | None = None, **kwargs: Any) -> Any:  # type: ignore[override]
        return super().get_form(request, obj, **kwargs, form=ChangeRegistryForm if obj else AddRegistryForm)

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().add_view(request, *args, **kwargs)
        except IntegrityError:
            # Somebody took the name between the look and the writing. Asked again, the form says so itself.
            return super().add_view(request, *args, **kwargs)

    @override
    def save_model(self, request: HttpRequest, obj: Registry, form: Any, change: bool) -> None:
        if change:
            obj.change_tier(form.cleaned_data["sku"], admin_origin(request))
        else:
            made = Registry.create_recorded(**form.cleaned_data, origin=admin_origin(request))
            obj.pk = made.pk
