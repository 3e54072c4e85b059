"""Who signs in, and the one place where a permission is checked."""

import uuid
from typing import TYPE_CHECKING

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.functional import cached_property

from registries import signing

if TYPE_CHECKING:
    from registries.models import Registry

# What a role may do, as Django permissions. Everything is asked through Account.may, so that a later scope
# (a subscription, a group, one registry) changes one function.
VIEW = "registries.view_registry"
CREATE = "registries.add_registry"
CHANGE = "registries.change_registry"
DELETE = "registries.delete_registry"
MANAGE_ACCOUNTS = "registries.change_account"


class Account(AbstractUser):
    """A person who signs in, or a service principal. The groups Reader, Contributor and Owner are the roles."""

    if TYPE_CHECKING:
        id: int

    # A program's account: its username is the client id, its password the client secret. It opens no page.
    service_principal = models.BooleanField(default=False)

    class Meta:
        verbose_name = "account"

    def may(self, permission: str, registry: "Registry | None" = None) -> bool:
        """The one place where a permission is checked."""
        return self.has_perm(permission)

    @cached_property
    def role(self) -> str:
        """The name of the account's role, for people to read; what it may do is asked through `may`."""
        group = self.groups.order_by("name").first()
        return group.name if group else "No role"

    @property
    def object_id(self) -> str:
        """What directories know it by, for as long as it lives: a new user name changes nothing about it."""
        return str(uuid.uuid5(uuid.UUID(signing.tenant_id()), f"account/{self.pk}"))

    @property
    def initials(self) -> str:
        return self.username[:2].upper()

    @property
    def unread(self) -> int:
        """How many notifications the bell has that this account has not looked at. One query."""
        return self.notifications.filter(read_at=None).count()


class ServicePrincipal(Account):
    """A program's account, for the admin, which has a section of its own for them. Its permissions are those of
    accounts."""

    class Meta:
        proxy = True
        default_permissions = ()

    def __str__(self) -> str:
        return self.first_name or self.username
