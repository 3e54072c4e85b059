"""Whether the gates have what is saved, and when each rule was last used: what the Networking page says of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from networking.blade.applied import Applied, Gate, Kind, Moment, Poll, applied
from networking.models import EndpointSettings, FirewallRule, GateReport
from registries.models import Generation, Registry
from tests import make
from tests.networking.blade.test_public_access import HTMX, STORED, URL, form, text_of

STATE = URL + "state/"
NOW = datetime(2026, 11, 20, 21, 35, 12, tzinfo=UTC)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def gate(name: str, reported: float, since: float | None = None, *, serves: bool = True) -> Gate:
    """It reported so many seconds ago, and has served what is wanted for so many."""
    return Gate(name, serves, None if since is None else ago(since), ago(reported))


def moment(seconds: float, *, recent: bool = True) -> Moment:
    return Moment(ago(seconds), recent)


@pytest.mark.parametrize(
    ("gates", "said"),
    [
        pytest.param([], None, id="no gate ever"),
        pytest.param([gate("a", 1, 10)], Applied(Kind.APPLIED, moment(10), 1, 1), id="the one gate has it"),
        pytest.param([gate("a", 15, 10)], Applied(Kind.APPLIED, moment(10), 1, 1), id="just alive"),
        pytest.param(
            [gate("a", 1, 10), gate("b", 2, 3)], Applied(Kind.APPLIED, moment(3), 2, 2), id="the last of both counts"
        ),
        pytest.param([gate("a", 1, 10), gate("b", 2)], Applied(Kind.APPLIED, None, 2, 2), id="when is not remembered"),
        pytest.param(
            [gate("a", 1, 90_000)], Applied(Kind.APPLIED, moment(90_000, recent=False), 1, 1), id="on another day"
        ),
        pytest.param([gate("a", 1, serves=False)], Applied(Kind.WAITING, None, 0, 1), id="not yet"),
        pytest.param(
            [gate("a", 1, 10), gate("b", 2, serves=False)], Applied(Kind.WAITING, None, 1, 2), id="one of two"
        ),
        pytest.param([gate("a", 15.1, 20)], Applied(Kind.SILENT, moment(15.1), 0, 0), id="just silent"),
        pytest.param(
            [gate("a", 60, 70), gate("b", 30, serves=False)], Applied(Kind.SILENT, moment(30), 0, 0), id="all silent"
        ),
        pytest.param(
            [gate("a", 90_000, 90_001)], Applied(Kind.SILENT, moment(90_000, recent=False), 0, 0), id="silent for long"
        ),
        pytest.param(
            [gate("a", 1, 10), gate("b", 60, 70)],
            Applied(Kind.APPLIED, moment(10), 1, 1, (("b", moment(60)),)),
            id="one is missed",
        ),
        pytest.param([gate("a", 1, 10), gate("b", 90_000)], Applied(Kind.APPLIED, moment(10), 1, 1), id="one is gone"),
    ],
)
def test_what_is_said_of_the_gates(gates: list[Gate], said: Applied | None) -> None:
    assert applied(gates, NOW) == said


several = st.lists(
    st.builds(
        gate,
        st.text(min_size=1, max_size=3),
        st.floats(0, 200_000),
        st.none() | st.floats(0, 200_000),
        serves=st.booleans(),
    )
)


@given(several)
def test_applied_is_said_only_where_every_gate_that_is_alive_has_it(gates: list[Gate]) -> None:
    said = applied(gates, NOW)
    alive = [each for each in gates if NOW - each.reported_at <= timedelta(seconds=15)]
    assert (said is None) == (not gates)
    assert (said is not None and said.kind is Kind.APPLIED) == (bool(alive) and all(each.serves_it for each in alive))
    assert (said is not None and said.kind is Kind.SILENT) == (bool(gates) and not alive)


@pytest.mark.parametrize(
    ("asked", "trigger"),
    [
        (0, "load delay:1s, every 15s"),
        (1, "load delay:2s, every 15s"),
        (2, "load delay:4s, every 15s"),
        (3, "every 15s"),
    ],
)
def test_an_open_page_asks_sooner_while_a_gate_is_waited_for(asked: int, trigger: str) -> None:
    assert Poll.of("f", Applied(Kind.WAITING, None, 0, 1), asked).trigger == trigger
    assert Poll.of("f", Applied(Kind.APPLIED, None, 1, 1), asked).trigger == "every 15s"
    assert Poll.of("f", None, asked) == Poll("fingerprint=f&applied=&asked=0", "every 15s", sooner=False)


# The page


@pytest.fixture
def registry(db: None) -> Registry:
    return make.registry(policy=STORED)


def piece(page: str) -> str:
    """What the page says of its gates, as a person reads it."""
    begin = page.index('<div id="applied"')
    return " ".join(page[begin : page.index("</div>\n", begin)].split())


def serving(generation: int | None = None, name: str = "gate1", **more: Any) -> GateReport:
    return make.gate(name, Generation.current() if generation is None else generation, **more)


def test_the_page_says_nothing_where_no_gate_has_ever_reported(contributor: Client, registry: Registry) -> None:
    page = text_of(contributor.get(URL))
    assert '<div id="applied" class="applied" role="status"></div>' in page
    assert 'hx-trigger="every 15s"' in page
    assert "Last used" not in page


def test_the_page_says_when_the_gate_took_what_is_saved(reader: Client, registry: Registry) -> None:
    at = timezone.now() - timedelta(minutes=3)
    serving(at=at, reported_at=timezone.now())
    said = piece(text_of(reader.get(URL)))
    spelled = f'<time datetime="{at.isoformat()}" data-clock="only">{at:%H:%M:%S} UTC</time>'
    assert f"<span>Applied at {spelled}.</span>" in said


def test_other_changes_since_do_not_hide_when_this_one_was_taken(reader: Client, registry: Registry) -> None:
    now = timezone.now()
    at = now - timedelta(minutes=3)
    generation = Generation.current()
    make.registry("edgefleet", policy=STORED)
    steps = [[generation, at.timestamp()], [generation + 1, now.timestamp()]]
    serving(generation + 1, steps=steps)
    assert f'Applied at <time datetime="{at.isoformat()}"' in piece(text_of(reader.get(URL)))


def test_what_was_taken_before_all_that_is_remembered_is_applied_without_a_time(
    reader: Client, registry: Registry
) -> None:
    serving(Generation.current() + 5)
    assert "<span>Applied.</span>" in piece(text_of(reader.get(URL)))


def test_the_page_waits_for_the_gates_after_a_save_and_asks_sooner(contributor: Client, registry: Registry) -> None:
    serving()
    serving(name="gate2", generation=Generation.current() + 1)
    answer = contributor.post(URL, form("9.9.9.9", op="save-anyway"), headers=HTMX)
    page = text_of(answer)
    assert "Waiting for the gate (1 of 2 have it)." in piece(page)
    assert 'hx-trigger="load delay:1s, every 15s"' in page


def test_one_gate_that_is_waited_for_is_not_counted(contributor: Client, registry: Registry) -> None:
    serving(Generation.current() - 1)
    assert "Waiting for the gate." in piece(text_of(contributor.get(URL)))


def test_the_page_warns_where_no_gate_reports_any_more(reader: Client, registry: Registry) -> None:
    at = timezone.now() - timedelta(days=2)
    serving(at=at)
    said = piece(text_of(reader.get(URL)))
    assert '<div class="msg warn">' in said
    assert f'No gate has reported since <time datetime="{at.isoformat()}">' in said
    assert f"{at.day} {at:%b %Y, %H:%M:%S} UTC</time>; what is enforced may be older." in said


def test_a_gate_that_stopped_while_others_go_on_is_named(reader: Client, registry: Registry) -> None:
    serving()
    serving(name="<gate2>", reported_at=timezone.now() - timedelta(minutes=30))
    answer = reader.get(URL)
    assert "'<gate2>' has not reported since <time" in piece(text_of(answer))
    assert b"<gate2>" not in answer.content


def test_a_gate_that_is_ahead_of_a_page_drafted_long_ago_is_judged_by_what_is_saved_now(
    contributor: Client, registry: Registry
) -> None:
    serving()
    answer = contributor.post(URL, form("9.9.9.9", op="draft"))
    assert "Applied at" in piece(text_of(answer))


# What an open page is told


def ask(client: Client, **more: Any) -> Any:
    return client.get(STATE, {"fingerprint": STORED.fingerprint} | more)


def key(client: Client) -> str:
    said = client.get(URL).context["applied"]
    return said.key if said else ""


def test_an_open_page_is_told_once_that_the_gate_has_it(reader: Client, registry: Registry) -> None:
    row = serving(Generation.current() - 1)
    shown = key(reader)
    row.generation = Generation.current()
    row.steps = [*row.steps, [row.generation, timezone.now().timestamp()]]
    row.save()
    answer = ask(reader, applied=shown, asked=3)
    page = text_of(answer)
    assert answer.status_code == 200
    assert '<div id="applied" hx-swap-oob="innerHTML">' in page
    assert "Applied at" in piece(page)
    assert 'hx-trigger="every 15s" hx-swap="innerHTML" hx-swap-oob="true"></div>' in page
    assert ask(reader, applied=key(reader)).status_code == 204


@pytest.mark.parametrize(
    ("asked", "status", "trigger"),
    [
        pytest.param("0", 200, "load delay:2s, every 15s", id="the first"),
        pytest.param("1", 200, "load delay:4s, every 15s", id="the second"),
        pytest.param("2", 204, "", id="the third"),
        pytest.param("3", 204, "", id="all later ones"),
        pytest.param("", 204, "", id="not said"),
        pytest.param("-1", 204, "", id="negative"),
        pytest.param("9" * 5000, 204, "", id="very large"),
        pytest.param("x", 204, "", id="no number"),
    ],
)
def test_while_a_gate_is_waited_for_the_page_is_told_when_to_ask_again(
    reader: Client, registry: Registry, asked: str, status: int, trigger: str
) -> None:
    serving(Generation.current() - 1)
    answer = ask(reader, applied=key(reader), asked=asked)
    assert answer.status_code == status
    assert trigger in text_of(answer)


def test_a_page_of_before_the_first_report_is_told(reader: Client, registry: Registry) -> None:
    assert ask(reader).status_code == 204
    serving()
    assert "Applied at" in piece(text_of(ask(reader)))


def test_who_changed_the_settings_comes_before_what_the_gates_have(reader: Client, registry: Registry) -> None:
    serving()
    assert ask(reader, fingerprint="other").status_code == 286


def queries(ask_it: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        ask_it()
    return len(captured)


def test_the_state_takes_as_many_queries_with_any_number_of_gates(reader: Client, registry: Registry) -> None:
    counts = {queries(lambda: ask(reader))}
    for number in range(3):
        serving(name=f"gate{number}")
        counts.add(queries(lambda: ask(reader)))
    assert counts == {8}  # session, account, two for permissions, registry, settings, rules, gates


# When each rule was last used


def used(answer: Any) -> dict[str, tuple[datetime | None, datetime | None] | None]:
    """By the range in the row: when it was used, and since when it wasn't."""
    return {judged.row.text: use and (use.at, use.unused_since) for judged, use in answer.context["rows"]}


