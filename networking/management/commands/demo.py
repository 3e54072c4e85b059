"""manage.py demo [--reset]"""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from networking.demonstration import restore
from networking.management.origin import command_origin
from registries.demonstration import DEMONSTRATION_ACCOUNTS


class Command(BaseCommand):
    help = (
        "Makes the accounts and registries of demonstration mode. Run again, it adds what is missing and keeps what "
        "people changed or deleted."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--reset",
            action="store_true",
            help="bring the demonstration registries, accounts and simulated address back to the start; "
            "registries of other names stay as they are",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMONSTRATION:
            raise CommandError(
                "Demonstration mode is off, and its passwords are known to everybody. "
                "Set DEMONSTRATION=true to try Portcullis out; never where others can reach it."
            )
        for sentence in restore(reset=options["reset"], origin=command_origin()):
            self.stdout.write(sentence)
        for account in DEMONSTRATION_ACCOUNTS:
            self.stdout.write(f"Sign in as {account.username} ({account.role}), password {account.password}.")
