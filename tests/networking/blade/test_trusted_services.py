"""The Trusted services page: the services of document 004, those of one's own, and the workflow for one registry."""

from html import unescape
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from networking.access.policy import AccessPolicy
from networking.access.trusted import TrustedNetworks
from networking.blade.service_lines import NEEDS, Identity, Need, Place, ServiceLine, Standing, State, workflow
from networking.models import TrustedService
from registries.models import Registry
from tests import make

URL = "/registries/mycontainerregistry/trusted-services/"
STORED = make.selected("16.17.18.0/24")
SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/agents"
PLACE = Place("myregistry", "myregistry.azurecr.io", "/subscriptions/s/registries/myregistry")
INSTANCES, DEFENDER, LEARNING, IMPORTS = (
    "Azure Container Instances",
    "Microsoft Defender for Cloud",
    "Machine Learning",
    "Azure Container Registry",
)


@pytest.fixture
def registry(db: None) -> Registry:
    return make.registry(policy=STORED)


def text_of(answer: Any) -> str:
    return unescape(answer.content.decode())


def states(answer: Any) -> list[str]:
    return [str(step.state) for step in answer.context["steps"]]


def test_the_page_lists_the_services_of_the_document_with_what_each_needs(reader: Client, registry: Registry) -> None:
    answer = reader.get(URL)
    assert answer.status_code == 200
    assert "<title>mycontainerregistry | Trusted services – Portcullis</title>" in text_of(answer)
    assert "Services of Azure that come from networks nobody could list." in text_of(answer)
    assert "az has the setting from version 2.18 on; <code>az --version</code> tells yours." in text_of(answer)
    assert [(line.name, str(line.need.identity), line.networks, line.listed) for line in answer.context["lines"]] == [
        (INSTANCES, "System- or user-assigned", (), True),
        (DEFENDER, "Not needed", (), True),
        (LEARNING, "System-assigned", (), True),
        (IMPORTS, "Not needed", (), True),
    ]
    assert "no-store" in answer["Cache-Control"]


def test_page_and_administration_say_what_a_service_is_for_in_the_same_words(registry: Registry) -> None:
    administered = dict(TrustedService.objects.filter(name__in=NEEDS).values_list("name", "scenario"))
    assert administered == {name: need.scenario for name, need in NEEDS.items()}


def test_services_of_ones_own_stand_below_with_their_networks(reader: Client, registry: Registry) -> None:
    make.trusted_service("Image scanner", "10.20.0.0/16", "2001:db8::/48")
    TrustedService.objects.filter(name=DEFENDER).update(networks=["10.30.0.0/16"])
    lines = {line.name: line for line in reader.get(URL).context["lines"]}
    assert list(lines)[-1] == "Image scanner"
    assert lines["Image scanner"].own
    assert lines["Image scanner"].networks == ("10.20.0.0/16", "2001:db8::/48")
    assert (lines[DEFENDER].own, lines[DEFENDER].networks) == (False, ("10.30.0.0/16",))


def test_a_service_of_the_document_that_was_deleted_is_told_and_not_tested(reader: Client, registry: Registry) -> None:
    TrustedService.objects.filter(name=LEARNING).delete()
    page = text_of(reader.get(URL, {"service": LEARNING}))
    assert "?service=Machine%20Learning#workflow" in page
    assert "&service=Machine%20Learning" not in page
    assert "Test Microsoft Defender for Cloud" not in page
    assert f'<span class="sr"> {DEFENDER}</span>' in page


@pytest.mark.parametrize("name", [INSTANCES, DEFENDER, LEARNING, IMPORTS])
def test_each_service_is_led_to_the_tester_which_knows_it(reader: Client, registry: Registry, name: str) -> None:
    answer = reader.get(URL, {"service": name})
    link = f"/registries/mycontainerregistry/networking/tester/?ip=&service={name.replace(' ', '%20')}"
    assert link in text_of(answer)
    assert reader.get(link).context["answer"].allowed


def test_what_is_not_covered_is_said(reader: Client, registry: Registry) -> None:
    page = text_of(reader.get(URL))
    for text in ("App Service", "ACR Tasks", "agent pool", "Callers without a fixed address", "With service endpoints"):
        assert text in page
    assert "which is <b>off</b> for this registry" in page


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        pytest.param(make.selected(tasks_bypass=True), "which is <b>on</b> for this registry.", id="on"),
        pytest.param(
            make.selected(tasks_bypass=True, trusted_services=False),
            "which is <b>on</b> for this registry, but counts only while trusted services are allowed.",
            id="on, and counts for nothing",
        ),
    ],
)
def test_the_opt_in_of_tasks_is_told(reader: Client, policy: AccessPolicy, said: str) -> None:
    make.registry(policy=policy)
    assert said in text_of(reader.get(URL))


