"""Create container registry."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from networking.models import EndpointSettings
from registries.forms import RegistryForm
from registries.models import Change, Registry, ResourceGroup, Subscription
from tests import make

pytestmark = pytest.mark.django_db

ADDRESS = "/create-registry/"


def typed(**more: str) -> dict[str, str]:
    """A form that can be created, with an existing group."""
    group = make.resource_group()
    return {
        "subscription": str(make.SUBSCRIPTION_ID),
        "resource_group": str(group.pk),
        "new_group": "",
        "name": "contosobuilds",
        "location": "westeurope",
        "sku": "Premium",
        **more,
    }


def errors(response: Any) -> dict[str, list[str]]:
    return {name: list(found) for name, found in response.context["form"].errors.items()}


def test_the_form_begins_with_east_us_and_premium(contributor: Client, settings: Settings) -> None:
    settings.LOGIN_SERVER_SUFFIX = "azurecr.example"
    make.resource_group()
    page = contributor.get(ADDRESS).content.decode()
    assert '<option value="eastus" selected>East US</option>' in page
    assert 'value="Premium"' in page[page.index('type="radio"') :]
    assert page.count("checked") == 2  # Premium, and the theme in the top bar
    assert "&lt;name&gt;.azurecr.example · 5–50 letters or digits" in page
    assert "IP rules, private endpoints and dedicated data endpoints need Premium." in page


def test_review_shows_what_will_be_created_and_writes_nothing(contributor: Client) -> None:
    response = contributor.post(ADDRESS, typed(name="ContosoBuilds", op="review"))
    assert response.status_code == 200
    assert response.context["review"] == [
        ("Project details", [("Subscription", "Example subscription"), ("Resource group", "myResourceGroup")]),
        (
            "Instance details",
            [
                ("Registry name", "ContosoBuilds"),
                ("Login server", "contosobuilds.azurecr.io"),
                ("Location", "West Europe"),
                ("Service tier", "Premium"),
            ],
        ),
        (
            "Networking",
            [
                ("Connectivity configuration", "Public access (all networks)"),
                ("Public network access", "All networks, until you change it on the Networking page"),
            ],
        ),
    ]
    assert '<input type="hidden" name="name" value="ContosoBuilds"' in response.content.decode()
    assert not Registry.objects.exists()


def test_previous_brings_the_form_back_as_it_was_typed(contributor: Client) -> None:
    response = contributor.post(ADDRESS, typed(name="ContosoBuilds", sku="Basic", op="previous"))
    assert response.status_code == 200
    page = response.content.decode()
    assert 'value="ContosoBuilds"' in page
    assert '<option value="westeurope" selected>West Europe</option>' in page
    assert response.context["form"]["sku"].value() == "Basic"
    assert not Registry.objects.exists()


def test_create_writes_the_registry_with_its_change_and_goes_to_it(contributor: Client) -> None:
    response = contributor.post(ADDRESS, typed(op="create"), REMOTE_ADDR="198.51.100.7")
    assert (response.status_code, response["Location"]) == (303, "/registries/contosobuilds/")
    registry = Registry.objects.get()
    assert (registry.name, registry.sku, registry.location, registry.resource_group.name, registry.public_access) == (
        "contosobuilds",
        "Premium",
        "westeurope",
        "myResourceGroup",
        "all",
    )
    change = Change.objects.get()
    assert (change.registry, change.operation, change.account, change.door, change.address) == (
        registry,
        "Create registry",
        registry.created_by,
        "portal",
        "198.51.100.7",
    )
    page = contributor.get(response["Location"]).content.decode()
    assert "<b>Registry created</b>" in page
    assert "Created &#x27;contosobuilds&#x27;." in page


def test_the_networking_step_has_the_two_choices_and_carries_what_was_typed(contributor: Client) -> None:
    response = contributor.post(ADDRESS, typed(name="ContosoBuilds", op="networking"))
    page = response.content.decode()
    assert response.status_code == 200
    assert page.index("Public access (all networks)") < page.index("Private access (Recommended)")
    assert "You can connect to this registry either publicly, via public IP addresses, or privately" in page
    assert 'value="public"' in page[page.index('name="connectivity"') :]
    assert '<input type="hidden" name="name" value="ContosoBuilds"' in page
    assert '<input type="hidden" name="sku" value="Premium"' in page
    assert not Registry.objects.exists()


def test_private_access_is_reviewed_kept_and_begins_disabled(contributor: Client) -> None:
    data = typed(connectivity="private")
    review = contributor.post(ADDRESS, {**data, "op": "review"})
    assert review.context["review"][2] == (
        "Networking",
        [
            ("Connectivity configuration", "Private access (Recommended)"),
            ("Public network access", "Disabled, until you change it on the Networking page"),
        ],
    )
    assert '<input type="hidden" name="connectivity" value="private"' in review.content.decode()
    back = contributor.post(ADDRESS, {**data, "op": "previous"})
    assert '<input type="hidden" name="connectivity" value="private"' in back.content.decode()
    response = contributor.post(ADDRESS, {**data, "op": "create"}, REMOTE_ADDR="198.51.100.7")
    assert (response.status_code, response["Location"]) == (303, "/registries/contosobuilds/networking/private/")
    registry = Registry.objects.get()
    assert registry.public_access == "disabled"
    assert EndpointSettings.of(registry).policy == make.disabled()
    assert [(each.operation, each.door, each.address) for each in Change.objects.order_by("pk")] == [
        ("Create registry", "portal", "198.51.100.7"),
        ("Update networking", "portal", "198.51.100.7"),
    ]
    page = contributor.get(response["Location"]).content.decode()
    assert "Until it has a private endpoint connection, only trusted services reach it." in page


@pytest.mark.parametrize("op", ["networking", "review", "create"])
@pytest.mark.parametrize("sku", ["Basic", "Standard"])
def test_private_access_needs_premium(contributor: Client, sku: str, op: str) -> None:
    response = contributor.post(ADDRESS, typed(sku=sku, connectivity="private", op=op))
    assert response.status_code == 422
    assert errors(response) == {
        "connectivity": [
            f"Private access needs the Premium tier, and {sku} is chosen. Choose public access, or Premium."
        ]
    }
    page = response.content.decode()
    assert "Network connectivity" in page
    assert 'id="id_connectivity_error"' in page
    assert not Registry.objects.exists()


def test_a_connectivity_that_is_none_is_refused(contributor: Client) -> None:
    response = contributor.post(ADDRESS, typed(connectivity="secret", op="create"))
    assert (response.status_code, errors(response)) == (
        422,
        {"connectivity": ["Choose public access or private access."]},
    )
    assert not Registry.objects.exists()


def test_the_networking_step_waits_until_the_basics_are_right(contributor: Client) -> None:
    response = contributor.post(ADDRESS, typed(name="four", op="networking"))
    assert (response.status_code, response.context["step"]) == (422, "basics")


def test_a_registry_whose_access_cannot_be_closed_is_not_created(
    contributor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EndpointSettings, "store", lambda *args, **more: None)
    with pytest.raises(RuntimeError, match="can't be disabled"):
        contributor.post(ADDRESS, typed(connectivity="private", op="create"))
    assert not Registry.objects.exists()
    assert not Change.objects.exists()


@pytest.mark.parametrize("group", ["rg-blue_(1)", "größe", "東京"])
def test_a_new_group_is_made_with_the_registry_in_its_location(contributor: Client, group: str) -> None:
    data = typed(resource_group="", new_group=group)
    review = contributor.post(ADDRESS, {**data, "op": "review"})
    assert ("Resource group", f"(new) {group}") in review.context["review"][0][1]
    assert ResourceGroup.objects.count() == 1
    contributor.post(ADDRESS, {**data, "op": "create"})
    made = Registry.objects.get().resource_group
    assert (made.name, made.location, made.subscription.subscription_id) == (
        group,
        "westeurope",
        make.SUBSCRIPTION_ID,
    )


def test_the_name_of_a_group_there_is_already_means_that_group(contributor: Client) -> None:
    contributor.post(ADDRESS, typed(resource_group="", new_group="MYRESOURCEGROUP", op="create"))
    assert Registry.objects.get().resource_group.name == "myResourceGroup"
    assert ResourceGroup.objects.count() == 1


def test_the_first_registry_of_an_empty_console_brings_a_subscription(contributor: Client) -> None:
    page = contributor.get(ADDRESS).content.decode()
    assert "Default subscription (created with the registry)" in page
    data = {"new_group": "first", "name": "myregistry", "location": "eastus", "sku": "Basic", "subscription": ""}
    review = contributor.post(ADDRESS, {**data, "op": "review"})
    assert ("Subscription", "(new) Default subscription") in review.context["review"][0][1]
    assert not Subscription.objects.exists()
    response = contributor.post(ADDRESS, {**data, "op": "create"})
    assert response.status_code == 303
    assert Registry.objects.get().resource_group.subscription.display_name == "Default subscription"


BAD_NAME = "A registry's name has 5 to 50 letters or digits and nothing else."
BAD_GROUP = "A resource group's name has 1 to 90 letters, digits or - _ . ( ) and doesn't end in a period."


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "Type a name for the registry."),
        ("name", "four", BAD_NAME),
        ("name", "a" * 51, BAD_NAME),
        ("name", "my-registry", BAD_NAME),
        pytest.param("name", "registry２", BAD_NAME, id="full-width digit"),
        ("new_group", "ends.", BAD_GROUP),
        ("new_group", "a" * 91, BAD_GROUP),
        ("new_group", "a/b", BAD_GROUP),
        ("location", "moon", "There is no such location. Choose another."),
        ("location", "", "Choose a location."),
        ("sku", "Gold", "Choose Basic, Standard or Premium."),
        ("sku", "", "Choose a service tier."),
        ("subscription", "nonsense", "There is no such subscription. Choose another."),
        ("subscription", "", "Choose a subscription."),
        ("resource_group", "4711", "There is no such resource group any more. Choose another."),
        ("resource_group", "9" * 30, "There is no such resource group any more. Choose another."),
        ("resource_group", "", "Choose a resource group, or type a name for a new one."),
    ],
)
@pytest.mark.parametrize("op", ["review", "create"])
def test_bad_input_is_refused_beside_its_field_and_nothing_is_lost_or_written(
    contributor: Client, op: str, field: str, value: str, sentence: str
) -> None:
    response = contributor.post(ADDRESS, typed(**{"name": "keepthis", field: value, "op": op}))
    assert response.status_code == 422
    assert errors(response) == {field: [sentence]}
    page = response.content.decode()
    assert 'id="error-summary"' in page
    assert f'id="id_{field}_error"' in page
    assert "aria-invalid" in page
    if field != "name":
        assert 'value="keepthis"' in page
    assert not Registry.objects.exists()
    assert not Change.objects.exists()


@pytest.mark.parametrize("name", ["myregistry", "MyRegistry"])
def test_a_name_in_use_is_refused_in_any_letter_case(contributor: Client, name: str) -> None:
    make.registry("myREGISTRY")
    response = contributor.post(ADDRESS, typed(name=name, op="create"))
    assert response.status_code == 422
    assert errors(response) == {"name": [f"The registry {name} is already in use."]}
    assert Registry.objects.count() == 1


def test_losing_the_race_for_a_name_reads_the_same(contributor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make.registry("contosobuilds")
    # The other person's registry appears after this form was checked.
    monkeypatch.setattr(RegistryForm, "clean_name", lambda form: form.cleaned_data["name"])
    response = contributor.post(ADDRESS, typed(resource_group="", new_group="new-group", op="create"))
    assert response.status_code == 422
    assert errors(response) == {"name": ["The registry contosobuilds is already in use."]}
    assert not ResourceGroup.objects.filter(name="new-group").exists()


def test_a_group_of_another_subscription_is_refused(contributor: Client) -> None:
    other = Subscription.objects.create(
        subscription_id="00000000-0000-0000-0000-000000000002", display_name="Other subscription"
    )
    response = contributor.post(ADDRESS, typed(subscription=str(other.subscription_id), op="create"))
    assert response.status_code == 422
    assert errors(response) == {
        "resource_group": [
            "myResourceGroup is in the subscription Example subscription. Choose that one, or another group."
        ]
    }


def test_creating_needs_a_role_that_may(reader: Client) -> None:
    assert reader.get(ADDRESS).status_code == 403
    response = reader.post(ADDRESS, typed(op="create"))
    assert response.status_code == 403
    assert "Creating a registry needs the Contributor or Owner role." in response.content.decode()
    assert not Registry.objects.exists()


def test_creating_needs_a_login(client: Client) -> None:
    assert client.post(ADDRESS, typed(op="create"))["Location"] == "/sign-in/?next=/create-registry/"
    assert not Registry.objects.exists()


def test_creating_takes_no_put(contributor: Client) -> None:
    assert contributor.put(ADDRESS).status_code == 405


def test_the_number_of_queries_does_not_grow_with_the_groups(
    contributor: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        make.resource_group(f"group{number}")
    with django_assert_max_num_queries(10):
        contributor.get(ADDRESS)
