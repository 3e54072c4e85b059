"""What people type on the pages of the ground floor, and the sentences that refuse it. Nothing here writes."""

import re
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.core.validators import RegexValidator

from registries import regions
from registries.credentials import PEOPLE, BusyError, account_of
from registries.models import NAME_RULE, TIERS, Account, Registry, ResourceGroup, Subscription
from registries.resource_id import GROUP_NAME

DEFAULT_SUBSCRIPTION = "Default subscription"  # made with the first registry where there is none

LOCATIONS = sorted(regions.DISPLAY_NAMES.items(), key=lambda region: region[1])


def text_box(**attrs: str) -> forms.TextInput:
    return forms.TextInput({"class": "text", "autocomplete": "off", "spellcheck": "false", **attrs})


def select_box() -> forms.Select:
    return forms.Select({"class": "text"})


def full_match(rule: re.Pattern[str], sentence: str) -> RegexValidator:
    return RegexValidator(re.compile(rf"\A(?:{rule.pattern})\Z", rule.flags), sentence)


class SignInForm(AuthenticationForm):
    again_in: int | None = None  # seconds until a password is looked at again, where this one was not

    error_messages = {  # noqa: RUF012 - as the parent class has it
        **AuthenticationForm.error_messages,
        "invalid_login": "The user name and password don't match. Check both, upper and lower case included.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "User name"
        self.fields["username"].error_messages["required"] = "Type your user name."
        self.fields["password"].error_messages["required"] = "Type your password."
        for field in self.fields.values():
            field.widget.attrs["class"] = "text"
        if self.is_bound:  # what is wrong has the focus then
            del self.fields["username"].widget.attrs["autofocus"]

    def clean(self) -> dict[str, Any]:
        """By the one rule on guesses. A program's account opens no page, and whoever tries learns no more than with a
        wrong password."""
        username, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if username and password:
            try:
                self.user_cache = self._account(username, password)
            except BusyError as busy:
                self.again_in = busy.again_in
                raise forms.ValidationError(busy.sentence) from None
            if self.user_cache is None:
                raise self.get_invalid_login_error()
        return self.cleaned_data

    def _account(self, username: str, password: str) -> Account | None:
        caller = str(self.request.client_address)  # type: ignore[union-attr] # the middleware has put it there
        return account_of(username, password, caller=caller, only=PEOPLE, renews=True, patient=True)


class GroupChoice(forms.ModelChoiceField):  # type: ignore[type-arg] # generic in the stubs only
    def label_from_instance(self, obj: ResourceGroup) -> str:
        return f"{obj.name} ({obj.subscription.display_name})"


PUBLIC, PRIVATE = "public", "private"
CONNECTIVITY = {PUBLIC: "Public access (all networks)", PRIVATE: "Private access (Recommended)"}


class RegistryForm(forms.Form):
    """Every step of the wizard. Valid, it knows the subscription and the group, or that they are to be made."""

    subscription = forms.ModelChoiceField(
        Subscription.objects.order_by("display_name"),
        to_field_name="subscription_id",
        empty_label=None,
        widget=select_box(),
        error_messages={
            "required": "Choose a subscription.",
            "invalid_choice": "There is no such subscription. Choose another.",
        },
    )
    resource_group = GroupChoice(
        ResourceGroup.objects.select_related("subscription").order_by("name"),
        required=False,
        empty_label="Choose an existing group",
        widget=select_box(),
        error_messages={"invalid_choice": "There is no such resource group any more. Choose another."},
    )
    new_group = forms.CharField(
        label="Or create a new group",
        required=False,
        help_text="Letters, digits and - _ . ( ). A name typed here is used instead of the group above.",
        widget=text_box(),
        validators=[
            full_match(
                GROUP_NAME,
                "A resource group's name has 1 to 90 letters, digits or - _ . ( ) and doesn't end in a period.",
            )
        ],
    )
    name = forms.CharField(
        label="Registry name",
        widget=text_box(autocapitalize="none"),
        validators=[full_match(NAME_RULE, "A registry's name has 5 to 50 letters or digits and nothing else.")],
        error_messages={"required": "Type a name for the registry."},
    )
    location = forms.ChoiceField(
        choices=LOCATIONS,
        initial="eastus",
        widget=select_box(),
        error_messages={
            "required": "Choose a location.",
            "invalid_choice": "There is no such location. Choose another.",
        },
    )
    sku = forms.ChoiceField(
        label="Service tier",
        choices=[(tier, tier) for tier in TIERS],
        initial="Premium",
        widget=forms.RadioSelect,
        help_text="IP rules, private endpoints and dedicated data endpoints need Premium.",
        error_messages={
            "required": "Choose a service tier.",
            "invalid_choice": "Choose Basic, Standard or Premium.",
        },
    )
    connectivity = forms.ChoiceField(
        label="Connectivity configuration",
        choices=list(CONNECTIVITY.items()),
        initial=PUBLIC,
        required=False,  # left out, it is the first
        widget=forms.RadioSelect,
        help_text="Private access needs the Premium tier. The registry begins with public network access disabled, and "
        "its Private access page is where you create a private endpoint connection next.",
        error_messages={"invalid_choice": "Choose public access or private access."},
    )

    def __init__(self, data: Any = None, *, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        if not Subscription.objects.exists():
            self.fields["subscription"].required = False
            self.fields["subscription"].widget.choices = [("", f"{DEFAULT_SUBSCRIPTION} (created with the registry)")]
        name = str((data or initial or {}).get("name", "")).strip().lower()
        host = name if NAME_RULE.fullmatch(name) else "<name>"
        self.fields["name"].help_text = f"{host}.{settings.LOGIN_SERVER_SUFFIX} · 5–50 letters or digits"

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if Registry.objects.named(name).exists():
            raise forms.ValidationError(taken(name))
        return name

    def clean_connectivity(self) -> str:
        chosen: str = self.cleaned_data["connectivity"] or PUBLIC
        tier = self.cleaned_data.get("sku", "Premium")
        if chosen == PRIVATE and tier != "Premium":
            raise forms.ValidationError(
                f"Private access needs the Premium tier, and {tier} is chosen. Choose public access, or Premium."
            )
        return chosen

    @property
    def is_private(self) -> bool:
        """Of a valid form: private access was chosen."""
        return bool(self.cleaned_data["connectivity"] == PRIVATE)

    def clean(self) -> None:
        """Find the group that a new name already means, and refuse a group of another subscription."""
        subscription, group = self.cleaned_data.get("subscription"), self.cleaned_data.get("resource_group")
        new = self.cleaned_data.get("new_group")
        if new:
            group = ResourceGroup.objects.filter(subscription=subscription).named(new).first()
            self.cleaned_data["resource_group"] = group
        elif group is None and not self.has_error("resource_group") and not self.has_error("new_group"):
            self.add_error("resource_group", "Choose a resource group, or type a name for a new one.")
        elif group and subscription and group.subscription != subscription:
            self.add_error(
                "resource_group",
                f"{group.name} is in the subscription {group.subscription}. Choose that one, or another group.",
            )


class TierForm(forms.Form):
    sku = forms.ChoiceField(
        label="Service tier",
        choices=[(tier, tier) for tier in TIERS],
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose Basic, Standard or Premium.",
            "invalid_choice": "Choose Basic, Standard or Premium.",
        },
    )


class DeleteForm(forms.Form):
    """The name of what is to be deleted, typed by hand, in any letter case as ARM compares names."""

    confirm = forms.CharField(required=False, widget=text_box(autocapitalize="none"))

    def __init__(self, data: Any = None, *, name: str) -> None:
        super().__init__(data)
        self.name = name
        self.fields["confirm"].label = f"Type {name} to confirm"

    def clean_confirm(self) -> str:
        typed: str = self.cleaned_data["confirm"]
        if typed.lower() != self.name.lower():
            raise forms.ValidationError(f"Type {self.name} to delete it.")
        return typed


def taken(name: str) -> str:
    return f"The registry {name} is already in use."
