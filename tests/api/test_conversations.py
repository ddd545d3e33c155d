"""Conversations and commitments through the API: what works, what is refused, who sees what."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine

from services.conversations.app import SERVICE
from services.conversations.endings import EVERY, SETTLED, Endings
from shared.contracts import conversations
from shared.relations.reads import RelationsStale
from tests.api.stage import Person, Stage, stage, switched

TODAY = datetime.now(UTC).date()
TOMORROW = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
NEXT_WEEK = TOMORROW + timedelta(days=6)


@dataclass
class Cast:
    """An employee of a unit, its leader, its HR partner, and somebody else."""

    stage: Stage
    ana: Person
    max: Person
    hr: Person
    eve: Person

    def as_(self, role: str) -> Person:
        """Whom Ana asks in a role."""
        return {"manager": self.max, "hr_partner": self.hr}.get(role, self.eve)

    async def requested(self, **more: object) -> str:
        """Ana asks her manager; the conversation's path."""
        body = {"topic": "direction", "proposed_for": TOMORROW.isoformat(), **more}
        answer = await self.ana.post("/v1/people/{me}/conversations", body)
        assert answer.status == 201, answer.body
        await self.stage.pump()
        return f"/v1/conversations/{answer.id}"

    async def held(self, **more: object) -> str:
        path = await self.requested(**more)
        assert (await self.max.post(f"{path}/accept", {"proposed_for": TOMORROW.isoformat()})).status == 200
        assert (await self.ana.post(f"{path}/hold", {})).status == 200
        await self.stage.pump()
        return path

    async def committed(self, who: Person, party: str, **more: object) -> UUID:
        body = {"party": party, "text": f"the {party}'s words", "due_on": (TODAY + timedelta(days=30)).isoformat()}
        answer = await who.post(f"/v1/people/{self.ana.id}/commitments", {**body, **more})
        assert answer.status == 201, answer.body
        await self.stage.pump()
        return answer.id

    async def ledger(self, who: Person, **query: object) -> Any:
        answer = await who.get(f"/v1/people/{self.ana.id}/commitments", **query)
        assert answer.status == 200, answer.body
        return {(one["party"], one["text"]) for one in answer.body["items"]}


@pytest.fixture
async def cast(database_url: str) -> AsyncIterator[Cast]:
    async with stage(database_url, SERVICE) as made:
        leader, partner = await made.hire(name="Max Roth"), await made.hire(name="Hana Ito")
        unit = await made.unit(leader, hr_partner=partner)
        employee = await made.hire(unit=unit, number="E1001")
        other = await made.hire(name="Eve Moss", unit=unit)
        yield Cast(
            made,
            made.person(employee),
            made.person(leader),
            made.person(partner, "hr_partner"),
            made.person(other),
        )


# What HR sees


async def test_hr_sees_that_one_was_held_where_the_legal_entity_turned_it_on(cast: Cast) -> None:
    path, theirs = await cast.held(agenda="CANARY"), f"/v1/people/{cast.ana.id}/conversations/held"
    await cast.requested()
    row = {"conversation": path.rpartition("/")[2], "topic": "direction", "held_on": TODAY.isoformat()}
    nothing = await cast.eve.get(f"/v1/conversations/{uuid4()}")
    off = await cast.hr.get(theirs)
    assert (off.status, off.body) == (404, nothing.body)
    await cast.stage.tell(switched("hr_sees_conversations", on=True, legal_entity="CA01"))
    assert (await cast.hr.get(theirs)).status == 404
    await cast.stage.tell(switched("hr_sees_conversations", on=True))
    seen = await cast.hr.get(theirs)
    assert (seen.status, seen.body) == (200, {"items": [row], "next": None})
    assert (await cast.hr.get(path)).status == 404
    assert (await cast.hr.get(f"/v1/people/{cast.ana.id}/conversations")).status == 404
    for other in (cast.max, cast.eve, cast.stage.person(cast.hr.id), cast.stage.person(cast.eve.id, "hr_partner")):
        assert (await other.get(theirs)).status == 404
    assert (await cast.ana.get(theirs)).body["items"] == [row]
    assert await cast.stage.noted(cast.ana, "conversations") == [
        ("conversation", str(cast.hr.id), "hr_sees_conversations", 1)
    ]
    await cast.stage.tell(switched("hr_sees_conversations", on=False))
    assert (await cast.hr.get(theirs)).status == 404


async def test_who_stands_in_for_hr_sees_it_too_and_under_both_names(cast: Cast) -> None:
    await cast.held()
    await cast.stage.tell(switched("hr_sees_conversations", on=True))
    lea = cast.stage.person(await cast.stage.hire(), "hr_partner")
    theirs = f"/v1/people/{cast.ana.id}/conversations/held"
    await cast.stage.delegated(cast.max.id, lea.id, "manager")
    assert (await lea.get(theirs)).status == 404
    await cast.stage.delegated(cast.hr.id, lea.id, "hr_partner")
    assert (await cast.stage.person(lea.id).get(theirs)).status == 404
    assert len((await lea.get(theirs)).body["items"]) == 1
    await cast.stage.parts.audit.flush()
    [told] = (await cast.ana.get("/v1/people/{me}/conversations/readers")).body["items"]
    assert (told["reader"], told["stands_in_for"]) == (str(lea.id), str(cast.hr.id))


