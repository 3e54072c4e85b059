"""Settings as the environment spells them: an empty one is not set, a wrong one stops the start with a sentence."""

import os
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured


def env_text(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def env_bool(name: str, *, default: bool) -> bool:
    text = env_text(name).lower()
    if not text:
        return default
    if text in ("1", "true", "yes", "on"):
        return True
    if text in ("0", "false", "no", "off"):
        return False
    raise ImproperlyConfigured(f"{name} is '{text}'; it must be true or false.")


def env_choice(name: str, choices: tuple[str, ...], *, default: str) -> str:
    text = env_text(name).upper() or default
    if text not in choices:
        raise ImproperlyConfigured(f"{name} is '{text}'; it must be one of {', '.join(choices)}.")
    return text


def env_list(name: str) -> list[str]:
    return [part.strip() for part in env_text(name).split(",") if part.strip()]


def env_networks(name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(part) for part in env_list(name))
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} must be a comma-separated list of networks, like 10.0.0.0/8, fd00::/8: {error}."
        ) from None


def env_number(name: str, *, default: int, least: int = 0, most: int) -> int:
    text = env_text(name) or str(default)
    if not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
        raise ImproperlyConfigured(f"{name} is '{text}'; it must be a number from {least} to {most}.")
    return int(text)


def env_url(name: str, default: str = "") -> str:
    url = env_text(name) or default
    if url and not url.startswith(("https://", "http://")):
        raise ImproperlyConfigured(f"{name} is '{url}'; it must begin with https:// or http://.")
    return url.rstrip("/")


def env_server(name: str, default: str = "", *, schemes: tuple[str, ...] = ("http", "https")) -> str:
    """The address of a server, without a path. It may hold a password, and so is never quoted."""
    url = (env_text(name) or default).rstrip("/")
    try:
        parts = urlsplit(url)
        known = parts.scheme in schemes and parts.hostname and parts.port != 0
    except ValueError:
        known = None
    if url and not (known and parts.path == parts.query == parts.fragment == ""):
        raise ImproperlyConfigured(
            f"{name} must be the address of a server alone, like {default or 'http://127.0.0.1:5000'}."
        )
    return url
