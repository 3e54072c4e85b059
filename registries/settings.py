"""The one settings file. Values come from the environment, and a wrong one stops the start with a sentence.

Every variable stands in the table of README.md; a test holds the two together.
"""

import os
import secrets
import socket
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

BASE_DIR = Path(__file__).resolve().parent.parent

if sys.version_info < (3, 12):  # noqa: UP036 - an older Python gets a sentence, not a syntax error
    raise ImproperlyConfigured("Portcullis needs Python 3.12 or newer.")

from registries.environment import (  # noqa: E402
    env_bool,
    env_choice,
    env_list,
    env_networks,
    env_number,
    env_server,
    env_text,
    env_url,
)


def data_directory() -> Path:
    """Where the state lives: database file, secret key. Made at first start, for this user only."""
    directory = Path(env_text("PORTCULLIS_DATA") or BASE_DIR / "var").resolve()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(f"PORTCULLIS_DATA: {directory} can't be made: {error.strerror}.") from None
    return directory


def secret_key() -> str:
    """SECRET_KEY, or one made at first start and kept in the data directory."""
    key = env_text("SECRET_KEY")
    if key:
        return key
    kept = DATA / "secret-key"
    try:
        # Created exclusively and in one step: two processes that start together must end with the same key.
        draft = DATA / f"secret-key.{os.getpid()}"
        if not kept.exists():
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(64))
            try:
                os.link(draft, kept)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return kept.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"The secret key {kept} can't be read or made: {error.strerror}.") from None


