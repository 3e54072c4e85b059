"""A new private endpoint connection by the form, and the page of an endpoint."""

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries, Settings

from networking.blade.endpoint_names import Name, names_of
from networking.models import EndpointSettings, PrivateEndpoint, PrivateEndpointConnection, Subnet, VirtualNetwork
from networking.private_endpoint_connections import remove
from networking.private_endpoints import body_of, create_endpoint, delete_endpoint
from networking.replicating import Wanted, replicate
from networking.virtual_networks import delete_network
from registries.models import Change, Registry
from tests import make

pytestmark = pytest.mark.django_db

URL = "/registries/mycontainerregistry/networking/private/"
CREATE = f"{URL}create/"


@pytest.fixture
def network() -> VirtualNetwork:
    return make.virtual_network("myVnet", "endpoints", "agents")


@pytest.fixture
def registry(network: VirtualNetwork) -> Registry:
    return make.registry()


def text_of(answer: Any) -> str:
    return unescape(answer.content.decode())


def form(network: VirtualNetwork, /, **more: Any) -> dict[str, Any]:
    """What the form posts: an endpoint in the first subnet, approved at once, known to private DNS."""
    return {
        "name": "myEndpoint",
        "group": network.resource_group_id,
        "region": network.location,
        "network": network.pk,
        "subnet": network.subnets.order_by("pk")[0].pk,
        "private_dns": "yes",
        "approval": "approved",
        "message": "",
    } | more


def page_of(endpoint: PrivateEndpoint) -> str:
    row = PrivateEndpointConnection.objects.get(private_endpoint=endpoint.resource_id)
    return f"{URL}connections/{row.name}/"


# The form


def test_the_form_offers_groups_regions_networks_and_subnets(contributor: Client, registry: Registry) -> None:
    make.virtual_network("other", "theirs", location="westeurope")
    page = text_of(contributor.get(CREATE))
    for part in (
        "<title>Create a private endpoint connection – mycontainerregistry | Networking – Portcullis</title>",
        "A private endpoint is 2 addresses of a virtual network",
        "myResourceGroup (Example subscription)</option>",
        '<option value="eastus" selected>East US</option>',
        '<option value="westeurope">West Europe</option>',
        'data-within="westeurope">other (West Europe, myResourceGroup)</option>',
        '<optgroup label="myVnet (East US, myResourceGroup)">',
        "endpoints (10.0.0.0/24)</option>",
        "<code>privatelink.azurecr.io</code>",
        "Approving turns <strong>dedicated data endpoints</strong> on",
    ):
        assert part in page


def test_an_endpoint_is_made_with_its_addresses_and_approved_at_once(
    contributor: Client, registry: Registry, network: VirtualNetwork
) -> None:
    answer = contributor.post(CREATE, form(network))
    made = PrivateEndpoint.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, page_of(made))
    assert (made.name, made.location, made.manual, made.private_dns) == ("myEndpoint", "eastus", False, True)
    assert made.subnet.name == "endpoints"
    assert made.addresses == {"registry_data_eastus": "10.0.0.4", "registry": "10.0.0.5"}
    row = registry.private_endpoint_connections.get()
    assert (row.state, row.description) == ("Approved", "Auto-Approved")
    assert EndpointSettings.of(registry).policy.data_endpoint
    assert {each.door for each in registry.changes.all()} == {"portal"}
    page = text_of(contributor.get(answer["Location"]))
    assert "'myEndpoint' has its addresses. It leads to 'mycontainerregistry'." in page


def test_who_asks_for_approval_waits_with_a_message(
    contributor: Client, registry: Registry, network: VirtualNetwork
) -> None:
    data = form(network, approval="ask", message="Nightly builds", private_dns="no")
    assert contributor.post(CREATE, data).status_code == 303
    made, row = PrivateEndpoint.objects.get(), registry.private_endpoint_connections.get()
    assert (made.manual, made.private_dns) == (True, False)
    assert (row.state, row.description) == ("Pending", "Nightly builds")
    assert not EndpointSettings.of(registry).policy.data_endpoint