async def test_who_stands_in_does_nothing_in_somebodys_place(cast: Cast) -> None:
    await cast.stage.delegated(cast.max.id, cast.eve.id, "manager")
    body = {"topic": "direction", "proposed_for": TOMORROW.isoformat()}
    assert (await cast.eve.post(f"/v1/people/{cast.ana.id}/conversations", body)).status == 404
    promise = {"party": "manager", "text": "…", "due_on": TODAY.isoformat()}
    assert (await cast.eve.post(f"/v1/people/{cast.ana.id}/commitments", promise)).status == 404
    path = await cast.requested()
    assert (await cast.eve.get(path)).status == 404


async def test_nobody_sees_as_hr_partner_what_they_held_themselves_or_who_held_nothing(cast: Cast) -> None:
    await cast.held()
    await cast.stage.tell(switched("hr_sees_conversations", on=True))
    assert (await cast.max.get("/v1/people/{me}/conversations/held")).body["items"] == []
    assert (await cast.hr.get(f"/v1/people/{cast.eve.id}/conversations/held")).body == {"items": [], "next": None}
    assert (await cast.hr.get(f"/v1/people/{cast.max.id}/conversations/held")).status == 404


async def test_what_was_held_is_read_page_by_page(cast: Cast) -> None:
    await cast.stage.tell(switched("hr_sees_conversations", on=True))
    held = [(await cast.held()).rpartition("/")[2] for _ in range(3)]
    first = await cast.hr.get(f"/v1/people/{cast.ana.id}/conversations/held", limit=2)
    second = await cast.hr.get(f"/v1/people/{cast.ana.id}/conversations/held", limit=2, cursor=first.body["next"])
    assert [one["conversation"] for page in (first, second) for one in page.body["items"]] == held[::-1]
    assert second.body["next"] is None


async def test_while_relations_are_stale_hr_sees_nothing_and_oneself_all(cast: Cast) -> None:
    await cast.held()
    await cast.stage.tell(switched("hr_sees_conversations", on=True))
    cast.stage.fresh.seconds = 61.0
    refused = await cast.hr.get(f"/v1/people/{cast.ana.id}/conversations/held")
    assert (refused.status, refused.code) == (503, "relations-stale")
    assert len((await cast.ana.get("/v1/people/{me}/conversations/held")).body["items"]) == 1


# Asking


async def test_an_employee_asks_their_manager_and_both_read_it(cast: Cast) -> None:
    path = await cast.requested(agenda="Where could I go?")
    for reader in (cast.ana, cast.max):
        found = await reader.get(path)
        assert found.status == 200
        assert found.headers["etag"].startswith('"1-')
        assert found.body["partner"] == str(cast.max.id)
        assert found.body["partner_role"] == "manager"
        assert found.body["state"] == "proposed"
        assert found.body["awaits"] == str(cast.max.id)
        assert found.body["agenda"] == "Where could I go?"
    assert await cast.stage.noted(cast.ana, "conversations") == [("conversation", str(cast.max.id), "party", 1)]


async def test_words_are_stored_sealed(cast: Cast) -> None:
    await cast.requested(agenda="CANARY")
    await cast.committed(cast.max, "manager", text="CANARY")
    stored = await cast.stage.parts.store.tail(0, 10)
    assert stored
    assert all(b"CANARY" not in one.body for one in stored)
    rows = await cast.stage.parts.pool.fetch("select text from commitments")
    assert all(b"CANARY" not in row["text"] for row in rows)


async def test_for_others_a_conversation_is_not_there(cast: Cast) -> None:
    path = await cast.requested()
    nothing = await cast.eve.get(f"/v1/conversations/{uuid4()}")
    for other in (cast.eve, cast.hr):
        found = await other.get(path)
        assert (found.status, found.body) == (404, nothing.body)
        for action, body in (
            ("accept", {"proposed_for": TOMORROW.isoformat()}),
            ("decline", {"reason": "No"}),
            ("reschedule", {"proposed_for": NEXT_WEEK.isoformat()}),
            ("cancel", {}),
            ("hold", {}),
            ("rate", {"direction": 1, "self_insight": 1, "options": 1, "confidence": 1}),
        ):
            assert (await other.post(f"{path}/{action}", body)).status == 404


async def test_a_manager_proposes_to_who_reports_to_them_and_nobody_else_does(cast: Cast) -> None:
    body = {"topic": "follow_up", "proposed_for": TOMORROW.isoformat()}
    path = f"/v1/people/{cast.ana.id}/conversations"
    proposed = await cast.max.post(path, body)
    assert proposed.status == 201
    assert (await cast.ana.get(f"/v1/conversations/{proposed.id}")).body["awaits"] == str(cast.ana.id)
    assert (await cast.eve.post(path, body)).status == 404
    assert (await cast.hr.post(path, body)).status == 404
    assert (await cast.eve.post(f"/v1/people/{uuid4()}/conversations", body)).status == 404
    for wrong in ({"partner": str(cast.eve.id)}, {"partner_role": "mentor"}):
        refused = await cast.max.post(path, {**body, **wrong})
        assert (refused.status, refused.code) == (403, "proposal-not-yours")