def database() -> dict[str, Any]:
    """PostgreSQL where DATABASE_URL says so, else one SQLite file."""
    url = env_text("DATABASE_URL")
    if not url:
        url = f"sqlite:///{DATA / 'portcullis.sqlite3'}"
    try:
        config: dict[str, Any] = dict(dj_database_url.parse(url))
    except (ValueError, KeyError, dj_database_url.UnknownSchemeError):
        raise ImproperlyConfigured(
            "DATABASE_URL can't be read; it must look like postgresql://user:password@host/name."
        ) from None
    config["CONN_MAX_AGE"] = 60
    match config["ENGINE"]:
        case "django.db.backends.sqlite3":
            config["OPTIONS"] = {
                # IMMEDIATE takes the write lock at once, so that a check and the write after it are one step.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            }
        case "django.db.backends.postgresql":
            config["CONN_HEALTH_CHECKS"] = True
            # A machine that vanished is missed after seconds, not after the quarter of an hour that TCP waits.
            noticed = {"connect_timeout": 10, "tcp_user_timeout": 20_000}
            noticed |= {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 2}
            config["OPTIONS"] = noticed | config.get("OPTIONS", {})
        case engine:
            raise ImproperlyConfigured(f"DATABASE_URL: Portcullis runs on PostgreSQL or SQLite, not on {engine}.")
    return config


DATA = data_directory()
SECRET_KEY = secret_key()
DEBUG = env_bool("DEBUG", default=False)

# Practice mode: known accounts on the sign-in page and a simulated client address. Never where others can reach it.
DEMONSTRATION = env_bool("DEMONSTRATION", default=False)
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS") or ["localhost", "127.0.0.1", "[::1]", ".localhost"]

# One installation has two servers of the same code: the dashboard, and the ARM API that az talks to.
SERVES = env_choice("SERVES", ("DASHBOARD", "ARM"), default="DASHBOARD")
ARM_URL = env_server("ARM_URL", "https://localhost:8443", schemes=("https",))  # az takes nothing else
ARM_DEVICE_CODE_ACCOUNT = env_text("ARM_DEVICE_CODE_ACCOUNT")
ARM_IDENTITY_ACCOUNT = env_text("ARM_IDENTITY_ACCOUNT")
ARM_IDENTITY_HEADER = env_text("ARM_IDENTITY_HEADER")
if SERVES == "ARM" and (arm_host := urlsplit(ARM_URL).hostname):
    ALLOWED_HOSTS.append(f"[{arm_host}]" if ":" in arm_host else arm_host)

if DEMONSTRATION and not all(
    host in ("localhost", "127.0.0.1", "[::1]") or host.endswith(".localhost") for host in ALLOWED_HOSTS
):
    raise ImproperlyConfigured(
        "DEMONSTRATION shows passwords on the sign-in page, so it serves localhost only. "
        f"Turn it off, or leave {'ALLOWED_HOSTS and ARM_URL' if SERVES == 'ARM' else 'ALLOWED_HOSTS'} empty."
    )

# Served over TLS, by a proxy in front or directly. Only demonstration mode may do without, unless you say so.
HTTPS = env_bool("HTTPS", default=not (DEMONSTRATION or DEBUG))
SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")
CSRF_FAILURE_VIEW = "registries.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SAMESITE = "Lax"

# Proxies whose X-Forwarded-For is believed; see networking/client_address.py.
TRUSTED_PROXIES = env_networks("TRUSTED_PROXIES")
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

LOGIN_SERVER_SUFFIX = env_text("LOGIN_SERVER_SUFFIX") or ("azurecr.localhost" if DEMONSTRATION else "azurecr.io")
FEEDBACK_URL = env_url("FEEDBACK_URL")

# The gate: what a proxy asks before it lets a client through to a registry (deploy/README.md).
GATE_KEY = env_text("GATE_KEY")
GATE_NAME = env_text("GATE_NAME") or socket.gethostname()
GATE_ORDER = env_choice("GATE_ORDER", ("NETWORK-FIRST", "CHALLENGE-FIRST"), default="NETWORK-FIRST")
GATE_MAX_AGE = env_number("GATE_MAX_AGE", default=3600, least=10, most=7 * 86400)
GATE_GRACE = env_number("GATE_GRACE", default=0, most=3600)
GATE_REASON_HEADER = env_bool("GATE_REASON_HEADER", default=False)
GATE_LOG_SOCKET = env_text("GATE_LOG_SOCKET")
REGISTRY_UPSTREAM = env_server("REGISTRY_UPSTREAM")
REQUESTS_KEPT = env_number("REQUESTS_KEPT", default=100_000, most=100_000_000)
REQUESTS_KEPT_DAYS = env_number("REQUESTS_KEPT_DAYS", default=30, least=1, most=3650)

# What networking does before resource groups go: it answers what must go first. A string, because the ground floor
# knows nothing of networking.
EMPTIES_RESOURCE_GROUPS = "networking.group_deletion"
# Likewise what it does to a registry that is created with private access, in the transaction that creates it.
CLOSES_NEW_REGISTRIES = "networking.private_creation.close"
# And what of it keeps a registry from a lower tier, beside what the registry's own row tells.
KEEPS_A_TIER = "networking.tier_keeping.in_the_way"

INSTALLED_APPS = [
    "registries.apps.AdminConfig",  # django.contrib.admin
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "registries",
    "networking",
]

DASHBOARD_MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "registries.middleware.SignedInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "networking.middleware.ClientAddressMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
# No cookie is read or set there, and nothing is asked but the token of each request.
ARM_MIDDLEWARE = [
    "networking.arm.middleware.HeadersMiddleware",
    "networking.middleware.ClientAddressMiddleware",
]
MIDDLEWARE = ARM_MIDDLEWARE if SERVES == "ARM" else DASHBOARD_MIDDLEWARE
ROOT_URLCONF = "networking.arm.urls" if SERVES == "ARM" else "registries.urls"
WSGI_APPLICATION = "registries.wsgi.application"
# What is asked before Django, the first one first: one answers for the registries' own host names, one gives answers of
# the ARM API again. Strings, because the ground floor knows nothing of networking.
WSGI_FRONTS = ["networking.gate.front.Front"] + (["networking.arm.front.Front"] if SERVES == "ARM" else [])

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,  # the admin's own
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "registries.context.shell",
                "networking.blade.context.demonstration",
            ],
            "builtins": ["registries.templatetags.portal"],
        },
    },
]

# One rule per need; nothing inline, nothing from elsewhere.
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF],
    "connect-src": [CSP.SELF],  # htmx
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}

DATABASES = {"default": database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "registries.Account"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "registry-list"
LOGOUT_REDIRECT_URL = "sign-in"

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = False

STATIC_URL = "static/"
STATIC_ROOT = DATA / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# 100 rules of the longest names and notes fit several times over; beyond it the answer is 413.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
DATA_UPLOAD_MAX_NUMBER_FILES = 4
# A file is not part of that: the first of these bounds it.
FILE_UPLOAD_HANDLERS = [
    "registries.uploads.BoundedUploads",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

LOG_LEVEL = env_choice("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"), default="INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
}
