"""The gate's configuration: what is filled in, what is refused, and that nginx takes it."""

import os
import re
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from deploy.gate.__main__ import environment, site, write
from deploy.gate.rendering import PLACE, File, Listener, Site, layer_key, render
from registries.authority import certificate_for

ROOT = Path(__file__).resolve().parent.parent.parent
KEY = "a key of the gate, 32 letters".replace(" ", "-")
SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/n"
ENDPOINT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateEndpoints/e"
AKS = Listener("10.1.0.6", "10.1.4.0/22", SUBNET, "aks")
SITE = Site(
    suffix="azurecr.example.org",
    key=KEY,
    registries={"contoso": "127.0.0.1:5000", "fabrikam": "127.0.0.1:5001"},
    certificate="/etc/ssl/gate.pem",
    certificate_key="/etc/ssl/gate-key.pem",
    log_socket="/run/portcullis-gate-log/socket",
    storage="/var/lib/registries",
    subnets=(Listener("10.1.0.4", "10.1.0.0/24", SUBNET),),
    endpoints=(Listener("10.2.0.4", "10.2.0.0/16", ENDPOINT), Listener("10.2.0.5", "10.2.0.0/16", ENDPOINT)),
)
OWN_LOGIN = replace(SITE, own_login=True, storage="")
HERE = Path("/etc/nginx/portcullis")
VARIANTS = [
    pytest.param(SITE, id="all of it"),
    pytest.param(replace(SITE, storage=""), id="no data endpoints"),
    pytest.param(replace(SITE, challenge_first=True, reason_header=True, grace=30), id="challenge first"),
    pytest.param(OWN_LOGIN, id="its own sign-in"),
    pytest.param(replace(SITE, gate="unix:/run/gate.sock", subnets=(), endpoints=()), id="no listeners"),
    pytest.param(
        replace(
            SITE,
            registries={f"{number}".rjust(50, "x"): f"127.0.0.1:{number}" for number in range(5000, 5200)},
            subnets=(Listener("2001:db8:1111:2222:3333:4444:5555:6666", "2001:db8:1111::/48", SUBNET), AKS),
        ),
        id="the longest names and addresses",
    ),
]


@pytest.mark.parametrize("each", VARIANTS)
def test_nothing_is_left_to_be_filled_in(each: Site) -> None:
    assert {
        name: PLACE.findall(file.text) for name, file in render(each, HERE).items() if PLACE.search(file.text)
    } == {}


@pytest.mark.parametrize("each", VARIANTS)
def test_only_files_that_others_can_not_read_hold_a_secret(each: Site) -> None:
    secrets = (each.key, layer_key(each.key))
    telling = {name for name, file in render(each, HERE).items() if any(secret in file.text for secret in secrets)}
    kept = {name for name, file in render(each, HERE).items() if file.secret}
    assert telling <= kept
    assert "headers.conf" in telling


def test_there_is_a_registry_configuration_for_each_name() -> None:
    names = {name for name in render(SITE, HERE) if name.endswith(".yml")}
    assert names == {"contoso.yml", "fabrikam.yml"}
    assert {name for name in render(OWN_LOGIN, HERE) if name.endswith(".yml")} == set()


@pytest.mark.parametrize(
    ("each", "holds"),
    [
        pytest.param(SITE, "$host|$remote_addr|$gate_subnet|$gate_host_kind|$gate_endpoint", id="network first"),
        pytest.param(
            replace(SITE, challenge_first=True),
            "$host|$remote_addr|$gate_subnet|$gate_host_kind|$gate_endpoint"
            "|$request_method|$request_uri|$http_authorization",
            id="challenge first",
        ),
    ],
)
def test_the_key_of_a_kept_decision_holds_all_it_depends_on(each: Site, holds: str) -> None:
    text = render(each, HERE)["decision.conf"].text
    assert f'proxy_cache_key "{holds}";' in text
    assert ("proxy_set_header Authorization $http_authorization;" in text) == each.challenge_first


@pytest.mark.parametrize("each", VARIANTS)
def test_a_decision_is_never_repeated_when_it_has_ended(each: Site) -> None:
    text = "\n".join(directive for file in render(each, HERE).values() for directive in _directives(file.text))
    for word in ("proxy_cache_use_stale", "proxy_cache_background_update", "proxy_cache_valid", "proxy_ignore_headers"):
        assert word not in text


@pytest.mark.parametrize("each", VARIANTS)
def test_every_question_carries_every_header_and_nothing_of_the_client(each: Site) -> None:
    text = render(each, HERE)["headers.conf"].text
    names = re.findall(r"proxy_set_header (Gate\w+) ", text)
    assert names == [
        *("Gatekey", "Gatehost", "Gatecaller", "Gateforwarded", "Gatemethod"),
        *("Gateuri", "Gatescheme", "Gatesubnet", "Gatehostkind", "Gateendpoint"),
    ]
    assert "proxy_pass_request_headers off;" in text
    asking = [block for block in _locations(each) if "http://portcullis_gate" in block]
    assert asking
    assert [block for block in asking if f"include {HERE}/headers.conf;" not in block] == []


