"""Delegations through the API of profiles: who gives and ends them, and what who stands in may read."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.profiles.app import SERVICE
from tests.api.stage import LONG_AGO, Person, Stage, stage

TODAY = datetime.now(UTC).date()
UNTIL = TODAY + timedelta(days=30)
WISH = {"grain": "skill", "certainty": "likely", "text": "To lead."}


@dataclass
class Cast:
    """An employee, her manager, her HR partner, two others and an administrator."""

    stage: Stage
    ana: Person
    max: Person
    hana: Person
    lea: Person
    eve: Person
    admin: Person

    async def delegated(self, *capacities: str, by: Person | None = None, **more: object) -> UUID:
        body = {"delegate": str(self.lea.id), "capacities": capacities, "until": UNTIL.isoformat(), **more}
        answer = await (by or self.max).post("/v1/people/{me}/delegations", body)
        assert answer.status == 201, answer.body
        await self.stage.pump()
        return answer.id

    async def shared(self, audience: str, **more: str) -> str:
        """Ana shares an aspiration; its path."""
        aspiration = (await self.ana.post("/v1/people/{me}/aspirations", WISH)).id
        path = f"/v1/people/{self.ana.id}/aspirations/{aspiration}"
        assert (await self.ana.post(f"{path}/share", {"audience": audience, **more})).status == 200
        await self.stage.pump()
        return path

    async def audience(self, path: str) -> list[tuple[Any, ...]]:
        told = (await self.ana.get(f"{path}/audience")).body["items"]
        return [(one["reader"], one["stands_in_for"], one["stands_in_until"]) for one in told]


@pytest.fixture
async def cast(database_url: str) -> AsyncIterator[Cast]:
    async with stage(database_url, SERVICE) as made:
        leader, partner, lea, eve = [await made.hire() for _ in range(4)]
        unit = await made.unit(leader, hr_partner=partner)
        ana = await made.hire(unit=unit)
        yield Cast(
            stage=made,
            ana=made.person(ana),
            max=made.person(leader),
            hana=made.person(partner, "hr_partner"),
            lea=made.person(lea),
            eve=made.person(eve),
            admin=made.person(uuid4(), "admin"),
        )


async def test_who_stands_in_for_the_manager_reads_what_whoever_is_manager_reads(cast: Cast) -> None:
    path, named = await cast.shared("whoever_is_my_manager"), await cast.shared("my_manager")
    assert (await cast.lea.get(path)).status == 404
    assert (await cast.lea.get(f"/v1/people/{cast.ana.id}")).status == 404
    assert await cast.audience(path) == [(str(cast.max.id), None, None)]
    delegation = await cast.delegated("manager")
    assert (await cast.lea.get(path)).body["content"]["text"] == "To lead."
    assert len((await cast.lea.get(f"/v1/people/{cast.ana.id}/aspirations")).body["items"]) == 1
    assert (await cast.lea.get(f"/v1/people/{cast.ana.id}")).status == 200
    team = (await cast.lea.get("/v1/people", manager=cast.max.id)).body["items"]
    assert [one["person"] for one in team] == [str(cast.ana.id)]
    for other, shown in ((cast.lea, named), (cast.eve, path)):
        assert (await other.get(shown)).status == 404
    stands_in = (str(cast.lea.id), str(cast.max.id), UNTIL.isoformat())
    assert await cast.audience(path) == [(str(cast.max.id), None, None), stands_in]
    assert await cast.audience(named) == [(str(cast.max.id), None, None)]
    await cast.stage.parts.audit.flush()
    [told] = (await cast.ana.get(f"{path}/readers")).body["items"]
    assert (told["reader"], told["stands_in_for"], told["times"]) == (str(cast.lea.id), str(cast.max.id), 2)
    assert (await cast.max.post(f"/v1/delegations/{delegation}/end")).status == 200
    await cast.stage.pump()
    assert (await cast.lea.get(path)).status == 404
    assert await cast.audience(path) == [(str(cast.max.id), None, None)]


async def test_who_was_named_as_manager_once_does_not_read_that_again_by_standing_in(cast: Cast) -> None:
    named = await cast.shared("my_manager")
    await cast.stage.managed_by(cast.ana.id, cast.eve.id)
    await cast.delegated("manager", by=cast.eve, delegate=str(cast.max.id))
    assert (await cast.max.get(named)).status == 404
    assert (await cast.max.get(await cast.shared("whoever_is_my_manager"))).status == 200


async def test_who_stands_in_for_hr_needs_the_role(cast: Cast) -> None:
    path, as_partner = await cast.shared("my_hr_partner"), cast.stage.person(cast.lea.id, "hr_partner")
    await cast.delegated("manager")
    assert (await as_partner.get(path)).status == 404
    await cast.delegated("hr_partner", by=cast.hana)
    assert (await cast.lea.get(path)).status == 404
    assert (await as_partner.get(path)).status == 200
    assert [reader for reader, whom, _ in await cast.audience(path) if whom] == [str(cast.lea.id)]
    await cast.stage.parts.audit.flush()
    [told] = (await cast.ana.get(f"{path}/readers")).body["items"]
    assert (told["rule"], told["stands_in_for"]) == ("my_hr_partner", str(cast.hana.id))


async def test_who_manages_themselves_reads_as_such_and_not_for_another(cast: Cast) -> None:
    path = await cast.shared("whoever_is_my_manager")
    await cast.delegated("manager", by=cast.eve, delegate=str(cast.max.id))
    assert (await cast.max.get(path)).status == 200
    await cast.stage.parts.audit.flush()
    [told] = (await cast.ana.get(f"{path}/readers")).body["items"]
    assert (told["reader"], told["stands_in_for"]) == (str(cast.max.id), None)


async def test_the_employee_reads_who_stands_in_also_where_they_share_nothing(cast: Cast) -> None:
    path = f"/v1/people/{cast.ana.id}/stand-ins"
    assert (await cast.ana.get(path)).body["items"] == []
    await cast.delegated("manager")
    await cast.delegated("hr_partner", by=cast.hana, delegate=str(cast.eve.id))
    await cast.delegated("manager", by=cast.eve)
    told = (await cast.ana.get(path)).body["items"]
    assert [(one["delegate"], one["delegator"], one["capacity"], one["until"]) for one in told] == [
        (str(cast.lea.id), str(cast.max.id), "manager", UNTIL.isoformat()),
        (str(cast.eve.id), str(cast.hana.id), "hr_partner", UNTIL.isoformat()),
    ]
    for other in (cast.lea, cast.max):
        assert (await other.get(path)).status == 404


async def test_a_delegation_that_makes_no_sense_is_refused(cast: Cast) -> None:
    gone = await cast.stage.hire()
    await cast.stage.leaves(gone, LONG_AGO)
    good: dict[str, Any] = {"delegate": str(cast.lea.id), "capacities": ["manager"], "until": UNTIL.isoformat()}
    for wrong, code, pointer in (
        ({"delegate": str(cast.max.id)}, "delegated-to-oneself", "#/delegate"),
        ({"delegate": "E9999"}, "person-not-known", "#/delegate"),
        ({"delegate": str(gone)}, "person-not-known", "#/delegate"),
        ({"until": "2020-01-01"}, "delegation-dates-wrong", "#/until"),
        ({"until": "2199-12-31"}, "delegation-dates-wrong", "#/until"),
        ({"effective_on": "2020-01-01"}, "delegation-dates-wrong", "#/effective_on"),
        ({"capacities": []}, "invalid", "#/capacities"),
        ({"capacities": ["admin"]}, "invalid", "#/capacities/0"),
    ):
        refused = await cast.max.post("/v1/people/{me}/delegations", {**good, **wrong})
        assert (refused.status, refused.code) == (422, code), wrong
        assert refused.body["errors"][0]["pointer"] == pointer
    for other in (cast.lea, cast.admin):
        assert (await other.post(f"/v1/people/{cast.max.id}/delegations", good)).status == 404
    assert not await cast.stage.parts.store.tail(0, 1)


async def test_who_gave_it_or_an_administrator_ends_it(cast: Cast) -> None:
    first, second = await cast.delegated("manager"), await cast.delegated("manager")
    nothing = await cast.eve.post(f"/v1/delegations/{uuid4()}/end")
    for other in (cast.lea, cast.eve):
        refused = await other.post(f"/v1/delegations/{first}/end")
        assert (refused.status, refused.body) == (404, nothing.body)
    for who, delegation in ((cast.max, first), (cast.admin, second)):
        assert (await who.post(f"/v1/delegations/{delegation}/end")).body["version"] == 2
        assert (await who.post(f"/v1/delegations/{delegation}/end")).body["after"] is None


async def test_both_read_the_delegation_and_one_alone_why(cast: Cast) -> None:
    first = await cast.delegated("manager", reason="CANARY leave")
    second = await cast.delegated("manager", "hr_partner", effective_on=UNTIL.isoformat())
    assert (await cast.max.post(f"/v1/delegations/{second}/end")).status == 200
    await cast.stage.pump()
    path = f"/v1/people/{cast.max.id}/delegations"
    [later, now] = (await cast.max.get(path)).body["items"]
    assert now == {
        "delegation": str(first),
        "delegator": str(cast.max.id),
        "delegate": str(cast.lea.id),
        "capacities": ["manager"],
        "effective_on": TODAY.isoformat(),
        "until": UNTIL.isoformat(),
        "ended_on": None,
        "reason": "CANARY leave",
    }
    assert (later["capacities"], later["ended_on"]) == (["hr_partner", "manager"], TODAY.isoformat())
    unsaid = [later, {**now, "reason": None}]
    assert (await cast.lea.get("/v1/people/{me}/delegations")).body["items"] == unsaid
    assert (await cast.admin.get(path)).body["items"] == unsaid
    one = f"/v1/delegations/{first}"
    assert [(await who.get(one)).body for who in (cast.max, cast.lea, cast.admin)] == [now, unsaid[1], unsaid[1]]
    assert [(await cast.eve.get(other)).status for other in (path, one, f"/v1/delegations/{uuid4()}")] == [404] * 3
    assert (await cast.admin.get(f"/v1/people/{uuid4()}/delegations")).status == 404
    page = await cast.max.get(path, limit=1)
    assert (await cast.max.get(path, limit=1, cursor=page.body["next"])).body == {"items": [now], "next": None}
    stored = await cast.stage.parts.store.tail(0, 10)
    assert all(b"CANARY" not in one.body for one in stored)
