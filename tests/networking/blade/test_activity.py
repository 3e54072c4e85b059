"""The activity log: one registry's, the whole console's, and both as files."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from networking.access.policy import AccessPolicy
from networking.arm.network_body import SubnetBody
from networking.blade.activity_log import LINES, RECENT
from networking.models import EndpointSettings
from networking.virtual_networks import put_subnet
from registries.models import Change, Origin, Registry, ResourceGroup
from tests import make

pytestmark = pytest.mark.django_db

ONE = "/registries/mycontainerregistry/activity/"
ALL = "/activity/"
PAGES = [pytest.param(ONE, id="one registry"), pytest.param(ALL, id="all registries")]
FILES = [
    pytest.param("/registries/mycontainerregistry/activity.csv", id="file of one registry"),
    pytest.param("/activity.csv", id="file of all registries"),
]
ADA = Origin("ada@example.org", "admin", "203.0.113.24", "Ticket 4711")
ÜLO = Origin("Ülo", "command", "", "Öffnung")


@pytest.fixture
def registry(db: None) -> Registry:
    """Saved twice by the blade, once in the admin."""
    made = make.registry(policy=make.selected("203.0.113.0/24"))
    save(made, make.selected("203.0.113.0/24", "9.9.9.9"))
    save(made, make.disabled("203.0.113.0/24", "9.9.9.9"), ADA)
    return made


def save(registry: Registry, policy: AccessPolicy, origin: Origin = make.BO) -> Change:
    seen = EndpointSettings.of(registry).policy.fingerprint
    stored = EndpointSettings.store(registry, policy, seen=seen, origin=origin)
    assert isinstance(stored, Change)
    return stored


def aged(change: Change, age: timedelta) -> None:
    Change.objects.filter(pk=change.pk).update(at=timezone.now() - age)


def shown(client: Client, url: str) -> list[str]:
    """What each line of a page did, newest first."""
    answer = client.get(url)
    assert answer.status_code == 200
    return [str(event.told) for event in answer.context["page_of_log"].events]


def text_of(answer: Any) -> str:
    return unescape(answer.content.decode())


def lines_of(client: Client, url: str) -> list[dict[str, str]]:
    body = b"".join(client.get(url).streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(body, newline="")))


OPENED = (
    "Public network access: All networks → Selected networks; 203.0.113.0/24 added to address ranges; "
    "Everyone else on the internet (3,702,390,528 addresses) loses access"
)
ADDED = "9.9.9.9 added to address ranges; 1 address gains access: 9.9.9.9"
CLOSED = "Public network access: Selected networks → Disabled; 257 addresses lose access: 9.9.9.9 and 203.0.113.0/24"


@pytest.mark.parametrize("url", PAGES)
def test_the_newest_change_stands_first_and_each_says_what_it_did(reader: Client, registry: Registry, url: str) -> None:
    assert shown(reader, url) == [CLOSED, ADDED, OPENED]


def test_a_line_says_who_when_from_where_through_which_door_and_why(reader: Client, registry: Registry) -> None:
    change = Change.objects.latest("at")
    Change.objects.filter(pk=change.pk).update(at=datetime(2126, 11, 20, 21, 35, 12, tzinfo=UTC))
    page = text_of(reader.get(ONE))
    line = " ".join(page[page.index("<tbody>") : page.index("</tr>", page.index("<tbody>"))].split())
    for part in (
        "<details><summary>Update networking</summary>",
        '<span class="sr">was </span><del>Selected networks</del>',
        "<b>257 addresses lose access</b>: 9.9.9.9 and 203.0.113.0/24",
        '<time datetime="2126-11-20T21:35:12+00:00">20 Nov 2126, 21:35:12 UTC</time>',
        "<td>ada@example.org</td>",
        "<code>203.0.113.24</code>",
        ">Admin</td>",
        ">Ticket 4711</td>",
    ):
        assert part in line
    assert "<title>mycontainerregistry | Activity log – Portcullis</title>" in page
    assert 'aria-current="page"' in page


def test_an_operation_nobody_can_tell_more_of_does_not_expand(reader: Client) -> None:
    Change.record(make.registry(), "Turn to gold", make.BO, before=None, after={"metal": "gold"})
    page = text_of(reader.get(ONE))
    assert "Turn to gold" in page
    assert "<summary>Turn to gold" not in page


def test_the_log_of_one_registry_has_no_other(reader: Client, registry: Registry) -> None:
    other = make.registry("edgefleet", policy=make.disabled())
    assert len(shown(reader, ONE)) == 3
    assert len(shown(reader, ALL)) == 4
    assert lines_of(reader, f"/registries/{other.name}/activity.csv")[0]["Registry"] == "edgefleet"


def test_a_deleted_registry_stays_in_the_whole_log(reader: Client, registry: Registry) -> None:
    registry.delete_recorded(ADA)
    made = Registry.create_recorded(
        resource_group=make.resource_group(), name="mycontainerregistry", sku="Basic", location="eastus", origin=ADA
    )
    events = reader.get(ALL).context["page_of_log"].events
    assert [(event.told.operation, event.registry, event.exists) for event in events] == [
        ("Create registry", "mycontainerregistry", True),
        ("Delete registry", "mycontainerregistry", False),
        *[("Update networking", "mycontainerregistry", False)] * 3,
    ]
    page = text_of(reader.get(ALL))
    assert page.count('<a href="/registries/mycontainerregistry/">mycontainerregistry</a>') == 1
    assert page.count('mycontainerregistry <span class="tag">deleted</span>') == 4
    # The new registry begins its own history, though it has the name of the old one.
    assert made.changes.count() == 1
    assert shown(reader, ONE) == [str(events[0].told)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("", ["gold", "tags", "tier", "save"], id="nothing asked"),
        pytest.param("?q=+", ["gold", "tags", "tier", "save"], id="blanks ask for nothing"),
        pytest.param("?q=CHANGE+TIER", ["tier"], id="operation in another case"),
        pytest.param("?q=ADA%40", ["tier"], id="account"),
        pytest.param("?q=ticket+47", ["tier"], id="comment"),
        pytest.param("?q=öff", ["tags"], id="letters beyond ASCII in another case"),
        pytest.param("?q=üLO", ["tags"], id="an account beyond ASCII"),
        pytest.param("?q=198.51", ["gold", "save"], id="source address"),
        pytest.param("?q=EDGEf", ["gold"], id="registry"),
        pytest.param("?q=myResourceGroup", [], id="the group is not the registry"),
        pytest.param("?q=registries", [], id="nor is the rest of the id"),
        pytest.param("?q=%25", [], id="a percent sign is text"),
        pytest.param("?q=ö.*", [], id="a dot and a star are text"),
        pytest.param("?q=(", [], id="an open bracket is text"),
        pytest.param("?q=a%00da", ["tier"], id="a null character is no part of any text"),
        pytest.param("?timespan=hour", ["gold", "tags"], id="last hour"),
        pytest.param("?timespan=day", ["gold", "tags"], id="last 24 hours"),
        pytest.param("?timespan=week", ["gold", "tags", "tier"], id="last 7 days"),
        pytest.param("?timespan=month", ["gold", "tags", "tier"], id="last 30 days"),
        pytest.param("?door=portal", ["gold", "save"], id="door"),
        pytest.param("?operation=Update+networking", ["save"], id="operation"),
        pytest.param("?by=Ülo", ["tags"], id="initiated by"),
        pytest.param("?by=ada%40example.org&door=admin&timespan=week&q=tier", ["tier"], id="all at once"),
        pytest.param("?by=ada%40example.org&door=portal", [], id="what never met"),
    ],
)
def test_search_and_filters(reader: Client, query: str, found: list[str]) -> None:
    registry = make.registry(policy=make.selected("203.0.113.0/24"))
    aged(registry.changes.get(), timedelta(days=31))
    tier = Change.record(registry, "Change tier", ADA, before={"sku": "Basic"}, after={"sku": "Premium"})
    aged(tier, timedelta(days=6))
    Change.record(registry, "Update tags", ÜLO, before={"tags": {}}, after={"tags": {"a": "b"}})
    Change.record(make.registry("edgefleet"), "Turn to gold", make.BO, before=None, after=None)
    names = {"Update networking": "save", "Change tier": "tier", "Update tags": "tags", "Turn to gold": "gold"}
    events = reader.get(ALL + query).context["page_of_log"].events
    assert [names[event.told.operation] for event in events] == found
    assert [names[line["Operation"]] for line in lines_of(reader, "/activity.csv" + query)] == found


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        pytest.param("?timespan=soon", "This log has no timespan 'soon'; that filter is left out.", id="timespan"),
        pytest.param("?door=window", "This log has no door 'window'; that filter is left out.", id="door"),
        pytest.param("?operation=Fly", "This log has no operation 'Fly'; that filter is left out.", id="operation"),
        pytest.param("?by=nobody", "This log has no account 'nobody'; that filter is left out.", id="account"),
        pytest.param(
            "?door=window&timespan=soon",
            "This log has no timespan 'soon' and no door 'window'; those filters are left out.",
            id="two of them",
        ),
        pytest.param(
            "?by=" + "x" * 5000, f"This log has no account '{'x' * 50}'; that filter is left out.", id="very long"
        ),
        pytest.param("?door=%00%ff", "This log has no door '\ufffd'; that filter is left out.", id="bytes"),
    ],
)
@pytest.mark.parametrize("url", PAGES)
def test_nonsense_in_a_filter_is_named_and_narrows_nothing(
    reader: Client, registry: Registry, url: str, query: str, sentence: str
) -> None:
    answer = reader.get(url + query + "&q=9")
    assert answer.status_code == 200
    assert sentence in text_of(answer)
    assert 'value="9"' in text_of(answer)  # what made sense is kept
    assert shown(reader, url + query) == [CLOSED, ADDED, OPENED]


def test_a_search_that_is_too_long_says_what_is_left_out(reader: Client, registry: Registry) -> None:
    page = text_of(reader.get(ALL, {"q": "9" * 101}))
    assert "A search can have 100 characters; the rest is left out." in page
    assert f'value="{"9" * 100}"' in page


def test_the_filters_show_what_was_asked_and_offer_what_there_is(reader: Client, registry: Registry) -> None:
    asked = reader.get(ALL, {"door": "admin", "timespan": "week"}).context["asked"]
    assert [(choice.value, choice.text, choice.chosen) for choice in asked.doors] == [
        ("admin", "Admin", True),
        ("portal", "Portal", False),
    ]
    assert [choice.value for choice in asked.accounts] == ["ada@example.org", "bo@example.org"]
    assert [choice.value for choice in asked.operations] == ["Update networking"]
    assert [choice.text for choice in asked.timespans if choice.chosen] == ["Last 7 days"]
    page = text_of(reader.get(ALL, {"door": "admin"}))
    assert '<option value="admin" selected>Admin</option>' in page


def test_an_account_of_long_ago_can_still_be_asked_for(reader: Client, registry: Registry) -> None:
    old = Change.record(registry, "Update tags", ÜLO, before={"tags": {}}, after={"tags": {"a": "b"}})
    aged(old, timedelta(days=1000))
    many(registry, RECENT)
    assert "Ülo" not in [choice.value for choice in reader.get(ALL).context["asked"].accounts]
    answer = reader.get(ALL, {"by": "Ülo"})
    assert [choice.value for choice in answer.context["asked"].accounts if choice.chosen] == ["Ülo"]
    assert [event.account for event in answer.context["page_of_log"].events] == ["Ülo"]


def test_what_was_searched_for_is_shown_as_text(reader: Client) -> None:
    page = reader.get(ALL, {"q": '"><script>', "door": "<script>"}).content.decode()
    assert "<script>" not in page


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        pytest.param("", "No events in this timespan.", id="none at all"),
        pytest.param("?timespan=hour", "No events in this timespan.", id="none in the timespan"),
        pytest.param("?q=nothing", "No events match these filters.", id="none found"),
    ],
)
@pytest.mark.parametrize("url", PAGES)
def test_an_empty_log_says_why(reader: Client, url: str, query: str, sentence: str) -> None:
    make.registry()
    page = text_of(reader.get(url + query))
    assert sentence in page
    assert (f'<a href="{url}">Clear filters</a>' in page) == bool(query)
    assert "<table" not in page


def many(registry: Registry, count: int) -> None:
    before, after = make.selected("203.0.113.0/24").record(), make.selected("9.9.9.9").record()
    now = timezone.now()
    Change.objects.bulk_create(
        Change(
            registry=registry,
            resource_id=str(registry.resource_id),
            operation="Update networking",
            at=now - timedelta(seconds=number),
            account=f"person{number % 7}@example.org",
            door="portal",
            before=before,
            after=after,
        )
        for number in range(count)
    )


@pytest.mark.parametrize(
    ("page", "showing", "previous", "following"),
    [
        pytest.param("", "Showing 1 to 30 of 71 events.", 0, 2, id="first"),
        pytest.param("2", "Showing 31 to 60 of 71 events.", 1, 3, id="middle"),
        pytest.param("3", "Showing 61 to 71 of 71 events.", 2, 0, id="last"),
        pytest.param("99", "Showing 61 to 71 of 71 events.", 2, 0, id="beyond the last"),
        pytest.param("0", "Showing 1 to 30 of 71 events.", 0, 2, id="zero"),
        pytest.param("-3", "Showing 1 to 30 of 71 events.", 0, 2, id="negative"),
        pytest.param("two", "Showing 1 to 30 of 71 events.", 0, 2, id="a word"),
        pytest.param("²", "Showing 1 to 30 of 71 events.", 0, 2, id="a digit that is no number"),
        pytest.param("9" * 5000, "Showing 1 to 30 of 71 events.", 0, 2, id="more digits than a number may have"),
    ],
)
def test_pages_of_30_keep_the_filters(reader: Client, page: str, showing: str, previous: int, following: int) -> None:
    many(make.registry(), 71)
    answer = reader.get(ONE, {"door": "portal", "page": page})
    log = answer.context["page_of_log"]
    assert (log.showing, log.previous, log.next) == (showing, previous, following)
    text = text_of(answer)
    assert (f'href="?door=portal&page={previous}">Previous' in text) == bool(previous)
    assert (f'href="?door=portal&page={following}">Next' in text) == bool(following)
    assert 'href="/registries/mycontainerregistry/activity.csv?door=portal"' in text


@pytest.mark.parametrize("url", [*PAGES, *FILES])
def test_ten_thousand_changes_cost_no_more_queries_than_one(reader: Client, url: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            answer = reader.get(url, {"q": "example"})
            if answer.streaming:
                list(answer.streaming_content)  # type: ignore[attr-defined]
        return len(captured)

    registry = make.registry()
    many(registry, 1)
    for_one = queries()
    many(registry, 10_000)
    assert queries() == for_one
    # Session, account, two for permissions, registry, what the filters offer, count, lines, and the frame of the page.
    assert for_one <= 11


def test_the_page_of_ten_thousand_changes_holds_thirty(reader: Client) -> None:
    many(make.registry(), 10_000)
    answer = reader.get(ALL, {"page": "300"})
    assert answer.context["page_of_log"].showing == "Showing 8,971 to 9,000 of 10,000 events."
    assert len(answer.context["page_of_log"].events) == LINES


@pytest.mark.parametrize("url", FILES)
def test_the_file_holds_every_line_that_the_page_shows(reader: Client, registry: Registry, url: str) -> None:
    newest = Change.objects.latest("at")
    Change.objects.filter(pk=newest.pk).update(at=datetime(2126, 11, 20, 21, 35, 12, 345, tzinfo=UTC))
    lines = lines_of(reader, url)
    assert lines[0] == {
        "Time": "2126-11-20T21:35:12Z",
        "Registry": "mycontainerregistry",
        "Operation": "Update networking",
        "Difference": CLOSED,
        "Door": "Admin",
        "Initiated by": "ada@example.org",
        "Source address": "203.0.113.24",
        "Comment": "Ticket 4711",
        "Resource ID": str(registry.resource_id),
    }
    assert [line["Difference"] for line in lines] == [CLOSED, ADDED, OPENED]


@pytest.mark.parametrize(
    ("url", "filename"),
    [
        ("/registries/mycontainerregistry/activity.csv", "mycontainerregistry-activity-log.csv"),
        ("/activity.csv", "activity-log.csv"),
    ],
)
def test_the_file_is_streamed_to_be_saved_under_its_name(
    reader: Client, registry: Registry, url: str, filename: str
) -> None:
    answer = reader.get(url)
    assert answer.streaming
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="{filename}"'
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_of_the_file_is_never_a_formula(reader: Client, sign: str) -> None:
    origin = Origin(f"{sign}account", "portal", "", f"{sign}cmd|' /C calc'!A0")
    Change.record(make.registry(), f"{sign}operation", origin, before=None, after=None)
    [line] = lines_of(reader, "/activity.csv")
    assert (line["Comment"], line["Initiated by"], line["Operation"]) == (
        f"'{sign}cmd|' /C calc'!A0",
        f"'{sign}account",
        f"'{sign}operation",
    )
    assert not any(cell.startswith(sign) for cell in line.values())


def test_nonsense_in_a_filter_leaves_the_file_whole(reader: Client, registry: Registry) -> None:
    assert len(lines_of(reader, "/activity.csv?door=window&timespan=soon&page=7")) == 3


@pytest.mark.parametrize("url", [*PAGES, *FILES])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_other_methods_are_refused(owner: Client, registry: Registry, url: str, method: str) -> None:
    assert getattr(owner, method)(url).status_code == 405
    assert owner.head(url).status_code == 200


@pytest.mark.parametrize("url", [*PAGES, *FILES])
def test_whoever_has_not_signed_in_is_sent_to_sign_in(client: Client, registry: Registry, url: str) -> None:
    answer = client.get(url)
    assert (answer.status_code, answer["Location"]) == (302, f"/sign-in/?next={url}")


@pytest.mark.parametrize("url", [*PAGES, *FILES])
def test_an_account_without_a_role_is_refused(
    as_role: Callable[[str | None], Client], registry: Registry, url: str
) -> None:
    answer = as_role(None).get(url)
    assert answer.status_code == 403
    assert "Seeing registries needs the Reader, Contributor or Owner role." in text_of(answer)


@pytest.mark.parametrize("end", ["/", ".csv"])
def test_an_unknown_registry_is_not_found_with_a_sentence(reader: Client, end: str) -> None:
    answer = reader.get(f"/registries/nosuch/activity{end}")
    assert answer.status_code == 404
    assert "There is no registry named 'nosuch'." in text_of(answer)


def test_a_registry_is_found_in_any_letter_case(reader: Client, registry: Registry) -> None:
    assert len(shown(reader, "/registries/MyContainerRegistry/activity/")) == 3


@pytest.mark.parametrize("url", PAGES)
def test_a_get_is_a_whole_page_with_htmx_too(reader: Client, registry: Registry, url: str) -> None:
    assert "<html" in text_of(reader.get(url, headers={"HX-Request": "true"}))


def test_the_list_of_registries_leads_to_the_whole_log(reader: Client) -> None:
    assert 'href="/activity/"' in text_of(reader.get("/registries/"))


def test_what_is_no_registry_is_named_and_is_not_told_as_deleted(reader: Client, registry: Registry) -> None:
    network = make.virtual_network()
    put_subnet(network, SubnetBody("newSubnet", ("10.0.9.0/24",)), make.BO)
    ResourceGroup.create_recorded(make.subscription(), "newGroup", "eastus", ADA)
    lines = {line["Registry"]: line["Operation"] for line in lines_of(reader, "/activity.csv")}
    assert lines["Subnet newSubnet"] == "Create subnet"
    assert lines["Resource group newGroup"] == "Create resource group"
    found = reader.get(f"{ALL}?q=newsubnet")
    assert [event.registry for event in found.context["page_of_log"].events] == ["Subnet newSubnet"]
    assert "deleted" not in text_of(found).partition("<tbody>")[2].partition("</tbody>")[0]
    assert "10.0.9.0/24" in text_of(found)
