"""The Client firewall rules page of a registry, and its file."""

import json
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from networking.access.policy import AccessPolicy
from networking.exchange.client_firewall import Format
from networking.models import ServiceTagImport
from registries.models import Registry
from tests import make
from tests import service_tags_file as file

pytestmark = pytest.mark.django_db

URL = "/registries/mycontainerregistry/client-firewall/"
FILE = f"{URL}file/"
BOTH = [pytest.param(URL, id="page"), pytest.param(FILE, id="file")]
LOGIN = "mycontainerregistry.azurecr.io"


@pytest.fixture
def registry(db: None) -> Registry:
    return make.registry(replica_regions=["westus"])


@pytest.fixture
def with_data_endpoints(db: None) -> Registry:
    return make.registry(policy=AccessPolicy(data_endpoint=True), replica_regions=["westus"])


def text_of(answer: Any) -> str:
    return " ".join(unescape(answer.content.decode()).split())


def hosts(client: Client, query: str = "") -> list[str]:
    answer = client.get(FILE + query)
    assert answer.status_code == 200
    return str(answer.content.decode()).splitlines()


def test_without_data_endpoints_blob_storage_is_allowed_and_warned_of(reader: Client, registry: Registry) -> None:
    page = text_of(reader.get(URL))
    assert "<title>mycontainerregistry | Client firewall rules – Portcullis</title>" in page
    assert f'<a href="{URL}" aria-current="page">' in page
    assert "must reach two kinds of endpoint over HTTPS (port 443)" in page
    assert "Clients must allow <code>*.blob.core.windows.net</code>, which also reaches other tenants' storage." in page
    assert hosts(reader) == [LOGIN, "azurecr.io", "*.blob.core.windows.net"]


def test_with_data_endpoints_each_region_has_its_name(reader: Client, with_data_endpoints: Registry) -> None:
    data = [f"mycontainerregistry.{region}.data.azurecr.io" for region in ("eastus", "westus")]
    page = text_of(reader.get(URL))
    assert "Dedicated data endpoints are on, so no wildcard for blob storage is needed." in page
    for host in data:
        assert f'<code>{host}</code><button type="button" data-copy="{host}"' in page
    assert "<td>West US</td>" in page
    assert hosts(reader) == [LOGIN, "azurecr.io", *data]
    assert hosts(reader, "?region=westus") == [LOGIN, "azurecr.io", data[1]]


def test_the_page_says_what_stays_and_what_a_switch_changes(reader: Client, registry: Registry) -> None:
    page = text_of(reader.get(URL))
    assert f"The login URL <code>{LOGIN}</code> never changes, whether dedicated data endpoints are on or off." in page
    assert (
        "<dt>Before you turn them on, allow</dt><dd><code>mycontainerregistry.eastus.data.azurecr.io</code>, "
        "<code>mycontainerregistry.westus.data.azurecr.io</code> </dd>" in page
    )
    assert "<dt>Afterwards you can drop</dt><dd><code>*.blob.core.windows.net</code> </dd>" in page
    assert "az acr update --name mycontainerregistry --data-endpoint-enabled</code>" in page
    assert "az acr show-endpoints --name mycontainerregistry" in page


def test_turning_them_off_needs_blob_storage_first(reader: Client, with_data_endpoints: Registry) -> None:
    page = text_of(reader.get(URL))
    assert "<dt>Before you turn them off, allow</dt><dd><code>*.blob.core.windows.net</code> </dd>" in page
    assert "--data-endpoint-enabled false</code>" in page


def test_another_tier_is_told_that_it_has_no_data_endpoints(reader: Client) -> None:
    make.registry(sku="Standard")
    assert "Dedicated data endpoints need the Premium tier; this registry is Standard." in text_of(reader.get(URL))


def test_the_microsoft_registry_is_added_when_ticked(reader: Client, registry: Registry) -> None:
    added = ["mcr.microsoft.com", "*.data.mcr.microsoft.com"]
    assert hosts(reader, "?mcr=1")[-2:] == added
    page = text_of(reader.get(f"{URL}?mcr=1"))
    assert '<input type="checkbox" name="mcr" value="1" checked>' in page
    for tag in ("MicrosoftContainerRegistry", "AzureFrontDoor.FirstParty"):
        assert f"<code>{tag}</code>" in page
    assert "A tag holds the address prefixes of a service, in all regions or in the one that its name ends with" in page
    assert "the platform keeps it up to date" in page


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("prefixes", ["", "&prefixes=1"])
def test_the_page_shows_the_text_that_the_file_holds(
    reader: Client, registry: Registry, form: Format, prefixes: str
) -> None:
    make.service_tags(file.small(MicrosoftContainerRegistry=["20.0.0.0/24"]))
    query = f"?mcr=1{prefixes}&region=eastus&format={form}"
    page, download = reader.get(URL + query), reader.get(FILE + query)
    assert page.status_code == download.status_code == 200
    assert page.context["text"] == download.content.decode()
    assert download["Content-Type"] == f"{form.content_type}; charset=utf-8"
    assert download["Content-Disposition"] == f'attachment; filename="mycontainerregistry-{form.file_name}"'
    assert f'<option value="{form}" selected>{form.label}</option>' in text_of(page)
    assert f'href="{FILE}{query}"' in unescape(page.content.decode())


