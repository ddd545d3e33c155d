"""Projections through its API: what each role sees, what is refused, and that nothing breaks it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast
from uuid import UUID, uuid4

import pytest

from services.projections import moves_releases
from services.projections.app import SERVICE
from services.projections.moves_releases import Releasing
from shared import http
from shared.contracts import conversations, opportunities, profiles
from shared.kafka.freshness import Freshness
from shared.metrics import Metrics
from shared.relations.reads import Relations
from tests.api.stage import Bearers, Fresh, Person, Stage, stage

TODAY = datetime.now(UTC).date()


class Waited(Fresh):
    """Answers waits as a test says, and keeps what was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[str, Any] = {}
        self.asked: list[tuple[object, str]] = []

    async def wait(self, *asked: object) -> Literal["reached"]:
        self.asked.append((asked[0], str(asked[1])))
        return cast("Literal['reached']", self.answers.get(str(asked[0]), "reached"))


class Service(Person):
    """A service account."""

    def __init__(self, person: Person, *scopes: str) -> None:
        super().__init__(person._client, uuid4())
        self._headers = {"authorization": " ".join(["Bearer service", *scopes])}


@dataclass
class House:
    stage: Stage
    waited: Waited
    unit: UUID
    research: UUID
    ana: Person
    max: Person
    hr: Person
    eve: Person
    analyst: Person
    exports: Service

    async def kinds(self, who: Person, **query: object) -> list[str]:
        answer = await who.get(f"/v1/people/{self.ana.id}/timeline", **{"order": "oldest", **query})
        assert answer.status == 200, answer.body
        return [entry["kind"] for entry in answer.body["items"]]

    def talk(self) -> conversations.ConversationHeld:
        """Of the employee with their manager."""
        return conversations.ConversationHeld(
            conversation=uuid4(),
            employee=self.ana.id,
            partner=self.max.id,
            partner_role="manager",
            topic="direction",
            by=self.max.id,
            effective_on=TODAY,
        )

    async def share(self, **more: Any) -> profiles.AspirationShared:
        values: dict[str, Any] = {"audience": "my_manager", "reader": self.max.id, "share": uuid4(), **more}
        shared = profiles.AspirationShared(
            aspiration=uuid4(),
            person=self.ana.id,
            effective_on=TODAY,
            edition=1,
            content=profiles.Aspiration(grain="skill", certainty="likely", text="CANARY lead talks"),
            **values,
        )
        await self.stage.tell(shared)
        return shared


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    waited = Waited()
    async with stage(database_url, SERVICE) as made:
        parts = replace(made.parts, freshness=cast("Freshness", waited), relations=Relations(made.parts.pool, waited))
        routes = http.Routes()
        SERVICE.add_routes(routes, parts)
        made.api = http.build(
            SERVICE.name,
            routes,
            authenticator=Bearers(),
            secret=bytes(32),
            metrics=Metrics("projections"),
            health=http.Health(),
        )
        leader, partner = await made.hire(name="Max Roth"), await made.hire(name="Hana Ito")
        unit = await made.unit(leader, hr_partner=partner)
        employee = await made.hire(unit=unit, number="E1001", email="ana@example.org")
        person = made.person(employee)
        yield House(
            stage=made,
            waited=waited,
            unit=unit,
            research=await made.unit(None),
            ana=person,
            max=made.person(leader),
            hr=made.person(partner, "hr_partner"),
            eve=made.person(await made.hire(name="Eve Moss", unit=unit)),
            analyst=made.person(await made.hire(name="Lin Wu"), "hr_analyst"),
            exports=Service(person, "moves:read"),
        )


OFFICIAL = ["person_joined", "place_taken"]


