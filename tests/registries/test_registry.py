"""One registry: overview, tier, deletion."""

from typing import Any

import pytest
from django.test import Client

from networking.access.policy import AccessPolicy
from networking.access.problems import Problem
from networking.private_endpoint_connections import connect
from networking.replicating import Wanted, replicate
from registries.models import Change, Registry
from tests import make

pytestmark = pytest.mark.django_db

OVERVIEW = "/registries/mycontainerregistry/"
TIER = f"{OVERVIEW}tier/"
DELETE = f"{OVERVIEW}delete/"


@pytest.fixture
def registry(db: None) -> Registry:
    return make.registry(policy=make.selected("198.51.100.7", "203.0.113.0/24"))


def test_the_overview_shows_the_essentials(reader: Client, registry: Registry) -> None:
    page = reader.get(OVERVIEW).content.decode()
    for part in (
        f'<a href="/subscriptions/{make.SUBSCRIPTION_ID}/resource-groups/myResourceGroup/">myResourceGroup</a>',
        "<dd>mycontainerregistry.azurecr.io</dd>",
        "<dd>East US</dd>",
        "<dd>Premium</dd>",
        '<a href="/registries/mycontainerregistry/networking/">Selected networks</a>',
        "<dd>Example subscription</dd>",
        f"<dd>{make.SUBSCRIPTION_ID}</dd>",
        '<p class="big">Selected networks</p>',
        "See effective access on the Networking page",
    ):
        assert part in page


def test_the_access_tile_asks_the_blade(reader: Client, registry: Registry) -> None:
    page = reader.get(OVERVIEW).content.decode()
    assert 'hx-get="/registries/mycontainerregistry/networking/" hx-trigger="load" hx-select="#access-you"' in page


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        pytest.param(AccessPolicy(), "Any host on the internet can reach the public endpoint.", id="all"),
        pytest.param(make.selected(), "No address ranges yet", id="selected, none"),
        pytest.param(make.selected("198.51.100.7"), "1 address range", id="selected, one"),
        pytest.param(make.selected("198.51.100.7", "198.51.100.9"), "2 address ranges", id="selected, two"),
        pytest.param(
            make.disabled("198.51.100.7"),
            "The public endpoint is closed. 1 address range kept for later.",
            id="disabled",
        ),
    ],
)
def test_the_networking_tile_says_the_state_in_a_sentence(reader: Client, policy: AccessPolicy, sentence: str) -> None:
    make.registry(policy=policy)
    page = reader.get(OVERVIEW).content.decode()
    tile = page[page.index('<p class="big">') : page.index("Review networking")]
    assert " ".join(tile[tile.index("helptext") :].split()).removeprefix('helptext"> ').startswith(f"{sentence} </p>")


@pytest.mark.parametrize("address", [OVERVIEW, TIER, DELETE])
def test_a_registry_is_found_in_any_letter_case(owner: Client, registry: Registry, address: str) -> None:
    assert owner.get(address.replace("mycontainer", "MyContainer")).status_code == 200


@pytest.mark.parametrize("address", [OVERVIEW, TIER, DELETE])
def test_an_unknown_registry_is_not_found(owner: Client, address: str) -> None:
    response = owner.get(address)
    assert response.status_code == 404
    assert "There is no registry named &#x27;mycontainerregistry&#x27;." in response.content.decode()


@pytest.mark.parametrize(("role", "offered"), [("Reader", []), ("Contributor", [TIER]), ("Owner", [TIER, DELETE])])
def test_commands_are_offered_to_those_who_may(as_role: Any, registry: Registry, role: str, offered: list[str]) -> None:
    page = as_role(role).get(OVERVIEW).content.decode()
    assert [address for address in (TIER, DELETE) if f'href="{address}"' in page] == offered


@pytest.mark.parametrize(
    ("role", "address", "sentence"),
    [
        (None, OVERVIEW, "Seeing registries needs the Reader, Contributor or Owner role."),
        ("Reader", TIER, "Changing a registry needs the Contributor or Owner role."),
        ("Contributor", DELETE, "Deleting needs the Owner role."),
    ],
)
def test_pages_need_their_permission(
    as_role: Any, registry: Registry, role: str | None, address: str, sentence: str
) -> None:
    response = as_role(role).get(address)
    assert response.status_code == 403
    assert sentence in response.content.decode()


def test_no_permission_means_nothing_is_written(reader: Client, registry: Registry) -> None:
    assert reader.post(TIER, {"sku": "Basic"}).status_code == 403
    assert reader.post(DELETE, {"confirm": registry.name}).status_code == 403
    assert Registry.objects.get().sku == "Premium"


@pytest.mark.parametrize("address", [OVERVIEW, TIER, DELETE])
def test_pages_need_a_login(client: Client, registry: Registry, address: str) -> None:
    assert client.get(address)["Location"] == f"/sign-in/?next={address}"


def test_wrong_methods(owner: Client, registry: Registry) -> None:
    assert [owner.post(OVERVIEW).status_code, owner.put(TIER).status_code, owner.put(DELETE).status_code] == [405] * 3


def test_the_overview_asks_the_database_a_fixed_number_of_times(
    reader: Client, django_assert_max_num_queries: Any
) -> None:
    make.registry(policy=make.selected(*[f"198.51.100.{number}" for number in range(100)]))
    with django_assert_max_num_queries(8):
        reader.get(OVERVIEW)


