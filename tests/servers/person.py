"""Somebody at a browser, without the browser: opens the blade, fills in its form, presses Save."""

import re
from dataclasses import dataclass, replace
from html import unescape
from http.client import HTTPConnection, HTTPException
from http.cookies import SimpleCookie
from typing import Self
from urllib.parse import urlencode

# What a request raises when the server goes away in the middle of it.
LOST = (OSError, HTTPException)
TIMEOUT = 120.0

# Enough for our own form, where no attribute holds a bare '>': a real parser takes as long as the server itself.
FORM = re.compile(r'<form id="net-form".*?</form>', re.DOTALL)
FIELD = re.compile(r"<input\b([^>]*)>")
ATTRIBUTE = re.compile(r'([a-z-]+)(?:="([^"]*)")?')


@dataclass(frozen=True)
class Form:
    """The form of the blade as a browser would send it."""

    path: str
    fields: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, path: str, page: str) -> Self:
        found = FORM.search(page)
        assert found is not None, f"{path} shows no form:\n{page[:500]}"
        fields = []
        for text in FIELD.findall(found[0]):
            each = {name: unescape(value) for name, value in ATTRIBUTE.findall(text)}
            chosen = each.get("type") not in ("checkbox", "radio") or "checked" in each
            if "name" in each and "disabled" not in each and chosen:
                fields.append((each["name"], each.get("value", "")))
        return cls(path, tuple(fields))

    @property
    def ranges(self) -> list[str]:
        return [value for name, value in self.fields if name == "range" and value]

    def with_range(self, text: str) -> Self:
        """Typed into the empty row at the end of the list."""
        fields = list(self.fields)
        fields[len(fields) - 1 - fields[::-1].index(("range", ""))] = ("range", text)
        return replace(self, fields=tuple(fields))

    def without_range(self, text: str) -> Self:
        """Its row deleted: the four fields rid, range, name and note."""
        at = self.fields.index(("range", text))
        assert [name for name, _ in self.fields[at - 1 : at + 3]] == ["rid", "range", "name", "note"]
        return replace(self, fields=self.fields[: at - 1] + self.fields[at + 3 :])


class Person:
    """One session and one connection, which is opened again when it was lost."""

    def __init__(self, port: int, session: str) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        self.cookies = {"sessionid": session}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.connection.close()

    def open(self, registry: str) -> Form:
        path = f"/registries/{registry}/networking/"
        status, page = self._ask("GET", path)
        assert status == 200, f"{path} answers {status}:\n{page[:500]}"
        return Form.read(path, page)

    def save(self, form: Form) -> int:
        """The status: 303 says it is stored, 409 that somebody else was first."""
        return self._ask("POST", form.path, urlencode([*form.fields, ("op", "save")]))[0]

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
            text = answer.read().decode()
        except LOST:
            self.connection.close()
            raise
        for line in answer.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        return answer.status, text
