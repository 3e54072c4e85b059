"""The admin over the ground floor: who comes in, registries, and accounts that can't outgrow their role."""

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from networking.access.problems import Problem
from networking.models import EndpointSettings
from networking.private_endpoint_connections import connect
from registries.models import Account, Change, Registry, RegistryQuerySet, Replication, ResourceGroup, Subscription
from tests import make

pytestmark = pytest.mark.django_db

REGISTRIES = "/admin/registries/registry/"
GROUPS = "/admin/registries/resourcegroup/"
SUBSCRIPTIONS = "/admin/registries/subscription/"
ACCOUNTS = "/admin/registries/account/"
ROLES = ("Reader", "Contributor", "Owner")


@pytest.fixture
def staff(client: Client) -> Callable[[str], Client]:
    """A client of somebody who may open the admin: staff("Reader"), staff("superuser")."""

    def sign_in(role: str) -> Client:
        is_super = role == "superuser"
        client.force_login(make.account(None if is_super else role, is_staff=True, is_superuser=is_super))
        return client

    return sign_in


@pytest.fixture
def owner(staff: Callable[[str], Client]) -> Client:
    return staff("Owner")


@pytest.fixture
def contributor(staff: Callable[[str], Client]) -> Client:
    return staff("Contributor")


def text_of(answer: Any) -> str:
    return unescape(answer.content.decode())


def errors_of(answer: Any) -> list[str]:
    """Every sentence that stands beside a field or the whole form."""
    return [str(sentence) for errors in answer.context["errors"] for sentence in errors]


def changes() -> list[tuple[str, str]]:
    return list(Change.objects.order_by("pk").values_list("operation", "door"))


# Coming in


def test_the_admin_has_no_sign_in_page_of_its_own(client: Client) -> None:
    account = make.account("Owner", is_staff=True)
    asked = client.get(f"{REGISTRIES}?q=x", follow=True)
    assert asked.redirect_chain[-1] == ("/sign-in/?next=/admin/registries/registry/%3Fq%3Dx", 302)
    signed_in = client.post(
        "/sign-in/", {"username": account.username, "password": make.PASSWORD, "next": asked.context["next"]}
    )
    assert signed_in["Location"] == f"{REGISTRIES}?q=x"


@pytest.mark.parametrize("method", ["get", "post"])
def test_its_sign_in_address_leads_to_ours(client: Client, method: str) -> None:
    account = make.account("Owner", is_staff=True)
    answer = getattr(client, method)("/admin/login/", {"username": account.username, "password": make.PASSWORD})
    assert answer["Location"] == "/sign-in/?next=/admin/"
    assert "_auth_user_id" not in client.session


def test_sign_in_from_the_admin_never_leads_to_another_site(owner: Client) -> None:
    answer = owner.get("/admin/login/?next=https://example.com/", follow=True)
    assert answer.redirect_chain[-1] == ("/registries/", 303)


@pytest.mark.parametrize("role", [*ROLES, None])
def test_who_is_not_staff_is_told_so(as_role: Callable[[str | None], Client], role: str | None) -> None:
    client = as_role(role)
    answer = client.get("/admin/", follow=True)
    assert answer.status_code == 403
    assert "The administration needs an account that is staff" in text_of(answer)
    assert "Administration</a>" not in text_of(client.get("/help/"))


def test_somebody_who_has_left_does_not_come_in(client: Client) -> None:
    account = make.account("Owner", is_staff=True)
    client.force_login(account)
    Account.objects.update(is_active=False)
    assert client.get("/admin/", follow=True).redirect_chain[-1] == ("/sign-in/?next=/admin/", 302)


@pytest.mark.parametrize("role", ROLES)
def test_staff_finds_the_admin_in_the_account_menu(staff: Callable[[str], Client], role: str) -> None:
    assert '<a href="/admin/">Administration</a>' in text_of(staff(role).get("/help/"))


def test_signing_out_of_the_admin_signs_out(owner: Client) -> None:
    answer = owner.post("/admin/logout/")
    assert answer["Location"] == "/sign-in/"
    assert "_auth_user_id" not in owner.session


