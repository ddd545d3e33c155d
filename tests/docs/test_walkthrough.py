"""What the documents show of the code is the code."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXCERPT = re.compile(r"^`(?P<path>[\w/.]+)`\n\n```\w+\n(?P<code>.*?)\n```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)(?P<path>[^)#]+)")

EXCERPTS = [(match["path"], match["code"]) for match in EXCERPT.finditer((ROOT / "docs/walkthrough.md").read_text())]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@pytest.mark.parametrize(("path", "code"), EXCERPTS, ids=[path for path, _ in EXCERPTS])
def test_the_walkthrough_shows_the_code_as_it_is(path, code):
    assert code in (ROOT / path).read_text()


def test_the_walkthrough_goes_all_the_way():
    shown = {path for path, _ in EXCERPTS}
    assert {"services/profiles/app.py", "shared/streams.py", "shared/kafka/delivery.py"} <= shown


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_the_documents_lead_somewhere(page):
    for match in LINK.finditer(page.read_text()):
        assert (page.parent / match["path"]).exists(), match["path"]
