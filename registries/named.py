"""How something is found by its name: in any letter case, as ARM does."""

from typing import Self

from django.db import models
from django.db.models import Value
from django.db.models.functions import Lower


class NamedQuerySet[Row: models.Model](models.QuerySet[Row]):
    """Of a table whose unique index is on Lower("name")."""

    def named(self, name: str) -> Self:
        """Those of that name in any letter case, as the database spells it; uses the index. Text that no name can be
        finds nothing: PostgreSQL takes no NUL, and neither database half a surrogate pair."""
        if "\0" in name or any("\ud800" <= letter <= "\udfff" for letter in name):
            return self.none()
        return self.alias(key=Lower("name")).filter(key=Lower(Value(name)))
