"""A wrong value in the environment stops the start with a sentence."""

import os
import runpy
import stat
import subprocess
import sys
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent.parent
SETTINGS = ROOT / "registries" / "settings.py"

Settings = dict[str, Any]
Start = Callable[..., Settings]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Start:
    """The settings as they come out with these variables and no others."""

    def run(**environment: str) -> Settings:
        for name in list(os.environ):
            if name not in ("PATH", "HOME"):
                monkeypatch.delenv(name)
        for name, value in {"PORTCULLIS_DATA": str(tmp_path / "state"), **environment}.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(SETTINGS))

    return run


BAD = [
    pytest.param({"DEBUG": "maybe"}, "DEBUG is 'maybe'; it must be true or false.", id="DEBUG"),
    pytest.param({"DEMONSTRATION": "2"}, "DEMONSTRATION is '2'; it must be true or false.", id="DEMONSTRATION"),
    pytest.param({"HTTPS": "tls"}, "HTTPS is 'tls'; it must be true or false.", id="HTTPS"),
    pytest.param(
        {"TRUSTED_PROXIES": "10.0.0.0/8, proxy"},
        "TRUSTED_PROXIES must be a comma-separated list of networks, like 10.0.0.0/8, fd00::/8: "
        "'proxy' does not appear to be an IPv4 or IPv6 network.",
        id="TRUSTED_PROXIES with a name",
    ),
    pytest.param(
        {"TRUSTED_PROXIES": "10.0.0.1/8"},
        "TRUSTED_PROXIES must be a comma-separated list of networks, like 10.0.0.0/8, fd00::/8: "
        "10.0.0.1/8 has host bits set.",
        id="TRUSTED_PROXIES with host bits",
    ),
    *(
        pytest.param(
            {"DATABASE_URL": url},
            "DATABASE_URL can't be read; it must look like postgresql://user:password@host/name.",
            id=f"DATABASE_URL {url}",
        )
        for url in (
            "nonsense",
            "nonsense://host/name",
            "postgresql://me:secret@host:port/name",
            "postgresql://[::1/name",
        )
    ),
    pytest.param(
        {"DATABASE_URL": "mysql://me:secret@host/name"},
        "DATABASE_URL: Portcullis runs on PostgreSQL or SQLite, not on django.db.backends.mysql.",
        id="DATABASE_URL of another database",
    ),
    pytest.param(
        {"LOG_LEVEL": "loud"},
        "LOG_LEVEL is 'LOUD'; it must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL.",
        id="LOG_LEVEL",
    ),
    pytest.param(
        {"PORTCULLIS_DATA": "/dev/null/state"},
        "PORTCULLIS_DATA: /dev/null/state can't be made: Not a directory.",
        id="PORTCULLIS_DATA",
    ),
    *(
        pytest.param(
            {"DEMONSTRATION": "on", "ALLOWED_HOSTS": hosts},
            "DEMONSTRATION shows passwords on the sign-in page, so it serves localhost only. "
            "Turn it off, or leave ALLOWED_HOSTS empty.",
            id=f"DEMONSTRATION for {hosts}",
        )
        for hosts in ("console.example.org", "*", ".example.org", "localhost,192.0.2.1", "notlocalhost")
    ),
    *(
        pytest.param(
            {"REGISTRY_UPSTREAM": address},
            "REGISTRY_UPSTREAM must be the address of a server alone, like http://127.0.0.1:5000.",
            id=f"REGISTRY_UPSTREAM {address}",
        )
        for address in (
            "127.0.0.1:5000",
            "ftp://127.0.0.1",
            "http://:5000",
            "http://me:secret@127.0.0.1:port",
            "http://127.0.0.1:5000/v2/",
            "http://127.0.0.1?x",
            "http://[::1",
        )
    ),
]