def test_each_listener_knows_its_own_network_also_where_another_lies_inside() -> None:
    """One geo for all would name the inner network alone, and the outer listener would not know its hosts."""
    outer, inner = Listener("10.1.0.4", "10.1.0.0/16", SUBNET), Listener("10.1.0.5", "10.1.2.0/24", f"{SUBNET}2", "aks")
    sixth = Listener("2001:DB8::0004", "2001:DB8::/32", SUBNET)
    text = render(replace(SITE, subnets=(outer, inner, sixth), endpoints=()), HERE)["nginx.conf"].text
    geos = dict(re.findall(r"geo (\$\w+) \{\n    default \"\";\n(.*?)\n\}", text, re.DOTALL))
    assert {name: networks.split("\n") for name, networks in geos.items()} == {
        "$listener_subnet_1": [f"    10.1.0.0/16 {SUBNET};"],
        "$listener_subnet_2": [f"    10.1.2.0/24 {SUBNET}2;"],
        "$listener_subnet_3": [f"    2001:db8::/32 {SUBNET};"],
        "$listener_host_kind_1": ["    10.1.2.0/24 aks;"],
    }
    for line in (
        '"10.1.0.4" $listener_subnet_1;',
        '"2001:db8::4" $listener_subnet_3;',
        '"10.1.0.5" $listener_host_kind_1;',
    ):
        assert line in text


