"""The table of stories says of each kind of event what is shown: nothing that its contract does not have."""

from collections.abc import Iterable
from typing import get_args

import pytest

from services.projections.stories import STORIES, Kind, Story
from shared.contracts.reading import CATALOGUE

PERSONS = ("person", "employee")
UNTOLD = {
    "profiles.person_described.v1": "how to reach somebody is no story",
    "profiles.alias_added.v1": "what others call somebody is no story",
    "profiles.alias_removed.v1": "what others call somebody is no story",
    "profiles.erasure_requested.v1": "it is told when it is complete",
    "profiles.keys_destroyed.v1": "it is told when it is complete",
    "profiles.erasure_ordered.v1": "it is told when it is complete",
    "profiles.service_cleaned.v1": "it is told when it is complete",
    "profiles.person_erased.v1": "no story is left",
    "profiles.hold_placed.v1": "what a court asks for is no story",
    "profiles.hold_lifted.v1": "what a court asks for is no story",
    **{
        f"{service}.erasure_reported.v1": "it is told when it is complete"
        for service in ("profiles", "conversations", "opportunities", "notifications", "projections")
    },
    "profiles.fact_withdrawn.v1": "it takes an entry out",
    "conversations.conversation_requested.v1": "arranging is no story",
    "conversations.conversation_accepted.v1": "arranging is no story",
    "conversations.conversation_declined.v1": "arranging is no story",
    "conversations.conversation_rescheduled.v1": "arranging is no story",
    "conversations.conversation_cancelled.v1": "arranging is no story",
    "conversations.conversation_ended.v1": "arranging is no story",
    "notifications.notification_sent.v1": "being told is no story",
    "notifications.notification_read.v1": "being told is no story",
    "notifications.preferences_set.v1": "being told is no story",
}
"""Published, about a person, and no part of their career: why."""


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
    assert CATALOGUE[newest].subject_field in PERSONS
    assert "effective_on" in CATALOGUE[newest].model_fields


def test_what_is_published_about_a_person_is_told_or_it_is_said_why_not() -> None:
    about = {name for name, event in CATALOGUE.items() if event.subject_field in PERSONS and not event.withheld}
    assert about - STORIES.keys() == UNTOLD.keys()


def test_each_kind_is_told_once() -> None:
    kinds: Iterable[str] = [story.kind for story in STORIES.values()]
    assert sorted(kinds) == sorted(get_args(Kind))
