"""What becomes of a body that nobody asks for."""

from io import BytesIO
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest

from networking.arm import bodies


class Gone(BytesIO):
    """Of a client that ends the connection."""

    def read(self, *args: Any) -> bytes:
        raise OSError("the connection was reset")


def sent(stream: BytesIO, length: int) -> WSGIRequest:
    environ = {"REQUEST_METHOD": "PATCH", "PATH_INFO": "/", "wsgi.input": stream, "CONTENT_LENGTH": str(length)}
    return WSGIRequest(environ)


@pytest.mark.parametrize("read_before", [False, True])
@pytest.mark.parametrize("length", [0, 1, bodies.PIECE, 3 * bodies.PIECE + 7])
def test_what_is_left_of_it_is_read(length: int, read_before: bool) -> None:
    stream = BytesIO(b"x" * length)
    request = sent(stream, length)
    if read_before:
        assert len(request.body) == length
    bodies.read_to_the_end(request)
    assert stream.read() == b""


def test_no_more_is_read_than_anybody_would_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MOST", 2 * bodies.PIECE)
    stream = BytesIO(b"x" * (3 * bodies.PIECE))
    bodies.read_to_the_end(sent(stream, 3 * bodies.PIECE))
    assert stream.tell() == 2 * bodies.PIECE


def test_a_client_that_has_gone_is_no_fault() -> None:
    bodies.read_to_the_end(sent(Gone(), 10))
