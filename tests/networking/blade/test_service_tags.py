"""The Service tags page: import, look-up, difference, and an import under way."""

from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from networking.blade import service_tags
from networking.models import ServiceTag, ServiceTagImport
from tests import make
from tests import service_tags_file as file

pytestmark = pytest.mark.django_db

URL = "/service-tags/"
IMPORT = "/service-tags/import/"


def text_of(answer: Any) -> str:
    return " ".join(unescape(answer.content.decode()).split())


def upload(client: Client, data: bytes, *, name: str = "ServiceTags_Public_21261118.json") -> Any:
    return client.post(IMPORT, {"file": SimpleUploadedFile(name, data, "application/json")})


def test_an_owner_imports_the_weekly_file(owner: Client) -> None:
    answer = upload(owner, file.written(file.small()))
    assert (answer.status_code, answer["Location"]) == (303, URL)
    page = text_of(owner.get(URL))
    assert "Public 84: 6 tags with 10 address prefixes." in page
    assert "<dt>Change number</dt><dd>84</dd>" in page
    assert "<dt>File</dt><dd>ServiceTags_Public_21261118.json</dd>" in page
    assert "<dt>Holds</dt><dd>6 tags, 10 address prefixes</dd>" in page
    assert ServiceTagImport.last().imported_by.startswith("owner")  # type: ignore[union-attr]


def test_a_file_of_over_10_mb_is_imported(owner: Client) -> None:
    """More than a form may bring, and more than is kept in memory."""
    data = file.written(file.small(Padding=[]))
    data = data[:-1] + b" " * 11_000_000 + data[-1:]
    assert upload(owner, data).status_code == 303
    assert ServiceTagImport.last().file_size == len(data)  # type: ignore[union-attr]


def test_a_file_beyond_the_bound_is_refused_with_one_sentence(owner: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_tags.import_service_tags, "most_bytes", 1000)
    answer = upload(owner, file.written(file.small()))
    assert answer.status_code == 422
    assert "The file is larger than 64 MiB, so it wasn't read. The weekly file has some 10." in text_of(answer)
    assert ServiceTagImport.objects.count() == 0


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(b"<html>", "it doesn't begin with {", id="not JSON"),
        pytest.param(b'{"registries": []}', "it lacks 'changeNumber' and 'cloud' and 'values'", id="wrong shape"),
        pytest.param(file.written(file.small())[:-20], "The file ends in the middle", id="truncated"),
        pytest.param(
            file.written(file.small(Sql=["13.66.140.73/29"])),
            "'13.66.140.73/29' of the service tag Sql isn't an address prefix",
            id="bad prefix",
        ),
    ],
)
def test_a_broken_file_is_told_and_changes_nothing(owner: Client, data: bytes, said: str) -> None:
    make.service_tags(file.small(number=83))
    answer = upload(owner, data)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert "stays in place." in text_of(answer)
    assert ServiceTagImport.last().change_number == 83  # type: ignore[union-attr]
    assert said in text_of(owner.get(URL))  # the list of imports has it


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"file": "text"}, id="text"),
        pytest.param({"other": "1"}, id="else"),
    ],
)
def test_a_form_without_a_file_is_refused(owner: Client, body: dict[str, str]) -> None:
    answer = owner.post(IMPORT, body)
    assert answer.status_code == 422
    assert "Choose a file to import." in text_of(answer)
    assert ServiceTagImport.objects.count() == 0


@pytest.mark.parametrize("role", ["Reader", "Contributor", None])
def test_nobody_but_an_owner_imports(as_role: Callable[[str | None], Client], role: str | None) -> None:
    answer = upload(as_role(role), file.written(file.small()))
    assert answer.status_code == 403
    assert "Importing service tags needs the Owner role. Ask an Owner of this console." in text_of(answer)
    assert ServiceTagImport.objects.count() == 0


def test_a_reader_sees_all_of_it_and_no_form(reader: Client) -> None:
    make.service_tags(file.small())
    page = text_of(reader.get(URL))
    assert 'id="import-form"' not in page
    assert "Importing service tags needs the Owner role." in page
    assert "<dt>Cloud</dt><dd>Public</dd>" in page


def test_the_difference_to_the_last_import_is_shown(reader: Client) -> None:
    make.service_tags(file.small())
    changed = file.small(number=85, Sql=["198.51.100.0/24"])
    changed["values"][3]["properties"]["addressPrefixes"] = ["52.239.216.0/23", "198.51.100.0/24", "192.0.2.0/24"]
    del changed["values"][5]
    make.service_tags(changed)
    page = text_of(reader.get(URL))
    assert "1 tag added, 1 removed; in 1 other 2 prefixes added, 1 removed." in page
    assert "Tags added: <code>Sql</code>" in page
    assert "Tags removed: <code>Storage.EastUS</code>" in page
    assert "2: <code>192.0.2.0/24</code>, <code>198.51.100.0/24</code></td><td>1: <code>13.65.107.32/28</code>" in page


def test_an_import_older_than_a_week_is_warned_of(reader: Client) -> None:
    make.service_tags(file.small())
    assert "published anew every week, and address prefixes change with it" not in text_of(reader.get(URL))
    ServiceTagImport.objects.update(ended_at=timezone.now() - timedelta(days=15))
    assert "Imported 2 weeks ago. The file is published anew every week" in text_of(reader.get(URL))