def test_an_endpoint_may_stand_in_another_region_and_group(contributor: Client, registry: Registry) -> None:
    group = make.resource_group("elsewhere")
    network = make.virtual_network("far", group=group, location="westeurope")
    assert contributor.post(CREATE, form(network)).status_code == 303
    made = PrivateEndpoint.objects.get()
    assert (made.location, made.resource_group) == ("westeurope", group)


NAMES = "Resource name {} is invalid. The name can be up to 80 characters long."


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        pytest.param({"name": ""}, "name", "Type a name for the private endpoint.", id="no name"),
        pytest.param({"name": "-x"}, "name", NAMES.format("-x"), id="name"),
        pytest.param({"name": "x" * 81}, "name", "A private endpoint's name has at most 80 characters.", id="long"),
        pytest.param({"name": "a\0b"}, "name", "Null characters are not allowed.", id="null character"),
        pytest.param({"group": "0"}, "group", "There is no such resource group any more. Choose another.", id="group"),
        pytest.param({"region": ""}, "region", "Choose a region.", id="no region"),
        pytest.param({"region": "mars"}, "region", "There is no virtual network in that region.", id="region"),
        pytest.param({"network": ""}, "network", "Choose a virtual network.", id="no network"),
        pytest.param({"network": "x"}, "network", "There is no such virtual network any more.", id="network"),
        pytest.param({"subnet": ""}, "subnet", "Choose a subnet.", id="no subnet"),
        pytest.param({"subnet": "0"}, "subnet", "There is no such subnet any more. Choose another.", id="subnet"),
        pytest.param({"private_dns": "maybe"}, "private_dns", "Choose Yes or No.", id="DNS"),
        pytest.param({"approval": "x"}, "approval", "Choose Approve at once or Ask for approval.", id="approval"),
        pytest.param(
            {"message": "x" * 141}, "message", "A request message can have 140 characters; this one has 141.", id="text"
        ),
    ],
)
def test_what_is_wrong_is_refused_at_its_field_and_nothing_is_made(
    contributor: Client,
    registry: Registry,
    network: VirtualNetwork,
    changed: dict[str, str],
    field: str,
    sentence: str,
) -> None:
    answer = contributor.post(CREATE, form(network, **changed))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert sentence in text_of(answer)
    assert not PrivateEndpoint.objects.exists()
    assert not Change.objects.exists()


def test_region_network_and_subnet_have_to_belong_together(
    contributor: Client, registry: Registry, network: VirtualNetwork
) -> None:
    other = make.virtual_network("other", "theirs", location="westeurope")
    answer = contributor.post(CREATE, form(network, region="westeurope"))
    assert answer.context["form"].errors == {
        "region": ["'myVnet' is in East US, and an endpoint stands in its network's region."]
    }
    answer = contributor.post(CREATE, form(network, subnet=other.subnets.get().pk))
    assert answer.context["form"].errors == {"subnet": ["'theirs' is a subnet of 'other'. Choose one of 'myVnet'."]}
    assert not PrivateEndpoint.objects.exists()


def test_a_name_that_is_taken_is_refused_and_the_other_stays_as_it_is(
    contributor: Client, registry: Registry, network: VirtualNetwork
) -> None:
    there = make.private_endpoint(registry, "myEndpoint", tags={"of": "somebody"})
    answer = contributor.post(CREATE, form(network, name="MYENDPOINT"))
    assert answer.status_code == 422
    said = "Resource group 'myResourceGroup' has a private endpoint named 'MYENDPOINT' already. Choose another name."
    assert answer.context["form"].errors == {"name": [said]}
    there.refresh_from_db()
    assert there.tags == {"of": "somebody"}


