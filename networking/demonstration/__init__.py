"""The demonstration state: registries and networks from the ARM JSON beside this file, accounts, and the simulated
address."""

import json
from dataclasses import replace
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction

from networking.access.policy import AccessPolicy
from networking.access.problems import Problem
from networking.arm.document import Document, read
from networking.demonstration.networks import restored_networks
from networking.demonstration.service_tags import restored_service_tags
from networking.importing import import_document
from networking.models import SimulatedClient
from networking.must_work import add_must_work_caller
from registries.demonstration import DEMONSTRATION_ACCOUNTS, DEMONSTRATION_SERVICE_PRINCIPAL, DemonstrationAccount
from registries.models import Account, Change, Origin, Registry, Subscription

HERE = Path(__file__).parent
SUBSCRIPTION_NAME = "Demonstration"
# In the order of making: the region of a group's first registry becomes the group's own.
REGISTRIES = (
    "mycontainerregistry",
    "myregistry",
    "contosoarchive",
    "contosobranches",
    "contosoteam",
    "contosolab",
)


def restore(*, reset: bool, origin: Origin) -> list[str]:
    """Make what is missing of the demonstration state; with `reset`, make all of it anew. Says what was done.

    Without `reset`, what people changed stays, and a registry they deleted stays deleted. Registries that bear other
    names are never touched. One transaction.
    """
    if not settings.DEMONSTRATION:
        raise RuntimeError("restore makes accounts whose passwords everybody knows; DEMONSTRATION is off.")
    with transaction.atomic():
        # Two restores at once would make the same rows twice; the roles are there from the migrations on.
        Group.objects.select_for_update().get(name="Owner")
        done = [_restored_account(account, reset=reset) for account in DEMONSTRATION_ACCOUNTS]
        done.append(_restored_account(DEMONSTRATION_SERVICE_PRINCIPAL, reset=reset, program=True))
        first = _document(REGISTRIES[0])
        Subscription.objects.get_or_create(
            subscription_id=first.id.split("/")[2], defaults={"display_name": SUBSCRIPTION_NAME}
        )
        for name in REGISTRIES:
            done += _restored_registry(name, origin, reset=reset)
        done += restored_networks(origin, reset=reset)
        done.append(restored_service_tags(reset=reset))
        if reset:
            SimulatedClient.objects.all().delete()  # without a row it is the address of the start
            done.append("Reset the simulated client address.")
    return done


def _restored_account(wanted: DemonstrationAccount, *, reset: bool, program: bool = False) -> str:
    account, created = Account.objects.get_or_create(username=wanted.username)
    if not (created or reset):
        return f"Kept the account {wanted.username} as it is."
    account.is_active, account.is_staff, account.is_superuser = True, not program, False
    account.service_principal = program
    if not account.check_password(wanted.password):  # a new hash of the same password would sign its owner out
        account.set_password(wanted.password)
    account.save()
    account.groups.set([Group.objects.get(name=wanted.role)])
    account.user_permissions.clear()
    account.notifications.all().delete()
    return f"{'Made' if created else 'Reset'} the account {wanted.username}."


def _restored_registry(name: str, origin: Origin, *, reset: bool) -> list[str]:
    document = _document(name)
    registry = Registry.objects.with_group().named(name).first()
    if registry is not None:
        if not reset:
            return [f"Kept '{registry.name}' as it is."]
        registry.delete_recorded(origin)
    elif not reset and Change.objects.filter(resource_id__iexact=document.id).exists():
        return [f"Left '{name}' deleted; demo --reset brings it back."]
    imported = import_document(document, origin)
    if isinstance(imported, Problem):
        raise ValueError(f"{name}.json can't be imported: {imported}")
    _name_must_work_callers(imported.registry, origin)
    return imported.sentences


def _name_must_work_callers(registry: Registry, origin: Origin) -> None:
    named = json.loads((HERE / "must_work_callers.json").read_text(encoding="utf-8")).get(registry.name, {})
    for text, name in named.items():
        added = add_must_work_caller(registry, name=name, text=text, origin=origin)
        if isinstance(added, Problem):
            raise ValueError(f"must_work_callers.json can't be read: {added}")


def _document(name: str) -> Document:
    """The registry as its file describes it, with the names and notes that ARM JSON has no place for."""
    document = read(json.loads((HERE / f"{name}.json").read_text(encoding="utf-8")))
    if isinstance(document, Problem):
        raise ValueError(f"{name}.json can't be read: {document}")
    names = json.loads((HERE / "rule_names.json").read_text(encoding="utf-8")).get(name, {})
    return replace(document, policy=_with_names(document.policy, names))


def _with_names(policy: AccessPolicy, names: dict[str, dict[str, str]]) -> AccessPolicy:
    said = [names.get(str(rule), {}) for rule in policy.rules]
    rules = (
        replace(rule, name=each.get("name", ""), note=each.get("note", ""))
        for rule, each in zip(policy.rules, said, strict=True)
    )
    return replace(policy, rules=tuple(rules))