def tags(client: Client, query: str) -> dict[str, list[str] | None]:
    told = json.loads(client.get(f"{FILE}?format=json{query}").content)
    return {tag["name"]: tag.get("addressPrefixes") for tag in told["serviceTags"]}


def test_prefixes_come_from_the_last_import_and_only_on_request(reader: Client, registry: Registry) -> None:
    make.service_tags(file.small())
    assert tags(reader, "") == {"AzureContainerRegistry": None, "Storage": None}
    assert tags(reader, "&region=eastus") == {"AzureContainerRegistry.EastUS": None, "Storage.EastUS": None}
    assert tags(reader, "&region=eastus&prefixes=1") == {
        "AzureContainerRegistry.EastUS": ["13.66.140.72/29", "2603:1000:4::/46"],
        "Storage.EastUS": ["13.65.107.32/28"],
    }
    assert tags(reader, "&prefixes=1") == {
        "AzureContainerRegistry": ["13.66.140.72/29", "13.70.72.136/29", "2603:1000:4::/46"],
        "Storage": ["13.65.107.32/28", "52.239.216.0/23"],
    }


def test_a_region_without_a_tag_of_its_own_gets_that_of_all_regions(reader: Client, registry: Registry) -> None:
    make.service_tags(file.small())
    assert tags(reader, "&region=westus&prefixes=1") == {
        "AzureContainerRegistry": ["13.66.140.72/29", "13.70.72.136/29", "2603:1000:4::/46"],
        "Storage": ["13.65.107.32/28", "52.239.216.0/23"],
    }


def test_without_an_import_prefixes_are_missed_with_a_way_on(reader: Client, registry: Registry) -> None:
    page = text_of(reader.get(f"{URL}?prefixes=1"))
    assert "No file of service tags is imported, so there are no address prefixes." in page
    assert '<a href="/service-tags/">Import the weekly file</a>' in page
    assert hosts(reader, "?prefixes=1") == [
        "# There are no address prefixes here: no file of service tags is imported.",
        *hosts(reader),
    ]


LAYERS = "The imported file has no address prefixes of the service tag AzureFrontDoor.FirstParty (Their layers)."


@pytest.mark.parametrize("form", [Format.PLAIN, Format.SQUID, Format.NFTABLES, Format.NSG, Format.AZURE_FIREWALL])
def test_a_tag_that_the_import_lacks_is_named_on_the_page_and_in_the_text(
    reader: Client, registry: Registry, form: Format
) -> None:
    make.service_tags(file.small(MicrosoftContainerRegistry=["20.0.0.0/24"]))
    answer = reader.get(f"{URL}?prefixes=1&mcr=1&format={form}")
    assert f"# {LAYERS}" in answer.context["text"]
    assert f"<li>{LAYERS}</li>" in text_of(answer)
    assert "the service tag MicrosoftContainerRegistry" not in text_of(answer)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([file.tag("Sql", ["20.0.0.0/24"])], id="others only"),
        pytest.param([file.tag("Storage", [])], id="one without a prefix"),
    ],
)
def test_of_an_import_without_any_of_the_tags_prefixes_are_missed(
    reader: Client, registry: Registry, values: list[dict[str, Any]]
) -> None:
    make.service_tags({**file.small(), "values": values})
    why = "the imported file, Public 84, has nothing for the service tags AzureContainerRegistry, Storage"
    page = text_of(reader.get(f"{URL}?prefixes=1&format=nsg"))
    assert f"T{why[1:]}, so there are no address prefixes." in page
    assert f"# There are no address prefixes here: {why}." in page
    refused = reader.get(f"{FILE}?format=nftables")
    assert (
        refused.status_code,
        refused.content.decode().startswith(f"nftables takes addresses, not names, and {why}."),
    ) == (
        422,
        True,
    )


def test_a_region_without_a_tag_of_its_own_is_never_named(reader: Client, registry: Registry) -> None:
    make.service_tags(file.small())
    assert tags(reader, "&region=westus") == {"AzureContainerRegistry": None, "Storage": None}
    assert "WestUS" not in reader.get(f"{FILE}?format=nsg&region=westus").content.decode()


