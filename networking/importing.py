"""Registries from their JSON into the database: checked whole first, then written in one transaction or not at all."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models.functions import Lower

from networking.access.policy import AccessPolicy
from networking.access.problems import Code, Problem
from networking.arm.body import merge
from networking.arm.document import Document, read
from networking.models import EndpointSettings, Stale
from registries import regions
from registries.models import NAME_RULE, Origin, Registry, ResourceGroup, Subscription
from registries.resource_id import GROUP_NAME, ResourceId

SUBSCRIPTION_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
LOCATION = re.compile(r"[a-z0-9]{1,40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one document: the registry as it is stored now. Made anew, changed, or neither."""

    registry: Registry
    policy: AccessPolicy
    created: bool
    changed: bool

    @property
    def sentences(self) -> list[str]:
        where = f"'{self.registry.name}'", self.registry.resource_group.name, _summary(self.policy)
        if self.created:
            done = "Imported {} into {}: {}.".format(*where)
        elif self.changed:
            done = "Updated {} in {}: {}.".format(*where)
        else:
            done = "{} in {} was up to date: {}.".format(*where)
        kept = ", ".join(sorted(self.registry.kept_aside))  # PostgreSQL keeps an order of its own
        return [done, f"Kept aside, not used by Portcullis: {kept}."] if kept else [done]


def import_registries(value: object, origin: Origin) -> list[Imported] | Problem:
    """The JSON of one registry or of a list of them, all or nothing.

    A registry that is there already is updated, and keeps what its JSON does not say; its rules keep their names.
    """
    if value == []:
        return _refusal("The list holds no registry.")
    listed = value if isinstance(value, list) else [value]
    documents: list[Document] = []
    for number, each in enumerate(listed, start=1):
        document = read(each)
        if isinstance(document, Problem):
            return _placed(document, number, len(listed))
        documents.append(document)
    while True:
        with transaction.atomic():
            if _hold(documents, origin):
                return _imported(documents, origin)
            transaction.set_rollback(True)


def _hold(documents: Iterable[Document], origin: Origin) -> bool:
    """All locks that these take, in the order of all locks: their registries, and the groups of those that are not
    there yet, which are made. After the first registry is written, everybody else's changes wait for this transaction,
    so it must not wait for any of theirs. False where another registry of these names came meanwhile."""
    placed = [(place, each) for each in documents if isinstance(place := _place(each), ResourceId)]
    names = {place.name.lower() for place, _ in placed}
    of_these = Registry.objects.alias(key=Lower("name")).filter(key__in=names)
    held = list(of_these.locked().order_by("pk"))
    there = {each.name.lower() for each in held}
    new = [(place, each) for place, each in placed if place.name.lower() not in there]
    subscriptions = {each: _subscription(each) for each in sorted({place.subscription.lower() for place, _ in new})}
    groups: dict[tuple[int, str], tuple[ResourceId, Document]] = {}
    for place, document in new:
        within = subscriptions[place.subscription.lower()]
        groups.setdefault(ResourceGroup.lock_order(within.pk, place.resource_group), (place, document))
    for _, (place, document) in sorted(groups.items(), key=lambda each: each[0]):
        _group(document, place, origin)
    return {each.pk for each in held} >= set(of_these.values_list("pk", flat=True))


def _imported(documents: Sequence[Document], origin: Origin) -> list[Imported] | Problem:
    """Under all the locks."""
    imported: list[Imported] = []
    for number, document in enumerate(documents, start=1):
        done = import_document(document, origin)
        if isinstance(done, Problem):
            transaction.set_rollback(True)
            return _placed(done, number, len(documents))
        imported.append(done)
    return imported


def import_document(document: Document, origin: Origin) -> Imported | Problem:
    """One registry. Call it in a transaction that is rolled back where it returns a Problem."""
    place = _place(document)
    if isinstance(place, Problem):
        return place
    registry = Registry.objects.locked().named(place.name).first()
    if registry is None:
        return _create(document, place, origin)
    if str(registry.resource_id).lower() != str(place).lower():
        return _refusal(
            f"The name '{place.name}' is taken by {registry.resource_id}. "
            "A registry name stands for one registry in the whole world."
        )
    return _update(registry, document, origin)


