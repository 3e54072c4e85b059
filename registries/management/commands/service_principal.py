"""manage.py service_principal NAME --role ROLE"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from registries import signing
from registries.models import Account
from registries.service_principals import ROLES, Credentials, create, renew


class Command(BaseCommand):
    help = (
        "Makes the account of a program, for az and docker login, and prints its client id, its secret and the tenant. "
        "The secret is shown this once: only a hash of it is kept."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="what people call it; with --new-secret, its client id")
        parser.add_argument("--role", choices=ROLES, default="Reader", help="what it may do (default: Reader)")
        parser.add_argument("--new-secret", action="store_true", help="a new secret for one that is there already")

    def handle(self, *args: Any, **options: Any) -> None:
        made = _renewed(options["name"]) if options["new_secret"] else _created(options["name"], options["role"])
        self.stdout.write(f"Client id: {made.client_id}")
        self.stdout.write(f"Secret:    {made.secret}")
        self.stdout.write(f"Tenant:    {signing.tenant_id()}")


def _created(name: str, role: str) -> Credentials:
    try:
        return create(name, role)
    except ValueError as error:
        raise CommandError(str(error)) from None


def _renewed(client_id: str) -> Credentials:
    account = Account.objects.filter(username=client_id, service_principal=True).first()
    if account is None:
        raise CommandError(f"There is no service principal with the client id '{client_id[:150]}'.")
    return renew(account)
