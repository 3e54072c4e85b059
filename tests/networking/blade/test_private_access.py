"""The list of private endpoint connections, and what becomes of several at once."""

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from networking.access.policy import AccessPolicy
from networking.blade.connection_lines import public_reach
from networking.models import EndpointSettings, PrivateEndpointConnection
from registries.models import Change, Registry
from tests import make

pytestmark = pytest.mark.django_db

URL = "/registries/mycontainerregistry/networking/private/"
DECIDE = f"{URL}decide/"
PUBLIC = "/registries/mycontainerregistry/networking/"
HTMX = {"HX-Request": "true"}
WARNING = "it is the last approved private endpoint connection"


@pytest.fixture
def registry() -> Registry:
    return make.registry(policy=AccessPolicy(data_endpoint=True))


def text_of(answer: Any) -> str:
    return unescape(answer.content.decode())


def names(answer: Any) -> list[str]:
    """The connections of the list, in its order."""
    return [line.name for line in answer.context["lines"]]


def states() -> dict[str, tuple[str, str]]:
    return {each.name: (each.state, each.description) for each in PrivateEndpointConnection.objects.all()}


def numbers(*rows: PrivateEndpointConnection) -> list[int]:
    return [row.pk for row in rows]


def ask(client: Client, op: str, *rows: PrivateEndpointConnection) -> Any:
    """The page with the question."""
    query: dict[str, Any] = {"op": op, "id": numbers(*rows)}
    return client.get(DECIDE, query)


def decide(client: Client, op: str, *rows: PrivateEndpointConnection, **more: Any) -> Any:
    return client.post(DECIDE, {"op": op, "id": numbers(*rows), **more})


# The list


def test_the_list_shows_name_state_endpoint_and_description(reader: Client, registry: Registry) -> None:
    row = make.connection(registry, "one", "Pending")
    row.description = "Nightly <builds>"
    row.save()
    answer = reader.get(URL)
    page = text_of(answer)
    assert "<title>mycontainerregistry | Networking – Portcullis</title>" in page
    for part in (
        '<th scope="row">one</th>',
        "</svg>Pending</span>",
        f'<a href="{URL}connections/one/">one</a>',
        "Nightly <builds>",
        "1 of 200 connections, 1 waiting for approval",
        f'<a href="{URL}" aria-current="page" data-text="Private access">',
        f'<a href="{PUBLIC}" data-text="Public access">',
    ):
        assert part in page
    assert "Nightly &lt;builds&gt;" in answer.content.decode()


def test_an_empty_list_says_so_and_how_to_begin(contributor: Client, registry: Registry) -> None:
    page = text_of(contributor.get(URL))
    assert "No private endpoint connections." in page
    assert f'<a href="{URL}create/">Create the first one</a>' in page
    assert 'value="approve"' not in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("", ["alpha", "beta", "gamma"], id="all"),
        pytest.param("?q=ALP", ["alpha"], id="part of a name in any letter case"),
        pytest.param("?q=backup-of-b", ["beta"], id="name of the private endpoint"),
        pytest.param("?state=Approved", ["alpha", "beta"], id="a state"),
        pytest.param("?state=Approved&q=beta", ["beta"], id="both"),
        pytest.param("?state=Gone", ["alpha", "beta", "gamma"], id="a state that is none"),
        pytest.param("?q=nothing", [], id="nothing found"),
        pytest.param("?q=al%00pha", ["alpha"], id="a null character"),
        pytest.param(f"?q={'x' * 5000}", [], id="very long"),
    ],
)
def test_the_list_is_narrowed_by_name_and_state(
    reader: Client, registry: Registry, query: str, found: list[str]
) -> None:
    make.connection(registry, "alpha")
    make.connection(registry, "beta", endpoint="/subscriptions/s/privateEndpoints/backup-of-b")
    make.connection(registry, "gamma", "Rejected")
    answer = reader.get(URL + query)
    assert answer.status_code == 200
    assert sorted(names(answer)) == found
    assert ("No connection matches these filters." in text_of(answer)) is not bool(found)


def test_the_list_is_ordered_by_the_name_that_people_gave(reader: Client, registry: Registry) -> None:
    for name, endpoint in (("c1", "Zeta"), ("c2", "alpha"), ("c3", "beta")):
        make.connection(registry, name, endpoint=f"/subscriptions/s/privateEndpoints/{endpoint}")
    assert names(reader.get(URL)) == ["c2", "c3", "c1"]


