"""A table as a CSV file to download. Written line by line while it is read, so that a long one needs no memory."""

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from django.http import StreamingHttpResponse

type Cell = str | int | datetime | None

# What a spreadsheet takes for the beginning of a formula, full-width forms among them.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes UTF-8 for the code page of the machine


class _Echo:
    """A file whose write gives the text back."""

    def write(self, text: str) -> str:
        return text


def csv_response(filename: str, headings: Iterable[str], lines: Iterable[Iterable[Cell]]) -> StreamingHttpResponse:
    """A download of that name. `lines` is read while the answer goes out: give it a generator over `.iterator()`."""
    response = StreamingHttpResponse(_written(headings, lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def _written(headings: Iterable[str], lines: Iterable[Iterable[Cell]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield BYTE_ORDER_MARK + writer.writerow(headings)
    for line in lines:
        yield writer.writerow([_spelled(cell) for cell in line])


def _spelled(cell: Cell) -> str:
    """A moment in UTC as ISO 8601; text that a spreadsheet would calculate gets an apostrophe before it."""
    match cell:
        case None:
            return ""
        case datetime():
            return cell.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        case str():
            # Blanks before the sign don't hide it from every spreadsheet.
            return f"'{cell}" if cell.startswith(FORMULA) or cell.lstrip().startswith(FORMULA) else cell
        case _:
            return str(cell)