def logged(at: datetime) -> datetime:
    """The registry's requests are logged since then."""
    EndpointSettings.objects.update(logged_since=at)
    return at


def test_nothing_is_said_of_rules_while_no_proxy_has_told_of_a_request(reader: Client, registry: Registry) -> None:
    """A gate reports by itself, also behind a proxy that keeps no log."""
    serving(first_reported_at=timezone.now() - timedelta(days=30))
    FirewallRule.objects.filter(range="16.17.18.0/24").update(last_used_at=timezone.now())
    answer = reader.get(URL)
    assert [text for text, use in used(answer).items() if use] == ["16.17.18.0/24"]
    assert "Not used since" not in text_of(answer)


def test_the_table_says_when_each_rule_was_last_used(reader: Client, registry: Registry) -> None:
    began = logged(timezone.now() - timedelta(days=30))
    serving()
    at = timezone.now() - timedelta(minutes=5, seconds=1)
    FirewallRule.objects.filter(range="16.17.18.0/24").update(last_used_at=at)
    FirewallRule.objects.filter(range="198.51.100.7").update(added_at=began - timedelta(days=1))
    answer = reader.get(URL)
    assert used(answer) == {
        "16.17.18.0/24": (at, None),
        "203.0.113.0/24": (None, None),
        "198.51.100.7": (None, began),
    }
    page = text_of(answer)
    assert '<th scope="col" class="used">Last used</th>' in page
    assert f'title="{at.day} {at:%b %Y, %H:%M:%S} UTC">5 minutes ago</time>' in page.replace("\xa0", " ")
    assert ">Not since it was added</td>" in page
    assert f">Not since {began.day} {began:%b %Y}</td>" in page
    assert "Not used since it was added." in page
    assert '?q=16.17.18.0%2F24">Requests<span class="sr"> that 16.17.18.0/24 let in</span></a>' in page


