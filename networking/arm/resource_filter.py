"""The `$filter` of ARM's lists of resources and groups: what az sends, read into a value. Pure Python."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

# az doubles a quote inside a value, as OData does.
TEXT = r"'(?:[^']|'')*'"
CLAUSE = re.compile(
    rf"\s*(?:(?P<name>[A-Za-z]+)\s+eq\s+(?P<value>{TEXT})"
    rf"|(?P<function>startswith)\s*\(\s*tagname\s*,\s*(?P<prefix>{TEXT})\s*\))\s*(?P<more>\band\b|\Z)",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class ResourceFilter:
    """What is asked for; None is what nothing is said of. All but tag values is compared in any letter case."""

    resourcetype: str | None = None
    resourcegroup: str | None = None
    name: str | None = None
    location: str | None = None
    tagname: str | None = None
    tagvalue: str | None = None
    tagprefix: str | None = None  # startswith(tagName, …)

    @classmethod
    def read(cls, text: str) -> Self | None:
        """None where it is no filter of ours: another word, another operator, a word twice."""
        found: dict[str, str] = {}
        known = {each.name for each in fields(cls)} - {"tagprefix"}
        at, more = 0, bool(text.strip())
        while more:
            clause = CLAUSE.match(text, at)
            if clause is None:
                return None
            word = "tagprefix" if clause["function"] else clause["name"].lower()
            if word in found or not (clause["function"] or word in known):
                return None
            found[word] = (clause["prefix"] or clause["value"])[1:-1].replace("''", "'")
            at, more = clause.end(), bool(clause["more"])
        if "tagvalue" in found and "tagname" not in found:
            return None
        return cls(**found)

    @property
    def is_of_tags_only(self) -> bool:
        """As the list of resource groups takes it."""
        return all(each is None for each in (self.resourcetype, self.resourcegroup, self.name, self.location))

    @property
    def asks_for_tags(self) -> bool:
        return self.tagname is not None or self.tagprefix is not None

    def matches(self, tags: Mapping[str, str]) -> bool:
        """The tags hold what is asked of them."""
        by_name = {name.lower(): value for name, value in tags.items()}
        if self.tagname is not None:
            value = by_name.get(self.tagname.lower())
            if value is None or (self.tagvalue is not None and value != self.tagvalue):
                return False
        return self.tagprefix is None or any(name.startswith(self.tagprefix.lower()) for name in by_name)
