"""Files that come with a form: bounded where a view takes them, read past where it doesn't."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import ResolverMatch
from pytest_django import Settings

from registries.uploads import takes_files, too_large


@takes_files(1000)
def takes(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def takes_none(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def posted(view: object, size: int) -> HttpRequest:
    request = RequestFactory().post(
        "/", {"before": "1", "file": SimpleUploadedFile("a.json", b"x" * size), "after": "2"}
    )
    request.resolver_match = ResolverMatch(view, (), {})  # type: ignore[arg-type]
    return request


@pytest.mark.parametrize(
    ("size", "taken"),
    [
        pytest.param(1000, True, id="as large as may be"),
        pytest.param(1001, False, id="a byte more"),
        pytest.param(500_000, False, id="many pieces"),
    ],
)
def test_a_file_is_taken_up_to_its_bound(size: int, taken: bool) -> None:
    request = posted(takes, size)
    sizes = [request.FILES[name].size for name in request.FILES]  # type: ignore[union-attr]
    assert sizes == ([size] if taken else [])
    assert request.POST.dict() == {"before": "1", "after": "2"}
    assert too_large(request) is not taken


def test_a_view_that_takes_none_gets_none(tmp_path: Path, settings: Settings) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    request = posted(takes_none, 5_000_000)
    assert (dict(request.FILES), request.POST.dict()) == ({}, {"before": "1", "after": "2"})
    assert not too_large(request)
    assert list(tmp_path.iterdir()) == []


def test_what_was_too_large_leaves_nothing_on_the_disk(tmp_path: Path, settings: Settings) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    view = takes_files(3_000_000)(lambda request: HttpResponse())
    request = posted(view, 5_000_000)
    assert dict(request.FILES) == {}
    assert too_large(request)
    assert list(tmp_path.iterdir()) == []


def test_an_address_that_leads_nowhere_takes_none() -> None:
    request = posted(takes, 10)
    request.resolver_match = None
    assert dict(request.FILES) == {}