SEEN = {
    *("Registry", "ResourceGroup", "Subscription", "Change", "EndpointSettings", "FirewallRule", "MustWorkCaller"),
    *("TrustedService", "VirtualNetwork", "PrivateEndpoint", "PrivateEndpointConnection"),
    *("AccessRequest", "GateReport", "ServiceTag", "ServiceTagImport"),
}
SECTIONS = {"Reader": SEEN, "Contributor": SEEN, "Owner": SEEN | {"Account", "Group", "ServicePrincipal"}}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_finds_its_sections(staff: Callable[[str], Client], role: str) -> None:
    apps = staff(role).get("/admin/").context["app_list"]
    found = {model["object_name"] for app in apps for model in app["models"]}
    assert found == SECTIONS[role]


def test_the_policy_for_content_is_as_strict_as_elsewhere(owner: Client) -> None:
    assert owner.get("/admin/")["Content-Security-Policy"] == owner.get("/help/")["Content-Security-Policy"]


# Registries


def new(**more: str) -> dict[str, Any]:
    group = make.resource_group()
    return {"resource_group": group.pk, "name": "newregistry", "location": "eastus", "sku": "Premium"} | more


def test_a_registry_is_created_with_its_change(contributor: Client) -> None:
    answer = contributor.post(f"{REGISTRIES}add/", new(sku="Basic"))
    assert (answer.status_code, answer["Location"]) == (302, REGISTRIES)
    registry = Registry.objects.get()
    account = Account.objects.get()
    assert (registry.name, registry.sku, registry.created_by) == ("newregistry", "Basic", account.username)
    change = Change.objects.get()
    assert (change.registry, change.operation, change.door) == (registry, "Create registry", "admin")
    assert (change.account, change.address) == (account.username, "127.0.0.1")
    assert LogEntry.objects.get().object_id == str(registry.pk)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        pytest.param({"name": ""}, "Type a name for the registry.", id="no name"),
        pytest.param(
            {"name": "a-b"}, "A registry's name has 5 to 50 letters or digits and nothing else.", id="bad name"
        ),
        pytest.param(
            {"name": "MyContainerRegistry"}, "The registry MyContainerRegistry is already in use.", id="taken"
        ),
        pytest.param({"location": "moon"}, "There is no such location. Choose another.", id="location"),
        pytest.param({"sku": "Gold"}, "Choose Basic, Standard or Premium.", id="unknown tier"),
        pytest.param({"sku": ""}, "Choose a service tier.", id="no tier"),
        pytest.param(
            {"resource_group": "999"},
            "There is no such resource group any more. Choose another.",
            id="a group that is gone",
        ),
        pytest.param({"resource_group": ""}, "Choose a resource group.", id="no group"),
    ],
)
def test_a_bad_registry_is_refused_in_the_words_of_the_portal(
    contributor: Client, more: dict[str, str], sentence: str
) -> None:
    make.registry()
    answer = contributor.post(f"{REGISTRIES}add/", new(**more))
    assert errors_of(answer) == [sentence]
    assert (Registry.objects.count(), changes()) == (1, [])


