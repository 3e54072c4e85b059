"""What `manage.py check` asks of our own settings, some of it with `--deploy` only."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error, Tags, register

from networking.gate import hosts


@register
def our_own_hosts_are_no_registries(**_: Any) -> list[Error]:
    """The front answers for registries before Django sees a request, so under such a name no page would open."""
    ours = dict.fromkeys([*settings.ALLOWED_HOSTS, urlsplit(settings.ARM_URL).hostname or ""])
    return [
        Error(
            f"{host} is Portcullis' own host, but under LOGIN_SERVER_SUFFIX={settings.LOGIN_SERVER_SUFFIX} it is a "
            "registry's.",
            hint="Give the registries a suffix of their own, like registries.example.org.",
            id="portcullis.E003",
        )
        for host in ours
        if hosts.parse(host) is not None
    ]


@register(Tags.security, deploy=True)
def demonstration_is_off(**_: Any) -> list[Error]:
    if not settings.DEMONSTRATION:
        return []
    return [
        Error(
            "DEMONSTRATION is on: the sign-in page shows every password.",
            hint="Start without DEMONSTRATION, and make accounts with manage.py createsuperuser.",
            id="portcullis.E001",
        )
    ]


@register(Tags.security, deploy=True)
def nobody_is_signed_in_unasked(**_: Any) -> list[Error]:
    if not settings.ARM_DEVICE_CODE_ACCOUNT:
        return []
    return [
        Error(
            f"ARM_DEVICE_CODE_ACCOUNT is set: az login makes anybody {settings.ARM_DEVICE_CODE_ACCOUNT}.",
            hint="Start without it, and let programs sign in as service principals.",
            id="portcullis.E002",
        )
    ]
