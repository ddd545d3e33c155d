"""Items for HR's systems: what is said of each, when, and that it is said again only where it differs."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest
from jsonschema import Draft202012Validator

from services.projections import movement
from services.projections.app import SERVICE
from services.projections.outward import due
from services.projections.outward.keeping import SCHEMAS, keep
from services.projections.outward.records import headers, value
from shared.contracts import conversations, opportunities, outward, profiles
from shared.contracts.event import Event
from shared.postgres import connect
from tests.api.stage import LONG_AGO, Stage, stage, switched

TODAY = datetime.now(UTC).date()
LATER = TODAY + timedelta(days=30)
_SCHEMAS = {content.type: Draft202012Validator(outward.schema(content)) for content in outward.CONTENTS}
_ITEMS = "select * from outward_items where topic = $1 order by position"


@dataclass
class House:
    stage: Stage
    connection: asyncpg.Connection

    async def said(self, topic: str) -> list[dict[str, Any]]:
        """After everything due was looked at: the items of a topic, as their records' values."""
        while await keep(self.connection):
            pass
        said = [orjson.loads(value(row)) for row in await self.connection.fetch(_ITEMS, topic)]
        for one in said:
            _SCHEMAS[one["type"]].validate(one)
        return said

    async def one(self, topic: str) -> dict[str, Any]:
        [found] = await self.said(topic)
        return found

    async def share(self, person: UUID, audience: profiles.AudienceKind, **more: Any) -> UUID:
        share = uuid4()
        content = profiles.Aspiration(grain="role", certainty="likely", text="to teach")
        await self.stage.tell(
            profiles.AspirationShared(
                aspiration=uuid4(), person=person, share=share, effective_on=TODAY, audience=audience, edition=1,
                content=content, **more,
            )
        )  # fmt: skip
        return share


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    async with stage(database_url, SERVICE) as on:
        connection = await connect(on.parts.settings.database_url, search_path=", ".join((*SCHEMAS, "public")))
        yield House(on, connection)
        await connection.close()


def place(person: UUID, **given: Any) -> profiles.PlaceChanged:
    return profiles.PlaceChanged(
        **{
            "person": person, "fact": uuid4(), "effective_on": TODAY, "position": "P1", "unit": uuid4(),
            "title": "Engineer", "legal_entity": "FR01", "country": "FR", "time_zone": "UTC", **given,
        }
    )  # fmt: skip


async def test_a_person_is_told_with_hrs_number_and_the_places_of_today(house: House) -> None:
    unit = uuid4()
    person = await house.stage.hire(number="H001", unit=unit)
    said = await house.one("hr.people.v1")
    assert said == {
        "id": str(person),
        "type": "hr.person.v1",
        "revision": 1,
        "retracted": False,
        "recorded_at": said["recorded_at"],
        "effective_on": LONG_AGO.isoformat(),
        "employee_number": "H001",
        "status": "in",
        "joined_on": LONG_AGO.isoformat(),
        "left_on": None,
        "places": [
            {
                "position": "P1",
                "unit": str(unit),
                "title": "Engineer",
                "job_level": None,
                "legal_entity": "FR01",
                "country": "FR",
                "primary": True,
                "status": "active",
                "since": LONG_AGO.isoformat(),
            }
        ],
    }


async def test_a_change_is_the_next_revision_and_what_changes_nothing_is_none(house: House) -> None:
    person = await house.stage.hire(name="Ana Diaz")
    await house.said("hr.people.v1")
    await house.stage.tell(
        profiles.PersonDescribed(person=person, name=profiles.Name(given="Anna", family="Diaz"), language="es")
    )
    assert (await house.one("hr.people.v1"))["revision"] == 1
    await house.stage.tell(place(person, title="Lead"))
    said = await house.one("hr.people.v1")
    assert (said["revision"], said["places"][0]["title"], said["effective_on"]) == (2, "Lead", str(TODAY))


