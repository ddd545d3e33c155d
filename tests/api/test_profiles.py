"""Profiles through its API: what HR may report, and what is made of it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.profiles.app import SERVICE
from shared.contracts.profiles import Aspiration, AspirationRecorded, AspirationShared, ErasureMarked
from shared.streams import Origin
from tests.api.stage import LONG_AGO, Answered, Person, Stage, place, stage, switched


@dataclass
class Office:
    """HR, who reports people by the API."""

    stage: Stage
    hr: Person

    async def told(self, path: str, body: object) -> Answered:
        answer = await self.hr.post(path, body)
        assert answer.status in (200, 201), answer.body
        await self.stage.pump()
        return answer

    async def hire(self, unit: str | None = None) -> Person:
        body = {"employee_number": uuid4().hex, "given_name": "Ana", "family_name": "Diaz"}
        person = (await self.told("/v1/people", {**body, "joined_on": LONG_AGO.isoformat()})).id
        await self.told(f"/v1/people/{person}/take-place", place(unit=unit or str(uuid4())))
        return self.stage.person(person)

    async def unit(self) -> str:
        body = {"code": uuid4().hex, "name": "Research", "effective_on": LONG_AGO.isoformat()}
        return str((await self.told("/v1/units", body)).id)


def pointers(refused: Answered) -> list[str]:
    return [error["pointer"] for error in refused.body["errors"]]


@pytest.fixture
async def office(database_url: str) -> AsyncIterator[Office]:
    async with stage(database_url, SERVICE) as made:
        yield Office(made, made.person(uuid4(), "admin"))


@pytest.mark.parametrize("zone", ["Mars/Base", "America", "europe/paris", "UTC/", ""])
async def test_a_place_is_in_a_time_zone_that_there_is(office: Office, zone: str) -> None:
    ana = await office.hire()
    refused = await office.hr.post(f"/v1/people/{ana.id}/change-place", place(time_zone=zone))
    assert (refused.status, [error["pointer"] for error in refused.body["errors"]]) == (422, ["#/time_zone"])


@pytest.mark.parametrize("zone", ["UTC", "EST5EDT", "Etc/GMT+10", "America/Argentina/Buenos_Aires"])
async def test_every_time_zone_is_taken(office: Office, zone: str) -> None:
    ana = await office.hire()
    await office.told(f"/v1/people/{ana.id}/change-place", place(time_zone=zone))


@pytest.mark.parametrize("zone", ["Mars/Base", "America"])
async def test_a_time_zone_once_recorded_wrongly_stops_nobody(office: Office, zone: str) -> None:
    ana = office.stage.person(await office.stage.hire(time_zone=zone))
    wish = {"grain": "skill", "certainty": "likely", "text": "To lead."}
    assert (await ana.post("/v1/people/{me}/aspirations", wish)).status == 201
    assert await office.stage.parts.relations.today(ana.id, datetime.now(UTC)) == datetime.now(UTC).date()


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31"])
async def test_a_day_is_one_of_three_centuries(office: Office, day: str) -> None:
    ana = await office.hire()
    for command, body, field in (
        ("leave", {"left_on": day}, "left_on"),
        ("take-place", place(position="P2", effective_on=day), "effective_on"),
        ("assign-manager", {"position": "P1", "effective_on": day}, "effective_on"),
    ):
        refused = await office.hr.post(f"/v1/people/{ana.id}/{command}", body)
        assert (refused.status, [error["pointer"] for error in refused.body["errors"]]) == (422, [f"#/{field}"])


async def test_the_last_day_that_is_taken_stops_nothing(office: Office) -> None:
    ana = await office.hire()
    await office.told(f"/v1/people/{ana.id}/leave", {"left_on": "2199-12-31"})


async def test_a_later_edition_is_sent_to_who_has_the_one_before(office: Office) -> None:
    ana, ben = await office.hire(), await office.hire()
    wish = {"grain": "skill", "certainty": "likely", "text": "To lead."}
    aspiration = (await ana.post("/v1/people/{me}/aspirations", wish)).id
    path = f"/v1/people/{ana.id}/aspirations/{aspiration}"
    shared = {"audience": "person", "reader": str(ben.id), "later_editions": True}
    assert (await ana.post(f"{path}/share", shared)).status == 200
    await office.stage.pump()
    first = await ben.get(path)
    assert (await ben.again(path, first.headers["etag"])).status == 304
    assert (await ana.post(f"{path}/revise", {**wish, "text": "To write."})).status == 200
    await office.stage.pump()
    assert (await ben.again(path, first.headers["etag"])).body["content"]["text"] == "To write."


@pytest.mark.parametrize(
    "body", [{"reader": "{ben}"}, {"audience": "person"}, {"audience": "my_hr_partner", "reader": "E"}]
)
async def test_a_reader_is_named_for_an_audience_of_one_person_alone(office: Office, body: dict[str, str]) -> None:
    unit = await office.unit()
    ana, ben = await office.hire(unit), await office.hire(unit)
    leader = {"leader": str(ben.id), "effective_on": LONG_AGO.isoformat()}
    await office.told(f"/v1/units/{unit}/appoint-leader", leader)
    wish = {"grain": "skill", "certainty": "likely", "text": "To lead."}
    aspiration = (await ana.post("/v1/people/{me}/aspirations", wish)).id
    sent = {name: value.format(ben=ben.id) for name, value in body.items()}
    refused = await ana.post(f"/v1/people/{{me}}/aspirations/{aspiration}/share", sent)
    assert (refused.status, pointers(refused)) == (422, ["#/reader"])


async def test_nothing_is_shared_with_who_has_left_and_they_stand_in_for_nobody(office: Office) -> None:
    unit = await office.unit()
    ana, gone = await office.hire(unit), await office.hire(unit)
    aspiration = (
        await ana.post("/v1/people/{me}/aspirations", {"grain": "skill", "certainty": "likely", "text": "…"})
    ).id
    await office.told(f"/v1/people/{gone.id}/leave", {"left_on": LONG_AGO.isoformat()})
    share = {"audience": "person", "reader": str(gone.id)}
    for path, body, field in (
        (f"/v1/people/{ana.id}/aspirations/{aspiration}/share", share, "reader"),
        (f"/v1/people/{ana.id}/name-interim-partner", {"partner": str(gone.id)}, "partner"),
    ):
        refused = await ana.post(path, body)
        assert (refused.status, refused.code, pointers(refused)) == (422, "person-not-known", [f"#/{field}"]), path


async def test_who_is_named_and_not_known_is_a_fault_of_the_field(office: Office) -> None:
    unit = await office.unit()
    ana = await office.hire(unit)
    wish = {"grain": "skill", "certainty": "likely", "text": "To lead."}
    aspiration = (await ana.post("/v1/people/{me}/aspirations", wish)).id
    on = {"effective_on": LONG_AGO.isoformat()}
    commands: list[tuple[Person, str, dict[str, str], str]] = [
        (ana, f"/v1/people/{ana.id}/aspirations/{aspiration}/share", {"audience": "person"}, "reader"),
        (ana, f"/v1/people/{ana.id}/name-interim-partner", {}, "partner"),
        (office.hr, f"/v1/people/{ana.id}/assign-manager", {"position": "P1", **on}, "manager"),
        (office.hr, f"/v1/units/{unit}/appoint-leader", on, "leader"),
        (office.hr, f"/v1/units/{unit}/assign-hr-partner", on, "partner"),
        (office.hr, f"/v1/units/{unit}/release-hr-partner", on, "partner"),
    ]
    for who, path, body, field in commands:
        refused = await who.post(path, {**body, field: "H999"})
        assert (refused.status, refused.code, pointers(refused)) == (422, "person-not-known", [f"#/{field}"]), path


async def test_nobody_makes_themselves_manager_leader_or_hr_partner(office: Office) -> None:
    unit = await office.unit()
    ana, own = await office.hire(unit), await office.hire()
    admin = office.stage.person(own.id, "admin")
    on = {"effective_on": LONG_AGO.isoformat()}
    commands: list[tuple[str, dict[str, str], str]] = [
        (f"/v1/people/{ana.id}/assign-manager", {"position": "P1", **on}, "manager"),
        (f"/v1/units/{unit}/appoint-leader", on, "leader"),
        (f"/v1/units/{unit}/assign-hr-partner", on, "partner"),
    ]
    for path, body, field in commands:
        refused = await admin.post(path, {**body, field: str(own.id)})
        assert (refused.status, refused.code) == (403, "reported-of-oneself"), path
        assert (await office.hr.post(path, {**body, field: str(own.id)})).status == 200, path
    released = {"partner": str(own.id), "effective_on": "2026-01-01"}
    await office.stage.pump()
    assert (await admin.post(f"/v1/units/{unit}/release-hr-partner", released)).status == 200


@pytest.mark.parametrize("field", ["text", "skills", "target_role"])
async def test_an_aspiration_of_spaces_says_nothing(office: Office, field: str) -> None:
    ana = await office.hire()
    wish = {"grain": "skill", "certainty": "likely", "text": "To lead."}
    refused = await ana.post(
        "/v1/people/{me}/aspirations", {**wish, field: [" \u2003"] if field == "skills" else " \u2003"}
    )
    assert (refused.status, pointers(refused)) == (422, ["#/skills/0" if field == "skills" else f"#/{field}"])


async def test_a_sharing_sent_again_is_answered_though_the_reader_has_left_since(office: Office) -> None:
    ana, ben = [office.stage.person(await office.stage.hire()) for _ in range(2)]
    wish = {"grain": "skill", "certainty": "likely", "text": "To lead."}
    path = f"/v1/people/{{me}}/aspirations/{(await ana.post('/v1/people/{me}/aspirations', wish)).id}"
    body = {"audience": "person", "reader": str(ben.id)}
    first = await ana.post(f"{path}/share", body, idempotency_key="once")
    await office.stage.leaves(ben.id, LONG_AGO)
    again = await ana.post(f"{path}/share", body, idempotency_key="once")
    assert (again.status, again.body) == (first.status, first.body)
    refused = await ana.post(f"{path}/share", body, idempotency_key="anew")
    assert (refused.status, refused.code) == (422, "person-not-known")


async def test_a_sharing_is_answered_with_what_takes_it_back_also_when_repeated(office: Office) -> None:
    ana = await office.hire()
    wish = {"grain": "skill", "certainty": "likely", "text": "To lead."}
    path = f"/v1/people/{ana.id}/aspirations/{(await ana.post('/v1/people/{me}/aspirations', wish)).id}"
    audience = {"audience": "whoever_is_my_manager"}
    first = await ana.post(f"{path}/share", audience, idempotency_key="once")
    again = await ana.post(f"{path}/share", audience, idempotency_key="once")
    assert (again.status, again.body) == (first.status, first.body)
    for header in ({"idempotency_key": "twice"}, {}):
        refused = await ana.post(f"{path}/share", audience, **header)
        assert (refused.status, refused.code) == (409, "already-shared")
        assert first.body["share"] in refused.body["detail"]
    await office.stage.pump()
    [listed] = (await ana.get(path)).body["shares"]
    assert listed["share"] == first.body["share"]
    withdrawn = await ana.post(f"{path}/withdraw-sharing", {"share": first.body["share"]})
    assert withdrawn.status == 200, withdrawn.body


async def test_a_newer_edition_is_sent_by_sharing_it_anew_and_withdrawn_once(office: Office) -> None:
    ana, ben = await office.hire(), await office.hire()
    wish = {"grain": "skill", "certainty": "likely", "text": "To lead."}
    path = f"/v1/people/{ana.id}/aspirations/{(await ana.post('/v1/people/{me}/aspirations', wish)).id}"
    body = {"audience": "person", "reader": str(ben.id)}
    await ana.post(f"{path}/share", body)
    assert (await ana.post(f"{path}/revise", {**wish, "text": "To write."})).status == 200
    anew = await ana.post(f"{path}/share", body)
    await office.stage.pump()
    assert (await ben.get(path)).body["content"]["text"] == "To write."
    assert [one["share"] for one in (await ana.get(path)).body["shares"]] == [anew.body["share"]]
    assert (await ana.post(f"{path}/withdraw-sharing", {"share": anew.body["share"]})).status == 200
    await office.stage.pump()
    assert (await ben.get(path)).status == 404


async def test_the_owner_reads_who_can_see_an_aspiration_and_why(office: Office) -> None:
    called = ("Ana Diaz", "Ben Ode", "Lea Roy", "Hana Ito")
    ana, ben, lea, hr = [office.stage.person(await office.stage.hire(name=name)) for name in called]
    unit = await office.stage.unit(lea.id, hr_partner=hr.id)
    ana = office.stage.person(await office.stage.hire(unit=unit))
    wish = {"grain": "skill", "certainty": "likely", "text": "To lead."}
    path = f"/v1/people/{{me}}/aspirations/{(await ana.post('/v1/people/{me}/aspirations', wish)).id}"
    assert (await ana.get(f"{path}/audience")).body["items"] == []
    shares = [
        {"audience": "my_manager", "purpose": "For May"},
        {"audience": "whoever_is_my_manager"},
        {"audience": "my_hr_partner"},
        {"audience": "person", "reader": str(ben.id), "until": "2199-12-31"},
    ]
    ids = [(await ana.post(f"{path}/share", share)).body["share"] for share in shares]
    told = (await ana.get(f"{path}/audience")).body["items"]
    assert [(one["reader"], one["because"]) for one in told] == [
        (str(lea.id), "my_manager"),
        (str(lea.id), "whoever_is_my_manager"),
        (str(hr.id), "my_hr_partner"),
        (str(ben.id), "person"),
    ]
    assert [one["reader_name"] for one in told] == ["Lea Roy", "Lea Roy", "Hana Ito", "Ben Ode"]
    assert [one["share"] for one in told] == ids
    assert (told[0]["purpose"], told[3]["until"], told[1]["edition"]) == ("For May", "2199-12-31", 1)
    await office.stage.managed_by(ana.id, ben.id)
    await office.stage.leaves(hr.id, LONG_AGO)
    assert (await ana.post(f"{path}/withdraw-sharing", {"share": ids[3]})).status == 200
    told = (await ana.get(f"{path}/audience")).body["items"]
    assert [(one["reader"], one["because"]) for one in told] == [(str(ben.id), "whoever_is_my_manager")]
    for other in (ben, lea, hr):
        for read in ("audience", "readers"):
            assert (await other.get(f"{path.replace('{me}', str(ana.id))}/{read}")).status == 404


async def test_a_sharing_is_changed_and_the_reader_reads_by_what_was_said_last(office: Office) -> None:
    ana, ben = [office.stage.person(await office.stage.hire()) for _ in range(2)]
    wish = {"grain": "skill", "certainty": "likely", "text": "To lead."}
    path = f"/v1/people/{{me}}/aspirations/{(await ana.post('/v1/people/{me}/aspirations', wish)).id}"
    share = (await ana.post(f"{path}/share", {"audience": "person", "reader": str(ben.id)})).body["share"]
    assert (await ana.post(f"{path}/revise", {**wish, "text": "To teach."})).status == 200
    await office.stage.pump()
    of_ana = path.replace("{me}", str(ana.id))
    assert (await ben.get(of_ana)).body["content"]["text"] == "To lead."
    body = {"share": share, "later_editions": True, "until": "2199-12-31"}
    assert (await ana.post(f"{path}/change-sharing", body)).status == 200
    await office.stage.pump()
    assert (await ben.get(of_ana)).body["content"]["text"] == "To teach."
    [told] = (await ana.get(path)).body["shares"]
    assert (told["until"], told["later_editions"], told["edition"]) == ("2199-12-31", True, 2)
    for left_out in ("until", "later_editions"):
        said = {name: value for name, value in body.items() if name != left_out}
        refused = await ana.post(f"{path}/change-sharing", said)
        assert (refused.status, pointers(refused)) == (422, [f"#/{left_out}"])
    [told] = (await ana.get(path)).body["shares"]
    assert (told["until"], told["later_editions"]) == ("2199-12-31", True)
    refused = await ana.post(f"{path}/change-sharing", {**body, "until": LONG_AGO.isoformat()})
    assert (refused.status, refused.code, pointers(refused)) == (422, "sharing-in-the-past", ["#/until"])
    assert (await ana.post(f"{path}/change-sharing", {**body, "until": None})).status == 200
    assert (await ana.get(path)).body["shares"][0]["until"] is None
    unknown = await ana.post(f"{path}/change-sharing", {**body, "share": str(uuid4())})
    assert (unknown.status, unknown.code) == (409, "sharing-not-active")
    assert (await ben.post(f"{of_ana}/change-sharing", body)).status == 404


async def test_what_was_shared_is_over_when_its_owner_leaves_and_stays_over_when_they_come_back(office: Office) -> None:
    ana, ben, streams = await office.hire(), await office.hire(), office.stage.parts.streams
    wish = {"grain": "skill", "certainty": "likely", "text": "To lead."}
    today = datetime.now(UTC).date()
    aspiration, share, earlier = uuid4(), uuid4(), today - timedelta(days=9)
    told: dict[str, Any] = {"aspiration": aspiration, "person": ana.id, "effective_on": earlier}
    told["content"] = Aspiration(grain="skill", certainty="likely", text="To lead.")
    shared = AspirationShared(share=share, audience="person", reader=ben.id, edition=1, later_editions=True, **told)
    await streams.append(aspiration, 0, [AspirationRecorded(**told), shared], Origin(str(ana.id)))
    await office.stage.pump()
    path = f"/v1/people/{ana.id}/aspirations/{aspiration}"
    assert (await ben.get(path)).status == 200

    for reported in ({"left_on": str(today - timedelta(days=5))}, {"joined_on": str(today - timedelta(days=4))}):
        await office.told(f"/v1/people/{ana.id}/{'leave' if 'left_on' in reported else 'rejoin'}", reported)
        assert (await ben.get(path)).status == 404
        assert (await ana.get(path)).body["shares"] == []
        assert (await ana.get("/v1/people/{me}/aspirations")).body["items"][0]["shares"] == []
        assert (await ana.get(f"{path}/audience")).body["items"] == []
        kept = {"share": str(share), "until": None, "later_editions": True}
        refused = await ana.post(f"{path}/change-sharing", kept)
        assert refused.code == "sharing-not-active"
        assert (await ana.post(f"{path}/revise", wish)).status == 200
        await office.stage.pump()
        assert (await ben.get(path)).status == 404
    anew = await ana.post(f"{path}/share", {"audience": "person", "reader": str(ben.id)})
    await office.stage.pump()
    assert (await ben.get(path)).status == 200
    assert [one["share"] for one in (await ana.get(path)).body["shares"]] == [anew.body["share"]]


async def test_what_was_shared_after_ones_last_day_does_not_come_back_with_oneself(office: Office) -> None:
    ana, ben, streams = await office.hire(), await office.hire(), office.stage.parts.streams
    today = datetime.now(UTC).date()
    aspiration, share = uuid4(), uuid4()
    told: dict[str, Any] = {"aspiration": aspiration, "person": ana.id, "effective_on": today - timedelta(days=2)}
    told["content"] = Aspiration(grain="skill", certainty="likely", text="To lead.")
    shared = AspirationShared(share=share, audience="person", reader=ben.id, edition=1, later_editions=True, **told)
    await streams.append(aspiration, 0, [AspirationRecorded(**told), shared], Origin(str(ana.id)))
    await office.stage.pump()
    path = f"/v1/people/{ana.id}/aspirations/{aspiration}"
    assert (await ben.get(path)).status == 200

    await office.told(f"/v1/people/{ana.id}/leave", {"left_on": str(today - timedelta(days=5))})
    assert (await ben.get(path)).status == 404
    kept = {"share": str(share), "until": None, "later_editions": True}
    assert (await ana.post(f"{path}/change-sharing", kept)).code == "sharing-not-active"
    await office.told(f"/v1/people/{ana.id}/rejoin", {"joined_on": str(today - timedelta(days=1))})
    assert (await ben.get(path)).status == 404
    assert (await ana.get(path)).body["shares"] == []
    assert (await ana.get("/v1/people/{me}/aspirations")).body["items"][0]["shares"] == []
    assert (await ana.get(f"{path}/audience")).body["items"] == []


async def test_who_has_left_shares_nothing_and_takes_back_what_they_shared(office: Office) -> None:
    ana, ben = await office.hire(), await office.hire()
    wish = {"grain": "skill", "certainty": "likely", "text": "To lead."}
    path = f"/v1/people/{ana.id}/aspirations/{(await ana.post('/v1/people/{me}/aspirations', wish)).id}"
    body = {"audience": "person", "reader": str(ben.id)}
    first = await ana.post(f"{path}/share", body, idempotency_key="once")
    await office.told(f"/v1/people/{ana.id}/leave", {"left_on": LONG_AGO.isoformat()})
    refused = await ana.post(f"{path}/share", {"audience": "whoever_is_my_manager"})
    assert (refused.status, refused.code) == (403, "not-allowed")
    assert (await ana.post(f"{path}/share", body, idempotency_key="once")).body == first.body
    assert (await ana.post(f"{path}/withdraw-sharing", {"share": first.body["share"]})).status == 200


async def test_the_owner_reads_who_has_seen_an_aspiration(office: Office) -> None:
    ana, ben = [office.stage.person(await office.stage.hire()) for _ in range(2)]
    wish = {"grain": "skill", "certainty": "likely", "text": "To lead."}
    path = f"/v1/people/{{me}}/aspirations/{(await ana.post('/v1/people/{me}/aspirations', wish)).id}"
    share = (await ana.post(f"{path}/share", {"audience": "person", "reader": str(ben.id)})).body["share"]
    await office.stage.pump()
    of_ana = path.replace("{me}", str(ana.id))
    assert (await ana.get(path)).status == 200
    assert (await ben.get(of_ana)).status == 200
    assert len((await ben.get(f"/v1/people/{ana.id}/aspirations")).body["items"]) == 1
    assert (await ana.post(f"{path}/withdraw-sharing", {"share": share})).status == 200
    await office.stage.pump()
    assert (await ben.get(of_ana)).status == 404
    await office.stage.parts.audit.flush()
    [told] = (await ana.get(f"{path}/readers")).body["items"]
    assert (told["reader"], told["rule"], told["share"], told["times"]) == (str(ben.id), "person", share, 2)
    assert told["reader_name"] == "Ana Diaz"
    assert (await ana.get("/v1/people/{me}/aspirations/readers")).body["items"] == [told]
    await office.stage.tell(switched("audit_by_reader", on=True))
    lookup = f"/v1/audit/aspirations/readers/{ben.id}/lookup"
    [listed] = (await office.hr.look_up(lookup, {"case_number": "7"})).body["items"]
    assert (listed["record"], listed["person"], listed["times"]) == (told["record"], str(ana.id), 2)
    erased = ErasureMarked(erasure=uuid4(), person=ben.id, about=ben.id, scope="person", number=1, of=1)
    await office.stage.tell(erased)
    [unnamed] = (await ana.get(f"{path}/readers")).body["items"]
    assert (unnamed["reader"], unnamed["reader_name"]) == (str(ben.id), None)


async def test_a_look_up_of_too_many_is_a_fault_of_the_whole_body(office: Office) -> None:
    half = [uuid4().hex for _ in range(150)]
    mails = [f"{one}@example.org" for one in half]
    refused = await office.hr.post("/v1/people/lookup", {"employee_numbers": half, "emails": mails})
    assert (refused.status, pointers(refused)) == (422, ["#"])


async def test_who_stands_in_can_be_another(office: Office) -> None:
    unit = await office.unit()
    ana, ben, carla, dora = [await office.hire(unit) for _ in range(4)]
    relations = office.stage.parts.relations
    for partner in (ben, carla):
        named = await ana.post("/v1/people/{me}/name-interim-partner", {"partner": str(partner.id)})
        assert named.status == 200, named.body
        await office.stage.pump()
        assert await relations.manager(ana.id) == partner.id
    leader = {"leader": str(dora.id), "effective_on": LONG_AGO.isoformat()}
    await office.told(f"/v1/units/{unit}/appoint-leader", leader)
    refused = await ana.post("/v1/people/{me}/name-interim-partner", {"partner": str(ben.id)})
    assert (refused.status, refused.code) == (409, "manager-present")


async def test_with_stale_relations_nobody_learns_who_exists(office: Office) -> None:
    ana, ben = await office.hire(), await office.hire()
    office.stage.fresh.seconds = 61.0
    for path in ("", "/aspirations", f"/aspirations/{uuid4()}"):
        answers = [await ben.get(f"/v1/people/{person}{path}") for person in (ana.id, uuid4())]
        assert {(answer.status, answer.code) for answer in answers} == {(503, "relations-stale")}, path