async def test_an_hr_partner_who_has_left_commits_to_nothing(cast: Cast) -> None:
    await cast.stage.leaves(cast.hr.id, TODAY - timedelta(days=3))
    body = {"text": "…", "due_on": TODAY.isoformat(), "party": "hr"}
    assert (await cast.hr.post(f"/v1/people/{cast.ana.id}/commitments", body)).status == 404


async def test_an_employee_asks_their_hr_partner_or_anybody_else(cast: Cast) -> None:
    await cast.requested(partner_role="hr_partner", partner=str(cast.hr.id))
    await cast.requested(partner_role="mentor", partner=str(cast.eve.id))
    await cast.requested(partner_role="manager", partner=str(cast.max.id))


async def test_who_cannot_be_asked_is_refused_alike(cast: Cast) -> None:
    gone = await cast.stage.hire(name="Gil Old")
    await cast.stage.leaves(gone, TODAY - timedelta(days=2))
    refusals = [
        await cast.ana.post(
            "/v1/people/{me}/conversations",
            {"topic": "options", "proposed_for": TOMORROW.isoformat(), "partner_role": role, "partner": str(partner)},
        )
        for role, partner in (
            ("mentor", uuid4()),
            ("mentor", gone),
            ("hr_partner", cast.eve.id),
            ("manager", cast.eve.id),
            ("mentor", "E9999"),
        )
    ]
    assert {answer.status for answer in refusals} == {422}
    assert {answer.code for answer in refusals} == {"partner-not-available"}
    assert len({str(answer.body) for answer in refusals}) == 1


async def test_without_a_manager_there_is_nobody_to_ask(cast: Cast) -> None:
    alone = cast.stage.person(await cast.stage.hire(unit=await cast.stage.unit()))
    body = {"topic": "options", "proposed_for": TOMORROW.isoformat()}
    refused = await alone.post("/v1/people/{me}/conversations", body)
    assert (refused.status, refused.code) == (409, "no-manager-now")
    refused = await alone.post("/v1/people/{me}/conversations", {**body, "partner_role": "mentor"})
    assert (refused.status, refused.body["errors"][0]["pointer"]) == (422, "#/partner")


async def test_nobody_asks_themselves_or_for_the_past(cast: Cast) -> None:
    body = {"topic": "options", "partner_role": "mentor", "proposed_for": TOMORROW.isoformat()}
    refused = await cast.ana.post("/v1/people/{me}/conversations", {**body, "partner": str(cast.ana.id)})
    assert (refused.status, refused.code) == (422, "conversation-with-oneself")
    past = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    refused = await cast.ana.post(
        "/v1/people/{me}/conversations", {**body, "partner": str(cast.eve.id), "proposed_for": past}
    )
    assert (refused.status, refused.code) == (422, "proposed-in-the-past")


async def test_the_same_request_twice_is_one(cast: Cast) -> None:
    body = {"topic": "options", "proposed_for": TOMORROW.isoformat()}
    first = await cast.ana.post("/v1/people/{me}/conversations", body, idempotency_key="k1")
    again = await cast.ana.post("/v1/people/{me}/conversations", body, idempotency_key="k1")
    assert (again.status, again.body) == (first.status, first.body)
    other = await cast.ana.post("/v1/people/{me}/conversations", {**body, "topic": "direction"}, idempotency_key="k1")
    assert other.status == 422


async def test_a_request_sent_again_is_answered_though_there_is_no_manager_any_more(cast: Cast) -> None:
    body = {"topic": "direction", "proposed_for": TOMORROW.isoformat()}
    first = await cast.ana.post("/v1/people/{me}/conversations", body, idempotency_key="once")
    await cast.stage.leaves(cast.max.id, TODAY - timedelta(days=2))
    again = await cast.ana.post("/v1/people/{me}/conversations", body, idempotency_key="once")
    assert (again.status, again.body) == (first.status, first.body)
    other = await cast.ana.post("/v1/people/{me}/conversations", {**body, "topic": "options"}, idempotency_key="once")
    assert (other.status, other.code) == (422, "idempotency-key-reused")
    refused = await cast.ana.post("/v1/people/{me}/conversations", body, idempotency_key="anew")
    assert (refused.status, refused.code) == (409, "no-manager-now")


async def test_what_was_done_is_told_again_when_its_time_has_passed(cast: Cast) -> None:
    asked = {"topic": "options", "proposed_for": TOMORROW.isoformat()}
    promised = {"party": "employee", "text": "I learn.", "due_on": TODAY.isoformat()}
    for path, body in (("/v1/people/{me}/conversations", asked), ("/v1/people/{me}/commitments", promised)):
        first = await cast.ana.post(path, body, idempotency_key="k2")
        assert first.status == 201
        with time_machine.travel(datetime.now(UTC) + timedelta(days=2), tick=True):
            again = await cast.ana.post(path, body, idempotency_key="k2")
            assert (again.status, again.body) == (201, first.body)
            assert (await cast.ana.post(path, body, idempotency_key="k3")).status == 422


# What becomes of it


