"""People through profiles' API: what HR reports, and who is seen how."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from services.profiles.app import SERVICE
from shared.contracts import profiles
from tests.api.stage import LONG_AGO, Person, Stage, place, stage

WORDS = profiles.Aspiration(grain="skill", certainty="likely", text="lead talks")

PLACE = place(effective_on="2024-03-01")


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[Stage]:
    async with stage(database_url, SERVICE) as staged:
        yield staged


@pytest.fixture
def hr(house: Stage) -> Person:
    return house.person(uuid4(), "admin")


async def joins(house: Stage, hr: Person, number: str) -> str:
    """Somebody new, with a place."""
    body = {"employee_number": number, "given_name": "Ana", "family_name": "Diaz", "joined_on": "2024-03-01"}
    person = str((await hr.post("/v1/people", body)).id)
    await house.pump()
    assert (await hr.post(f"/v1/people/{person}/take-place", PLACE)).status == 200
    await house.pump()
    return person


async def test_a_correction_names_a_fact_of_this_person(house: Stage, hr: Person) -> None:
    ana, ben = await joins(house, hr, "E1"), await joins(house, hr, "E2")
    rows = await house.parts.pool.fetch("select person, fact from place_facts")
    place = {str(row["person"]): str(row["fact"]) for row in rows}
    moved = {**PLACE, "title": "Lead"}
    for unknown in (place[ben], str(uuid4())):
        answer = await hr.post(f"/v1/people/{ana}/change-place", {**moved, "corrects": unknown})
        assert (answer.status, answer.code) == (409, "fact-unknown")
        left = await hr.post(f"/v1/people/{ana}/leave", {"left_on": "2025-01-01", "corrects": unknown})
        assert (left.status, left.code) == (409, "fact-unknown")
    answer = await hr.post(f"/v1/people/{ana}/take-place", {**moved, "corrects": place[ana]})
    assert answer.status == 200
    await house.pump()
    found = await house.parts.pool.fetch("select person, title from place_facts")
    assert {str(row["person"]): row["title"] for row in found} == {ana: "Lead", ben: "Engineer"}


async def test_who_asks_again_from_the_newest_change_misses_nobody(house: Stage, hr: Person) -> None:
    ana, ben = await joins(house, hr, "E1"), await joins(house, hr, "E2")
    seen = (await hr.get("/v1/people")).body["items"]
    assert {one["person"] for one in seen} == {ana, ben}
    newest = max(one["changed_at"] for one in seen)
    assert (await hr.post(f"/v1/people/{ana}/change-place", {**PLACE, "title": "Lead"})).status == 200
    await house.pump()
    again = {one["person"]: one for one in (await hr.get("/v1/people", changed_since=newest)).body["items"]}
    assert set(again) == {ana, ben}, "who changed at that moment is told again"
    assert again[ana]["changed_at"] > newest == again[ben]["changed_at"]
    later = (await hr.get("/v1/people", changed_since=again[ana]["changed_at"])).body["items"]
    assert [one["person"] for one in later] == [ana]
    assert (await hr.get(f"/v1/people/{ana}")).body["changed_at"] == again[ana]["changed_at"]


def today(time_zone: str) -> date:
    return datetime.now(ZoneInfo(time_zone)).date()


async def test_who_is_known_by_id_alone_is_nobody_in_the_list(house: Stage, hr: Person) -> None:
    ana, leader = await joins(house, hr, "E1"), uuid4()
    await house.tell(
        profiles.AliasAdded(person=leader, source="employee_number", value="L1", effective_on=LONG_AGO),
        profiles.UnitLeaderAppointed(unit=uuid4(), leader=leader, effective_on=LONG_AGO),
    )
    listed = (await hr.get("/v1/people")).body["items"]
    assert [one["person"] for one in listed] == [ana]
    found = (await hr.post("/v1/people/lookup", {"ids": [str(leader), ana]})).body
    assert [match["person"]["person"] for match in found] == [ana]


async def test_leaving_and_places_are_of_the_day_where_the_person_is(house: Stage, hr: Person) -> None:
    """At any hour the date of one of the two zones is not UTC's."""
    for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):
        there, unit = today(zone), uuid4()
        for days, left, title in ((-1, True, "Lead"), (0, False, "Lead"), (1, False, "Engineer")):
            person, day = await house.hire(time_zone=zone, unit=unit), there + timedelta(days=days)
            await house.leaves(person, day)
            more = {**PLACE, "person": person, "fact": uuid4(), "unit": unit, "title": "Lead", "time_zone": zone}
            await house.tell(profiles.PlaceChanged(**{**more, "effective_on": day}))
            assert await house.parts.relations.left(person) == left
            seen = (await hr.get(f"/v1/people/{person}")).body
            assert (seen["status"], seen["title"]) == ("left" if left else "active", title)
            assert seen["left_on"] == (day.isoformat() if left else None)


async def test_a_sharing_ends_with_the_last_day_where_its_owner_is(house: Stage) -> None:
    reader = await house.hire()
    for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):
        owner, there = await house.hire(time_zone=zone), today(zone)
        for days, status in ((-1, 404), (0, 200)):
            item = uuid4()
            given: dict[str, Any] = {"aspiration": item, "person": owner, "effective_on": LONG_AGO, "content": WORDS}
            until = there + timedelta(days=days)
            shared: dict[str, Any] = {
                "share": uuid4(),
                "audience": "person",
                "reader": reader,
                "edition": 1,
                "until": until,
            }
            await house.tell(profiles.AspirationRecorded(**given), profiles.AspirationShared(**given, **shared))
            path = f"/v1/people/{owner}/aspirations/{item}"
            assert (await house.person(reader).get(path)).status == status
