"""What Reader, Contributor and Owner may do."""

import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.core.exceptions import PermissionDenied
from pytest_django import DjangoAssertNumQueries

from registries.http import NEEDS, PortalRequest, require
from registries.models import CHANGE, CREATE, DELETE, IMPORT_SERVICE_TAGS, VIEW, Account
from tests import make

MAY = {
    None: set[str](),
    "Reader": {VIEW},
    "Contributor": {VIEW, CREATE, CHANGE},
    "Owner": {VIEW, CREATE, CHANGE, DELETE, IMPORT_SERVICE_TAGS},
}
EVERYTHING = {VIEW, CREATE, CHANGE, DELETE, IMPORT_SERVICE_TAGS}


@pytest.mark.parametrize("role", MAY)
def test_a_role_may_do_what_it_says_and_no_more(db: None, role: str | None) -> None:
    account = make.account(role)
    assert {permission for permission in EVERYTHING if account.may(permission)} == MAY[role]
    registry = make.registry()
    assert {permission for permission in EVERYTHING if account.may(permission, registry)} == MAY[role]


def test_somebody_who_has_left_may_nothing(db: None) -> None:
    account = make.account("Owner")
    account.is_active = False
    account.save()
    assert not any(account.may(permission) for permission in EVERYTHING)


def test_a_superuser_may_everything(db: None) -> None:
    account = Account.objects.create_superuser("root@example.org", password=make.PASSWORD)
    assert all(account.may(permission) for permission in EVERYTHING)


SEEN = {
    "registries.view_registry",
    "registries.view_resourcegroup",
    "registries.view_subscription",
    "registries.view_change",
    "registries.view_replication",
    "networking.view_endpointsettings",
    "networking.view_firewallrule",
    "networking.view_mustworkcaller",
    "networking.view_trustedservice",
    "networking.view_virtualnetwork",
    "networking.view_subnet",
    "networking.view_privateendpoint",
    "networking.view_privateendpointconnection",
    "networking.view_accessrequest",
    "networking.view_gatereport",
    "networking.view_servicetagimport",
    "networking.view_servicetag",
}
CHANGED = SEEN | {
    "registries.add_registry",
    "registries.change_registry",
    "registries.add_resourcegroup",
    "networking.add_endpointsettings",
    "networking.change_endpointsettings",
    "networking.delete_firewallrule",
    "networking.add_mustworkcaller",
    "networking.delete_mustworkcaller",
}
OWNED = {
    "registries.delete_registry",
    "registries.delete_resourcegroup",
    "registries.add_subscription",
    "registries.change_subscription",
    "registries.delete_subscription",
    "registries.view_account",
    "registries.add_account",
    "registries.change_account",
    "registries.delete_account",
    "auth.view_group",
    "networking.add_trustedservice",
    "networking.change_trustedservice",
    "networking.delete_trustedservice",
    "networking.add_servicetagimport",
}


def test_the_roles_are_there_from_the_start_with_exactly_these_permissions(db: None) -> None:
    assert {
        group.name: {
            f"{app}.{codename}"
            for app, codename in group.permissions.values_list("content_type__app_label", "codename")
        }
        for group in Group.objects.all()
    } == {"Reader": SEEN, "Contributor": CHANGED, "Owner": CHANGED | OWNED, "Trusted services": set()}


@pytest.mark.parametrize("permission", sorted(EVERYTHING))
def test_every_permission_we_ask_for_exists(db: None, permission: str) -> None:
    app, codename = permission.split(".")
    assert Permission.objects.filter(content_type__app_label=app, codename=codename).count() == 1


@pytest.mark.parametrize(("permission", "need"), NEEDS.items(), ids=NEEDS.keys())
def test_a_refusal_names_the_role_that_has_it(db: None, permission: str, need: str) -> None:
    request = PortalRequest()
    request.user = make.account(None)
    with pytest.raises(PermissionDenied, match=f"^{need} Ask an Owner of this console.$"):
        require(request, permission)
    enough = [role for role, may in MAY.items() if permission in may]
    for role in enough:
        request.user = make.account(role)
        require(request, permission, make.registry(f"registryof{role}"))
    assert [str(role) for role in enough if str(role) in need] == enough


def test_initials_are_two_capitals() -> None:
    assert Account(username="bo@example.org").initials == "BO"
    assert not hasattr(AnonymousUser(), "initials")


@pytest.mark.parametrize("role", MAY)
def test_an_account_looked_up_with_each_request_may_the_same(
    db: None, django_assert_num_queries: DjangoAssertNumQueries, role: str | None
) -> None:
    account = make.account(role)
    account.user_permissions.add(Permission.objects.get(codename="view_group"))
    with django_assert_num_queries(1):
        found = Account.active(account.username)
        assert found == account
        assert {permission for permission in EVERYTHING if found.may(permission)} == MAY[role]
    assert found.get_all_permissions() == account.get_all_permissions()
    assert (found.email, found.role, found.object_id) == (account.email, account.role, account.object_id)


def test_a_superuser_looked_up_so_may_everything(db: None) -> None:
    root = Account.objects.create_superuser("root@example.org", password=make.PASSWORD, service_principal=True)
    found = Account.active("root@example.org")
    assert found is not None
    assert all(found.may(permission) for permission in EVERYTHING)
    assert (found.pk, found.is_active, found.is_superuser, found.service_principal) == (root.pk, True, True, True)


def test_nobody_else_is_found_so(db: None) -> None:
    account = make.account("Owner", username="bo@example.org")
    assert [Account.active(name) for name in ("", "BO@example.org", "bo", "%", "'", "é")] == [None] * 6
    account.is_active = False
    account.save()
    assert Account.active("bo@example.org") is None
