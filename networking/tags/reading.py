"""The weekly file of service tags, read tag by tag: however large it is, one tag at a time is in memory."""

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from networking.tags.prefixes import Packed

CHUNK = 256 * 1024
LONGEST_TAG = 4 * 1024 * 1024  # characters; the largest of the real file has some 400,000
MOST_TAGS = 20_000  # the real file has about 3,000
MOST_PREFIXES = 1_000_000  # and about 100,000

KEYS = ("changeNumber", "cloud", "values")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
WORD = re.compile(r"[A-Za-z0-9 ._-]{0,60}", re.ASCII)
LARGEST_NUMBER = 2**53
WHERE_FROM = "Download ServiceTags_Public_….json anew, and import it as it is."


class BrokenFileError(Exception):
    """What is wrong with the file, as one sentence or two."""


@dataclass(frozen=True, slots=True)
class Tag:
    """`region` is empty for a tag of all regions; `change_number` None where the file doesn't say."""

    name: str
    region: str
    system_service: str
    change_number: int | None
    prefixes: Packed


class TagReader:
    """`tags` reads the file once; `cloud` and `change_number` are known when it has ended, and `read` at any time is
    how many bytes are done."""

    def __init__(self, file: BinaryIO) -> None:
        self.cloud = ""
        self.change_number: int | None = None
        self.read = 0
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._at = 0  # everything of the text before it is done with
        self._line = 1
        self._ended = False
        self._scan = json.JSONDecoder().raw_decode

    def tags(self) -> Iterator[Tag]:
        """BrokenFileError at the first thing that is wrong."""
        if self._next() != "{":
            raise BrokenFileError(f"This isn't a file of service tags: it doesn't begin with {{. {WHERE_FROM}")
        self._at += 1
        missing = set(KEYS)
        while True:
            key = self._value()
            if not isinstance(key, str) or (key in KEYS and key not in missing):
                raise self._broken(f"{json.dumps(key)[:64]} can't be a key here")
            missing.discard(key)
            self._expect(":")
            if key == "values":
                yield from self._values()
            else:
                self._keep(key, self._value())
            if self._expect(",}") == "}":
                break
        if self._next():
            raise self._broken("the file goes on after its end")
        if missing:
            lacking = " and ".join(f"'{key}'" for key in sorted(missing))
            raise BrokenFileError(f"This isn't a file of service tags: it lacks {lacking}. {WHERE_FROM}")

    def _values(self) -> Iterator[Tag]:
        names: set[str] = set()
        prefixes = 0
        self._expect("[")
        if self._next() == "]":
            raise BrokenFileError(f"The file holds no service tag. {WHERE_FROM}")
        while True:
            tag = self._tag(self._value())
            prefixes += len(tag.prefixes)
            if tag.name.lower() in names:
                raise self._broken(f"the service tag {tag.name} stands there twice")
            names.add(tag.name.lower())
            if len(names) > MOST_TAGS or prefixes > MOST_PREFIXES:
                raise BrokenFileError(
                    f"The file has more than {MOST_TAGS:,} tags or {MOST_PREFIXES:,} address prefixes. {WHERE_FROM}"
                )
            yield tag
            if self._expect(",]") == "]":
                return

    def _keep(self, key: str, value: Any) -> None:
        match key, value:
            case "cloud", str() if value and WORD.fullmatch(value):
                self.cloud = value
            case "changeNumber", int() if _is_count(value):
                self.change_number = value
            case "cloud" | "changeNumber", _:
                raise self._broken(f"'{key}' is {json.dumps(value)[:64]}")

    def _tag(self, value: Any) -> Tag:
        name = value.get("name") if isinstance(value, dict) else None
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise self._broken("a service tag without a name, or with one that can't be")
        properties = value.get("properties")
        prefixes = properties.get("addressPrefixes") if isinstance(properties, dict) else None
        if not isinstance(prefixes, list) or not all(isinstance(each, str) for each in prefixes):
            raise self._broken(f"the service tag {name} has no list of address prefixes")
        region, service = properties.get("region") or "", properties.get("systemService") or ""
        if not all(isinstance(each, str) and WORD.fullmatch(each) for each in (region, service)):
            raise self._broken(f"the region or the service of the service tag {name} isn't a word")
        number = properties.get("changeNumber")
        if number is not None and not _is_count(number):
            raise self._broken(f"the change number of the service tag {name} isn't a number")
        try:
            return Tag(name, region, service, number, Packed.of(prefixes))
        except ValueError as error:
            raise self._broken(f"'{str(error)[:64]}' of the service tag {name} isn't an address prefix") from None

    def _next(self) -> str:
        """The character that is next and no blank; empty at the end of the file."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in " \t\r\n":
                    return self._text[self._at]
                self._at += 1
            if not self._more(CHUNK):
                return ""

    def _expect(self, characters: str) -> str:
        """One of these is next, and is taken."""
        found = self._next()
        if not found:
            raise self._too_short()
        if found not in characters:
            raise self._broken(f"{' or '.join(characters)} should stand where {json.dumps(found)} stands")
        self._at += 1
        return found

    def _value(self) -> Any:
        """The whole value that is next. What can't be read yet is tried again with twice as much text, which takes a
        mistake further on, unless it is one."""
        self._next()
        before: tuple[str, int] | None = None
        while True:
            wrong: tuple[str, int] | None = None
            try:
                value, end = self._scan(self._text, self._at)
            except json.JSONDecodeError as error:
                wrong = (error.msg, error.pos - self._at)
            except (ValueError, RecursionError):  # a number of thousands of digits, thousands of brackets
                raise self._broken("a number too long, or brackets too deep") from None
            else:
                if end < len(self._text) or self._ended:  # a number that ends where the text does may go on
                    self._at = end
                    return value
            waiting = len(self._text) - self._at
            if wrong and wrong == before:
                raise self._broken("it isn't JSON", at=self._at + wrong[1])
            if waiting > LONGEST_TAG:
                raise self._broken(f"a single service tag has more than {LONGEST_TAG:,} characters")
            if not self._more(max(CHUNK, waiting)) and wrong:
                if wrong[0].startswith("Unterminated") or wrong[1] >= len(self._text.rstrip()):
                    raise self._too_short()
                raise self._broken("it isn't JSON", at=wrong[1])
            before = wrong

    def _more(self, size: int) -> bool:
        """Read on. False at the end of the file. What is done with is forgotten."""
        if self._ended:
            return False
        data = b"".join(self._pieces(size))
        self.read += len(data)
        self._line += self._text.count("\n", 0, self._at)
        try:
            self._text = self._text[self._at :] + self._decoder.decode(data, final=not data)
        except UnicodeDecodeError:
            raise self._broken("it isn't UTF-8 text") from None
        self._at = 0
        self._ended = not data
        return bool(data)

    def _pieces(self, size: int) -> Iterator[bytes]:
        """So many bytes, however few the file gives at once; fewer at its end only."""
        while size > 0 and (piece := self._file.read(size)):
            size -= len(piece)
            yield piece

    def _broken(self, what: str, at: int | None = None) -> BrokenFileError:
        line = self._line + self._text.count("\n", 0, self._at if at is None else at)
        return BrokenFileError(f"The file can't be read at line {line:,}: {what}. {WHERE_FROM}")

    def _too_short(self) -> BrokenFileError:
        return BrokenFileError(f"The file ends in the middle, after {self.read:,} bytes. {WHERE_FROM}")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_NUMBER
