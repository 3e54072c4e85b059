"""Fills in the templates beside this file. Standard library only, and nothing is read but the templates."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path

HERE = Path(__file__).parent
PLACE = re.compile(r"@([A-Z_]+)@")
KEPT_UNASKED = 10  # seconds that a decision nobody asks for stays in the cache, beyond its grace

# What must never be read as nginx's or YAML's own: white space, quotes, braces, a variable, the end of a directive.
PLAIN = re.compile(r"[A-Za-z0-9_.:/,@=+*\[\]()~-]+", re.ASCII)
NAME = re.compile(r"[a-z0-9]{5,50}", re.ASCII)
SUFFIX = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.ASCII)
SOCKET = re.compile(r"([a-z0-9.-]+|\[[0-9a-f:]+\]):\d{1,5}", re.ASCII)

NETWORK_FIRST = "$host|$remote_addr|$gate_subnet|$gate_host_kind|$gate_endpoint"
# Here the verdict is about a token too, and a challenge about what is asked for.
CHALLENGE_FIRST = NETWORK_FIRST + "|$request_method|$request_uri|$http_authorization"

HOST_KINDS = ("", "virtual-machine", "aks", "other")
SHOWN = "add_header Gatereason $gate_reason always; add_header Gatetester $gate_tester always;"
HIDDEN = "proxy_hide_header Gatereason; proxy_hide_header Gatetester;"


@dataclass(frozen=True)
class Listener:
    """An address of the proxy that stands for a subnet or a private endpoint, to those who come from `network`.
    `host_kind` is what asks from a subnet, virtual machines where it is left out."""

    address: str
    network: str
    resource_id: str
    host_kind: str = ""


@dataclass(frozen=True)
class Site:
    """What one proxy stands before. `registries` are names and where each listens. Without `storage` the layers go
    through the login server, and there are no data endpoints. `own_login`: the registries sign people in themselves.
    """

    suffix: str
    key: str
    registries: Mapping[str, str]
    certificate: str
    certificate_key: str
    log_socket: str
    gate: str = "127.0.0.1:9000"
    listen: tuple[str, ...] = ("0.0.0.0:443", "[::]:443")
    storage: str = ""
    token_certificate: str = "/etc/portcullis/token-certificate.pem"  # noqa: S105
    cache: str = "/run/portcullis-decisions"
    challenge_first: bool = False
    reason_header: bool = False
    own_login: bool = False
    grace: int = 0
    subnets: tuple[Listener, ...] = ()
    endpoints: tuple[Listener, ...] = ()

    def problems(self) -> list[str]:
        """What can't be written into a configuration, a sentence each."""
        found = []
        if not SUFFIX.fullmatch(self.suffix):
            found.append(f"The suffix '{self.suffix}' isn't a host name in lower case, like azurecr.example.org.")
        if len(self.key) < 16 or not PLAIN.fullmatch(self.key):
            found.append("GATE_KEY must have 16 or more letters, digits or - _ . + / = characters.")
        if not self.registries:
            found.append("There is no registry.")
        found += [f"'{name}' isn't the name of a registry." for name in self.registries if not NAME.fullmatch(name)]
        addresses = [*self.registries.values(), *self.listen]
        found += [f"'{each}' isn't an address with a port." for each in addresses if not SOCKET.fullmatch(each)]
        if not SOCKET.fullmatch(self.gate) and not (self.gate.startswith("unix:/") and PLAIN.fullmatch(self.gate)):
            found.append(f"'{self.gate}' is neither an address with a port nor unix:/PATH.")
        paths = [self.certificate, self.certificate_key, self.log_socket, self.token_certificate, self.cache]
        paths += [self.storage] if self.storage else []
        found += [f"'{path}' isn't a plain absolute path." for path in paths if not _is_path(path)]
        if self.own_login and (self.challenge_first or self.storage):
            found.append("A registry with its own sign-in needs GATE_ORDER=NETWORK-FIRST and no storage.")
        for each in (*self.subnets, *self.endpoints):
            found += _listener_problems(each)
        known = [each.address for each in self.endpoints if each.host_kind]
        found += [f"{address} has a host_kind, which only subnets have." for address in known]
        for listeners in (self.subnets, self.endpoints):
            found += _told_twice(listeners)
        return found


@dataclass(frozen=True)
class File:
    text: str
    secret: bool = False


def render(site: Site, directory: Path) -> dict[str, File]:
    """The files by name, as they must lie in `directory`. ValueError says what is wrong with the site."""
    if problems := site.problems():
        raise ValueError(" ".join(problems))
    values = _values(site, directory)
    files = {
        "nginx.conf": File(_nginx(site, values)),
        "answers.conf": File(_filled("answers.conf", values)),
        "decision.conf": File(_filled("decision.conf", values)),
        "headers.conf": File(_filled("headers.conf", values), secret=True),
    }
    if site.storage:
        files["signature.conf"] = File(_filled("signature.conf", values), secret=True)
    if not site.own_login:
        for name, upstream in site.registries.items():
            own = {"REGISTRY": name, "UPSTREAM": upstream, "HOST": f"{name}.{site.suffix}", "SECRET": _of(site, name)}
            files[f"{name}.yml"] = File(_filled("distribution.yml", values | own), secret=True)
    return files


