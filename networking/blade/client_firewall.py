"""Network tools › Client firewall rules: what clients behind a firewall must reach (document 003)."""

from dataclasses import dataclass
from typing import Any, Self

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from networking.access.endpoints import PORT, RegistryHosts, Switch, must_reach, tags_needed
from networking.access.problems import Problem
from networking.blade.client_hosts import hosts_of
from networking.blade.client_tags import known_tags
from networking.blade.http import BladeRequest
from networking.exchange.client_firewall import ClientRules, Format, spell
from networking.models import ServiceTagImport
from registries.http import registry_or_404, require
from registries.models import CHANGE, VIEW, Registry


@never_cache
@require_safe
def client_firewall(request: BladeRequest, name: str) -> HttpResponse:
    """The page. Its address holds what was chosen."""
    registry = registry_or_404(name)
    require(request, VIEW, registry)
    asked = Asked.read(request.GET, registry)
    hosts = hosts_of(registry)
    last = ServiceTagImport.last()
    rules = asked.rules(registry, hosts, last)
    text = spell(rules, asked.form)
    context: dict[str, Any] = {
        "registry": registry,
        "page": "Client firewall rules",
        "asked": asked,
        "formats": list(Format),
        "regions": [(each.region, each.location) for each in hosts.data],
        "hosts": hosts,
        "rules": rules,
        "port": PORT,
        "text": text if isinstance(text, str) else "",
        "problem": text if isinstance(text, Problem) else None,
        "last_import": last,
        # Nobody needs to hear of it who has imported nothing and asks for no prefixes.
        "without": rules.without if last or asked.prefixes else "",
        "may_change": registry.is_premium and request.user.may(CHANGE, registry),
        "switch": Switch.of(hosts),
    }
    return render(request, "networking/client_firewall.html", context)


@never_cache
@require_safe
def client_firewall_file(request: BladeRequest, name: str) -> HttpResponse:
    """The same text as a file; 422 with a sentence where that firewall can't be told."""
    registry = registry_or_404(name)
    require(request, VIEW, registry)
    asked = Asked.read(request.GET, registry)
    text = spell(asked.rules(registry, hosts_of(registry), ServiceTagImport.last()), asked.form)
    if isinstance(text, Problem):
        return HttpResponse(str(text), status=422, content_type="text/plain; charset=utf-8")
    response = HttpResponse(text, content_type=f"{asked.form.content_type}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{registry.name}-{asked.form.file_name}"'
    return response


@dataclass(frozen=True, slots=True)
class Asked:
    """What was chosen. Nonsense in the address counts as not chosen; `refused` names it."""

    microsoft: bool = False
    prefixes: bool = False
    region: str = ""
    form: Format = Format.PLAIN
    refused: str = ""

    @classmethod
    def read(cls, query: QueryDict, registry: Registry) -> Self:
        regions = {each.region for each in hosts_of(registry).data}
        region, form = query.get("region", ""), query.get("format", "")
        nonsense = []
        if region and region not in regions:
            nonsense.append(f"no region '{region[:50]}'")
        if form and form not in Format:
            nonsense.append(f"no format '{form[:50]}'")
        return cls(
            microsoft="mcr" in query,
            prefixes="prefixes" in query,
            region=region if region in regions else "",
            form=Format(form) if form in Format else Format.PLAIN,
            refused=f"This registry has {' and '.join(nonsense)}; left out." if nonsense else "",
        )

    @property
    def query(self) -> str:
        """As the address of the page and of the file holds it."""
        chosen = {"mcr": self.microsoft, "prefixes": self.prefixes}
        said = {name: "1" for name, on in chosen.items() if on}
        return urlencode(said | ({"region": self.region} if self.region else {}) | {"format": self.form.value})

    def rules(self, registry: Registry, hosts: RegistryHosts, last: ServiceTagImport | None) -> ClientRules:
        """One query for the service tags, where there are any."""
        hosts = hosts.only(self.region)
        needed = tags_needed(hosts, region=self.region, microsoft=self.microsoft)
        prefixes = self.prefixes or self.form is Format.NFTABLES
        tags = known_tags(needed, hosts.cloud, last, prefixes=prefixes)
        return ClientRules(
            registry=registry.name,
            login_server=registry.login_server,
            endpoints=must_reach(hosts, microsoft=self.microsoft),
            tags=tags.rules,
            prefixes=prefixes,
            source=tags.source,
            without=tags.without,
        )
