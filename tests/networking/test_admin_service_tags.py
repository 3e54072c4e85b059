"""Service tags in the admin: to look at only."""

import pytest
from django.test import Client

from networking.models import ServiceTag
from tests import make
from tests import service_tags_file as file

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make.account("Owner", is_staff=True))
    return client


def test_imports_and_tags_are_listed_and_opened(admin: Client) -> None:
    done = make.service_tags(file.small())
    assert "ServiceTags_Public.json" in admin.get("/admin/networking/servicetagimport/").content.decode()
    assert "Public" in admin.get(f"/admin/networking/servicetagimport/{done.pk}/change/").content.decode()
    listed = admin.get("/admin/networking/servicetag/?q=australia").content.decode()
    assert "Storage.AustraliaCentral" in listed
    assert "Storage.EastUS" not in listed
    tag = ServiceTag.objects.get(name="Storage")
    assert admin.get(f"/admin/networking/servicetag/{tag.pk}/change/").status_code == 200


@pytest.mark.parametrize("model", ["servicetagimport", "servicetag"])
def test_nothing_is_added_changed_or_deleted_there(admin: Client, model: str) -> None:
    make.service_tags(file.small())
    row = ServiceTag.objects.get(name="Storage")
    pk = row.pk if model == "servicetag" else row.imported_in_id
    assert admin.get(f"/admin/networking/{model}/add/").status_code == 403
    assert admin.post(f"/admin/networking/{model}/{pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin.post(f"/admin/networking/{model}/{pk}/change/", {"name": "Other"}).status_code == 403
    assert ServiceTag.objects.filter(name="Storage").exists()
