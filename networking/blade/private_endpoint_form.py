"""The form of a new private endpoint connection: where the endpoint stands, and how it asks."""

from collections.abc import Mapping
from typing import Any

from django import forms

from networking.access.policy import line_problem
from networking.arm.endpoint_body import MAX_MESSAGE, EndpointBody, Link
from networking.models import Subnet, VirtualNetwork
from networking.network_refusals import MAX_NAME, name_problem
from registries import regions
from registries.models import Registry, ResourceGroup

YES, NO = "yes", "no"
AT_ONCE, ASK = "approved", "ask"


def _missing(required: str, invalid: str) -> dict[str, str]:
    return {"required": required, "invalid_choice": invalid}


class PlacedSelect(forms.Select):
    """A list whose entries say in `data-within` what they are in: the script leaves out those of other places."""

    def __init__(self, within: Mapping[str, str] | None = None) -> None:
        super().__init__({"class": "text"})
        self.within = within or {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        if place := self.within.get(str(value)):
            option["attrs"]["data-within"] = place
        return option


class PrivateEndpointForm(forms.Form):
    """Valid, it knows the group, the subnet, and the body that `create_endpoint` takes. Three queries for its lists."""

    name = forms.CharField(
        max_length=MAX_NAME,
        help_text="The resource's own name. It also names the connection it asks for.",
        widget=forms.TextInput(
            {"class": "text", "autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
        ),
        error_messages={
            "required": "Type a name for the private endpoint.",
            "max_length": f"A private endpoint's name has at most {MAX_NAME} characters.",
        },
    )
    group = forms.ChoiceField(
        label="Resource group",
        widget=PlacedSelect(),
        error_messages=_missing(
            "Choose a resource group.", "There is no such resource group any more. Choose another."
        ),
    )
    region = forms.ChoiceField(
        help_text="That of the virtual network. The registry may be in another region.",
        widget=PlacedSelect(),
        error_messages=_missing("Choose a region.", "There is no virtual network in that region. Choose another."),
    )
    network = forms.ChoiceField(
        label="Virtual network",
        widget=PlacedSelect(),
        error_messages=_missing(
            "Choose a virtual network.", "There is no such virtual network any more. Choose another."
        ),
    )
    subnet = forms.ChoiceField(
        widget=PlacedSelect(),
        error_messages=_missing("Choose a subnet.", "There is no such subnet any more. Choose another."),
    )
    private_dns = forms.ChoiceField(
        label="Integrate with private DNS zone",
        choices=[(YES, "Yes"), (NO, "No")],
        initial=YES,
        widget=forms.RadioSelect,
        error_messages=_missing("Choose Yes or No.", "Choose Yes or No."),
    )
    approval = forms.ChoiceField(
        choices=[(AT_ONCE, "Approve at once"), (ASK, "Ask for approval")],
        initial=AT_ONCE,
        widget=forms.RadioSelect,
        help_text="You may change this registry, so you can approve your own connection.",
        error_messages=_missing("Choose how to connect.", "Choose Approve at once or Ask for approval."),
    )
    message = forms.CharField(
        label="Request message",
        required=False,
        help_text="For the registry's owner, where you ask for approval.",
        widget=forms.TextInput({"class": "text", "autocomplete": "off", "maxlength": MAX_MESSAGE}),
    )

    def __init__(self, registry: Registry, data: Any = None) -> None:
        self.registry = registry
        self.groups = {
            str(each.pk): each for each in ResourceGroup.objects.select_related("subscription").order_by("name", "pk")
        }
        networks = VirtualNetwork.objects.select_related("resource_group__subscription").prefetch_related("subnets")
        self.networks = {str(each.pk): each for each in networks.order_by("name", "pk")}
        self.subnets: dict[str, Subnet] = {}
        for network in self.networks.values():
            for subnet in network.subnets.all():
                subnet.virtual_network = network
                self.subnets[str(subnet.pk)] = subnet
        places = {network.location for network in self.networks.values()}
        initial = {"group": str(registry.resource_group_id), "region": registry.location}
        if len(places) == 1:
            initial["region"] = next(iter(places))
        super().__init__(data, initial=initial)
        self._offer(places)

    def _offer(self, places: set[str]) -> None:
        self._choices("group", [(key, f"{each.name} ({each.subscription})") for key, each in self.groups.items()])
        spelled = sorted((regions.display_name(place), place) for place in places)
        self._choices("region", [("", "Choose a region"), *((place, text) for text, place in spelled)])
        self._choices(
            "network",
            [("", "Choose a virtual network"), *((key, _spelled(each)) for key, each in self.networks.items())],
            {key: each.location for key, each in self.networks.items()},
        )
        by_network: dict[str, list[tuple[str, str]]] = {}
        for key, subnet in self.subnets.items():
            text = f"{subnet.name} ({', '.join(subnet.address_prefixes)})"
            by_network.setdefault(_spelled(subnet.virtual_network), []).append((key, text))
        self._choices(
            "subnet",
            [("", "Choose a subnet"), *by_network.items()],
            {key: str(each.virtual_network_id) for key, each in self.subnets.items()},
        )

    def _choices(self, name: str, choices: list[Any], within: Mapping[str, str] | None = None) -> None:
        field = self.fields[name]
        if not isinstance(field, forms.ChoiceField):
            raise TypeError(f"{name} is no list.")
        field.widget = PlacedSelect(within)
        field.choices = choices

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if problem := name_problem(name):
            raise forms.ValidationError(problem.message)
        return name

    def clean_message(self) -> str:
        message: str = self.cleaned_data["message"]
        if problem := line_problem("request message", message, MAX_MESSAGE):
            raise forms.ValidationError(problem.message)
        return message

    def clean(self) -> None:
        """A subnet of that network, and a network of that region."""
        network = self.networks.get(self.cleaned_data.get("network", ""))
        subnet = self.subnets.get(self.cleaned_data.get("subnet", ""))
        region = self.cleaned_data.get("region")
        if network and region and network.location != region:
            where = regions.display_name(network.location)
            self.add_error("region", f"'{network.name}' is in {where}, and an endpoint stands in its network's region.")
        if network and subnet and subnet.virtual_network_id != network.pk:
            other = subnet.virtual_network.name
            self.add_error("subnet", f"'{subnet.name}' is a subnet of '{other}'. Choose one of '{network.name}'.")

    @property
    def resource_group(self) -> ResourceGroup:
        return self.groups[self.cleaned_data["group"]]

    @property
    def wants_private_dns(self) -> bool:
        return bool(self.cleaned_data["private_dns"] == YES)

    @property
    def body(self) -> EndpointBody:
        asks = self.cleaned_data["approval"] == ASK
        return EndpointBody(
            location=self.cleaned_data["region"],
            subnet=self.subnets[self.cleaned_data["subnet"]].resource_id,
            link=Link(
                self.cleaned_data["name"],
                str(self.registry.resource_id),
                manual=asks,
                message=self.cleaned_data["message"] if asks else "",
            ),
        )


def _spelled(network: VirtualNetwork) -> str:
    return f"{network.name} ({regions.display_name(network.location)}, {network.resource_group.name})"
