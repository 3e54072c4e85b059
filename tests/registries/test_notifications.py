"""The bell: what is kept, who sees it, what goes."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from registries.models import Account, Notification
from registries.notifications import KEPT, Level
from registries.templatetags.portal import ago
from tests import make

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def cy(client: Client) -> Account:
    """Who the client is signed in as."""
    account = make.account("Reader", username="cy@example.org")
    client.force_login(account)
    return account


def tell(account: Account, *titles: str, level: Level = "success") -> list[Notification]:
    """Keep one for each title; what is there afterwards, oldest first."""
    for title in titles:
        Notification.keep(account, level, title, f"{title} in full.")
    return list(account.notifications.newest_first().reverse())


def titles(account: Account) -> list[str]:
    return [each.title for each in account.notifications.newest_first()]


def badge(page: str) -> str:
    """The line of the page that holds the bell's name and its number."""
    start = page.index('<span id="bell-badge"')
    return page[start : page.index("\n", start)]


def test_what_a_toast_says_is_kept_in_the_bell(client: Client, db: None) -> None:
    owner = make.account("Owner")
    client.force_login(owner)
    make.registry("edgefleet")
    page = client.post("/registries/edgefleet/delete/", {"confirm": "edgefleet"}, follow=True).content.decode()
    assert '<div class="toast success"' in page
    kept = owner.notifications.get()
    assert (kept.level, kept.title, kept.text) == ("success", "Registry deleted", "Deleted 'edgefleet'.")
    assert kept.read_at is None


def test_the_newest_50_of_an_account_are_kept(cy: Account, bo: Account) -> None:
    tell(bo, "of somebody else")
    tell(cy, *(f"number {number}" for number in range(KEPT + 2)))
    assert titles(cy) == [f"number {number}" for number in reversed(range(2, KEPT + 2))]
    assert titles(bo) == ["of somebody else"]


