"""Template tags of the portal's look. Loaded in every template by the settings."""

from datetime import datetime, timedelta
from functools import lru_cache

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

register = template.Library()


@register.simple_tag
def icon(name: str, size: int = 16, css: str = "") -> SafeString:
    """A symbol of icons.svg. Decoration only: the text beside it says what it means."""
    return _drawn(name, size, css, (settings.STATIC_URL, settings.DEBUG, settings.STORAGES["staticfiles"]["BACKEND"]))


@lru_cache(maxsize=512)
def _drawn(name: str, size: int, css: str, served: tuple[str, bool, str]) -> SafeString:
    """Kept, because a page of 100 rules draws 600 of them. `served` is all that decides where icons.svg is."""
    classes = " ".join(part for part in ("i", "i20" if size == 20 else "", css) if part)
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>', classes, static("registries/icons.svg"), name
    )


@register.filter
def ago(moment: datetime) -> str:
    """'2 minutes ago', in one unit."""
    if timezone.now() - moment < timedelta(minutes=1):
        return "Just now"
    return f"{timesince(moment, depth=1)} ago"