async def test_each_role_sees_what_it_should_of_a_timeline_and_not_more(house: House) -> None:
    shared = await house.share()
    await house.stage.tell(
        house.talk(),
        opportunities.OfferMade(application=uuid4(), opportunity=uuid4(), person=house.ana.id, effective_on=TODAY),
    )
    assert await house.kinds(house.ana) == [*OFFICIAL, "aspiration_shared", "conversation_held", "offer_made"]
    assert await house.kinds(house.max) == [*OFFICIAL, "aspiration_shared", "conversation_held"]
    assert await house.kinds(house.hr) == OFFICIAL
    for stranger in (
        house.eve,
        house.analyst,
        house.stage.person(house.hr.id),
        house.stage.person(house.eve.id, "admin"),
    ):
        answer = await stranger.get(f"/v1/people/{house.ana.id}/timeline")
        assert (answer.status, answer.code) == (404, "not-found")
        nobody = await stranger.get(f"/v1/people/{uuid4()}/timeline")
        assert nobody.body == answer.body, "not yours and not there answer alike"
    assert (await house.exports.get(f"/v1/people/{house.ana.id}/timeline")).status == 403
    successor = await house.stage.hire(name="Sam Poe")
    await house.stage.managed_by(house.ana.id, successor)
    assert (await house.max.get(f"/v1/people/{house.ana.id}/timeline")).status == 404
    assert await house.kinds(house.stage.person(successor)) == [*OFFICIAL, "manager_assigned"]
    assert str(shared.share) in str((await house.ana.get("/v1/people/{me}/timeline")).body)


async def test_who_has_seen_a_timeline_is_told_to_its_owner(house: House) -> None:
    shared = await house.share()
    await house.stage.tell(house.talk())
    await house.kinds(house.ana)
    await house.kinds(house.hr)
    assert await house.stage.noted(house.ana, "timeline") == [("timeline", str(house.hr.id), "hr_partner", 1)]
    for _ in range(2):
        await house.kinds(house.max)
    reader = str(house.max.id)
    assert set(await house.stage.noted(house.ana, "timeline")) == {
        ("timeline", str(house.hr.id), "hr_partner", 1),
        ("timeline", reader, "manager", 2),
        ("conversation", reader, "party", 2),
        ("aspiration", reader, "my_manager", 2),
    }
    told = (await house.ana.get("/v1/people/{me}/timeline/readers")).body["items"]
    [seen] = [one for one in told if one["kind"] == "aspiration"]
    assert (seen["record"], seen["share"]) == (str(shared.aspiration), str(shared.share))
    assert (await house.max.get(f"/v1/people/{house.ana.id}/timeline/readers")).status == 404


async def test_who_has_seen_a_rating_that_was_shared_is_told_too(house: House) -> None:
    shared = conversations.OutcomesShared(
        conversation=uuid4(),
        employee=house.ana.id,
        share=uuid4(),
        effective_on=TODAY,
        audience="whoever_is_my_manager",
        edition=1,
        rated_on=TODAY,
        outcomes=conversations.Outcomes(direction=4, self_insight=4, options=3, confidence=5),
    )
    await house.stage.tell(shared)
    assert await house.kinds(house.max) == [*OFFICIAL, "outcomes_shared"]
    await house.stage.parts.audit.flush()
    told = (await house.ana.get("/v1/people/{me}/timeline/readers")).body["items"]
    [seen] = [one for one in told if one["kind"] == "outcomes"]
    assert (seen["record"], seen["share"]) == (str(shared.conversation), str(shared.share))


async def test_who_stands_in_sees_what_is_for_the_relation_and_under_both_names(house: House) -> None:
    lea = house.stage.person(await house.stage.hire(name="Lea Berg"))
    await house.share(audience="whoever_is_my_manager", reader=None)
    await house.share()
    await house.share(reader=lea.id)
    await house.share(audience="my_hr_partner", reader=None)
    await house.stage.tell(house.talk())
    theirs = f"/v1/people/{house.ana.id}/timeline"
    assert (await lea.get(theirs)).status == 404
    await house.stage.delegated(house.max.id, lea.id, "manager")
    assert await house.kinds(lea) == [*OFFICIAL, "aspiration_shared"]
    assert set(await _in_place_of(house, lea)) == {
        ("timeline", "manager", str(house.max.id)),
        ("aspiration", "whoever_is_my_manager", str(house.max.id)),
    }
    await house.stage.delegated(house.hr.id, lea.id, "hr_partner")
    assert await house.kinds(lea) == [*OFFICIAL, "aspiration_shared"]
    assert await house.kinds(house.stage.person(lea.id, "hr_partner")) == [*OFFICIAL, *["aspiration_shared"] * 2]
    assert ("aspiration", "my_hr_partner", str(house.hr.id)) in await _in_place_of(house, lea)
    assert await house.kinds(house.max) == [*OFFICIAL, *["aspiration_shared"] * 2, "conversation_held"]
    assert {whom for _, _, whom in await _in_place_of(house, house.max)} == {None}


