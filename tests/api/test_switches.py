"""Switches per legal entity through the API: administrators turn them, everybody reads their own."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from services.profiles.app import SERVICE
from tests.api.stage import Person, Stage, stage

FR01 = "/v1/legal-entities/FR01"
BODY = {"measure": "hr_sees_conversations", "reason": "Agreed with the works council."}


@dataclass
class Cast:
    """Two employees of two legal entities, and an administrator of none."""

    stage: Stage
    ana: Person
    ben: Person
    admin: Person

    async def switch(self, to: str, **more: str) -> None:
        answer = await self.admin.post(f"{FR01}/turn-{to}", {**BODY, **more})
        assert answer.status == 200, answer.body
        await self.stage.pump()

    async def shown(self, reader: Person, path: str = FR01) -> Any:
        """What the reader is told of the first measure."""
        answer = await reader.get(f"{path}/switches")
        assert answer.status == 200, answer.body
        told = {one["measure"]: one for one in answer.body["switches"]}["hr_sees_conversations"]
        return told["on"], told["reason"]


@pytest.fixture
async def cast(database_url: str) -> AsyncIterator[Cast]:
    async with stage(database_url, SERVICE) as made:
        ana, ben = await made.hire(legal_entity="FR01"), await made.hire(legal_entity="CA 01")
        yield Cast(made, made.person(ana), made.person(ben), made.person(uuid4(), "admin"))


async def test_everybody_reads_what_is_on_where_they_belong_and_why(cast: Cast) -> None:
    assert await cast.shown(cast.ana) == (False, None)
    await cast.switch("on")
    assert await cast.shown(cast.ana) == (True, BODY["reason"])
    assert await cast.shown(cast.ana, f"/v1/people/{cast.ana.id}") == (True, BODY["reason"])
    await cast.switch("off", reason="The pilot is over.")
    assert await cast.shown(cast.ana) == (False, "The pilot is over.")
    assert await cast.shown(cast.ben, f"/v1/people/{cast.ben.id}") == (False, None)
    assert await cast.shown(cast.ben, "/v1/legal-entities/CA%2001") == (False, None)


async def test_another_legal_entitys_switches_are_not_there(cast: Cast) -> None:
    nothing = await cast.ana.get("/v1/legal-entities/XX99/switches")
    for path in ("/v1/legal-entities/CA%2001/switches", f"/v1/people/{cast.ben.id}/switches"):
        found = await cast.ana.get(path)
        assert (found.status, found.body) == (404, nothing.body)
    assert await cast.shown(cast.admin) == (False, None)
    assert (await cast.admin.get("/v1/legal-entities/XX99/switches")).status == 404
    assert (await cast.admin.get("/v1/people/{me}/switches")).status == 404


async def test_administrators_alone_turn_them_and_say_why(cast: Cast) -> None:
    for person in (cast.ana, cast.stage.person(cast.ana.id, "hr_partner", "hr_analyst")):
        for to in ("on", "off"):
            assert (await person.post(f"{FR01}/turn-{to}", BODY)).status == 403
    for body in ({}, {"measure": BODY["measure"]}, {**BODY, "reason": " "}, {**BODY, "measure": "everything"}):
        assert (await cast.admin.post(f"{FR01}/turn-on", body)).status == 422
    for unknown in ("XX99", "fr01", "FR01%20"):
        assert (await cast.admin.post(f"/v1/legal-entities/{unknown}/turn-on", BODY)).status == 404
    assert not await cast.stage.parts.store.tail(0, 1)


async def test_a_change_is_an_event_that_says_who_and_why_once(cast: Cast) -> None:
    await cast.switch("off")
    for _ in range(2):
        await cast.switch("on")
    [event] = await cast.stage.parts.store.tail(0, 10)
    assert (event.type, event.by) == ("profiles.measure_switched.v1", str(cast.admin.id))
    assert b"Agreed with the works council." in event.body
    await cast.switch("on", reason="Agreed anew, until 2028.")
    [_, anew] = await cast.stage.parts.store.tail(0, 10)
    assert (anew.type, anew.by) == (event.type, event.by)
    assert await cast.shown(cast.ana) == (True, "Agreed anew, until 2028.")


async def test_a_legal_entity_that_only_a_unit_names_has_switches(cast: Cast) -> None:
    body = {"code": "d1", "name": "Research", "legal_entity": "DE01", "effective_on": "2020-01-01"}
    assert (await cast.admin.post("/v1/units", body)).status == 201
    await cast.stage.pump()
    assert await cast.shown(cast.admin, "/v1/legal-entities/DE01") == (False, None)
