"""The JSON of a request: read once, bounded, and without what no database keeps."""

import json
import math
from typing import Any, NoReturn

from django.http import HttpRequest, UnreadablePostError

from networking.arm.errors import ArmError, invalid_content

DEEPEST = 32
PIECE = 64 * 1024
MOST = 64 * 1024 * 1024  # who sends more isn't waited for
OTHER_TYPES = ("text/json",)


def parsed(request: HttpRequest) -> Any:
    """The body as parsed: an object, whose insides are the view's to judge. ArmError for anything else.

    RequestDataTooBig where it is larger than DATA_UPLOAD_MAX_MEMORY_SIZE, which `dispatch` answers."""
    body = request.body
    kind = request.content_type or ""
    if body and kind != "application/json" and not kind.endswith("+json") and kind not in OTHER_TYPES:
        message = f"The content media type '{kind[:100]}' is not supported. Only 'application/json' is supported."
        raise ArmError(415, "UnsupportedMediaType", message, gateway=True)
    if not body.strip():
        raise invalid_content("it is empty, and an object is wanted.")
    try:
        value = json.loads(body.decode("utf-8-sig"), parse_constant=_refused)
    except UnicodeDecodeError:
        raise invalid_content("it isn't UTF-8 text.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise invalid_content(f"it isn't JSON, {error.msg} at {where}.") from None
    except (ValueError, RecursionError):  # a number of thousands of digits, thousands of brackets
        raise invalid_content("it holds a number too long or brackets too deep.") from None
    if not isinstance(value, dict):
        raise invalid_content("an object is wanted.")
    _check(value, DEEPEST)
    return value


def read_to_the_end(request: HttpRequest) -> None:
    """Throws away what is left of a body. Where an answer comes before its end the server cuts the connection off, and
    a client of HTTP/2, or one that is still sending, mostly never sees the answer."""
    for _ in range(MOST // PIECE):
        try:
            if not request.read(PIECE):
                return
        except UnreadablePostError:  # the client has gone
            return


def _refused(constant: str) -> NoReturn:
    raise invalid_content(f"{constant} is no number of JSON.")


def _check(value: Any, depth: int) -> None:
    """NUL and halves of surrogate pairs fit in no database, and infinity in no JSON that we would send back."""
    if depth == 0:
        raise invalid_content(f"its brackets are deeper than {DEEPEST}.")
    match value:
        case dict():
            for name, each in value.items():
                _check(name, depth)
                _check(each, depth - 1)
        case list():
            for each in value:
                _check(each, depth - 1)
        case str() if "\0" in value or not _whole(value):
            raise invalid_content("a text in it holds a character that can't be stored.")
        case float() if not math.isfinite(value):
            raise invalid_content("a number in it is too large.")


def _whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