def test_a_name_taken_in_the_same_moment_is_told_too(contributor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both looks at the name see nothing, so that the database is the one who refuses."""
    make.registry("newregistry")
    looks: list[str] = []
    real = RegistryQuerySet.named

    def named(queryset: RegistryQuerySet, name: str) -> RegistryQuerySet:
        looks.append(name)
        return queryset.none() if len(looks) == 1 else real(queryset, name)

    monkeypatch.setattr(RegistryQuerySet, "named", named)
    monkeypatch.setattr(Registry, "validate_constraints", lambda *args, **kwargs: None)
    answer = contributor.post(f"{REGISTRIES}add/", new(name="NewRegistry"))
    assert errors_of(answer) == ["The registry NewRegistry is already in use."]
    assert (looks, Registry.objects.count(), changes()) == (["NewRegistry"] * 2, 1, [])


def tier(sku: str, **more: str) -> dict[str, Any]:
    """The page of a registry without replications, as it is sent."""
    return {"sku": sku, "replications-TOTAL_FORMS": "0", "replications-INITIAL_FORMS": "0"} | more


def test_a_tier_is_changed_with_its_change(contributor: Client) -> None:
    registry = make.registry(sku="Basic")
    answer = contributor.post(f"{REGISTRIES}{registry.pk}/change/", tier("Premium", name="othername"))
    assert answer.status_code == 302
    registry.refresh_from_db()
    assert (registry.name, registry.sku) == ("mycontainerregistry", "Premium")
    change = Change.objects.get()
    assert (change.operation, change.door, change.before, change.after) == (
        "Change tier",
        "admin",
        {"sku": "Basic"},
        {"sku": "Premium"},
    )
    assert "Changed Service tier." in text_of(contributor.get(f"{REGISTRIES}{registry.pk}/history/"))


def test_the_same_tier_is_no_change(contributor: Client) -> None:
    registry = make.registry()
    contributor.post(f"{REGISTRIES}{registry.pk}/change/", tier("Premium"))
    assert changes() == []


def test_a_connection_keeps_the_tier_here_too(contributor: Client) -> None:
    registry = make.registry()
    assert not isinstance(connect(registry, "/the/endpoint", make.BO, approved=False), Problem)
    before = changes()
    answer = contributor.post(f"{REGISTRIES}{registry.pk}/change/", tier("Basic"))
    assert errors_of(answer) == [
        "'mycontainerregistry' can't become Basic yet. Do this first:",
        "Remove the private endpoint connections.",
    ]
    registry.refresh_from_db()
    assert (registry.sku, changes()) == ("Premium", before)


def test_a_downgrade_is_refused_with_what_must_go_first(contributor: Client) -> None:
    registry = make.registry(policy=make.selected("9.9.9.9"))
    before = changes()
    answer = contributor.post(f"{REGISTRIES}{registry.pk}/change/", tier("Basic"))
    assert errors_of(answer) == [
        "'mycontainerregistry' can't become Basic yet. Do this first:",
        *registry.in_the_way_of("Basic"),
    ]
    registry.refresh_from_db()
    assert (registry.sku, changes()) == ("Premium", before)


@pytest.mark.parametrize("sku", ["Gold", ""])
def test_an_unknown_tier_is_refused(contributor: Client, sku: str) -> None:
    registry = make.registry()
    answer = contributor.post(f"{REGISTRIES}{registry.pk}/change/", tier(sku))
    assert errors_of(answer) == ["Choose Basic, Standard or Premium."]
    assert changes() == []


def test_a_registry_leads_to_its_networking(contributor: Client) -> None:
    registry = make.registry(policy=make.selected("9.9.9.9"))
    link = f'<a href="/admin/networking/endpointsettings/{registry.pk}/change/">Selected networks</a>'
    assert link in text_of(contributor.get(REGISTRIES))
    page = text_of(contributor.get(f"{REGISTRIES}{registry.pk}/change/"))
    assert link in page
    assert 'href="/registries/mycontainerregistry/"' in page


def test_a_registry_is_deleted_with_its_change(owner: Client) -> None:
    registry = make.registry(policy=make.selected("9.9.9.9"))
    before = changes()
    assert "9.9.9.9" in text_of(owner.get(f"{REGISTRIES}{registry.pk}/delete/"))
    owner.post(f"{REGISTRIES}{registry.pk}/delete/", {"post": "yes"})
    assert (Registry.objects.count(), EndpointSettings.objects.count()) == (0, 0)
    assert changes() == [*before, ("Delete registry", "admin")]
    assert LogEntry.objects.count() == 1


def test_registries_are_deleted_in_bulk_with_one_change_each(owner: Client) -> None:
    chosen = [make.registry(name).pk for name in ("registryone", "registrytwo")]
    make.registry("registrythree")
    posted = {"action": "delete_selected", "_selected_action": chosen}
    assert "Delete multiple objects" in text_of(owner.post(REGISTRIES, posted))
    assert Registry.objects.count() == 3
    owner.post(REGISTRIES, posted | {"post": "yes"})
    assert [registry.name for registry in Registry.objects.all()] == ["registrythree"]
    assert changes() == [("Delete registry", "admin")] * 2


def test_a_group_and_a_subscription_take_their_registries_along_with_a_change_each(owner: Client) -> None:
    make.registry("registryone")
    make.registry("registrytwo", group=make.resource_group("other"))
    make.registry("registrythree", group=make.resource_group("third"))
    group = ResourceGroup.objects.get(name="other")
    owner.post(f"{GROUPS}{group.pk}/delete/", {"post": "yes"})
    each = [("Delete registry", "admin"), ("Delete resource group", "admin")]
    assert changes() == each
    group = ResourceGroup.objects.get(name="third")
    owner.post(GROUPS, {"action": "delete_selected", "_selected_action": [group.pk], "post": "yes"})
    assert changes() == each * 2
    owner.post(f"{SUBSCRIPTIONS}{Subscription.objects.get().pk}/delete/", {"post": "yes"})
    assert changes() == each * 3
    assert (Subscription.objects.count(), ResourceGroup.objects.count(), Registry.objects.count()) == (0, 0, 0)


def test_who_may_not_delete_registries_deletes_no_group_with_one(client: Client) -> None:
    account = make.account("Contributor", is_staff=True)
    account.user_permissions.add(Permission.objects.get(codename="delete_resourcegroup"))
    client.force_login(account)
    make.registry()
    group = ResourceGroup.objects.get()
    assert client.post(f"{GROUPS}{group.pk}/delete/", {"post": "yes"}).status_code == 403
    assert (Registry.objects.count(), changes()) == (1, [])


def test_a_resource_group_is_added_by_the_rule_of_names(contributor: Client) -> None:
    subscription = make.resource_group().subscription
    posted = {"subscription": subscription.pk, "name": "new.", "location": "eastus"}
    answer = contributor.post(f"{GROUPS}add/", posted)
    assert errors_of(answer) == [
        "A resource group's name has 1 to 90 letters, digits or - _ . ( ) and doesn't end in a period."
    ]
    contributor.post(f"{GROUPS}add/", posted | {"name": "new"})
    assert ResourceGroup.objects.filter(name="new").exists()
    assert changes() == [("Create resource group", "admin")]
    assert errors_of(contributor.post(f"{GROUPS}add/", posted | {"name": "NEW"})) != []


def test_what_is_part_of_a_resource_id_stays(staff: Callable[[str], Client]) -> None:
    root = staff("superuser")
    group = make.resource_group()
    root.post(f"{GROUPS}{group.pk}/change/", {"name": "other", "location": "westus"})
    root.post(
        f"{SUBSCRIPTIONS}{group.subscription.pk}/change/",
        {"display_name": "Renamed", "subscription_id": "00000000-0000-0000-0000-000000000009"},
    )
    group = ResourceGroup.objects.select_related("subscription").get()
    assert (group.name, group.location) == ("myResourceGroup", "eastus")
    assert (group.subscription.display_name, group.subscription.subscription_id) == ("Renamed", make.SUBSCRIPTION_ID)


def test_a_subscription_keeps_its_providers_whatever_is_posted(owner: Client) -> None:
    """The ARM API registers them, one at a time and with a change record."""
    subscription = make.subscription()
    page = f"{SUBSCRIPTIONS}{subscription.pk}/change/"
    assert list(owner.get(page).context["adminform"].form.fields) == ["display_name"]
    assert owner.post(page, {"display_name": "Renamed", "providers": "[1]"}).status_code == 302
    posted = {"display_name": "New", "subscription_id": "00000000-0000-0000-0000-000000000009", "providers": "[1]"}
    owner.post(f"{SUBSCRIPTIONS}add/", posted)
    both = ["Microsoft.ContainerRegistry", "Microsoft.Network"]
    assert dict(Subscription.objects.values_list("display_name", "providers")) == {"Renamed": both, "New": both}


@pytest.mark.parametrize("role", ["Reader", "superuser"])
def test_a_registry_shows_its_replications_to_look_at(staff: Callable[[str], Client], role: str) -> None:
    registry = make.registry(replica_regions=["westus"])
    Replication.objects.create(registry=registry, location="westus")
    answer = staff(role).get(f"{REGISTRIES}{registry.pk}/change/")
    assert "West US" in text_of(answer)
    inline = answer.context["inline_admin_formsets"][0]
    assert (inline.has_add_permission, inline.has_change_permission, inline.has_delete_permission) == (
        False,
        False,
        False,
    )


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        pytest.param("", 3, id="all"),
        pytest.param("?q=team", 1, id="name"),
        pytest.param("?q=myResourceGroup", 3, id="group"),
        pytest.param("?sku=Standard", 1, id="tier"),
        pytest.param("?public_access=disabled", 1, id="access"),
        pytest.param("?public_access=nonsense", 3, id="nonsense"),
        pytest.param("?location=westus", 1, id="location"),
    ],
)
def test_registries_are_searched_and_filtered(staff: Callable[[str], Client], asked: str, count: int) -> None:
    make.registry()
    make.registry("contosoteam", sku="Standard", location="westus")
    make.registry("contosoarchive", policy=make.disabled())
    assert staff("Reader").get(REGISTRIES + asked).context["cl"].result_count == count


@pytest.mark.parametrize("address", [REGISTRIES, GROUPS, SUBSCRIPTIONS, ACCOUNTS])
def test_a_list_costs_the_same_however_long(
    owner: Client, django_assert_num_queries: DjangoAssertNumQueries, address: str
) -> None:
    make.registry()
    with CaptureQueriesContext(connection) as few:
        owner.get(address)
    for number in range(10):
        make.registry(f"registry{number}", group=make.resource_group(f"group{number}"), policy=make.selected("9.9.9.9"))
        make.account("Reader")
        Subscription.objects.create(subscription_id=f"00000000-0000-0000-0000-00000000001{number}")
    with django_assert_num_queries(len(few)):
        owner.get(address)


MAY_OPEN = {
    REGISTRIES: {"Reader", "Contributor", "Owner"},
    f"{REGISTRIES}add/": {"Contributor", "Owner"},
    GROUPS: {"Reader", "Contributor", "Owner"},
    f"{GROUPS}add/": {"Contributor", "Owner"},
    SUBSCRIPTIONS: {"Reader", "Contributor", "Owner"},
    f"{SUBSCRIPTIONS}add/": {"Owner"},
    ACCOUNTS: {"Owner"},
    f"{ACCOUNTS}add/": {"Owner"},
    "/admin/auth/group/": {"Owner"},
    "/admin/auth/group/add/": set(),
}


@pytest.mark.parametrize("role", [*ROLES, None])
@pytest.mark.parametrize("address", MAY_OPEN)
def test_a_role_opens_what_is_its_own(client: Client, role: str | None, address: str) -> None:
    client.force_login(make.account(role, is_staff=True))
    assert client.get(address).status_code == (200 if role in MAY_OPEN[address] else 403)


def test_a_reader_looks_and_changes_nothing(staff: Callable[[str], Client]) -> None:
    registry = make.registry()
    reader = staff("Reader")
    assert 'name="_save"' not in text_of(reader.get(f"{REGISTRIES}{registry.pk}/change/"))
    tried = [
        reader.post(f"{REGISTRIES}add/", new()),
        reader.post(f"{REGISTRIES}{registry.pk}/change/", {"sku": "Basic"}),
        reader.post(f"{REGISTRIES}{registry.pk}/delete/", {"post": "yes"}),
    ]
    assert [answer.status_code for answer in tried] == [403] * 3
    reader.post(REGISTRIES, {"action": "delete_selected", "_selected_action": [registry.pk], "post": "yes"})
    assert (Registry.objects.get().sku, changes()) == ("Premium", [])


def test_a_contributor_deletes_no_registry(contributor: Client) -> None:
    registry = make.registry()
    assert contributor.post(f"{REGISTRIES}{registry.pk}/delete/", {"post": "yes"}).status_code == 403
    contributor.post(REGISTRIES, {"action": "delete_selected", "_selected_action": [registry.pk], "post": "yes"})
    assert Registry.objects.count() == 1


@pytest.mark.parametrize("number", ["999", "x", "9" * 30])
def test_an_unknown_registry_has_no_page(owner: Client, number: str) -> None:
    assert owner.get(f"{REGISTRIES}{number}/change/")["Location"] == "/admin/"


# Accounts


def groups(*names: str) -> list[int]:
    return [Group.objects.get(name=name).pk for name in names]


def account_page(account: Account, **more: Any) -> dict[str, Any]:
    return {"username": account.username, "is_active": "on", "groups": groups(account.role), **more}


def test_an_owner_makes_an_account_with_a_role(owner: Client) -> None:
    posted = {
        "username": "di@example.org",
        "usable_password": "true",
        "password1": make.PASSWORD,
        "password2": make.PASSWORD,
        "groups": groups("Contributor"),
        "is_staff": "on",
        "is_superuser": "on",
        "user_permissions": [permission.pk for permission in Permission.objects.all()],
    }
    assert owner.post(f"{ACCOUNTS}add/", posted).status_code == 302
    made = Account.objects.get(username="di@example.org")
    assert (made.role, made.is_staff, made.is_superuser) == ("Contributor", True, False)
    assert (made.check_password(make.PASSWORD), made.user_permissions.count()) == (True, 0)


def test_an_owner_changes_a_role_and_turns_an_account_off(owner: Client) -> None:
    bo = make.account("Contributor")
    page = account_page(bo, groups=groups("Reader"))
    assert owner.post(f"{ACCOUNTS}{bo.pk}/change/", page).status_code == 302
    bo = Account.objects.get(pk=bo.pk)
    assert (bo.role, bo.is_active) == ("Reader", True)
    del page["is_active"]
    owner.post(f"{ACCOUNTS}{bo.pk}/change/", page)
    assert not Account.objects.get(pk=bo.pk).is_active
    assert LogEntry.objects.count() == 2


def test_an_owner_sets_a_password(owner: Client) -> None:
    bo = make.account("Contributor")
    posted = {"usable_password": "true", "password1": "another horse battery", "password2": "another horse battery"}
    owner.post(f"{ACCOUNTS}{bo.pk}/password/", posted)
    bo.refresh_from_db()
    assert bo.check_password("another horse battery")


def test_an_owner_makes_a_person_a_trusted_service(owner: Client) -> None:
    account = make.account("Reader")
    both = groups("Reader", "Trusted services")
    owner.post(f"{ACCOUNTS}{account.pk}/change/", account_page(account, groups=both))
    account = Account.objects.get(pk=account.pk)
    assert sorted(account.groups.values_list("name", flat=True)) == ["Reader", "Trusted services"]
    assert account.role == "Reader"


def test_an_owner_makes_nobody_a_superuser(owner: Client) -> None:
    me = Account.objects.get(groups__name="Owner")
    every = [permission.pk for permission in Permission.objects.all()]
    page = account_page(me, is_staff="on", is_superuser="on", user_permissions=every)
    assert owner.post(f"{ACCOUNTS}{me.pk}/change/", page).status_code == 302
    me.refresh_from_db()
    assert (me.is_superuser, me.user_permissions.count()) == (False, 0)
    shown = text_of(owner.get(f"{ACCOUNTS}{me.pk}/change/"))
    assert "is_superuser" not in shown
    assert "user_permissions" not in shown


def more_than_an_owner(kind: str) -> Account:
    account = make.account("Reader", username="root@example.org", is_superuser="superuser" in kind)
    beyond = Permission.objects.get(codename="change_group")
    if kind == "a permission":
        account.user_permissions.add(beyond)
    if kind == "a group":
        group = Group.objects.create(name="Keepers of roles")
        group.permissions.add(beyond)
        account.groups.add(group)
    account.is_active = "inactive" not in kind
    account.save()
    return account


@pytest.mark.parametrize("kind", ["superuser", "inactive superuser", "a permission", "a group"])
def test_an_owner_does_not_take_over_who_has_more(owner: Client, kind: str) -> None:
    root = more_than_an_owner(kind)
    was = Account.objects.filter(pk=root.pk).values().get()
    posted = {"usable_password": "true", "password1": "another horse battery", "password2": "another horse battery"}
    tried = [
        owner.post(f"{ACCOUNTS}{root.pk}/change/", account_page(root)),
        owner.post(f"{ACCOUNTS}{root.pk}/password/", posted),
        owner.post(f"{ACCOUNTS}{root.pk}/delete/", {"post": "yes"}),
        owner.post(ACCOUNTS, {"action": "delete_selected", "_selected_action": [root.pk], "post": "yes"}),
    ]
    assert [answer.status_code for answer in tried] == [403] * 4
    assert Account.objects.filter(pk=root.pk).values().get() == was


def test_an_owner_gives_no_group_that_holds_more(owner: Client) -> None:
    more_than_an_owner("a group")
    bo = make.account("Reader")
    harmless = Group.objects.create(name="Harmless")
    page = text_of(owner.get(f"{ACCOUNTS}{bo.pk}/change/"))
    assert "Harmless" in page
    assert "Keepers of roles" not in page
    answer = owner.post(f"{ACCOUNTS}{bo.pk}/change/", account_page(bo, groups=groups("Keepers of roles")))
    assert len(errors_of(answer)) == 1
    owner.post(f"{ACCOUNTS}{bo.pk}/change/", account_page(bo, groups=[harmless.pk, *groups("Owner")]))
    assert {group.name for group in bo.groups.all()} == {"Harmless", "Owner"}


def test_an_owner_sees_the_roles_and_changes_none(owner: Client) -> None:
    role = Group.objects.get(name="Reader")
    every = [permission.pk for permission in Permission.objects.all()]
    assert owner.get(f"/admin/auth/group/{role.pk}/change/").status_code == 200
    posted = {"name": "Reader", "permissions": every}
    assert owner.post(f"/admin/auth/group/{role.pk}/change/", posted).status_code == 403
    assert owner.post(f"/admin/auth/group/{role.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_superuser_may_give_everything(staff: Callable[[str], Client]) -> None:
    root = staff("superuser")
    bo = make.account("Reader")
    permission = Permission.objects.get(codename="change_group")
    page = account_page(bo, is_superuser="on", user_permissions=[permission.pk])
    assert root.post(f"{ACCOUNTS}{bo.pk}/change/", page).status_code == 302
    bo.refresh_from_db()
    assert (bo.is_superuser, list(bo.user_permissions.all())) == (True, [permission])


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        pytest.param("?q=bo@example", 1, id="search"),
        pytest.param("?is_staff__exact=1", 1, id="staff"),
        pytest.param("?is_active__exact=0", 1, id="left"),
    ],
)
def test_accounts_are_searched_and_filtered(owner: Client, asked: str, count: int) -> None:
    make.account("Contributor", username="bo@example.org")
    make.account("Reader", is_active=False)
    assert owner.get(ACCOUNTS + asked).context["cl"].result_count == count


def test_accounts_are_filtered_by_role(owner: Client) -> None:
    make.account("Contributor", username="bo@example.org")
    (reader,) = groups("Contributor")
    answer = owner.get(f"{ACCOUNTS}?groups__id__exact={reader}")
    assert [account.username for account in answer.context["cl"].result_list] == ["bo@example.org"]
    assert '<td class="field-roles">Contributor</td>' in text_of(answer)


def test_nobody_asks_for_passwords_in_the_list(owner: Client) -> None:
    """The filter is refused, so that nobody guesses a hash letter by letter."""
    assert owner.get(f"{ACCOUNTS}?password__startswith=m").status_code == 400