def test_a_draft_shows_the_use_of_the_rules_it_began_with(contributor: Client, registry: Registry) -> None:
    serving()
    at = logged(timezone.now() - timedelta(days=30))
    FirewallRule.objects.filter(range="16.17.18.0/24").update(last_used_at=at)
    data = form("16.17.18.0/24", "9.9.9.9", op="draft")
    data["range"][0] = "8.8.8.8"  # the row of a saved rule, with something else typed into it
    assert used(contributor.post(URL, data)) == {
        "8.8.8.8": (at, None),
        "203.0.113.0/24": (None, None),
        "198.51.100.7": (None, None),
        "9.9.9.9": None,
    }


def test_evaluating_a_draft_asks_nothing_of_gates(contributor: Client, registry: Registry) -> None:
    def evaluate() -> Any:
        return contributor.post(URL + "evaluate/", form())

    before = queries(evaluate)
    serving()
    assert queries(evaluate) == before


def test_the_page_takes_one_query_more_where_there_are_gates(contributor: Client) -> None:
    make.registry(policy=make.selected(*[f"20.0.{number}.1" for number in range(100)]))
    before = queries(lambda: contributor.get(URL))
    for number in range(3):
        serving(name=f"gate{number}")
        assert queries(lambda: contributor.get(URL)) == before + 1
