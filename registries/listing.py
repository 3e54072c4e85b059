"""The list of registries: what a person asked for, and what a line says."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Self
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import F, Func, Q
from django.db.models.functions import Lower
from django.http import QueryDict

from registries import regions
from registries.models import TIERS, Registry, RegistryQuerySet, ResourceGroup

LINES = 30  # to a page


class Look(NamedTuple):
    """How a choice of public network access is shown: the word says it, the icon only repeats it."""

    text: str
    icon: str
    css: str


PUBLIC_ACCESS = {
    "all": Look("All networks", "m-geo", "amber"),
    "selected": Look("Selected networks", "m-fw", "green"),
    "disabled": Look("Disabled", "m-lock", ""),
}

SORTED_BY: dict[str, F | Func] = {
    "name": Lower("name"),
    "access": F("public_access"),
    "rules": F("rule_count"),
    "group": Lower("resource_group__name"),
    "tier": F("sku"),
    "location": F("location"),
    "changed": F("changed_at"),
}


class Column(NamedTuple):
    """A heading: the link in it sorts by its column, or turns the order round. `aria` is empty where not sorted by."""

    text: str
    sort: str
    aria: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to the list. Words that mean nothing are left out, so a link from anywhere shows something."""

    q: str = ""
    tier: str = ""
    access: str = ""
    sort: str = "name"
    descending: bool = False

    @classmethod
    def read(cls, query: QueryDict) -> Self:
        tier, access, sort = query.get("tier", ""), query.get("access", ""), query.get("sort", "")
        key = sort.removeprefix("-")
        known = key in SORTED_BY
        return cls(
            q=query.get("q", "").replace("\0", "").strip()[:100],
            tier=tier if tier in TIERS else "",
            access=access if access in PUBLIC_ACCESS else "",
            sort=key if known else "name",
            descending=known and sort.startswith("-"),
        )

    @property
    def narrowed(self) -> bool:
        return bool(self.q or self.tier or self.access)

    def narrow(self, registries: RegistryQuerySet) -> RegistryQuerySet:
        if self.q:
            # People search for 'East US', the column holds 'eastus'.
            shown = [key for key, name in regions.DISPLAY_NAMES.items() if self.q.lower() in name.lower()]
            registries = registries.filter(
                Q(name__icontains=self.q)
                | Q(resource_group__in=ResourceGroup.objects.filter(name__icontains=self.q))
                | Q(location__icontains=self.q)
                | Q(location__in=shown)
            )
        if self.tier:
            registries = registries.filter(sku=self.tier)
        if self.access:
            registries = registries.filter(public_access=self.access)
        return registries

    def order(self, registries: RegistryQuerySet) -> RegistryQuerySet:
        """By the column asked for and then by name, so that pages never overlap. Descending turns both round: so one
        index a column serves both ways."""
        ordered = registries.order_by(SORTED_BY[self.sort], Lower("name"))
        return ordered.reverse() if self.descending else ordered

    def columns(self, *, with_group: bool = True) -> list[Column]:
        headings = {
            "name": "Name",
            "access": "Public network access",
            "rules": "Rules",
            "group": "Resource group",
            "tier": "Tier",
            "location": "Location",
            "changed": "Last change",
        }
        return [self._column(key, text) for key, text in headings.items() if with_group or key != "group"]

    def _column(self, key: str, text: str) -> Column:
        if key != self.sort:
            return Column(text, key, "")
        return Column(text, key, "descending") if self.descending else Column(text, f"-{key}", "ascending")


@dataclass(frozen=True, slots=True)
class Line:
    """One registry as the list shows it."""

    name: str
    access: Look
    rules: str
    group: str
    subscription: UUID
    tier: str
    location: str
    changed_at: datetime

    @classmethod
    def of(cls, registry: Registry) -> Self:
        return cls(
            name=registry.name,
            access=PUBLIC_ACCESS[registry.public_access],
            rules=str(registry.rule_count) if registry.is_premium else "–",
            group=registry.resource_group.name,
            subscription=registry.resource_group.subscription.subscription_id,
            tier=registry.sku,
            location=regions.display_name(registry.location),
            changed_at=registry.changed_at,
        )


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the list. `previous` and `next` are page numbers, 0 where there is none."""

    lines: tuple[Line, ...]
    showing: str
    previous: int
    next: int

    @classmethod
    def of(cls, registries: RegistryQuerySet, number: str) -> Self:
        """The page asked for, or the nearest there is. Two queries."""
        paginator = Paginator(registries, LINES)
        page = paginator.page(min(max(_whole(number), 1), paginator.num_pages))
        slice_ = _slice(registries, (page.number - 1) * LINES, page.end_index(), paginator.count)
        # The slice by itself first, so that the rows before it are never joined to their groups.
        shown = registries.with_group().filter(pk__in=slice_.values("pk"))
        return cls(
            lines=tuple(Line.of(registry) for registry in shown),
            showing=_showing(page.start_index(), page.end_index(), paginator.count),
            previous=page.previous_page_number() if page.has_previous() else 0,
            next=page.next_page_number() if page.has_next() else 0,
        )


def _slice(registries: RegistryQuerySet, first: int, last: int, count: int) -> RegistryQuerySet:
    """The rows `first` to before `last`, in any order, read from the nearer end: the database steps over every row
    that comes before."""
    if first <= count // 2:
        return registries[first:last]
    return registries.reverse()[count - last : count - first]


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return 1


def _showing(first: int, last: int, count: int) -> str:
    registries = "registry" if count == 1 else "registries"
    return f"Showing {first:,} to {last:,} of {count:,} {registries}." if count else ""