async def test_what_is_dated_later_is_told_on_its_day(house: House) -> None:
    unit = uuid4()
    person = await house.stage.hire(unit=unit)
    await house.stage.tell(
        place(person, title="Lead", unit=unit, effective_on=LATER),
        profiles.PersonLeft(person=person, fact=uuid4(), effective_on=LATER + timedelta(days=5)),
    )
    said = await house.one("hr.people.v1")
    assert (said["status"], said["places"][0]["title"]) == ("in", "Engineer")
    assert [one["kind"] for one in await house.said("hr.moves.v1")] == ["joined"]
    waiting = await house.connection.fetch(
        "select kind, at from relations.due union all select kind, at from moves.due"
    )
    assert sorted((row["kind"], row["at"].date()) for row in waiting) == [
        ("move", LATER),
        ("move", LATER + timedelta(days=5)),
        ("person", LATER),
    ]


async def test_a_move_is_told_corrected_and_taken_back(house: House) -> None:
    care, lab = uuid4(), uuid4()
    person = await house.stage.hire(unit=care)
    fact = uuid4()
    await house.stage.tell(place(person, fact=fact, unit=lab))
    joined, moved = sorted(await house.said("hr.moves.v1"), key=lambda move: move["effective_on"])
    assert (joined["kind"], moved["kind"], moved["from_unit"], moved["to_unit"]) == (
        "joined", "department_move", str(care), str(lab),
    )  # fmt: skip
    await house.stage.tell(profiles.FactWithdrawn(person=person, fact=fact))
    [gone] = [one for one in await house.said("hr.moves.v1") if one["retracted"]]
    assert gone == {
        "id": moved["id"],
        "type": "hr.move.v1",
        "revision": 2,
        "retracted": True,
        "recorded_at": gone["recorded_at"],
        "effective_on": None,
    }


async def test_units_are_told_with_their_codes(house: House) -> None:
    leader = await house.stage.hire()
    unit = await house.stage.unit(leader)
    said = await house.one("hr.units.v1")
    assert (said["id"], said["code"], said["name"], said["leader"]) == (str(unit), str(unit), "Research", str(leader))
    assert said["effective_on"] == LONG_AGO.isoformat()
    await house.stage.tell(profiles.UnitLeaderAppointed(unit=unit, leader=None, effective_on=TODAY))
    said = await house.one("hr.units.v1")
    assert (said["revision"], said["leader"], said["effective_on"]) == (2, None, str(TODAY))


async def test_what_no_contract_allows_holds_up_nobody_else(house: House) -> None:
    person = await house.stage.hire()
    await house.said("hr.moves.v1")
    await house.connection.execute("update moves set kind = 'from tomorrow' where person = $1", person)
    await house.connection.execute("insert into moves.due (kind, item, at) select 'move', id, now() from moves")
    other = await house.stage.hire()
    said = await house.said("hr.moves.v1")
    assert [(one["person"], one["kind"], one["revision"]) for one in said] == [
        (str(person), "joined", 1),
        (str(other), "joined", 1),
    ]
    assert await house.connection.fetch("select from moves.due where at <= now()") == []


def test_every_kind_of_move_can_be_told() -> None:
    kinds = {kind for some in get_args(movement.Kind) for kind in get_args(some)}
    assert set(get_args(outward.MoveKind)) == kinds


async def test_an_opportunity_is_told_until_it_is_filled(house: House) -> None:
    posting = uuid4()
    await house.stage.tell(
        opportunities.OpportunityPosted(
            opportunity=posting, kind="role", unit=uuid4(), owner=uuid4(), title="Tester", description="Much.",
            skills=("testing",), closes_on=LATER, effective_on=TODAY,
        )
    )  # fmt: skip
    said = await house.one("hr.opportunities.v1")
    assert (said["status"], said["title"], said["skills"]) == ("open", "Tester", ["testing"])
    assert "description" not in said
    await house.stage.tell(opportunities.OpportunityClosed(opportunity=posting, filled=True, effective_on=TODAY))
    assert (await house.one("hr.opportunities.v1"))["status"] == "filled"


async def test_that_something_is_shared_with_hr_is_told_while_it_is(house: House) -> None:
    person = await house.stage.hire()
    await house.share(person, "my_manager")
    assert await house.said("hr.partnership.v1") == []
    share = await house.share(person, "my_hr_partner")
    said = await house.one("hr.partnership.v1")
    assert (said["id"], said["person"], said["record"], said["retracted"]) == (
        str(share), str(person), "aspiration", False,
    )  # fmt: skip
    assert "to teach" not in str(said)
    await house.stage.tell(
        profiles.SharingWithdrawn(aspiration=uuid4(), person=person, share=share, effective_on=TODAY)
    )
    assert (await house.one("hr.partnership.v1"))["retracted"]


