"""Accounts of programs: made by the command and in the admin, and no page opens to them."""

import io
import re
import uuid
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from registries import signing
from registries.models import Account, ServicePrincipal
from registries.service_principals import Credentials, create, renew
from tests import make

pytestmark = pytest.mark.django_db
SECTION = "/admin/registries/serviceprincipal/"


def printed(command: str, *arguments: str) -> list[str]:
    out = io.StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue().splitlines()


# Made


def test_it_is_an_account_with_a_role_whose_secret_is_kept_as_a_hash() -> None:
    made = create("  Nightly   build ", "Contributor")
    account = Account.objects.get(username=made.client_id)
    assert (account.first_name, account.role, account.service_principal, account.is_staff) == (
        "Nightly build",
        "Contributor",
        True,
        False,
    )
    assert uuid.UUID(made.client_id)
    assert account.check_password(made.secret)
    assert made.secret not in account.password


def test_two_of_one_name_are_two() -> None:
    assert create("Deployment", "Reader") != create("Deployment", "Reader")
    assert Account.objects.count() == 2


def test_no_secret_looks_like_an_option_of_the_shell() -> None:
    secrets = {create("Deployment", "Reader").secret for _ in range(20)}
    assert len(secrets) == 20
    assert all(re.fullmatch(r"\w{40}", secret, re.ASCII) for secret in secrets)


@pytest.mark.parametrize(
    ("name", "role", "says"),
    [
        pytest.param("", "Reader", "The name must have 1 to 150 characters that print.", id="no name"),
        pytest.param(" \n", "Reader", "The name must have 1 to 150 characters that print.", id="blanks"),
        pytest.param("x" * 151, "Reader", "The name must have 1 to 150 characters that print.", id="long"),
        pytest.param("a\0b", "Reader", "The name must have 1 to 150 characters that print.", id="NUL"),
        pytest.param("a", "King", "The role is 'King'; it must be one of Reader, Contributor, Owner.", id="role"),
    ],
)
def test_what_cannot_be_is_refused(name: str, role: str, says: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
        create(name, role)
    assert Account.objects.count() == 0


def test_a_new_secret_ends_the_old_one() -> None:
    made = create("Deployment", "Reader")
    account = Account.objects.get()
    again = renew(account)
    account.refresh_from_db()
    assert again.client_id == made.client_id
    assert (account.check_password(again.secret), account.check_password(made.secret)) == (True, False)


# No page


def test_it_signs_in_on_no_page_and_learns_nothing_there(client: Client) -> None:
    made = create("Deployment", "Owner")
    right = client.post("/sign-in/", {"username": made.client_id, "password": made.secret})
    wrong = client.post("/sign-in/", {"username": made.client_id, "password": "guess"})
    assert (right.status_code, wrong.status_code) == (422, 422)
    assert right.context["form"].errors == wrong.context["form"].errors
    assert "_auth_user_id" not in client.session


# The commands


def test_the_command_prints_what_a_program_signs_in_with() -> None:
    client_id, secret, tenant = (
        line.split(maxsplit=2)[-1] for line in printed("service_principal", "CI", "--role=Owner")
    )
    account = Account.objects.get(username=client_id)
    assert (account.first_name, account.role, account.check_password(secret)) == ("CI", "Owner", True)
    assert tenant == signing.tenant_id()


def test_the_command_gives_a_new_secret() -> None:
    made = create("Deployment", "Reader")
    lines = printed("service_principal", made.client_id, "--new-secret")
    assert lines[0] == f"Client id: {made.client_id}"
    assert Account.objects.get().check_password(lines[1].split()[-1])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["", "--role=Reader"], "The name must have 1 to 150 characters", id="no name"),
        pytest.param(["CI", "--role=King"], "invalid choice: 'King'", id="no role"),
        pytest.param(
            ["nobody", "--new-secret"], "There is no service principal with the client id 'nobody'.", id="none"
        ),
        pytest.param(
            ["bo@example.org", "--new-secret"], "There is no service principal with the client", id="a person"
        ),
    ],
)
def test_the_command_refuses_with_a_sentence(bo: Account, arguments: list[str], says: str) -> None:
    with pytest.raises(CommandError, match=re.escape(says)):
        printed("service_principal", *arguments)
    bo.refresh_from_db()
    assert bo.check_password(make.PASSWORD)
    assert Account.objects.count() == 1