def test_a_registry_is_told_the_address_that_was_seen_and_no_other() -> None:
    text = "\n".join(_directives(render(SITE, HERE)["nginx.conf"].text))
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in text
    assert "proxy_add_x_forwarded_for" not in text
    assert "$http_host" not in text


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        pytest.param({"suffix": "Example.org"}, "host name in lower case", id="suffix"),
        pytest.param({"suffix": "a; }"}, "host name in lower case", id="suffix that ends a directive"),
        pytest.param({"key": "short"}, "GATE_KEY must have 16", id="short key"),
        pytest.param({"key": 'a"; proxy_pass http://evil; #'}, "GATE_KEY must have 16", id="key that ends a string"),
        pytest.param({"registries": {}}, "no registry", id="no registry"),
        pytest.param({"registries": {"a b": "127.0.0.1:1"}}, "isn't the name of a registry", id="name"),
        pytest.param({"registries": {"contoso": "127.0.0.1"}}, "address with a port", id="no port"),
        pytest.param({"registries": {"contoso": "127.0.0.1:1; }"}}, "address with a port", id="address"),
        pytest.param({"listen": ("443 ssl",)}, "address with a port", id="listen"),
        pytest.param({"gate": "unix:gate.sock"}, "neither an address", id="gate"),
        pytest.param({"certificate": "gate.pem"}, "absolute path", id="relative path"),
        pytest.param({"storage": "/a b"}, "absolute path", id="path with a blank"),
        pytest.param({"cache": "/a$host"}, "absolute path", id="path with a variable"),
        pytest.param({"own_login": True}, "needs GATE_ORDER=NETWORK-FIRST and no storage", id="own sign-in, storage"),
        pytest.param({"subnets": (Listener("10.1.0.4", "10.1.0.4/24", SUBNET),)}, "host bits set", id="network"),
        pytest.param({"subnets": (Listener("subnet", "10.1.0.0/24", SUBNET),)}, "can't be read", id="listener"),
        pytest.param({"endpoints": (Listener("10.1.0.4", "10.1.0.0/24", "x; y"),)}, "resource id", id="resource id"),
        pytest.param({"subnets": (replace(AKS, host_kind="pod; }"),)}, "isn't a host_kind", id="kind of host"),
        pytest.param({"endpoints": (replace(AKS, address="10.1.0.9"),)}, "only subnets have", id="kind at an endpoint"),
        pytest.param({"subnets": (AKS, AKS)}, "can't stand for two things", id="one address, one network, twice"),
    ],
)
def test_what_can_not_be_written_is_refused_in_a_sentence(wrong: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        render(replace(SITE, **wrong), HERE)  # type: ignore[arg-type]


@given(st.text(max_size=40))
def test_no_text_ends_a_directive(text: str) -> None:
    """Whatever stands in a description: refused, or without a character that nginx would read as its own."""
    for wrong in ({"suffix": text}, {"key": text * 3}, {"certificate": f"/{text}"}, {"registries": {text: text}}):
        try:
            render(replace(SITE, **wrong), HERE)
        except ValueError:
            continue
        assert not set(text) & set(" \t\r\n;{}\"'$\\#")


def test_settings_come_from_the_file_that_the_units_read() -> None:
    text = '# A comment\nGATE_KEY="quoted"\nGATE_ORDER = x\nLOGIN_SERVER_SUFFIX=azurecr.example.org\nSECRET_KEY=other\n'
    assert environment(text) == {
        "LOGIN_SERVER_SUFFIX": "azurecr.example.org",
        "GATE_KEY": "quoted",
        "GATE_ORDER": "",
        "GATE_GRACE": "",
        "GATE_REASON_HEADER": "",
    }


def test_a_description_and_the_settings_make_a_site() -> None:
    described = {
        "registries": {"contoso": "127.0.0.1:5000"},
        "certificate": "/c.pem",
        "certificate_key": "/k.pem",
        "log_socket": "/s",
        "listen": ["0.0.0.0:443"],
        "subnets": [{"address": "10.1.0.4", "network": "10.1.0.0/24", "resource_id": SUBNET}],
    }
    settings = environment(f"GATE_KEY={KEY}\nLOGIN_SERVER_SUFFIX=azurecr.example.org\nGATE_GRACE=30\n")
    assert site(described, settings | {"GATE_ORDER": "challenge-first", "GATE_REASON_HEADER": "true"}) == Site(
        suffix="azurecr.example.org",
        key=KEY,
        registries={"contoso": "127.0.0.1:5000"},
        certificate="/c.pem",
        certificate_key="/k.pem",
        log_socket="/s",
        listen=("0.0.0.0:443",),
        subnets=(Listener("10.1.0.4", "10.1.0.0/24", SUBNET),),
        challenge_first=True,
        reason_header=True,
        grace=30,
    )


def test_a_secret_is_written_for_its_owner_only(tmp_path: Path) -> None:
    write(tmp_path / "new" / "secret", File("a", secret=True))
    write(tmp_path / "new" / "plain", File("b"))
    write(tmp_path / "new" / "plain", File("c"))
    found = {path.name: (path.read_text(), stat.S_IMODE(path.stat().st_mode)) for path in (tmp_path / "new").iterdir()}
    assert found == {"secret": ("a", 0o600), "plain": ("c", 0o644)}


def test_the_command_makes_all_or_says_why_not(tmp_path: Path) -> None:
    shutil.copy(ROOT / "deploy" / "gate" / "site.toml", tmp_path / "site.toml")
    (tmp_path / "env").write_text(f"GATE_KEY={KEY}\nLOGIN_SERVER_SUFFIX=azurecr.example.org\n")
    assert _made(tmp_path, "env") == (0, "")
    assert {"nginx.conf", "headers.conf", "contoso.yml"} <= {path.name for path in (tmp_path / "made").iterdir()}
    (tmp_path / "empty").write_text("")
    status, said = _made(tmp_path, "empty")
    assert (status, said[:17]) == (1, "Nothing was made:")


@pytest.mark.parametrize("each", VARIANTS)
def test_nginx_takes_it(each: Site, tmp_path: Path, settings: Settings) -> None:
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        if os.environ.get("CI"):
            pytest.fail("nginx isn't installed.")
        pytest.skip("nginx isn't installed.")
    settings.DATA = tmp_path
    certificate, key = certificate_for([f"*.{each.suffix}"])
    here = replace(
        each,
        listen=("127.0.0.1:18443",),
        certificate=str(certificate),
        certificate_key=str(key),
        cache=str(tmp_path / "decisions"),
    )
    for name, file in render(here, tmp_path).items():
        write(tmp_path / name, file)
    files = "".join(
        f"{name}_temp_path {tmp_path}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (tmp_path / "main.conf").write_text(
        f"pid {tmp_path}/pid;\nevents {{ }}\nhttp {{\naccess_log off;\n{files}include {tmp_path}/nginx.conf;\n}}\n"
    )
    done = subprocess.run(
        [nginx, "-t", "-c", tmp_path / "main.conf", "-g", f"error_log {tmp_path}/log;"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "warn" in done.stderr) == (0, False), done.stderr


def _made(directory: Path, settings: str) -> tuple[int, str]:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "deploy.gate", directory / "site.toml"),
            *("--environment", directory / settings, "--to", directory / "made"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


def _directives(text: str) -> list[str]:
    """Without comments."""
    return [line.partition("#")[0].strip() for line in text.splitlines()]


def _locations(each: Site) -> list[str]:
    """Each location of every file, as text."""
    files = render(each, HERE)
    text = "\n".join(files[name].text for name in ("nginx.conf", "decision.conf"))
    return re.findall(r"^ *location [^\n]*\{(.*?)^ {0,4}\}", text, re.DOTALL | re.MULTILINE)
