import pytest
from hypothesis import given
from hypothesis import strategies as st

from networking.arm.resource_filter import ResourceFilter


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        pytest.param("", ResourceFilter(), id="nothing"),
        pytest.param("  ", ResourceFilter(), id="spaces"),
        pytest.param(
            "resourceType eq 'Microsoft.ContainerRegistry/registries'",
            ResourceFilter(resourcetype="Microsoft.ContainerRegistry/registries"),
            id="what az acr asks to find a group",
        ),
        pytest.param("resourceGroup eq 'G'", ResourceFilter(resourcegroup="G"), id="what az resource list -g asks"),
        pytest.param("RESOURCEGROUP EQ 'g'", ResourceFilter(resourcegroup="g"), id="capitals"),
        pytest.param(
            "name eq 'a' and location eq 'westus'  AND  resourceType eq 'b/c'",
            ResourceFilter(name="a", location="westus", resourcetype="b/c"),
            id="several",
        ),
        pytest.param("tagname eq 'a' and tagvalue eq ''", ResourceFilter(tagname="a", tagvalue=""), id="an empty tag"),
        pytest.param("startswith(tagName, 'a')", ResourceFilter(tagprefix="a"), id="a wildcard"),
        pytest.param("name eq 'it''s and it''s'", ResourceFilter(name="it's and it's"), id="quotes and a word inside"),
    ],
)
def test_the_filters_of_az_are_read(text: str, asked: ResourceFilter) -> None:
    assert ResourceFilter.read(text) == asked


@pytest.mark.parametrize(
    "text",
    [
        "name", "name eq", "name eq a", "name eq 'a", "name ne 'a'", "plan eq 'a'", "name eq 'a' or name eq 'b'",
        "name eq 'a' and", "and name eq 'a'", "name eq 'a' name eq 'b'", "name eq 'a' and name eq 'b'", "(name eq 'a')",
        "$filter=name eq 'a'", "tagvalue eq 'a'", "tagprefix eq 'a'", "startswith(name, 'a')", "substringof('a', name)",
        "name eq 'a' andlocation eq 'b'", "name eq 'a'andlocation eq 'b'", "not name eq 'a'", "'",
    ],
)  # fmt: skip
def test_anything_else_is_no_filter(text: str) -> None:
    assert ResourceFilter.read(text) is None


@given(st.text(alphabet="abc' eqandtgnmr()", max_size=40))
def test_no_text_makes_reading_fail(text: str) -> None:
    assert isinstance(ResourceFilter.read(text), ResourceFilter | None)


@given(st.dictionaries(st.sampled_from(["name", "location", "resourceType", "tagName"]), st.text(max_size=10)))
def test_a_filter_that_is_spelled_reads_back(values: dict[str, str]) -> None:
    quote = "'"
    text = " and ".join(f"{word} eq '{value.replace(quote, quote * 2)}'" for word, value in values.items())
    assert ResourceFilter.read(text) == ResourceFilter(**{word.lower(): value for word, value in values.items()})


TAGS = {"Team": "net", "empty": ""}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (ResourceFilter(), True),
        (ResourceFilter(tagname="team"), True),
        (ResourceFilter(tagname="team", tagvalue="net"), True),
        (ResourceFilter(tagname="team", tagvalue="NET"), False),
        (ResourceFilter(tagname="empty", tagvalue=""), True),
        (ResourceFilter(tagname="none"), False),
        (ResourceFilter(tagprefix="TE"), True),
        (ResourceFilter(tagprefix="eam"), False),
    ],
)
def test_tags_are_found_by_name_in_any_letter_case_and_by_their_exact_value(asked: ResourceFilter, found: bool) -> None:
    assert asked.matches(TAGS) is found
