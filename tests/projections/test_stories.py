"""The table of stories says of each kind of event what is shown: nothing that its contract does not have."""

from collections.abc import Iterable
from typing import get_args

import pytest

from services.projections.stories import STORIES, Kind, Story
from shared.contracts.reading import CATALOGUE


def _told(newest: str) -> set[str]:
    return set(CATALOGUE[newest].model_fields)


@pytest.mark.parametrize(("newest", "story"), STORIES.items())
def test_a_story_shows_open_values_and_unseals_sealed_ones(newest: str, story: Story) -> None:
    sealed = set(CATALOGUE[newest].sealed_about)
    assert set(story.shown) <= _told(newest) - sealed
    assert {*story.words, *story.own_words} == sealed, (
        "a sealed field is either shown to somebody, or the story is wrong"
    )
    named = {name for name in (story.item, story.about, story.reader, story.told_by) if name}
    assert named <= _told(newest) - sealed
    assert newest.split(".")[1] == story.kind


@pytest.mark.parametrize("newest", [newest for newest, story in STORIES.items() if story.kind != "unit_replaced"])
def test_a_story_is_about_the_person_that_is_its_key_and_has_a_day(newest: str) -> None:
    assert CATALOGUE[newest].subject_field in ("person", "employee")
    assert "effective_on" in CATALOGUE[newest].model_fields


def test_each_kind_is_told_once() -> None:
    kinds: Iterable[str] = [story.kind for story in STORIES.values()]
    assert sorted(kinds) == sorted(get_args(Kind))
