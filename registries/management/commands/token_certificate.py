"""manage.py token_certificate"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registries.signing import certificate_path, key


class Command(BaseCommand):
    help = (
        "Makes the key that tokens are signed with, where there is none yet, and prints the path of its certificate, "
        "which registries check tokens with. Registries don't start without it."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            key()
        except (ValueError, OSError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(str(certificate_path()))
