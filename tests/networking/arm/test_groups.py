from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings
from pytest_django import DjangoAssertNumQueries

from networking.difference import tell
from networking.models import VirtualNetwork
from registries.models import Account, Change, Registry, ResourceGroup
from tests import make
from tests.networking.arm.asking import GROUP, SUBSCRIPTION, Answer, Arm

GROUPS = f"{SUBSCRIPTION}/resourcegroups"  # as az spells it
ONE = f"{GROUPS}/myResourceGroup"
STORED = {
    "id": GROUP,
    "name": "myResourceGroup",
    "type": "Microsoft.Resources/resourceGroups",
    "location": "eastus",
    "properties": {"provisioningState": "Succeeded"},
}


@pytest.fixture(autouse=True)
def subscription(arm_server: None) -> None:
    make.subscription()


def groups() -> list[tuple[str, str, dict[str, str]]]:
    return list(ResourceGroup.objects.order_by("pk").values_list("name", "location", "tags"))


def test_a_group_is_made_and_shown(contributor: Arm, reader: Arm) -> None:
    made = contributor.put(ONE, {"location": "East US", "tags": {"team": "net"}})
    assert (made.status, made.json) == (201, {**STORED, "tags": {"team": "net"}})
    assert reader.get(ONE).json == {**STORED, "tags": {"team": "net"}}
    [change] = Change.objects.all()
    assert (change.registry, change.resource_id, change.operation, change.door) == (
        None, GROUP, "Create resource group", "arm",
    )  # fmt: skip
    assert str(tell(change)) == f"Resource ID: {GROUP}; Location: East US; Tag team: net"


def test_a_group_is_found_in_any_letter_case_and_told_in_its_own(reader: Arm) -> None:
    make.resource_group()
    answer = reader.get(f"{SUBSCRIPTION.upper()}/RESOURCEGROUPS/MYRESOURCEGROUP")
    assert (answer.status, answer.json) == (200, STORED)


def test_a_second_put_gives_other_tags(contributor: Arm) -> None:
    make.resource_group()
    answer = contributor.put(f"{GROUPS}/MYRESOURCEGROUP", {"location": "eastus", "tags": {"a": "b"}})
    assert (answer.status, answer.json) == (200, {**STORED, "tags": {"a": "b"}})
    assert contributor.put(ONE, {"location": "eastus"}).json == STORED
    assert groups() == [("myResourceGroup", "eastus", {})]


def test_a_group_stays_in_its_region(contributor: Arm) -> None:
    make.resource_group()
    assert contributor.put(ONE, {"location": "West US"}).error == (
        409,
        "InvalidResourceGroupLocation",
        "Invalid resource group location 'West US'. The Resource group already exists in location 'eastus'.",
    )


def test_a_patch_changes_tags_and_nothing_else(contributor: Arm) -> None:
    make.resource_group()
    assert contributor.patch(ONE, {"tags": {"a": "b"}}).json == {**STORED, "tags": {"a": "b"}}
    assert contributor.patch(ONE, {"location": "East US"}).json == {**STORED, "tags": {"a": "b"}}
    assert contributor.patch(ONE, {"location": "westus"}).error[:2] == (409, "InvalidResourceGroupLocation")
    assert groups() == [("myResourceGroup", "eastus", {"a": "b"})]
    [change] = Change.objects.all()
    assert (change.operation, str(tell(change))) == ("Update resource group", "Tag a: none → b")


def test_unknown_properties_are_kept_returned_and_merged(contributor: Arm) -> None:
    sent = {"location": "eastus", "managedBy": "/an/id", "foo": [1], "properties": {"quota": {"a": 1, "b": 2}}}
    made = contributor.put(ONE, sent)
    expected = {**STORED, "managedBy": "/an/id", "foo": [1]}
    quota = {"provisioningState": "Succeeded", "quota": {"a": 1, "b": 2}}
    assert (made.status, made.json) == (201, {**expected, "properties": quota})
    assert contributor.get(ONE).json == made.json
    assert contributor.put(ONE, made.json).json == made.json  # what az reads and puts back
    merged = contributor.patch(ONE, {"managedBy": None, "properties": {"quota": {"a": None, "c": 3}}})
    assert merged.json == {
        **STORED, "foo": [1], "properties": {"provisioningState": "Succeeded", "quota": {"b": 2, "c": 3}},
    }  # fmt: skip
    assert contributor.put(ONE, {"location": "eastus"}).json == STORED


