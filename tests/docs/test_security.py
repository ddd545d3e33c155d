"""docs/security.md names files and tests that are there, and says of each requirement whether it is met."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/security.md").read_text()

TEST = re.compile(r"`(?P<path>tests/[\w/]+\.py)::(?P<name>\w+)`")
NAMED = re.compile(r"`(?P<path>\w[\w./-]*\.(?:py|sql|toml|yml|md|txt)|deploy/Dockerfile)`")
STATUSES = {"met", "partly", "not met", "not applicable", "operator's"}


def rows(section: str) -> list[list[str]]:
    """The cells of the tables of a section, without their heads."""
    lines = [line for line in section.splitlines() if line.startswith("|")]
    heads = {number - 1 for number, line in enumerate(lines) if line.startswith("|---")}
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for number, line in enumerate(lines)
        if number not in heads and not line.startswith("|---")
    ]


def section(title: str) -> str:
    """From a heading of the second level to the next."""
    (found,) = (part for part in re.split(r"^## ", PAGE, flags=re.MULTILINE) if part.startswith(title))
    return found


@cache
def functions(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}


FLOWS = re.split(r"^### ", section("The ways of data"), flags=re.MULTILINE)[1:]
REQUIREMENTS = rows(section("OWASP ASVS"))


@pytest.mark.parametrize(("path", "name"), sorted(set(TEST.findall(PAGE))))
def test_each_test_that_is_named_is_there(path, name):
    assert name.startswith("test_")
    assert name in functions(path)


@pytest.mark.parametrize("path", sorted(set(NAMED.findall(PAGE))))
def test_each_file_that_is_named_is_there(path):
    assert (ROOT / path).is_file()


def test_whatever_looks_like_a_test_is_read_as_one():
    assert PAGE.count("::test_") == len(TEST.findall(PAGE))


@pytest.mark.parametrize("flow", FLOWS, ids=[flow.partition("\n")[0] for flow in FLOWS])
def test_each_way_of_data_is_looked_at_for_each_kind_of_threat(flow):
    found = rows(flow)
    assert {len(row) for row in found} == {5}
    assert {row[0] for row in found} == set("STRIDE")
    for _, _, answer, shown_by, remains in found:
        assert TEST.search(shown_by) or (answer, shown_by) == ("—", "—")
        assert remains
        assert answer != "—" or remains != "—", "what nothing answers remains"


def test_each_chapter_of_the_asvs_has_its_rows():
    chapters = {int(number) for row in REQUIREMENTS for number in re.findall(r"\bV(\d+)", row[0])}
    assert chapters == set(range(1, 18))


@pytest.mark.parametrize("row", REQUIREMENTS, ids=[f"{row[0]}, {row[1]}" for row in REQUIREMENTS])
def test_what_is_said_to_be_met_is_shown_and_what_is_not_is_said(row):
    _, asked, status, where, test = row
    assert asked
    assert status in STATUSES
    if status == "met":
        assert where
        assert TEST.search(test)
    if status == "partly":
        assert where
