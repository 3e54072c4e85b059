from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from networking.access.path import Stage, Verdict
from networking.access.policy import AccessPolicy
from networking.blade.answer import NextStep
from registries.models import Change, Registry
from tests import make

URL = "/registries/mycontainerregistry/networking/tester/"
HOST = "mycontainerregistry.azurecr.io"
LAYERS = "mycontainerregistry.eastus.data.azurecr.io"
STORED = make.selected("16.17.18.0/24", "203.0.113.0/24", "198.51.100.7", data_endpoint=True)
SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/build"


@pytest.fixture
def registry(db: None) -> Registry:
    return make.registry(policy=STORED)


def text_of(answer: Any) -> str:
    """The page as a person reads it, and its markup."""
    return unescape(answer.content.decode())


def ask(client: Client, ip: str, **more: str) -> Any:
    return client.get(URL, {"ip": ip, **more})


def test_the_page_opens_with_the_viewers_own_address_and_no_answer(reader: Client, registry: Registry) -> None:
    answer = reader.get(URL, REMOTE_ADDR="203.0.113.77")
    page = text_of(answer)
    assert answer.status_code == 200
    assert "<title>mycontainerregistry | Connection tester – Portcullis</title>" in page
    assert 'name="ip" value="203.0.113.77"' in page
    assert f"{HOST} (sign-in and manifests)" in page
    assert f"{LAYERS} (layers)" in page
    assert 'id="result-h"' not in page
    assert "no-store" in answer["Cache-Control"]


def test_a_denied_address_is_answered_with_its_path_and_what_clients_print(
    contributor: Client, registry: Registry
) -> None:
    answer = ask(contributor, "192.0.2.50")
    page = text_of(answer)
    assert answer.status_code == 200
    assert "<strong>Denied – 403 Forbidden.</strong> No address range matches 192.0.2.50." in page
    assert [(step.stage, step.verdict) for step in answer.context["answer"].steps] == [
        (Stage.PUBLIC_ACCESS, Verdict.PASSED_ON),
        (Stage.ADDRESS_RANGES, Verdict.DENIED),
        (Stage.TRUSTED_SERVICES, Verdict.NOT_APPLIED),
        (Stage.PRIVATE_ENDPOINTS, Verdict.NOT_APPLIED),
    ]
    assert "3 checked: 16.17.18.0/24, 203.0.113.0/24, 198.51.100.7. None contains 192.0.2.50." in page
    assert page.count('class="decided"') == 1
    assert f"login attempt to https://{HOST}/v2/ failed with status: 403 Forbidden" in page
    assert f"Looks like you don't have access to registry '{HOST}'." in page
    assert '<a class="btn" href="/registries/mycontainerregistry/networking/?add=192.0.2.50">' in page
    assert "Add 192.0.2.50 to the address ranges" in page


def test_an_allowed_address_is_answered_with_its_rule_and_comes_to_sign_in(reader: Client, registry: Registry) -> None:
    answer = ask(reader, " 16.17.18.19 ")
    page = text_of(answer)
    assert "<strong>Allowed.</strong> 16.17.18.0/24 contains 16.17.18.19." in page
    assert "16.17.18.0/24 (rule 1) contains 16.17.18.19." in page
    assert "Login Succeeded" in page
    assert answer.context["answer"].next is None
    assert "?add=" not in page


@pytest.mark.parametrize(
    ("policy", "query", "in_short"),
    [
        pytest.param(AccessPolicy(), {"ip": "192.0.2.50"}, "Any network may connect.", id="all networks"),
        pytest.param(
            make.disabled("192.0.2.50"), {"ip": "192.0.2.50"}, "Public network access is disabled.", id="disabled"
        ),
        pytest.param(
            STORED,
            {"ip": "", "identity": "trusted_service"},
            "The firewall exception lets it pass.",
            id="trusted service, no address",
        ),
        pytest.param(
            STORED, {"ip": "", "identity": "registry_task"}, "No address range matches this caller.", id="task"
        ),
        pytest.param(
            STORED,
            {"ip": "16.17.18.19", "identity": "registry_task"},
            "16.17.18.0/24 contains 16.17.18.19.",
            id="task from a listed address",
        ),
        pytest.param(STORED, {"ip": "2001:db8::1"}, "No address range matches 2001:db8::1.", id="IPv6"),
        pytest.param(STORED, {"ip": "::ffff:16.17.18.19"}, "16.17.18.0/24 contains 16.17.18.19.", id="IPv4 as IPv6"),
        pytest.param(STORED, {"ip": "fe80::1%eth0"}, "No address range matches fe80::1.", id="a zone is dropped"),
    ],
)
def test_each_kind_of_caller_gets_its_answer(
    reader: Client, policy: AccessPolicy, query: dict[str, str], in_short: str
) -> None:
    make.registry(policy=policy)
    answer = reader.get(URL, query)
    assert (answer.status_code, answer.context["answer"].in_short) == (200, in_short)