@pytest.mark.parametrize(
    ("q", "said"),
    [
        pytest.param("13.66.140.75", "2 tags hold 13.66.140.75.", id="IPv4"),
        pytest.param(" 2603:1000:4::7 ", "2 tags hold 2603:1000:4::7.", id="IPv6 between blanks"),
        pytest.param("::ffff:13.66.140.75", "2 tags hold ::ffff:", id="IPv4 in the clothes of IPv6"),
        pytest.param("192.0.2.1", "No tag of the last import holds 192.0.2.1.", id="held by none"),
        pytest.param("azurecontainerregistry", "3 tags with 'azurecontainerregistry' in the name.", id="a name"),
        pytest.param("australiacentral", "1 tag with 'australiacentral' in the name.", id="a region"),
        pytest.param("nosuch", "'nosuch' isn't an address, and no tag of the last import has it", id="nothing"),
        pytest.param("13.66.140.72/29", "'13.66.140.72/29' isn't an address", id="a range"),
        pytest.param("<b>\x00", "'<b>' isn't an address", id="markup"),
        pytest.param("9" * 500, f"'{'9' * 100}' isn't an address", id="very long"),
    ],
)
def test_search_finds_addresses_and_names(reader: Client, q: str, said: str) -> None:
    make.service_tags(file.small())
    answer = reader.get(URL, {"q": q})
    assert answer.status_code == 200
    assert said in text_of(answer)
    assert b"'<b>'" not in answer.content


def test_a_search_shows_which_prefix_holds_the_address(reader: Client) -> None:
    make.service_tags(file.small())
    page = text_of(reader.get(URL, {"q": "13.70.72.137"}))
    assert (
        '<td><a href="?q=AzureContainerRegistry.AustraliaEast#search-h">AzureContainerRegistry.AustraliaEast</a></td>'
        "<td><code>13.70.72.136/29</code></td><td>australiaeast</td>" in page
    )


def test_the_whole_name_of_a_tag_shows_its_prefixes(reader: Client) -> None:
    make.service_tags(file.small())
    assert reader.get(URL, {"q": "STORAGE"}).context["search"].prefixes == ("13.65.107.32/28", "52.239.216.0/23")
    assert "Address prefixes of Storage" in text_of(reader.get(URL, {"q": "storage"}))


def test_without_an_import_the_page_says_so(reader: Client) -> None:
    page = text_of(reader.get(URL, {"q": "13.66.140.75"}))
    assert "No file of service tags is imported yet." in page
    assert "No tag holds 13.66.140.75." in page


def running(**more: Any) -> ServiceTagImport:
    values = {"file_name": "next.json", "imported_by": "bo@example.org", "file_size": 1000, "bytes_read": 250}
    return ServiceTagImport.objects.create(**values | {"tag_count": 1234} | more)


def test_a_running_import_says_how_far_it_is_and_asks_again(reader: Client) -> None:
    running()
    page = text_of(reader.get(URL))
    assert "bo@example.org is importing next.json, running since" in page
    assert "1,234 tags read, 250 bytes of 1000 bytes." in page
    assert '<progress max="100" value="25" aria-label="Read so far">25 %</progress>' in page
    assert 'hx-trigger="load delay:1s"' in page
    assert '<a href="/service-tags/#import-h">Look again</a>' in page


def test_an_import_that_fell_silent_is_told_and_asked_no_more(reader: Client) -> None:
    running(seen_at=timezone.now() - timedelta(minutes=3))
    page = text_of(reader.get(URL))
    assert "and was last heard of 3 minutes ago: its process was ended. Import the file again" in page
    assert 'hx-trigger="load delay:1s"' not in page


def test_a_file_on_its_way_is_asked_after_until_the_server_has_it(owner: Client) -> None:
    htmx = {"HX-Request": "true"}
    assert "The file is on its way." in text_of(owner.get(f"{URL}?sending=1", headers=htmx))
    assert 'hx-trigger="load delay:1s"' in text_of(owner.get(f"{URL}?sending=1", headers=htmx))
    assert "The file is on its way." not in text_of(owner.get(f"{URL}?sending=1"))
    assert 'hx-trigger="formdata from:#import-form delay:300ms"' in text_of(owner.get(URL))


@pytest.mark.parametrize("q", ["", "13.66.140.75", "Storage"])
def test_many_tags_cost_no_more_queries_than_few(reader: Client, q: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert reader.get(URL, {"q": q}).status_code == 200
        return len(captured)

    make.service_tags(file.small())
    for_few = queries()
    make.service_tags(file.real_size(services=6))
    assert ServiceTag.objects.count() > 200
    assert queries() == for_few
    assert for_few <= 10


@pytest.mark.parametrize(("url", "methods"), [(URL, ["post", "put", "delete"]), (IMPORT, ["get", "put", "delete"])])
def test_other_methods_are_refused(owner: Client, url: str, methods: list[str]) -> None:
    assert {getattr(owner, method)(url).status_code for method in methods} == {405}


def test_whoever_has_not_signed_in_is_sent_to_sign_in(client: Client) -> None:
    assert client.get(URL)["Location"] == f"/sign-in/?next={URL}"
    assert upload(client, b"{}")["Location"].startswith("/sign-in/")
    assert ServiceTagImport.objects.count() == 0


def test_an_account_without_a_role_is_refused(as_role: Callable[[str | None], Client]) -> None:
    assert as_role(None).get(URL).status_code == 403
