"""Somebody at the Networking page who signs in with a password and saves, over HTTP."""

import re
from dataclasses import replace
from typing import Self
from urllib.parse import urlencode

from deploy.lab.lab import Lab
from registries.demonstration import DemonstrationAccount
from tests.clients.programs import REGISTRY
from tests.servers.person import Form, Person

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Blade(Person):
    def __init__(self, lab: Lab, account: DemonstrationAccount) -> None:
        super().__init__(lab.port, "")
        self.cookies.clear()
        _, page = self._ask("GET", "/sign-in/")
        found = TOKEN.search(page)
        assert found is not None, page[:500]
        fields = {"csrfmiddlewaretoken": found[1], "username": account.username, "password": account.password}
        status, page = self._ask("POST", "/sign-in/", urlencode(fields))
        assert status in (302, 303), f"Signing in answers {status}: {page[:500]}"

    def __enter__(self) -> Self:
        return self

    def open(self, registry: str) -> Form:
        """Between two tests the server may have closed the connection; this one is new."""
        self.connection.close()
        return super().open(registry)

    def save(self, form: Form) -> int:
        """Whoever loses access by it: the blade asks, and this person is sure."""
        return self._ask("POST", form.path, urlencode([*form.fields, ("op", "save-anyway")]))[0]

    def add(self, text: str, registry: str = REGISTRY) -> None:
        assert self.save(self.open(registry).with_range(text)) == 303

    def remove(self, text: str, registry: str = REGISTRY) -> None:
        assert self.save(self.open(registry).without_range(text)) == 303

    def choose(self, access: str, registry: str = REGISTRY) -> None:
        """`all`, `selected` or `disabled`."""
        self._put(registry, public_access=access)

    def tick(self, name: str, *, on: bool, registry: str = REGISTRY) -> None:
        """One of the two checkboxes."""
        self._put(registry, **{name: "1" if on else None})

    def page(self, path: str) -> str:
        self.connection.close()
        status, page = self._ask("GET", path)
        assert status == 200, f"{path} answers {status}"
        return page

    def _put(self, registry: str, **fields: str | None) -> None:
        form = self.open(registry)
        kept = tuple(each for each in form.fields if each[0] not in fields)
        said = tuple((name, value) for name, value in fields.items() if value is not None)
        status = self.save(replace(form, fields=(*said, *kept)))
        assert status in (200, 303), f"Saving {fields} answers {status}"