def _place(document: Document) -> ResourceId | Problem:
    """Where the registry stands, once every part of its id is one that Azure could have given."""
    place = ResourceId.parse(document.id)
    if place is None:
        return _refusal(f"'{document.id[:200]}' isn't the resource id of a container registry.")
    if place.name.lower() != document.name.lower():
        return _refusal(f"The name '{document.name[:50]}' and the end of the id, '{place.name[:50]}', differ.")
    if not NAME_RULE.fullmatch(place.name):
        return _refusal(f"'{place.name[:50]}' isn't a registry name: it takes 5 to 50 letters and digits.")
    if not SUBSCRIPTION_ID.fullmatch(place.subscription):
        return _refusal(f"'{place.subscription[:50]}' isn't a subscription id: it is a GUID.")
    if not GROUP_NAME.fullmatch(place.resource_group):
        return _refusal(f"'{place.resource_group[:90]}' isn't the name of a resource group.")
    if not LOCATION.fullmatch(regions.arm_name(document.location)):
        return _refusal(f"'{document.location[:40]}' isn't the name of a region.")
    return replace(place, name=document.name)


def _create(document: Document, place: ResourceId, origin: Origin) -> Imported | Problem:
    if problem := document.policy.problem_for_tier(document.sku):
        return problem
    registry = Registry.create_recorded(
        resource_group=_group(document, place, origin),
        name=place.name,
        sku=document.sku,
        location=regions.arm_name(document.location),
        origin=origin,
        tags=document.tags,
        kept_aside=document.kept_aside,
    )
    stored = EndpointSettings.store(registry, document.policy, seen=AccessPolicy().fingerprint, origin=origin)
    if isinstance(stored, Problem):
        return stored
    registry.refresh_from_db()
    return Imported(registry, document.policy, created=True, changed=True)


def _group(document: Document, place: ResourceId, origin: Origin) -> ResourceGroup:
    """The resource group, made with its subscription where it is not there yet."""
    region = regions.arm_name(document.location)
    return ResourceGroup.there_or_created(_subscription(place.subscription), place.resource_group, region, origin)


def _subscription(number: str) -> Subscription:
    defaults = {"display_name": f"Subscription {number.lower()}"}
    return Subscription.objects.get_or_create(subscription_id=number, defaults=defaults)[0]


def _update(registry: Registry, document: Document, origin: Origin) -> Imported | Problem:
    if registry.location != regions.arm_name(document.location):
        return _refusal(
            f"'{registry.name}' is in {registry.location} and can't move to {document.location}: "
            "a registry stays in its region."
        )
    before = EndpointSettings.of(registry).policy
    # Only Premium has rules: the JSON of another tier does not mention them, and none is what that means there.
    policy = merge(before, document.networking) if document.sku == "Premium" else document.policy
    if isinstance(policy, Problem):
        return policy
    if problem := policy.problem_for_tier(document.sku):
        return problem
    was = registry.sku, before
    if document.sku == "Premium":
        registry.change_tier(document.sku, origin)
    stored = EndpointSettings.store(registry, policy, seen=before.fingerprint, origin=origin)
    if isinstance(stored, Problem):
        return stored
    if isinstance(stored, Stale):
        return _refusal(f"Somebody saved '{registry.name}' just now. Import it again.")
    registry.refresh_from_db()
    if in_the_way := registry.change_tier(document.sku, origin):
        return _refusal(" ".join(in_the_way))
    tags = registry.change_tags(document.tags, origin)
    kept = registry.change_kept_aside(document.kept_aside, origin)
    changed = was != (registry.sku, policy) or tags is not None or kept is not None
    return Imported(registry, policy, created=False, changed=changed)


def _placed(problem: Problem, number: int, count: int) -> Problem:
    """The same sentence, with which registry of a list it is about and what Azure does otherwise."""
    message = problem.message
    if problem.code is Code.QUOTA_EXCEEDED:
        message += " Azure itself takes 200 since January 2026; Portcullis keeps the 100 of the documents."
    if count > 1:
        message = f"Registry {number} of {count}: {message}"
    return replace(problem, message=message)


def _refusal(message: str) -> Problem:
    return Problem(Code.INVALID_PROPERTY, message)


def _summary(policy: AccessPolicy) -> str:
    count = len(policy.rules)
    parts = [policy.public_access.label, "1 address range" if count == 1 else f"{count or 'no'} address ranges"]
    if policy.subnets:
        count = len(policy.subnets)
        parts.append("1 virtual network rule" if count == 1 else f"{count} virtual network rules")
    parts.append("trusted services allowed" if policy.trusted_services else "trusted services not allowed")
    if policy.data_endpoint:
        parts.append("dedicated data endpoint on")
    return ", ".join(parts)
