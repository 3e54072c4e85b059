"""CSV files: what a spreadsheet must not calculate, and that nothing is read before it is written."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.http import StreamingHttpResponse

from registries.csv_export import Cell, csv_response


def read(response: StreamingHttpResponse) -> list[list[str]]:
    return list(csv.reader(io.StringIO(response.getvalue().decode("utf-8-sig"), newline="")))


def test_a_table_is_a_download_that_excel_reads_as_utf_8() -> None:
    response = csv_response("names.csv", ["Name", "Rules"], [["Zürich, east", 3], ['"quoted"\nin two lines', None]])
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="names.csv"'
    assert response.getvalue() == (
        b"\xef\xbb\xbfName,Rules\r\n"
        b'"Z\xc3\xbcrich, east",3\r\n'
        b'"""quoted""\nin two lines",\r\n'
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        pytest.param("=1+2", "'=1+2", id="equals"),
        pytest.param("+49 30", "'+49 30", id="plus"),
        pytest.param("-1", "'-1", id="minus"),
        pytest.param("@SUM(A1)", "'@SUM(A1)", id="at"),
        pytest.param("\t=1", "'\t=1", id="tab"),
        pytest.param("\r=1", "'\r=1", id="carriage return"),
        pytest.param("\nplain", "'\nplain", id="line feed"),
        pytest.param("  =1", "'  =1", id="blanks before"),
        pytest.param("＝1", "'＝1", id="full-width"),
        pytest.param("a=1", "a=1", id="not at the beginning"),
        pytest.param("203.0.113.0/24", "203.0.113.0/24", id="a range"),
        pytest.param("–", "–", id="a dash is no minus"),
        pytest.param("", "", id="empty"),
        pytest.param(-5, "-5", id="a number is one"),
        pytest.param(None, "", id="nothing"),
        pytest.param(datetime(2026, 11, 20, 21, 35, 2, 9, tzinfo=UTC), "2026-11-20T21:35:02Z", id="a moment"),
        pytest.param(
            datetime(2026, 11, 20, 23, 35, tzinfo=timezone(timedelta(hours=2))), "2026-11-20T21:35:00Z", id="elsewhere"
        ),
    ],
)
def test_a_cell_never_begins_a_formula(cell: Cell, written: str) -> None:
    assert read(csv_response("x.csv", ["A", "B"], [[cell, "next"]])) == [["A", "B"], [written, "next"]]


def test_lines_are_read_one_by_one_while_the_answer_goes_out() -> None:
    asked: list[int] = []

    def lines() -> Iterator[list[Cell]]:
        for number in range(3):
            asked.append(number)
            yield [number]

    parts = iter(csv_response("x.csv", ["A"], lines()))
    assert (next(parts), asked) == (b"\xef\xbb\xbfA\r\n", [])
    assert (next(parts), asked) == (b"0\r\n", [0])
