"""Accounts of programs. Their secret is shown once, on the page that makes it, and nowhere kept but as a hash."""

from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.cache import add_never_cache_headers

from registries import signing
from registries.admin.accounts import ROLES_HELP, TRUSTED_HELP, asking, groups_within, has_more
from registries.models import TRUSTED_GROUP, Account, ServicePrincipal
from registries.service_principals import ROLES, Credentials, create, problem_with, renew


class ServicePrincipalForm(forms.ModelForm):  # type: ignore[type-arg] # generic in the stubs only
    asking: ClassVar[Account]
    role = forms.ModelChoiceField(
        Group.objects.none(), to_field_name="name", widget=forms.RadioSelect, empty_label=None, help_text=ROLES_HELP
    )
    trusted = forms.BooleanField(
        label="Trusted service", required=False, help_text=f"In the group {TRUSTED_GROUP}: {TRUSTED_HELP}"
    )

    class Meta:
        model = ServicePrincipal
        fields = ("first_name", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role = cast("forms.ModelChoiceField[Group]", self.fields["role"])
        role.queryset = groups_within(self.asking).filter(name__in=ROLES).order_by("name")
        self.fields["first_name"].label = "Name"
        self.fields["first_name"].help_text = "What people call it, like the pipeline that uses it."
        self.fields["first_name"].required = True
        held = set(self.instance.groups.values_list("name", flat=True)) if self.instance.pk else set()
        self.initial["role"] = next((role for role in ROLES if role in held), None)
        self.initial["trusted"] = TRUSTED_GROUP in held
        self.fields["trusted"].disabled = not groups_within(self.asking).filter(name=TRUSTED_GROUP).exists()

    def clean_first_name(self) -> str:
        name = " ".join(self.cleaned_data["first_name"].split())
        if problem := problem_with(name):
            raise forms.ValidationError(problem)
        return name


@admin.register(ServicePrincipal)
class ServicePrincipalAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # generic in the stubs only
    list_display = ("name", "username", "roles", "is_active", "date_joined")
    list_filter = ("groups", "is_active")
    search_fields = ("first_name", "username")
    ordering = ("first_name", "pk")
    actions = ("new_secret",)
    fields = ("first_name", "username", "role", "trusted", "is_active", "date_joined")
    readonly_fields = ("username", "date_joined")

    @admin.display(description="Name", ordering="first_name")
    def name(self, account: Account) -> str:
        return account.first_name or account.username

    @admin.display(description="Role")
    def roles(self, account: Account) -> str:
        return ", ".join(sorted(group.name for group in account.groups.all())) or "No role"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        return super().get_queryset(request).filter(service_principal=True).prefetch_related("groups")

    def get_fields(self, request: HttpRequest, obj: Account | None = None) -> Any:
        return self.fields if obj is not None else ("first_name", "role", "trusted")

    def get_form(self, request: HttpRequest, obj: Account | None = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002 - as Django calls it
        kwargs["form"] = type("Form", (ServicePrincipalForm,), {"asking": asking(request)})
        shown = ("first_name", "is_active") if obj is not None else ("first_name",)
        return super().get_form(request, obj, change=change, **{**kwargs, "fields": shown})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001 - as Django calls it
        role, trusted = form.cleaned_data["role"], form.cleaned_data["trusted"]
        if change:
            super().save_model(request, obj, form, change)
        else:
            obj.credentials = create(form.cleaned_data["first_name"], role.name)
            obj.pk = ServicePrincipal.objects.get(username=obj.credentials.client_id).pk
            obj.refresh_from_db()
        others = obj.groups.exclude(name__in=(*ROLES, TRUSTED_GROUP))
        obj.groups.set([role, *others, *Group.objects.filter(name__in=[TRUSTED_GROUP] if trusted else [])])

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return self._shown_once(request, obj, obj.credentials)

    @admin.action(description="New secret for the selected service principal", permissions=["change"])
    def new_secret(self, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse | None:
        accounts = list(chosen[:2])
        if len(accounts) != 1 or not self.has_change_permission(request, accounts[0]):
            self.message_user(request, "Select one service principal, which you may change.", messages.ERROR)
            return None
        self.log_change(request, accounts[0], "Gave it a new secret.")
        return self._shown_once(request, accounts[0], renew(accounts[0]))

    def _shown_once(self, request: HttpRequest, account: Account, made: Credentials) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"The secret of {account.first_name or account.username}",
            "account": account,
            "made": made,
            "tenant": signing.tenant_id(),
        }
        response = TemplateResponse(request, "admin/registries/serviceprincipal/secret.html", context)
        add_never_cache_headers(response)
        return response

    # Whoever may do it with an account may do it with this one; nobody takes over, or gives, more than they have.

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Account | None = None) -> bool:
        return asking(request).has_perm("registries.view_account")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return asking(request).has_perm("registries.add_account")

    def has_change_permission(self, request: HttpRequest, obj: Account | None = None) -> bool:
        account = asking(request)
        return account.has_perm("registries.change_account") and not (obj and has_more(obj, account))

    def has_delete_permission(self, request: HttpRequest, obj: Account | None = None) -> bool:
        account = asking(request)
        return account.has_perm("registries.delete_account") and not (obj and has_more(obj, account))