async def test_a_conversation_goes_from_request_to_rated(cast: Cast) -> None:
    path = await cast.requested()
    moved = await cast.max.post(f"{path}/reschedule", {"proposed_for": NEXT_WEEK.isoformat()})
    assert moved.body["version"] == 2
    stale = await cast.ana.post(f"{path}/accept", {"proposed_for": TOMORROW.isoformat()})
    assert (stale.status, stale.code) == (409, "proposal-changed")
    elsewhere = NEXT_WEEK.astimezone().isoformat()
    assert (await cast.ana.post(f"{path}/accept", {"proposed_for": elsewhere})).status == 200
    assert (await cast.ana.get(path)).body["state"] == "agreed"
    early = await cast.ana.post(f"{path}/rate", GOOD)
    assert (early.status, early.code) == (409, "conversation-not-held")
    future = await cast.max.post(f"{path}/hold", {"held_on": (TODAY + timedelta(days=2)).isoformat()})
    assert (future.status, future.code) == (422, "held-in-the-future")
    assert (await cast.max.post(f"{path}/hold", {"held_on": TODAY.isoformat()})).status == 200
    assert (await cast.ana.post(f"{path}/rate", GOOD)).status == 200
    assert (await cast.ana.post(f"{path}/rate", {**GOOD, "options": 5})).status == 200
    found = await cast.ana.get(path)
    assert found.body["state"] == "held"
    assert found.body["held_on"] == TODAY.isoformat()
    assert found.body["outcomes"]["options"] == 5


GOOD = {"direction": 4, "self_insight": 4, "options": 3, "confidence": 5}


async def test_each_party_reads_their_own_outcomes_alone(cast: Cast) -> None:
    path = await cast.held()
    await cast.ana.post(f"{path}/rate", GOOD)
    assert (await cast.max.get(path)).body["outcomes"] is None
    await cast.max.post(f"{path}/rate", {**GOOD, "confidence": 1})
    assert (await cast.max.get(path)).body["outcomes"]["confidence"] == 1
    assert (await cast.ana.get(path)).body["outcomes"]["confidence"] == 5


async def test_a_refusal_says_what_to_do(cast: Cast) -> None:
    path = await cast.requested()
    for who, action, body, code in (
        (cast.ana, "accept", {"proposed_for": TOMORROW.isoformat()}, "answer-not-yours"),
        (cast.ana, "decline", {"reason": "No"}, "answer-not-yours"),
        (cast.ana, "hold", {}, "conversation-not-agreed"),
    ):
        refused = await who.post(f"{path}/{action}", body)
        assert (refused.status, refused.code) == (409, code)
    await cast.max.post(f"{path}/decline", {"reason": "Ask Hana"})
    refused = await cast.ana.post(f"{path}/cancel", {})
    assert (refused.status, refused.code) == (409, "conversation-over")
    assert (await cast.ana.get(path)).body["reason"] == "Ask Hana"


async def test_if_match_guards_against_what_was_not_seen(cast: Cast) -> None:
    path = await cast.requested()
    body = {"proposed_for": NEXT_WEEK.isoformat()}
    assert (await cast.max.post(f"{path}/reschedule", body, if_match='"7"')).status == 412
    assert (await cast.max.post(f"{path}/reschedule", body, if_match='"1"')).status == 200


async def test_a_former_manager_keeps_their_own_words_alone(cast: Cast) -> None:
    path = await cast.requested(agenda="For my manager")
    await cast.max.post(f"{path}/decline", {"reason": "My own words"})
    await cast.stage.managed_by(cast.ana.id, cast.eve.id)
    seen = (await cast.max.get(path)).body
    assert (seen["agenda"], seen["reason"]) == (None, "My own words")
    assert (await cast.ana.get(path)).body["agenda"] == "For my manager"
    assert (await cast.eve.get(path)).status == 404


ROLES = pytest.mark.parametrize("role", ["manager", "hr_partner", "mentor", "coach", "leader"])


@ROLES
async def test_who_has_left_reads_their_own_words_alone(cast: Cast, role: str) -> None:
    partner = cast.as_(role)
    path = await cast.requested(partner_role=role, partner=str(partner.id), agenda="For my partner")
    assert (await partner.get(path)).body["agenda"] == "For my partner"
    await partner.post(f"{path}/decline", {"reason": "My own words"})
    await cast.stage.leaves(partner.id, TODAY - timedelta(days=2))
    seen = (await partner.get(path)).body
    assert (seen["agenda"], seen["reason"]) == (None, "My own words")
    assert (await cast.ana.get(path)).body["reason"] == "My own words"


@ROLES
async def test_what_an_employee_said_is_read_by_nobody_else_once_they_have_left(cast: Cast, role: str) -> None:
    partner = cast.as_(role)
    path = await cast.requested(partner_role=role, partner=str(partner.id), agenda="For my partner")
    await cast.stage.leaves(cast.ana.id, TODAY - timedelta(days=2))
    assert (await partner.get(path)).body["agenda"] is None
    assert (await cast.ana.get(path)).body["agenda"] == "For my partner"


async def test_what_an_employee_committed_to_is_read_by_nobody_else_once_they_have_left(cast: Cast) -> None:
    conversation = (await cast.held()).rpartition("/")[2]
    await cast.committed(cast.ana, "employee", conversation=conversation)
    assert await cast.ledger(cast.max) == {("employee", "the employee's words")}
    await cast.stage.leaves(cast.ana.id, TODAY - timedelta(days=2))
    assert (await cast.max.get(f"/v1/people/{cast.ana.id}/commitments")).status == 404


# Lists


