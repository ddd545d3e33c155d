"""Retention through the API: what would end, what ended, and whom a hold keeps."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.profiles import retaining
from services.profiles.app import SERVICE
from shared.contracts.profiles import ErasureMarked
from tests.api.stage import Answered, Person, Stage, stage

TODAY = datetime.now(UTC).date()
LONG_AGO = TODAY - timedelta(days=900)


@dataclass
class Office:
    stage: Stage
    admin: Person

    async def left(self, on: date) -> UUID:
        person = await self.stage.hire()
        await self.stage.leaves(person, on)
        return person

    async def run(self, *, dry_run: bool, **headers: str) -> Answered:
        answer = await self.admin.post("/v1/retention/run", {"dry_run": dry_run}, **headers)
        assert answer.status == 200, answer.body
        return answer

    async def rule(self, name: str, *, dry_run: bool = True) -> dict[str, Any]:
        [found] = [one for one in (await self.run(dry_run=dry_run)).body["rules"] if one["rule"] == name]
        return {name: found[name] for name in ("people", "keys", "due_people", "due_keys", "on_hold")}

    async def hold(self, person: UUID) -> None:
        assert (await self.admin.post(f"/v1/people/{person}/place-hold", {"reason": "Court"})).status == 200

    async def erasures(self, person: UUID) -> list[Any]:
        answer = await self.admin.get(f"/v1/people/{person}/erasures")
        return [(one["scope"], one["ground"], one["asked_by"]) for one in answer.body["items"]]


@pytest.fixture
async def office(database_url: str) -> AsyncIterator[Office]:
    async with stage(database_url, SERVICE) as made:
        yield Office(made, made.person(uuid4(), "admin"))


def counts(**given: int) -> dict[str, int]:
    return {**dict.fromkeys(("people", "keys", "due_people", "due_keys", "on_hold"), 0), **given}


async def test_who_left_long_ago_is_erased_and_nobody_else(office: Office) -> None:
    gone, held = await office.left(LONG_AGO), await office.left(LONG_AGO)
    others = [await office.stage.hire(), await office.left(TODAY - timedelta(days=30)), await office.left(LONG_AGO)]
    await office.stage.parts.pool.execute(  # HR knows already that they come back
        """insert into employment_facts (fact, person, kind, effective_on, seq, begins_at)
           values ($1, $2, 'joined', current_date + 9, 99, now() + interval '9 days')""",
        uuid4(),
        others[2],
    )
    await office.hold(held)
    assert await office.rule("after_leaving") == counts(due_people=1, on_hold=1)
    assert await office.erasures(gone) == []
    assert await office.rule("after_leaving", dry_run=False) == counts(people=1, on_hold=1)
    assert await office.erasures(gone) == [("person", "end_of_retention", str(office.admin.id))]
    assert [await office.erasures(one) for one in (held, *others)] == [[], [], [], []]
    assert await office.rule("after_leaving", dry_run=False) == counts(on_hold=1)
    assert (await office.admin.post(f"/v1/people/{held}/lift-hold")).status == 200
    assert await office.rule("after_leaving") == counts(due_people=1)


async def test_who_is_erased_is_not_due_again_though_it_stays_known_that_they_had_left(office: Office) -> None:
    pool, gone = office.stage.parts.pool, await office.left(LONG_AGO)
    assert await office.rule("after_leaving", dry_run=False) == counts(people=1)
    mark = {"erasure": uuid4(), "person": gone, "about": gone, "scope": "person", "number": 1, "of": 1}
    await office.stage.tell(ErasureMarked.model_validate(mark))
    await pool.execute("update erasures set complete = true")
    assert await pool.fetch("select from employment_facts where person = $1 and kind = 'left'", gone)
    assert await office.rule("after_leaving") == counts()


async def test_a_run_does_a_part_and_says_what_is_still_due(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retaining, "MOST_PEOPLE", 2)
    for _ in range(3):
        await office.left(LONG_AGO)
    first = await office.run(dry_run=False)
    assert (first.body["complete"], first.body["rules"][-1]["due_people"]) == (False, 1)
    assert (await office.run(dry_run=False)).body["complete"]


async def test_keys_of_old_years_end_and_it_is_noted_for_how_many(office: Office) -> None:
    for _ in range(2):
        ana = office.stage.person(await office.stage.hire())
        wish = {"grain": "skill", "certainty": "likely", "text": "To lead."}
        path = f"/v1/people/{{me}}/aspirations/{(await ana.post('/v1/people/{me}/aspirations', wish)).id}"
    await office.hold(ana.id)
    assert await office.rule("aspirations") == counts(due_people=1, due_keys=1, on_hold=1)
    assert (await office.admin.get("/v1/retention/runs")).body["items"] == []
    once = await office.run(dry_run=False, idempotency_key="november")
    again = await office.run(dry_run=False, idempotency_key="november")
    assert once.body["run"] == again.body["run"]
    assert (await ana.get(path)).body["content"]["text"] == "To lead."
    [noted] = (await office.admin.get("/v1/retention/runs")).body["items"]
    assert noted == {
        "run": once.body["run"],
        "on": TODAY.isoformat(),
        "rule": "aspirations",
        "before": f"{TODAY.year - 5}-01-01",
        "people": 1,
        "keys": 1,
        "on_hold": 1,
        "backups_end_on": (TODAY + timedelta(days=30)).isoformat(),
    }


async def test_runs_are_listed_newest_first_page_by_page(office: Office) -> None:
    for _ in range(3):
        await office.left(LONG_AGO)
        await office.run(dry_run=False)
    first = await office.admin.get("/v1/retention/runs", limit=2)
    second = await office.admin.get("/v1/retention/runs", limit=2, cursor=first.body["next"])
    runs = [one["run"] for page in (first, second) for one in page.body["items"]]
    assert (len(runs), second.body["next"]) == (3, None)
    assert runs == sorted(runs, reverse=True)


async def test_everybody_reads_the_policy_and_administrators_alone_run_it(office: Office) -> None:
    ana = office.stage.person(await office.stage.hire(), "hr_partner")
    assert (await ana.get("/v1/retention")).body["rules"] == [
        {"rule": "aspirations", "years": 5, "months": None},
        {"rule": "conversations", "years": 5, "months": None},
        {"rule": "messages", "years": 1, "months": None},
        {"rule": "opportunities", "years": 3, "months": None},
        {"rule": "after_leaving", "years": None, "months": 24},
    ]
    assert (await ana.post("/v1/retention/run", {"dry_run": True})).status == 403
    assert (await ana.get("/v1/retention/runs")).status == 403


async def test_by_stale_relations_nothing_ends(office: Office) -> None:
    await office.left(LONG_AGO)
    office.stage.fresh.seconds = 61.0
    refused = await office.admin.post("/v1/retention/run", {"dry_run": False})
    assert (refused.status, refused.code) == (503, "relations-stale")