STANDINGS = [
    pytest.param(AccessPolicy(), "info", "The exception is on. While all networks may connect", id="all"),
    pytest.param(
        AccessPolicy(trusted_services=False), "info", "The exception is off. While all networks", id="all, off"
    ),
    pytest.param(make.selected(), "ok", "The exception is on, and trusted services pass.", id="selected"),
    pytest.param(
        make.selected(trusted_services=False),
        "warn",
        "The exception is off, so a trusted service is a caller like any other.",
        id="selected, off",
    ),
    pytest.param(
        make.selected(subnets=(SUBNET,)),
        "warn",
        "The exception is on, but doesn't apply: the registry has 1 virtual network rule, made for service endpoints.",
        id="selected, a service endpoint",
    ),
    pytest.param(make.disabled(), "ok", "The exception is on, and trusted services pass.", id="disabled"),
    pytest.param(
        make.disabled(trusted_services=False), "warn", "The exception is off, so a trusted", id="disabled, off"
    ),
    pytest.param(
        make.disabled(subnets=(SUBNET, f"{SUBNET}2")),
        "ok",
        "The exception is on, and trusted services pass. Its 2 virtual network rules would keep them out as soon as "
        "Selected networks is chosen; Disabled asks no such rule.",
        id="disabled, service endpoints",
    ),
]


@pytest.mark.parametrize(("policy", "kind", "text"), STANDINGS)
def test_what_the_exception_does_now_is_said_and_agrees_with_the_decision(
    reader: Client, policy: AccessPolicy, kind: str, text: str
) -> None:
    make.registry(policy=policy)
    standing = Standing.of(policy)
    assert (standing.kind, standing.text.startswith(text)) == (kind, True)
    assert standing.text in text_of(reader.get(URL))
    asked = {"ip": "", "service": DEFENDER}
    answer = reader.get("/registries/mycontainerregistry/networking/tester/", asked).context["answer"]
    assert answer.allowed is (kind != "warn")


def line(identity: Identity, *networks: str, name: str = "A service") -> ServiceLine:
    return ServiceLine(name, Need("", identity), networks, listed=True)


ELSEWHERE, DONE, NOT_NEEDED, TO_DO = State.ELSEWHERE, State.DONE, State.NOT_NEEDED, State.TO_DO


@pytest.mark.parametrize(
    ("service", "policy", "expected"),
    [
        pytest.param(
            line(Identity.EITHER),
            make.selected(),
            [ELSEWHERE, ELSEWHERE, DONE, ELSEWHERE, ELSEWHERE],
            id="with an identity",
        ),
        pytest.param(
            line(Identity.SYSTEM),
            make.selected(trusted_services=False),
            [ELSEWHERE, ELSEWHERE, TO_DO, ELSEWHERE, ELSEWHERE],
            id="the setting is off",
        ),
        pytest.param(
            line(Identity.SYSTEM),
            make.selected(subnets=(SUBNET,)),
            [ELSEWHERE, ELSEWHERE, TO_DO, ELSEWHERE, ELSEWHERE],
            id="service endpoints switch it off",
        ),
        pytest.param(
            line(Identity.SYSTEM),
            AccessPolicy(trusted_services=False),
            [ELSEWHERE, ELSEWHERE, TO_DO, ELSEWHERE, ELSEWHERE],
            id="off, while all networks may connect",
        ),
        pytest.param(
            line(Identity.NONE),
            make.disabled(subnets=(SUBNET,)),
            [NOT_NEEDED, NOT_NEEDED, DONE, NOT_NEEDED, ELSEWHERE],
            id="without an identity, disabled with service endpoints",
        ),
        pytest.param(
            line(Identity.OWN, "10.20.0.0/16"),
            make.selected(),
            [NOT_NEEDED, ELSEWHERE, DONE, ELSEWHERE, ELSEWHERE],
            id="of one's own",
        ),
        pytest.param(
            line(Identity.OWN),
            make.selected(),
            [TO_DO, ELSEWHERE, DONE, ELSEWHERE, ELSEWHERE],
            id="of one's own, without networks",
        ),
    ],
)
def test_the_five_steps_are_judged_where_they_can_be_seen(
    service: ServiceLine, policy: AccessPolicy, expected: list[State]
) -> None:
    assert [step.state for step in workflow(service, policy, PLACE, None)] == expected


