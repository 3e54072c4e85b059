"""Template deployments are not served; what would one change is refused in a way that az understands."""

import pytest

from tests import make
from tests.networking.arm.asking import GROUP, SUBSCRIPTION, Arm

pytestmark = pytest.mark.django_db
DEPLOYMENT = "providers/Microsoft.Resources/deployments/main"
BODY = '{"properties": {"mode": "Incremental", "template": {resources: [] /* as in its file */}}}'


@pytest.fixture(autouse=True)
def group() -> None:
    make.resource_group()


@pytest.mark.parametrize("place", [pytest.param(GROUP, id="of a group"), pytest.param(SUBSCRIPTION, id="above")])
def test_what_a_template_would_change_is_refused_as_a_template_is(reader: Arm, place: str) -> None:
    """az takes any status but 200 for a failure of its own, and prints a trace."""
    told = reader.post(f"{place}/{DEPLOYMENT}/whatIf", BODY)
    assert (told.status, told.json) == (
        200,
        {
            "status": "Failed",
            "error": {
                "code": "InvalidResourceType",
                "message": "Portcullis doesn't serve template deployments; docs/az.md lists what it serves.",
            },
        },
    )


@pytest.mark.parametrize(
    ("place", "error"),
    [
        pytest.param(f"{SUBSCRIPTION}/resourceGroups/none", (404, "ResourceGroupNotFound"), id="no group"),
        pytest.param(
            "/subscriptions/b2000000-0000-0000-0000-000000000002", (404, "SubscriptionNotFound"), id="no subscription"
        ),
    ],
)
def test_nowhere_it_is_not_even_asked(reader: Arm, place: str, error: tuple[int, str]) -> None:
    assert reader.post(f"{place}/{DEPLOYMENT}/whatIf", BODY).error[:2] == error


@pytest.mark.parametrize("place", [GROUP, SUBSCRIPTION])
def test_who_may_look_at_nothing_is_refused(nobody: Arm, place: str) -> None:
    assert nobody.post(f"{place}/{DEPLOYMENT}/whatIf", BODY).error[:2] == (403, "AuthorizationFailed")
    assert Arm("").post(f"{place}/{DEPLOYMENT}/whatIf", BODY).status == 401


@pytest.mark.parametrize("place", [GROUP, SUBSCRIPTION])
def test_only_a_post_asks_it(reader: Arm, place: str) -> None:
    assert reader.get(f"{place}/{DEPLOYMENT}/whatIf").error[:2] == (405, "MethodNotAllowed")