def test_the_tier_page_shows_the_tier_of_now(contributor: Client, registry: Registry) -> None:
    response = contributor.get(TIER)
    assert response.context["form"]["sku"].value() == "Premium"
    assert 'Premium <span class="tag">now</span>' in response.content.decode()


def test_an_upgrade_is_done_at_once(contributor: Client) -> None:
    make.registry(sku="Basic")
    response = contributor.post(TIER, {"sku": "Premium"})
    assert (response.status_code, response["Location"]) == (303, OVERVIEW)
    assert Registry.objects.get().sku == "Premium"
    change = Change.objects.get()
    assert (change.operation, change.before, change.after) == ("Change tier", {"sku": "Basic"}, {"sku": "Premium"})
    assert "&#x27;mycontainerregistry&#x27; is Premium now." in contributor.get(OVERVIEW).content.decode()


def test_a_downgrade_without_anything_in_the_way_is_done(contributor: Client) -> None:
    make.registry()
    assert contributor.post(TIER, {"sku": "Standard"}).status_code == 303
    assert Registry.objects.get().sku == "Standard"


def test_a_downgrade_is_refused_with_the_list_of_what_must_go_first(contributor: Client, registry: Registry) -> None:
    before = Change.objects.count()
    response = contributor.post(TIER, {"sku": "Standard"})
    assert response.status_code == 409
    page = response.content.decode()
    assert "'mycontainerregistry' can't become Standard yet. Do this first:" in page
    networking = '<li><a href="/registries/mycontainerregistry/networking/">'
    assert f"{networking}Delete the 2 address ranges from the firewall list.</a></li>" in page
    assert f"{networking}Set Public network access to All networks.</a></li>" in page
    assert Registry.objects.get().sku == "Premium"
    assert Change.objects.count() == before


def test_connections_and_replications_are_led_to_where_they_are_removed(contributor: Client) -> None:
    registry = make.registry()
    assert not isinstance(connect(registry, "/the/endpoint", make.BO, approved=True), Problem)
    assert isinstance(replicate(registry, "westus", Wanted(), make.BO), Change)
    before = Change.objects.count()
    response = contributor.post(TIER, {"sku": "Basic"})
    assert response.status_code == 409
    page = response.content.decode()
    assert (
        '<li><a href="/registries/mycontainerregistry/networking/private/">'
        "Remove the private endpoint connections, then turn off the dedicated data endpoint.</a></li>"
        '<li><a href="/registries/mycontainerregistry/replications/">Delete the replications.</a></li>'
    ) in page
    assert "Turn off the dedicated data endpoint." not in page
    assert (Registry.objects.get().sku, Change.objects.count()) == ("Premium", before)


def test_the_same_tier_changes_nothing_and_says_so(contributor: Client, registry: Registry) -> None:
    before = Change.objects.count()
    response = contributor.post(TIER, {"sku": "Premium"}, follow=True)
    assert "&#x27;mycontainerregistry&#x27; is Premium already." in response.content.decode()
    assert Change.objects.count() == before


@pytest.mark.parametrize("data", [{}, {"sku": "Gold"}])
def test_an_unknown_tier_is_refused(contributor: Client, registry: Registry, data: dict[str, str]) -> None:
    response = contributor.post(TIER, data)
    assert response.status_code == 422
    assert response.context["form"].errors == {"sku": ["Choose Basic, Standard or Premium."]}
    assert Registry.objects.get().sku == "Premium"


def test_a_registry_deleted_while_its_tier_is_changed_is_not_found(
    contributor: Client, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any) -> list[str]:
        raise Registry.DoesNotExist

    monkeypatch.setattr(Registry, "change_tier", gone)
    response = contributor.post(TIER, {"sku": "Basic"})
    assert response.status_code == 404
    assert "was deleted meanwhile" in response.content.decode()


@pytest.mark.parametrize("typed", ["mycontainerregistry", "MYCONTAINERREGISTRY", " mycontainerregistry "])
def test_the_typed_name_deletes_and_the_record_stays(owner: Client, registry: Registry, typed: str) -> None:
    response = owner.post(DELETE, {"confirm": typed})
    assert (response.status_code, response["Location"]) == (303, "/registries/")
    assert not Registry.objects.exists()
    change = Change.objects.order_by("-pk")[0]
    assert (change.operation, change.registry, change.resource_id) == (
        "Delete registry",
        None,
        str(registry.resource_id),
    )
    assert "Deleted &#x27;mycontainerregistry&#x27;." in owner.get("/registries/").content.decode()


@pytest.mark.parametrize("typed", ["", "myregistry", "mycontainerregistry2"])
def test_another_name_deletes_nothing(owner: Client, registry: Registry, typed: str) -> None:
    response = owner.post(DELETE, {"confirm": typed})
    assert response.status_code == 422
    assert response.context["form"].errors == {"confirm": ["Type mycontainerregistry to delete it."]}
    assert response.context["form"]["confirm"].value() == typed
    assert Registry.objects.get() == registry


def test_the_delete_page_says_what_goes(owner: Client, registry: Registry) -> None:
    page = owner.get(DELETE).content.decode()
    assert "Its network settings and 2 address ranges go with it" in page
    assert "Type mycontainerregistry to confirm" in page
