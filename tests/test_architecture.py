"""The rules of the house, over the source text. Each rule has offenders beside it, so that it is known to bite.

ARCHITECTURE.md draws the rooms; these rules hold the walls.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("registries", "networking")

# Doors know the inside; nothing knows a door but the door itself. Of arm/ and gate/, some modules are translators.
DOORS = (
    "networking.blade",
    "networking.arm",
    "networking.gate",
    "networking.admin",
    "networking.management",
)
# ARM's JSON to values and back.
ARM_JSON = tuple(
    f"networking.arm.{module}"
    for module in (
        *("body", "document", "registry_body", "replication_body", "connection_body", "network_body", "endpoint_body"),
        *("group_body", "rendering", "versions"),
    )
)
TRANSLATORS = (
    "networking.forms",
    "networking.rows",
    "networking.exchange",
    "networking.client_address",
    "networking.gate.hosts",
    *ARM_JSON,
)
# What changes something, each with its lock and its record.
VERBS = (
    "networking.must_work",
    "networking.virtual_networks",
    "networking.private_endpoints",
    "networking.private_endpoint_connections",
    "networking.endpoint_addresses",
    "networking.replicating",
    "networking.private_creation",
    "networking.group_deletion",
    "networking.importing",
    "networking.demonstration",
    "networking.request_log",
    "networking.tags.storing",
)
# The ground floor from below: values, tables, and its doors; what is not named stands between the last two.
VALUES_BELOW = tuple(
    f"registries.{module}" for module in ("resource_id", "regions", "host_names", "tiers", "demonstration")
)
TABLES_BELOW = (
    "registries.models",
    "registries.accounts",
    "registries.changes",
    "registries.generation",
    "registries.named",
    "registries.notifications",
    "registries.replications",
    "registries.resource_groups",
)
DOORS_BELOW = ("registries.views", "registries.admin", "registries.management", "registries.templatetags")
PURE = (
    "networking.access",
    *ARM_JSON,
    "networking.arm.resource_filter",
    "networking.exchange",
    "networking.tags.prefixes",
    "networking.tags.reading",
    "networking.tags.difference",
)
FROM_REGISTRIES = tuple(
    f"registries.{module}"
    for module in (
        *("models", "regions", "resource_id", "http", "csv_export", "demonstration", "signing", "uploads"),
        *("admin_site", "credentials", "host_names", "tiers"),
    )
)
# Where what is stored is described: models.py and, beside it, the tables it names.
MEMORY = (
    "networking.models",
    "networking.networks",
    "networking.trusted_services",
    "networking.access_requests",
    "networking.service_tag_models",
)
# Of a proxy's log, not of a request: what is read there is shown, and decides nothing.
READS_LOGS = ("networking.request_log",)
READS_ADDRESSES = ("networking.client_address", "networking.middleware", "networking.gate", *READS_LOGS)
ADDRESS_HEADERS = {"X-FORWARDED-FOR", "X-REAL-IP", "FORWARDED", "REMOTE-ADDR", "TRUE-CLIENT-IP", "X-CLIENT-IP"}
METHOD_DECORATORS = {"require_safe", "require_GET", "require_POST", "require_http_methods"}
WITHOUT_THAT_INDEX = ("networking.admin.trusted_services",)  # a handful of rows
LONGEST = 300


@dataclass(frozen=True)
class Module:
    """A module's dotted name and its source text."""

    name: str
    source: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)


def modules() -> list[Module]:
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts]
    return [Module(dotted(path), path.read_text()) for path in sorted([*paths, ROOT / "manage.py"])]


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def within(name: str, rooms: Iterable[str]) -> bool:
    """The module is one of these or lies inside one."""
    return any(name == room or name.startswith(room + ".") for room in rooms)


def door_of(name: str) -> str | None:
    return None if within(name, TRANSLATORS) else next((door for door in DOORS if within(name, [door])), None)


