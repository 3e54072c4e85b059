from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from networking.access.policy import AccessPolicy
from networking.blade.troubleshoot import Standing, error_texts
from registries.models import Change, Registry
from tests import make

URL = "/registries/mycontainerregistry/networking/troubleshoot/"
STORED = make.selected("16.17.18.0/24", "203.0.113.0/24")


@pytest.fixture
def registry(db: None) -> Registry:
    return make.registry(policy=STORED)


def text_of(answer: Any) -> str:
    return unescape(answer.content.decode())


def test_the_page_goes_through_the_cases_of_the_documents(reader: Client, registry: Registry) -> None:
    answer = reader.get(URL)
    page = text_of(answer)
    assert answer.status_code == 200
    assert "<title>mycontainerregistry | Troubleshoot – Portcullis</title>" in page
    for heading in (
        "1. Public network access is disabled",
        "2. The client's address isn't listed",
        "3. The client is behind a proxy that isn't listed",
        "4. The proxy isn't set in the Docker client or the Docker daemon",
        "5. The address keeps changing",
        "Which text means what",
    ):
        assert heading in page
    for text in ("echo $HTTPS_PROXY", "docker info", "/etc/docker/daemon.json", "self-hosted agent", "AKS"):
        assert text in page
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        pytest.param(make.disabled("16.17.18.0/24"), "This registry refuses everybody on the internet", id="disabled"),
        pytest.param(STORED, "is set to Selected networks, so the list of address ranges decides.", id="selected"),
        pytest.param(AccessPolicy(), "This registry refuses no address", id="all"),
    ],
)
def test_the_first_case_says_how_this_registry_is_set(reader: Client, policy: AccessPolicy, sentence: str) -> None:
    make.registry(policy=policy)
    assert sentence in text_of(reader.get(URL))


@pytest.mark.parametrize(
    ("policy", "remote", "standing"),
    [
        pytest.param(
            STORED,
            "203.0.113.77",
            Standing("203.0.113.77", True, "203.0.113.0/24 in the list contains it"),
            id="listed",
        ),
        pytest.param(
            STORED,
            "192.0.2.50",
            Standing("192.0.2.50", False, "no address range in the list contains it"),
            id="not listed",
        ),
        pytest.param(
            make.disabled("192.0.2.50"),
            "192.0.2.50",
            Standing("192.0.2.50", False, "public network access is disabled"),
            id="disabled",
        ),
        pytest.param(
            AccessPolicy(), "192.0.2.50", Standing("192.0.2.50", True, "any network may connect"), id="all networks"
        ),
        pytest.param(
            STORED,
            "2001:db8::1",
            Standing("2001:db8::1", False, "no address range in the list contains it"),
            id="IPv6",
        ),
    ],
)
def test_the_second_case_says_how_the_viewer_stands(
    reader: Client, policy: AccessPolicy, remote: str, standing: Standing
) -> None:
    make.registry(policy=policy)
    answer = reader.get(URL, REMOTE_ADDR=remote)
    assert answer.context["you"] == standing
    page = text_of(answer)
    assert f"{standing.address}, because {standing.why}." in page
    assert f'tester/?ip={remote.replace(":", "%3A")}"' in page


def test_an_own_address_that_is_not_known_is_said_to_be_so(reader: Client, registry: Registry) -> None:
    answer = reader.get(URL, REMOTE_ADDR="")
    assert answer.context["you"] is None
    assert "Your address is not known" in text_of(answer)


@pytest.mark.parametrize(
    ("typed", "standing"),
    [
        pytest.param(
            " 16.17.18.19 ", Standing("16.17.18.19", True, "16.17.18.0/24 in the list contains it"), id="listed"
        ),
        pytest.param(
            "192.0.2.50", Standing("192.0.2.50", False, "no address range in the list contains it"), id="not listed"
        ),
        pytest.param("10.0.0.4", Standing("10.0.0.4", False, "no address range in the list contains it"), id="private"),
    ],
)
def test_the_third_case_asks_for_the_proxy(reader: Client, registry: Registry, typed: str, standing: Standing) -> None:
    answer = reader.get(URL, {"proxy": typed})
    assert (answer.status_code, answer.context["proxy"]) == (200, standing)
    assert f'name="proxy" value="{standing.address}"' in text_of(answer)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        pytest.param("", "Type an IP address, like 198.51.100.7.", id="empty"),
        pytest.param(
            "proxy.example.com",
            "'proxy.example.com' isn't an IP address. Try a form like 198.51.100.7.",
            id="a name",
        ),
        pytest.param("9" * 5000, f"'{'9' * 64}' isn't an IP address. Try a form like 198.51.100.7.", id="flood"),
        pytest.param("\x00", "'\x00' isn't an IP address. Try a form like 198.51.100.7.", id="null character"),
    ],
)
def test_a_proxy_that_is_no_address_is_refused_and_the_form_is_kept(
    reader: Client, registry: Registry, typed: str, sentence: str
) -> None:
    before = Change.objects.count()
    answer = reader.get(URL, {"proxy": typed})
    page = text_of(answer)
    assert answer.status_code == 422
    assert page.count(sentence) == 1
    assert f'name="proxy" value="{typed}"' in page
    assert 'aria-invalid="true" aria-describedby="proxy-error"' in page
    assert Change.objects.count() == before