def test_four_lines_connect_az(settings: Settings, tmp_path: Path) -> None:
    settings.DATA = tmp_path / "a directory"
    settings.DATA.mkdir()
    lines = [
        f"export REQUESTS_CA_BUNDLE='{settings.DATA}/authority.pem'",
        "az cloud register -n Portcullis --endpoint-resource-manager https://localhost:8443",
        "az cloud set -n Portcullis",
        f"az login --service-principal -u CLIENT-ID -p SECRET --tenant {signing.tenant_id()}",
    ]
    assert printed("connect") == lines
    settings.DEMONSTRATION = True
    assert printed("connect")[3] == lines[3].replace("CLIENT-ID -p SECRET", "demo-pipeline -p portcullis-demo")


def test_the_command_makes_a_certificate_and_says_where(settings: Settings, tmp_path: Path) -> None:
    settings.DATA = tmp_path
    certificate, key, authority = printed("certificate", "localhost")
    assert Path(certificate).read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert Path(key).read_text().startswith("-----BEGIN PRIVATE KEY-----")
    assert authority == str(tmp_path / "authority.pem")
    with pytest.raises(CommandError, match=r"^'a b' is neither a host name nor an address\.$"):
        printed("certificate", "a b")


# The admin


@pytest.fixture
def staff(client: Client) -> Callable[[str], Client]:
    def sign_in(role: str) -> Client:
        client.force_login(make.account(role, is_staff=True))
        return client

    return sign_in


def text_of(answer: Any) -> str:
    return unescape(answer.content.decode())


def test_an_owner_makes_one_and_sees_the_secret_once(staff: Callable[[str], Client]) -> None:
    owner = staff("Owner")
    told = owner.post(f"{SECTION}add/", {"first_name": "Deployment", "role": "Contributor"})
    account = ServicePrincipal.objects.get(service_principal=True)
    made: Credentials = told.context["made"]
    assert told.status_code == 200
    assert account.check_password(made.secret)
    assert f"az login --service-principal -u {made.client_id} -p {made.secret} --tenant" in text_of(told)
    assert "no-store" in told["Cache-Control"]
    assert (account.role, str(account)) == ("Contributor", "Deployment")
    for page in (SECTION, f"{SECTION}{account.pk}/change/", f"{SECTION}{account.pk}/history/", "/admin/"):
        assert made.secret not in text_of(owner.get(page))
    assert LogEntry.objects.get().object_id == str(account.pk)


@pytest.mark.parametrize(
    ("form", "field"),
    [
        pytest.param({"first_name": "", "role": "Reader"}, "first_name", id="no name"),
        pytest.param({"first_name": "x" * 151, "role": "Reader"}, "first_name", id="long"),
        pytest.param({"first_name": "CI", "role": ""}, "role", id="no role"),
        pytest.param({"first_name": "CI", "role": "King"}, "role", id="unknown role"),
    ],
)
def test_a_bad_form_makes_none(staff: Callable[[str], Client], form: dict[str, str], field: str) -> None:
    told = staff("Owner").post(f"{SECTION}add/", form)
    assert list(told.context["adminform"].form.errors) == [field]
    assert not Account.objects.filter(service_principal=True).exists()


def test_a_role_is_changed_and_an_account_turned_off(staff: Callable[[str], Client]) -> None:
    made = create("Deployment", "Reader")
    account = Account.objects.get(username=made.client_id)
    told = staff("Owner").post(f"{SECTION}{account.pk}/change/", {"first_name": "Deploy", "role": "Owner"})
    account = Account.objects.get(pk=account.pk)
    assert told.status_code == 302
    assert (account.first_name, account.role, account.is_active, account.service_principal) == (
        "Deploy",
        "Owner",
        False,
        True,
    )
    assert account.check_password(made.secret)


def test_groups_that_are_no_role_stay(staff: Callable[[str], Client]) -> None:
    account = Account.objects.get(username=create("Deployment", "Reader").client_id)
    account.groups.add(Group.objects.create(name="Auditors"))
    owner = staff("Owner")
    page = f"{SECTION}{account.pk}/change/"
    assert owner.get(page).context["adminform"].form["role"].value() == "Reader"
    owner.post(page, {"first_name": "Deployment", "is_active": "on", "role": "Contributor"})
    assert groups_of(account) == ["Auditors", "Contributor"]