def imports(module: Module) -> Iterator[str]:
    """Every dotted name a module imports, wherever the import stands. `from a import b` gives a.b, because b may be a
    module."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # One dot is the package of this module, each further one its parent.
            above = module.name.split(".")[: -node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def is_standard(name: str) -> bool:
    return name.partition(".")[0] in sys.stdlib_module_names


# The rules: what is wrong with a module, a word each; nothing where all is well.


def the_core_takes_the_standard_library_only(module: Module) -> list[str]:
    if not within(module.name, ["networking.access"]):
        return []
    return [name for name in imports(module) if not is_standard(name) and not within(name, ["networking.access"])]


def what_is_pure_takes_the_core_at_most(module: Module) -> list[str]:
    if not within(module.name, PURE):
        return []
    rooms = (*PURE, *VALUES_BELOW)
    return [name for name in imports(module) if not is_standard(name) and not within(name, rooms)]


def the_ground_floor_is_built_from_below(module: Module) -> list[str]:
    """Values know the standard library, tables those besides, and nobody knows a door but the site map."""
    if within(module.name, VALUES_BELOW):
        return [name for name in imports(module) if not is_standard(name) and not within(name, VALUES_BELOW)]
    ours = [name for name in imports(module) if within(name, ["registries"])]
    if within(module.name, TABLES_BELOW):
        rooms = (*TABLES_BELOW, *VALUES_BELOW, "registries.signing")
        return [name for name in ours if not within(name, rooms)]
    own = [door for door in DOORS_BELOW if within(module.name, [door])]
    own += ["registries.views"] if module.name == "registries.urls" else []
    return [name for name in ours if within(name, DOORS_BELOW) and not within(name, own)]


def registries_never_imports_networking(module: Module) -> list[str]:
    if not within(module.name, ["registries"]):
        return []
    return [name for name in imports(module) if within(name, ["networking"])]


def networking_takes_little_from_registries(module: Module) -> list[str]:
    if not within(module.name, ["networking"]):
        return []
    return [name for name in imports(module) if within(name, ["registries"]) and not within(name, FROM_REGISTRIES)]


def nobody_imports_a_door(module: Module) -> list[str]:
    here = door_of(module.name)
    return [name for name in imports(module) if door_of(name) is not None and door_of(name) != here]


def translators_know_no_database(module: Module) -> list[str]:
    if not within(module.name, TRANSLATORS):
        return []
    rooms = (*MEMORY, *VERBS, *TABLES_BELOW, "django.db")
    return [name for name in imports(module) if within(name, rooms)]


def models_know_the_core_and_registries_only(module: Module) -> list[str]:
    if module.name not in MEMORY:
        return []
    ours = [name for name in imports(module) if within(name, PACKAGES)]
    return [name for name in ours if not within(name, ["networking.access", "registries.models", *MEMORY])]


def only_settings_read_the_environment(module: Module) -> list[str]:
    if module.name in ("registries.settings", "registries.environment"):
        return []
    found = []
    is_start = module.name in ("manage", "registries.wsgi", "networking.gate.wsgi")
    tree = module.tree
    allowed = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "setdefault"
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv", "getenvb"):
            if not (is_start and id(node) in allowed):
                found.append(f"os.{node.attr}")
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            found += [alias.name for alias in node.names if alias.name in ("environ", "environb", "getenv", "getenvb")]
    return found


def only_these_read_addresses_from_headers(module: Module) -> list[str]:
    if within(module.name, READS_ADDRESSES):
        return []
    return [
        node.value
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.upper().replace("_", "-").removeprefix("HTTP-") in ADDRESS_HEADERS
    ]


def names_are_looked_up_by_their_index(module: Module) -> list[str]:
    """By `named`: the unique index is on Lower(name), and `iexact` reads every row."""
    if module.name in WITHOUT_THAT_INDEX:
        return []
    keywords = [node.arg or "" for node in ast.walk(module.tree) if isinstance(node, ast.keyword)]
    return [each for each in keywords if re.fullmatch(r"(\w+__)?name__iexact", each)]


def no_file_is_too_long(module: Module) -> list[str]:
    lines = len(module.source.splitlines())
    return [f"{lines} lines"] if lines > LONGEST else []


def names_say_what_is_inside(module: Module) -> list[str]:
    return [part for part in module.name.split(".") if part in ("utils", "helpers", "common", "services", "misc")]


def there_are_no_signals(module: Module) -> list[str]:
    return [name for name in imports(module) if within(name, ["django.dispatch", "django.db.models.signals"])]


def python_writes_nothing_inline(module: Module) -> list[str]:
    return [
        node.value
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.search(r"<script(?![^>]*\ssrc=)|<style|<[^>]*\s(style|on\w+|hx-on[\w:-]*)\s*=", node.value)
    ]


Rule = Callable[[Module], list[str]]
RULES: dict[Rule, list[tuple[str, str]]] = {
    the_core_takes_the_standard_library_only: [
        ("networking.access.policy", "from django.db import models"),
        ("networking.access.policy", "import networking.models"),
        ("networking.access.policy", "from networking import forms"),
        ("networking.access.policy", "from ..models import EndpointSettings"),
        ("networking.access.policy", "def later():\n    import yaml"),
    ],
    what_is_pure_takes_the_core_at_most: [
        ("networking.arm.body", "from django.http import JsonResponse"),
        ("networking.exchange.bicep", "from networking.forms import Draft"),
        ("networking.arm.registry_body", "from networking.models import EndpointSettings"),
        ("networking.arm.replication_body", "from networking.models import EndpointSettings"),
        ("networking.arm.rendering", "from networking.models import EndpointSettings"),
        ("networking.arm.versions", "from django.db import models"),
    ],
    the_ground_floor_is_built_from_below: [
        ("registries.models", "from registries.views import registry"),
        ("registries.accounts", "from registries.http import require"),
        ("registries.views.registry", "from registries.admin.registries import delete"),
        ("registries.forms", "import registries.admin"),
        ("registries.urls", "from registries.admin import accounts"),
        ("registries.regions", "from registries.models import Registry"),
        ("registries.resource_id", "from django.conf import settings"),
    ],
    registries_never_imports_networking: [
        ("registries.models", "from networking.models import EndpointSettings"),
        ("registries.views.registry", "def later():\n    import networking.access.policy"),
    ],
    networking_takes_little_from_registries: [
        ("networking.blade.views", "from registries.views import registry"),
        ("networking.blade.views", "from registries import forms"),
        ("networking.forms", "import registries.settings"),
    ],
    nobody_imports_a_door: [
        ("networking.blade.views", "from networking.arm.errors import body"),
        ("networking.arm.registries", "from networking.blade import page"),
        ("networking.models", "from networking import admin"),
        ("networking.importing", "from .management.origin import command_origin"),
        ("networking.forms", "from networking.blade.page import blade_context"),
    ],
    translators_know_no_database: [
        ("networking.forms", "from networking.models import EndpointSettings"),
        ("networking.forms", "from networking.networks import Subnet"),
        ("networking.forms", "from networking import must_work"),
        ("networking.forms", "from registries.accounts import Account"),
        ("networking.rows", "from networking.tags.storing import import_tags"),
        ("networking.client_address", "from networking.trusted_services import TrustedService"),
        ("networking.client_address", "from networking import models"),
        ("networking.arm.body", "from registries.models import Registry"),
        ("networking.exchange.csv", "from django.db import connection"),
    ],
    models_know_the_core_and_registries_only: [
        ("networking.models", "from networking.forms import Draft"),
        ("networking.models", "from registries.http import origin"),
        ("networking.networks", "from networking.rows import Row"),
    ],
    only_settings_read_the_environment: [
        ("networking.apps", "import os\nDEBUG = os.environ['DEBUG']"),
        ("networking.apps", "from os import getenv"),
        ("registries.models", "import os\nos.environ.setdefault('A', 'b')"),
        ("registries.wsgi", "import os\nos.environ['DEBUG']"),
    ],
    only_these_read_addresses_from_headers: [
        ("registries.views.accounts", "request.META['REMOTE_ADDR']"),
        ("networking.blade.views", "request.headers.get('x-forwarded-for')"),
        ("registries.http", "request.META.get('HTTP_X_FORWARDED_FOR')"),
    ],
    names_are_looked_up_by_their_index: [
        ("networking.virtual_networks", "networks.filter(name__iexact=name)"),
        ("networking.virtual_networks", "subnets.filter(virtual_network__name__iexact=name)"),
    ],
    no_file_is_too_long: [("networking.long", "pass\n" * (LONGEST + 1))],
    names_say_what_is_inside: [("networking.utils", ""), ("registries.helpers.text", "")],
    there_are_no_signals: [
        ("networking.apps", "from django.db.models.signals import post_save"),
        ("networking.apps", "from django.dispatch import receiver"),
    ],
    python_writes_nothing_inline: [
        ("registries.templatetags.portal", "format_html('<b style=\"color: red\">')"),
        ("registries.templatetags.portal", "format_html('<script>{}</script>')"),
        ("registries.templatetags.portal", 'format_html(\'<a href="#" onclick="go()">\')'),
    ],
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rules(rule: Rule) -> None:
    assert {module.name: found for module in modules() if (found := rule(module))} == {}


@pytest.mark.parametrize(
    ("rule", "offender"),
    [
        pytest.param(rule, Module(*offender), id=f"{rule.__name__}-{number}")
        for rule, offenders in RULES.items()
        for number, offender in enumerate(offenders)
    ],
)
def test_each_rule_bites(rule: Rule, offender: Module) -> None:
    assert rule(offender) != []


def test_the_rules_look_at_the_real_modules() -> None:
    """A rule about a module that is not there would hold for ever."""
    names = {module.name for module in modules()}
    rooms = {
        *(DOORS, TRANSLATORS, VERBS, PURE, MEMORY, FROM_REGISTRIES, READS_LOGS, READS_ADDRESSES),
        *(VALUES_BELOW, TABLES_BELOW, DOORS_BELOW, WITHOUT_THAT_INDEX),
    }
    named = {"manage", "registries.settings", "registries.wsgi", "registries.urls", "networking.gate.wsgi"}
    assert {*named, *(name for room in rooms for name in room)} - names == set()


# Templates


class Inline(HTMLParser):
    """Collects what a strict content security policy would block."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in given):
            self.found.append(f"<{tag}>")
        for name, value in given.items():
            scripted = (value or "").strip().lower().startswith(("javascript:", "js:"))
            if name == "style" or re.match(r"on|(data-)?hx-on", name) or scripted:
                self.found.append(name)