BAD += [
    pytest.param({"SERVES": "azure"}, "SERVES is 'AZURE'; it must be one of DASHBOARD, ARM.", id="SERVES"),
    *(
        pytest.param(
            {"ARM_URL": address},
            "ARM_URL must be the address of a server alone, like https://localhost:8443.",
            id=f"ARM_URL {address}",
        )
        for address in ("http://localhost:8443", "localhost:8443", "https://", "https://localhost:0", "https://a/b")
    ),
    pytest.param(
        {"DEMONSTRATION": "on", "SERVES": "ARM", "ARM_URL": "https://arm.example.org"},
        "DEMONSTRATION shows passwords on the sign-in page, so it serves localhost only. "
        "Turn it off, or leave ALLOWED_HOSTS and ARM_URL empty.",
        id="DEMONSTRATION for another ARM_URL",
    ),
]


@pytest.mark.parametrize(("environment", "sentence"), BAD)
def test_a_wrong_value_stops_the_start_with_a_sentence(
    start: Start, environment: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        start(**environment)
    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    "address",
    ["", "http://127.0.0.1:5000", "https://me:secret@registry.example.org", "http://{registry}.internal:5000"],
)
def test_the_registry_behind_may_be_any_server(start: Start, address: str) -> None:
    assert start(REGISTRY_UPSTREAM=address and f"{address}/")["REGISTRY_UPSTREAM"] == address


def test_a_password_is_never_quoted(start: Start) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        start(DATABASE_URL="postgresql://me:secret@host:port/name")
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("name", ["DEBUG", "DEMONSTRATION", "HTTPS"])
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("YES", True),
        ("1", True),
        (" on ", True),
        ("false", False),
        ("No", False),
        ("0", False),
        ("off", False),
    ],
)
def test_true_and_false_may_be_said_in_several_ways(start: Start, name: str, text: str, value: bool) -> None:
    assert start(**{name: text})[name] is value


