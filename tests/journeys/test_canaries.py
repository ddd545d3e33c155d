"""Words that were erased are nowhere: not in a table, a topic, a log, a metric, a mail or an export; not clear, not in
base64, not compressed, and not behind any key that is left."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from shared.contracts.reading import CATALOGUE
from tests.journeys.canaries import Canaries, Search, holds_text
from tests.journeys.house import TODAY, House
from tests.journeys.test_erasure import erased
from tests.journeys.test_export import exported


def sown(house: House) -> Canaries:
    """A canary in every sealed text there is, recorded by its service and applied by every model."""
    ben = house.hire()
    unit = house.unit(ben.id)
    amina = house.hire(unit)
    canaries = Canaries(house, UUID(amina.id), UUID(ben.id), UUID(unit))
    last = asyncio.run(canaries.sow())
    house.until(lambda: asyncio.run(canaries.applied(last)), 60)
    return canaries


def searched(house: House, word: str) -> Search:
    return asyncio.run(Search(house, word).everywhere())


def test_every_text_that_can_be_sealed_gets_a_canary(house):
    canaries = sown(house)
    seen = searched(house, canaries.mark)
    words = {
        canaries.word(contract, name)
        for contract in CATALOGUE.values()
        for name in contract.sealed_about
        if holds_text(contract, name)
    }
    assert len(words) > 20
    for word in words:
        assert word in str([event.model_dump() for event in canaries.events()])
    assert {"profiles: relations.aliases", "projections: relations.aliases"} <= seen.found
    assert {"profiles: public.events", "topic profiles", "projections: timeline.timeline"} <= seen.sealed
    assert {"conversations: commitments.commitments", "notifications: inbox.inbox"} <= seen.sealed


@pytest.mark.timeout(300)
def test_nothing_of_them_is_left(house, tmp_path):
    canaries = sown(house)
    person = str(canaries.person)
    amina, admin = house.person(person), house.person(house.hire().id, "admin")
    _, *before = exported(house, amina, tmp_path / "before.zip")
    assert all(canaries.of_words in file for file in before)
    erased(house, amina, person)
    seen = searched(house, canaries.of_words)
    assert (seen.found, seen.sealed) == (set(), set())
    _, *after = exported(house, amina, tmp_path / "after.zip")
    assert not any(canaries.of_words in file for file in after)
    assert searched(house, canaries.mark).sealed, "what HR knows of who is employed stays"
    house.told(f"/v1/people/{person}/leave", {"left_on": (TODAY - timedelta(days=2)).isoformat()})
    erased(house, admin, person, "person", "end_of_retention")
    seen = searched(house, canaries.mark)
    assert (seen.found, seen.sealed) == (set(), set())
