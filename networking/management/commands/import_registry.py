"""manage.py import_registry FILE|-"""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from networking.access.problems import Problem
from networking.importing import import_registries
from networking.management.origin import command_origin


class Command(BaseCommand):
    help = (
        "Imports a registry from the JSON of 'az acr show -o json' or of an ARM GET, or every registry of "
        "'az acr list -o json'. All or nothing; a registry that is there already is updated. What Portcullis has no "
        "use for is kept aside and reported."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the JSON file, or - for standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        imported = import_registries(_json(options["file"]), command_origin())
        if isinstance(imported, Problem):
            raise CommandError(str(imported))
        for each in imported:
            for sentence in each.sentences:
                self.stdout.write(sentence)


def _json(file: str) -> object:
    """What the file holds, or a CommandError that says where it stops being JSON."""
    named = "Standard input" if file == "-" else f"'{file}'"
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise CommandError(f"{named} can't be read: {error.strerror}.") from None
    except ValueError:  # a NUL in the path
        raise CommandError(f"{named} isn't the name of a file.") from None
    try:
        return json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise CommandError(f"{named} isn't UTF-8 text: see byte {error.start + 1:,}. Save it as UTF-8.") from None
    except json.JSONDecodeError as error:
        raise CommandError(
            f"{named} isn't JSON: {error.msg} at line {error.lineno}, column {error.colno}. Nothing was imported."
        ) from None
    except (ValueError, RecursionError):  # a number of thousands of digits, thousands of brackets
        raise CommandError(f"{named} holds a number too long or brackets too deep to be a registry.") from None
