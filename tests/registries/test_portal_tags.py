from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from registries.templatetags.portal import ago, icon


@pytest.mark.parametrize(
    ("past", "told"),
    [
        pytest.param(timedelta(seconds=3), "Just now", id="seconds"),
        pytest.param(timedelta(minutes=2, seconds=10), "2\xa0minutes ago", id="minutes"),
        pytest.param(timedelta(hours=1, minutes=59), "1\xa0hour ago", id="an hour and more"),
        pytest.param(timedelta(days=3), "3\xa0days ago", id="days"),
    ],
)
def test_a_moment_is_told_in_its_largest_unit(past: timedelta, told: str) -> None:
    assert ago(timezone.now() - past) == told


def test_an_icon_is_decoration_only() -> None:
    assert icon("save", 20, "c-blue") == (
        '<svg class="i i20 c-blue" aria-hidden="true"><use href="/static/registries/icons.svg#save"/></svg>'
    )


def test_a_kept_icon_follows_where_static_files_are_served(settings: Settings) -> None:
    icon("save")
    settings.STATIC_URL = "/files/"
    assert icon("save") == '<svg class="i" aria-hidden="true"><use href="/files/registries/icons.svg#save"/></svg>'
