"""Service tags in the database: the one import at a time, and what is asked of the last good one."""

import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import collapse_addresses
from typing import BinaryIO

from django.db import IntegrityError, transaction
from django.db.models.functions import Lower
from django.utils import timezone

from networking.access.problems import Code, Problem
from networking.models import ServiceTag, ServiceTagImport
from networking.tags.difference import difference
from networking.tags.prefixes import Address, Packed
from networking.tags.reading import BrokenFileError, Tag, TagReader

logger = logging.getLogger("portcullis.service_tags")

TELLS_EVERY = 0.5  # seconds, how far an import is
ROWS_AT_ONCE = 500
KEPT = 20  # imports, of which the last good one has tags
INTERRUPTED = "It was interrupted, because its process was ended. Import the file again."


def import_tags(file: BinaryIO, *, name: str, size: int, by: str) -> ServiceTagImport | Problem:
    """Read a file and put its tags in the place of those of the last import. `by` is who imports.

    All or nothing: the tags change in one transaction after the whole file was read. A Problem, which its row keeps
    too, where the file is broken, or where another import runs.
    """
    begun = _begin(name, size, by)
    if isinstance(begun, Problem):
        return begun
    why = INTERRUPTED
    try:
        reader = TagReader(file)
        tags = list(_told(reader, begun))
        with transaction.atomic():
            return _put(begun, reader, tags)
    except BrokenFileError as error:
        why = str(error)
        logger.warning("%s: %s", name, why)
        return Problem(Code.INVALID_SERVICE_TAGS, why)
    finally:
        ended = {"state": ServiceTagImport.FAILED, "problem": why[:400], "ended_at": timezone.now()}
        ServiceTagImport.objects.filter(pk=begun.pk, state=ServiceTagImport.RUNNING).update(**ended)
        _forget_old_ones()


def _begin(name: str, size: int, by: str) -> ServiceTagImport | Problem:
    """The row of a new import. One that fell silent is closed first."""
    running = ServiceTagImport.objects.filter(state=ServiceTagImport.RUNNING).first()
    if running and running.is_silent:
        ended = {"state": ServiceTagImport.FAILED, "problem": INTERRUPTED, "ended_at": timezone.now()}
        ServiceTagImport.objects.filter(pk=running.pk, state=ServiceTagImport.RUNNING).update(**ended)
    try:
        with transaction.atomic():
            return ServiceTagImport.objects.create(file_name=_shown(name), file_size=size, imported_by=by)
    except IntegrityError:
        return Problem(
            Code.INVALID_SERVICE_TAGS, "Another import of service tags is running. Wait for its end, then look here."
        )


def _shown(name: str) -> str:
    """The name of a file as the table takes it."""
    return "".join(each for each in name if each.isprintable())[-200:] or "unnamed"


def _told(reader: TagReader, row: ServiceTagImport) -> Iterator[Tag]:
    """The tags, while the row says how far it is."""
    count, told_at = 0, time.monotonic()
    for count, tag in enumerate(reader.tags(), start=1):
        yield tag
        if time.monotonic() - told_at >= TELLS_EVERY:
            told_at = time.monotonic()
            ServiceTagImport.objects.filter(pk=row.pk).update(
                bytes_read=reader.read, tag_count=count, seen_at=timezone.now()
            )


def _put(row: ServiceTagImport, reader: TagReader, tags: list[Tag]) -> ServiceTagImport:
    """BrokenFileError where the import was given up meanwhile; nothing is changed then."""
    locked = ServiceTagImport.objects.select_for_update().get(pk=row.pk)
    if locked.state != ServiceTagImport.RUNNING:
        raise BrokenFileError("The import took too long, and another one has begun meanwhile.")
    last = ServiceTagImport.last()
    if last is not None:
        before = {
            name: Packed(bytes(ipv4), bytes(ipv6)) for name, ipv4, ipv6 in last.tags.values_list("name", "ipv4", "ipv6")
        }
        locked.difference = difference(before, {tag.name: tag.prefixes for tag in tags})
    ServiceTag.objects.all().delete()
    ServiceTag.objects.bulk_create((_row(locked, tag) for tag in tags), batch_size=ROWS_AT_ONCE)
    locked.state, locked.ended_at = ServiceTagImport.DONE, timezone.now()
    locked.seen_at, locked.bytes_read, locked.file_size = locked.ended_at, reader.read, reader.read
    locked.cloud, locked.change_number = reader.cloud, reader.change_number
    locked.tag_count, locked.prefix_count = len(tags), sum(len(tag.prefixes) for tag in tags)
    locked.save()
    return locked


def _forget_old_ones() -> None:
    last = ServiceTagImport.last()
    others = ServiceTagImport.objects.exclude(pk=last.pk if last else 0)
    others.exclude(pk__in=list(others.values_list("pk", flat=True)[: KEPT - 1])).delete()


def _row(row: ServiceTagImport, tag: Tag) -> ServiceTag:
    return ServiceTag(
        imported_in=row,
        name=tag.name,
        region=tag.region,
        system_service=tag.system_service,
        change_number=tag.change_number,
        prefix_count=len(tag.prefixes),
        ipv4=tag.prefixes.ipv4,
        ipv6=tag.prefixes.ipv6,
    )


@dataclass(frozen=True, slots=True)
class Holding:
    """A tag that holds an address, and the narrowest of its prefixes that does."""

    tag: ServiceTag
    prefix: str


def tags_holding(address: Address) -> list[Holding]:
    """Every tag of the last import that holds the address; those of one region first. One query."""
    column = "ipv4" if address.version == 4 else "ipv6"
    found = []
    for tag in ServiceTag.objects.only("name", "region", "system_service", column).iterator(chunk_size=ROWS_AT_ONCE):
        packed = Packed(**{column: bytes(getattr(tag, column))})
        if prefix := packed.narrowest(address):
            found.append(Holding(tag, str(prefix)))
    return sorted(found, key=lambda each: (not each.tag.region, each.tag.name.lower()))


def names_of(keys: Iterable[str]) -> dict[str, str]:
    """Of the last import, by the name of a tag in lower case: the name as the file spells it. One query."""
    tags = ServiceTag.objects.alias(key=Lower("name")).filter(key__in=list(keys))
    return {name.lower(): name for name in tags.values_list("name", flat=True)}


def prefixes_of(keys: Iterable[str]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Of the last import, by the name of a tag in lower case: the name as the file spells it, and its prefixes, those
    that lie in or beside each other put together. A tag that isn't there is left out. One query."""
    tags = ServiceTag.objects.alias(key=Lower("name")).filter(key__in=list(keys))
    return {tag.name.lower(): (tag.name, combined([tag])) for tag in tags}


def combined(tags: Iterable[ServiceTag]) -> tuple[str, ...]:
    """Their prefixes as few as can be, IPv4 first."""
    every = [prefix for tag in tags for prefix in Packed(bytes(tag.ipv4), bytes(tag.ipv6))]
    return tuple(
        str(prefix)
        for version in (4, 6)
        for prefix in collapse_addresses(each for each in every if each.version == version)  # type: ignore[type-var]
    )
