"""The networks of the demonstration: that of document 000, one in a subscription that has yet to register, and one with
private endpoints of a disabled registry."""

import json
from pathlib import Path
from typing import Any

from networking.access.problems import Problem
from networking.arm.endpoint_body import read_endpoint
from networking.arm.network_body import NetworkBody, read_network
from networking.models import PrivateEndpoint, VirtualNetwork
from networking.private_endpoints import create_endpoint, delete_endpoint
from networking.virtual_networks import delete_network, put_network
from registries.demonstration import DEMONSTRATION_ACCOUNTS
from registries.models import Account, Origin, ResourceGroup, Subscription

HERE = Path(__file__).parent
NETWORKS = ("myDockerVMVNET", "contosoVNET", "contosoArchiveVNET")
# "az provider register" of document 000 has something to do here: no rule can name a subnet of it before.
UNREGISTERED = "b3c1e7d2-4f86-4d0a-9e25-6a7f1c8d0b43"
UNREGISTERED_NAME = "Demonstration networks"
REGISTERED = ["Microsoft.Network"]


def restored_networks(origin: Origin, *, reset: bool) -> list[str]:
    """Make the second subscription and the networks, once; with `reset`, make them anew. Says what was done.

    The subscription, which is made with them, tells that they were there."""
    subscription, is_first = Subscription.objects.get_or_create(
        subscription_id=UNREGISTERED, defaults={"display_name": UNREGISTERED_NAME, "providers": REGISTERED}
    )
    if reset:
        subscription.display_name, subscription.providers = UNREGISTERED_NAME, REGISTERED
        subscription.save()
    done = [_restored(name, origin, make=is_first or reset, reset=reset) for name in NETWORKS]
    return done + (_made_endpoints(origin) if is_first or reset else [])


def _restored(name: str, origin: Origin, *, make: bool, reset: bool) -> str:
    document = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    body, group = _body(document, name), _group(document)
    found = VirtualNetwork.objects.filter(resource_group=group).named(name).first()
    if found is not None and not reset:
        return f"Kept '{found.name}' as it is."
    if not make:
        return f"Left '{name}' deleted; demo --reset brings it back."
    if found is not None:
        for endpoint in PrivateEndpoint.objects.filter(subnet__virtual_network=found).order_by("pk"):
            delete_endpoint(endpoint, origin)
        delete_network(found, origin)
    group = group or _made_group(document, origin)
    if isinstance(made := put_network(group, name, body, origin), Problem):
        raise ValueError(f"{name}.json can't be stored: {made}")
    return f"Made the virtual network '{name}' in {group.name}."


def _made_endpoints(origin: Origin) -> list[str]:
    """One whose connection is approved, and one that waits, where their registry takes them."""
    owner = next(each.username for each in DEMONSTRATION_ACCOUNTS if each.role == "Owner")
    account, done = Account.objects.get(username=owner), []
    for document in json.loads((HERE / "private_endpoints.json").read_text(encoding="utf-8")):
        name, body, group = document["name"], read_endpoint(document), _group(document)
        if isinstance(body, Problem) or group is None:
            raise ValueError(f"private_endpoints.json can't be read: {body}")
        made = create_endpoint(group, name, body, origin, account, private_dns=True)
        # Its registry may be deleted, or of another tier by now.
        told = f"Left out the private endpoint '{name}'. {made}" if isinstance(made, Problem) else ""
        done.append(told or f"Made the private endpoint '{name}' in {group.name}.")
    return done


def _body(document: dict[str, Any], name: str) -> NetworkBody:
    body = read_network(document)
    if isinstance(body, Problem):
        raise ValueError(f"{name}.json can't be read: {body}")
    return body


def _place(document: dict[str, Any]) -> tuple[str, str]:
    """Subscription and resource group of its id."""
    parts = document["id"].split("/")
    return parts[2], parts[4]


def _group(document: dict[str, Any]) -> ResourceGroup | None:
    subscription, name = _place(document)
    groups = ResourceGroup.objects.filter(subscription__subscription_id=subscription).named(name)
    return groups.select_related("subscription").first()


def _made_group(document: dict[str, Any], origin: Origin) -> ResourceGroup:
    subscription, name = _place(document)
    within = Subscription.objects.get(subscription_id=subscription)
    return ResourceGroup.create_recorded(within, name, document["location"], origin)