def test_what_is_kept_has_a_limit_which_patches_do_not_get_around(contributor: Arm) -> None:
    too_much = (
        400, "InvalidProperty", "Portcullis keeps at most 64 KiB of properties that it has no use for.",
    )  # fmt: skip
    assert contributor.put(ONE, {"location": "eastus", "foo": "x" * 65_536}).error == too_much
    assert contributor.put(ONE, {"location": "eastus", "foo": "x" * 40_000}).status == 201
    assert contributor.patch(ONE, {"bar": "x" * 40_000}).error == too_much


def test_names_are_read_in_any_letter_case(contributor: Arm) -> None:
    made = contributor.put(ONE, {"Location": "eastus", "Tags": {"A": "b"}, "Properties": {"ProvisioningState": "x"}})
    assert made.json == {**STORED, "tags": {"A": "b"}}


CHANGES = [
    pytest.param(lambda arm, **more: arm.put(ONE, {"location": "eastus"}, **more), id="put"),
    pytest.param(lambda arm, **more: arm.patch(ONE, {"tags": {"a": "b"}}, **more), id="patch"),
    pytest.param(lambda arm, **more: arm.delete(ONE, **more), id="delete"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_if_match_loses_nothing(owner: Arm, change: Callable[..., Answer]) -> None:
    make.resource_group()
    seen = owner.get(ONE).headers["ETag"]
    owner.patch(ONE, {"tags": {"somebody": "else"}})
    assert change(owner, If_Match=seen).error[:2] == (412, "PreconditionFailed")
    assert groups() == [("myResourceGroup", "eastus", {"somebody": "else"})]
    assert change(owner, If_Match=owner.get(ONE).headers["ETag"]).status == 200


def test_if_none_match_makes_and_never_replaces(contributor: Arm) -> None:
    sent = {"location": "eastus", "tags": {"a": "b"}}
    assert contributor.put(ONE, sent, If_None_Match="*").status == 201
    assert contributor.put(ONE, {"location": "eastus"}, If_None_Match="*").error[:2] == (412, "PreconditionFailed")
    assert groups() == [("myResourceGroup", "eastus", {"a": "b"})]


@pytest.mark.parametrize("change", CHANGES[1:])
def test_a_group_that_goes_meanwhile_is_told_as_gone(
    owner: Arm, change: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = make.resource_group()
    ResourceGroup.objects.all().delete()
    monkeypatch.setattr("networking.arm.views.groups.group_at", lambda subscription, group: found)
    assert change(owner).status in (200, 404)
    assert groups() == []


def test_a_put_that_somebody_else_is_quicker_with_changes_what_they_made(
    contributor: Arm, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.resource_group()
    looks = iter([ResourceGroup.objects.none()])
    monkeypatch.setattr(ResourceGroup.objects, "locked", lambda: next(looks, ResourceGroup.objects.all()))
    made = contributor.put(ONE, {"location": "eastus", "tags": {"a": "b"}})
    assert next(looks, None) is None
    assert (made.status, groups()) == (200, [("myResourceGroup", "eastus", {"a": "b"})])


def test_a_subscription_is_named_as_arm_spells_it(contributor: Arm) -> None:
    make.resource_group()
    bare = ONE.replace(str(make.SUBSCRIPTION_ID), make.SUBSCRIPTION_ID.hex)
    assert contributor.get(bare).error[:2] == (400, "InvalidSubscriptionId")


@pytest.mark.parametrize(
    ("name", "body", "refusal"),
    [
        pytest.param(
            "my%20group!",
            {"location": "eastus"},
            (
                400,
                "InvalidResourceGroup",
                "The provided resource group name 'my group!' has these invalid characters: ' !'. "
                "The name can only be a letter, digit, '-', '.', '(', ')' or '_'.",
            ),
            id="characters",
        ),
        pytest.param(
            "group.",
            {"location": "eastus"},
            (
                400,
                "InvalidResourceGroup",
                "The provided resource group name 'group.' ends in a period; it must end in another character.",
            ),
            id="a period",
        ),
        pytest.param(
            "g" * 91,
            {"location": "eastus"},
            (400, "InvalidResourceGroup", "The provided resource group name has 91 characters; it can have 90."),
            id="too long",
        ),
        pytest.param(
            "g",
            {},
            (400, "LocationRequired", "The location property is required for this definition."),
            id="no location",
        ),
        pytest.param(
            "g",
            {"location": 5},
            (400, "InvalidProperty", "The property 'location' is 5; it must be a text."),
            id="a number for a location",
        ),
        pytest.param(
            "g",
            {"location": "eastus", "tags": {"a": {}}},
            (400, "InvalidProperty", "The property 'tags.a' is an object; it must be a text."),
            id="a tag",
        ),
    ],
)
def test_a_wrong_group_is_refused_and_not_made(
    contributor: Arm, name: str, body: Any, refusal: tuple[int, str, str]
) -> None:
    assert contributor.put(f"{GROUPS}/{name}", body).error == refusal
    assert groups() == []


def test_a_region_that_there_is_not_is_refused_with_those_there_are(contributor: Arm) -> None:
    status, code, message = contributor.put(ONE, {"location": "estus"}).error
    assert (status, code) == (400, "LocationNotAvailableForResourceGroup")
    assert message.startswith("The provided location 'estus' is not available for resource group. List of available")
    assert ",eastus," in message


def test_exists_answers_without_a_body(reader: Arm) -> None:
    make.resource_group()
    there, missing = reader.ask("HEAD", ONE), reader.ask("HEAD", f"{GROUPS}/another")
    assert [(each.status, each.json) for each in (there, missing)] == [(204, None), (404, None)]


NOT_FOUND = (404, "ResourceGroupNotFound", "Resource group 'another' could not be found.")


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda arm: arm.get(f"{GROUPS}/another"), id="get"),
        pytest.param(lambda arm: arm.patch(f"{GROUPS}/another", {"tags": {}}), id="patch"),
        pytest.param(lambda arm: arm.delete(f"{GROUPS}/another"), id="delete"),
    ],
)
def test_a_group_that_is_not_there(owner: Arm, ask: Callable[[Arm], Answer]) -> None:
    assert ask(owner).error == NOT_FOUND


def test_a_subscription_that_is_not_there(contributor: Arm) -> None:
    other = "/subscriptions/22222222-2222-2222-2222-222222222222/resourcegroups"
    assert contributor.get(other).error[:2] == (404, "SubscriptionNotFound")
    assert contributor.put(f"{other}/g", {"location": "eastus"}).error[:2] == (404, "SubscriptionNotFound")
    assert contributor.get("/subscriptions/x/resourcegroups").error[:2] == (400, "InvalidSubscriptionId")


def test_deleting_a_group_deletes_all_in_it_and_each_registry_leaves_its_record(owner: Arm) -> None:
    registry = make.registry(group=make.resource_group())
    make.virtual_network()
    make.private_endpoint(registry)
    make.registry("elsewhere", group=make.resource_group("other"))
    answer = owner.delete(ONE.upper().replace("/SUBSCRIPTIONS", "/subscriptions"))
    assert (answer.status, answer.json) == (200, None)
    assert [name for name, _, _ in groups()] == ["other"]
    assert [each.name for each in Registry.objects.all()] == ["elsewhere"]
    assert not VirtualNetwork.objects.exists()
    gone = Change.objects.get(operation="Delete registry")
    assert (gone.account, gone.door, gone.comment) == ("owner@example.org", "arm", "az acr update")
    told = [each.operation for each in Change.objects.order_by("pk")]
    assert [each for each in told if each.startswith("Delete")] == [
        "Delete private endpoint", "Delete virtual network", "Delete registry", "Delete resource group",
    ]  # fmt: skip


def test_a_group_whose_network_another_one_uses_stays_whole(owner: Arm) -> None:
    registry = make.registry(group=make.resource_group())
    make.virtual_network()
    make.private_endpoint(registry, group=make.resource_group("other"))
    assert owner.delete(ONE).error == (
        409,
        "ResourceGroupDeletionBlocked",
        "The resource group 'myResourceGroup' can't be deleted yet. Delete the private endpoint 'myEndpoint' in "
        "'other': it stands in the virtual network 'myVnet' of 'myResourceGroup'.",
    )
    assert Registry.objects.count() == VirtualNetwork.objects.count() == 1


def test_groups_are_listed_by_pages_and_by_tag(reader: Arm) -> None:
    for number in range(5):
        made = make.resource_group(f"g{number}")
        made.tags = {"Odd": str(number % 2)}
        made.save()
    assert [each["name"] for each in reader.get(GROUPS).json["value"]] == ["g0", "g1", "g2", "g3", "g4"]
    seen, link = [], f"{GROUPS}?$top=2"
    while link:
        page = reader.get(link).json
        seen.append([each["name"] for each in page["value"]])
        link = page.get("nextLink", "").removeprefix(django_settings.ARM_URL)
    assert seen == [["g0", "g1"], ["g2", "g3"], ["g4"]]
    tagged = reader.get(f"{GROUPS}?$filter=tagname eq 'odd' and tagvalue eq '1'&$top=1").json
    assert [each["name"] for each in tagged["value"]] == ["g1"]
    rest = reader.get(tagged["nextLink"].removeprefix(django_settings.ARM_URL)).json
    assert ([each["name"] for each in rest["value"]], "nextLink" in rest) == (["g3"], False)


def test_a_list_of_groups_knows_filters_of_tags_only(reader: Arm) -> None:
    for text in ("name eq 'g'", "tagname", "resourceType eq 'a/b'"):
        assert reader.get(f"{GROUPS}?$filter={text}").error == (
            400,
            "InvalidFilterInQueryString",
            f"Invalid $filter '{text}' specified in the query string.",
        )


@pytest.mark.parametrize("query", ["$top=0", "$top=1001", "$top=x", "$skiptoken=x", "$skiptoken=1-", "$top=٣"])
def test_a_wrong_page_is_refused(reader: Arm, query: str) -> None:
    assert reader.get(f"{GROUPS}?{query}").error[:2] == (400, "InvalidQueryParameterValue")


@pytest.mark.parametrize(
    ("role", "statuses"),
    [
        pytest.param(None, [403, 403, 403, 403, 403], id="no role"),
        pytest.param("Reader", [200, 200, 403, 403, 403], id="Reader"),
        pytest.param("Contributor", [200, 200, 200, 200, 403], id="Contributor"),
        pytest.param("Owner", [200, 200, 200, 200, 200], id="Owner"),
    ],
)
def test_a_role_does_what_is_its_own(
    as_account: Callable[[Account], Arm], role: str | None, statuses: list[int]
) -> None:
    make.resource_group()
    arm = as_account(make.account(role))
    asked = [
        arm.get(GROUPS),
        arm.get(ONE),
        arm.put(ONE, {"location": "eastus"}),
        arm.patch(ONE, {"tags": {}}),
        arm.delete(ONE),
    ]
    assert [each.status for each in asked] == statuses
    assert ResourceGroup.objects.exists() is (role != "Owner")


def test_without_a_token_or_with_another_method_nothing_is_done(contributor: Arm) -> None:
    assert Arm("").put(ONE, {"location": "eastus"}).status == 401
    assert contributor.post(ONE, {}).error[:2] == (405, "MethodNotAllowed")
    assert groups() == []


def test_a_list_costs_the_same_for_any_number_of_groups(
    reader: Arm, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        make.resource_group(f"g{number}")
    with django_assert_max_num_queries(5):
        assert len(reader.get(GROUPS).json["value"]) == 30
