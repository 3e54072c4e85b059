"""manage.py import_service_tags FILE"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from networking.access.problems import Problem
from networking.management.origin import command_origin
from networking.tags.storing import import_tags


class Command(BaseCommand):
    help = (
        "Imports the weekly file of Azure's service tags, ServiceTags_Public_….json, in the place of the last one; a "
        "broken file changes nothing, and the exit status is 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the JSON file, as it was downloaded")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            path = Path(options["file"])
            with path.open("rb") as file:
                size = path.stat().st_size
                done = import_tags(file, name=path.name, size=size, by=command_origin().account)
        except OSError as error:
            raise CommandError(f"'{options['file']}' can't be read: {error.strerror}.") from None
        except ValueError:  # a NUL in the path
            raise CommandError(f"'{options['file']}' isn't the name of a file.") from None
        if isinstance(done, Problem):
            raise CommandError(str(done))
        self.stdout.write(
            f"Imported service tags {done.cloud} {done.change_number}: {done.tag_count:,} tags with "
            f"{done.prefix_count:,} address prefixes."
        )
        if counts := done.difference.get("counts"):
            self.stdout.write(
                f"Tags: {counts['tags_added']:,} added, {counts['tags_removed']:,} removed. "
                f"Prefixes in other tags: {counts['added']:,} added, {counts['removed']:,} removed."
            )
