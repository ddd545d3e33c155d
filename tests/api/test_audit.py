"""Who has read what, through the API: the employee's own page, and what administrators list of a reader for a case."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.conversations.app import SERVICE
from tests.api.stage import Answered, Person, Stage, stage, switched
from tests.http.declared import declared

TODAY = datetime.now(UTC).date()
CASE = {"case_number": "2027/0314"}


@dataclass
class Cast:
    """An employee in one legal entity, her manager in another, and an administrator."""

    stage: Stage
    ana: Person
    max: Person
    admin: Person

    async def read(self) -> str:
        """Max reads a conversation of Ana's; its id."""
        body = {"topic": "direction", "proposed_for": (datetime.now(UTC) + timedelta(days=1)).isoformat()}
        conversation = (await self.ana.post("/v1/people/{me}/conversations", body)).id
        await self.stage.pump()
        assert (await self.max.get(f"/v1/conversations/{conversation}")).status == 200
        await self.stage.parts.audit.flush()
        return str(conversation)

    async def listed(self, who: Person | None = None, body: Any = CASE, **query: object) -> Answered:
        path = f"/v1/audit/conversations/readers/{self.max.id}/lookup"
        answer = await (who or self.admin).look_up(path, body, **query)
        await self.stage.parts.audit.flush()
        return answer


@pytest.fixture
async def cast(database_url: str) -> AsyncIterator[Cast]:
    async with stage(database_url, SERVICE) as made:
        leader = await made.hire(legal_entity="CA01")
        employee = await made.hire(unit=await made.unit(leader), legal_entity="FR01")
        yield Cast(made, made.person(employee), made.person(leader), made.person(uuid4(), "admin"))


async def test_what_somebody_read_is_listed_where_their_legal_entity_turned_it_on(cast: Cast) -> None:
    conversation = await cast.read()
    for legal_entity in ("", "FR01"):
        await cast.stage.tell(switched("audit_by_reader", on=True, legal_entity=legal_entity))
        refused = await cast.listed()
        assert (refused.status, refused.code) == (403, "audit-by-reader-off")
    await cast.stage.tell(switched("audit_by_reader", on=True, legal_entity="CA01"))
    answer = await cast.listed()
    assert (answer.status, answer.body["next"]) == (200, None)
    assert answer.body["items"] == [
        {
            "kind": "conversation",
            "record": conversation,
            "person": str(cast.ana.id),
            "actor": None,
            "rule": "party",
            "share": None,
            "case_number": None,
            "stands_in_for": None,
            "first_on": TODAY.isoformat(),
            "last_on": TODAY.isoformat(),
            "times": 1,
        }
    ]
    await cast.stage.tell(switched("audit_by_reader", on=False, legal_entity="CA01"))
    assert (await cast.listed()).code == "audit-by-reader-off"


async def test_who_was_listed_reads_by_whom_and_for_which_case(cast: Cast) -> None:
    await cast.stage.tell(switched("audit_by_reader", on=True, legal_entity="CA01"))
    assert (await cast.listed()).body == {"items": [], "next": None}
    assert await cast.stage.noted(cast.max, "conversations") == [("reads", str(cast.admin.id), "audit_by_reader", 1)]
    answer = await cast.max.get("/v1/people/{me}/conversations/readers")
    assert [(one["record"], one["case_number"]) for one in answer.body["items"]] == [
        (str(cast.max.id), CASE["case_number"])
    ]
    assert (await cast.listed(body={"case_number": "2027/0315"})).status == 200
    assert len(await cast.stage.noted(cast.max, "conversations")) == 2


async def test_a_refused_listing_is_none(cast: Cast) -> None:
    assert (await cast.listed()).status == 403
    await cast.stage.tell(switched("audit_by_reader", on=True, legal_entity="CA01"))
    for who in (cast.max, cast.ana, cast.stage.person(cast.ana.id, "hr_partner", "hr_analyst")):
        assert ((await cast.listed(who)).status, (await cast.listed(who)).code) == (403, "not-allowed")
    for body in ({}, {"case_number": ""}, {"case_number": "because"}, {"case_number": "Ana Diaz 7"}, {**CASE, "x": 1}):
        assert (await cast.listed(body=body)).status == 422
    unknown = await cast.admin.post(f"/v1/audit/conversations/readers/{uuid4()}/lookup", CASE)
    assert (unknown.status, unknown.code) == (404, "not-found")
    cast.stage.fresh.seconds = 61.0
    assert (await cast.listed()).code == "relations-stale"
    assert await cast.stage.noted(cast.max, "conversations") == []


async def test_what_somebody_read_and_who_read_are_told_page_by_page(cast: Cast) -> None:
    await cast.stage.tell(switched("audit_by_reader", on=True, legal_entity="CA01"))
    read = [await cast.read() for _ in range(3)]
    first = await cast.listed(limit=2)
    second = await cast.listed(limit=2, cursor=first.body["next"])
    assert [one["record"] for page in (first, second) for one in page.body["items"]] == read[::-1]
    assert second.body["next"] is None
    own = await cast.ana.get("/v1/people/{me}/conversations/readers", limit=2)
    rest = await cast.ana.get("/v1/people/{me}/conversations/readers", limit=2, cursor=own.body["next"])
    assert [one["record"] for page in (own, rest) for one in page.body["items"]] == read[::-1]
    assert (await cast.max.get("/v1/people/{me}/conversations/readers", cursor=own.body["next"])).status == 422


@pytest.mark.parametrize(
    ("service", "of"),
    [
        ("profiles", "aspirations"),
        ("conversations", "conversations"),
        ("opportunities", "applications"),
        ("projections", "timeline"),
    ],
)
def test_every_service_that_notes_reads_tells_of_them(service: str, of: str) -> None:
    paths = {route.path for route in declared(service)}
    assert paths >= {f"/v1/people/{{person}}/{of}/readers", f"/v1/audit/{of}/readers/{{person}}/lookup"}
