"""Who signs in, and the one place where a permission is checked."""

import uuid
from functools import cache
from typing import TYPE_CHECKING

from django.contrib.auth.models import AbstractUser, Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
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
IMPORT_SERVICE_TAGS = "networking.add_servicetagimport"  # a string: the ground floor knows nothing of networking

# The group of accounts that are trusted services by who they are, which a gate asks for with CHALLENGE-FIRST. It is no
# role: it holds no permission, and whoever is in it has a role besides.
TRUSTED_GROUP = "Trusted services"


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

    @classmethod
    def active(cls, username: str) -> "Account | None":
        """The active account of that name with what it may do, in one query, for whoever asks with each request; None
        where there is none. Its other columns are read when they are asked for."""
        with connection.cursor() as cursor:
            cursor.execute(_active_with_permissions(), {"username": username})
            rows = cursor.fetchall()
        if not rows:
            return None
        pk, superuser, program = rows[0][:3]
        names = ("id", "username", "is_active", "is_superuser", "service_principal")
        values = (pk, username, True, bool(superuser), bool(program))
        known = dict(zip(names, values, strict=True))
        columns = [field.attname for field in cls._meta.concrete_fields]
        account = cls.from_db(connection.alias, names, [known[each] for each in columns if each in known])
        # Where Django's own backend keeps what it has asked the database for.
        account._perm_cache = {f"{app}.{codename}" for *_, app, codename in rows if codename}  # type: ignore[attr-defined]
        return account

    @classmethod
    def programs(cls, usernames: set[str]) -> set[str]:
        """Which of them are service principals. One query, and none for nobody."""
        asked = [each for each in usernames if each]
        if not asked:
            return set()
        places = ", ".join(["%s"] * len(asked))
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT username FROM {cls._meta.db_table} WHERE service_principal AND username IN ({places})",  # noqa: S608
                asked,
            )
            return {username for (username,) in cursor.fetchall()}

    @cached_property
    def role(self) -> str:
        """The name of the account's role, for people to read; what it may do is asked through `may`."""
        group = self.groups.exclude(name=TRUSTED_GROUP).order_by("name").first()
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


@cache
def _active_with_permissions() -> str:
    """One row for each permission of the account, by its role or its own; one without where it has none."""
    account, own, by_role = Account._meta.db_table, Account.user_permissions.through, Account.groups.through
    group, permission = Group.permissions.through._meta.db_table, Permission._meta.db_table
    return f"""
        SELECT a.id, a.is_superuser, a.service_principal, kind.app_label, permission.codename
        FROM {account} a
        LEFT JOIN {permission} permission ON permission.id IN (
            SELECT permission_id FROM {own._meta.db_table} WHERE account_id = a.id
            UNION
            SELECT of_group.permission_id FROM {group} of_group
            JOIN {by_role._meta.db_table} role ON role.group_id = of_group.group_id WHERE role.account_id = a.id
        )
        LEFT JOIN {ContentType._meta.db_table} kind ON kind.id = permission.content_type_id
        WHERE a.username = %(username)s AND a.is_active
    """  # noqa: S608 - names of tables, and nothing that anybody typed
