"""What `manage.py check --deploy` asks of our own settings."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register


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