async def test_words_that_are_gone_are_not_the_answer_that_one_has(cast: Cast) -> None:
    path = await cast.requested(agenda="Mine")
    etag = (await cast.max.get(path)).headers["etag"]
    assert (await cast.max.again(path, etag)).status == 304
    await cast.stage.managed_by(cast.ana.id, cast.eve.id)
    gone = await cast.max.again(path, etag)
    assert (gone.status, gone.body["agenda"]) == (200, None)


async def test_everybody_lists_their_own_conversations_alone(cast: Cast) -> None:
    paths = [await cast.requested(topic=topic) for topic in ("direction", "options", "follow_up")]
    ids = [path.rpartition("/")[2] for path in reversed(paths)]
    for who in (cast.ana, cast.max):
        listed = await who.get("/v1/people/{me}/conversations")
        assert [one["conversation"] for one in listed.body["items"]] == ids
        assert "agenda" not in listed.body["items"][0]
    first = await cast.ana.get("/v1/people/{me}/conversations", limit=2)
    second = await cast.ana.get("/v1/people/{me}/conversations", limit=2, cursor=first.body["next"])
    assert [one["conversation"] for one in first.body["items"] + second.body["items"]] == ids
    assert second.body["next"] is None
    assert (await cast.eve.get("/v1/people/{me}/conversations")).body["items"] == []
    assert (await cast.max.get(f"/v1/people/{cast.ana.id}/conversations")).status == 404
    assert (await cast.ana.get("/v1/people/E1001/conversations")).status == 200


async def test_a_list_filters(cast: Cast) -> None:
    path = await cast.held()
    before = datetime.now(UTC)
    later = await cast.requested()
    held = await cast.ana.get("/v1/people/{me}/conversations", state="held")
    assert [one["conversation"] for one in held.body["items"]] == [path.rpartition("/")[2]]
    changed = await cast.ana.get("/v1/people/{me}/conversations", changed_since=before.isoformat())
    assert [one["conversation"] for one in changed.body["items"]] == [later.rpartition("/")[2]]
    assert (await cast.ana.get("/v1/people/{me}/conversations", state="open")).status == 422


async def test_what_is_due_says_what_it_needs(cast: Cast) -> None:
    held = await cast.held()
    proposed = await cast.requested(proposed_for=NEXT_WEEK.isoformat())
    agreed = await cast.requested()
    await cast.max.post(f"{agreed}/accept", {"proposed_for": TOMORROW.isoformat()})
    await cast.stage.pump()
    needs = {
        who: [
            (f"/v1/conversations/{one['conversation']}", one["needs"])
            for one in (await who.get("/v1/people/{me}/conversations/due")).body["items"]
        ]
        for who in (cast.ana, cast.max)
    }
    assert needs[cast.ana] == [(held, "rating"), (agreed, "meeting")]
    assert needs[cast.max] == [(held, "rating"), (agreed, "meeting"), (proposed, "answer")]
    await cast.ana.post(f"{held}/rate", GOOD)
    await cast.stage.parts.pool.execute(
        """update conversations set proposed_for = case state when 'agreed' then now() - interval '1 hour'
            else proposed_for end, held_on = held_on - 2"""  # held before the other one, also just after midnight
    )
    await cast.stage.pump()
    first = await cast.ana.get("/v1/people/{me}/conversations/due", limit=1)
    assert [one["needs"] for one in first.body["items"]] == ["word_whether_held"]
    paged = await cast.max.get("/v1/people/{me}/conversations/due", limit=2)
    rest = await cast.max.get("/v1/people/{me}/conversations/due", limit=2, cursor=paged.body["next"])
    assert [one["needs"] for one in paged.body["items"] + rest.body["items"]] == [
        "rating",
        "word_whether_held",
        "answer",
    ]
    assert (await cast.max.get(f"/v1/people/{cast.ana.id}/conversations/due")).status == 404


# Commitments


async def test_the_three_parties_commit_and_only_the_owner_marks(cast: Cast) -> None:
    mine = await cast.committed(cast.ana, "employee")
    theirs = await cast.committed(cast.max, "manager")
    hrs = await cast.committed(cast.hr, "hr")
    for other, commitment in ((cast.ana, theirs), (cast.max, mine), (cast.hr, theirs), (cast.eve, hrs)):
        for action in ("keep", "miss"):
            assert (await other.post(f"/v1/commitments/{commitment}/{action}", {})).status == 404
    assert (await cast.hr.post(f"/v1/commitments/{hrs}/keep")).status == 200
    assert (await cast.max.post(f"/v1/commitments/{theirs}/miss", {"reason": "Budget"})).status == 200
    assert (await cast.max.post(f"/v1/commitments/{theirs}/keep")).status == 200
    again = await cast.hr.post(f"/v1/commitments/{hrs}/miss", {})
    assert (again.status, again.code) == (409, "commitment-already-kept")
    await cast.stage.pump()
    ledger = (await cast.ana.get("/v1/people/{me}/commitments")).body["items"]
    assert [(one["party"], one["state"]) for one in ledger] == [
        ("hr", "kept"),
        ("manager", "kept"),
        ("employee", "open"),
    ]
    assert ledger[1]["missed_on"] is not None
    assert ledger[1]["kept_on"] is not None
    assert ledger[1]["reason"] == "Budget"


