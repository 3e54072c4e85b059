"""The Requests page of a registry, and its file."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from networking.access.decision import Reason
from networking.access.policy import AccessPolicy
from networking.blade import request_lines
from networking.blade.activity_log import LINES
from networking.blade.request_lines import REASONS
from networking.models import AccessRequest, EndpointSettings
from registries.models import Registry
from tests import make

pytestmark = pytest.mark.django_db

URL = "/registries/mycontainerregistry/requests/"
FILE = "/registries/mycontainerregistry/requests.csv"
BOTH = [pytest.param(URL, id="page"), pytest.param(FILE, id="file")]
SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/n"
ENDPOINT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateEndpoints/e"
AT = datetime(2126, 11, 20, 21, 35, 12, tzinfo=UTC)
POLICY = AccessPolicy(
    default_action=make.selected().default_action,
    rules=(make.rule("203.0.113.0/24", name="Office"), make.rule("198.51.100.7")),
)


@pytest.fixture
def registry(db: None) -> Registry:
    return make.registry(policy=POLICY)


def text_of(answer: Any) -> str:
    return unescape(answer.content.decode())


def line_of(answer: Any) -> str:
    """The newest line, as markup."""
    page = text_of(answer)
    return " ".join(page[page.index("<tbody>") : page.index("</tr>", page.index("<tbody>"))].split())


def shown(client: Client, query: str = "") -> list[str]:
    """The path of each line of the page, newest first."""
    answer = client.get(URL + query)
    assert answer.status_code == 200
    return [line.path for line in answer.context["page_of_requests"].lines]


def lines_of(client: Client, query: str = "") -> list[dict[str, str]]:
    body = b"".join(client.get(FILE + query).streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(body, newline="")))


def test_a_line_says_when_who_what_and_why(reader: Client, registry: Registry) -> None:
    make.access_request(
        registry,
        "192.0.2.50",
        at=AT,
        forwarded="10.20.30.40, 192.0.2.9",
        method="PUT",
        path="/v2/team/app/manifests/1.4",
        repository="team/app",
        agent="docker/27.3.1",
        correlation_id="6e4a9c1a-3b6a-4c58-9c0e-0b5b2f6f0c11",
    )
    answer = reader.get(URL)
    line = line_of(answer)
    for part in (
        '<time datetime="2126-11-20T21:35:12+00:00" data-clock="seconds">20 Nov 2126, 21:35:12 UTC</time>',
        "<code>192.0.2.50</code>",
        "forwarded for <code>10.20.30.40, 192.0.2.9</code>",
        '<span class="verdict deny">',
        "</svg>Refused</span>",
        "No address range matches",
        "<summary>PUT team/app</summary>",
        "<code>/v2/team/app/manifests/1.4</code>",
        "<code>mycontainerregistry.azurecr.io</code>",
        "docker/27.3.1",
        "<code>6e4a9c1a-3b6a-4c58-9c0e-0b5b2f6f0c11</code>",
        '<td class="num">403</td>',
        '/networking/tester/?ip=192.0.2.50">Test<span class="sr"> 192.0.2.50</span></a>',
    ):
        assert part in line
    page = text_of(answer)
    assert "<title>mycontainerregistry | Requests – Portcullis</title>" in page
    assert '<a href="/registries/mycontainerregistry/requests/" aria-current="page">' in page


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        pytest.param("203.0.113.0/24", "By 203.0.113.0/24, Office</span>", id="with its name"),
        pytest.param("198.51.100.7", "By 198.51.100.7</span>", id="without a name"),
        pytest.param("16.17.18.0/24", 'By 16.17.18.0/24 <span class="tag">deleted since</span></span>', id="gone"),
    ],
)
def test_an_allowed_line_names_the_rule_that_let_it_in(
    reader: Client, registry: Registry, rule: str, said: str
) -> None:
    make.access_request(registry, "203.0.113.9", "ip_rule", rule=rule, status=401)
    line = line_of(reader.get(URL))
    assert "</svg>Allowed</span>" in line
    assert said in line
    assert '<td class="num">401</td>' in line


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_its_words(reader: Client, registry: Registry, reason: Reason) -> None:
    make.access_request(registry, "192.0.2.50", reason.value)
    assert f'<span class="why">{REASONS[reason]}</span>' in line_of(reader.get(URL))


@pytest.mark.parametrize(
    ("status", "allowed", "verdict", "why"),
    [
        pytest.param(401, False, "Not decided", "Asked to sign in before the network was looked at", id="challenge"),
        pytest.param(503, False, "Not decided", "The gate could not tell, so nothing was let through", id="no gate"),
        pytest.param(499, False, "Not decided", "The client went away before there was an answer", id="gone"),
        pytest.param(404, False, "Not decided", "Answered by the proxy itself", id="proxy"),
        pytest.param(200, True, "Allowed", "The proxy passed it on without a reason", id="passed"),
    ],
)
def test_a_line_without_a_reason_says_what_its_status_tells(
    reader: Client, registry: Registry, status: int, allowed: bool, verdict: str, why: str
) -> None:
    make.access_request(registry, "192.0.2.50", "", status=status, allowed=allowed)
    line = line_of(reader.get(URL))
    assert f"</svg>{verdict}</span>" in line
    assert f'<span class="why">{why}</span>' in line
    assert ('class="verdict na"' in line) is not allowed


@pytest.mark.parametrize(
    ("request_", "query"),
    [
        pytest.param({}, "ip=192.0.2.50", id="an address"),
        pytest.param({"address": ""}, "ip=", id="an address that is not known"),
        pytest.param({"address": "2001:db8::7"}, "ip=2001%3Adb8%3A%3A7", id="IPv6"),
        pytest.param(
            {"host": "mycontainerregistry.eastus.data.azurecr.io"},
            "ip=192.0.2.50&target=mycontainerregistry.eastus.data.azurecr.io",
            id="a data endpoint",
        ),
        pytest.param({"reason": "private_endpoint"}, "ip=192.0.2.50&endpoint=Approved", id="a private endpoint"),
        pytest.param({"reason": "trusted_service"}, "ip=192.0.2.50&identity=trusted_service", id="a trusted service"),
        pytest.param({"subnet": SUBNET}, f"ip=192.0.2.50&subnet={quote(SUBNET, '')}", id="a subnet"),
        pytest.param(
            {"subnet": SUBNET, "host_kind": "aks"}, f"ip=192.0.2.50&subnet={quote(SUBNET, '')}&host=aks", id="a cluster"
        ),
        pytest.param(
            {"reason": "private_endpoint", "endpoint": ENDPOINT},
            f"ip=192.0.2.50&endpoint={quote(ENDPOINT, '')}",
            id="a private endpoint by its name",
        ),
    ],
)
def test_each_line_leads_to_the_tester_with_the_same_question(
    reader: Client, registry: Registry, request_: dict[str, str], query: str
) -> None:
    make.access_request(registry, **request_)
    assert f'/networking/tester/?{query}">Test' in line_of(reader.get(URL))


def test_the_tester_agrees_with_a_line_of_a_subnet(reader: Client, registry: Registry) -> None:
    settings = EndpointSettings.objects.get(registry=registry)
    settings.subnets = [SUBNET]
    settings.save()
    make.access_request(registry, "10.1.0.10", "subnet_rule", subnet=SUBNET, endpoint="")
    answer = reader.get(URL)
    [line] = answer.context["page_of_requests"].lines
    assert f"<dt>Subnet</dt><dd><code>{SUBNET}</code>" in line_of(answer)
    told = reader.get(f"/registries/mycontainerregistry/networking/tester/?{line.tester}").context["answer"]
    assert told.decision.reason == "subnet_rule"


@pytest.mark.parametrize("reason", ["private_endpoint", "trusted_service", "no_rule"])
def test_the_tester_agrees_with_the_line_that_leads_to_it(reader: Client, registry: Registry, reason: str) -> None:
    make.access_request(registry, "192.0.2.50", reason)
    [line] = reader.get(URL).context["page_of_requests"].lines
    answer = reader.get(f"/registries/mycontainerregistry/networking/tester/?{line.tester}").context["answer"]
    assert answer.decision.reason == reason


@pytest.mark.parametrize(
    ("address", "offered"),
    [
        pytest.param("192.0.2.50", True, id="a public address"),
        pytest.param("203.0.113.9", False, id="covered already"),
        pytest.param("10.0.0.7", False, id="private"),
        pytest.param("2001:db8::7", False, id="IPv6"),
        pytest.param("", False, id="not known"),
    ],
)
def test_an_address_that_a_rule_can_hold_leads_to_the_draft(
    contributor: Client, registry: Registry, address: str, offered: bool
) -> None:
    make.access_request(registry, address)
    link = f'<a href="/registries/mycontainerregistry/networking/?add={address}">Add this address'
    line = line_of(contributor.get(URL))
    assert (link in line) is offered
    assert ("Add this address" in line) is offered
    if offered:
        draft = contributor.get(f"/registries/mycontainerregistry/networking/?add={address}").context["draft"]
        assert draft.rows[-1].text == address


@pytest.mark.parametrize(("role", "sku"), [("Reader", "Premium"), ("Contributor", "Standard")])
def test_nobody_else_is_offered_to_add_an_address(as_role: Callable[[str], Client], role: str, sku: str) -> None:
    registry = make.registry(sku=sku)
    make.access_request(registry, "192.0.2.50")
    assert "Add this address" not in text_of(as_role(role).get(URL))


def test_the_page_of_one_registry_has_no_other(reader: Client, registry: Registry) -> None:
    make.access_request(registry, path="/v2/mine")
    make.access_request(make.registry("edgefleet"), path="/v2/theirs")
    assert shown(reader) == ["/v2/mine"]
    assert [line["Path"] for line in lines_of(reader)] == ["/v2/mine"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("", "dcba", id="nothing asked"),
        pytest.param("?q=+", "dcba", id="blanks ask for nothing"),
        pytest.param("?q=192.0.2.5", "a", id="a whole address is that one only"),
        pytest.param("?q=192.0.2.", "ba", id="the beginning of an address"),
        pytest.param("?q=::ffff:192.0.2.5", "a", id="an address in the clothes of IPv6"),
        pytest.param("?q=2001:DB8::0:7", "c", id="an address spelled in another way"),
        pytest.param("?q=TEAM", "cb", id="a part of a repository, in another case"),
        pytest.param("?q=6E4A9C1A-3B6A-4C58-9C0E-0B5B2F6F0C11", "a", id="a correlation id"),
        pytest.param("?q=203.0.113.0/24", "d", id="the range of a rule"),
        pytest.param("?q=%25", "", id="a percent sign is text"),
        pytest.param("?q=te%00am", "cb", id="a null character is no part of any text"),
        pytest.param("?verdict=allowed", "d", id="allowed"),
        pytest.param("?verdict=refused", "ba", id="refused"),
        pytest.param("?verdict=undecided", "c", id="not decided"),
        pytest.param("?reason=no_rule", "a", id="why"),
        pytest.param("?method=PUT", "b", id="method"),
        pytest.param("?timespan=hour", "dc", id="last hour"),
        pytest.param("?timespan=day", "dcb", id="last 24 hours"),
        pytest.param("?timespan=week", "dcba", id="last 7 days"),
        pytest.param("?verdict=refused&method=PUT&timespan=day&q=192&reason=public_access_disabled", "b", id="all"),
        pytest.param("?verdict=allowed&reason=no_rule", "", id="what never met"),
    ],
)
def test_search_and_filters(reader: Client, registry: Registry, query: str, found: str) -> None:
    now = timezone.now()
    make.access_request(
        registry,
        "192.0.2.5",
        at=now - timedelta(days=3),
        path="a",
        correlation_id="6e4a9c1a-3b6a-4c58-9c0e-0b5b2f6f0c11",
    )
    disabled = {"reason": "public_access_disabled", "repository": "team/app", "method": "PUT"}
    make.access_request(registry, "192.0.2.50", at=now - timedelta(hours=3), path="b", **disabled)
    make.access_request(registry, "2001:db8::7", "", at=now - timedelta(minutes=3), path="c", repository="team/b")
    make.access_request(registry, "203.0.113.9", "ip_rule", path="d", rule="203.0.113.0/24")
    assert "".join(shown(reader, query)) == found
    assert "".join(line["Path"] for line in lines_of(reader, query)) == found


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        pytest.param("?verdict=maybe", "This list has no verdict 'maybe'; left out.", id="verdict"),
        pytest.param("?reason=magic", "This list has no reason 'magic'; left out.", id="reason"),
        pytest.param("?method=get", "This list has no method 'get'; left out.", id="method"),
        pytest.param(
            "?timespan=soon&verdict=%00%ff",
            "This list has no timespan 'soon' and no verdict '\ufffd'; left out.",
            id="two of them",
        ),
        pytest.param("?method=" + "x" * 5000, f"This list has no method '{'x' * 50}'; left out.", id="very long"),
        pytest.param("?q=" + "9" * 101, "A search can have 100 characters; the rest is left out.", id="long search"),
    ],
)
def test_nonsense_in_a_filter_is_named_and_narrows_nothing(
    reader: Client, registry: Registry, query: str, sentence: str
) -> None:
    make.access_request(registry, "9" * 39, path="a")
    answer = reader.get(URL + query)
    assert answer.status_code == 200
    assert sentence in text_of(answer)
    if "q=" not in query:
        assert shown(reader, query) == ["a"]


def test_what_a_client_wrote_and_what_was_searched_for_are_text(reader: Client, registry: Registry) -> None:
    evil = '"><script>alert(1)</script>'
    make.access_request(registry, forwarded=evil, agent=evil, path=evil, repository=evil, method="<i>")
    page = reader.get(URL, {"q": evil, "verdict": evil}).content.decode() + reader.get(URL).content.decode()
    assert "<script>alert" not in page
    assert "<i>" not in page


def test_the_filters_show_what_was_asked(reader: Client, registry: Registry) -> None:
    asked = reader.get(URL, {"verdict": "refused", "reason": "no_rule", "method": "PUT", "timespan": "day"})
    page = text_of(asked)
    for chosen in ("Refused", "No address range matches", "PUT", "Last 24 hours"):
        assert f"selected>{chosen}</option>" in page


@pytest.mark.parametrize(
    ("gates", "demonstration", "query", "sentence"),
    [
        pytest.param(0, False, "", "No gate has reported yet. Set one up in front of the registry", id="no gate"),
        pytest.param(0, True, "", "Here the console itself is the gate", id="demonstration"),
        pytest.param(1, False, "", "No requests yet. Sign in to <code>mycontainerregistry", id="no request"),
        pytest.param(0, False, "?method=GET", "No request matches these filters.", id="no gate, filtered"),
        pytest.param(1, False, "?q=nothing", "No request matches these filters.", id="nothing found"),
    ],
)
def test_an_empty_list_says_why_and_what_to_do(
    reader: Client,
    registry: Registry,
    settings: Settings,
    gates: int,
    demonstration: bool,
    query: str,
    sentence: str,
) -> None:
    settings.DEMONSTRATION = demonstration
    if gates:
        make.gate()
    page = text_of(reader.get(URL + query))
    assert sentence in page
    assert (f'<a href="{URL}">Clear filters</a>' in page) == bool(query)
    assert '<a href="/help/#gate">' in page or bool(gates or query)
    assert "<table" not in page


def test_the_help_says_what_a_gate_is(reader: Client) -> None:
    assert '<h2 id="gate">' in text_of(reader.get("/help/"))


def many(registry: Registry, count: int) -> None:
    now = timezone.now()
    AccessRequest.objects.bulk_create(
        AccessRequest(
            registry=registry,
            at=now - timedelta(seconds=number),
            address=f"192.0.2.{number % 250}",
            method="GET",
            path="/v2/",
            status=403,
            allowed=False,
            reason="no_rule",
        )
        for number in range(count)
    )


@pytest.mark.parametrize(
    ("page", "showing", "previous", "following"),
    [
        pytest.param("", "Showing 1 to 30 of 71 requests.", 0, 2, id="first"),
        pytest.param("2", "Showing 31 to 60 of 71 requests.", 1, 3, id="middle"),
        pytest.param("99", "Showing 61 to 71 of 71 requests.", 2, 0, id="beyond the last"),
        pytest.param("-3", "Showing 1 to 30 of 71 requests.", 0, 2, id="negative"),
        pytest.param("²", "Showing 1 to 30 of 71 requests.", 0, 2, id="a digit that is no number"),
        pytest.param("9" * 5000, "Showing 1 to 30 of 71 requests.", 0, 2, id="more digits than a number may have"),
    ],
)
def test_pages_of_30_keep_the_filters(
    reader: Client, registry: Registry, page: str, showing: str, previous: int, following: int
) -> None:
    many(registry, 71)
    answer = reader.get(URL, {"verdict": "refused", "page": page})
    found = answer.context["page_of_requests"]
    assert (found.showing, found.previous, found.next) == (showing, previous, following)
    text = text_of(answer)
    assert (f'href="?verdict=refused&page={previous}">Previous' in text) == bool(previous)
    assert (f'href="?verdict=refused&page={following}">Next' in text) == bool(following)
    assert f'href="{FILE}?verdict=refused"' in text


def test_beyond_what_pages_lead_to_the_page_says_so_and_the_file_holds_all(
    reader: Client, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_lines, "MOST_COUNTED", 60)
    many(registry, 71)
    found = reader.get(URL, {"page": "9"}).context["page_of_requests"]
    assert found.showing == "Showing 31 to 60 of the newest 60 requests; the file holds all of them."
    assert (len(found.lines), found.next) == (LINES, 0)
    assert len(lines_of(reader)) == 71


@pytest.mark.parametrize("url", BOTH)
def test_ten_thousand_requests_and_a_hundred_rules_cost_no_more_queries_than_one(reader: Client, url: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            answer = reader.get(url, {"q": "192"})
            if answer.streaming:
                list(answer.streaming_content)  # type: ignore[attr-defined]
        return len(captured)

    registry = make.registry(policy=make.selected(*[f"20.0.{number}.1" for number in range(100)]))
    many(registry, 1)
    for_one = queries()
    many(registry, 10_000)
    assert queries() == for_one
    # Session, account, two for permissions, registry, settings, rules, count, lines, and the frame of the page.
    assert for_one <= 12


def test_the_file_holds_every_column(reader: Client, registry: Registry) -> None:
    make.access_request(
        registry,
        "203.0.113.9",
        "ip_rule",
        at=AT,
        forwarded="10.0.0.1",
        method="GET",
        path="/v2/hello-world/manifests/v1",
        repository="hello-world",
        rule="203.0.113.0/24",
        agent="=cmd|' /C calc'!A0",
        correlation_id="6e4a",
    )
    assert lines_of(reader) == [
        {
            "Time": "2126-11-20T21:35:12Z",
            "Seen address": "203.0.113.9",
            "Forwarded for": "10.0.0.1",
            "Method": "GET",
            "Host": "mycontainerregistry.azurecr.io",
            "Path": "/v2/hello-world/manifests/v1",
            "Repository": "hello-world",
            "Status": "200",
            "Verdict": "Allowed",
            "Why": "An address range matches",
            "Rule": "203.0.113.0/24",
            "Rule name": "Office",
            "Client": "'=cmd|' /C calc'!A0",
            "Correlation ID": "6e4a",
        }
    ]


def test_the_file_is_streamed_to_be_saved_under_its_name(reader: Client, registry: Registry) -> None:
    answer = reader.get(FILE)
    assert answer.streaming
    assert answer["Content-Disposition"] == 'attachment; filename="mycontainerregistry-requests.csv"'
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("url", BOTH)
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_other_methods_are_refused(owner: Client, registry: Registry, url: str, method: str) -> None:
    assert getattr(owner, method)(url).status_code == 405
    assert owner.head(url).status_code == 200


@pytest.mark.parametrize("url", BOTH)
def test_whoever_has_not_signed_in_is_sent_to_sign_in(client: Client, registry: Registry, url: str) -> None:
    answer = client.get(url)
    assert (answer.status_code, answer["Location"]) == (302, f"/sign-in/?next={url}")


@pytest.mark.parametrize("url", BOTH)
def test_an_account_without_a_role_is_refused(
    as_role: Callable[[str | None], Client], registry: Registry, url: str
) -> None:
    answer = as_role(None).get(url)
    assert answer.status_code == 403
    assert "Seeing registries needs the Reader, Contributor or Owner role." in text_of(answer)


@pytest.mark.parametrize("end", ["/", ".csv"])
def test_an_unknown_registry_is_not_found_with_a_sentence(reader: Client, end: str) -> None:
    answer = reader.get(f"/registries/nosuch/requests{end}")
    assert answer.status_code == 404
    assert "There is no registry named 'nosuch'." in text_of(answer)


def test_a_get_is_a_whole_page_with_htmx_too(reader: Client, registry: Registry) -> None:
    assert "<html" in text_of(reader.get(URL, headers={"HX-Request": "true"}))


def test_the_menu_of_a_registry_leads_to_its_requests(reader: Client, registry: Registry) -> None:
    assert f'href="{URL}"' in text_of(reader.get("/registries/mycontainerregistry/"))


def test_requests_go_with_their_registry(registry: Registry) -> None:
    make.access_request(registry)
    registry.delete_recorded(make.BO)
    assert AccessRequest.objects.count() == 0
