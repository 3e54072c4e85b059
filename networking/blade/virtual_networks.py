"""Virtual networks: the list, a new one, and one with its subnets and their service endpoints."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from networking.access.problems import Code, Problem
from networking.blade.http import BladeRequest
from networking.blade.network_lines import NetworkLine, registries_naming, subnet_lines, whole
from networking.blade.virtual_network_forms import NetworkForm, SubnetForm
from networking.models import Subnet, VirtualNetwork
from networking.virtual_networks import create_network, create_subnet, delete_network, delete_subnet, vouch
from registries import regions
from registries.http import notify, origin, require, see_other
from registries.models import CHANGE, CREATE, DELETE, VIEW, ResourceGroup
from registries.resource_id import PROVIDER

LINES = 50  # on a page
UPDATED = "Virtual network updated"


@never_cache
@require_safe
def virtual_networks(request: BladeRequest) -> HttpResponse:
    require(request, VIEW)
    networks = whole().order_by("name", "pk")
    page = Paginator(networks, LINES).get_page(request.GET.get("page", ""))
    context = {
        "page_of_networks": page,
        "lines": [NetworkLine.of(each) for each in page],
        "may_create": request.user.may(CREATE),
    }
    return render(request, "networking/virtual_networks.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def create_virtual_network(request: BladeRequest) -> HttpResponse:
    """A network with one subnet; made, its own page."""
    require(request, CREATE)
    form = NetworkForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            made = create_network(form.resource_group, form.cleaned_data["name"], form.body, origin(request))
        except ResourceGroup.DoesNotExist:
            made = Problem(Code.INVALID_PROPERTY, "The resource group was deleted meanwhile. Choose another.")
        if isinstance(made, VirtualNetwork):
            notify(request, "success", "Virtual network created", f"Created '{made.name}'.")
            return see_other(*_place(made))
        form.add_error(form.placed.get(made.code), made.message)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "networking/virtual_network_create.html", {"form": form}, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def virtual_network(request: BladeRequest, subscription: UUID, group: str, name: str) -> HttpResponse:
    """One network. Its buttons act at once, each on its own."""
    require(request, VIEW)
    network = _network_or_404(subscription, group, name)
    if request.method != "POST":
        return _page(request, network)
    op = request.POST.get("op", "")
    require(request, DELETE if op.startswith("delete") else CHANGE)
    try:
        match op:
            case "add-subnet":
                return _add_subnet(request, network)
            case "endpoint-on" | "endpoint-off":
                return _switch(request, network, wanted=op == "endpoint-on")
            case "delete-subnet":
                return _delete_subnet(request, network)
            case "delete":
                return _delete(request, network)
            case _:
                return _page(request, network, refused="Choose a button of the page; nothing was changed.")
    except (VirtualNetwork.DoesNotExist, Subnet.DoesNotExist):
        raise Http404(f"'{network.name}', or the subnet, was deleted meanwhile.") from None


def _add_subnet(request: BladeRequest, network: VirtualNetwork) -> HttpResponse:
    form = SubnetForm(request.POST)
    if not form.is_valid():
        return _page(request, network, form=form)
    made = create_subnet(network, form.subnet_body, origin(request))
    if isinstance(made, Problem):
        form.add_error(form.placed.get(made.code), made.message)
        return _page(request, network, form=form)
    notify(request, "success", UPDATED, f"Added the subnet '{made.name}' to '{network.name}'.")
    return see_other(*_place(network))


def _switch(request: BladeRequest, network: VirtualNetwork, *, wanted: bool) -> HttpResponse:
    subnet = _subnet(request, network)
    switched = "on" if wanted else "off"
    if not vouch(subnet, PROVIDER, origin(request), wanted=wanted):
        notify(request, "info", "Nothing changed", f"The service endpoint of '{subnet.name}' is {switched} already.")
        return see_other(*_place(network))
    told = f"The service endpoint of '{subnet.name}' is {switched} now."
    if not wanted and (names := registries_naming(subnet)):
        told += f" Rules of {', '.join(names)} still name the subnet, and in Azure they let nobody in any more."
    notify(request, "success", UPDATED, told)
    return see_other(*_place(network))


def _delete_subnet(request: BladeRequest, network: VirtualNetwork) -> HttpResponse:
    subnet = _subnet(request, network)
    if refused := delete_subnet(subnet, origin(request)):
        return _page(request, network, refused=refused.message)
    notify(request, "success", UPDATED, f"Deleted the subnet '{subnet.name}' of '{network.name}'.")
    return see_other(*_place(network))


def _delete(request: BladeRequest, network: VirtualNetwork) -> HttpResponse:
    if refused := delete_network(network, origin(request)):
        return _page(request, network, refused=refused.message)
    notify(request, "success", "Virtual network deleted", f"Deleted '{network.name}' with its subnets.")
    return see_other("virtual-networks")


def _page(
    request: BladeRequest, network: VirtualNetwork, *, form: SubnetForm | None = None, refused: str = ""
) -> HttpResponse:
    """`form` is one that was refused, `refused` why a button did nothing."""
    group = network.resource_group
    context: dict[str, Any] = {
        "network": network,
        "group": group,
        "location": regions.display_name(network.location),
        "subnets": subnet_lines(network),
        "form": form or SubnetForm(),
        "refused": refused,
        "registered": PROVIDER.lower() in (each.lower() for each in group.subscription.providers),
        "provider": PROVIDER,
        "may_change": request.user.may(CHANGE),
        "may_delete": request.user.may(DELETE),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form or refused else HTTPStatus.OK
    return render(request, "networking/virtual_network.html", context, status=status)


def _network_or_404(subscription: UUID, group: str, name: str) -> VirtualNetwork:
    """In any letter case."""
    networks = VirtualNetwork.objects.select_related("resource_group__subscription").named(name)
    found = networks.filter(resource_group__in=ResourceGroup.objects.at(subscription, group)).first()
    if found is None:
        raise Http404(f"There is no virtual network named '{name[:80]}' in that group. It may have been deleted.")
    return found


def _subnet(request: BladeRequest, network: VirtualNetwork) -> Subnet:
    """The one that a button is about. Subnet.DoesNotExist for any that is none of the network's."""
    number = request.POST.get("subnet_number", "")
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        raise Subnet.DoesNotExist
    subnet = network.subnets.get(pk=int(number))
    subnet.virtual_network = network
    return subnet


def _place(network: VirtualNetwork) -> tuple[str, UUID, str, str]:
    """The address of its page, as reverse() takes it."""
    group = network.resource_group
    return "virtual-network", group.subscription.subscription_id, group.name, network.name