@pytest.mark.parametrize(
    ("suffix", "cloud", "taken"),
    [
        pytest.param("azurecr.io", "Public", True, id="public"),
        pytest.param("azurecr.localhost", "Public", True, id="demonstration"),
        pytest.param("azurecr.io", "AzureGovernment", False, id="a government file, the public cloud"),
        pytest.param("azurecr.us", "Public", False, id="the public file, US Government"),
        pytest.param("azurecr.us", "AzureGovernment", True, id="US Government"),
        pytest.param("azurecr.cn", "Public", False, id="the public file, China"),
        pytest.param("azurecr.cn", "China", True, id="China"),
    ],
)
def test_the_file_of_another_cloud_is_not_taken(
    reader: Client, registry: Registry, settings: Settings, suffix: str, cloud: str, taken: bool
) -> None:
    settings.LOGIN_SERVER_SUFFIX = suffix
    make.service_tags({**file.small(), "cloud": cloud})
    listed = hosts(reader, "?prefixes=1")
    assert ("13.66.140.72/29" in listed) is taken
    refused = f"The imported file of service tags is that of the cloud {cloud}, and this registry is in"
    assert (refused in text_of(reader.get(URL))) is not taken
    assert reader.get(f"{FILE}?format=nftables").status_code == (200 if taken else 422)


def test_nftables_without_an_import_is_refused_with_a_sentence(reader: Client, registry: Registry) -> None:
    page, download = reader.get(f"{URL}?format=nftables"), reader.get(f"{FILE}?format=nftables")
    assert (page.status_code, download.status_code) == (200, 422)
    assert "nftables takes addresses, not names, and no file of service tags is imported" in text_of(page)
    assert download.content.decode().endswith("Import the weekly file, or choose a format that takes host names.")
    assert download["Content-Type"].startswith("text/plain")
    assert "<pre" not in text_of(page)


def test_an_import_older_than_a_week_is_warned_of(reader: Client, registry: Registry) -> None:
    make.service_tags(file.small())
    assert "Import the newest one" not in text_of(reader.get(URL))
    ServiceTagImport.objects.update(ended_at=timezone.now() - timedelta(days=8))
    page = text_of(reader.get(URL))
    assert "The service tags were imported 1 week ago, and the file is published anew every week." in page


def test_a_registry_at_a_name_of_ones_own_has_no_service_tag(
    reader: Client, registry: Registry, settings: Settings
) -> None:
    settings.LOGIN_SERVER_SUFFIX = "images.example.org"
    assert hosts(reader) == [
        "mycontainerregistry.images.example.org",
        "images.example.org",
        "mycontainerregistry.blob.images.example.org",
    ]
    assert "its addresses are those of your own proxy" in text_of(reader.get(URL))
    assert reader.get(f"{FILE}?format=nsg").status_code == 422


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        pytest.param("?region=mars", "This registry has no region 'mars'; left out.", id="region"),
        pytest.param("?format=<b>", "This registry has no format '<b>'; left out.", id="format"),
        pytest.param(
            "?region=%00&format=" + "x" * 999,
            f"This registry has no region '\x00' and no format '{'x' * 50}'; left out.",
            id="both",
        ),
    ],
)
def test_nonsense_is_named_and_left_out(reader: Client, registry: Registry, query: str, sentence: str) -> None:
    answer = reader.get(URL + query)
    assert (answer.status_code, answer.context["asked"].refused) == (200, sentence)
    assert "format '<b>" not in answer.content.decode()
    assert hosts(reader, query) == hosts(reader)


@pytest.mark.parametrize("url", BOTH)
def test_many_tags_and_regions_cost_no_more_queries_than_few(reader: Client, registry: Registry, url: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert reader.get(url, {"prefixes": "1", "mcr": "1", "format": "nftables"}).status_code == 200
        return len(captured)

    make.service_tags(file.small())
    for_few = queries()
    make.service_tags(file.real_size(services=6))
    Registry.objects.update(replica_regions=["westus", "westeurope", "uksouth", "japaneast"])
    assert queries() == for_few
    assert for_few <= 9  # session, account, permissions, registry, last import, prefixes, and the frame of the page


@pytest.mark.parametrize("url", BOTH)
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_other_methods_are_refused(owner: Client, registry: Registry, url: str, method: str) -> None:
    assert getattr(owner, method)(url).status_code == 405
    assert owner.head(url).status_code == 200


@pytest.mark.parametrize("url", BOTH)
def test_whoever_has_not_signed_in_is_sent_to_sign_in(client: Client, registry: Registry, url: str) -> None:
    answer = client.get(url)
    assert (answer.status_code, answer["Location"]) == (302, f"/sign-in/?next={url}")


@pytest.mark.parametrize("url", BOTH)
def test_an_account_without_a_role_is_refused(
    as_role: Callable[[str | None], Client], registry: Registry, url: str
) -> None:
    answer = as_role(None).get(url)
    assert answer.status_code == 403
    assert "Seeing registries needs the Reader, Contributor or Owner role." in text_of(answer)


@pytest.mark.parametrize("end", ["", "file/"])
def test_an_unknown_registry_is_not_found(reader: Client, end: str) -> None:
    answer = reader.get(f"/registries/nosuch/client-firewall/{end}")
    assert answer.status_code == 404
    assert "There is no registry named 'nosuch'." in text_of(answer)


def test_a_get_is_a_whole_page_with_htmx_too(reader: Client, registry: Registry) -> None:
    assert "<html" in text_of(reader.get(URL, headers={"HX-Request": "true"}))