def inline(template: str) -> list[str]:
    """What stands inline in a template. Tags go first, because attributes stand inside and between them."""
    without_comments = re.sub(r"{#.*?#}|{% comment.*?endcomment %}", "", template, flags=re.DOTALL)
    parser = Inline()
    parser.feed(re.sub(r"{{.*?}}", "x", re.sub(r"{%.*?%}", " ", without_comments)))
    parser.close()
    return parser.found


def templates() -> list[Path]:
    return sorted([*(ROOT / "templates").rglob("*.html"), *(p for d in PACKAGES for p in (ROOT / d).rglob("*.html"))])


def test_templates_hold_nothing_inline() -> None:
    assert len(templates()) > 10
    assert {str(path): found for path in templates() if (found := inline(path.read_text()))} == {}


@pytest.mark.parametrize(
    ("template", "found"),
    [
        pytest.param("<script>go()</script>", ["<script>"], id="script"),
        pytest.param("<style>b {}</style>", ["<style>"], id="style element"),
        pytest.param('<p {% if a %}style="color: red"{% endif %}>', ["style"], id="style attribute between tags"),
        pytest.param('<a href="/" ONCLICK="go()">', ["onclick"], id="handler in capitals"),
        pytest.param('<a hx-on:click="go()">', ["hx-on:click"], id="htmx handler"),
        pytest.param('<a data-hx-on--click="go()">', ["data-hx-on--click"], id="htmx handler as data"),
        pytest.param('<a href="javascript:go()">', ["href"], id="script URL"),
        pytest.param("<a hx-vals='js:{a: go()}'>", ["hx-vals"], id="htmx values by script"),
        pytest.param("{# <script> #}<script src=\"{% static 'a.js' %}\" defer></script>", [], id="a file is fine"),
    ],
)
def test_the_rule_of_templates_bites(template: str, found: list[str]) -> None:
    assert inline(template) == found


