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