def test_what_is_typed_is_shown_as_text_never_as_markup(reader: Client, registry: Registry) -> None:
    assert "<b>x" not in reader.get(URL, {"proxy": '"><b>x</b>'}).content.decode()


def test_every_text_of_the_documents_is_there_with_the_cases_it_belongs_to(registry: Registry) -> None:
    texts = {each.text: each.cases for each in error_texts(registry)}
    host = "mycontainerregistry.azurecr.io"
    login = f"Error response from daemon: login attempt to https://{host}/v2/ failed with status: 403 Forbidden"
    [az] = [text for text in texts if text.startswith(f"ERROR: Looks like you don't have access to registry '{host}'")]
    assert texts[login] == texts[az] == (1, 2, 3, 4)
    today = (
        f"Error response from daemon: Get \"https://{host}/v2/\": denied: client with IP '198.51.100.7' is not allowed "
        "access. Refer https://aka.ms/acr/firewall to grant access."
    )
    assert texts[today] == (1, 2, 3)


def test_every_case_that_a_text_names_is_on_the_page(reader: Client, registry: Registry) -> None:
    page = text_of(reader.get(URL))
    named = {case for each in error_texts(registry) for case in each.cases}
    assert named == {1, 2, 3, 4, 5}
    for case in named:
        assert f'id="case-{case}"' in page
        assert f'href="#case-{case}"' in page
    for each in error_texts(registry):
        assert each.text in page


@pytest.mark.parametrize("sku", ["Basic", "Standard"])
def test_every_tier_has_the_page(reader: Client, sku: str) -> None:
    make.registry(sku=sku)
    assert reader.get(URL).status_code == 200


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_other_methods_are_refused(contributor: Client, registry: Registry, method: str) -> None:
    assert getattr(contributor, method)(URL).status_code == 405


def test_whoever_has_not_signed_in_is_sent_to_sign_in(client: Client, registry: Registry) -> None:
    answer = client.get(URL)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/?next=")


def test_an_account_without_a_role_is_refused(as_role: Callable[[str | None], Client], registry: Registry) -> None:
    answer = as_role(None).get(URL)
    assert answer.status_code == 403
    assert "needs the Reader, Contributor or Owner role" in text_of(answer)


def test_an_unknown_registry_is_not_found_with_a_sentence(reader: Client) -> None:
    answer = reader.get("/registries/nosuch/networking/troubleshoot/")
    assert answer.status_code == 404
    assert "There is no registry named 'nosuch'." in text_of(answer)


@pytest.mark.parametrize(
    ("policy", "standing"),
    [
        pytest.param(
            STORED,
            Standing(
                "198.51.100.7",
                True,
                "it belongs to 'Build farm', a trusted service, which the firewall exception lets pass",
            ),
            id="exception on",
        ),
        pytest.param(
            make.disabled(trusted_services=False),
            Standing(
                "198.51.100.7",
                False,
                "it belongs to 'Build farm', a trusted service, which the firewall exception doesn't let pass",
            ),
            id="exception off",
        ),
        pytest.param(
            make.selected("198.51.100.7"),
            Standing("198.51.100.7", True, "198.51.100.7 in the list contains it"),
            id="a rule",
        ),
    ],
)
def test_an_address_of_a_trusted_service_is_that_service(
    reader: Client, policy: AccessPolicy, standing: Standing
) -> None:
    make.registry(policy=policy)
    make.trusted_service("Build farm", "198.51.100.0/28")
    answer = reader.get(URL, {"proxy": "198.51.100.7"}, REMOTE_ADDR="198.51.100.7")
    assert (answer.context["you"], answer.context["proxy"]) == (standing, standing)


def test_a_get_is_a_whole_page_with_htmx_too(reader: Client, registry: Registry) -> None:
    assert "<html" in text_of(reader.get(URL, headers={"HX-Request": "true"}))


def test_the_number_of_queries_does_not_depend_on_the_number_of_rules(
    reader: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make.registry("fewrules", policy=make.selected("9.9.9.9"))
    make.registry("manyrules", policy=make.selected(*[f"20.0.{n}.1" for n in range(100)]))
    for name in ("fewrules", "manyrules"):
        with django_assert_num_queries(10):
            reader.get(f"/registries/{name}/networking/troubleshoot/", {"proxy": "192.0.2.50"})
