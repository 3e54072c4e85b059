"""How a gate learns what changed: one count for the whole instance, and what was deleted."""

from typing import ClassVar

from django.db import connection, models
from django.db.models import F, Func, TextField, Value


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
        if not cls.objects.filter(pk=1).update(value=F("value") + 1):
            # Two at once may find none; the second waits for the first here, and counts on.
            Generation.objects.bulk_create([Generation(pk=1)], ignore_conflicts=True)
            cls.objects.filter(pk=1).update(value=F("value") + 1)
        if connection.vendor == "postgresql":
            call = Func(Value(cls.CHANNEL), Value(""), function="pg_notify", output_field=TextField())
            return cls.objects.annotate(called=call).values_list("value", "called").get(pk=1)[0]
        return cls.current()

    @classmethod
    def current(cls) -> int:
        """0 where nothing has changed yet."""
        return cls.objects.values_list("value", flat=True).filter(pk=1).first() or 0


class Tombstone(models.Model):
    """A registry that was deleted, by its name in lower case."""

    name = models.CharField(max_length=50)
    generation = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return self.name
