"""Accounts of programs. The user name is the client id, the password the client secret; only its hash is kept."""

import secrets
import uuid
from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.db import transaction

from registries.models import Account

ROLES = ("Reader", "Contributor", "Owner")
MAX_NAME = 150


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a program signs in with. The secret is nowhere else, and is shown once."""

    client_id: str
    secret: str


def create(name: str, role: str) -> Credentials:
    """A new service principal, which people know by `name`. ValueError with a sentence where the name can't be one, or
    the role is none."""
    name = " ".join(name.split())
    if problem := problem_with(name):
        raise ValueError(problem)
    if role not in ROLES:
        raise ValueError(f"The role is '{role}'; it must be one of {', '.join(ROLES)}.")
    made = Credentials(client_id=str(uuid.uuid4()), secret=new_secret())
    with transaction.atomic():
        account = Account(username=made.client_id, first_name=name, service_principal=True)
        account.set_password(made.secret)
        account.save()
        account.groups.set([Group.objects.get(name=role)])
    return made


def problem_with(name: str) -> str:
    """Why it can't be a name, a sentence; empty where it can."""
    if not name or len(name) > MAX_NAME or not name.isprintable():
        return f"The name must have 1 to {MAX_NAME} characters that print."
    return ""


def renew(account: Account) -> Credentials:
    """A new secret; the old one is worth nothing from now on."""
    made = Credentials(client_id=account.username, secret=new_secret())
    account.set_password(made.secret)
    account.save(update_fields=["password"])
    return made


def new_secret() -> str:
    """Long enough that nobody guesses it, and without characters that a shell would take for its own."""
    return secrets.token_urlsafe(30).replace("-", "x")
