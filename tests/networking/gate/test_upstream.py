"""Passing a request on: what the registry sees, and what the client gets back."""

import io
from collections.abc import Iterator
from typing import Any

import pytest

from networking.gate import upstream
from networking.gate.upstream import Answer, Upstream, UpstreamError, pass_on, request_of
from tests.networking.gate import behind
from tests.networking.gate.behind import Behind
from tests.servers.ports import free_port

ORIGIN = "http://contoso.azurecr.localhost:8000"


@pytest.fixture
def registry() -> Iterator[Behind]:
    with behind.running() as started:
        yield started


def sent(
    address: str, target: str = "/v2/a/tags/list", *, method: str = "GET", body: Any = b"", **environ: Any
) -> Answer:
    """A request as granian hands it over."""
    stream = body if hasattr(body, "read") else io.BytesIO(body)
    made = {"wsgi.input": stream, "wsgi.input_terminated": True, "HTTP_HOST": "contoso.azurecr.localhost:8000"}
    request = request_of(made | environ, method=method, target=target, origin=ORIGIN, address="203.0.113.10")
    return pass_on(Upstream.of(address, "contoso"), request)


def content(answer: Answer) -> bytes:
    try:
        return b"".join(answer.blocks)
    finally:
        answer.blocks.close()


# There


def test_the_registry_sees_the_request_as_the_client_made_it(registry: Behind) -> None:
    environ = {"HTTP_ACCEPT": "a/b", "HTTP_USER_AGENT": "skopeo", "HTTP_RANGE": "bytes=0-1", "QUERY_STRING": "n=1"}
    content(sent(registry.address, "/v2/a/tags/list?n=1&last=%2F", **environ))
    (told,) = registry.asked
    assert (told.method, told.target, told.body) == ("GET", "/v2/a/tags/list?n=1&last=%2F", b"")
    assert told.headers == {
        "host": "contoso.azurecr.localhost:8000",
        "accept": "a/b",
        "user-agent": "skopeo",
        "range": "bytes=0-1",
        "x-forwarded-host": "contoso.azurecr.localhost:8000",
        "x-forwarded-proto": "http",
        "x-forwarded-for": "203.0.113.10",
        "connection": "close",
    }


def test_what_is_between_two_hops_stays_there_and_nobody_says_who_he_is(registry: Behind) -> None:
    environ = {
        "HTTP_AUTHORIZATION": "Bearer ours",
        "HTTP_CONNECTION": "keep-alive, X-Private",
        "HTTP_X_PRIVATE": "1",
        "HTTP_KEEP_ALIVE": "5",
        "HTTP_TE": "trailers",
        "HTTP_UPGRADE": "h2c",
        "HTTP_PROXY_AUTHORIZATION": "Basic x",
        "HTTP_EXPECT": "100-continue",
        "HTTP_X_FORWARDED_FOR": "198.51.100.7",
        "HTTP_X_FORWARDED_PREFIX": "/admin",
        "HTTP_X_REAL_IP": "198.51.100.7",
        "HTTP_FORWARDED": "for=198.51.100.7",
    }
    content(sent(registry.address, **environ))
    assert registry.asked[0].headers == {
        "host": "contoso.azurecr.localhost:8000",
        "x-forwarded-host": "contoso.azurecr.localhost:8000",
        "x-forwarded-proto": "http",
        "x-forwarded-for": "203.0.113.10",
        "connection": "close",
    }


def test_the_registrys_own_sign_in_is_in_its_address(registry: Behind) -> None:
    address = registry.address.replace("http://", "http://robot:p%40ss@")
    content(sent(address, HTTP_AUTHORIZATION="Bearer ours"))
    assert registry.asked[0].headers["authorization"] == "Basic cm9ib3Q6cEBzcw=="


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://127.0.0.1:5000", Upstream(False, "127.0.0.1", 5000)),
        ("http://{registry}.internal", Upstream(False, "contoso.internal", 80)),
        ("https://registry.example.org", Upstream(True, "registry.example.org", 443)),
        ("http://[::1]:5000", Upstream(False, "::1", 5000)),
    ],
)
def test_the_setting_says_where_the_registry_listens(address: str, expected: Upstream) -> None:
    assert Upstream.of(address, "contoso") == expected


