"""Signing in and out, the theme."""

import pytest
from django.test import Client
from pytest_django import Settings

from registries.demonstration import DEMONSTRATION_ACCOUNTS
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
