"""How a gate learns what changed: one count for the whole instance, and what was deleted."""

from typing import ClassVar

from django.db import connection, models


class Generation(models.Model):
    """The one row that counts every change a gate must know of. It moves in the transaction of the change, and the
    row's lock makes transactions commit in the order of their numbers, so whoever has read number n misses nothing
    up to n."""

    # The channel of PostgreSQL on which the end of a change's transaction is called out.
    CHANNEL: ClassVar = "portcullis_generation"

    value = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(pk=1), name="one_generation")]

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def next(cls) -> int:
        """The number of a new change. Call it late in a transaction: everybody else's changes wait for its end."""
        while (number := cls._counted()) is None:
            # Two at once may find none; the second waits for the first here, and counts on.
            Generation.objects.bulk_create([Generation(pk=1)], ignore_conflicts=True)
        return number

    @classmethod
    def _counted(cls) -> int | None:
        """Counts, and on PostgreSQL calls it out, in one query; None where the row isn't there yet."""
        called = ", pg_notify(%s, '')" if connection.vendor == "postgresql" else ""
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {cls._meta.db_table} SET value = value + 1 WHERE id = 1 RETURNING value{called}",  # noqa: S608
                [cls.CHANNEL] if called else [],
            )
            row = cursor.fetchone()
        return row[0] if row else None

    @classmethod
    def current(cls) -> int:
        """0 where nothing has changed yet."""
        return cls.objects.values_list("value", flat=True).filter(pk=1).first() or 0


class Tombstone(models.Model):
    """A registry that was deleted, by its name in lower case. None is ever removed: a gate that was away for a year
    still has to learn of it, and a row is a name and a number."""

    name = models.CharField(max_length=50)
    generation = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return self.name