def test_the_steps_carry_the_commands_of_the_document_with_this_registry_in_them() -> None:
    off = make.selected(trusted_services=False)
    steps = workflow(line(Identity.EITHER, name=INSTANCES), off, PLACE, None)
    assert [step.commands for step in steps] == [
        ("az identity create --resource-group GROUP --name IDENTITY",),
        ("az role assignment create --assignee PRINCIPAL-ID --role AcrPull --scope " + PLACE.resource_id,),
        ("az acr update --name myregistry --allow-trusted-services true",),
        ("az login --identity", "az acr login --name myregistry"),
        (
            "az container create --resource-group GROUP --name CONTAINER --image myregistry.azurecr.io/hello-world:v1 "
            "--assign-identity IDENTITY-ID --acr-identity IDENTITY-ID",
        ),
    ]
    learning = workflow(line(Identity.SYSTEM, name=LEARNING), make.selected(), PLACE, None)
    assert (learning[2].commands, learning[4].commands) == ((), ("docker pull myregistry.azurecr.io/hello-world:v1",))


def test_a_service_that_a_gate_let_in_has_done_the_last_step(reader: Client, registry: Registry) -> None:
    make.trusted_service("Image scanner", "10.20.0.0/16")
    make.trusted_service("Builder", "10.30.0.0/16")
    make.access_request(registry, "10.30.0.9", "trusted_service")
    make.access_request(registry, "10.20.0.4", "ip_rule")
    make.access_request(registry, "no address", "trusted_service")
    assert states(reader.get(URL, {"service": "Image scanner"}))[-1] == "Not seen from here"
    make.access_request(registry, "10.20.0.4", "trusted_service")
    answer = reader.get(URL, {"service": "Image scanner"})
    assert states(answer)[-1] == "Done"
    assert "A gate last let it in just now, from 10.20.0.4." in text_of(answer)


@pytest.mark.parametrize(
    ("order", "said"),
    [
        pytest.param("NETWORK-FIRST", "A gate here looks at the network first", id="network first"),
        pytest.param("CHALLENGE-FIRST", "accounts in the group <b>Trusted services</b> pass", id="challenge first"),
    ],
)
def test_what_a_gate_makes_of_it_is_said(
    reader: Client, registry: Registry, settings: Settings, order: str, said: str
) -> None:
    settings.GATE_ORDER = order
    assert said in text_of(reader.get(URL))


def test_a_service_that_is_none_is_refused_beside_the_list(reader: Client, registry: Registry) -> None:
    answer = reader.get(URL, {"service": "<b>" + "x" * 100})
    assert answer.status_code == 422
    assert answer.context["refused"] == f"There is no trusted service '<b>{'x' * 61}'. Choose one of the list."
    assert 'id="service-error"' in answer.content.decode()
    assert "<title>Error: " in answer.content.decode()
    assert states(answer) == []


def test_networks_that_cannot_be_read_count_as_none(registry: Registry) -> None:
    TrustedService.objects.filter(name=DEFENDER).update(networks=["nonsense"])
    found = {line.name: line.networks for line in ServiceLine.all_of(TrustedService.known())}
    assert found[DEFENDER] == ()
    assert isinstance(TrustedService.known(), TrustedNetworks)


@pytest.mark.parametrize(
    ("role", "is_staff", "offered"),
    [("Owner", True, True), ("Owner", False, False), ("Contributor", True, False), ("Reader", False, False)],
)
def test_whoever_may_name_services_is_led_there(
    client: Client, registry: Registry, role: str, is_staff: bool, offered: bool
) -> None:
    client.force_login(make.account(role, is_staff=is_staff))
    page = text_of(client.get(URL))
    assert ('href="/admin/networking/trustedservice/"' in page) is offered
    assert ("An Owner names services and their networks." in page) is not offered


def test_the_page_needs_a_role(as_role: Any, registry: Registry) -> None:
    assert as_role(None).get(URL).status_code == 403


def test_the_page_needs_a_login(client: Client, registry: Registry) -> None:
    assert client.get(URL)["Location"] == f"/sign-in/?next={URL}"


def test_an_unknown_registry_is_not_found(reader: Client) -> None:
    assert reader.get("/registries/nosuchregistry/trusted-services/").status_code == 404


def test_the_page_is_read_only(contributor: Client, registry: Registry) -> None:
    assert contributor.post(URL).status_code == 405


def test_the_number_of_queries_does_not_grow(
    reader: Client, registry: Registry, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(12):
        reader.get(URL)
    for number in range(20):
        make.trusted_service(f"Scanner {number}", f"10.{number}.0.0/16")
        make.access_request(registry, f"10.{number}.0.1", "trusted_service")
    with django_assert_num_queries(12):
        reader.get(URL, {"service": "Scanner 19"})