def test_one_that_somebody_else_made_meanwhile_is_not_written_over(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = make.private_endpoint(registry, "myEndpoint", tags={"of": "somebody"})
    monkeypatch.setattr("django.db.models.query.QuerySet.exists", lambda self: False)
    refused = create_endpoint(
        there.resource_group, "myEndpoint", body_of(there), make.BO, make.account("Contributor"), private_dns=True
    )
    assert not isinstance(refused, PrivateEndpoint)
    there.refresh_from_db()
    assert (there.tags, there.private_dns) == ({"of": "somebody"}, False)


def test_a_subnet_without_room_is_refused_at_its_field(
    contributor: Client, registry: Registry, network: VirtualNetwork
) -> None:
    Subnet.objects.filter(name="endpoints").update(address_prefixes=["10.0.0.0/29"])
    make.private_endpoint(registry, "first", subnet=network.subnets.get(name="endpoints"))
    answer = contributor.post(CREATE, form(network))
    assert answer.status_code == 422
    assert "subnet" in answer.context["form"].errors
    assert "does not have enough capacity for 2 IP addresses." in text_of(answer)
    assert PrivateEndpoint.objects.count() == 1


@pytest.mark.parametrize("sku", ["Basic", "Standard"])
def test_a_lower_tier_makes_none(contributor: Client, network: VirtualNetwork, sku: str) -> None:
    make.registry(sku=sku)
    assert f"'mycontainerregistry' is {sku}." in text_of(contributor.get(CREATE))
    answer = contributor.post(CREATE, form(network))
    assert answer.status_code == 422
    assert "Private endpoints need the Premium tier. Change the tier first." in text_of(answer)
    assert not PrivateEndpoint.objects.exists()


def test_without_any_network_it_says_how_to_make_one(contributor: Client) -> None:
    make.registry()
    assert "There is no virtual network yet" in text_of(contributor.get(CREATE))


def test_many_networks_take_as_many_queries_as_one(contributor: Client, registry: Registry) -> None:
    def queries() -> int:
        with CaptureQueriesContext(database) as captured:
            assert contributor.get(CREATE).status_code == 200
        return len(captured)

    before = queries()
    for number in range(20):
        make.virtual_network(f"net{number}", "one", "two", group=make.resource_group(f"group{number}"))
    assert queries() == before


# The page of an endpoint


def test_the_page_shows_where_it_stands_and_what_it_answers_to(reader: Client, registry: Registry) -> None:
    endpoint = make.private_endpoint(registry)
    replicate(registry, "westus", Wanted(), make.BO)
    page = text_of(reader.get(page_of(endpoint)))
    for part in (
        "<title>myEndpoint – mycontainerregistry | Networking – Portcullis</title>",
        "</svg>Approved</span>",
        "Auto-Approved",
        endpoint.resource_id,
        "myVnet / endpoints",
        "East US",
        "Customer visible FQDNs",
        "mycontainerregistry.azurecr.io</output>",
        "mycontainerregistry.eastus.data.azurecr.io</output>",
        "Image layers, West US",
        '<th scope="row">mycontainerregistry.westus.data</th><td>A</td><td class="num mono">10.0.0.6</td>',
        "mycontainerregistry.eastus.data.privatelink.azurecr.io",
        "/networking/tester/?ip=&endpoint=mycontainerregistry.",
    ):
        assert part in page


@pytest.mark.parametrize(
    ("private_dns", "state", "inside", "said"),
    [
        pytest.param(True, "Approved", "10.0.0.5", "is kept for 'myVnet', with these records.", id="integrated"),
        pytest.param(True, "Pending", "the public address", "It gets these records once", id="waiting"),
        pytest.param(False, "Approved", "the public address", "Private DNS integration is off.", id="not integrated"),
        pytest.param(False, "Rejected", "the public address", "The connection was rejected.", id="rejected"),
    ],
)
def test_what_dns_answers_hangs_on_the_zone_and_on_the_approval(
    reader: Client, registry: Registry, settings: Settings, private_dns: bool, state: str, inside: str, said: str
) -> None:
    settings.LOGIN_SERVER_SUFFIX = "azurecr.test"
    endpoint = make.private_endpoint(registry)
    PrivateEndpoint.objects.update(private_dns=private_dns)
    PrivateEndpointConnection.objects.update(state=state)
    endpoint.refresh_from_db()
    assert names_of(endpoint, approved=state == "Approved")[-1] == Name(
        host="mycontainerregistry.azurecr.test",
        serves="Sign-in, manifests and pushes",
        address="10.0.0.5",
        record="mycontainerregistry",
        alias="mycontainerregistry.privatelink.azurecr.test",
        inside=inside,
    )
    assert said in text_of(reader.get(page_of(endpoint)))


def test_an_endpoint_that_is_not_ours_is_said_not_to_be_known(reader: Client, registry: Registry) -> None:
    place = "/subscriptions/11111111-0000-0000-0000-000000000001/resourceGroups/g/providers"
    make.connection(registry, "theirs", "Pending", endpoint=f"{place}/Microsoft.Network/privateEndpoints/pe")
    page = text_of(reader.get(f"{URL}connections/THEIRS/"))
    assert "This endpoint stands in a subscription that isn't known here" in page
    assert "Customer visible FQDNs" not in page


@pytest.mark.parametrize(
    "endpoint",
    [
        pytest.param("somewhere", id="no id"),
        pytest.param(f"/subscriptions/{'-' * 36}/resourceGroups/g/providers/Microsoft.Network/privateEndpoints/pe",
                     id="no subscription"),
    ],
)  # fmt: skip
def test_an_endpoint_whose_id_is_none_still_has_a_page(reader: Client, registry: Registry, endpoint: str) -> None:
    make.connection(registry, "odd", endpoint=endpoint)
    assert reader.get(f"{URL}connections/odd/").status_code == 200


def test_one_that_was_deleted_can_only_be_removed(contributor: Client, registry: Registry) -> None:
    endpoint = make.private_endpoint(registry)
    url = page_of(endpoint)
    delete_endpoint(endpoint, make.BO)
    page = text_of(contributor.get(url))
    assert "The private endpoint was deleted." in page
    assert ("?op=approve" in page, "?op=reject" in page, "?op=remove" in page) == (False, False, True)


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        pytest.param("Pending", {"approve", "reject", "remove"}, id="pending"),
        pytest.param("Approved", {"reject", "remove"}, id="approved"),
        pytest.param("Rejected", {"approve", "remove"}, id="rejected"),
    ],
)
def test_the_page_offers_what_can_become_of_it(
    contributor: Client, registry: Registry, state: str, offered: set[str]
) -> None:
    make.connection(registry, "one", state)
    page = text_of(contributor.get(f"{URL}connections/one/"))
    assert {op for op in ("approve", "reject", "remove") if f"?op={op}&" in page} == offered