def test_no_template_is_too_long() -> None:
    assert {str(path): lines for path in templates() if (lines := len(path.read_text().splitlines())) > LONGEST} == {}


# Views


def views(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[Callable[..., object]]:
    """Ours; those of the admin are Django's own classes."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from views(pattern.url_patterns if pattern.app_name != "admin" else [])
        else:
            yield pattern.callback


def has_method_decorator(source: str, view: str) -> bool:
    """The function of that name says which methods it takes, or who puts it at an address does."""
    tree = ast.parse(source)
    wrapped = {f"{decorator}({view})" for decorator in METHOD_DECORATORS}
    if any(isinstance(node, ast.Call) and ast.unparse(node) in wrapped for node in ast.walk(tree)):
        return True
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == view:
            decorators = [each.func if isinstance(each, ast.Call) else each for each in node.decorator_list]
            return any(isinstance(each, ast.Name) and each.id in METHOD_DECORATORS for each in decorators)
    return False


def test_every_view_says_which_methods_it_takes() -> None:
    ours = [view for view in views(get_resolver().url_patterns) if view.__module__.startswith(PACKAGES)]
    assert len(ours) > 10
    sources = {module.name: module.source for module in modules()}
    assert [view.__name__ for view in ours if not has_method_decorator(sources[view.__module__], view.__name__)] == []


def test_views_are_functions() -> None:
    """But the redirection from the site's root, which Django has ready."""
    classes = [view.view_class.__name__ for view in views(get_resolver().url_patterns) if hasattr(view, "view_class")]
    assert classes == ["RedirectView"]


@pytest.mark.parametrize(
    ("source", "says"),
    [
        pytest.param("@require_safe\ndef page(request): ...", True, id="a decorator"),
        pytest.param("@never_cache\n@require_http_methods(['GET'])\ndef page(request): ...", True, id="the second one"),
        pytest.param("@never_cache\ndef page(request): ...", False, id="another decorator"),
        pytest.param("def page(request): ...\npath('a', require_GET(page))", True, id="where it has its address"),
        pytest.param("def page(request): ...\npath('a', require_GET(other))", False, id="another one"),
        pytest.param("def page(request): ...", False, id="none"),
        pytest.param("class page: ...", False, id="a class"),
    ],
)
def test_the_rule_of_views_bites(source: str, says: bool) -> None:
    assert has_method_decorator(source, "page") is says


# Settings


def variables(source: str) -> set[str]:
    """The environment variables a module reads: the first argument of env_…, or of os.environ.get and its like."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = ast.unparse(node.func)
        first = node.args[0]
        reads = re.fullmatch(r"env_\w+|os\.environ\.get|os\.getenv", called)
        if reads and isinstance(first, ast.Constant):
            found.add(str(first.value))
    return found


def test_every_environment_variable_stands_in_the_readme() -> None:
    read = variables((ROOT / "registries" / "settings.py").read_text())
    assert {"DATABASE_URL", "DEMONSTRATION", "PORTCULLIS_DATA", "SECRET_KEY", "TRUSTED_PROXIES"} <= read
    readme = (ROOT / "README.md").read_text()
    assert sorted(name for name in read if f"`{name}`" not in readme) == []


def test_variables_are_found_however_they_are_read() -> None:
    source = (
        "A = env_bool('ONE', default=True)\nB = os.environ.get('TWO')\nC = other('THREE')\nenv_text(name).split(',')"
    )
    assert variables(source) == {"ONE", "TWO"}


# The drawing


def test_every_room_stands_in_the_drawing() -> None:
    drawing = (ROOT / "ARCHITECTURE.md").read_text()
    rooms = {module.name.rpartition(".")[2] for module in modules() if ".migrations." not in module.name}
    assert len(rooms) > 100
    assert sorted(room for room in rooms if not re.search(rf"\b{room}\b", drawing)) == []
