import pytest

from networking.rows import Message, Row, judge, row_id
from tests import make


def said_of(*texts: str) -> list[Message | None]:
    return [judged.message for judged in judge([Row(f"d{place}", text) for place, text in enumerate(texts)])]


def test_a_good_range_is_sized_and_nothing_is_said_of_it() -> None:
    (judged,) = judge([Row("d0", "16.17.18.0/24")])
    assert (judged.number, judged.size, judged.message) == (1, "256 addresses", None)


def test_one_address_is_spelled_in_the_singular() -> None:
    (judged,) = judge([Row("d0", "16.17.18.19/32")])
    assert judged.size == "1 address"


def test_a_range_with_host_bits_carries_the_button_that_fixes_it() -> None:
    assert said_of("16.17.18.5/24") == [
        Message(
            "error",
            "'16.17.18.5/24' isn't the start of a range. Did you mean 16.17.18.0/24?",
            action="fix",
            value="16.17.18.0/24",
        )
    ]


def test_a_fix_that_is_refused_itself_is_not_offered_as_a_private_range() -> None:
    (message,) = said_of("10.1.2.3/24")
    assert message is not None
    assert message.action == ""
    assert "RFC 1918" in message.text


def test_the_second_of_two_equal_ranges_is_the_duplicate() -> None:
    assert said_of("198.51.100.7", "198.51.100.7/32") == [None, Message("error", "Same as row 1. Delete one of them.")]


def test_a_covered_range_is_a_warning_that_names_the_row_that_covers_it() -> None:
    assert said_of("203.0.113.9", "203.0.113.0/24") == [
        Message("warn", "Already covered by 203.0.113.0/24 (row 2). You can delete this row."),
        None,
    ]


def test_of_two_adjacent_ranges_the_later_offers_to_combine_into_the_earlier() -> None:
    assert said_of("16.17.18.0/24", "16.17.19.0/24") == [
        None,
        Message(
            "info",
            "Next to 16.17.18.0/24 (row 1); together they are 16.17.18.0/23.",
            action="combine",
            value="16.17.18.0/23",
            other="d0",
        ),
    ]


def test_a_very_wide_range_is_a_warning_with_its_size() -> None:
    assert said_of("64.0.0.0/3") == [
        Message("warn", "64.0.0.0/3 allows 536,870,912 addresses. Check that you mean this.")
    ]


def test_a_row_that_will_be_deleted_counts_for_nothing() -> None:
    saved = make.rule("203.0.113.0/24")
    first, second = judge([Row.of(saved, removed=True), Row("d0", "203.0.113.9")])
    assert (first.size, first.message, second.message) == ("", None, None)
    assert second.number == 2


@pytest.mark.parametrize(
    ("row", "field", "sentence"),
    [
        pytest.param(
            Row("d0", "", saved=make.rule("9.9.9.9")),
            "rng",
            "This row is empty. Type an address range, or delete the row.",
            id="a saved row emptied",
        ),
        pytest.param(
            Row("d0", "", name="Office"),
            "rng",
            "Type an IP address or a CIDR range, like 16.17.18.19 or 16.17.18.0/24.",
            id="a name without a range",
        ),
        pytest.param(
            Row("d0", "9.9.9.9", name="x" * 81),
            "name",
            "A name can have 80 characters; this one has 81.",
            id="a name that is too long",
        ),
        pytest.param(
            Row("d0", "9.9.9.9", note="x" * 1200),
            "note",
            "A note can have 400 characters; this one has 1,200.",
            id="a note that is too long",
        ),
        pytest.param(
            Row("d0", "9.9.9.9", note="two\nlines"),
            "note",
            "A note can't hold line breaks or control characters. Type it on one line.",
            id="a note of two lines",
        ),
    ],
)
def test_a_row_that_can_not_be_a_rule_is_an_error_of_one_sentence(row: Row, field: str, sentence: str) -> None:
    (judged,) = judge([row])
    assert judged.message == Message("error", sentence, field=field)


def test_the_id_of_a_saved_row_is_safe_in_html_and_stays_with_the_range() -> None:
    assert row_id(make.rule("16.17.18.0/24")) == "s-16_17_18_0-24"