async def _in_place_of(house: House, who: Person) -> list[tuple[str, str, str | None]]:
    """What is noted of the reader: kind, rule, and for whom they stood in."""
    await house.stage.parts.audit.flush()
    told = (await house.ana.get("/v1/people/{me}/timeline/readers")).body["items"]
    return [(one["kind"], one["rule"], one["stands_in_for"]) for one in told if one["reader"] == str(who.id)]


async def test_a_timeline_is_found_by_hrs_number_and_never_by_an_e_mail_address(house: House) -> None:
    for who in (house.ana, house.max):
        assert (await who.get("/v1/people/E1001/timeline")).status == 200
    for alias in ("E9999", "ana@example.org"):
        assert (await house.max.get(f"/v1/people/{alias}/timeline")).status in (404, 422)


async def test_an_entry_says_what_happened_in_its_own_words(house: House) -> None:
    await house.share(purpose="For our talk")
    [entry] = (await house.ana.get("/v1/people/{me}/timeline", kinds="aspiration_shared")).body["items"]
    assert entry["content"] == {
        "grain": "skill",
        "certainty": "likely",
        "text": "CANARY lead talks",
        "skills": [],
        "purpose": "For our talk",
    }
    assert entry["audience"] == {
        "audience": "my_manager",
        "reader": str(house.max.id),
        "until": None,
        "later_editions": False,
    }
    [place] = (await house.max.get(f"/v1/people/{house.ana.id}/timeline", kinds="place_taken")).body["items"]
    assert (place["title"], place["unit"], place["details"]["position"]) == ("Engineer", "Research", "P1")
    assert (place["content"], place["audience"]) == (None, None)


async def test_pages_of_a_timeline_follow_their_links(house: House) -> None:
    for _ in range(5):
        await house.share()
    path, seen = f"/v1/people/{house.ana.id}/timeline", list[str]()
    cursor: dict[str, object] = {}
    while True:
        answer = await house.ana.get(path, limit=3, **cursor)
        assert answer.status == 200, answer.body
        seen += [entry["id"] for entry in answer.body["items"]]
        if answer.body["next"] is None:
            break
        cursor = {"cursor": answer.body["next"]}
        assert (await house.max.get(path, limit=3, **cursor)).status == 422, "a cursor cannot be lent"
    assert len(set(seen)) == len(seen) == 7


async def test_as_of_and_known_at_choose_facts(house: House) -> None:
    before = datetime.now(UTC) - timedelta(days=1)
    assert await house.kinds(house.ana, as_of="2020-01-01") == OFFICIAL
    assert await house.kinds(house.ana, as_of="2019-12-31") == []
    assert await house.kinds(house.ana, as_of="2199-12-31") == OFFICIAL
    assert await house.kinds(house.ana, as_of="1900-01-01") == []
    assert await house.kinds(house.ana, known_at=before.isoformat()) == []
    assert await house.kinds(house.ana, known_at="9999-12-31T23:59:59Z") == OFFICIAL


UNREADABLE: dict[str, list[dict[str, str]]] = {
    "/v1/people/{me}/timeline": [
        {"known_at": "2027-01-31T09:30:00"},
        {"known_at": "0001-01-01T00:00:00+14:00"},
        {"as_of": "2027-02-30"},
        {"as_of": "1700000000"},
        {"as_of": "9999-12-31"},
        {"kinds": "place_taken,nonsense"},
        {"kinds": ""},
        {"order": "random"},
        {"limit": "0"},
        {"limit": "201"},
        {"cursor": "x"},
        {"after": "profiles"},
        {"unknown": "1"},
    ],
    "/v1/moves": [{"group_by": "flow,kind,month"}, {"group_by": "person"}],
    "/v1/moves/people": [{"limit": "0"}, {"from_unit": "x"}, {"group_by": "flow"}],
}
for path in ("/v1/moves", "/v1/moves/people"):
    UNREADABLE[path] += [
        {"from": "2027-01-02", "to": "2027-01-01"},
        {"kind": "reorganisation"},
        {"unit": "Research"},
        {"from": "yesterday"},
        {"begins": "2027-01-02"},
    ]