def test_a_service_is_no_docker_client(reader: Client, registry: Registry) -> None:
    refused = "A service reports a refusal in its own log, as 403 Forbidden."
    denied, allowed = (text_of(ask(reader, "", identity=each)) for each in ("registry_task", "trusted_service"))
    assert "The client would see" not in denied + allowed
    assert (refused in denied, refused in allowed) == (True, False)


@pytest.mark.parametrize(
    ("target", "commands"),
    [
        pytest.param(
            HOST,
            [
                f"docker login {HOST}",
                f"docker pull {HOST}/hello-world:v1",
                "az acr login --name mycontainerregistry",
            ],
            id="login server",
        ),
        pytest.param(LAYERS, [f"docker pull {HOST}/hello-world:v1"], id="data endpoint"),
    ],
)
def test_the_target_decides_which_commands_are_shown(
    reader: Client, registry: Registry, target: str, commands: list[str]
) -> None:
    answer = ask(reader, "192.0.2.50", target=target)
    assert [each.command for each in answer.context["answer"].prints] == commands
    assert f'<option value="{target}" selected>' in text_of(answer)


NEXT_STEPS = [
    pytest.param(
        "Contributor",
        STORED,
        {"ip": "192.0.2.50"},
        NextStep("Nothing is saved until you select Save there.", add="192.0.2.50"),
        id="an address that can be a rule",
    ),
    pytest.param(
        "Reader",
        STORED,
        {"ip": "192.0.2.50"},
        NextStep("Ask a Contributor or Owner to add 192.0.2.50 to the address ranges."),
        id="a Reader",
    ),
    pytest.param(
        "Contributor",
        STORED,
        {"ip": "10.0.0.4"},
        NextStep(
            "10.0.0.4 is inside the private range 10.0.0.0/8 (RFC 1918). "
            "Rules accept public addresses only; use a private endpoint instead."
        ),
        id="a private address",
    ),
    pytest.param(
        "Contributor",
        STORED,
        {"ip": "2001:db8::1"},
        NextStep("IPv6 isn't supported in IP rules. Use an IPv4 address or CIDR range."),
        id="an IPv6 address",
    ),
    pytest.param(
        "Contributor",
        make.disabled(),
        {"ip": "192.0.2.50"},
        NextStep(
            "An address range wouldn't help while public network access is disabled. Choose Selected networks first, "
            "or connect through a private endpoint.",
            networking=True,
        ),
        id="disabled",
    ),
    pytest.param(
        "Contributor",
        make.selected(*[f"20.0.{number}.1" for number in range(100)]),
        {"ip": "192.0.2.50"},
        NextStep("All 100 rules are used. Delete one or combine ranges first.", networking=True),
        id="a full list",
    ),
    pytest.param(
        "Contributor",
        make.selected(trusted_services=False),
        {"ip": "", "identity": "trusted_service"},
        NextStep("Tick the firewall exception for trusted Microsoft services.", networking=True),
        id="the exception is off",
    ),
    pytest.param(
        "Contributor",
        make.selected(),
        {"ip": "", "identity": "registry_task"},
        NextStep(
            "Tick the exception for ACR Tasks with a system-assigned identity, beside that for trusted services.",
            networking=True,
        ),
        id="a task",
    ),
    pytest.param(
        "Contributor",
        make.selected(subnets=(SUBNET,)),
        {"ip": "", "identity": "trusted_service"},
        NextStep(
            "The exception and virtual network rules exclude each other. Remove those rules on the Networking page "
            "first.",
            networking=True,
        ),
        id="virtual network rules",
    ),
]


@pytest.mark.parametrize(("role", "policy", "query", "expected"), NEXT_STEPS)
def test_a_refusal_says_what_to_do(
    as_role: Callable[[str], Client], role: str, policy: AccessPolicy, query: dict[str, str], expected: NextStep
) -> None:
    make.registry(policy=policy)
    answer = as_role(role).get(URL, query)
    assert answer.context["answer"].next == expected
    page = text_of(answer)
    assert expected.text in page
    assert ("?add=" in page) is bool(expected.add)
    assert ("Open Networking" in page) is expected.networking


