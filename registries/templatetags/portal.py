"""Template tags of the portal's look. Loaded in every template by the settings."""

from datetime import datetime, timedelta

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

register = template.Library()


@register.simple_tag
def icon(name: str, size: int = 16, css: str = "") -> SafeString:
    """A symbol of icons.svg. Decoration only: the text beside it says what it means."""
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