async def test_what_cannot_be_read_is_refused(house: House) -> None:
    for path, queries in UNREADABLE.items():
        for query in queries:
            answer = await house.hr.get(path, **query)
            assert (answer.status, answer.headers["content-type"]) == (422, "application/problem+json"), query


async def test_moves_are_for_hr_partners_counted_for_services_and_released_for_analysts(house: House) -> None:
    await house.stage.tell(
        profiles.PlaceChanged(
            person=house.ana.id,
            fact=uuid4(),
            effective_on=TODAY - timedelta(days=3),
            position="P1",
            unit=house.research,
            title="Engineer",
            legal_entity="Example SAS",
            country="FR",
            time_zone="Europe/Paris",
        )
    )
    asked = {"from": "2021-01-01", "to": TODAY.isoformat(), "group_by": "flow"}
    answer = await house.hr.get("/v1/moves", **asked)
    assert answer.status == 200, answer.body
    assert (answer.body["moves"], answer.body["unconfirmed"]) == (1, 0)
    [cell] = answer.body["cells"]
    assert (cell["from_unit"]["id"], cell["to_unit"]["id"]) == (str(house.unit), str(house.research))
    assert cell["from_unit"]["name"] == "Research"
    assert (await house.exports.get("/v1/moves", **asked)).body == answer.body
    behind = {"from_unit": cell["from_unit"]["id"], "to_unit": cell["to_unit"]["id"]}
    [move] = (await house.hr.get("/v1/moves/people", **behind)).body["items"]
    assert (move["person"], move["kind"]) == (str(house.ana.id), "department_move")
    assert await house.stage.noted(house.ana, "timeline") == [("move", str(house.hr.id), "hr_partner", 1)]
    for path, told in (("/v1/moves", (503, "releases-not-yet")), ("/v1/moves/people", (403, "not-allowed"))):
        refused = await house.analyst.get(path)
        assert (refused.status, refused.code) == told
        assert refused.headers.get("retry-after") == ("600" if refused.status == 503 else None)
        for other in (house.ana, house.max, house.stage.person(house.hr.id), house.stage.person(house.hr.id, "admin")):
            assert (await other.get(path)).status == 403
    assert (await house.exports.get("/v1/moves/people")).status == 403
    assert (await Service(house.ana, "people:read", "imports:write").get("/v1/moves")).status == 403
    other_partner = house.stage.person(house.eve.id, "hr_partner")
    assert (await other_partner.get("/v1/moves")).body["moves"] == 0
    assert (await other_partner.get("/v1/moves/people")).body["items"] == []


async def test_analysts_read_releases_and_nothing_else(house: House) -> None:
    for _ in range(3):
        await house.stage.hire(unit=house.unit)
    releasing = Releasing(house.stage.parts.settings.database_url, Fresh(), minimum=5, after=timedelta(days=7))
    assert (await house.analyst.get("/v1/moves/releases")).body == {"items": [], "next": None}
    for at in (datetime.now(UTC) - timedelta(days=40), datetime.now(UTC)):
        await releasing.look(at)
        await releasing.look(at)
    asked = {"kind": "joined", "group_by": "to_unit,month"}
    answer = await house.analyst.get("/v1/moves", **asked)
    assert answer.status == 200, answer.body
    [cell] = answer.body["cells"]
    assert (answer.body["release"], cell["to_unit"]["id"], cell["moves"]) == (2, str(house.unit), 5)
    assert (cell["period"], cell["month"]) == ("2020-01", "2020-01")
    older = await house.analyst.get("/v1/moves", **asked, release=1)
    assert older.body == {**answer.body, "release": 1}
    assert older.headers["etag"].startswith('"1-')
    again = await house.analyst.again("/v1/moves", older.headers["etag"], **asked, release=1)
    assert (again.status, again.body) == (304, None)
    listed = (await house.analyst.get("/v1/moves/releases", limit=1)).body
    assert ([one["release"] for one in listed["items"]], listed["items"][0]["minimum"]) == ([2], 5)
    following = (await house.analyst.get("/v1/moves/releases", limit=1, cursor=listed["next"])).body
    assert ([one["release"] for one in following["items"]], following["next"]) == ([1], None)
    for refused in (
        {"unit": str(house.unit)},
        {"from": "2027-01-02"},
        {"to": "2027-01-30"},
        {"group_by": "flow,kind,month"},
        {"release": "0"},
        {"release": str(2**31)},
    ):
        told = await house.analyst.get("/v1/moves", **refused)
        assert (told.status, told.code, [one["parameter"] for one in told.body["errors"]]) == (
            422,
            "invalid",
            [*refused],
        )
    assert (await house.analyst.get("/v1/moves", **{"from": "2027-01-01", "to": "2028-02-29"})).status == 200
    assert (await house.analyst.get("/v1/moves", release=3)).status == 404
    assert (await house.analyst.get("/v1/moves/people")).status == 403


