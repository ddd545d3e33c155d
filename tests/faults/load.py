"""What callers do all day: each picks the next thing by its own chance, on what all of them share.

Several act on the same thing at the same moment, and some try what they may not: refusals are part of the load.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tests.faults.client import Read
from tests.faults.ledger import Told
from tests.faults.world import TODAY, Employee, Letter, Posting, Somebody, Talk, Unit, Wish, World, place

SKILLS = ("fault analysis", "test automation", "French", "facilitation", "statistics")
THINK = 0.25  # seconds between two things, on average
OLD = 400  # things of a kind that are still taken up


class Caller:
    """One of many. `hires`: whether HR's own work is among what it does."""

    def __init__(self, world: World, seed: int, number: int) -> None:
        self._world = world
        self._random = Random(f"{seed}:caller:{number}")
        actions: list[tuple[int, Callable[[], Awaitable[None]]]] = [
            (20, self._write_wish),
            (20, self._work_on_wish),
            (12, self._ask_for_talk),
            (34, self._go_on_with_talk),
            (6, self._commit),
            (6, self._mark_commitment),
            (4, self._post),
            (10, self._apply),
            (24, self._go_on_with_letter),
            (8, self._read_inbox),
            (3, self._hire),
            (4, self._change_place),
        ]
        self._weights = [weight for weight, _ in actions]
        self._actions = [action for _, action in actions]

    async def run(self, over: asyncio.Event) -> None:
        """Until it is over; what was begun is finished."""
        while not over.is_set():
            [action] = self._random.choices(self._actions, self._weights)
            await action()
            await asyncio.sleep(self._random.expovariate(1 / THINK))

    async def _send(
        self, who: Somebody, route: str, event: str, body: object = None, if_match: str | None = None, **names: str
    ) -> Told | None:
        return await self._world.send(who, route, event, body, random=self._random, names=names, if_match=if_match)

    async def _read(self, who: Somebody, service: str, path: str, **query: object) -> Read:
        return await self._world.client.read(who.token, service, path, tries=1, **query)

    def _one_of(self, things: list[Any]) -> Any:
        return self._random.choice(things[-OLD:])

    def _employee(self) -> Employee:
        return self._random.choice(self._world.employees)

    async def _hire(self) -> None:
        await self._world.hire(self._random.choice(self._world.units), self._random)

    async def _change_place(self) -> None:
        employee = self._employee()
        on = TODAY - timedelta(days=self._random.randrange(1, 300))
        body = place(employee.unit.id, self._random.choice(("Engineer", "Senior Engineer", "Staff")), on.isoformat())
        route = "/v1/people/{person}/change-place"
        await self._send(self._world.hr, route, "profiles.place_changed", body, person=employee.who.id)

    # Aspirations

    async def _write_wish(self) -> None:
        owner = self._employee()
        told = await self._send(
            owner.who, "/v1/people/{person}/aspirations", "profiles.aspiration_recorded", _wish(), person=owner.who.id
        )
        if told is None or not told.done:
            return
        self._world.wishes.append(Wish(owner, told.id))
        path = f"/v1/people/{owner.who.id}/aspirations"
        await self._see(owner.who, "profiles", path, told, "aspiration")

    async def _work_on_wish(self) -> None:
        if not self._world.wishes:
            return
        wish: Wish = self._one_of(self._world.wishes)
        route = "/v1/people/{person}/aspirations/{aspiration}"
        owner, ids = wish.owner.who, {"person": wish.owner.who.id, "aspiration": wish.id}
        chance = self._random.random()
        if chance < 0.5:
            audience = self._random.choice(("my_manager", "my_manager", "whoever_is_my_manager", "my_hr_partner"))
            body = {"audience": audience, "later_editions": chance < 0.2}
            await self._send(owner, f"{route}/share", "profiles.aspiration_shared", body, **ids)
        elif chance < 0.65:
            await self._send(owner, f"{route}/revise", "profiles.aspiration_revised", _wish(), **ids)
        elif chance < 0.7:
            await self._send(owner, f"{route}/confirm", "profiles.aspiration_confirmed", **ids)
        elif chance < 0.75:  # somebody else's: refused
            other = self._employee().who
            ids["person"] = other.id
            await self._send(other, f"{route}/revise", "profiles.aspiration_revised", _wish(), **ids)
        else:
            found = await self._read(owner, "profiles", route.format(**ids))
            for share in (found.body["shares"] if found.status == 200 else [])[:1]:
                body = {"share": share["share"]}
                await self._send(owner, f"{route}/withdraw-sharing", "profiles.sharing_withdrawn", body, **ids)
                if chance > 0.9:  # again, under a key of its own: refused
                    await self._send(owner, f"{route}/withdraw-sharing", "profiles.sharing_withdrawn", body, **ids)

    # Conversations and commitments

    async def _ask_for_talk(self) -> None:
        employee = self._employee()
        soon = datetime.now(UTC) + timedelta(hours=1 + self._random.randrange(50))
        body = {"topic": "direction", "proposed_for": soon.isoformat(timespec="seconds"), "agenda": "Where to go?"}
        by_manager = self._random.random() < 0.3
        who = employee.unit.leader if by_manager else employee.who
        told = await self._send(
            who,
            "/v1/people/{person}/conversations",
            "conversations.conversation_requested",
            body,
            person=employee.who.id,
        )
        if told is None or not told.done:
            return
        self._world.talks.append(Talk(employee, told.id))
        await self._see(who, "conversations", f"/v1/people/{who.id}/conversations", told, "conversation")

    async def _go_on_with_talk(self) -> None:
        if not self._world.talks:
            return
        talk: Talk = self._one_of(self._world.talks)
        parties = (talk.employee.who, talk.employee.unit.leader)
        route = "/v1/conversations/{conversation}"
        found = await self._read(parties[0], "conversations", f"/v1/conversations/{talk.id}")
        if found.status != 200:
            return
        chance, state = self._random.random(), found.body["state"]
        who = next((one for one in parties if one.id == found.body["awaits"]), self._random.choice(parties))

        async def act(action: str, event: str, body: object = None) -> None:
            await self._send(who, f"{route}/{action}", f"conversations.{event}", body, conversation=talk.id)

        soon = {"proposed_for": (datetime.now(UTC) + timedelta(hours=30)).isoformat(timespec="seconds")}
        if state == "proposed" and chance < 0.75:
            await act("accept", "conversation_accepted", {"proposed_for": found.body["proposed_for"]})
        elif state == "proposed" and chance < 0.85:
            await act("decline", "conversation_declined", {"reason": "Not now"})
        elif (state == "proposed" and chance < 0.95) or (state == "agreed" and chance < 0.15):
            await act("reschedule", "conversation_rescheduled", soon)
        elif state == "proposed" or (state == "agreed" and chance < 0.25):
            await act("cancel", "conversation_cancelled", {})
        elif state == "agreed":
            await act("hold", "conversation_held")
        elif state == "held" and chance < 0.7:
            grades = {name: self._random.randrange(1, 6) for name in ("direction", "self_insight", "options")}
            await act("rate", "outcomes_rated", {**grades, "confidence": 3})
        elif state == "held":
            party = "employee" if who is parties[0] else "manager"
            await self._make_commitment(who, talk.employee, party, {"conversation": talk.id})
        else:  # over: refused
            await act("hold", "conversation_held")

    async def _commit(self) -> None:
        employee = self._employee()
        party = self._random.choice(("employee", "manager", "hr"))
        who = {"employee": employee.who, "manager": employee.unit.leader, "hr": employee.unit.partner}[party]
        await self._make_commitment(who, employee, party, {})

    async def _make_commitment(self, who: Somebody, employee: Employee, party: str, more: dict[str, str]) -> None:
        due = TODAY + timedelta(days=self._random.randrange(60))
        body = {"party": party, "text": "I finish the course.", "due_on": due.isoformat(), **more}
        told = await self._send(
            who,
            "/v1/people/{person}/commitments",
            "conversations.commitment_made",
            body,
            person=employee.who.id,
        )
        if told is not None and told.done:
            self._world.commitments.append((who, told.id))

    async def _mark_commitment(self) -> None:
        if not self._world.commitments:
            return
        owner, commitment = self._one_of(self._world.commitments)
        action, event = self._random.choice((("keep", "commitment_kept"), ("miss", "commitment_missed")))
        await self._send(
            owner, f"/v1/commitments/{{commitment}}/{action}", f"conversations.{event}", commitment=commitment
        )

    # Opportunities

    async def _post(self) -> None:
        unit: Unit = self._random.choice(self._world.units)
        body = {
            "kind": self._random.choice(("project", "project", "role", "mentoring")),
            "unit": unit.id,
            "title": "Workshops in Madrid",
            "description": "Six workshops until the summer.",
            "skills": self._random.sample(SKILLS, 3),
        }
        told = await self._send(unit.leader, "/v1/opportunities", "opportunities.opportunity_posted", body)
        if told is not None and told.done:
            self._world.postings.append(Posting(unit.leader, told.id))

    async def _apply(self) -> None:
        if not self._world.postings:
            return
        posting: Posting = self._random.choice(self._world.postings[-12:])
        applicant = self._employee()
        body = {"opportunity": posting.id, "skills": self._random.sample(SKILLS, 2), "statement": "Why not me?"}
        told = await self._send(applicant.who, "/v1/applications", "opportunities.application_submitted", body)
        if told is not None and told.done:
            self._world.letters.append(Letter(applicant, posting.owner, told.id))

    async def _go_on_with_letter(self) -> None:
        if not self._world.letters:
            return
        letter: Letter = self._one_of(self._world.letters)
        found = await self._read(letter.owner, "opportunities", f"/v1/applications/{letter.id}")
        if found.status != 200:
            return
        chance, state = self._random.random(), found.body["status"]

        async def act(who: Somebody, action: str, event: str, body: object = None, guarded: bool = False) -> None:  # noqa: FBT001, FBT002
            route, etag = f"/v1/applications/{{application}}/{action}", found.etag if guarded else None
            await self._send(who, route, f"opportunities.{event}", body, etag, application=letter.id)

        if state == "submitted" and chance < 0.7:
            await act(letter.owner, "shortlist", "application_shortlisted")
        elif state in ("submitted", "shortlisted") and chance < 0.85:
            await act(letter.owner, "offer", "offer_made", guarded=True)
        elif state in ("submitted", "shortlisted") and chance < 0.93:
            await act(
                letter.owner, "decline", "application_declined", {"reason": "No", "next_step": "Ask"}, guarded=True
            )
        elif state in ("submitted", "shortlisted"):
            await act(letter.applicant.who, "withdraw", "application_withdrawn")
        elif state == "offered" and chance < 0.8:
            await act(letter.applicant.who, "accept-offer", "offer_accepted")
        elif state == "offered":
            await act(letter.applicant.who, "decline-offer", "offer_declined", {})
        elif found.body["move_case"] is not None:
            await self._move(letter, found.body["move_case"])

    async def _move(self, letter: Letter, case: str) -> None:
        manager, route = letter.applicant.unit.leader, "/v1/move-cases/{move_case}"
        found = await self._read(letter.applicant.who, "opportunities", f"/v1/move-cases/{case}")
        if found.status != 200:
            return
        if found.body["status"] == "agreed":
            body = {"release_on": TODAY.isoformat()}
            await self._send(
                manager, f"{route}/release", "opportunities.move_released", body, found.etag, move_case=case
            )
        elif found.body["status"] == "released":
            body = {"arrived_on": TODAY.isoformat()}
            await self._send(
                letter.applicant.who, f"{route}/complete", "opportunities.move_completed", body, move_case=case
            )

    # Notifications

    async def _read_inbox(self) -> None:
        employee = self._employee()
        who = self._random.choice((employee.who, employee.unit.leader))
        found = await self._read(who, "notifications", f"/v1/people/{who.id}/notifications", unread="true", limit=5)
        if found.status == 200 and found.body["items"]:
            notification = self._random.choice(found.body["items"])["notification"]
            await self._send(
                who,
                "/v1/notifications/{notification}/read",
                "notifications.notification_read",
                notification=notification,
            )

    async def _see(self, who: Somebody, service: str, path: str, told: Told, name: str) -> None:
        """Now and then, a read that waits for what was just told: it says "not yet", or it shows it."""
        if self._random.random() < 0.3:
            found = await self._read(who, service, path, after=told.after, limit=200)
            if found.status == 200 and told.id not in [item[name] for item in found.body["items"]]:
                self._world.client.ledger.broken.append(f"{path}?after={told.after} does not show {told.id}")


def _wish() -> dict[str, object]:
    return {"grain": "skill", "certainty": "likely", "text": "I want to find out why it broke.", "skills": [SKILLS[0]]}
