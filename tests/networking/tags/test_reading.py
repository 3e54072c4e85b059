"""The weekly file, read as it comes: what it holds, and every way in which it can be broken."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from networking.tags import reading
from networking.tags.reading import CHUNK, BrokenFileError, Tag, TagReader
from tests import service_tags_file as file


def read(data: bytes) -> tuple[str, int | None, list[Tag]]:
    reader = TagReader(io.BytesIO(data))
    tags = list(reader.tags())
    assert reader.read == len(data)
    return reader.cloud, reader.change_number, tags


def broken(data: bytes) -> str:
    with pytest.raises(BrokenFileError) as raised:
        read(data)
    return str(raised.value)


def content(**changes: Any) -> dict[str, Any]:
    return file.small() | changes


def test_it_reads_what_document_003_shows() -> None:
    cloud, number, tags = read(file.written(file.small()))
    assert (cloud, number) == ("Public", 84)
    assert [(tag.name, tag.region, tag.system_service, tag.change_number) for tag in tags] == [
        ("AzureContainerRegistry", "", "AzureContainerRegistry", 1),
        ("AzureContainerRegistry.AustraliaEast", "australiaeast", "AzureContainerRegistry", 1),
        ("AzureContainerRegistry.EastUS", "eastus", "AzureContainerRegistry", 1),
        ("Storage", "", "AzureStorage", 1),
        ("Storage.AustraliaCentral", "australiacentral", "AzureStorage", 1),
        ("Storage.EastUS", "eastus", "AzureStorage", 1),
    ]
    assert [str(each) for each in tags[0].prefixes] == ["13.66.140.72/29", "13.70.72.136/29", "2603:1000:4::/46"]


@pytest.mark.parametrize(
    "spelled",
    [
        pytest.param(lambda data: json.dumps(data).encode(), id="on one line"),
        pytest.param(lambda data: b"\xef\xbb\xbf" + file.written(data), id="with a byte order mark"),
        pytest.param(lambda data: b" \r\n" + file.written(data, indent=9) + b"\n\n", id="with much blank space"),
        pytest.param(lambda data: json.dumps(dict(reversed(data.items()))).encode(), id="in another order"),
        pytest.param(lambda data: json.dumps(data | {"more": [1, {"a": None}]}).encode(), id="with keys of its own"),
    ],
)
def test_the_layout_makes_no_difference(spelled: Callable[[dict[str, Any]], bytes]) -> None:
    assert read(spelled(file.small())) == read(file.written(file.small()))


@given(st.integers(1, 40), st.integers(0, 3))
def test_where_a_piece_ends_makes_no_difference(size: int, indent: int) -> None:
    class Slow(io.BytesIO):
        def read(self, most: int | None = -1, /) -> bytes:
            return super().read(size)

    data = file.written(file.small(), indent=indent)
    assert list(TagReader(Slow(data)).tags()) == read(data)[2]


def test_a_tag_larger_than_a_piece_is_read() -> None:
    prefixes = [f"13.{number >> 8}.{number & 255}.0/24" for number in range(20_000)]
    data = file.written({"changeNumber": 1, "cloud": "Public", "values": [file.tag("AzureCloud", prefixes)]})
    assert len(data) > CHUNK
    assert len(read(data)[2][0].prefixes) == 20_000


def test_a_file_that_ends_anywhere_is_refused() -> None:
    data = json.dumps(file.small()).encode()
    told = {broken(data[:end]).partition(":")[0] for end in range(1, len(data), 7)}
    assert all(sentence.startswith("The file ends in the middle, after ") for sentence in told), told
    assert broken(data[:100]) == (
        "The file ends in the middle, after 100 bytes. Download ServiceTags_Public_….json anew, and import it as it is."
    )


def test_a_mistake_in_the_middle_of_a_long_file_is_told_with_its_line() -> None:
    data = file.written(file.real_size(services=5))
    lines = data.split(b"\r\n")
    lines[4000] = lines[4000] + b" oops"
    assert broken(b"\r\n".join(lines)).startswith("The file can't be read at line 4,001: it isn't JSON.")


AS_A_TAG: list[Any] = [
    pytest.param("AzureContainerRegistry", "a service tag without a name", id="text"),
    pytest.param({"id": "Storage"}, "a service tag without a name", id="no name"),
    pytest.param(file.tag("", []), "a service tag without a name, or with one that can't be", id="empty name"),
    pytest.param(file.tag("<script>", []), "a service tag without a name, or with one that can't be", id="markup"),
    pytest.param(file.tag("A\x00", []), "a service tag without a name, or with one that can't be", id="null"),
    pytest.param({"name": 7}, "a service tag without a name", id="a number as a name"),
    pytest.param({"name": "Storage"}, "the service tag Storage has no list of address prefixes", id="no properties"),
    pytest.param(
        {"name": "Storage", "properties": {}}, "the service tag Storage has no list of address prefixes", id="no list"
    ),
    pytest.param(
        {"name": "Storage", "properties": {"addressPrefixes": "13.66.140.72/29"}},
        "the service tag Storage has no list of address prefixes",
        id="text as a list",
    ),
    pytest.param(
        {"name": "Storage", "properties": {"addressPrefixes": [16]}},
        "the service tag Storage has no list of address prefixes",
        id="a number as a prefix",
    ),
    pytest.param(
        file.tag("Storage", ["13.66.140.73/29"]),
        "'13.66.140.73/29' of the service tag Storage isn't an address prefix",
        id="host bits",
    ),
    pytest.param(
        file.tag("Storage", ["x" * 5000]),
        f"'{'x' * 64}' of the service tag Storage isn't an address prefix",
        id="a long word",
    ),
    pytest.param(
        {"name": "Storage", "properties": {"addressPrefixes": [], "region": ["eastus"]}},
        "the region or the service of the service tag Storage isn't a word",
        id="a list as a region",
    ),
    pytest.param(
        {"name": "Storage", "properties": {"addressPrefixes": [], "changeNumber": "1"}},
        "the change number of the service tag Storage isn't a number",
        id="text as a number",
    ),
    pytest.param(
        {"name": "Storage", "properties": {"addressPrefixes": [], "changeNumber": True}},
        "the change number of the service tag Storage isn't a number",
        id="true as a number",
    ),
]


@pytest.mark.parametrize(("tag", "said"), AS_A_TAG)
def test_a_tag_that_is_none_is_refused(tag: Any, said: str) -> None:
    told = broken(json.dumps(content(values=[file.tag("AzureCloud", ["10.0.0.0/8"]), tag])).encode())
    assert told.startswith(f"The file can't be read at line 1: {said}")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(b"", "This isn't a file of service tags: it doesn't begin with {.", id="empty"),
        pytest.param(b" \n", "This isn't a file of service tags: it doesn't begin with {.", id="blank"),
        pytest.param(b"[]", "This isn't a file of service tags: it doesn't begin with {.", id="a list"),
        pytest.param(b"<html>", "This isn't a file of service tags: it doesn't begin with {.", id="a page"),
        pytest.param(b"PK\x03\x04", "This isn't a file of service tags: it doesn't begin with {.", id="an archive"),
        pytest.param(b"\xff\xfe{\x00", "The file can't be read at line 1: it isn't UTF-8 text.", id="UTF-16"),
        pytest.param(b'{"cloud": "P\xffblic"}', "The file can't be read at line 1: it isn't UTF-8 text.", id="bytes"),
        pytest.param(b"{}", "The file can't be read at line 1: it isn't JSON.", id="no key"),
        pytest.param(b"{\n1: 2}", "The file can't be read at line 2: 1 can't be a key here.", id="a number as a key"),
        pytest.param(
            b'{"changeNumber": 1}',
            "This isn't a file of service tags: it lacks 'cloud' and 'values'.",
            id="another JSON",
        ),
        pytest.param(
            b'{"cloud" "Public"}', 'The file can\'t be read at line 1: : should stand where "\\""', id="colon"
        ),
        pytest.param(
            b'{"values": {}}', 'The file can\'t be read at line 1: [ should stand where "{" stands.', id="object"
        ),
        pytest.param(b'{"values": []}', "The file holds no service tag.", id="no tag"),
        pytest.param(
            b'{"cloud": "P", "cloud": "Q"}', "The file can't be read at line 1: \"cloud\" can't be a key", id="twice"
        ),
        pytest.param(b'{"cloud": 5}', "The file can't be read at line 1: 'cloud' is 5.", id="a number as a cloud"),
        pytest.param(b'{"cloud": "<b>"}', "The file can't be read at line 1: 'cloud' is \"<b>\".", id="markup"),
        pytest.param(b'{"changeNumber": -1}', "The file can't be read at line 1: 'changeNumber' is -1.", id="negative"),
        pytest.param(b'{"changeNumber": NaN}', "The file can't be read at line 1: 'changeNumber' is NaN.", id="NaN"),
        pytest.param(b'{"a": ' + b"9" * 9999 + b"}", "The file can't be read at line 1: a number too long", id="long"),
        pytest.param(b'{"a": ' + b"[" * 200_000, "The file can't be read at line 1: a number too long, or", id="deep"),
        pytest.param(file.written(file.small()) + b"{", "The file can't be read at line", id="more behind it"),
    ],
)
def test_what_is_no_such_file_is_refused_with_a_sentence(data: bytes, said: str) -> None:
    told = broken(data)
    assert told.startswith(said)
    assert told.endswith("Download ServiceTags_Public_….json anew, and import it as it is.")


def test_one_name_twice_is_refused_in_any_case() -> None:
    data = json.dumps(content(values=[file.tag("Storage", []), file.tag("STORAGE", [])])).encode()
    assert "the service tag STORAGE stands there twice" in broken(data)


def test_more_than_any_real_file_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_TAGS", 5)
    assert broken(file.written(file.small())).startswith("The file has more than 5 tags or ")
    monkeypatch.setattr(reading, "MOST_TAGS", 6)
    read(file.written(file.small()))
    monkeypatch.setattr(reading, "MOST_PREFIXES", 10)
    read(file.written(file.small()))
    monkeypatch.setattr(reading, "MOST_PREFIXES", 9)
    assert broken(file.written(file.small())).startswith("The file has more than 6 tags or 9 address prefixes.")


def test_one_value_can_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST_TAG", 2 * CHUNK)
    data = b'{"values": [[' + b"{}," * CHUNK
    assert "a single service tag has more than" in broken(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        read(b'{"cloud": "Public", "changeNumber": 1, "values": [' + data)
    except BrokenFileError:
        pass
    else:
        pytest.fail("nothing closes the list and the object")  # but bytes that do would need to name a tag