async def test_the_worker_makes_releases_whatever_fails_meanwhile(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await house.stage.hire(unit=house.unit)
    fails: list[OSError | None] = [OSError(), None, OSError()]

    async def age(_fresh: Fresh) -> float | None:
        if not fails:
            monkeypatch.setattr(moves_releases, "EVERY", 0.01)
            return 0.0
        if (failed := fails.pop()) is not None:
            raise failed
        return None

    monkeypatch.setattr(Fresh, "age", age)
    monkeypatch.setattr(moves_releases, "SOON", 0.01)
    working = asyncio.create_task(SERVICE.work(house.stage.parts).tasks["releases"]())
    async with asyncio.timeout(20):
        while not (await house.analyst.get("/v1/moves/releases")).body["items"]:
            await asyncio.sleep(0.05)
    working.cancel()
    assert (await house.analyst.get("/v1/moves", kind="joined")).body["release"] == 1


async def test_who_is_an_analyst_and_a_partner_sees_their_population_and_no_release(house: House) -> None:
    both = house.stage.person(house.hr.id, "hr_partner", "hr_analyst")
    for _ in range(3):
        await house.stage.hire(unit=house.unit)
    asked = {"kind": "joined"}
    live = (await house.hr.get("/v1/moves", **asked)).body
    assert (live["moves"], live["release"]) == (5, None)
    assert (await both.get("/v1/moves", **asked)).body == live
    for who in (both, house.hr, house.exports):
        assert (await who.get("/v1/moves", release=1)).status == 403
        assert (await who.get("/v1/moves/releases")).status == 403


async def test_an_hr_partner_who_has_left_is_none_any_more(house: House) -> None:
    timeline = f"/v1/people/{house.ana.id}/timeline"
    assert (await house.hr.get(timeline)).status == 200
    await house.stage.leaves(house.hr.id, TODAY - timedelta(days=3))
    assert (await house.hr.get(timeline)).status == 404
    assert (await house.hr.get("/v1/moves/people")).body["items"] == []


async def test_reads_wait_for_the_models_that_hear_the_service_they_wait_for(house: House) -> None:
    await house.ana.get("/v1/people/{me}/timeline", after="profiles:7:123")
    assert house.waited.asked == [("timeline", "profiles:7:123"), ("relations", "profiles:7:123")]
    house.waited.asked.clear()
    await house.ana.get("/v1/people/{me}/timeline", after="conversations:7:123")
    assert house.waited.asked == [("timeline", "conversations:7:123")]
    house.waited.answers = {"relations": "not-yet"}
    assert (await house.hr.get("/v1/moves", after="profiles:1:1")).status == 503
    house.waited.answers = {"moves": "parked"}
    assert (await house.hr.get("/v1/moves", after="opportunities:1:1")).code == "parked"


async def test_with_relations_too_old_others_get_503_and_ones_own_works(house: House) -> None:
    house.waited.seconds = 90.0
    for path in (f"/v1/people/{house.ana.id}/timeline", f"/v1/people/{uuid4()}/timeline", "/v1/moves"):
        answer = await house.hr.get(path)
        assert (answer.status, answer.code) == (503, "relations-stale")
    assert await house.kinds(house.ana) == OFFICIAL
