"""What is typed to make a virtual network or a subnet. The verbs judge the addresses; here is what is missing."""

from typing import Any

from django import forms

from networking.access.problems import Code
from networking.arm.network_body import NetworkBody, SubnetBody
from networking.network_refusals import MAX_NAME, name_problem
from registries import regions
from registries.models import ResourceGroup
from registries.resource_id import PROVIDER

LOCATIONS = sorted(regions.DISPLAY_NAMES.items(), key=lambda region: region[1])
PREFIX_LENGTH = 64


def _text(**attrs: str) -> forms.TextInput:
    return forms.TextInput(
        {"class": "text", "autocomplete": "off", "spellcheck": "false", "autocapitalize": "none", **attrs}
    )


def _name(required: str, **more: Any) -> forms.CharField:
    too_long = f"A name of a virtual network or a subnet has at most {MAX_NAME} characters."
    return forms.CharField(
        max_length=MAX_NAME,
        widget=_text(),
        error_messages={"required": required, "max_length": too_long},
        **more,
    )


def _prefix(required: str, **more: Any) -> forms.CharField:
    return forms.CharField(
        max_length=PREFIX_LENGTH,
        widget=_text(inputmode="decimal"),
        error_messages={"required": required, "max_length": f"A prefix has at most {PREFIX_LENGTH} characters."},
        **more,
    )


class SubnetForm(forms.Form):
    """A subnet of a network that is there."""

    subnet = _name("Type a name for the subnet.", label="Subnet name")
    subnet_prefix = _prefix("Type the subnet's address prefix.", label="Subnet prefix")
    service_endpoint = forms.BooleanField(
        label=f"Service endpoint for {PROVIDER}",
        required=False,
        help_text="Registries see which subnet a virtual machine or an AKS cluster comes from, and a rule can name it.",
    )

    # Which field a refusal of the verbs is about; the others are about the form as a whole.
    placed = {  # noqa: RUF012
        Code.INVALID_RESOURCE_NAME: "subnet",
        Code.INVALID_ADDRESS_PREFIX: "subnet_prefix",
        Code.INVALID_CIDR_NOTATION: "subnet_prefix",
        Code.SUBNET_OUTSIDE_NETWORK: "subnet_prefix",
        Code.SUBNETS_OVERLAP: "subnet_prefix",
        Code.INVALID_SUBNET: "subnet_prefix",
    }

    def clean_subnet(self) -> str:
        return _checked(self.cleaned_data["subnet"])

    @property
    def subnet_body(self) -> SubnetBody:
        services = (PROVIDER,) if self.cleaned_data["service_endpoint"] else ()
        return SubnetBody(self.cleaned_data["subnet"], (self.cleaned_data["subnet_prefix"],), services)


class NetworkForm(SubnetForm):
    """A new network with its first subnet. One query for the groups to choose from."""

    placed = {**SubnetForm.placed, Code.INVALID_RESOURCE_NAME: "name"}  # noqa: RUF012

    group = forms.ChoiceField(
        label="Resource group",
        widget=forms.Select({"class": "text"}),
        error_messages={
            "required": "Choose a resource group.",
            "invalid_choice": "There is no such resource group any more. Choose another.",
        },
    )
    name = _name("Type a name for the virtual network.")
    location = forms.ChoiceField(
        label="Region",
        choices=LOCATIONS,
        initial="eastus",
        widget=forms.Select({"class": "text"}),
        error_messages={"required": "Choose a region.", "invalid_choice": "There is no such region. Choose another."},
    )
    space = _prefix(
        "Type the network's address space.",
        label="Address space",
        initial="10.0.0.0/16",
        help_text="In CIDR notation. Subnets lie within it.",
    )

    field_order = ("group", "name", "location", "space", "subnet", "subnet_prefix", "service_endpoint")

    def __init__(self, data: Any = None) -> None:
        groups = ResourceGroup.objects.select_related("subscription").order_by("name", "pk")
        self.groups = {str(each.pk): each for each in groups}
        super().__init__(data, initial={"subnet": "default", "subnet_prefix": "10.0.0.0/24"})
        choices = self.fields["group"]
        if not isinstance(choices, forms.ChoiceField):
            raise TypeError("group is no list.")
        choices.choices = [(key, f"{each.name} ({each.subscription})") for key, each in self.groups.items()]

    def clean_name(self) -> str:
        return _checked(self.cleaned_data["name"])

    @property
    def resource_group(self) -> ResourceGroup:
        return self.groups[self.cleaned_data["group"]]

    @property
    def body(self) -> NetworkBody:
        space = (self.cleaned_data["space"],)
        return NetworkBody(self.cleaned_data["location"], space, subnets=(self.subnet_body,))


def _checked(name: str) -> str:
    if problem := name_problem(name):
        raise forms.ValidationError(problem.message)
    return name
