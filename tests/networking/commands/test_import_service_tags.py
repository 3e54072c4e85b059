"""manage.py import_service_tags"""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from networking.models import ServiceTagImport
from tests import service_tags_file as file

pytestmark = pytest.mark.django_db


def imported(path: Path) -> list[str]:
    printed = io.StringIO()
    call_command("import_service_tags", str(path), stdout=printed)
    return printed.getvalue().splitlines()


def test_it_imports_and_says_what_changed(tmp_path: Path) -> None:
    path = tmp_path / "ServiceTags_Public_21261118.json"
    path.write_bytes(file.written(file.small()))
    assert imported(path) == ["Imported service tags Public 84: 6 tags with 10 address prefixes."]
    path.write_bytes(file.written(file.small(number=85, Sql=["10.0.0.0/8"])))
    assert imported(path) == [
        "Imported service tags Public 85: 7 tags with 11 address prefixes.",
        "Tags: 1 added, 0 removed. Prefixes in other tags: 0 added, 0 removed.",
    ]
    last = ServiceTagImport.last()
    assert last is not None
    assert last.file_name == "ServiceTags_Public_21261118.json"
    assert last.imported_by.endswith(" (command line)")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(b"[]", "^This isn't a file of service tags: it doesn't begin with {.", id="another file"),
        pytest.param(None, "can't be read: No such file or directory.$", id="no file"),
    ],
)
def test_what_can_not_be_imported_ends_with_a_sentence(tmp_path: Path, data: bytes | None, said: str) -> None:
    path = tmp_path / "file.json"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(CommandError, match=said):
        imported(path)
    assert ServiceTagImport.last() is None


def test_a_null_character_is_no_file_name() -> None:
    with pytest.raises(CommandError, match="isn't the name of a file"):
        imported(Path("a\x00b"))
