"""Lists by pages: each continues behind the last row of the one before, so that every page costs the same."""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any
from urllib.parse import quote

from django.db.models import Model, QuerySet
from django.http import HttpResponseBase

from networking.arm.errors import ArmError
from networking.arm.http import ArmRequest, absolute, answer

PAGE = 100
MOST = 1000
AT_ONCE = 500  # rows to a fetch, where a filter is asked of each
QUERY = {
    "$top": {"type": "integer", "minimum": 1, "maximum": MOST},
    "$skiptoken": {"type": "string", "maxLength": 40},
}
TOKEN = re.compile(r"([0-9])-([0-9]{1,18})", re.ASCII)


def page_size(request: ArmRequest) -> int:
    text = request.GET.get("$top", str(PAGE))
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= MOST):
        message = f"The value '{text[:40]}' of $top is invalid; it is a number from 1 to {MOST}."
        raise ArmError(400, "InvalidQueryParameterValue", message, gateway=True)
    return int(text)


def begins_after(request: ArmRequest) -> tuple[int, int]:
    """The part of the list, counted from 0, and the row of it that the last page ended with."""
    text = request.GET.get("$skiptoken", "0-0")
    token = TOKEN.fullmatch(text)
    if token is None:
        message = f"The value '{text[:40]}' of $skiptoken is invalid; take the nextLink of the page before as it is."
        raise ArmError(400, "InvalidQueryParameterValue", message, gateway=True)
    return int(token[1]), int(token[2])


def page[Each: Model](
    request: ArmRequest,
    rows: QuerySet[Each],
    spelled: Callable[[list[Each]], Iterable[dict[str, Any]]],
    *,
    wanted: Callable[[Each], bool] | None = None,
) -> HttpResponseBase:
    """One kind of row, in the order they were made. `spelled` is asked once for all rows of the page."""
    top, (_, after) = page_size(request), begins_after(request)
    found = behind(rows, after, top + 1, wanted)
    token = (0, found[top - 1].pk) if len(found) > top else None
    return listed(request, spelled(found[:top]), token)


def behind[Each: Model](
    rows: QuerySet[Each], after: int, count: int, wanted: Callable[[Each], bool] | None = None
) -> list[Each]:
    """The next `count` rows after that one, in the order they were made, of those that are wanted."""
    ahead = rows.filter(pk__gt=after).order_by("pk")
    return list(ahead[:count] if wanted is None else islice(filter(wanted, _in_slices(ahead)), count))


def _in_slices[Each: Model](ahead: QuerySet[Each]) -> Iterator[Each]:
    after = 0
    while fetched := list(ahead.filter(pk__gt=after)[:AT_ONCE]):
        yield from fetched
        if len(fetched) < AT_ONCE:
            return
        after = fetched[-1].pk


def listed(
    request: ArmRequest, items: Iterable[dict[str, Any]], token: tuple[int, int] | None = None
) -> HttpResponseBase:
    """A list as ARM answers it; `token` is where the next page begins, None where there is none."""
    body: dict[str, Any] = {"value": list(items)}
    if token is not None:
        body["nextLink"] = next_link(request, token)
    return answer(body)


def next_link(request: ArmRequest, token: tuple[int, int]) -> str:
    query = request.GET.copy()
    query["$skiptoken"] = "{}-{}".format(*token)
    return absolute(f"{quote(request.path_info)}?{query.urlencode()}")