# Who, and how


@pytest.mark.parametrize(
    ("role", "page", "making"),
    [
        pytest.param(None, 403, 403, id="no role"),
        pytest.param("Reader", 200, 403, id="Reader"),
        pytest.param("Contributor", 200, 200, id="Contributor"),
        pytest.param("Owner", 200, 200, id="Owner"),
    ],
)
def test_a_role_may_do_what_it_may_do_elsewhere(
    as_role: Callable[[str | None], Client],
    registry: Registry,
    network: VirtualNetwork,
    role: str | None,
    page: int,
    making: int,
) -> None:
    make.connection(registry, "one")
    client = as_role(role)
    assert client.get(f"{URL}connections/one/").status_code == page
    assert client.get(CREATE).status_code == making
    assert (client.post(CREATE, form(network)).status_code == 303) is (making == 200)
    assert PrivateEndpoint.objects.exists() is (making == 200)


@pytest.mark.parametrize("tail", ["create/", "connections/one/"])
def test_only_whoever_has_signed_in_comes_in(client: Client, registry: Registry, tail: str) -> None:
    assert client.get(URL + tail)["Location"].startswith("/sign-in/")


@pytest.mark.parametrize(("method", "tail"), [("put", "create/"), ("post", "connections/one/")])
def test_another_method_is_refused(contributor: Client, registry: Registry, method: str, tail: str) -> None:
    make.connection(registry, "one")
    assert getattr(contributor, method)(URL + tail).status_code == 405


@pytest.mark.parametrize("tail", ["create/", "connections/one/"])
def test_a_registry_that_is_not_there_is_404(contributor: Client, tail: str) -> None:
    assert contributor.get(f"/registries/nothinglikeit/networking/private/{tail}").status_code == 404