RULES = "16.17.18.0/24", "203.0.113.0/24"


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        pytest.param(
            AccessPolicy(),
            "All public networks have access to this registry, with private endpoints and without.",
            id="all networks",
        ),
        pytest.param(
            make.selected(RULES[0]), "Some public networks have access to this registry: 1 address range.", id="one"
        ),
        pytest.param(
            make.selected(*RULES, subnets=("/subnets/build",)),
            "Some public networks have access to this registry: 2 address ranges and 1 virtual network rule.",
            id="ranges and a subnet",
        ),
        pytest.param(
            make.selected(trusted_services=False),
            "No public network is in the list of this registry. Only private endpoints reach it.",
            id="an empty list",
        ),
        pytest.param(
            make.disabled(*RULES),
            "No public network has access to this registry. Only private endpoints and trusted services reach it.",
            id="disabled",
        ),
        pytest.param(
            make.disabled(trusted_services=False),
            "No public network has access to this registry. Only private endpoints reach it.",
            id="disabled for services too",
        ),
    ],
)
def test_the_bar_says_which_public_networks_reach_the_registry(reader: Client, policy: AccessPolicy, said: str) -> None:
    make.registry(policy=policy)
    assert public_reach(policy) == said
    assert said in text_of(reader.get(URL))


@pytest.mark.parametrize("sku", ["Basic", "Standard"])
@pytest.mark.parametrize(
    ("role", "way"),
    [
        pytest.param("Contributor", '<a href="/registries/mycontainerregistry/tier/">Change the tier</a>', id="may"),
        pytest.param("Reader", "A Contributor or Owner can change the tier.", id="may not"),
    ],
)
def test_a_lower_tier_is_told_what_it_needs(
    as_role: Callable[[str | None], Client], sku: str, role: str, way: str
) -> None:
    make.registry(sku=sku)
    page = text_of(as_role(role).get(URL))
    assert f"Private endpoints need the Premium tier; 'mycontainerregistry' is {sku}. {way}" in page
    assert f"{URL}create/" not in page


def test_a_reader_sees_and_is_offered_nothing_to_change(reader: Client, registry: Registry) -> None:
    make.connection(registry, "one")
    page = text_of(reader.get(URL))
    assert "You can view these connections. Changing them needs the Owner or Contributor role." in page
    for part in ('name="id"', 'value="approve"', f"{URL}create/"):
        assert part not in page


def test_a_private_endpoint_beside_service_endpoint_rules_is_noted(reader: Client) -> None:
    registry = make.registry(policy=make.selected(subnets=("/subnets/build",)))
    assert "which Azure doesn't support on one registry" not in text_of(reader.get(URL))
    for state in ("Rejected", "Disconnected"):
        make.connection(registry, state.lower(), state)
    assert "which Azure doesn't support on one registry" not in text_of(reader.get(URL))
    make.connection(registry, "one", "Pending")
    assert "which Azure doesn't support on one registry" in text_of(reader.get(URL))


@pytest.mark.parametrize(
    ("state", "said"),
    [
        pytest.param("Approved", "Always on while the registry has an approved private endpoint", id="locked"),
        pytest.param("Rejected", "Approving a private endpoint connection turns it on.", id="free"),
    ],
)
def test_the_box_of_data_endpoints_is_shown_and_says_what_moves_it(
    reader: Client, registry: Registry, state: str, said: str
) -> None:
    make.connection(registry, "one", state)
    page = text_of(reader.get(URL))
    assert '<input type="checkbox" id="dde" disabled checked aria-describedby="dde-help">' in page
    assert said in page
    assert "mycontainerregistry.eastus.data.azurecr.io" in page


def test_two_hundred_connections_take_as_many_queries_as_one(reader: Client, registry: Registry) -> None:
    make.connection(registry, "first")

    def queries() -> int:
        with CaptureQueriesContext(database) as captured:
            assert reader.get(URL).status_code == 200
        return len(captured)

    before = queries()
    for number in range(30):
        make.connection(registry, f"c{number}", "Pending")
    assert queries() == before


def test_a_get_is_a_whole_page_with_htmx_too(reader: Client, registry: Registry) -> None:
    answer = reader.get(URL, headers=HTMX)
    assert "<html" in text_of(answer)
    assert "no-store" in answer["Cache-Control"]


# Approve, reject, remove