def test_a_body_with_a_length_arrives_whole(registry: Behind) -> None:
    body = bytes(range(256)) * 1000
    environ = {"CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": "application/octet-stream"}
    content(sent(registry.address, method="PUT", body=body, **environ))
    (told,) = registry.asked
    assert (told.body == body, told.headers["content-length"], told.headers["content-type"]) == (
        True,
        "256000",
        "application/octet-stream",
    )
    assert "transfer-encoding" not in told.headers


@pytest.mark.parametrize("header", [{"HTTP_TRANSFER_ENCODING": "chunked"}, {}], ids=["HTTP/1.1", "HTTP/2"])
def test_a_body_in_chunks_arrives_whole(registry: Behind, header: dict[str, str]) -> None:
    body = bytes(range(256)) * 1000
    content(sent(registry.address, method="PATCH", body=body, **header))
    (told,) = registry.asked
    assert (told.body == body, told.headers["transfer-encoding"]) == (True, "chunked")
    assert "content-length" not in told.headers


def test_an_empty_body_says_so(registry: Behind) -> None:
    content(sent(registry.address, method="POST", CONTENT_LENGTH="0"))
    assert registry.asked[0].headers["content-length"] == "0"


class Endless(io.RawIOBase):
    """A body that is never in memory as a whole; remembers the most that was asked for at once."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.most = 0

    def read(self, size: int = -1) -> bytes:
        self.most = max(self.most, size)
        taken = min(size, self.left)
        self.left -= taken
        return b"x" * taken


@pytest.mark.parametrize("length", ["3000000", ""], ids=["length", "chunks"])
def test_a_body_is_read_a_block_at_a_time(registry: Behind, length: str) -> None:
    body = Endless(3_000_000)
    content(sent(registry.address, method="PATCH", body=body, CONTENT_LENGTH=length))
    assert (len(registry.asked[0].body), body.left, body.most) == (3_000_000, 0, upstream.BLOCK)


def test_nothing_beyond_the_length_is_read(registry: Behind) -> None:
    body = io.BytesIO(b"abcdef and the next request")
    content(sent(registry.address, method="PUT", body=body, CONTENT_LENGTH="6"))
    assert (registry.asked[0].body, body.read()) == (b"abcdef", b" and the next request")


def test_a_client_that_breaks_off_leaves_no_whole_request_behind(registry: Behind) -> None:
    with pytest.raises(UpstreamError, match="the client broke off 4 bytes before the end"):
        sent(registry.address, method="PUT", body=b"abcdef", CONTENT_LENGTH="10")


@pytest.mark.parametrize("length", ["-1", "1e3", "1_000", "٣"])
def test_a_length_that_is_no_number_is_refused(registry: Behind, length: str) -> None:
    with pytest.raises(ValueError, match=r"^Content-Length must be a number\.$"):
        sent(registry.address, method="PUT", CONTENT_LENGTH=length)


@pytest.mark.parametrize("coding", ["gzip", "gzip, chunked", "chunked, chunked", "identity", ""])
def test_a_body_in_another_coding_is_refused(registry: Behind, coding: str) -> None:
    """granian takes the chunks of `gzip, chunked` apart, and hands over what is packed."""
    with pytest.raises(ValueError, match=r"^Transfer-Encoding must be chunked\.$"):
        sent(registry.address, method="PATCH", body=b"1234", HTTP_TRANSFER_ENCODING=coding)
    assert registry.asked == []


def test_a_server_that_can_not_tell_where_a_body_ends_is_not_believed(registry: Behind) -> None:
    """runserver hands over an endless stream."""
    environ: dict[str, Any] = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": False}
    with pytest.raises(ValueError, match=r"serve Portcullis with granian\.$"):
        sent(registry.address, method="PATCH", **environ)


# Back


def test_the_answer_comes_back_as_it_is(registry: Behind) -> None:
    headers = {"Docker-Content-Digest": "sha256:x", "ETag": '"x"', "Connection": "close, X-Private", "X-Private": "1"}
    registry.answer = lambda told, handler: handler.say(206, b"part", headers)
    answer = sent(registry.address)
    kept = [(name, value) for name, value in answer.headers if name not in ("Server", "Date")]
    assert (answer.status, answer.reason, content(answer)) == (206, "Partial Content", b"part")
    assert kept == [("Content-Length", "4"), ("Docker-Content-Digest", "sha256:x"), ("ETag", '"x"')]


def test_head_keeps_the_length_and_has_no_body(registry: Behind) -> None:
    registry.answer = lambda told, handler: handler.say(200, b"12345")
    answer = sent(registry.address, method="HEAD")
    assert (dict(answer.headers)["Content-Length"], content(answer)) == ("5", b"")


def test_an_answer_in_chunks_has_no_length(registry: Behind) -> None:
    def chunks(told: behind.Told, handler: behind.Handler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")

    registry.answer = chunks
    answer = sent(registry.address)
    assert {"Transfer-Encoding", "Content-Length"}.isdisjoint(dict(answer.headers))
    assert content(answer) == b"abcde"


def test_a_large_answer_comes_in_blocks(registry: Behind) -> None:
    registry.answer = lambda told, handler: handler.say(200, b"x" * 1_000_000)
    answer = sent(registry.address)
    sizes = [len(block) for block in answer.blocks]
    answer.blocks.close()
    assert (sum(sizes), max(sizes)) == (1_000_000, upstream.BLOCK)


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        pytest.param("{here}/v2/a/blobs/uploads/1?_state=x", f"{ORIGIN}/v2/a/blobs/uploads/1?_state=x", id="its own"),
        pytest.param("/v2/a/blobs/uploads/1", "/v2/a/blobs/uploads/1", id="relative"),
        pytest.param(f"{ORIGIN}/v2/a", f"{ORIGIN}/v2/a", id="ours already"),
        pytest.param("https://storage.example.org/x?sig=1", "https://storage.example.org/x?sig=1", id="elsewhere"),
        pytest.param("http://127.0.0.1:1/v2/", "http://127.0.0.1:1/v2/", id="another port"),
        pytest.param("http://127.0.0.1:port/", "http://127.0.0.1:port/", id="no port"),
        pytest.param("http://[::1/", "http://[::1/", id="no address"),
    ],
)
def test_where_the_registry_names_itself_the_client_is_told_our_name(
    registry: Behind, location: str, expected: str
) -> None:
    location = location.format(here=registry.address)
    links = {"Location": location, "Link": f'<{location}>; rel="next"'}
    registry.answer = lambda told, handler: handler.say(202, b"", links)
    answer = sent(registry.address)
    content(answer)
    found = dict(answer.headers)
    assert (found["Location"], found["Link"]) == (expected, f'<{expected}>; rel="next"')


# When it goes wrong


def test_a_registry_that_is_down_is_an_error() -> None:
    with pytest.raises(UpstreamError, match="ConnectionRefusedError"):
        sent(f"http://127.0.0.1:{free_port()}")


def test_a_registry_that_says_nothing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upstream, "ANSWERS_WITHIN", 0.05)
    with behind.silent() as address, pytest.raises(UpstreamError, match="TimeoutError"):
        sent(address)


def test_a_registry_that_talks_nonsense_is_an_error(registry: Behind) -> None:
    def nonsense(told: behind.Told, handler: behind.Handler) -> None:
        handler.wfile.write(b"<html>\r\n\r\n")
        handler.close_connection = True

    registry.answer = nonsense
    with pytest.raises(UpstreamError, match="BadStatusLine"):
        sent(registry.address)


def test_an_answer_that_breaks_off_does_not_look_whole(registry: Behind) -> None:
    def half(told: behind.Told, handler: behind.Handler) -> None:
        handler.say(200, b"half of it", {"Content-Length": "20"})
        handler.close_connection = True

    registry.answer = half
    answer = sent(registry.address)
    assert next(answer.blocks) == b"half of it"
    with pytest.raises(UpstreamError, match="broke off 10 bytes before its end"):
        next(answer.blocks)
    answer.blocks.close()


def test_a_registry_that_refuses_before_it_has_read_everything_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(handler: behind.Handler) -> None:
        handler.raw_requestline = handler.rfile.readline(65537)
        handler.parse_request()
        handler.say(413, b"too large", {"Connection": "close"})
        handler.close_connection = True

    monkeypatch.setattr(behind.Handler, "handle_one_request", refuse)
    with behind.running() as registry:
        answer = sent(registry.address, method="PATCH", body=Endless(200_000_000), CONTENT_LENGTH="200000000")
    assert answer.status == 413
    answer.blocks.close()


def test_what_can_not_stand_in_a_request_is_not_sent(registry: Behind) -> None:
    with pytest.raises(UpstreamError, match="InvalidURL"):
        sent(registry.address, "/v2/ HTTP/1.1\r\nHost: other\r\n\r\n")
    with pytest.raises(UpstreamError, match="ValueError"):
        sent(registry.address, HTTP_ACCEPT="a\r\nHost: other")
    assert registry.asked == []
