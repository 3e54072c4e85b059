"""Signing in and out, the theme."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from registries import credentials
from registries.demonstration import DEMONSTRATION_ACCOUNTS
from registries.models import Account
from tests import make

pytestmark = pytest.mark.django_db


def test_the_right_password_signs_in_and_goes_on_to_the_list(client: Client) -> None:
    account = make.account("Reader")
    response = client.post("/sign-in/", {"username": account.username, "password": make.PASSWORD})
    assert (response.status_code, response["Location"]) == (303, "/registries/")
    assert client.session["_auth_user_id"] == str(account.pk)


def test_a_wrong_password_is_refused_with_one_sentence_and_keeps_the_user_name(client: Client) -> None:
    account = make.account("Reader", username="cy@example.org")
    response = client.post("/sign-in/", {"username": account.username, "password": "guess"})
    assert response.status_code == 422
    page = response.content.decode()
    assert "The user name and password don&#x27;t match." in page
    assert 'value="cy@example.org"' in page
    assert "guess" not in page
    assert "_auth_user_id" not in client.session


def test_after_ten_wrong_passwords_a_right_one_has_to_wait_too(client: Client) -> None:
    make.account("Reader", username="cy@example.org")

    def sign_in(password: str, *, address: str = "192.0.2.1") -> Any:
        form = {"username": "cy@example.org", "password": password}
        return client.post("/sign-in/?next=/create-registry/", form, REMOTE_ADDR=address)

    assert [sign_in(f"guess {each}").status_code for each in range(10)] == [422] * 10
    for password in ("guess", make.PASSWORD):
        paused = sign_in(password)
        assert (paused.status_code, paused.headers["Retry-After"]) == (429, "60")
        page = paused.content.decode()
        assert "Too many wrong passwords for this name; try again in a minute." in page
        assert 'value="cy@example.org"' in page
        assert 'value="/create-registry/"' in page
        assert f'value="{password}"' not in page
        assert "_auth_user_id" not in client.session
    assert sign_in(make.PASSWORD, address="192.0.2.2").status_code == 303


def test_who_typed_no_password_is_not_counted(client: Client) -> None:
    account = make.account("Reader")
    for _ in range(12):
        assert client.post("/sign-in/", {"username": account.username}).status_code == 422
    assert client.post("/sign-in/", {"username": account.username, "password": make.PASSWORD}).status_code == 303


def test_where_too_many_sign_in_the_rest_is_told_to_wait(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    account = make.account("Reader")
    form = {"username": account.username, "password": make.PASSWORD}
    monkeypatch.setattr(credentials, "WAITS", 0.0)
    with credentials.turns.taken():
        response = client.post("/sign-in/", form)
    assert (response.status_code, response.headers["Retry-After"]) == (429, "1")
    assert "Too many are signing in; try again in a moment." in response.content.decode()
    assert client.post("/sign-in/", form).status_code == 303


def test_the_administration_has_no_sign_in_of_its_own(client: Client) -> None:
    account = make.account("Owner", is_staff=True)
    form = {"username": account.username, "password": make.PASSWORD}
    response = client.post("/admin/login/", form)
    assert (response.status_code, response["Location"]) == (302, "/sign-in/?next=/admin/")
    assert "_auth_user_id" not in client.session


def test_a_hash_that_django_would_make_otherwise_today_is_renewed(client: Client, settings: Settings) -> None:
    account = make.account("Reader")
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher", *settings.PASSWORD_HASHERS]
    form = {"username": account.username, "password": make.PASSWORD}
    assert client.post("/sign-in/", form).status_code == 303
    assert Account.objects.get().password.startswith("scrypt$")
    assert client.get("/registries/").status_code == 200


@pytest.mark.parametrize("is_active", [True, False], ids=["a program's", "an inactive one"])
def test_some_accounts_open_no_page_and_show_no_more_than_a_wrong_password(client: Client, *, is_active: bool) -> None:
    account = make.account("Reader", service_principal=is_active, is_active=is_active)
    response = client.post("/sign-in/", {"username": account.username, "password": make.PASSWORD})
    assert response.status_code == 422
    assert response.context["form"].non_field_errors() == [
        "The user name and password don't match. Check both, upper and lower case included."
    ]
    assert "_auth_user_id" not in client.session


def test_an_empty_form_says_what_to_type_beside_each_field(client: Client) -> None:
    response = client.post("/sign-in/", {})
    assert response.status_code == 422
    assert response.context["form"].errors == {
        "username": ["Type your user name."],
        "password": ["Type your password."],
    }


def test_a_page_that_needs_a_login_leads_to_sign_in_and_back(client: Client) -> None:
    account = make.account("Reader")
    asked = client.get("/registries/?q=x")
    assert asked["Location"] == "/sign-in/?next=/registries/%3Fq%3Dx"
    form = client.get(asked["Location"])
    assert form.context["next"] == "/registries/?q=x"
    signed_in = client.post(
        "/sign-in/", {"username": account.username, "password": make.PASSWORD, "next": form.context["next"]}
    )
    assert signed_in["Location"] == "/registries/?q=x"


@pytest.mark.parametrize("elsewhere", ["https://example.com/", "//example.com", "javascript:alert(1)", ""])
def test_sign_in_never_leads_to_another_site(client: Client, elsewhere: str) -> None:
    account = make.account("Reader")
    response = client.post("/sign-in/", {"username": account.username, "password": make.PASSWORD, "next": elsewhere})
    assert response["Location"] == "/registries/"


def test_who_is_signed_in_goes_straight_on(reader: Client) -> None:
    response = reader.get("/sign-in/?next=/create-registry/")
    assert (response.status_code, response["Location"]) == (303, "/create-registry/")


def test_the_accounts_of_demonstration_mode_are_shown_in_that_mode_only(client: Client, settings: Settings) -> None:
    assert "portcullis-demo" not in client.get("/sign-in/").content.decode()
    settings.DEMONSTRATION = True
    page = client.get("/sign-in/").content.decode()
    for account in DEMONSTRATION_ACCOUNTS:
        assert f"<code>{account.username}</code>" in page
        assert f"<code>{account.password}</code>" in page
        assert f"Sign in as {account.role}" in page


def test_there_is_one_demonstration_account_for_each_role() -> None:
    assert [(each.role, each.username) for each in DEMONSTRATION_ACCOUNTS] == [
        ("Owner", "ada@example.org"),
        ("Contributor", "bo@example.org"),
        ("Reader", "cy@example.org"),
    ]


def test_signing_out_forgets_who_it_was(reader: Client) -> None:
    response = reader.post("/sign-out/")
    assert (response.status_code, response["Location"]) == (303, "/sign-in/")
    assert "_auth_user_id" not in reader.session


def test_signing_out_twice_is_no_mistake(client: Client) -> None:
    assert client.post("/sign-out/")["Location"] == "/sign-in/"


@pytest.mark.parametrize("address", ["/sign-out/", "/preferences/theme/"])
def test_what_changes_something_takes_post_only(reader: Client, address: str) -> None:
    assert reader.get(address).status_code == 405


def test_sign_in_takes_no_put(client: Client) -> None:
    assert client.put("/sign-in/").status_code == 405


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_the_theme_is_kept_in_a_cookie_for_a_year(client: Client, theme: str) -> None:
    response = client.post("/preferences/theme/", {"theme": theme, "next": "/sign-in/"})
    assert (response.status_code, response["Location"]) == (303, "/sign-in/")
    cookie = response.cookies["theme"]
    assert (cookie.value, cookie["samesite"], cookie["max-age"]) == (theme, "Lax", 31536000)
    assert f'data-theme="{theme}"' in client.get("/sign-in/").content.decode()


def test_htmx_gets_no_page_for_a_theme(client: Client) -> None:
    response = client.post("/preferences/theme/", {"theme": "dark"}, headers={"HX-Request": "true"})
    assert (response.status_code, response.content) == (204, b"")
    assert response.cookies["theme"].value == "dark"


def test_a_theme_never_leads_to_another_site(client: Client) -> None:
    response = client.post("/preferences/theme/", {"theme": "dark", "next": "https://example.com/"})
    assert response["Location"] == "/registries/"


def test_an_unknown_theme_is_refused_and_nothing_kept(client: Client) -> None:
    response = client.post("/preferences/theme/", {"theme": "sepia"})
    assert response.status_code == 400
    assert "The theme can be auto, light or dark." in response.content.decode()
    assert "theme" not in response.cookies