def layer_key(key: str) -> str:
    """What links to layers are signed with: the gate makes the same of GATE_KEY."""
    return hashlib.sha256(f"layers {key}".encode()).hexdigest()


def _of(site: Site, name: str) -> str:
    """Distribution's own secret, the same on every machine that serves this registry."""
    return hashlib.sha256(f"distribution {name} {site.key}".encode()).hexdigest()


def _nginx(site: Site, values: dict[str, str]) -> str:
    login = _filled("own-login.conf" if site.own_login else "login.conf", values).rstrip()
    layers = _filled("layers.conf", values).rstrip() if site.storage else ""
    data = _filled("data.conf", values) if site.storage else ""
    return _filled("nginx.conf", values | {"LOGIN": login, "LAYERS": layers, "DATA": data})


def _values(site: Site, directory: Path) -> dict[str, str]:
    return {
        "SUFFIX": site.suffix,
        "SUFFIX_RE": re.escape(site.suffix).replace(r"\-", "-"),
        "KEY": site.key,
        "LAYER_KEY": layer_key(site.key),
        "GATE": site.gate,
        "CACHE": site.cache,
        "CACHE_KEY": CHALLENGE_FIRST if site.challenge_first else NETWORK_FIRST,
        "INACTIVE": str(site.grace + KEPT_UNASKED),
        "AUTHORIZATION": "proxy_set_header Authorization $http_authorization;" if site.challenge_first else "",
        # Whoever asks for a token has none to show yet: a challenge would go round in a circle.
        "LOGIN_AUTH": "auth_request off;" if site.challenge_first else "",
        "REASON_HEADER": SHOWN if site.reason_header else "",
        "HIDDEN_REASON": "" if site.reason_header else HIDDEN,
        "CERTIFICATE": site.certificate,
        "CERTIFICATE_KEY": site.certificate_key,
        "LOG_SOCKET": site.log_socket,
        "STORAGE": site.storage or "/var/lib/registries",
        "TOKEN_CERTIFICATE": site.token_certificate,
        "REDIRECT": 'middleware: {storage: [{name: redirect, options: {baseurl: "https://data.invalid/"}}]}'
        if site.storage
        else "",
        "LISTEN": _lines(f"listen {each} ssl http2;" for each in site.listen),
        "LISTEN_DEFAULT": _lines(f"listen {each} ssl http2 default_server;" for each in site.listen),
        "UPSTREAMS": _lines(f"{name} {upstream};" for name, upstream in site.registries.items()),
        **_listeners(site),
        **{
            file.removesuffix(".conf").upper(): str(directory / file)
            for file in ("answers.conf", "decision.conf", "headers.conf", "signature.conf")
        },
    }


def _listeners(site: Site) -> dict[str, str]:
    """For each address what it stands for, by the network that a client comes from."""
    kinds = [each for each in site.subnets if each.host_kind]
    told = {
        "SUBNETS": ("subnet", [(each, each.resource_id) for each in site.subnets]),
        "HOST_KINDS": ("host_kind", [(each, each.host_kind) for each in kinds]),
        "ENDPOINTS": ("endpoint", [(each, each.resource_id) for each in site.endpoints]),
    }
    geos, maps = [], {}
    for place, (word, listeners) in told.items():
        by_address: dict[str, list[str]] = {}
        for each, said in listeners:
            # nginx compares text, and spells addresses as the standard library does.
            by_address.setdefault(str(ip_address(each.address)), []).append(f"{ip_network(each.network)} {said};")
        names = {address: f"$listener_{word}_{number}" for number, address in enumerate(by_address, 1)}
        geos += [f'geo {names[at]} {{\n    default "";\n{_lines(by_address[at])}\n}}' for at in by_address]
        maps[place] = _lines(f'"{address}" {name};' for address, name in names.items())
    return {"LISTENERS": "\n".join(geos), **maps}


def _filled(template: str, values: Mapping[str, str]) -> str:
    """KeyError for a place that nobody fills."""
    return PLACE.sub(lambda place: values[place[1]], (HERE / template).read_text())


def _lines(each: Iterable[str]) -> str:
    return "\n".join(f"    {line}" for line in each)


def _is_path(text: str) -> bool:
    return text.startswith("/") and PLAIN.fullmatch(text) is not None


def _told_twice(listeners: Iterable[Listener]) -> list[str]:
    counted = Counter((each.address, each.network) for each in listeners)
    return [
        f"{address} can't stand for two things to clients from {network}."
        for (address, network), count in counted.items()
        if count > 1
    ]


def _listener_problems(listener: Listener) -> list[str]:
    found = []
    try:
        ip_address(listener.address)
        ip_network(listener.network)
    except ValueError as error:
        found.append(f"A listener can't be read: {error}.")
    if not _is_path(listener.resource_id):
        found.append(f"'{listener.resource_id}' isn't the resource id of a subnet or a private endpoint.")
    if listener.host_kind not in HOST_KINDS:
        found.append(f"'{listener.host_kind}' isn't a host_kind; write {', '.join(HOST_KINDS[1:])}, or leave it out.")
    return found