def test_an_empty_value_is_no_value(start: Start) -> None:
    names = [
        *("ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "DATABASE_URL", "DEBUG", "DEMONSTRATION", "FEEDBACK_URL", "HTTPS"),
        *("LOGIN_SERVER_SUFFIX", "LOG_LEVEL", "SECRET_KEY", "TRUSTED_PROXIES"),
    ]
    empty, unset = start(**dict.fromkeys(names, "  ")), start()
    assert {name: empty[name] for name in empty if name.isupper()} == {
        name: unset[name] for name in unset if name.isupper()
    }


def test_with_no_configuration_it_runs_on_sqlite_as_in_production(start: Start, tmp_path: Path) -> None:
    settings = start()
    assert (settings["DEBUG"], settings["DEMONSTRATION"], settings["HTTPS"]) == (False, False, True)
    assert settings["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]", ".localhost"]
    assert settings["TRUSTED_PROXIES"] == ()
    assert settings["LOGIN_SERVER_SUFFIX"] == "azurecr.io"
    assert "SECURE_PROXY_SSL_HEADER" not in settings
    database = settings["DATABASES"]["default"]
    assert (database["ENGINE"], database["NAME"]) == (
        "django.db.backends.sqlite3",
        str(tmp_path / "state" / "portcullis.sqlite3"),
    )
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in database["OPTIONS"]["init_command"]


def test_a_database_that_vanished_is_missed_soon_unless_its_url_says_otherwise(start: Start) -> None:
    url = "postgresql://db.example.org/portcullis?connect_timeout=3&sslmode=verify-full"
    options = start(DATABASE_URL=url)["DATABASES"]["default"]["OPTIONS"]
    assert (int(options["connect_timeout"]), options["sslmode"], options["tcp_user_timeout"]) == (
        3,
        "verify-full",
        20_000,
    )


def test_a_database_url_puts_it_on_postgresql(start: Start) -> None:
    database = start(DATABASE_URL="postgresql://me:secret@db.example.org:5433/portcullis")["DATABASES"]["default"]
    assert (database["ENGINE"], database["HOST"], database["PORT"], database["NAME"]) == (
        "django.db.backends.postgresql",
        "db.example.org",
        5433,
        "portcullis",
    )


def test_demonstration_mode_serves_localhost_without_tls(start: Start) -> None:
    settings = start(DEMONSTRATION="true", ALLOWED_HOSTS="localhost, 127.0.0.1, [::1], registry.localhost, .localhost")
    assert (settings["DEMONSTRATION"], settings["HTTPS"], settings["SESSION_COOKIE_SECURE"]) == (True, False, False)
    assert settings["LOGIN_SERVER_SUFFIX"] == "azurecr.localhost"


def test_the_arm_api_is_another_server_of_the_same_code(start: Start) -> None:
    dashboard, arm = start(), start(SERVES="arm", ARM_URL="https://arm.example.org:8443/")
    assert (dashboard["ROOT_URLCONF"], arm["ROOT_URLCONF"]) == ("registries.urls", "networking.arm.urls")
    assert (dashboard["ARM_URL"], arm["ARM_URL"]) == ("https://localhost:8443", "https://arm.example.org:8443")
    assert arm["ALLOWED_HOSTS"] == [*dashboard["ALLOWED_HOSTS"], "arm.example.org"]
    assert not any("session" in each or "csrf" in each for each in arm["MIDDLEWARE"])
    assert start(SERVES="ARM", ARM_URL="https://[fd00::7]")["ALLOWED_HOSTS"][-1] == "[fd00::7]"


def test_proxies_that_are_trusted_tell_the_address_and_the_scheme(start: Start) -> None:
    settings = start(TRUSTED_PROXIES="10.0.0.0/8, fd00::/8,192.0.2.1,")
    assert settings["TRUSTED_PROXIES"] == tuple(ip_network(text) for text in ("10.0.0.0/8", "fd00::/8", "192.0.2.1"))
    assert settings["SECURE_PROXY_SSL_HEADER"] == ("HTTP_X_FORWARDED_PROTO", "https")


def test_state_is_made_at_first_start_for_this_user_only(start: Start, tmp_path: Path) -> None:
    key = start()["SECRET_KEY"]
    state = tmp_path / "state"
    assert len(key) > 50
    assert {path.name: path.read_text() for path in state.iterdir()} == {"secret-key": key}
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert stat.S_IMODE((state / "secret-key").stat().st_mode) == 0o600
    assert start()["SECRET_KEY"] == key


def test_the_secret_key_may_be_given(start: Start, tmp_path: Path) -> None:
    assert start(SECRET_KEY="k" * 60)["SECRET_KEY"] == "k" * 60
    assert not (tmp_path / "state" / "secret-key").exists()


def test_a_secret_key_that_can_not_be_read_is_said_so(start: Start, tmp_path: Path) -> None:
    kept = tmp_path / "state" / "secret-key"
    kept.mkdir(parents=True)
    with pytest.raises(ImproperlyConfigured) as refusal:
        start()
    assert str(refusal.value) == f"The secret key {kept} can't be read or made: Is a directory."


def check_deploy(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PORTCULLIS_DATA": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({}, id="no configuration"),
        pytest.param(
            {
                "ALLOWED_HOSTS": "console.example.org",
                "CSRF_TRUSTED_ORIGINS": "https://console.example.org",
                "TRUSTED_PROXIES": "10.0.0.0/8",
                "DATABASE_URL": "postgresql://me:secret@db.example.org/portcullis",
            },
            id="behind a proxy, on PostgreSQL",
        ),
    ],
)
def test_check_deploy_is_clean_in_production(tmp_path: Path, environment: dict[str, str]) -> None:
    ended = check_deploy(tmp_path, **environment)
    assert (ended.returncode, ended.stdout, ended.stderr) == (
        0,
        "System check identified no issues (0 silenced).\n",
        "",
    )


def test_check_deploy_refuses_demonstration_mode(tmp_path: Path) -> None:
    ended = check_deploy(tmp_path, DEMONSTRATION="true")
    assert ended.returncode == 1
    assert "(portcullis.E001) DEMONSTRATION is on: the sign-in page shows every password." in ended.stderr


def test_a_wrong_value_stops_every_command(tmp_path: Path) -> None:
    ended = check_deploy(tmp_path, DEMONSTRATION="true", ALLOWED_HOSTS="console.example.org")
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == (
        "django.core.exceptions.ImproperlyConfigured: DEMONSTRATION shows passwords on the sign-in page, so it serves "
        "localhost only. Turn it off, or leave ALLOWED_HOSTS empty."
    )