@pytest.mark.parametrize("name", ["gone", "a%00b", "x" * 500])
def test_a_connection_that_is_not_there_is_404(reader: Client, registry: Registry, name: str) -> None:
    assert reader.get(f"{URL}connections/{name}/").status_code == 404


# Its end

DELETE = f"/subscriptions/{make.SUBSCRIPTION_ID}/resource-groups/myResourceGroup/private-endpoints/myEndpoint/delete/"
NETWORK = f"/subscriptions/{make.SUBSCRIPTION_ID}/resource-groups/myResourceGroup/virtual-networks/myVnet/"


def test_an_endpoint_is_deleted_after_a_question(owner: Client, registry: Registry) -> None:
    endpoint = make.private_endpoint(registry)
    assert DELETE in text_of(owner.get(page_of(endpoint)))
    question = text_of(owner.get(DELETE))
    assert "Whoever comes through it reaches 'mycontainerregistry' no more" in question
    assert PrivateEndpoint.objects.count() == 1
    answer = owner.post(DELETE)
    assert (answer.status_code, answer["Location"]) == (303, NETWORK)
    assert not PrivateEndpoint.objects.exists()
    assert [each.state for each in registry.private_endpoint_connections.all()] == ["Disconnected"]
    told = list(Change.objects.order_by("pk").values_list("operation", "door"))[-2:]
    assert told == [("Disconnect private endpoint", "portal"), ("Delete private endpoint", "portal")]


def test_one_whose_connection_was_removed_is_deleted_from_the_page_of_its_network(
    owner: Client, registry: Registry, network: VirtualNetwork
) -> None:
    make.private_endpoint(registry)
    remove(registry.private_endpoint_connections.get(), make.BO)
    page = text_of(owner.get(NETWORK))
    assert "1 private endpoint in it: " in page
    assert f'href="{DELETE}"' in page
    assert "It leads nowhere" in text_of(owner.get(DELETE))
    assert owner.post(DELETE).status_code == 303
    assert delete_network(network, make.BO) is None


def test_one_whose_registry_is_gone_is_deleted(owner: Client, registry: Registry) -> None:
    make.private_endpoint(registry)
    registry.delete_recorded(make.BO)
    assert "It leads nowhere" in text_of(owner.get(DELETE))
    assert owner.post(DELETE.replace("myEndpoint", "MYENDPOINT")).status_code == 303
    assert not PrivateEndpoint.objects.exists()


def test_only_an_owner_deletes_an_endpoint(reader: Client, contributor: Client, registry: Registry) -> None:
    endpoint = make.private_endpoint(registry)
    for client in (reader, contributor):
        assert [client.get(DELETE).status_code, client.post(DELETE).status_code] == [403, 403]
        assert DELETE not in text_of(client.get(page_of(endpoint)))
        page = text_of(client.get(NETWORK))
        assert ("private endpoint in it: myEndpoint" in page, DELETE in page) == (True, False)
    assert PrivateEndpoint.objects.count() == 1


def test_the_end_of_an_endpoint_asks_who_you_are_and_takes_no_other_method(client: Client, owner: Client) -> None:
    assert Client().get(DELETE)["Location"].startswith("/sign-in/")
    assert owner.put(DELETE).status_code == 405


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(DELETE, id="deleted"),
        pytest.param(DELETE.replace("myResourceGroup", "other"), id="another group"),
        pytest.param(DELETE.replace("myEndpoint", "a%00b"), id="NUL"),
        pytest.param(DELETE.replace("00000000-", "10000000-", 1), id="another subscription"),
    ],
)
def test_an_endpoint_that_is_not_there_is_not_deleted(owner: Client, registry: Registry, url: str) -> None:
    if url != DELETE:
        make.private_endpoint(registry)
    assert [owner.get(url).status_code, owner.post(url).status_code] == [404, 404]


def test_the_question_costs_few_queries(
    owner: Client, registry: Registry, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make.private_endpoint(registry)
    with django_assert_max_num_queries(10):
        owner.get(DELETE)