@pytest.mark.parametrize(
    ("query", "field", "sentence"),
    [
        pytest.param({"ip": ""}, "ip", "Type an IP address, like 198.51.100.7.", id="empty"),
        pytest.param(
            {"ip": "example.org"},
            "ip",
            "'example.org' isn't an IP address. Try a form like 198.51.100.7.",
            id="a name",
        ),
        pytest.param(
            {"ip": "16.17.18.0/24"},
            "ip",
            "'16.17.18.0/24' isn't an IP address. Try a form like 198.51.100.7.",
            id="a range",
        ),
        pytest.param(
            {"ip": "１.2.3.4"}, "ip", "'１.2.3.4' isn't an IP address. Try a form like 198.51.100.7.", id="digits"
        ),
        pytest.param(
            {"ip": "9" * 5000},
            "ip",
            f"'{'9' * 64}' isn't an IP address. Try a form like 198.51.100.7.",
            id="flood",
        ),
        pytest.param(
            {"ip": "\x00"}, "ip", "'\x00' isn't an IP address. Try a form like 198.51.100.7.", id="null character"
        ),
        pytest.param(
            {"ip": "x", "identity": "trusted_service"},
            "ip",
            "'x' isn't an IP address. Try a form like 198.51.100.7.",
            id="a service at no address",
        ),
        pytest.param(
            {"ip": "192.0.2.50", "identity": "root"},
            "caller",
            "There is no such caller. Choose one from the list.",
            id="identity",
        ),
        pytest.param(
            {"ip": "192.0.2.50", "target": "example.org"},
            "target",
            "'example.org' isn't an endpoint of this registry. Choose another.",
            id="target",
        ),
    ],
)
def test_bad_input_is_refused_with_one_sentence_and_the_form_is_kept(
    contributor: Client, registry: Registry, query: dict[str, str], field: str, sentence: str
) -> None:
    before = Change.objects.count()
    answer = contributor.get(URL, query)
    page = text_of(answer)
    assert answer.status_code == 422
    assert (answer.context["refused"].field, answer.context["refused"].message) == (field, sentence)
    assert page.count(sentence) == 1
    assert page.count('aria-invalid="true"') == 1
    assert f'id="{field}-error"' in page
    assert f'name="ip" value="{query["ip"]}"' in page
    assert 'id="result-h"' not in page
    assert Change.objects.count() == before


def test_a_data_endpoint_is_no_target_while_data_endpoints_are_off(reader: Client) -> None:
    make.registry(policy=make.selected("16.17.18.0/24"))
    assert ask(reader, "16.17.18.19", target=LAYERS).status_code == 422
    assert LAYERS not in text_of(reader.get(URL))


def test_what_is_typed_is_shown_as_text_never_as_markup(reader: Client, registry: Registry) -> None:
    raw = ask(reader, '"><b>x</b>', target="<i>").content.decode()
    assert "<b>x" not in raw
    assert "<i>" not in raw


def test_use_mine_leads_to_an_address_that_can_be_shared(reader: Client, registry: Registry) -> None:
    query = {"ip": "192.0.2.50", "identity": "registry_task", "target": LAYERS, "mine": "1"}
    answer = reader.get(URL, query, REMOTE_ADDR="203.0.113.77")
    wanted = urlencode({"ip": "203.0.113.77", "identity": "registry_task", "target": LAYERS})
    assert (answer.status_code, answer["Location"]) == (302, f"{URL}?{wanted}")
    assert "203.0.113.0/24 contains 203.0.113.77." in text_of(reader.get(answer["Location"]))


def test_use_mine_says_so_where_the_own_address_is_not_known(reader: Client, registry: Registry) -> None:
    answer = reader.get(URL, {"ip": "192.0.2.50", "mine": "1"}, REMOTE_ADDR="")
    assert answer.status_code == 422
    assert answer.context["refused"].message == (
        "Your address is not known, because a proxy in front of this console does not pass it on."
    )
    assert 'value="192.0.2.50"' in text_of(answer)


def test_the_answer_is_for_what_is_saved_and_nothing_is_stored(contributor: Client, registry: Registry) -> None:
    before = Change.objects.count()
    assert ask(contributor, "192.0.2.50").context["answer"].allowed is False
    make.registry("another", policy=make.selected("192.0.2.50"))
    assert ask(contributor, "192.0.2.50").context["answer"].allowed is False
    assert Change.objects.count() == before + 1  # that of the other registry


@pytest.mark.parametrize("sku", ["Basic", "Standard"])
def test_a_tier_without_network_rules_lets_everybody_through(reader: Client, sku: str) -> None:
    make.registry(sku=sku)
    assert ask(reader, "192.0.2.50").context["answer"].allowed is True


def test_the_registry_is_found_in_any_letter_case(reader: Client, registry: Registry) -> None:
    assert reader.get("/registries/MYContainerRegistry/networking/tester/").status_code == 200


def test_a_get_is_a_whole_page_with_htmx_too(reader: Client, registry: Registry) -> None:
    assert "<html" in text_of(reader.get(URL, headers={"HX-Request": "true"}))


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
    answer = reader.get("/registries/nosuch/networking/tester/", {"ip": "192.0.2.50"})
    assert answer.status_code == 404
    assert "There is no registry named 'nosuch'." in text_of(answer)


def test_the_number_of_queries_does_not_depend_on_rules_or_callers(
    contributor: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make.registry("fewrules", policy=make.selected("9.9.9.9"))
    many = make.registry("manyrules", policy=make.selected(*[f"20.0.{n}.1" for n in range(100)]))
    for number in range(20):
        make.trusted_service(f"Service {number}", f"30.0.{number}.0/24")
        make.connection(many, f"endpoint{number}")
        many.must_work_callers.create(name=f"Caller {number}", range=f"20.0.{number}.1")
    for name in ("fewrules", "manyrules"):
        with django_assert_num_queries(12):
            contributor.get(f"/registries/{name}/networking/tester/", {"ip": "192.0.2.50"})
