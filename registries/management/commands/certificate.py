"""manage.py certificate [NAME …]"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from registries.authority import authority_path, certificate_for, default_names


class Command(BaseCommand):
    help = (
        "Makes the certificate of a server with these names, from the authority of this installation, and prints the "
        "paths of the certificate, of its key and of the authority that clients have to trust, a line each. One that "
        "is there already is made anew only before it ends."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "names",
            metavar="NAME",
            nargs="*",
            help="host name, *.host name, or address; without any: this machine and every registry",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            certificate, key = certificate_for(options["names"] or default_names())
        except (ValueError, OSError) as error:
            raise CommandError(str(error)) from None
        for path in (certificate, key, authority_path()):
            self.stdout.write(str(path))