async def test_a_party_is_what_one_is_to_the_employee_now(cast: Cast) -> None:
    body = {"text": "…", "due_on": TODAY.isoformat()}
    path = f"/v1/people/{cast.ana.id}/commitments"
    for who, party in ((cast.ana, "manager"), (cast.max, "hr"), (cast.hr, "employee"), (cast.ana, "hr")):
        refused = await who.post(path, {**body, "party": party})
        assert (refused.status, refused.code) == (403, "party-not-yours")
    for party in ("employee", "manager", "hr"):
        assert (await cast.eve.post(path, {**body, "party": party})).status == 404
    without_role = cast.stage.person(cast.hr.id)
    assert (await without_role.post(path, {**body, "party": "hr"})).status == 404
    late = await cast.ana.post(path, {**body, "party": "employee", "due_on": (TODAY - timedelta(days=2)).isoformat()})
    assert (late.status, late.code) == (422, "due-in-the-past")


async def test_a_commitment_may_come_from_a_conversation_that_its_owner_held(cast: Cast) -> None:
    talk = (await cast.held()).rpartition("/")[2]
    await cast.committed(cast.ana, "employee", conversation=talk)
    await cast.committed(cast.max, "manager", conversation=talk)
    body = {"text": "…", "due_on": TODAY.isoformat(), "party": "hr", "conversation": talk}
    assert (await cast.hr.post(f"/v1/people/{cast.ana.id}/commitments", body)).status == 404
    unknown = {**body, "party": "employee", "conversation": str(uuid4())}
    assert (await cast.ana.post("/v1/people/{me}/commitments", unknown)).status == 404
    planned = (await cast.requested()).rpartition("/")[2]
    early = await cast.ana.post("/v1/people/{me}/commitments", {**body, "party": "employee", "conversation": planned})
    assert (early.status, early.code) == (409, "conversation-not-held")


async def test_who_reads_what_of_the_ledger(cast: Cast) -> None:
    talk = (await cast.held()).rpartition("/")[2]
    await cast.committed(cast.ana, "employee", text="alone")
    await cast.committed(cast.ana, "employee", text="with Max", conversation=talk)
    await cast.committed(cast.max, "manager", text="Max")
    await cast.committed(cast.hr, "hr", text="Hana")
    assert await cast.ledger(cast.ana) == {
        ("employee", "alone"),
        ("employee", "with Max"),
        ("manager", "Max"),
        ("hr", "Hana"),
    }
    assert await cast.ledger(cast.max) == {("employee", "with Max"), ("manager", "Max")}
    assert await cast.ledger(cast.hr) == {("hr", "Hana")}
    assert (await cast.eve.get(f"/v1/people/{cast.ana.id}/commitments")).status == 404

    assert await cast.stage.noted(cast.ana, "conversations") == [("commitment", str(cast.max.id), "party", 1)]

    await cast.stage.managed_by(cast.ana.id, cast.eve.id)
    assert await cast.ledger(cast.eve) == {("manager", None)}
    assert await cast.ledger(cast.max) == {("manager", "Max")}
    assert await cast.ledger(cast.ana, party="manager") == {("manager", "Max")}
    (seen,) = (await cast.eve.get(f"/v1/people/{cast.ana.id}/commitments")).body["items"]
    assert (seen["state"], seen["conversation"], seen["reason"]) == ("open", None, None)


async def test_what_was_made_is_where_its_location_says(cast: Cast) -> None:
    asked = {"topic": "options", "proposed_for": TOMORROW.isoformat()}
    promised = {"party": "employee", "text": "I learn.", "due_on": TODAY.isoformat()}
    for path, body, name in (("conversations", asked, "conversation"), ("commitments", promised, "commitment")):
        made = await cast.ana.post(f"/v1/people/{{me}}/{path}", body)
        await cast.stage.pump()
        assert (await cast.ana.get(made.headers["location"])).body[name] == str(made.id)


async def test_one_commitment_is_read_as_in_the_ledger(cast: Cast) -> None:
    people = {"ana": cast.ana, "max": cast.max, "hr": cast.hr, "eve": cast.eve}
    expected = {
        await cast.committed(cast.ana, "employee"): {"ana": "the employee's words"},
        await cast.committed(cast.max, "manager"): {"ana": "the manager's words", "max": "the manager's words"},
        await cast.committed(cast.hr, "hr"): {"ana": "the hr's words", "hr": "the hr's words"},
    }
    for commitment, readers in expected.items():
        nowhere = await cast.eve.get(f"/v1/commitments/{uuid4()}")
        for name, person in people.items():
            found = await person.get(f"/v1/commitments/{commitment}")
            if name in readers:
                assert found.body["text"] == readers[name]
            else:
                assert (found.status, found.body) == (404, nowhere.body)
    await cast.stage.managed_by(cast.ana.id, cast.eve.id)
    by_max = list(expected)[1]
    assert (await cast.eve.get(f"/v1/commitments/{by_max}")).body["text"] is None
    assert (await cast.max.get(f"/v1/commitments/{by_max}")).body["text"] == "the manager's words"
    cast.stage.fresh.seconds = 61.0
    assert (await cast.max.get(f"/v1/commitments/{by_max}")).status == 200
    for commitment in (by_max, uuid4()):
        assert (await cast.eve.get(f"/v1/commitments/{commitment}")).code == "relations-stale"


