"""Paths are found as the templates say, a written segment before a name."""

from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.http.paths import Paths

TEMPLATES = st.lists(
    st.lists(st.sampled_from(["a", "b", "{x}"]), min_size=1, max_size=4).map(lambda one: "/" + "/".join(one)),
    unique=True,
    max_size=8,
)
WRITTEN = st.lists(st.sampled_from(["a", "b", "c", "%61", "", "é", "%2F"]), min_size=1, max_size=4)


def by_hand(templates: list[str], path: str) -> tuple[str | None, list[str]]:
    """The first match when templates are tried with written segments before names, from the left."""
    for template in sorted(templates, key=lambda one: [part == "{x}" for part in one.split("/")]):
        pieces = [unquote(part) for part in path.split("/")]
        if len(pieces) != len(template.split("/")):
            continue
        values = []
        for part, piece in zip(template.split("/"), pieces, strict=True):
            if part == "{x}" and piece:
                values.append(piece)
            elif part != piece:
                break
        else:
            return template, values
    return None, []


@given(TEMPLATES, WRITTEN)
def test_paths_find_what_a_search_by_hand_finds(templates: list[str], written: list[str]) -> None:
    path = "/" + "/".join(quote(one, safe="%") for one in written)
    found, values = Paths(("GET", template, template) for template in templates).find(path.encode())
    template, expected = by_hand(templates, path)
    assert found.get("GET") == template
    if template is not None:
        assert values == expected


def test_two_handlers_at_one_place_are_refused() -> None:
    with pytest.raises(ValueError, match="declared twice"):
        Paths((("GET", "/a/{x}", 1), ("GET", "/a/{y}", 2)))


@pytest.mark.parametrize("path", [b"/a/%00", b"/a/%0a", b"/a/%ff", b"/a/\xff", b"/a/%ED%A0%80", b"/a/", b"a/b", b""])
def test_a_value_that_no_name_can_have_is_nowhere(path: bytes) -> None:
    assert Paths((("GET", "/a/{x}", 1),)).find(path)[0] == {}