def test_a_program_is_made_a_trusted_service_and_none_again(staff: Callable[[str], Client]) -> None:
    owner = staff("Owner")
    owner.post(f"{SECTION}add/", {"first_name": "Scanner", "role": "Reader", "trusted": "on"})
    account = Account.objects.get(service_principal=True)
    assert (groups_of(account), account.role) == (["Reader", "Trusted services"], "Reader")
    page = f"{SECTION}{account.pk}/change/"
    assert owner.get(page).context["adminform"].form["trusted"].value() is True
    owner.post(page, {"first_name": "Scanner", "is_active": "on", "role": "Owner", "trusted": "on"})
    assert groups_of(account) == ["Owner", "Trusted services"]
    owner.post(page, {"first_name": "Scanner", "is_active": "on", "role": "Owner"})
    assert groups_of(account) == ["Owner"]


def test_an_owner_trusts_nobody_by_a_group_that_holds_more(staff: Callable[[str], Client]) -> None:
    Group.objects.get(name="Trusted services").permissions.add(Permission.objects.get(codename="delete_session"))
    staff("Owner").post(f"{SECTION}add/", {"first_name": "Scanner", "role": "Reader", "trusted": "on"})
    assert groups_of(Account.objects.get(service_principal=True)) == ["Reader"]


def groups_of(account: Account) -> list[str]:
    return sorted(account.groups.values_list("name", flat=True))


def new_secret(client: Client, *accounts: Account) -> Any:
    asked = {"action": "new_secret", "_selected_action": [str(each.pk) for each in accounts]}
    return client.post(SECTION, asked, follow=True)


def test_a_new_secret_is_shown_once(staff: Callable[[str], Client]) -> None:
    made = create("Deployment", "Reader")
    account = Account.objects.get()
    told = new_secret(staff("Owner"), account)
    account.refresh_from_db()
    assert account.check_password(told.context["made"].secret)
    assert not account.check_password(made.secret)


def test_one_at_a_time_gets_a_new_secret(staff: Callable[[str], Client]) -> None:
    secrets = {made.client_id: made.secret for made in (create("One", "Reader"), create("Two", "Reader"))}
    told = new_secret(staff("Owner"), *Account.objects.filter(service_principal=True))
    assert "Select one service principal, which you may change." in text_of(told)
    assert all(Account.objects.get(username=name).check_password(secret) for name, secret in secrets.items())


@pytest.mark.parametrize("role", ["Reader", "Contributor"])
def test_only_an_owner_comes_near_them(staff: Callable[[str], Client], role: str) -> None:
    create("Deployment", "Reader")
    account = Account.objects.get()
    client = staff(role)
    paths = [SECTION, f"{SECTION}add/", f"{SECTION}{account.pk}/change/", f"{SECTION}{account.pk}/delete/"]
    assert [client.get(path).status_code for path in paths] == [403, 403, 403, 403]
    assert client.post(f"{SECTION}add/", {"first_name": "CI", "role": "Owner"}).status_code == 403
    assert Account.objects.filter(service_principal=True).count() == 1


def test_nobody_takes_over_a_program_that_may_more(staff: Callable[[str], Client]) -> None:
    made = create("Root", "Owner")
    Account.objects.update(is_superuser=True)
    account = Account.objects.get()
    owner = staff("Owner")
    assert owner.post(f"{SECTION}{account.pk}/change/", {"first_name": "Mine", "role": "Owner"}).status_code == 403
    assert "which you may change" in text_of(new_secret(owner, account))
    account.refresh_from_db()
    assert (account.first_name, account.check_password(made.secret)) == ("Root", True)


def test_people_and_programs_have_a_list_each(
    staff: Callable[[str], Client], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        create(f"Program {number}", "Reader")
    owner = staff("Owner")
    with django_assert_max_num_queries(14):
        programs = owner.get(SECTION).context["cl"]
    assert [each.first_name for each in programs.result_list] == [f"Program {number}" for number in range(5)]
    people = owner.get("/admin/registries/account/").context["cl"]
    assert [each.service_principal for each in people.result_list] == [False]


@pytest.mark.parametrize(("asked", "count"), [("?q=ninth", 1), ("?q=nobody", 0), ("?is_active__exact=0", 0)])
def test_they_are_searched_and_filtered(staff: Callable[[str], Client], asked: str, count: int) -> None:
    for name in ("Eighth", "Ninth", "Tenth"):
        create(name, "Reader")
    assert len(staff("Owner").get(f"{SECTION}{asked}").context["cl"].result_list) == count
