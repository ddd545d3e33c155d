"""Opportunities through its API: what is open to all, who applies, who decides and reads, and the move that follows."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import orjson
import pytest
import time_machine

from services.opportunities.app import SERVICE
from shared.auth.callers import Caller, Scope
from shared.contracts import erasure, opportunities, profiles
from shared.erasure.marking import Marking, Order
from shared.eventstore import Stored
from shared.http import Health, Routes, build
from tests.api.stage import LONG_AGO, Answered, Person, Stage, stage

ESCO = "http://data.europa.eu/esco/skill/000f1d3d-220f-4789-9c0a-cc742521fb02"
TODAY = datetime.now(UTC).date()
STATEMENT = "CANARY-statement: I learn fast."


@dataclass
class World:
    """Research, led by Lea, with the team Data in it, led by Dan; Amina works in Sales, led by Sam; Hugo is HR
    partner of all. Olga works in Data, Nobu in Sales."""

    stage: Stage
    company: UUID
    research: UUID
    data: UUID
    sales: UUID
    lea: Person
    dan: Person
    sam: Person
    amina: Person
    hugo: Person
    olga: Person
    nobu: Person

    async def post(self, by: Person | None = None, **given: object) -> UUID:
        body = {"kind": "role", "unit": str(self.data), "title": "Data engineer", "description": "Figures.", **given}
        answer = await (by or self.dan).post("/v1/opportunities", body)
        assert answer.status == 201, answer.body
        return answer.id

    async def apply(self, opportunity: UUID, by: Person | None = None, **given: object) -> UUID:
        body = {"opportunity": str(opportunity), "skills": ["sql"], "statement": STATEMENT, **given}
        answer = await (by or self.amina).post("/v1/applications", body)
        assert answer.status == 201, answer.body
        return answer.id

    async def offer(self, application: UUID, by: Person | None = None) -> Answered:
        owner = by or self.dan
        version = (await owner.get(f"/v1/applications/{application}")).headers["etag"]
        return await owner.post(f"/v1/applications/{application}/offer", if_match=version)

    async def succeeds_dan(self, leader: Person) -> None:
        """As who leads Data, since the day before yesterday; Dan is somewhere else."""
        day, elsewhere = TODAY - timedelta(days=2), _place(self.dan.id, self.sales).model_dump()
        await self.stage.tell(
            profiles.UnitLeaderAppointed(unit=self.data, leader=leader.id, effective_on=day),
            profiles.PlaceChanged(**elsewhere | {"effective_on": day}),
        )

    async def accepted(self, title: str = "Data engineer") -> UUID:
        """The move after an accepted offer."""
        application = await self.apply(await self.post(title=title))
        assert (await self.offer(application)).status == 200
        answer = await self.amina.post(f"/v1/applications/{application}/accept-offer")
        assert answer.status == 200, answer.body
        found = await self.amina.get(f"/v1/applications/{application}")
        return UUID(found.body["move_case"])

    async def recorded(self) -> list[Stored]:
        """What was recorded since the last pump."""
        return await self.stage.parts.store.tail(self.stage._pumped, 1000)

    async def listed(self, **query: object) -> list[str]:
        await self.stage.pump()
        answer = await self.nobu.get("/v1/opportunities", **{"unit": self.company, **query})
        assert answer.status == 200, answer.body
        return [item["title"] for item in answer.body["items"]]


@pytest.fixture(scope="module")
async def staged(database_url: str) -> AsyncIterator[Stage]:
    """One for all tests here: each has a company of its own in it."""
    async with stage(database_url, SERVICE) as staged:
        yield staged


@pytest.fixture
async def world(staged: Stage) -> World:
    staged.fresh.seconds = 0.0
    company, research, data, sales = (uuid4() for _ in range(4))
    lea, dan, sam, hugo, amina, nobu, olga = (uuid4() for _ in range(7))
    parents = {company: None, research: company, sales: company, data: research}
    units = {lea: research, dan: data, sam: sales, hugo: company, amina: sales, nobu: sales, olga: data}
    await staged.tell_at_once(
        *(
            profiles.UnitEstablished(unit=unit, code=str(unit), name="Unit", parent=parent, effective_on=LONG_AGO)
            for unit, parent in parents.items()
        ),
        *(
            profiles.UnitLeaderAppointed(unit=unit, leader=leader, effective_on=LONG_AGO)
            for unit, leader in ((research, lea), (data, dan), (sales, sam))
        ),
        profiles.HrPartnerAssigned(unit=company, partner=hugo, effective_on=LONG_AGO),
        *(profiles.PersonJoined(person=person, fact=uuid4(), effective_on=LONG_AGO) for person in units),
        *(_place(person, unit) for person, unit in units.items()),
    )
    people = {"lea": lea, "dan": dan, "sam": sam, "amina": amina, "olga": olga, "nobu": nobu}
    return World(
        staged,
        company,
        research,
        data,
        sales,
        hugo=staged.person(hugo, "hr_partner"),
        **{name: staged.person(person) for name, person in people.items()},
    )


def _place(person: UUID, unit: UUID) -> profiles.PlaceTaken:
    return profiles.PlaceTaken(
        person=person,
        fact=uuid4(),
        effective_on=LONG_AGO,
        position="P1",
        unit=unit,
        title="Engineer",
        legal_entity="Example SAS",
        country="FR",
        time_zone="UTC",
    )


class _Board:
    """A service account that may read opportunities calls."""

    def knows(self, authorization: bytes | None) -> bool:
        return authorization is not None

    async def caller(self, authorization: bytes | None) -> Caller:
        return Caller("service:board", scopes=frozenset({Scope.OPPORTUNITIES_READ}), service="board")


def _service_account(staged: Stage) -> Person:
    routes, metrics = Routes(), staged.parts.metrics
    SERVICE.add_routes(routes, staged.parts)
    api = build("board", routes, authenticator=_Board(), secret=bytes(32), metrics=metrics, health=Health())
    return replace(staged, api=api).person(UUID(int=0))


# What is open to all


async def test_what_is_posted_is_found_by_everybody(world: World) -> None:
    opportunity = await world.post(skills=["SQL", ESCO], country="FR", closes_on=str(TODAY))
    found = await world.nobu.get(f"/v1/opportunities/{opportunity}")
    assert found.status == 200
    assert found.headers["etag"].startswith('"1-')
    assert found.body == {
        "opportunity": str(opportunity),
        "kind": "role",
        "unit": str(world.data),
        "owner": str(world.dan.id),
        "posted_by": str(world.dan.id),
        "title": "Data engineer",
        "description": "Figures.",
        "skills": ["SQL", ESCO],
        "country": "FR",
        "starts_on": None,
        "closes_on": str(TODAY),
        "posted_on": str(TODAY),
        "status": "open",
    }
    assert await world.listed() == ["Data engineer"]


async def test_the_open_list_narrows_by_each_filter(world: World) -> None:
    await world.post(title="A", skills=["SQL", ESCO], country="FR")
    await world.post(title="B", kind="project", skills=["Spanish"], country="ES")
    await world.post(world.sam, title="C", kind="stretch_assignment", unit=str(world.sales))
    assert await world.listed() == ["C", "B", "A"]
    assert await world.listed(kind="project") == ["B"]
    assert await world.listed(unit=world.research) == ["B", "A"]
    assert await world.listed(unit=world.data) == ["B", "A"]
    assert await world.listed(country="ES") == ["B"]
    assert await world.listed(skill="spanish") == ["B"]
    assert await world.listed(skill=ESCO.upper()) == ["A"]
    assert await world.listed(owner=world.sam.id) == ["C"]
    assert await world.listed(kind="role", country="ES") == []


async def test_the_open_list_is_read_page_by_page(world: World) -> None:
    for number in range(5):
        await world.post(title=f"N{number}")
    await world.stage.pump()
    titles, query = [], {"limit": "2", "unit": str(world.company)}
    while True:
        page = await world.nobu.get("/v1/opportunities", **query)
        titles += [item["title"] for item in page.body["items"]]
        if page.body["next"] is None:
            break
        await world.post(title="meanwhile")
        await world.stage.pump()
        query["cursor"] = page.body["next"]
    assert titles == ["N4", "N3", "N2", "N1", "N0"]
    lent = await world.amina.get("/v1/opportunities", **query)
    assert (lent.status, lent.code) == (422, "invalid")


async def test_a_change_is_listed_since_it_happened(world: World) -> None:
    closed, _ = await world.post(title="closed"), await world.post(title="untouched")
    await world.stage.pump()
    since = datetime.now(UTC).isoformat()
    assert (await world.dan.post(f"/v1/opportunities/{closed}/close", {})).status == 200
    assert await world.listed(changed_since=since) == ["closed"]
    assert await world.listed(status="open") == ["untouched"]
    assert await world.listed(status="closed") == ["closed"]


async def test_a_last_day_that_passes_closes_without_an_event(world: World) -> None:
    opportunity = await world.post(title="passing", closes_on=str(TODAY))
    await world.stage.pump()
    await world.stage.parts.pool.execute(
        "update opportunities set closes_on = closes_on - 2, changed_at = '2020-01-01Z' where opportunity = $1",
        opportunity,
    )
    assert await world.listed(status="open") == []
    assert await world.listed(status="closed") == ["passing"]
    yesterday = datetime.now(UTC) - timedelta(days=1)
    assert await world.listed(changed_since=yesterday.isoformat()) == ["passing"]
    assert await world.listed(changed_since=(yesterday + timedelta(days=2)).isoformat()) == []
    assert (await world.nobu.get(f"/v1/opportunities/{opportunity}")).status == 200


@pytest.mark.parametrize(
    ("who", "kind", "unit", "status"),
    [
        ("dan", "role", "data", 201),
        ("lea", "role", "data", 201),
        ("hugo", "programme", "data", 201),
        ("dan", "role", "research", 403),
        ("sam", "role", "data", 403),
        ("olga", "role", "data", 403),
        ("olga", "programme", "data", 403),
        ("olga", "mentoring", "data", 201),
        ("olga", "shadowing", None, 201),
        ("amina", "mentoring", "data", 403),
        ("olga", "role", None, 409),
    ],
)
async def test_leaders_and_hr_partners_post_and_anyone_offers_mentoring(
    world: World, who: str, kind: str, unit: str | None, status: int
) -> None:
    body = {"kind": kind, "title": "T", "description": "D"}
    if unit is not None:
        body["unit"] = str(getattr(world, unit))
    answer = await getattr(world, who).post("/v1/opportunities", body)
    assert answer.status == status, answer.body


async def test_the_role_of_hr_partner_is_needed_besides_the_assignment(world: World) -> None:
    without = world.stage.person(world.hugo.id)
    body = {"kind": "role", "unit": str(world.data), "title": "T", "description": "D"}
    assert (await without.post("/v1/opportunities", body)).status == 403


async def test_who_has_left_posts_and_applies_no_more(world: World) -> None:
    opportunity = await world.post()
    await world.stage.leaves(world.amina.id, TODAY - timedelta(days=2))
    body = {"kind": "mentoring", "unit": str(world.sales), "title": "T", "description": "D"}
    assert (await world.amina.post("/v1/opportunities", body)).status == 403
    assert (await world.amina.post("/v1/applications", {"opportunity": str(opportunity)})).status == 403


async def test_a_unit_that_is_not_there_is_answered_like_one_that_is_not_yours(world: World) -> None:
    body = {"kind": "role", "title": "T", "description": "D"}
    not_mine = await world.dan.post("/v1/opportunities", {**body, "unit": str(world.sales)})
    not_there = await world.dan.post("/v1/opportunities", {**body, "unit": str(uuid4())})
    assert not_mine == not_there


async def test_closing_and_withdrawing_are_for_who_may_post(world: World) -> None:
    opportunity = await world.post()
    for command in ("close", "withdraw"):
        for person in (world.sam, world.olga):
            assert (await person.post(f"/v1/opportunities/{opportunity}/{command}", {})).status == 403
    assert (await world.lea.post(f"/v1/opportunities/{opportunity}/close", {})).status == 200
    assert (await world.hugo.post(f"/v1/opportunities/{opportunity}/withdraw")).status == 200
    again = await world.hugo.post(f"/v1/opportunities/{opportunity}/withdraw")
    assert (again.status, again.body["after"]) == (200, None)
    closed = await world.dan.post(f"/v1/opportunities/{opportunity}/close", {})
    assert (closed.status, closed.code) == (409, "opportunity-withdrawn")
    assert (await world.dan.post(f"/v1/opportunities/{uuid4()}/close", {})).status == 404


async def test_a_service_account_reads_the_open_list_and_nothing_else(world: World) -> None:
    opportunity = await world.post()
    application = await world.apply(opportunity)
    await world.stage.pump()
    board = _service_account(world.stage)
    assert len((await board.get("/v1/opportunities", unit=world.company)).body["items"]) == 1
    assert (await board.get(f"/v1/opportunities/{opportunity}")).status == 200
    for path in ("applications", f"applications/{application}", f"opportunities/{opportunity}/applications"):
        assert (await board.get(f"/v1/{path}")).status == 403
    assert (await board.get("/v1/move-cases")).status == 403


# Applying


async def test_one_sees_what_would_match_before_applying(world: World) -> None:
    opportunity = await world.post(skills=["SQL", ESCO, "Spanish"])
    await world.stage.pump()
    answer = await world.amina.post(f"/v1/opportunities/{opportunity}/match", {"skills": ["sql", ESCO.upper()]})
    assert answer.status == 200
    assert answer.body == {
        "matching": [{"skill": "SQL", "by": "label"}, {"skill": ESCO, "by": "esco_uri"}],
        "missing": ["Spanish"],
    }
    assert await world.recorded() == []


async def test_an_application_without_a_full_match_is_taken_and_explained(world: World) -> None:
    opportunity = await world.post(skills=["SQL", "Spanish"])
    application = await world.apply(opportunity, skills=["  sql "])
    mine = await world.amina.get(f"/v1/applications/{application}")
    assert mine.body == {
        "application": str(application),
        "opportunity": str(opportunity),
        "title": "Data engineer",
        "kind": "role",
        "person": str(world.amina.id),
        "decided_by": str(world.dan.id),
        "status": "submitted",
        "submitted_on": mine.body["submitted_on"],
        "statement": STATEMENT,
        "skills": ["  sql "],
        "matching": [{"skill": "SQL", "by": "label"}],
        "missing": ["Spanish"],
        "reason": None,
        "next_step": None,
        "move_case": None,
    }
    assert mine.headers["etag"].startswith('"1-')
    nothing = await world.apply(opportunity, world.nobu, skills=[], statement=None)
    assert (await world.nobu.get(f"/v1/applications/{nothing}")).body["missing"] == ["SQL", "Spanish"]


async def test_there_is_one_open_application_at_most(world: World) -> None:
    opportunity = await world.post()
    body = {"opportunity": str(opportunity)}
    answers = await asyncio.gather(*(world.amina.post("/v1/applications", body) for _ in range(5)))
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409, 409]
    application = next(answer.id for answer in answers if answer.status == 201)
    assert {answer.code for answer in answers if answer.status == 409} == {"already-applied"}
    assert (await world.amina.post(f"/v1/applications/{application}/withdraw")).status == 200
    again = await world.amina.post("/v1/applications", body)
    assert (again.status, again.id, again.body["version"]) == (201, application, 3)


async def test_a_command_repeated_under_its_key_is_done_once(world: World) -> None:
    opportunity = await world.post()
    body = {"opportunity": str(opportunity), "statement": "one"}
    first = await world.amina.post("/v1/applications", body, idempotency_key="k1")
    second = await world.amina.post("/v1/applications", body, idempotency_key="k1")
    assert (first.status, first.body) == (second.status, second.body)
    other = await world.amina.post("/v1/applications", {**body, "statement": "two"}, idempotency_key="k1")
    assert (other.status, other.code) == (422, "idempotency-key-reused")
    await world.offer(first.id)
    accepts = [
        await world.amina.post(f"/v1/applications/{first.id}/accept-offer", idempotency_key="k2") for _ in range(2)
    ]
    assert accepts[0] == accepts[1]
    assert accepts[0].status == 200


async def test_a_posting_repeated_after_its_last_day_is_told_again(world: World) -> None:
    body = {"kind": "role", "unit": str(world.data), "title": "T", "description": "D", "closes_on": TODAY.isoformat()}
    first = await world.dan.post("/v1/opportunities", body, idempotency_key="k1")
    with time_machine.travel(datetime.now(UTC) + timedelta(days=2), tick=True):
        again = await world.dan.post("/v1/opportunities", body, idempotency_key="k1")
        assert (again.status, again.body) == (201, first.body)
        assert (await world.dan.post("/v1/opportunities", body, idempotency_key="k2")).status == 422


async def test_one_applies_only_for_what_is_there_and_open(world: World) -> None:
    opportunity = await world.post()
    own = await world.dan.post("/v1/applications", {"opportunity": str(opportunity)})
    assert (own.status, own.code) == (409, "own-opportunity")
    await world.dan.post(f"/v1/opportunities/{opportunity}/close", {})
    late = await world.amina.post("/v1/applications", {"opportunity": str(opportunity)})
    assert (late.status, late.code) == (409, "opportunity-not-open")
    assert (await world.amina.post("/v1/applications", {"opportunity": str(uuid4())})).status == 404


# Who reads and decides


async def test_an_application_is_read_by_its_two_sides_alone(world: World) -> None:
    opportunity = await world.post()
    application = await world.apply(opportunity)
    path = f"/v1/applications/{application}"
    for person in (world.amina, world.dan):
        assert (await person.get(path)).body["statement"] == STATEMENT
    nowhere = await world.nobu.get(f"/v1/applications/{uuid4()}")
    for person in (world.sam, world.lea, world.hugo, world.olga, world.nobu):
        found = await person.get(path)
        assert (found.status, found.body) == (404, nowhere.body)
        assert (await person.get(f"/v1/opportunities/{opportunity}/applications")).status == 404
        for command in ("shortlist", "withdraw", "accept-offer", "decline-offer"):
            assert (await person.post(f"{path}/{command}", {})).status == 404
        for command, body in (("offer", {}), ("decline", {"reason": "No.", "next_step": "Wait."})):
            assert (await person.post(f"{path}/{command}", body, if_match='"1"')).status == 404


async def test_who_posted_it_decides_as_long_as_they_could_post_it(world: World) -> None:
    for poster in (world.lea, world.hugo):
        application = await world.apply(await world.post(poster))
        assert (await poster.post(f"/v1/applications/{application}/shortlist")).status == 200
        for other in {world.dan, world.lea, world.hugo} - {poster}:
            assert (await other.get(f"/v1/applications/{application}")).status == 404


async def test_with_the_poster_gone_from_it_whoever_leads_the_unit_decides(world: World) -> None:
    application = await world.apply(await world.post())
    by_hugo = await world.apply(await world.post(world.hugo))
    path = f"/v1/applications/{application}"
    appointed, released = TODAY - timedelta(days=2), TODAY - timedelta(days=1)
    await world.stage.tell(
        profiles.UnitLeaderAppointed(unit=world.data, leader=world.olga.id, effective_on=appointed),
        profiles.HrPartnerReleased(unit=world.company, partner=world.hugo.id, effective_on=released),
    )
    assert (await world.olga.post(f"{path}/shortlist")).status == 200
    assert (await world.olga.get(f"/v1/applications/{by_hugo}")).status == 200
    for person in (world.dan, world.lea, world.hugo):
        assert (await person.get(path)).status == 404
        assert (await person.get(f"/v1/applications/{by_hugo}")).status == 404
    await world.stage.leaves(world.olga.id, TODAY - timedelta(days=2))
    assert (await world.olga.get(path)).status == 404


async def test_an_application_is_told_to_who_owns_the_opportunity_now(world: World) -> None:
    opportunity = await world.post(world.lea)
    await world.stage.leaves(world.lea.id, TODAY - timedelta(days=2))
    await world.stage.pump()
    await world.apply(opportunity)
    [submitted] = await world.recorded()
    assert orjson.loads(submitted.body)["owner"] == str(world.dan.id)
    refused = await world.dan.post("/v1/applications", {"opportunity": str(opportunity)})
    assert (refused.status, refused.code) == (409, "own-opportunity")


async def test_an_applicant_reads_who_decides_on_it_now(world: World) -> None:
    opportunity = await world.post()
    application = await world.apply(opportunity)
    await world.stage.pump()
    await says_who_decides(world, application, world.dan)
    await world.succeeds_dan(world.olga)
    await says_who_decides(world, application, world.olga)
    await world.stage.leaves(world.olga.id, TODAY - timedelta(days=2))
    await says_who_decides(world, application, None)


async def says_who_decides(world: World, application: UUID, owner: Person | None) -> None:
    decides = owner and str(owner.id)
    one = (await world.amina.get(f"/v1/applications/{application}")).body
    [listed] = (await world.amina.get("/v1/applications")).body["items"]
    assert (one["decided_by"], listed["decided_by"]) == (decides, decides)
    posting = (await world.nobu.get(f"/v1/opportunities/{one['opportunity']}")).body
    [offered] = (await world.nobu.get("/v1/opportunities", unit=world.company)).body["items"]
    for posted in (posting, offered):
        assert (posted["owner"], posted["posted_by"]) == (decides, str(world.dan.id))


async def test_nobody_is_said_to_decide_on_their_own_application(world: World) -> None:
    application = await world.apply(await world.post(), world.nobu)
    await world.succeeds_dan(world.nobu)
    await world.stage.pump()
    assert (await world.nobu.get(f"/v1/applications/{application}")).body["decided_by"] is None
    assert (await world.nobu.get("/v1/applications")).body["items"][0]["decided_by"] is None


async def test_what_somebody_owns_now_is_found_by_it(world: World) -> None:
    await world.post(title="A")
    assert await world.listed(owner=world.dan.id) == ["A"]
    await world.succeeds_dan(world.olga)
    assert await world.listed(owner=world.dan.id) == []
    assert await world.listed(owner=world.olga.id) == ["A"]


async def test_who_has_left_hands_over_to_who_leads_the_unit(world: World) -> None:
    application = await world.apply(await world.post(world.lea))
    assert (await world.dan.get(f"/v1/applications/{application}")).status == 404
    await world.stage.leaves(world.lea.id, TODAY - timedelta(days=2))
    assert (await world.lea.get(f"/v1/applications/{application}")).status == 404
    assert (await world.dan.get(f"/v1/applications/{application}")).status == 200


async def test_an_application_for_mentoring_is_between_the_two(world: World) -> None:
    opportunity = await world.post(world.olga, kind="mentoring")
    application = await world.apply(opportunity)
    assert (await world.olga.get(f"/v1/applications/{application}")).status == 200
    for person in (world.dan, world.lea, world.hugo, world.sam):
        assert (await person.get(f"/v1/applications/{application}")).status == 404
        assert (await person.get(f"/v1/opportunities/{opportunity}/applications")).status == 404


async def test_mentoring_is_offered_in_words_that_end_with_the_owners_others(world: World) -> None:
    body = {"kind": "mentoring", "title": "Twenty years of data", "description": "I learned it late, and gladly."}
    made = await world.olga.post("/v1/opportunities", body)
    opportunity = made.id
    application = await world.apply(opportunity)
    await world.stage.pump()

    async def shown() -> list[tuple[str, str]]:
        one = (await world.amina.get(f"/v1/opportunities/{opportunity}")).body
        [listed] = (await world.amina.get("/v1/opportunities", owner=str(world.olga.id))).body["items"]
        return [(view["title"], view["description"]) for view in (one, listed)]

    async def applied_for() -> list[str]:
        one = (await world.amina.get(f"/v1/applications/{application}")).body
        [listed] = (await world.amina.get("/v1/applications")).body["items"]
        return [one["title"], listed["title"]]

    assert await shown() == [(body["title"], body["description"])] * 2
    assert await applied_for() == [body["title"]] * 2
    stored = [row.body for row in await world.stage.parts.store.tail(0, 100)]
    assert not any(b"Twenty years" in row or b"gladly" in row for row in stored)
    owner = world.olga.id
    await world.stage.tell(
        opportunities.ErasureMarked(
            erasure=uuid4(), person=owner, about=UUID(str(opportunity)), scope="words", number=1, of=1
        )
    )
    world.stage.keys.erase(owner)
    assert await shown() == [("mentoring", "")] * 2
    assert await applied_for() == ["mentoring"] * 2
    kept = "select from opportunities where opportunity = $1 and words is not null"
    assert await world.stage.parts.pool.fetch(kept, UUID(str(opportunity))) == []


async def test_each_side_does_its_own_part(world: World) -> None:
    application = await world.apply(await world.post())
    path = f"/v1/applications/{application}"
    assert (await world.amina.post(f"{path}/shortlist")).status == 403
    assert (await world.amina.post(f"{path}/offer", if_match='"1"')).status == 403
    assert (await world.dan.post(f"{path}/accept-offer")).status == 403
    assert (await world.dan.post(f"{path}/withdraw")).status == 403


async def test_a_leader_does_not_decide_on_their_own_application(world: World) -> None:
    opportunity = await world.post(world.hugo)
    application = await world.apply(opportunity, world.dan)
    assert (await world.dan.post(f"/v1/applications/{application}/shortlist")).status == 403
    await world.stage.pump()
    assert (await world.dan.get(f"/v1/opportunities/{opportunity}/applications")).status == 404
    assert len((await world.hugo.get(f"/v1/opportunities/{opportunity}/applications")).body["items"]) == 1


async def test_a_decline_gives_the_reason_and_a_next_step(world: World) -> None:
    application = await world.apply(await world.post())
    path = f"/v1/applications/{application}/decline"
    said = {"reason": "Spanish from the first day.", "next_step": "The course in May."}
    for wrong in ({"reason": "No."}, {"next_step": "None."}, {**said, "reason": " \n "}, {**said, "next_step": ""}):
        answer = await world.dan.post(path, wrong, if_match='"1"')
        assert (answer.status, answer.code) == (422, "invalid")
        assert [error["pointer"] for error in answer.body["errors"]] in (["#/reason"], ["#/next_step"])
    assert (await world.dan.post(path, said)).status == 428
    assert (await world.dan.post(path, said, if_match='"7"')).status == 412
    assert (await world.dan.post(path, said, if_match='"1"')).status == 200
    await world.stage.pump()
    for read in (
        (await world.amina.get(f"/v1/applications/{application}")).body,
        (await world.amina.get("/v1/applications")).body["items"][0],
    ):
        assert (read["status"], read["reason"], read["next_step"]) == ("declined", *said.values())
    again = await world.dan.post(path, said, if_match='"2"')
    assert (again.status, again.code) == (409, "application-ended")


async def test_the_lists_show_each_side_what_is_theirs(world: World) -> None:
    first, second = await world.post(title="first"), await world.post(title="second")
    await world.apply(first)
    await world.apply(first, world.nobu)
    await world.apply(second)
    await world.stage.pump()
    mine = (await world.amina.get("/v1/applications")).body["items"]
    assert [(item["title"], item["statement"]) for item in mine] == [("second", STATEMENT), ("first", STATEMENT)]
    received = (await world.dan.get(f"/v1/opportunities/{first}/applications")).body["items"]
    assert [item["person"] for item in received] == [str(world.amina.id), str(world.nobu.id)]
    assert received[0]["matching"] == []
    assert (await world.olga.get("/v1/applications")).body["items"] == []
    for person in (world.amina, world.sam, world.lea):
        assert (await person.get(f"/v1/opportunities/{first}/applications")).status == 404


async def test_what_was_withdrawn_loses_its_words_for_the_owner(world: World) -> None:
    opportunity = await world.post()
    application = await world.apply(opportunity)
    assert (await world.amina.post(f"/v1/applications/{application}/withdraw")).status == 200
    await world.stage.pump()
    for read in (
        (await world.dan.get(f"/v1/applications/{application}")).body,
        (await world.dan.get(f"/v1/opportunities/{opportunity}/applications")).body["items"][0],
    ):
        assert (read["status"], read["statement"], read["skills"]) == ("withdrawn", None, None)
    assert (await world.amina.get(f"/v1/applications/{application}")).body["statement"] == STATEMENT


async def test_what_somebody_applied_with_is_read_by_nobody_else_once_they_have_left(world: World) -> None:
    opportunity = await world.post()
    application = await world.apply(opportunity)
    await world.stage.pump()
    await world.stage.leaves(world.amina.id, TODAY - timedelta(days=2))
    for read in (
        (await world.dan.get(f"/v1/applications/{application}")).body,
        (await world.dan.get(f"/v1/opportunities/{opportunity}/applications")).body["items"][0],
    ):
        assert (read["status"], read["statement"], read["skills"]) == ("submitted", None, None)
    assert (await world.amina.get(f"/v1/applications/{application}")).body["statement"] == STATEMENT
    assert (await world.amina.get("/v1/applications")).body["items"][0]["statement"] == STATEMENT


async def test_with_the_posting_withdrawn_open_applications_end(world: World) -> None:
    opportunity = await world.post()
    application = await world.apply(opportunity)
    declined = await world.apply(opportunity, world.nobu)
    await world.dan.post(
        f"/v1/applications/{declined}/decline", {"reason": "No.", "next_step": "Wait."}, if_match='"1"'
    )
    await world.dan.post(f"/v1/opportunities/{opportunity}/withdraw")
    await world.stage.pump()
    for read in (
        (await world.amina.get(f"/v1/applications/{application}")).body,
        (await world.amina.get("/v1/applications", status="ended_with_opportunity")).body["items"][0],
    ):
        assert read["status"] == "ended_with_opportunity"
    assert (await world.nobu.get(f"/v1/applications/{declined}")).body["status"] == "declined"
    late = await world.dan.post(f"/v1/applications/{application}/shortlist")
    assert (late.status, late.code) == (409, "opportunity-withdrawn")


async def test_without_fresh_relations_only_ones_own_is_read(world: World) -> None:
    application = await world.apply(await world.post())
    move = await world.accepted(title="another")
    world.stage.fresh.seconds = 61.0
    assert (await world.amina.get(f"/v1/applications/{application}")).status == 200
    assert (await world.amina.get(f"/v1/move-cases/{move}")).status == 200
    assert (await world.amina.get("/v1/applications")).status == 200
    assert (await world.amina.get("/v1/opportunities")).status == 200
    assert (await world.dan.get(f"/v1/applications/{application}")).status == 200
    for path in (f"applications/{application}", f"applications/{uuid4()}", f"move-cases/{move}", "move-cases"):
        answer = await world.hugo.get(f"/v1/{path}")
        assert (answer.status, answer.code) == (503, "relations-stale"), path


async def test_what_changes_without_an_event_of_its_own_is_sent_anew(world: World) -> None:
    opportunity = await world.post(closes_on=TODAY.isoformat())
    application = await world.apply(opportunity)
    read, applied = f"/v1/opportunities/{opportunity}", f"/v1/applications/{application}"
    posting, letter = await world.amina.get(read), await world.amina.get(applied)
    assert (await world.amina.again(read, posting.headers["etag"])).status == 304
    assert (await world.amina.again(applied, letter.headers["etag"])).status == 304
    with time_machine.travel(datetime.now(UTC) + timedelta(days=2), tick=True):
        assert (await world.amina.again(read, posting.headers["etag"])).body["status"] == "closed"
    assert (await world.dan.post(f"{read}/withdraw")).status == 200
    assert (await world.amina.again(applied, letter.headers["etag"])).body["status"] == "ended_with_opportunity"


# Offers and moves


async def test_accepting_fills_the_role_and_agrees_the_move_in_one_append(world: World) -> None:
    opportunity = await world.post()
    first, second = await world.apply(opportunity), await world.apply(opportunity, world.nobu)
    for application in (first, second):
        assert (await world.offer(application)).status == 200
    await world.stage.pump()
    answers = await asyncio.gather(
        world.amina.post(f"/v1/applications/{first}/accept-offer"),
        world.nobu.post(f"/v1/applications/{second}/accept-offer"),
    )
    assert sorted(answer.status for answer in answers) == [200, 409]
    assert next(answer.code for answer in answers if answer.status == 409) == "opportunity-filled"
    assert (await world.nobu.get(f"/v1/opportunities/{opportunity}")).body["status"] == "filled"
    recorded = await world.recorded()
    assert [one.type.partition(".")[2] for one in recorded] == [
        "offer_accepted.v1",
        "opportunity_closed.v1",
        "move_agreed.v1",
    ]
    won = next(answer for answer in answers if answer.status == 200)
    assert won.body["after"].endswith(f":{recorded[-1].position}")
    loser = second if won is answers[0] else first
    declined = await world.dan.post(
        f"/v1/applications/{loser}/decline", {"reason": "It is taken.", "next_step": "Let us talk."}, if_match='"2"'
    )
    assert declined.status == 200


async def test_with_the_opportunity_filled_the_other_applications_end(world: World) -> None:
    opportunity = await world.post()
    taken, other = await world.apply(opportunity), await world.apply(opportunity, world.nobu)
    assert (await world.offer(taken)).status == 200
    assert (await world.amina.post(f"/v1/applications/{taken}/accept-offer")).status == 200
    await world.stage.pump()
    for read in (
        await world.nobu.get(f"/v1/applications/{other}"),
        await world.dan.get(f"/v1/applications/{other}"),
    ):
        assert read.body["status"] == "ended_with_opportunity"
    ended = (await world.nobu.get("/v1/applications", status="ended_with_opportunity")).body["items"]
    assert [one["application"] for one in ended] == [str(other)]
    assert (await world.amina.get(f"/v1/applications/{taken}")).body["status"] == "accepted"
    late = await world.dan.post(f"/v1/applications/{other}/shortlist")
    assert (late.status, late.code) == (409, "opportunity-filled")


async def test_what_is_closed_unfilled_leaves_applications_open(world: World) -> None:
    opportunity = await world.post()
    application = await world.apply(opportunity)
    assert (await world.dan.post(f"/v1/opportunities/{opportunity}/close", {})).status == 200
    assert (await world.amina.get(f"/v1/applications/{application}")).body["status"] == "submitted"
    assert (await world.dan.post(f"/v1/opportunities/{opportunity}/close", {"filled": True})).status == 200
    assert (await world.amina.get(f"/v1/applications/{application}")).body["status"] == "ended_with_opportunity"


async def test_a_project_takes_several_people(world: World) -> None:
    opportunity = await world.post(kind="project")
    for person in (world.amina, world.nobu):
        application = await world.apply(opportunity, person)
        assert (await world.offer(application)).status == 200
        assert (await person.post(f"/v1/applications/{application}/accept-offer")).status == 200
        move = (await person.get(f"/v1/applications/{application}")).body["move_case"]
        assert (await person.get(f"/v1/move-cases/{move}")).body["kind"] == "project"
    assert (await world.nobu.get(f"/v1/opportunities/{opportunity}")).body["status"] == "open"


async def test_mentoring_moves_nobody(world: World) -> None:
    opportunity = await world.post(kind="mentoring")
    application = await world.apply(opportunity)
    await world.offer(application)
    assert (await world.amina.post(f"/v1/applications/{application}/accept-offer")).status == 200
    assert (await world.amina.get(f"/v1/applications/{application}")).body["move_case"] is None


async def test_an_offer_is_declined_and_the_owner_reads_why(world: World) -> None:
    application = await world.apply(await world.post())
    path = f"/v1/applications/{application}"
    early = await world.amina.post(f"{path}/accept-offer")
    assert (early.status, early.code) == (409, "no-offer-made")
    await world.offer(application)
    assert (await world.amina.post(f"{path}/decline-offer", {"reason": "Not before June."})).status == 200
    read = (await world.dan.get(path)).body
    assert (read["status"], read["reason"]) == ("offer_declined", "Not before June.")


async def test_a_move_is_agreed_released_and_completed(world: World) -> None:
    move = await world.accepted()
    path = f"/v1/move-cases/{move}"
    agreed = (await world.amina.get(path)).body
    assert (agreed["status"], agreed["kind"]) == ("agreed", "transfer")
    assert (agreed["from_unit"], agreed["to_unit"]) == (str(world.sales), str(world.data))
    day = date.fromisoformat(agreed["agreed_on"])

    early = await world.amina.post(f"{path}/complete", {"arrived_on": str(day)})
    assert (early.status, early.code) == (409, "move-not-released")
    body = {"release_on": str(day)}
    assert (await world.sam.post(f"{path}/release", body)).status == 428
    before = await world.sam.post(f"{path}/release", {"release_on": str(day - timedelta(days=1))}, if_match='"1"')
    assert (before.status, before.code) == (422, "released-before-agreed")
    assert before.body["errors"][0]["pointer"] == "#/release_on"
    assert (await world.sam.post(f"{path}/release", body, if_match='"1"')).status == 200
    assert (await world.hugo.post(f"{path}/release", body, if_match='"1"')).status == 412

    future = await world.dan.post(f"{path}/complete", {"arrived_on": str(day + timedelta(days=9))})
    assert (future.status, future.code) == (422, "arrival-in-the-future")
    assert (await world.dan.post(f"{path}/complete", {"arrived_on": str(day)})).status == 200
    await world.stage.pump()
    for read in (
        (await world.amina.get(path)).body,
        (await world.amina.get("/v1/move-cases", person=world.amina.id)).body["items"][0],
    ):
        assert (read["status"], read["release_on"], read["arrived_on"]) == ("completed", str(day), str(day))
        assert read["released_by"] == str(world.sam.id)


async def test_the_person_reads_who_has_seen_their_move(world: World) -> None:
    move = await world.accepted()
    await world.stage.pump()
    assert (await world.amina.get(f"/v1/move-cases/{move}")).status == 200
    assert (await world.nobu.get(f"/v1/move-cases/{move}")).status == 404
    assert "move" not in {kind for kind, *_ in await world.stage.noted(world.amina, "applications")}
    assert (await world.hugo.get(f"/v1/move-cases/{move}")).status == 200
    assert len((await world.hugo.get("/v1/move-cases", person=world.amina.id)).body["items"]) == 1
    assert ("move", str(world.hugo.id), "party", 2) in await world.stage.noted(world.amina, "applications")


async def test_the_applicant_reads_who_has_seen_an_application(world: World) -> None:
    opportunity = await world.post()
    application = await world.apply(opportunity)
    await world.stage.pump()
    assert (await world.amina.get(f"/v1/applications/{application}")).status == 200
    assert (await world.sam.get(f"/v1/applications/{application}")).status == 404
    assert await world.stage.noted(world.amina, "applications") == []
    assert (await world.dan.get(f"/v1/applications/{application}")).status == 200
    assert len((await world.dan.get(f"/v1/opportunities/{opportunity}/applications")).body["items"]) == 1
    owner = ("application", str(world.dan.id), "opportunity_owner", 2)
    assert await world.stage.noted(world.amina, "applications") == [owner]


async def test_a_move_is_read_by_whom_it_concerns(world: World) -> None:
    move = await world.accepted()
    await world.stage.pump()
    nowhere = (await world.nobu.get(f"/v1/move-cases/{uuid4()}")).body
    for person in (world.amina, world.sam, world.hugo, world.dan):
        assert (await person.get(f"/v1/move-cases/{move}")).status == 200
        assert len((await person.get("/v1/move-cases")).body["items"]) == 1
        assert len((await person.get("/v1/move-cases", person=world.amina.id)).body["items"]) == 1
    for person in (world.nobu, world.olga, world.lea, world.stage.person(world.hugo.id)):
        found = await person.get(f"/v1/move-cases/{move}")
        assert (found.status, found.body) == (404, nowhere)
        assert (await person.get("/v1/move-cases", person=world.amina.id)).body["items"] == []
        for command, body in (("release", {"release_on": str(TODAY)}), ("complete", {"arrived_on": str(TODAY)})):
            assert (await person.post(f"/v1/move-cases/{move}/{command}", body, if_match='"1"')).status == 404


async def test_a_move_is_received_by_who_owns_the_opportunity_now(world: World) -> None:
    application = await world.apply(await world.post())
    await world.succeeds_dan(world.olga)
    assert (await world.offer(application, world.olga)).status == 200
    assert (await world.amina.post(f"/v1/applications/{application}/accept-offer")).status == 200
    move = (await world.amina.get(f"/v1/applications/{application}")).body["move_case"]
    path, arrival = f"/v1/move-cases/{move}", {"arrived_on": str(TODAY)}
    assert (await world.sam.post(f"{path}/release", {"release_on": str(TODAY)}, if_match='"1"')).status == 200
    await world.stage.pump()
    await reads_the_move(world, world.dan, move, listed=0)
    await reads_the_move(world, world.olga, move, listed=1)
    assert (await world.dan.post(f"{path}/complete", arrival)).status == 404
    assert (await world.olga.post(f"{path}/complete", arrival)).status == 200


async def test_who_posted_above_the_unit_receives_the_move_as_long_as_they_own_it(world: World) -> None:
    application = await world.apply(await world.post(world.lea))
    assert (await world.offer(application, world.lea)).status == 200
    assert (await world.amina.post(f"/v1/applications/{application}/accept-offer")).status == 200
    move = (await world.amina.get(f"/v1/applications/{application}")).body["move_case"]
    await world.stage.pump()
    await reads_the_move(world, world.lea, move, listed=1)
    appointed = TODAY - timedelta(days=2)
    await world.stage.tell(
        profiles.UnitLeaderAppointed(unit=world.research, leader=world.nobu.id, effective_on=appointed)
    )
    await reads_the_move(world, world.lea, move, listed=0)


async def reads_the_move(world: World, person: Person, move: str, *, listed: int) -> None:
    assert (await person.get(f"/v1/move-cases/{move}")).status == (200 if listed else 404)
    assert len((await person.get("/v1/move-cases")).body["items"]) == listed
    assert len((await person.get("/v1/move-cases", person=world.amina.id)).body["items"]) == listed


async def test_who_owns_an_opportunity_no_more_neither_closes_nor_withdraws_it(world: World) -> None:
    opportunity = await world.post()
    await world.succeeds_dan(world.olga)
    for command in ("close", "withdraw"):
        assert (await world.dan.post(f"/v1/opportunities/{opportunity}/{command}", {})).status == 403
    assert (await world.olga.post(f"/v1/opportunities/{opportunity}/withdraw")).status == 200


async def test_releasing_is_for_the_manager_and_hr_and_arriving_for_the_others(world: World) -> None:
    move = await world.accepted()
    path, body = f"/v1/move-cases/{move}", {"release_on": str(TODAY + timedelta(days=1))}
    for person in (world.amina, world.dan):
        assert (await person.post(f"{path}/release", body, if_match='"1"')).status == 403
    assert (await world.hugo.post(f"{path}/release", body, if_match='"1"')).status == 200
    assert (await world.sam.post(f"{path}/complete", {"arrived_on": str(TODAY)})).status == 403


async def test_who_only_stands_in_for_a_manager_releases_nobody(world: World) -> None:
    move = await world.accepted()
    await world.stage.tell(
        profiles.UnitLeaderAppointed(unit=world.sales, leader=None, effective_on=TODAY - timedelta(days=2)),
        profiles.InterimPartnerNamed(
            person=world.amina.id, effective_on=TODAY - timedelta(days=2), partner=world.nobu.id
        ),
    )
    path, body = f"/v1/move-cases/{move}", {"release_on": TODAY.isoformat()}
    assert (await world.nobu.get(path)).status == 200
    refused = await world.nobu.post(f"{path}/release", body, if_match='"1"')
    assert (refused.status, refused.code) == (403, "not-allowed")
    assert (await world.hugo.post(f"{path}/release", body, if_match='"1"')).status == 200


async def test_with_the_manager_changes_who_reads_and_releases(world: World) -> None:
    move = await world.accepted()
    await world.stage.managed_by(world.amina.id, world.nobu.id, on=TODAY - timedelta(days=2))
    assert (await world.sam.get(f"/v1/move-cases/{move}")).status == 404
    body = {"release_on": str(TODAY + timedelta(days=1))}
    assert (await world.nobu.post(f"/v1/move-cases/{move}/release", body, if_match='"1"')).status == 200


async def test_what_somebody_applied_for_goes_with_them_when_they_are_erased(world: World) -> None:
    opportunity = await world.post()
    application = await world.apply(opportunity)
    move = await world.accepted("another")
    await world.stage.leaves(world.amina.id, TODAY - timedelta(days=2))
    await erased(world, "person")
    nowhere = (await world.dan.get(f"/v1/applications/{uuid4()}")).body
    path, gone = f"/v1/applications/{application}", f"/v1/move-cases/{move}"
    answers = [
        await world.dan.get(path),
        await world.dan.post(f"{path}/shortlist"),
        await world.dan.post(f"{path}/offer", if_match='"1"'),
        await world.dan.post(f"{path}/decline", {"reason": "No.", "next_step": "Wait."}, if_match='"1"'),
        await world.dan.get(gone),
        await world.hugo.post(f"{gone}/release", {"release_on": str(TODAY)}, if_match='"1"'),
    ]
    assert [(answer.status, answer.body) for answer in answers] == [(404, nowhere)] * len(answers)
    received = await world.dan.get(f"/v1/opportunities/{opportunity}/applications")
    assert received.body["items"] == []


async def test_without_its_words_an_application_goes_on(world: World) -> None:
    application = await world.apply(await world.post())
    await erased(world, "words")
    found = await world.dan.get(f"/v1/applications/{application}")
    assert (found.status, found.body["status"], found.body["statement"]) == (200, "submitted", None)
    assert (await world.dan.post(f"/v1/applications/{application}/shortlist")).status == 200


async def test_why_somebody_was_declined_is_the_words_of_who_declined(world: World) -> None:
    application = await world.apply(await world.post())
    path = f"/v1/applications/{application}"
    answer = {"reason": "Spanish from the first day.", "next_step": "The course in May."}
    assert (await world.dan.post(f"{path}/decline", answer, if_match='"1"')).status == 200
    await erased(world, "words")

    async def told() -> list[tuple[str | None, str | None]]:
        listed = (await world.amina.get("/v1/applications")).body["items"]
        views = [(await world.amina.get(path)).body, (await world.dan.get(path)).body, *listed]
        return [(view["reason"], view["next_step"]) for view in views]

    assert await told() == [(answer["reason"], answer["next_step"])] * 3
    await erased(world, "words", of=world.dan)
    assert await told() == [(None, None)] * 3
    kept = "select from applications where application = $1 and reason is not null"
    assert await world.stage.parts.pool.fetch(kept, UUID(str(application))) == []


async def erased(world: World, scope: erasure.Scope, *, of: Person | None = None) -> None:
    """Of Amina, or somebody else, as the service cleans it."""
    person = (of or world.amina).id
    order = Order(uuid4(), person, scope)
    world.stage.keys.erase(person)
    await world.stage.tell(profiles.ErasureOrdered(**order._asdict()))
    await Marking("opportunities", world.stage.parts.pool, SERVICE.ends_with_erasure).mark(order)
    await world.stage.pump()


# What is stored, and what is refused


async def test_no_word_of_a_person_is_stored_in_the_clear(world: World) -> None:
    application = await world.apply(await world.post(), skills=["CANARY-skill"])
    await world.dan.post(
        f"/v1/applications/{application}/decline",
        {"reason": "CANARY-reason", "next_step": "CANARY-next"},
        if_match='"1"',
    )
    assert all(b"CANARY" not in one.body for one in await world.recorded())
    await world.stage.pump()
    rows = await world.stage.parts.pool.fetch("select row_to_json(a)::text as row from applications a")
    assert rows
    assert all("CANARY" not in row["row"] for row in rows)


HOSTILE = [
    b"{",
    b"\xff\xfe{\x00}\x00",
    b"[]",
    b"null",
    b'{"opportunity": 1}',
    b'{"opportunity": "x"}',
    b'{"opportunity": NaN}',
    b'{"opportunity": 1e999}',
    b'{"opportunity": "00000000-0000-0000-0000-000000000000", "unknown": 1}',
    b'{"opportunity": "00000000-0000-0000-0000-000000000000", "statement": "\\u0000"}',
    b'{"opportunity": "00000000-0000-0000-0000-000000000000", "statement": "\\ud800"}',
    b'{"opportunity": "00000000-0000-0000-0000-000000000000", "skills": [" "]}',
    b'{"opportunity": "00000000-0000-0000-0000-000000000000", "skills": ["\\u0085"]}',
    b'{"statement": "a", "statement": "b"}',
    b'{"skills": ' + b"[" * 40 + b"]" * 40 + b"}",
    b'{"skills": [' + b'"a",' * 100 + b'"a"]}',
    b'{"statement": 9223372036854775808}',
]


async def test_hostile_bodies_are_refused_and_never_echoed(world: World) -> None:
    for path in ("opportunities", "applications", "applications/{id}/decline", "move-cases/{id}/release"):
        for body in HOSTILE:
            answer = await world.amina._client.post(
                f"/v1/{path.format(id=uuid4())}",
                content=body,
                headers={**world.amina._headers, "content-type": "application/json", "if-match": '"1"'},
            )
            assert 400 <= answer.status_code < 500, (path, body)
            assert answer.headers["content-type"] == "application/problem+json"
            assert "input" not in orjson.loads(answer.content)


async def test_queries_that_mean_nothing_are_refused(world: World) -> None:
    for path, name, value in (
        ("opportunities", "unit", "x"),
        ("opportunities", "status", "x"),
        ("opportunities", "country", "fra"),
        ("opportunities", "changed_since", "2027-01-01"),
        ("opportunities", "limit", "201"),
        ("opportunities", "cursor", "AAAA"),
        ("opportunities", "unknown", "1"),
        ("applications", "status", "x"),
        ("move-cases", "person", "amina"),
    ):
        answer = await world.amina.get(f"/v1/{path}", **{name: value})
        assert (answer.status, answer.code) == (422, "invalid"), (path, name)


async def test_dates_at_the_edge_of_the_calendar_break_nothing(world: World) -> None:
    body = {"kind": "role", "unit": str(world.data), "title": "T", "description": "D"}
    assert (await world.dan.post("/v1/opportunities", {**body, "closes_on": "1900-01-01"})).code == (
        "closed-from-the-start"
    )
    for field in ("starts_on", "closes_on"):
        for beyond in ("0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31"):
            refused = await world.dan.post("/v1/opportunities", {**body, field: beyond})
            assert (refused.status, refused.body["errors"][0]["pointer"]) == (422, f"#/{field}")
    opportunity = await world.post(starts_on="1900-01-01", closes_on="2199-12-31")
    assert await world.listed(changed_since="9998-01-01T00:00:00Z") == []
    assert await world.listed() == ["Data engineer"]
    for beyond in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        answer = await world.nobu.get("/v1/opportunities", changed_since=beyond)
        assert (answer.status, answer.code) == (422, "invalid")
    assert (await world.nobu.get(f"/v1/opportunities/{opportunity}")).body["status"] == "open"
    move = await world.accepted(title="far")
    release = f"/v1/move-cases/{move}/release"
    assert (await world.sam.post(release, {"release_on": "9999-12-31"}, if_match='"1"')).status == 422
    assert (await world.sam.post(release, {"release_on": "2199-12-31"}, if_match='"1"')).status == 200
    assert (await world.dan.post(f"/v1/move-cases/{move}/complete", {"arrived_on": "2199-12-31"})).status == 422