async def test_what_is_shared_ends_when_its_owner_leaves(house: House) -> None:
    person = await house.stage.hire()
    await house.share(person, "my_hr_partner")
    assert not (await house.one("hr.partnership.v1"))["retracted"]
    await house.stage.leaves(person, TODAY - timedelta(days=3))
    assert (await house.one("hr.partnership.v1"))["retracted"]


async def test_that_a_talk_was_held_is_told_where_the_legal_entity_lets_it(house: House) -> None:
    person = await house.stage.hire()
    await house.stage.tell(
        conversations.ConversationHeld(
            conversation=uuid4(), employee=person, partner=uuid4(), partner_role="manager", topic="direction",
            by=person, effective_on=TODAY,
        )
    )  # fmt: skip
    assert await house.said("hr.partnership.v1") == []
    await house.stage.tell(switched("hr_sees_conversations", on=True))
    said = await house.one("hr.partnership.v1")
    assert (said["employee"], said["topic_of_talk"], said["effective_on"]) == (str(person), "direction", str(TODAY))
    await house.stage.tell(switched("hr_sees_conversations", on=False))
    assert (await house.one("hr.partnership.v1"))["retracted"]


def mark(event: type[Event], person: UUID, scope: str) -> Event:
    return event.model_validate(
        {"erasure": uuid4(), "person": person, "about": person, "scope": scope, "number": 1, "of": 1}
    )


async def test_words_that_are_erased_are_shared_no_more(house: House) -> None:
    person = await house.stage.hire()
    await house.share(person, "my_hr_partner")
    await house.said("hr.partnership.v1")
    await house.stage.tell(mark(profiles.ErasureMarked, person, "words"))
    assert (await house.one("hr.partnership.v1"))["retracted"]
    assert not (await house.one("hr.people.v1"))["retracted"]


async def test_who_is_erased_is_taken_back_and_moves_stay_under_the_random_id(house: House) -> None:
    person = await house.stage.hire(number="H007")
    await house.stage.tell(place(person, unit=uuid4(), effective_on=TODAY - timedelta(days=9)))
    await house.said("hr.people.v1")
    await house.stage.leaves(person, TODAY - timedelta(days=3))
    await house.stage.tell(mark(profiles.ErasureMarked, person, "person"))
    gone = await house.one("hr.people.v1")
    assert gone["retracted"]
    assert "H007" not in str(gone)
    assert await house.connection.fetchval("select erased from outward_items where item = $1", person)
    assert {one["person"] for one in await house.said("hr.moves.v1")} == {str(person)}


async def test_a_model_that_is_built_anew_tells_what_differs_alone(house: House) -> None:
    person = await house.stage.hire(number="H001")
    await house.stage.unit(person)
    await house.share(person, "my_hr_partner")
    await house.said("hr.people.v1")
    before = await house.connection.fetch("select * from outward_items order by position")
    # What the new tables lack was said by mistake; what they have otherwise was said wrong.
    for schema in SCHEMAS:
        kinds = {"relations": ("person", "unit"), "moves": ("move",), "outward": ("sharing", "opportunity")}[schema]
        for kind in kinds:
            await house.connection.execute(
                f"insert into {schema}.due (kind, item, at) values ($1, $2, '-infinity')", kind, due.EVERYTHING
            )
    await house.said("hr.people.v1")
    assert await house.connection.fetch("select * from outward_items order by position") == before
    await house.connection.execute("delete from moves where person = $1", person)
    await house.connection.execute(
        "insert into moves.due (kind, item, at) values ('move', $1, '-infinity')", due.EVERYTHING
    )
    assert [one["retracted"] for one in await house.said("hr.moves.v1")] == [True]


async def test_a_record_says_of_itself_what_its_value_says(house: House) -> None:
    await house.stage.hire(number="H001")
    said = await house.one("hr.people.v1")
    [row] = await house.connection.fetch(_ITEMS, "hr.people.v1")
    told = dict(headers(row))
    assert told["ce_id"] == f"{said['id']}.1".encode()
    assert told["ce_type"] == b"hr.person.v1"
    assert told["ce_effectiveon"] == said["effective_on"].encode()
    assert told["ce_recordedat"] == said["recorded_at"].encode()
    assert told["content-type"] == b"application/json"