@pytest.mark.parametrize("op", ["approve", "reject", "remove"])
def test_a_question_comes_first_and_changes_nothing(contributor: Client, registry: Registry, op: str) -> None:
    one, two = make.connection(registry, "one", "Pending"), make.connection(registry, "two", "Pending")
    before = Change.objects.count(), states()
    answer = ask(contributor, op, one, two)
    page = text_of(answer)
    assert f"{op.capitalize()} these 2 private endpoint connections?" in page
    assert [(line.name, line.chosen) for line in answer.context["lines"]] == [("one", True), ("two", True)]
    assert ('name="description"' in page) is (op != "remove")
    assert (Change.objects.count(), states()) == before


def test_several_are_approved_at_once_each_with_its_record(contributor: Client, registry: Registry) -> None:
    one, two = make.connection(registry, "one", "Pending"), make.connection(registry, "two", "Rejected")
    answer = decide(contributor, "approve", one, two, description="Ours")
    assert (answer.status_code, answer["Location"]) == (303, URL)
    assert states() == {"one": ("Approved", "Ours"), "two": ("Approved", "Ours")}
    operations = registry.changes.filter(operation="Approve private endpoint connection")
    assert {(each.account, each.door) for each in operations} == {(operations[0].account, "portal")}
    assert len(operations) == 2
    assert "Approved 'one', 'two'." in text_of(contributor.get(URL))


def test_an_approval_turns_data_endpoints_on_and_says_so_before(contributor: Client) -> None:
    registry = make.registry()
    row = make.connection(registry, "one", "Pending")
    page = text_of(ask(contributor, "approve", row))
    assert "Approving turns <strong>dedicated data endpoints</strong> on" in page
    assert "<code>mycontainerregistry.eastus.data.azurecr.io</code>" in page
    decide(contributor, "approve", row)
    assert "Those that only allow <code>*.blob.core.windows.net</code> will fail" in " ".join(page.split())
    assert EndpointSettings.of(registry).policy.data_endpoint
    again = text_of(ask(contributor, "approve", row))
    assert "Approving turns" not in again


def test_a_description_is_that_of_the_one_connection_or_kept_by_each_of_several(
    contributor: Client, registry: Registry
) -> None:
    one, two = make.connection(registry, "one", "Pending"), make.connection(registry, "two", "Pending")
    for row, text in ((one, "First"), (two, "Second")):
        row.description = text
        row.save()
    assert 'value="First"' in text_of(ask(contributor, "reject", one))
    assert 'name="description" value=""' in text_of(ask(contributor, "reject", one, two))
    decide(contributor, "reject", one, two, description="")
    assert states() == {"one": ("Rejected", "First"), "two": ("Rejected", "Second")}
    decide(contributor, "reject", one, description="")
    assert states()["one"] == ("Rejected", "")


def test_several_are_removed_at_once(contributor: Client, registry: Registry) -> None:
    rows = [make.connection(registry, f"c{number}") for number in range(5)]
    decide(contributor, "remove", *rows[:4])
    assert list(states()) == ["c4"]
    assert registry.changes.filter(operation="Remove private endpoint connection").count() == 4
    assert "Removed 'c0', 'c1', 'c2' and 1 more." in text_of(contributor.get(URL))


def test_where_one_is_refused_none_is_changed_and_each_refusal_is_told(contributor: Client, registry: Registry) -> None:
    one, two = make.connection(registry, "one", "Pending"), make.connection(registry, "two", "Disconnected")
    before = Change.objects.count(), states()
    answer = decide(contributor, "approve", one, two, description="Typed")
    page = text_of(answer)
    assert answer.status_code == 422
    assert "1 of 2 can't be approved, so none was." in page
    assert "<li>two: The private endpoint of the connection 'two' was deleted. Remove the connection.</li>" in page
    assert f'name="id" value="{one.pk}" checked' in page
    assert f'name="id" value="{two.pk}">' in page
    assert 'value="Typed"' in page
    assert (Change.objects.count(), states()) == before