async def test_a_ledger_pages_and_filters(cast: Cast) -> None:
    made = [await cast.committed(cast.ana, "employee", text=f"{number}") for number in range(3)]
    await cast.ana.post(f"/v1/commitments/{made[0]}/keep")
    await cast.stage.pump()
    first = await cast.ana.get("/v1/people/{me}/commitments", limit=2)
    second = await cast.ana.get("/v1/people/{me}/commitments", limit=2, cursor=first.body["next"])
    assert [one["text"] for one in first.body["items"] + second.body["items"]] == ["2", "1", "0"]
    assert await cast.ledger(cast.ana, state="kept") == {("employee", "0")}
    lent = await cast.max.get(f"/v1/people/{cast.ana.id}/commitments", cursor=first.body["next"])
    assert lent.status == 422


async def test_everybody_lists_what_they_owe_to_whosever_career(cast: Cast) -> None:
    later = await cast.committed(cast.max, "manager", text="to Ana")
    answer = await cast.max.post(
        f"/v1/people/{cast.eve.id}/commitments", {"party": "manager", "text": "to Eve", "due_on": TODAY.isoformat()}
    )
    await cast.stage.pump()
    owned = await cast.max.get("/v1/people/{me}/commitments/owned", state="open")
    assert [(one["commitment"], one["text"]) for one in owned.body["items"]] == [
        (str(answer.id), "to Eve"),
        (str(later), "to Ana"),
    ]
    paged = await cast.max.get("/v1/people/{me}/commitments/owned", limit=1)
    rest = await cast.max.get("/v1/people/{me}/commitments/owned", limit=1, cursor=paged.body["next"])
    assert rest.body["items"][0]["text"] == "to Ana"
    assert (await cast.hr.get(f"/v1/people/{cast.max.id}/commitments/owned")).status == 404


# Relations that are not known well enough, and those that end


async def test_with_stale_relations_ones_own_still_works(cast: Cast) -> None:
    path = await cast.requested(agenda="Mine")
    await cast.committed(cast.ana, "employee")
    cast.stage.fresh.seconds = 61.0
    assert (await cast.ana.get(path)).body["agenda"] == "Mine"
    assert (await cast.ana.get("/v1/people/{me}/commitments")).status == 200
    assert (await cast.ana.get("/v1/people/{me}/conversations")).status == 200
    await cast.requested()
    for answer in (
        await cast.max.get(path),
        await cast.max.get(f"/v1/people/{cast.ana.id}/commitments"),
        await cast.max.post(
            f"/v1/people/{cast.ana.id}/conversations", {"topic": "options", "proposed_for": TOMORROW.isoformat()}
        ),
    ):
        assert (answer.status, answer.code) == (503, "relations-stale")
        assert "retry-after" in answer.headers


async def test_with_stale_relations_nobody_learns_who_exists(cast: Cast) -> None:
    cast.stage.fresh.seconds = 61.0
    asked = {"topic": "options", "proposed_for": TOMORROW.isoformat()}
    promised = {"party": "manager", "text": "I help.", "due_on": TODAY.isoformat()}
    for path, body in (("conversations", asked), ("commitments", promised), ("commitments", None)):
        answers = [
            await (cast.max.get(there) if body is None else cast.max.post(there, body))
            for there in (f"/v1/people/{alias}/{path}" for alias in (cast.ana.id, "E1001", uuid4(), "E9999"))
        ]
        assert {(answer.status, answer.code) for answer in answers} == {(503, "relations-stale")}, path
    answers = [await cast.max.get(f"/v1/people/{alias}/conversations") for alias in (cast.ana.id, uuid4())]
    assert {(answer.status, answer.code) for answer in answers} == {(404, "not-found")}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def endings(cast: Cast, clock: Clock) -> Endings:
    parts = cast.stage.parts
    return Endings(parts.pool, parts.relations, parts.streams, clock=clock)


async def settled(cast: Cast, endings: Endings, clock: Clock, at: datetime | None = None) -> int:
    """Two looks, SETTLED apart; how many ended."""
    first = await endings.look(at or datetime.now(UTC))
    clock.now += SETTLED + EVERY
    ended = first + await endings.look(at or datetime.now(UTC))
    await cast.stage.pump()
    return ended


async def test_requests_to_a_former_manager_end_once(cast: Cast, endings: Endings, clock: Clock) -> None:
    proposed, to_mentor = await cast.requested(), await cast.requested(partner_role="mentor", partner=str(cast.max.id))
    agreed = await cast.requested(proposed_for=TOMORROW.isoformat())
    await cast.max.post(f"{agreed}/accept", {"proposed_for": TOMORROW.isoformat()})
    held = await cast.held()
    assert await settled(cast, endings, clock) == 0
    await cast.stage.managed_by(cast.ana.id, cast.eve.id)
    assert await settled(cast, endings, clock) == 2
    assert await settled(cast, endings, clock) == 0
    states = {path: (await cast.ana.get(path)).body for path in (proposed, agreed, to_mentor, held)}
    assert {path: body["state"] for path, body in states.items()} == {
        proposed: "ended",
        agreed: "ended",
        to_mentor: "proposed",
        held: "held",
    }
    assert states[proposed]["ended_because"] == "manager_changed"


