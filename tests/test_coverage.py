"""docs/coverage.md: every statement of the five documents has a place and a test, and the tests named there exist."""

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = {"000": 30, "001": 25, "002": 30, "003": 35, "004": 25}  # and how many statements each has at least
NOWHERE = "Not in Portcullis: "
TEST = re.compile(r"`([^`\s]+\.py)::(test_\w+)(?:\[([^`]+)\])?`")
OFF = {"skip", "xfail"}


@dataclass(frozen=True)
class Line:
    """One statement, where it is, and the cell with its tests."""

    document: str
    statement: str
    place: str
    tests: str


def lines(text: str) -> list[Line]:
    rows = (row.strip().strip("|").split(" | ") for row in text.splitlines() if row.startswith("| 0"))
    return [Line(*(cell.strip() for cell in row)) for row in rows]


def stored() -> list[Line]:
    return lines((ROOT / "docs" / "coverage.md").read_text())


def wrong(line: Line) -> str:
    """What is wrong with a line; empty where all is well."""
    if line.document not in DOCUMENTS:
        return "no such document"
    if line.place.startswith(NOWHERE):
        return "" if line.tests == "–" and len(line.place) > len(NOWHERE) + 20 else "no reason, or a test all the same"
    named = TEST.findall(line.tests)
    if not (line.statement and line.place and named) or TEST.sub("", line.tests).strip():
        return "no place, or what isn't a test"
    return next((why for path, name, case in named if (why := missing(path, name, case))), "")


def missing(path: str, name: str, case: str) -> str:
    """Why that test can't be run; empty where it can. A case is one of the ids that stand in its file, or one that
    pytest makes of a value there."""
    if not (ROOT / path).is_file():
        return f"no file {path}"
    function = functions(path).get(name)
    if function is None:
        return f"no test {name} in {path}"
    if any(is_off(each) for each in function.decorator_list):
        return f"{name} is switched off"
    return "" if not case or case in texts(path) else f"no case {case} of {name}"


@cache
def functions(path: str) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in tree(path).body if isinstance(node, ast.FunctionDef)}


@cache
def texts(path: str) -> frozenset[str]:
    constants = (node.value for node in ast.walk(tree(path)) if isinstance(node, ast.Constant))
    return frozenset(value for value in constants if isinstance(value, str))


@cache
def tree(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text())


def is_off(decorator: ast.expr) -> bool:
    """@pytest.mark.skip and @pytest.mark.xfail, called or not; skipif is for programs that a machine may lack."""
    decorator = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(decorator, ast.Attribute) and decorator.attr in OFF


@pytest.mark.parametrize("document", DOCUMENTS)
def test_each_document_is_there_with_its_statements(document: str) -> None:
    statements = [line.statement for line in stored() if line.document == document]
    assert len(statements) >= DOCUMENTS[document]
    assert len(statements) == len(set(statements))


@pytest.mark.parametrize("line", [pytest.param(line, id=f"{line.document} {line.statement}") for line in stored()])
def test_a_statement_has_a_place_and_its_test_exists(line: Line) -> None:
    assert wrong(line) == ""


@pytest.mark.parametrize(
    ("document", "version"),
    [
        pytest.param("000", "2.0.58", id="000"),
        pytest.param("002", "2.6.0", id="002"),
        pytest.param("003", "2.4.0", id="003"),
        pytest.param("004", "2.18", id="004"),
    ],
)
def test_the_guide_to_az_names_the_version_that_a_document_needs(document: str, version: str) -> None:
    sections = (ROOT / "docs" / "az.md").read_text().split("\n### ")
    (section,) = [each for each in sections if document in each.partition(":")[0]]
    assert f"(az {version} or later)" in section


HERE = "tests/test_coverage.py::test_each_document_is_there_with_its_statements"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        pytest.param(f"| 000 | A | b | `{HERE}[001]` |", "", id="all is well"),
        pytest.param(f"| 000 | A | b | `{HERE}` `{HERE}` |", "", id="two tests"),
        pytest.param(f"| 005 | A | b | `{HERE}` |", "no such document", id="another document"),
        pytest.param("| 000 | A | b | – |", "no place, or what isn't a test", id="no test"),
        pytest.param(f"| 000 | A | b | `{HERE}`, soon more |", "no place, or what isn't a test", id="words"),
        pytest.param("| 000 | A | b | `tests/test_moon.py::test_a` |", "no file tests/test_moon.py", id="no file"),
        pytest.param(
            "| 000 | A | b | `tests/test_coverage.py::test_a` |",
            "no test test_a in tests/test_coverage.py",
            id="no function",
        ),
        pytest.param(
            f"| 000 | A | b | `{HERE}[9{9}]` |",
            "no case 99 of test_each_document_is_there_with_its_statements",
            id="no case",
        ),
        pytest.param("| 000 | A | Not in Portcullis: no. | – |", "no reason, or a test all the same", id="no reason"),
        pytest.param(
            "| 000 | A | Not in Portcullis: routes are made by the network | – |", "", id="no place, with a reason"
        ),
    ],
)
def test_the_check_bites(row: str, said: str) -> None:
    assert [wrong(line) for line in lines(row)] == [said]


@pytest.mark.parametrize(
    ("decorator", "off"),
    [
        ("pytest.mark.skip", True),
        ("pytest.mark.xfail(reason='later')", True),
        ("pytest.mark.skipif(True, reason='no az')", False),
        ("pytest.mark.parametrize('a', [1])", False),
    ],
)
def test_a_test_that_is_switched_off_counts_as_none(decorator: str, off: bool) -> None:
    assert is_off(ast.parse(decorator, mode="eval").body) is off