@pytest.mark.parametrize(
    ("description", "sentence"),
    [
        pytest.param("x" * 401, "A description can have 400 characters; this one has 401.", id="long"),
        pytest.param("two\nlines", "A description can't hold line breaks or control characters.", id="lines"),
    ],
)
def test_a_bad_description_is_refused_and_stays_on_the_page(
    contributor: Client, registry: Registry, description: str, sentence: str
) -> None:
    row = make.connection(registry, "one", "Pending")
    answer = decide(contributor, "reject", row, description=description)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert answer.context["description"] == description
    assert states() == {"one": ("Pending", "")}


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        pytest.param({"op": "approve"}, "Select at least one connection first.", id="none chosen"),
        pytest.param({"op": "approve", "id": ["x", "-1"]}, "Select at least one connection first.", id="no numbers"),
        pytest.param({"op": "drop", "id": ["1"]}, "Choose Approve, Reject or Remove.", id="another word"),
        pytest.param({}, "Choose Approve, Reject or Remove.", id="nothing"),
    ],
)
def test_what_says_too_little_is_refused_on_the_list(
    contributor: Client, registry: Registry, method: str, data: dict[str, Any], sentence: str
) -> None:
    make.connection(registry, "one")
    before = Change.objects.count(), states()
    answer = getattr(contributor, method)(DECIDE, data)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert (Change.objects.count(), states()) == before
    page = text_of(answer)
    assert f'<form class="filters" method="get" action="{URL}"' in page
    assert f'<a class="cmd" href="{URL}">' in page
    assert f'href="{DECIDE}' not in page


def test_connections_of_another_registry_are_none_of_this_one(contributor: Client, registry: Registry) -> None:
    other = make.connection(make.registry("another"), "theirs")
    answer = decide(contributor, "remove", other)
    assert (answer.status_code, answer["Location"]) == (303, URL)
    assert "These connections were removed already." in text_of(contributor.get(URL))
    assert list(states()) == ["theirs"]


def test_what_is_so_already_leaves_no_record(contributor: Client, registry: Registry) -> None:
    row = make.connection(registry, "one", "Rejected")
    before = Change.objects.count()
    assert decide(contributor, "reject", row).status_code == 303
    assert Change.objects.count() == before
    assert "The connections are so already." in text_of(contributor.get(URL))


# The last way in

SHUT = [
    pytest.param(
        make.disabled(*RULES, data_endpoint=True), "After this only trusted services can reach", id="services"
    ),
    pytest.param(
        make.disabled(trusted_services=False, data_endpoint=True), "After this nobody can reach", id="nobody at all"
    ),
    pytest.param(
        make.selected(trusted_services=False, data_endpoint=True), "After this nobody can reach", id="an empty list"
    ),
]


@pytest.mark.parametrize(("policy", "sentence"), SHUT)
@pytest.mark.parametrize("op", ["reject", "remove"])
def test_closing_the_last_way_in_is_asked_once_more(
    contributor: Client, policy: AccessPolicy, sentence: str, op: str
) -> None:
    registry = make.registry(policy=policy)
    one, two = make.connection(registry, "one"), make.connection(registry, "two", "Pending")
    before = Change.objects.count(), states()
    answer = decide(contributor, op, one, two)
    page = text_of(answer)
    assert answer.status_code == 200
    assert sentence in page
    assert WARNING in page
    assert f"{op.capitalize()} anyway</button>" in page
    assert (Change.objects.count(), states()) == before
    assert decide(contributor, op, one, two, sure="1").status_code == 303
    assert "Approved" not in {state for state, _ in states().values()}


@pytest.mark.parametrize(
    ("policy", "kept"),
    [
        pytest.param(make.disabled(data_endpoint=True), "Approved", id="another is approved"),
        pytest.param(make.selected(*RULES, data_endpoint=True), "Pending", id="there are address ranges"),
        pytest.param(make.selected(subnets=("/s/b",), data_endpoint=True), "Pending", id="there is a subnet"),
        pytest.param(AccessPolicy(data_endpoint=True), "Pending", id="all networks"),
    ],
)
def test_where_another_way_in_is_left_nothing_is_asked_again(
    contributor: Client, policy: AccessPolicy, kept: str
) -> None:
    registry = make.registry(policy=policy)
    row = make.connection(registry, "one")
    make.connection(registry, "two", kept)
    assert decide(contributor, "remove", row).status_code == 303
    assert list(states()) == ["two"]


def test_one_that_was_never_a_way_in_goes_without_a_warning(contributor: Client) -> None:
    registry = make.registry(policy=make.disabled())
    assert decide(contributor, "remove", make.connection(registry, "one", "Pending")).status_code == 303


def test_of_two_who_each_remove_one_the_second_is_asked(contributor: Client) -> None:
    """Both pages were opened while two were approved."""
    registry = make.registry(policy=make.disabled(data_endpoint=True))
    one, two = make.connection(registry, "one"), make.connection(registry, "two")
    assert decide(contributor, "remove", one).status_code == 303
    assert WARNING in text_of(decide(contributor, "remove", two))
    assert list(states()) == ["two"]


