"""The list of registries, as a page and as a file."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from registries.listing import LINES
from registries.models import Registry
from tests import make

pytestmark = pytest.mark.django_db


def names(client: Client, query: str = "") -> list[str]:
    response = client.get(f"/registries/{query}")
    assert response.status_code == 200
    return [line.name for line in response.context["page_of_list"].lines]


def many(count: int) -> None:
    group = make.resource_group()
    Registry.objects.bulk_create(
        Registry(resource_group=group, name=f"registry{number:03}", sku="Premium", location="eastus")
        for number in range(count)
    )


def test_a_line_says_what_the_tables_know(reader: Client) -> None:
    made = make.registry("edgefleet", location="northeurope", policy=make.selected("198.51.100.7", "203.0.113.0/24"))
    Registry.objects.filter(pk=made.pk).update(changed_at=datetime(2026, 11, 20, 21, 35, tzinfo=UTC))
    page = reader.get("/registries/").content.decode()
    line = page[page.index("<tbody>") : page.index("</tbody>")]
    for part in (
        '<a href="/registries/edgefleet/">edgefleet</a>',
        "Selected networks</span>",
        '<td class="num">2</td>',
        f'<a href="/subscriptions/{make.SUBSCRIPTION_ID}/resource-groups/myResourceGroup/">myResourceGroup</a>',
        "<td>Premium</td>",
        '<td class="num">North Europe</td>',
        '<time datetime="2026-11-20T21:35:00+00:00">20 Nov 2026, 21:35 UTC</time>',
    ):
        assert part in line


def test_a_tier_without_rules_shows_a_dash(reader: Client) -> None:
    make.registry("sandbox", sku="Standard")
    [line] = reader.get("/registries/").context["page_of_list"].lines
    assert line.rules == "–"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("?q=EDGE", ["edgefleet"], id="name in another case"),
        pytest.param("?q=blue_team", ["edgefleet"], id="resource group"),
        pytest.param("?q=north+europe", ["edgefleet"], id="location as shown"),
        pytest.param("?q=NORTHEUROPE", ["edgefleet"], id="location as ARM has it"),
        pytest.param("?q=%25", [], id="a percent sign is text"),
        pytest.param("?q=b_ue", [], id="an underscore is text"),
        pytest.param("?q=+", ["edgefleet", "sandbox", "Vault"], id="blanks ask for nothing"),
        pytest.param("?q=a%00b", [], id="a null character"),
        pytest.param("?tier=Standard", ["sandbox"], id="tier"),
        pytest.param("?access=disabled", ["Vault"], id="public access"),
        pytest.param("?access=all&tier=Premium", ["edgefleet"], id="both filters"),
        pytest.param("?tier=Gold&access=none", ["edgefleet", "sandbox", "Vault"], id="unknown words are left out"),
    ],
)
def test_search_and_filters(reader: Client, query: str, found: list[str]) -> None:
    make.registry("edgefleet", location="northeurope", group=make.resource_group("blue_team"))
    make.registry("sandbox", sku="Standard", location="westeurope")
    make.registry("Vault", policy=make.disabled())
    assert names(reader, query) == found


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("name", ["alpha", "Bravo", "charlie"]),
        ("-name", ["charlie", "Bravo", "alpha"]),
        ("access", ["charlie", "alpha", "Bravo"]),
        ("-rules", ["Bravo", "alpha", "charlie"]),
        ("group", ["charlie", "alpha", "Bravo"]),
        ("tier", ["charlie", "alpha", "Bravo"]),
        ("-location", ["charlie", "alpha", "Bravo"]),
        ("changed", ["Bravo", "charlie", "alpha"]),
        pytest.param("size", ["alpha", "Bravo", "charlie"], id="nonsense falls back to the name"),
        pytest.param("-size", ["alpha", "Bravo", "charlie"], id="backwards nonsense too"),
        pytest.param("", ["alpha", "Bravo", "charlie"], id="nothing asked"),
    ],
)
def test_every_column_sorts(reader: Client, sort: str, order: list[str]) -> None:
    make.registry("alpha", policy=make.disabled("198.51.100.7"), location="northeurope")
    make.registry("Bravo", policy=make.selected("198.51.100.7", "198.51.100.9"), location="eastus")
    make.registry("charlie", sku="Basic", group=make.resource_group("Apps"), location="westeurope")
    for day, name in enumerate(["Bravo", "charlie", "alpha"], 1):
        Registry.objects.named(name).update(changed_at=datetime(2026, 11, day, tzinfo=UTC))
    assert names(reader, f"?sort={sort}") == order


def test_the_heading_says_the_order_and_its_link_turns_it_round(reader: Client) -> None:
    make.registry()
    page = reader.get("/registries/?q=my&sort=tier").content.decode()
    assert '<th scope="col" aria-sort="ascending"><a href="?q=my&amp;sort=-tier">Tier' in page
    assert '<th scope="col"><a href="?q=my&amp;sort=name">Name' in page
    page = reader.get("/registries/?q=my&sort=-tier").content.decode()
    assert '<th scope="col" aria-sort="descending"><a href="?q=my&amp;sort=tier">Tier' in page


@pytest.mark.parametrize(
    ("page", "showing", "previous", "following"),
    [
        pytest.param("", "Showing 1 to 30 of 71 registries.", 0, 2, id="first"),
        pytest.param("2", "Showing 31 to 60 of 71 registries.", 1, 3, id="middle"),
        pytest.param("3", "Showing 61 to 71 of 71 registries.", 2, 0, id="last"),
        pytest.param("99", "Showing 61 to 71 of 71 registries.", 2, 0, id="beyond the last"),
        pytest.param("0", "Showing 1 to 30 of 71 registries.", 0, 2, id="zero"),
        pytest.param("-3", "Showing 1 to 30 of 71 registries.", 0, 2, id="negative"),
        pytest.param("two", "Showing 1 to 30 of 71 registries.", 0, 2, id="a word"),
        pytest.param("9" * 5000, "Showing 1 to 30 of 71 registries.", 0, 2, id="more digits than a number may have"),
    ],
)
def test_pages_of_30_and_the_nearest_page_for_nonsense(
    reader: Client, page: str, showing: str, previous: int, following: int
) -> None:
    many(71)
    response = reader.get("/registries/", {"sort": "-name", "page": page})
    shown = response.context["page_of_list"]
    assert (shown.showing, shown.previous, shown.next) == (showing, previous, following)
    text = response.content.decode()
    assert showing in text
    assert (f'href="?sort=-name&amp;page={previous}">Previous' in text) == bool(previous)
    assert (f'href="?sort=-name&amp;page={following}">Next' in text) == bool(following)


@pytest.mark.parametrize("sort", ["name", "-name", "tier", "-tier", "group", "-changed"])
def test_the_pages_together_hold_every_registry_once_and_in_order(reader: Client, sort: str) -> None:
    """Pages behind the middle are read from the end of the list; all but the name are the same here."""
    many(131)
    shown = [name for page in range(1, 6) for name in names(reader, f"?sort={sort}&page={page}")]
    wanted = [f"registry{number:03}" for number in range(131)]
    if sort == "-changed":
        newest_first = Registry.objects.order_by("-changed_at", "-name")
        wanted = list(newest_first.values_list("name", flat=True))
    elif sort.startswith("-"):
        wanted.reverse()
    assert shown == wanted


def test_one_registry_is_counted_in_the_singular(reader: Client) -> None:
    make.registry()
    assert reader.get("/registries/").context["page_of_list"].showing == "Showing 1 to 1 of 1 registry."


def test_the_number_of_queries_does_not_grow_with_the_list(reader: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            reader.get("/registries/")
        return len(captured)

    many(1)
    for_one = queries()
    Registry.objects.all().delete()
    many(LINES + 5)
    assert queries() == for_one
    # Session, account, two for permissions, count, lines, and the role and the bell in the top bar.
    assert for_one <= 10


def test_an_empty_console_says_how_to_begin(contributor: Client) -> None:
    page = contributor.get("/registries/").content.decode()
    assert "No container registries yet. Create one to try network rules." in page
    assert page.count('href="/create-registry/"') == 2


def test_a_reader_of_an_empty_console_is_not_sent_to_a_page_that_refuses(reader: Client) -> None:
    page = reader.get("/registries/").content.decode()
    assert "Creating one needs the Contributor or Owner role." in page
    assert "/create-registry/" not in page


def test_filters_without_a_match_offer_to_clear_them(reader: Client) -> None:
    make.registry()
    page = reader.get("/registries/?q=nothing&sort=-tier&page=2").content.decode()
    assert "No registries match these filters." in page
    assert '<a href="?sort=-tier">Clear filters</a>' in page
    assert "No container registries yet." not in page


def test_what_was_searched_for_is_shown_as_text(reader: Client) -> None:
    page = reader.get("/registries/", {"q": '"><script>'}).content.decode()
    assert "<script>" not in page
    assert "&quot;&gt;&lt;script&gt;" in page


def test_the_list_needs_a_role(as_role: Callable[[str | None], Client]) -> None:
    response = as_role(None).get("/registries/")
    assert response.status_code == 403
    assert "Seeing registries needs the Reader, Contributor or Owner role." in response.content.decode()


def test_the_list_takes_get_and_head_only(reader: Client) -> None:
    assert reader.head("/registries/").status_code == 200
    assert reader.post("/registries/").status_code == 405


def exported(client: Client, query: str = "") -> list[list[str]]:
    response = client.get(f"/registries.csv{query}")
    assert response.status_code == 200
    return list(csv.reader(io.StringIO(response.getvalue().decode("utf-8-sig"), newline="")))


def test_the_export_says_what_the_list_says(reader: Client) -> None:
    made = make.registry("edgefleet", location="northeurope", policy=make.selected("198.51.100.7", "203.0.113.0/24"))
    Registry.objects.filter(pk=made.pk).update(changed_at=datetime(2026, 11, 20, 21, 35, tzinfo=UTC))
    headings, line = exported(reader)
    assert dict(zip(headings, line, strict=True)) == {
        "Name": "edgefleet",
        "Public network access": "Selected networks",
        "Rules": "2",
        "Resource group": "myResourceGroup",
        "Tier": "Premium",
        "Location": "North Europe",
        "Last change": "2026-11-20T21:35:00Z",
        "Subscription": str(make.SUBSCRIPTION_ID),
    }


def test_the_export_keeps_search_filters_and_order_and_holds_every_page(reader: Client) -> None:
    many(LINES + 5)
    make.registry("sandbox", sku="Standard")
    lines = exported(reader, "?q=registry&tier=Premium&sort=-name&page=2")[1:]
    assert [line[0] for line in lines] == [f"registry{number:03}" for number in reversed(range(LINES + 5))]


def test_a_resource_group_never_becomes_a_formula(reader: Client) -> None:
    make.registry(group=make.resource_group("-2+3"))
    [_, line] = exported(reader)
    assert line[3] == "'-2+3"


def test_the_list_leads_to_its_export_as_asked(reader: Client) -> None:
    make.registry()
    page = reader.get("/registries/?q=my&sort=-tier&page=1").content.decode()
    assert '<a class="cmd" href="/registries.csv?q=my&amp;sort=-tier">' in page
    assert "/registries.csv" not in reader.get("/registries/?q=nothing").content.decode()


def test_the_number_of_queries_of_an_export_does_not_grow(reader: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            exported(reader)
        return len(captured)

    many(1)
    for_one = queries()
    Registry.objects.all().delete()
    many(LINES + 5)
    assert queries() == for_one <= 5  # session, account, two for permissions, lines


def test_the_export_needs_a_login_and_a_role_and_takes_get_only(
    client: Client, as_role: Callable[[str | None], Client]
) -> None:
    assert client.get("/registries.csv")["Location"] == "/sign-in/?next=/registries.csv"
    assert as_role(None).get("/registries.csv").status_code == 403
    reader = as_role("Reader")
    assert reader.post("/registries.csv").status_code == 405
    assert reader.head("/registries.csv").status_code == 200


def test_an_export_of_nothing_is_its_headings(reader: Client) -> None:
    assert [line[0] for line in exported(reader, "?q=nothing")] == ["Name"]
