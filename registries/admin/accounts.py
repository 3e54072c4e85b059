"""Accounts and their roles. Nobody can give, or take over, more than they have themselves."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from registries.models import TRUSTED_GROUP, Account

ROLES_HELP = "What the account may do, here and on every other page. Give it one role."
TRUSTED_HELP = (
    "who is in it passes the firewall of every registry that lets trusted services in, from anywhere, where GATE_ORDER "
    "is CHALLENGE-FIRST."
)
STAFF_HELP = "May open this administration. What the account may do here is its role's."


@admin.register(Account)
class AccountAdmin(UserAdmin):  # type: ignore[type-arg] # generic in the stubs only
    list_display = ("username", "roles", "is_staff", "is_active", "last_login")
    list_filter = ("groups", "is_staff", "is_active", "is_superuser")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Personal info", {"fields": ("first_name", "last_name", "email")}),
        ("What it may do", {"fields": ("is_active", "is_staff", "groups")}),
        ("Important dates", {"fields": ("last_login", "date_joined")}),
    )
    superuser_fieldset = ("Beyond the roles", {"fields": ("is_superuser", "user_permissions")})
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("username", "usable_password", "password1", "password2", "groups", "is_staff"),
            },
        ),
    )
    filter_horizontal = ("user_permissions",)
    readonly_fields = ("last_login", "date_joined")

    @admin.display(description="Role")
    def roles(self, account: Account) -> str:
        return ", ".join(sorted(group.name for group in account.groups.all())) or "No role"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        return super().get_queryset(request).filter(service_principal=False).prefetch_related("groups")

    def get_fieldsets(self, request: HttpRequest, obj: Account | None = None) -> Any:
        shown = super().get_fieldsets(request, obj)
        return (*shown, self.superuser_fieldset) if obj is not None and asking(request).is_superuser else shown

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> forms.Field | None:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.name == "is_staff":
            field.help_text = STAFF_HELP
        return field

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "groups":
            kwargs["queryset"] = groups_within(asking(request)).order_by("name")
            kwargs["widget"] = forms.CheckboxSelectMultiple()
            kwargs["label"] = "Role"
            kwargs["help_text"] = f"{ROLES_HELP} {TRUSTED_GROUP} is no role: {TRUSTED_HELP}"
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Account | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and has_more(obj, asking(request)))

    def has_delete_permission(self, request: HttpRequest, obj: Account | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and has_more(obj, asking(request)))


def asking(request: HttpRequest) -> Account:
    return cast("Account", request.user)  # nobody else comes in


def groups_within(account: Account) -> QuerySet[Group]:
    """The groups that hold nothing but what the account may do itself: for an Owner, the three roles and
    the group of trusted services."""
    if account.is_superuser:
        return Group.objects.all()
    return Group.objects.exclude(permissions__in=_beyond(account))


def has_more(other: Account, account: Account) -> bool:
    """`other` may do something that `account` may not, or could if it were active again."""
    if account.is_superuser:
        return False
    return other.is_superuser or _beyond(account).filter(Q(user=other) | Q(group__user=other)).exists()


def _beyond(account: Account) -> QuerySet[Permission]:
    """Every permission that the account does not have."""
    return Permission.objects.exclude(Q(user=account) | Q(group__user=account))