# Who, and how


@pytest.mark.parametrize("url", [URL, DECIDE])
def test_only_whoever_has_signed_in_comes_in(client: Client, registry: Registry, url: str) -> None:
    assert client.get(url)["Location"].startswith("/sign-in/")


@pytest.mark.parametrize(
    ("role", "page", "deciding"),
    [
        pytest.param(None, 403, 403, id="no role"),
        pytest.param("Reader", 200, 403, id="Reader"),
        pytest.param("Contributor", 200, 200, id="Contributor"),
        pytest.param("Owner", 200, 200, id="Owner"),
    ],
)
def test_a_role_may_do_what_it_may_do_elsewhere(
    as_role: Callable[[str | None], Client], registry: Registry, role: str | None, page: int, deciding: int
) -> None:
    row = make.connection(registry, "one", "Pending")
    client = as_role(role)
    assert client.get(URL).status_code == page
    assert ask(client, "approve", row).status_code == deciding
    assert (decide(client, "approve", row).status_code == 303) is (deciding == 200)
    assert (states()["one"][0] == "Approved") is (deciding == 200)


@pytest.mark.parametrize(
    ("method", "url"), [("post", URL), ("put", URL), ("delete", URL), ("put", DECIDE), ("delete", DECIDE)]
)
def test_another_method_is_refused(contributor: Client, registry: Registry, method: str, url: str) -> None:
    assert getattr(contributor, method)(url).status_code == 405


@pytest.mark.parametrize("tail", ["", "decide/"])
def test_a_registry_that_is_not_there_is_404(contributor: Client, tail: str) -> None:
    assert contributor.get(f"/registries/nothinglikeit/networking/private/{tail}").status_code == 404


# The Public access tab


def policy_form(policy: AccessPolicy, **more: Any) -> dict[str, Any]:
    fields = {"op": "save", "fingerprint": policy.fingerprint, "public_access": policy.public_access.value}
    return fields | {"trusted_services": "1"} | more


LOCKED = "Always on while the registry has an approved"


def test_the_box_is_locked_on_the_public_tab_and_says_why(contributor: Client, registry: Registry) -> None:
    make.connection(registry, "one", "Pending")
    assert LOCKED not in text_of(contributor.get(PUBLIC))
    make.connection(registry, "two")
    page = text_of(contributor.get(PUBLIC))
    assert LOCKED in page
    assert '<input type="hidden" name="data_endpoint_locked" value="1">' in page


def test_a_save_of_the_locked_page_keeps_data_endpoints_on(contributor: Client, registry: Registry) -> None:
    """Also where the connection was removed meanwhile: a box nobody could untick turns nothing off."""
    make.connection(registry, "one")
    policy = EndpointSettings.of(registry).policy
    data = policy_form(policy, op="save-anyway", data_endpoint_locked="1", public_access="disabled")
    PrivateEndpointConnection.objects.all().delete()
    assert contributor.post(PUBLIC, data).status_code == 303
    assert EndpointSettings.of(registry).policy == make.disabled(data_endpoint=True)


def test_the_server_refuses_to_turn_data_endpoints_off_beneath_an_endpoint(
    contributor: Client, registry: Registry
) -> None:
    make.connection(registry, "one")
    policy, before = EndpointSettings.of(registry).policy, Change.objects.count()
    answer = contributor.post(PUBLIC, policy_form(policy))
    assert answer.status_code == 422
    page = text_of(answer)
    assert "Dedicated data endpoints stay on while the registry has an approved private endpoint connection." in page
    assert 'id="dde" name="data_endpoint" value="1" data-saved>' in page  # free, so that it can be ticked again
    assert (EndpointSettings.of(registry).policy, Change.objects.count()) == (policy, before)


@pytest.mark.parametrize(
    ("found", "verdict", "why"),
    [
        pytest.param([], "None", "0 approved, 0 pending", id="none"),
        pytest.param(["Pending", "Rejected"], "None", "0 approved, 1 pending", id="waiting"),
        pytest.param(["Approved", "Approved", "Pending"], "Allowed", "2 approved, 1 pending", id="approved"),
    ],
)
def test_the_card_counts_private_endpoints(
    reader: Client, registry: Registry, found: list[str], verdict: str, why: str
) -> None:
    for number, state in enumerate(found):
        make.connection(registry, f"c{number}", state)
    line = reader.get(PUBLIC).context["access"][-1]
    assert (line.who, line.verdict, line.why) == ("Private endpoints", verdict, why)