def test_keeping_one_takes_two_statements_in_one_transaction(
    cy: Account, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(4):  # one of them for each end of the transaction
        Notification.keep(cy, "info", "Title", "Text")


@pytest.mark.parametrize(
    ("unread", "name", "number"),
    [
        pytest.param(0, ">Notifications<", "", id="none"),
        pytest.param(2, ">Notifications, 2 unread<", ">2<", id="two"),
        pytest.param(9, ">Notifications, 9 unread<", ">9<", id="nine"),
        pytest.param(10, ">Notifications, 10 unread<", ">9+<", id="ten"),
    ],
)
def test_the_badge_counts_what_is_unread(client: Client, cy: Account, unread: int, name: str, number: str) -> None:
    [read] = tell(cy, "read")
    Notification.objects.filter(pk=read.pk).update(read_at=timezone.now())
    tell(cy, *(f"number {at}" for at in range(unread)))
    shown = badge(client.get("/registries/").content.decode())
    assert name in shown
    assert number in shown
    assert ('class="badge"' in shown) == bool(unread)


def test_the_page_lists_newest_first_and_reads_nothing(client: Client, cy: Account, bo: Account) -> None:
    tell(cy, "First", "Second")
    tell(bo, "Not yours")
    page = client.get("/notifications/").content.decode()
    assert page.index("Second in full.") < page.index("First in full.")
    assert "Not yours" not in page
    assert '<a href="/activity/">More events in the activity log</a>' in page
    assert page.count('<span class="tag">New</span>') == 2
    assert cy.unread == 2


@pytest.mark.parametrize(
    ("level", "css", "icon"),
    [
        ("success", "success", "ok"),
        ("info", "info", "infof"),
        ("warning", "warning", "warn"),
        ("error", "err", "error"),
    ],
)
def test_the_icon_says_what_kind_it_is(client: Client, cy: Account, level: Level, css: str, icon: str) -> None:
    tell(cy, "Title", level=level)
    page = client.get("/notifications/").content.decode()
    note = page[page.index(f'<li class="note {css}">') :]
    assert f"icons.svg#{icon}" in note[: note.index("<b>")]


def test_an_empty_bell_says_so(client: Client, cy: Account) -> None:
    page = client.get("/notifications/").content.decode()
    assert "You're all caught up." in page
    assert "Dismiss all" not in page


def test_what_was_said_is_shown_as_text(client: Client, cy: Account) -> None:
    Notification.keep(cy, "info", "<b>Bold</b>", "<script>")
    page = client.get("/notifications/").content.decode()
    assert "&lt;b&gt;Bold&lt;/b&gt;" in page
    assert "<p>&lt;script&gt;</p>" in page


def test_opening_the_bell_marks_read_what_it_shows(client: Client, cy: Account, bo: Account) -> None:
    tell(cy, "First", "Second")
    tell(bo, "Not yours")
    response = client.post("/notifications/", headers=HTMX)
    assert response.status_code == 200
    assert "HX-Request" in response["Vary"]
    part = response.content.decode()
    assert "<!doctype html>" not in part
    assert part.count('<span class="tag">New</span>') == 2
    assert '<span id="bell-badge" hx-swap-oob="true"><span class="sr">Notifications</span></span>' in part
    assert (cy.unread, bo.unread) == (0, 1)
    assert "New</span>" not in client.post("/notifications/", headers=HTMX).content.decode()


def test_without_scripts_opening_leads_to_the_page(client: Client, cy: Account) -> None:
    tell(cy, "First")
    response = client.post("/notifications/")
    assert (response.status_code, response["Location"]) == (303, "/notifications/")
    assert cy.unread == 0


@pytest.mark.parametrize(
    ("dismissed", "left", "focus"),
    [
        pytest.param("Third", ["Second", "First"], "Second", id="the first of the list"),
        pytest.param("Second", ["Third", "First"], "First", id="the middle: what comes after it"),
        pytest.param("First", ["Third", "Second"], "Second", id="the last: what stands before it"),
    ],
)
def test_dismissing_one_keeps_the_others_and_the_place(
    client: Client, cy: Account, dismissed: str, left: list[str], focus: str
) -> None:
    notes = {note.title: note for note in tell(cy, "First", "Second", "Third")}
    response = client.post(f"/notifications/{notes[dismissed].pk}/dismiss/", headers=HTMX)
    part = response.content.decode()
    assert titles(cy) == left
    assert part.count("autofocus") == 1
    assert f'aria-label="Dismiss: {focus}" autofocus>' in part
    assert ">Notifications, 2 unread<" in badge(part)


def test_dismissing_the_only_one_leaves_the_focus_on_the_empty_list(client: Client, cy: Account) -> None:
    [note] = tell(cy, "Only")
    part = client.post(f"/notifications/{note.pk}/dismiss/", headers=HTMX).content.decode()
    assert '<p class="no-notes" id="no-notes" tabindex="-1" autofocus>You\'re all caught up.</p>' in part
    assert titles(cy) == []


def test_dismissing_without_scripts_leads_back_to_the_page(client: Client, cy: Account) -> None:
    [note, _] = tell(cy, "First", "Second")
    response = client.post(f"/notifications/{note.pk}/dismiss/")
    assert (response.status_code, response["Location"]) == (303, "/notifications/")
    assert titles(cy) == ["Second"]


def test_somebody_elses_notification_cannot_be_dismissed(client: Client, cy: Account, bo: Account) -> None:
    [note] = tell(bo, "Not yours")
    assert client.post(f"/notifications/{note.pk}/dismiss/").status_code == 404
    assert titles(bo) == ["Not yours"]


@pytest.mark.parametrize("pk", ["987654321", "9" * 19, "9" * 5000])
def test_what_is_gone_is_as_good_as_dismissed(client: Client, cy: Account, pk: str) -> None:
    """Another tab was quicker."""
    tell(cy, "First")
    assert client.post(f"/notifications/{pk}/dismiss/").status_code in (303, 404)
    assert titles(cy) == ["First"]


def test_dismissing_all_takes_ones_own_only(client: Client, cy: Account, bo: Account) -> None:
    tell(cy, "First", "Second")
    tell(bo, "Not yours")
    part = client.post("/notifications/dismiss/", headers=HTMX).content.decode()
    assert "You're all caught up." in part
    assert (titles(cy), titles(bo)) == ([], ["Not yours"])
    tell(cy, "Third")
    assert client.post("/notifications/dismiss/")["Location"] == "/notifications/"
    assert titles(cy) == []


@pytest.mark.parametrize("address", ["/notifications/dismiss/", "/notifications/1/dismiss/"])
def test_dismissing_takes_post_only(client: Client, cy: Account, address: str) -> None:
    assert client.get(address).status_code == 405


def test_the_page_takes_get_head_and_post(client: Client, cy: Account) -> None:
    assert client.head("/notifications/").status_code == 200
    assert client.put("/notifications/").status_code == 405


@pytest.mark.parametrize("address", ["/notifications/", "/notifications/dismiss/", "/notifications/1/dismiss/"])
def test_the_bell_needs_a_login(client: Client, address: str) -> None:
    assert client.post(address)["Location"] == f"/sign-in/?next={address}"


def test_the_bell_needs_no_role(as_role: Callable[[str | None], Client]) -> None:
    """What somebody was told stays readable after their role is gone."""
    assert as_role(None).get("/notifications/").status_code == 200


def test_the_number_of_queries_does_not_grow_with_the_bell(client: Client, cy: Account) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get("/notifications/")
        return len(captured)

    tell(cy, "First")
    for_one = queries()
    tell(cy, *(f"number {number}" for number in range(KEPT)))
    assert queries() == for_one <= 5  # session, account, the list, and the role and the bell in the top bar


@pytest.mark.parametrize(
    ("before", "text"),
    [
        pytest.param(timedelta(seconds=-2), "Just now", id="the clock was set back"),
        pytest.param(timedelta(seconds=59), "Just now", id="seconds"),
        pytest.param(timedelta(minutes=1), "1\xa0minute ago", id="a minute"),
        pytest.param(timedelta(hours=3, minutes=20), "3\xa0hours ago", id="one unit only"),
        pytest.param(timedelta(days=15), "2\xa0weeks ago", id="weeks"),
    ],
)
def test_how_long_ago_is_said_in_one_unit(before: timedelta, text: str) -> None:
    assert ago(timezone.now() - before) == text