async def test_a_change_that_is_taken_back_at_once_ends_nothing(cast: Cast, endings: Endings, clock: Clock) -> None:
    path = await cast.requested()
    await cast.stage.managed_by(cast.ana.id, cast.eve.id)
    assert await endings.look(datetime.now(UTC)) == 0
    await cast.stage.managed_by(cast.ana.id, None)
    clock.now += SETTLED + 1
    assert await settled(cast, endings, clock) == 0
    await cast.stage.managed_by(cast.ana.id, cast.eve.id)
    assert await endings.look(datetime.now(UTC)) == 0
    assert (await cast.ana.get(path)).body["state"] == "proposed"


async def test_a_change_to_come_ends_nothing_before_its_day(cast: Cast, endings: Endings, clock: Clock) -> None:
    await cast.requested()
    await cast.stage.managed_by(cast.ana.id, cast.eve.id, TODAY + timedelta(days=3))
    assert await settled(cast, endings, clock) == 0


async def test_requests_end_when_a_party_has_left(cast: Cast, endings: Endings, clock: Clock) -> None:
    path = await cast.requested(partner_role="mentor", partner=str(cast.eve.id))
    await cast.stage.leaves(cast.eve.id, TODAY - timedelta(days=2))
    assert await settled(cast, endings, clock) == 1
    assert (await cast.ana.get(path)).body["ended_because"] == "party_left"


async def test_nothing_ends_by_stale_relations(cast: Cast, endings: Endings) -> None:
    await cast.requested()
    cast.stage.fresh.seconds = None
    with pytest.raises(RelationsStale):
        await endings.look(datetime.now(UTC))


# What no request may do


HOSTILE: list[tuple[str, object]] = [
    ("conversations", {}),
    ("conversations", {"topic": "gossip", "proposed_for": TOMORROW.isoformat()}),
    ("conversations", {"topic": "options", "proposed_for": "2027-03-05T10:00:00"}),
    ("conversations", {"topic": "options", "proposed_for": 1_900_000_000}),
    ("conversations", {"topic": "options", "proposed_for": TOMORROW.isoformat(), "agenda": "\x00"}),
    ("conversations", {"topic": "options", "proposed_for": TOMORROW.isoformat(), "agenda": "   "}),
    ("conversations", {"topic": "options", "proposed_for": TOMORROW.isoformat(), "state": "held"}),
    ("conversations", {"topic": "options", "proposed_for": "0001-01-01T00:00:00+14:00"}),
    ("conversations", {"topic": "options", "proposed_for": "9999-12-31T23:59:59-12:00"}),
    ("commitments", {"party": "employee", "text": "…"}),
    ("commitments", {"party": "employee", "text": "…", "due_on": "2027-02-30"}),
    ("commitments", {"party": "employee", "text": "…", "due_on": date.max.isoformat()}),
    ("commitments", {"party": "friend", "text": "…", "due_on": TODAY.isoformat()}),
    ("commitments", {"party": "employee", "text": "x" * 4001, "due_on": TODAY.isoformat()}),
    ("commitments", {"party": "employee", "text": "…", "due_on": TODAY.isoformat(), "conversation": "E1001"}),
    ("commitments", {"party": "employee", "text": "…", "due_on": TODAY.isoformat(), "owner": str(uuid4())}),
]


async def test_what_is_not_valid_is_refused_without_an_echo(cast: Cast) -> None:
    for what, body in HOSTILE:
        refused = await cast.ana.post(f"/v1/people/{{me}}/{what}", body)
        assert refused.status == 422, body
        assert refused.headers["content-type"] == "application/problem+json"
        assert "gossip" not in str(refused.body)
    assert not await cast.stage.parts.store.tail(0, 1)


async def test_a_rating_is_one_to_five(cast: Cast) -> None:
    path = await cast.held()
    for rating in (0, 6, True, "4", 4.0, None, 2**63):
        refused = await cast.ana.post(f"{path}/rate", {**GOOD, "options": rating})
        assert refused.status in (400, 422), rating


async def test_a_day_is_the_callers_own(cast: Cast) -> None:
    """At 22:00 UTC it is tomorrow in Kiritimati and still today in Pago Pago."""
    east = cast.stage.person(await cast.stage.hire(time_zone="Pacific/Kiritimati"))
    west = cast.stage.person(await cast.stage.hire(time_zone="Pacific/Pago_Pago"))
    with time_machine.travel(datetime(2026, 11, 23, 22, tzinfo=UTC), tick=True):
        body = {"party": "employee", "text": "…", "due_on": "2026-11-23"}
        assert (await west.post("/v1/people/{me}/commitments", body)).status == 201
        late = await east.post("/v1/people/{me}/commitments", body)
        assert (late.status, late.code) == (422, "due-in-the-past")
    rows = await cast.stage.parts.store.tail(0, 10)
    assert [b'"effective_on":"2026-11-23"' in row.body for row in rows] == [True]


async def test_what_others_committed_to_goes_on_when_the_employee_is_erased(cast: Cast) -> None:
    made = await cast.committed(cast.max, "manager")
    person = cast.ana.id
    await cast.stage.leaves(person, TODAY - timedelta(days=5))
    await cast.stage.tell(
        conversations.ErasureMarked(erasure=uuid4(), person=person, about=person, scope="person", number=1, of=1)
    )
    assert (await cast.max.post(f"/v1/commitments/{made}/keep")).status == 200
    await cast.stage.pump()
    assert (await cast.max.get(f"/v1/commitments/{made}")).body["state"] == "kept"
