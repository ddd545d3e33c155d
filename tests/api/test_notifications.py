"""Notifications: who is told what, when, where and in which language; and their routes."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes, policy
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from services.notifications.app import SERVICE
from services.notifications.outbox import GIVEN_UP, Outbox, SmtpPost
from services.notifications.reactions import HEARD, Hearing
from services.notifications.recipients import Recipients
from services.notifications.teller import Teller
from shared.contracts import conversations, opportunities, profiles
from shared.contracts.event import Event
from shared.contracts.profiles import Aspiration
from shared.erasure.forgetting import Mark
from shared.eventstore import Overloaded, Stored
from shared.kafka.records import Heard
from shared.relations.reads import RelationsStale
from tests.api.stage import Stage, stage

TODAY = datetime.now(UTC).date()
WORDS = Aspiration(grain="role", certainty="likely", text="CANARY")


class Mailbox:
    """A mail server's other side: what it took, and what it answers."""

    def __init__(self) -> None:
        self.taken: list[tuple[UUID, str, bytes]] = []
        self.answer: int | None = 250
        self.killed_after: int | None = None
        """Mails."""

    async def send(self, mails: Sequence[tuple[UUID, str, bytes]]) -> AsyncGenerator[tuple[UUID, int]]:
        for mail in mails:
            if len(self.taken) == self.killed_after:
                raise asyncio.CancelledError
            if self.answer == 250:
                self.taken.append(mail)
            if self.answer is not None:
                yield mail[0], self.answer


@dataclass
class Desk:
    """The service: what hears, tells and mails, each step made by hand."""

    stage: Stage
    hearing: Hearing
    teller: Teller
    outbox: Outbox
    mailbox: Mailbox
    woken: list[str] = field(default_factory=list)

    async def hear(self, *events: Event, **changed: Any) -> list[Heard]:
        """Recorded elsewhere, heard by models and reactions."""
        heard = [one._replace(**changed) for one in await self.stage.tell(*events)]
        for one in heard:
            if one.type in HEARD:
                await self.hearing.hear(one)
        return heard

    async def tell(self, now: datetime | None = None) -> None:
        while await self.teller.tell(now or datetime.now(UTC)):
            pass
        await self.stage.pump()

    async def told(self, person: UUID, **query: object) -> list[Any]:
        """The inbox after everything that is due was told."""
        await self.tell()
        return await self.inbox(person, **query)

    async def inbox(self, person: UUID, **query: object) -> list[Any]:
        answer = await self.stage.person(person).get("/v1/people/{me}/notifications", **query)
        assert answer.status == 200, answer.body
        return list(answer.body["items"])


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with stage(database_url, SERVICE) as made:
        parts, mailbox, woken = made.parts, Mailbox(), list[str]()
        recipients = Recipients(parts.pool, parts.relations, parts.streams, parts.sealer)
        outbox = Outbox(
            parts.pool,
            recipients,
            parts.relations,
            mailbox,
            replica="1",
            sender="Careers <careers@example.org>",
            link="https://careers.example.org/{person}/{notification}",
        )
        teller = Teller(
            parts.pool,
            recipients,
            parts.relations,
            made.fresh,
            parts.streams,
            replica="1",
            mail=lambda: woken.append("outbox"),
        )
        yield Desk(made, Hearing(parts.pool, lambda: woken.append("teller")), teller, outbox, mailbox, woken)


def later(**time_on: float) -> datetime:
    """A moment so long after now."""
    return datetime.now(UTC) + timedelta(**time_on)


def shared(person: UUID, reader: UUID | None, **more: Any) -> profiles.AspirationShared:
    given = {"audience": "person", "effective_on": TODAY, **more}
    return profiles.AspirationShared(
        aspiration=uuid4(), person=person, share=uuid4(), reader=reader, edition=1, content=WORDS, **given
    )


def outcomes_shared(person: UUID, reader: UUID) -> conversations.OutcomesShared:
    return conversations.OutcomesShared(
        conversation=uuid4(),
        employee=person,
        share=uuid4(),
        effective_on=TODAY,
        audience="person",
        reader=reader,
        edition=1,
        rated_on=TODAY,
        outcomes=conversations.Outcomes(direction=4, self_insight=4, options=3, confidence=5),
    )


def posted(opportunity: UUID, unit: UUID, owner: UUID) -> opportunities.OpportunityPosted:
    return opportunities.OpportunityPosted(
        opportunity=opportunity,
        kind="role",
        unit=unit,
        owner=owner,
        title="Data analyst",
        description="…",
        skills=(),
        effective_on=TODAY,
    )


def requested(employee: UUID, partner: UUID) -> conversations.ConversationRequested:
    return conversations.ConversationRequested(
        conversation=uuid4(),
        employee=employee,
        partner=partner,
        partner_role="manager",
        requested_by=employee,
        topic="options",
        proposed_for=datetime(2027, 3, 5, 9, tzinfo=UTC),
        agenda="CANARY",
    )


def submitted(opportunity: UUID, person: UUID, owner: UUID) -> opportunities.ApplicationSubmitted:
    return opportunities.ApplicationSubmitted(
        application=uuid4(),
        opportunity=opportunity,
        person=person,
        owner=owner,
        effective_on=TODAY,
        skills=(),
        matching=(),
        missing=(),
    )


# Being told


async def test_an_event_is_told_once_in_the_persons_language(desk: Desk) -> None:
    ana = await desk.stage.hire(name="Ana Diaz")
    max_ = await desk.stage.hire(name="Max Roth", language="fr", time_zone="Europe/Paris")
    event = requested(ana, max_)
    (heard,) = await desk.hear(event, by=str(ana))
    (told,) = await desk.told(max_)
    assert told["text"] == (
        "Ana Diaz vous propose un entretien de carrière : vendredi 5 mars 2027, 10:00 (Europe/Paris)."
    )
    assert (told["kind"], told["language"], told["read_at"]) == ("conversation_requested", "fr", None)
    assert (told["about"], told["cause"]) == (str(event.conversation), str(heard.id))
    assert await desk.told(ana) == []
    await desk.hearing.hear(heard)
    assert len(await desk.told(max_)) == 1
    assert desk.woken


async def test_nobody_is_told_of_what_a_service_did_on_their_behalf(desk: Desk) -> None:
    ana, max_ = await desk.stage.hire(name="Ana Diaz"), await desk.stage.hire(name="Max Roth")
    await desk.hear(shared(max_, ana), by=f"{ana} via service:portal")
    assert await desk.told(ana) == []
    await desk.hear(shared(max_, ana), by=f"{max_} via service:portal")
    assert len(await desk.told(ana)) == 1


async def test_the_other_party_is_told_of_what_comes_later(desk: Desk) -> None:
    ana, max_ = await desk.stage.hire(name="Ana Diaz"), await desk.stage.hire(name="Max Roth")
    event = requested(ana, max_)
    await desk.hear(event, by=str(ana))
    talk = {"conversation": event.conversation, "employee": ana}
    await desk.hear(conversations.ConversationAccepted(**talk, by=max_), by=str(max_))
    await desk.hear(conversations.ConversationEnded(**talk, cause="manager_changed"), by="service:conversations")
    assert [one["text"] for one in await desk.told(ana)] == [
        (
            "Your career conversation with Max Roth ended, since your manager has changed. "
            "Whom would you like to ask next?"
        ),
        "Max Roth agreed to your career conversation.",
    ]
    assert (await desk.told(max_))[0]["text"] == "A career conversation with Ana Diaz ended before it was held."


async def test_messages_speak_of_titles_and_units(desk: Desk) -> None:
    owner, ana = await desk.stage.hire(name="Olga Petit"), await desk.stage.hire(name="Ana Diaz", language="es")
    boss = await desk.stage.hire()
    await desk.stage.managed_by(ana, boss)
    unit, posting = await desk.stage.unit(owner), uuid4()
    application: dict[str, Any] = {"application": uuid4(), "opportunity": posting, "person": ana, "effective_on": TODAY}
    submitted = opportunities.ApplicationSubmitted(**application, owner=owner, skills=(), matching=(), missing=())
    await desk.hear(posted(posting, unit, owner))
    await desk.hear(submitted, by=str(ana))
    assert [one["text"] for one in await desk.told(owner)] == ["Ana Diaz applied: Data analyst."]
    await desk.hear(opportunities.OfferMade(**application), by=str(owner))
    move = opportunities.MoveAgreed(
        move=uuid4(),
        application=uuid4(),
        opportunity=posting,
        person=ana,
        kind="transfer",
        to_unit=unit,
        effective_on=TODAY,
    )
    await desk.hear(move, by=str(owner))
    assert [one["text"] for one in await desk.told(ana)] == [
        "Tu traslado está acordado. Tu próxima unidad: Research.",
        "Tienes una oferta: Data analyst.",
    ]
    told = await desk.told(boss)
    assert [one["text"] for one in told] == ["Ana Diaz is going to move: Research. Set the day of their release."]


async def test_news_of_an_application_is_for_who_owns_the_opportunity_now(desk: Desk) -> None:
    owner, next_owner, ana = await desk.stage.hire(), await desk.stage.hire(), await desk.stage.hire()
    unit, posting = await desk.stage.unit(owner), uuid4()
    application: dict[str, Any] = {"application": uuid4(), "opportunity": posting, "person": ana, "effective_on": TODAY}
    submitted = opportunities.ApplicationSubmitted(**application, owner=owner, skills=(), matching=(), missing=())
    await desk.hear(posted(posting, unit, owner), submitted, by=str(ana))
    await desk.tell()
    appointed = TODAY - timedelta(days=2)
    await desk.stage.tell(profiles.UnitLeaderAppointed(unit=unit, leader=next_owner, effective_on=appointed))
    await desk.hear(opportunities.OfferAccepted(**application), by=str(ana))
    await desk.hear(opportunities.ApplicationWithdrawn(**application), by=str(ana))
    assert [one["kind"] for one in await desk.told(owner)] == ["application_received"]
    assert [one["kind"] for one in await desk.told(next_owner)] == ["application_withdrawn", "offer_accepted"]


async def test_an_application_is_told_of_once_it_is_known_what_was_posted(desk: Desk) -> None:
    owner, ana, posting = await desk.stage.hire(), await desk.stage.hire(), uuid4()
    unit = await desk.stage.unit(owner)
    await desk.hear(
        opportunities.ApplicationSubmitted(
            application=uuid4(),
            opportunity=posting,
            person=ana,
            owner=owner,
            effective_on=TODAY,
            skills=(),
            matching=(),
            missing=(),
        ),
        by=str(ana),
    )
    assert await desk.told(owner) == []
    await desk.hear(posted(posting, unit, owner))
    await desk.tell(later(seconds=2))
    assert [one["kind"] for one in await desk.inbox(owner)] == ["application_received"]


async def test_those_who_wait_for_an_opportunity_hear_that_it_is_gone(desk: Desk) -> None:
    owner, ana, ben = [await desk.stage.hire() for _ in range(3)]
    posting = uuid4()
    for person in (ana, ben):
        application: dict[str, Any] = {
            "application": uuid4(),
            "opportunity": posting,
            "person": person,
            "effective_on": TODAY,
        }
        submitted = opportunities.ApplicationSubmitted(**application, owner=owner, skills=(), matching=(), missing=())
        await desk.hear(submitted, by=str(person))
        if person == ben:
            await desk.hear(opportunities.ApplicationWithdrawn(**application), by=str(ben))
    await desk.hear(opportunities.OpportunityWithdrawn(opportunity=posting, effective_on=TODAY), by=str(owner))
    assert [one["kind"] for one in await desk.told(ana)] == ["opportunity_withdrawn"]
    assert await desk.told(ben) == []


async def test_those_who_wait_for_an_opportunity_hear_that_somebody_else_has_it(desk: Desk) -> None:
    owner, ana, ben = [await desk.stage.hire() for _ in range(3)]
    posting = uuid4()
    for person in (ana, ben):
        submitted = opportunities.ApplicationSubmitted(
            application=uuid4(),
            opportunity=posting,
            person=person,
            owner=owner,
            effective_on=TODAY,
            skills=(),
            matching=(),
            missing=(),
        )
        await desk.hear(submitted, by=str(person))
    closed, filled = [
        opportunities.OpportunityClosed(opportunity=posting, filled=filled, effective_on=TODAY)
        for filled in (False, True)
    ]
    await desk.hear(closed, by=str(owner))
    assert await desk.told(ben) == []
    await desk.hear(filled, by=str(ana))  # who accepts it, says so before it is heard that they did
    assert [one["kind"] for one in await desk.told(ben)] == ["opportunity_filled"]
    assert await desk.told(ana) == []


async def test_an_audience_is_who_it_is_when_it_is_told(desk: Desk) -> None:
    leader, partner = await desk.stage.hire(), await desk.stage.hire()
    ana = await desk.stage.hire(unit=await desk.stage.unit(leader, hr_partner=partner))
    await desk.hear(shared(ana, None, audience="whoever_is_my_manager"), by=str(ana))
    await desk.hear(shared(ana, None, audience="my_hr_partner"), by=str(ana))
    assert len(await desk.told(leader)) == 1
    assert len(await desk.told(partner)) == 1


# Not being told


async def test_imports_and_what_is_old_tell_nobody(desk: Desk) -> None:
    ana, max_ = await desk.stage.hire(), await desk.stage.hire()
    await desk.hear(shared(ana, max_), origin="import")
    await desk.hear(shared(ana, max_), recorded_at=later(days=-15))
    await desk.hear(shared(ana, max_, effective_on=TODAY - timedelta(days=9)))
    assert await desk.told(max_) == []
    assert not desk.woken


async def test_who_did_it_who_has_left_and_who_muted_it_are_not_told(desk: Desk) -> None:
    ana, gone, quiet = [await desk.stage.hire() for _ in range(3)]
    await desk.stage.leaves(gone, TODAY - timedelta(days=1))
    await desk.stage.person(quiet).put("/v1/people/{me}/notification-preferences", {"muted": ["aspiration_shared"]})
    await desk.hear(shared(ana, gone), by=str(ana))
    await desk.hear(shared(ana, quiet), by=str(ana))
    await desk.hear(shared(quiet, ana), by=str(ana))
    for person in (ana, gone, quiet):
        assert await desk.told(person) == []
    await desk.hear(requested(ana, quiet), by=str(ana))
    assert len(await desk.told(quiet)) == 1


async def test_who_leaves_is_told_on_their_last_day_what_they_can_take_with_them(desk: Desk) -> None:
    today, soon, not_at_all, gone = [await desk.stage.hire() for _ in range(4)]
    taken_back, day = uuid4(), TODAY + timedelta(days=2)
    await desk.hear(left(today, TODAY), left(soon, day), left(gone, TODAY - timedelta(days=1)))
    await desk.hear(left(not_at_all, day, taken_back), profiles.FactWithdrawn(person=not_at_all, fact=taken_back))
    for person in (soon, not_at_all, gone):
        assert await desk.told(person) == []
    [told] = await desk.told(today)
    assert told["kind"] == "last_day"
    assert "ask for your export" in told["text"]
    await desk.tell(later(days=2))
    assert [len(await desk.inbox(person)) for person in (soon, not_at_all, gone)] == [1, 0, 0]


def left(person: UUID, on: date, fact: UUID | None = None) -> profiles.PersonLeft:
    return profiles.PersonLeft(person=person, fact=fact or uuid4(), effective_on=on)


async def test_what_is_withdrawn_before_it_is_told_is_not_told(desk: Desk) -> None:
    ana, max_ = await desk.stage.hire(), await desk.stage.hire()
    wish, other, rating = shared(ana, max_), shared(ana, max_), outcomes_shared(ana, max_)
    await desk.hear(wish, other, rating, by=str(ana))
    of_wish: dict[str, Any] = {"aspiration": wish.aspiration, "person": ana, "share": wish.share}
    of_rating: dict[str, Any] = {"conversation": rating.conversation, "employee": ana, "share": rating.share}
    await desk.hear(
        profiles.SharingWithdrawn(**of_wish, effective_on=TODAY),
        conversations.OutcomesSharingWithdrawn(**of_rating, effective_on=TODAY),
    )
    assert [one["about"] for one in await desk.told(max_)] == [str(other.aspiration)]


async def test_what_is_over_before_it_is_told_is_not_told(desk: Desk) -> None:
    ana, max_ = await desk.stage.hire(), await desk.stage.hire()
    wish, ended, longer = (shared(ana, max_, until=TODAY) for _ in range(3))
    await desk.hear(wish, ended, longer, by=str(ana))
    yesterday = TODAY - timedelta(days=1)
    for share, until in ((ended, yesterday), (longer, None)):
        about: dict[str, Any] = {"aspiration": share.aspiration, "person": ana, "share": share.share}
        await desk.hear(profiles.SharingChanged(**about, effective_on=TODAY, until=until))
    await desk.stage.parts.pool.execute("update tellings set due_at = $1 where share = $2", later(days=2), wish.share)
    assert [one["about"] for one in await desk.told(max_)] == [str(longer.aspiration)]
    await desk.tell(later(days=3))
    assert len(await desk.inbox(max_)) == 1


async def test_what_somebody_shared_is_told_to_nobody_once_they_have_left(desk: Desk) -> None:
    ana, max_ = await desk.stage.hire(), await desk.stage.hire()
    await desk.hear(shared(ana, max_), by=str(ana))
    await desk.stage.leaves(ana, TODAY - timedelta(days=1))
    assert await desk.told(max_) == []


async def test_what_was_shared_with_the_manager_is_told_to_who_still_is_it(desk: Desk) -> None:
    leader, successor = await desk.stage.hire(), await desk.stage.hire()
    ana = await desk.stage.hire(unit=await desk.stage.unit(leader))
    await desk.hear(shared(ana, leader, audience="my_manager"), shared(ana, leader), by=str(ana))
    await desk.stage.managed_by(ana, successor)
    assert len(await desk.told(leader)) == 1
    assert await desk.told(successor) == []


async def test_by_stale_relations_nobody_is_told_until_they_are_fresh(desk: Desk) -> None:
    ana, max_ = await desk.stage.hire(), await desk.stage.hire()
    await desk.hear(shared(ana, max_), by=str(ana))
    desk.stage.fresh.seconds = 61.0
    with pytest.raises(RelationsStale):
        await desk.teller.tell(datetime.now(UTC))
    desk.stage.fresh.seconds = 0.0
    assert len(await desk.told(max_)) == 1


async def test_whoever_is_killed_with_a_telling_in_hand_leaves_it_to_others(desk: Desk) -> None:
    ana, max_ = await desk.stage.hire(), await desk.stage.hire()
    await desk.hear(shared(ana, max_), by=str(ana))
    await desk.stage.parts.pool.execute("update tellings set due_at = $1", later(seconds=60))
    assert await desk.told(max_) == []
    await desk.tell(later(seconds=61))
    assert len(await desk.inbox(max_)) == 1


async def test_what_cannot_be_told_holds_up_nothing_else(desk: Desk) -> None:
    ana, max_ = await desk.stage.hire(), await desk.stage.hire()
    await desk.hear(shared(ana, max_), shared(ana, max_), by=str(ana))
    await desk.stage.parts.pool.execute(
        """update tellings set details = '{"who": 1}' where cause = (select min(cause::text)::uuid from tellings)"""
    )
    assert len(await desk.told(max_)) == 1
    rows = await desk.stage.parts.pool.fetch("select failures, due_at from tellings")
    assert [row["failures"] for row in rows] == [1]
    assert rows[0]["due_at"] > later(minutes=50)


# On its day


async def test_a_new_manager_is_told_on_the_day_and_not_when_taken_back(desk: Desk) -> None:
    ana, ben = await desk.stage.hire(), await desk.stage.hire()
    eve = await desk.stage.hire(name="Eve Moss")
    day = TODAY + timedelta(days=3)
    for person in (ana, ben):
        event = profiles.ManagerAssigned(person=person, fact=uuid4(), effective_on=day, position="P1", manager=eve)
        await desk.hear(event)
        if person == ben:
            await desk.hear(profiles.FactWithdrawn(person=ben, fact=event.fact))
    assert await desk.told(ana) == []
    rows = await desk.stage.parts.pool.fetch("select target, due_at from tellings")
    assert [row["target"] for row in rows] == [ana]
    assert rows[0]["due_at"] == datetime.combine(day, time(0), UTC) - timedelta(hours=14)


async def test_a_fact_to_come_is_told_on_its_day_at_its_persons_place(desk: Desk) -> None:
    max_ = await desk.stage.hire()
    west = await desk.stage.hire(time_zone="Pacific/Pago_Pago")
    day = TODAY + timedelta(days=3)
    await desk.hear(shared(max_, west, effective_on=day), by=str(max_))
    begins = datetime.combine(day, time(0), UTC)
    for moment in (later(seconds=1), begins - timedelta(hours=13), begins + timedelta(hours=10, minutes=50)):
        await desk.tell(moment)
        assert await desk.inbox(west) == []
    await desk.tell(begins + timedelta(hours=11, minutes=10))
    assert len(await desk.inbox(west)) == 1


async def test_who_is_managed_anew_is_told_once_relations_know(desk: Desk) -> None:
    old, new = await desk.stage.hire(), await desk.stage.hire(name="Eve Moss")
    unit = await desk.stage.unit(old)
    ana, ben = await desk.stage.hire(unit=unit), await desk.stage.hire(unit=unit)
    desk.stage.fresh.seconds = 5.0
    await desk.hear(profiles.ManagerAssigned(person=ana, fact=uuid4(), effective_on=TODAY, position="P1", manager=new))
    assert await desk.told(ana) == []
    await desk.tell(later(seconds=10))
    assert [one["text"] for one in await desk.inbox(ana)] == ["Eve Moss is your manager now."]
    assert await desk.inbox(ben) == []


async def test_a_manager_who_was_it_before_is_no_news(desk: Desk) -> None:
    leader = await desk.stage.hire()
    ana = await desk.stage.hire(unit=await desk.stage.unit(leader))
    named = profiles.ManagerAssigned(person=ana, fact=uuid4(), effective_on=TODAY, position="P1", manager=leader)
    await desk.hear(named)
    await desk.tell(later(seconds=10))
    assert await desk.inbox(ana) == []


async def test_a_new_leader_is_told_to_the_team(desk: Desk) -> None:
    old, new = await desk.stage.hire(), await desk.stage.hire(name="Eve Moss")
    unit = await desk.stage.unit(old)
    ana, ben = await desk.stage.hire(unit=unit), await desk.stage.hire(unit=unit)
    await desk.stage.managed_by(ben, old)
    await desk.hear(profiles.UnitLeaderAppointed(unit=unit, leader=new, effective_on=TODAY))
    await desk.tell(later(seconds=10))
    assert [one["text"] for one in await desk.inbox(ana)] == ["Eve Moss is your manager now."]
    assert await desk.inbox(ben) == []


# By mail


async def test_a_mail_says_that_something_is_there_and_nothing_else(desk: Desk) -> None:
    ana = await desk.stage.hire(name="Ana CANARY")
    max_ = await desk.stage.hire(language="es", email="Max@example.org")
    await desk.hear(shared(ana, max_), by=str(ana))
    (told,) = await desk.told(max_)
    assert await desk.outbox.send(later(seconds=1)) == 1
    ((notification, address, text),) = desk.mailbox.taken
    mail = message_from_bytes(text, policy=policy.default)
    assert (str(notification), address) == (told["notification"], "max@example.org")
    assert mail["Message-ID"] == f"<{notification}@example.org>"
    assert mail["Subject"] == "Hay algo nuevo para ti"
    body = mail.get_content()
    assert "Hola:" in body
    assert f"https://careers.example.org/{max_}/{notification}" in body
    assert "CANARY" not in text.decode()
    assert await desk.outbox.send(later(days=1)) == 0


async def test_mail_goes_to_nobody_who_left_turned_it_off_or_has_no_address(desk: Desk) -> None:
    ana = await desk.stage.hire()
    gone, off, on = [await desk.stage.hire(email=f"{name}@example.org") for name in ("gone", "off", "on")]
    without = await desk.stage.hire()
    wrong = await desk.stage.hire(email="not an address")
    for person in (gone, off, on, without, wrong):
        await desk.hear(shared(ana, person), by=str(ana))
        assert len(await desk.told(person)) == 1
    await desk.stage.leaves(gone, TODAY - timedelta(days=1))
    await desk.stage.person(off).put("/v1/people/{me}/notification-preferences", {"email": False})
    await desk.outbox.send(later(minutes=1))
    assert [address for _, address, _ in desk.mailbox.taken] == ["on@example.org"]
    rows = await desk.stage.parts.pool.fetch("select reason from mails where state = 'dropped' order by reason")
    assert [row["reason"] for row in rows] == ["has left", "mails are turned off", "not an address"]


async def test_no_mail_is_sent_where_it_cannot_be_read_any_more_whether_they_are_wanted(desk: Desk) -> None:
    ana, off = await desk.stage.hire(), await desk.stage.hire(email="off@example.org")
    await desk.stage.person(off).put("/v1/people/{me}/notification-preferences", {"email": False})
    desk.stage.keys.destroy(off, "messages")
    await desk.hear(shared(ana, off), by=str(ana))
    assert len(await desk.told(off)) == 1
    await desk.outbox.send(later(minutes=1))
    assert desk.mailbox.taken == []


async def test_the_outbox_outlives_a_store_that_gives_a_read_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ana, max_ = await desk.stage.hire(), await desk.stage.hire(email="max@example.org")
    await desk.hear(shared(ana, max_), by=str(ana))
    await desk.tell()
    gave_up = asyncio.Event()

    async def read(*_: object, **_more: object) -> list[Stored]:
        gave_up.set()
        raise Overloaded

    with monkeypatch.context() as patch:
        patch.setattr(type(desk.stage.parts.store), "read", read)
        sending = asyncio.create_task(desk.outbox.run())
        async with asyncio.timeout(10):
            await gave_up.wait()
    try:
        desk.outbox.wake()  # not a minute later
        async with asyncio.timeout(10):
            while not desk.mailbox.taken:
                assert not sending.done()
                await asyncio.sleep(0.01)
    finally:
        sending.cancel()


async def test_what_a_replica_had_taken_when_it_was_killed_it_looks_at_when_it_starts_again(desk: Desk) -> None:
    ana, pool = await desk.stage.hire(), desk.stage.parts.pool
    readers = [await desk.stage.hire(email=f"{name}@example.org") for name in ("mine", "theirs")]

    async def until(rows: str, task: Coroutine[Any, Any, object]) -> None:
        running = asyncio.create_task(task)
        async with asyncio.timeout(10):
            while not await pool.fetch(rows):
                assert not running.done()
                await asyncio.sleep(0.01)
        running.cancel()

    for reader, replica in zip(readers, "12", strict=True):
        await desk.hear(shared(ana, reader), by=str(ana))
        await pool.execute(
            "update tellings set due_at = now() + interval '1 hour', taken_by = $2 where target = $1", reader, replica
        )
    await until("select where (select count(*) from tellings) = 1", desk.teller.run())
    assert [row["target"] for row in await pool.fetch("select target from tellings")] == readers[1:]
    await pool.execute("update tellings set due_at = now()")
    await desk.tell()
    await pool.execute(
        "update mails set due_at = now() + interval '1 hour', taken_by = case person when $1 then '1' else '2' end",
        readers[0],
    )
    await until("select from mails where state = 'sent'", desk.outbox.run())
    assert [address for _, address, _ in desk.mailbox.taken] == ["mine@example.org"]


async def test_a_mail_that_was_not_taken_is_sent_again_under_the_same_id(desk: Desk) -> None:
    ana, max_ = await desk.stage.hire(), await desk.stage.hire(email="max@example.org")
    await desk.hear(shared(ana, max_), by=str(ana))
    await desk.tell()
    desk.mailbox.answer = 451
    assert await desk.outbox.send(later(seconds=1)) == 1
    assert await desk.outbox.send(later(seconds=1)) == 0
    desk.mailbox.answer = None
    assert await desk.outbox.send(later(seconds=5)) == 1
    desk.mailbox.answer = 250
    assert await desk.outbox.send(later(minutes=1)) == 1
    assert len(desk.mailbox.taken) == 1
    # Killed between the server's 250 and the note of it.
    await desk.stage.parts.pool.execute("update mails set state = 'waiting', due_at = now()")
    await desk.outbox.send(later(seconds=1))
    first, second = desk.mailbox.taken
    assert message_from_bytes(first[2])["Message-ID"] == message_from_bytes(second[2])["Message-ID"]


async def test_who_is_killed_among_many_mails_sends_none_of_those_taken_again(desk: Desk) -> None:
    ana = await desk.stage.hire()
    for number in range(3):
        reader = await desk.stage.hire(email=f"reader{number}@example.org")
        await desk.hear(shared(ana, reader, audience="person"), by=str(ana))
    await desk.tell()
    desk.mailbox.killed_after = 2
    with pytest.raises(asyncio.CancelledError):
        await desk.outbox.send(later(seconds=1))
    desk.mailbox.killed_after = None
    assert await desk.outbox.send(later(minutes=2)) == 1
    assert sorted(address for _, address, _ in desk.mailbox.taken) == [f"reader{n}@example.org" for n in range(3)]


async def test_a_mail_is_given_up_when_refused_for_good_or_after_days(desk: Desk) -> None:
    ana, max_ = await desk.stage.hire(), await desk.stage.hire(email="max@example.org")
    for answer, wait, reason in ((550, timedelta(seconds=1), "refused with 550"), (451, GIVEN_UP * 2, "given up")):
        await desk.hear(shared(ana, max_), by=str(ana))
        await desk.tell()
        desk.mailbox.answer = answer
        await desk.outbox.send(datetime.now(UTC) + wait)
        assert reason in [row["reason"] for row in await desk.stage.parts.pool.fetch("select reason from mails")]
    assert await desk.outbox.send(datetime.now(UTC) + GIVEN_UP * 3) == 0


class Taking:
    """A real mail server's handler."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, bytes]] = []

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.startswith("nobody@"):
            return "550 no such mailbox"
        if address.startswith("later@"):
            return "451 later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.taken.append((envelope.rcpt_tos[0], envelope.original_content or b""))
        return "250 OK"


async def test_a_real_mail_server_is_understood() -> None:
    loop, handler = asyncio.get_running_loop(), Taking()
    server = await loop.create_server(lambda: SMTP(handler, loop=loop, enable_SMTPUTF8=True), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    post = SmtpPost(f"smtp://127.0.0.1:{port}", "careers@example.org")
    ids = [uuid4() for _ in range(4)]
    addresses = ["max@example.org", "nobody@example.org", "later@example.org", "josé@example.org"]
    mails = [(one, address, b"Subject: x\r\n\r\nx\r\n") for one, address in zip(ids, addresses, strict=True)]
    assert [code async for _, code in post.send(mails)] == [250, 550, 451, 250]
    assert [address for address, _ in handler.taken] == ["max@example.org", "josé@example.org"]
    server.close()
    await server.wait_closed()
    assert [code async for _, code in post.send(mails[:1])] == []


async def test_a_password_is_told_to_no_server_without_tls() -> None:
    loop, handler = asyncio.get_running_loop(), Taking()
    told: list[str] = []

    def told_to(_server: SMTP, _session: Session, _envelope: Envelope, mechanism: str, _data: Any) -> AuthResult:
        told.append(mechanism)
        return AuthResult(success=True)

    def protocol() -> SMTP:
        return SMTP(handler, loop=loop, auth_require_tls=False, authenticator=told_to)

    server = await loop.create_server(protocol, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    post = SmtpPost(f"smtp://careers:secret@127.0.0.1:{port}", "careers@example.org")
    assert [code async for _, code in post.send([(uuid4(), "max@example.org", b"Subject: x\r\n\r\nx\r\n")])] == []
    assert (told, handler.taken) == ([], [])
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("url", ["", "http://mail:25", "smtp://", "mail.example.org:25"])
def test_a_mail_server_is_named_by_its_url(url: str) -> None:
    with pytest.raises(ValueError, match="SMTP_URL"):
        SmtpPost(url, "careers@example.org")


# The inbox and preferences


async def test_who_is_erased_is_no_party_any_more_and_who_applied_to_them_is_told_still(desk: Desk) -> None:
    pool, ana, ben, posting = desk.stage.parts.pool, await desk.stage.hire(), await desk.stage.hire(), uuid4()
    await desk.hear(requested(ana, ben), requested(ben, ana))
    await desk.hear(submitted(posting, ben, owner=ana), submitted(uuid4(), ana, owner=ben))
    await desk.tell()
    for person in (ana, ben):
        mail = "insert into mails (notification, person, made_at, due_at) values ($1, $2, now(), now())"
        await pool.execute(mail, uuid4(), person)
    # What Ana applied for was not heard of yet: that she did waits.
    assert await erased(desk, ana) == {"messages that wait": 1, "parties": 4, "mails": 1}
    await desk.hear(requested(ben, ana))  # late, of another's topic
    known = await pool.fetch("select person, other, opportunity from parties order by opportunity")
    assert [tuple(row) for row in known] == [(ben, None, posting), (ben, None, None)]
    assert [row["person"] for row in await pool.fetch("select person from mails")] == [ben]
    await desk.hear(opportunities.OpportunityWithdrawn(opportunity=posting, effective_on=TODAY))
    assert (await desk.told(ben))[0]["kind"] == "opportunity_withdrawn"


async def erased(desk: Desk, person: UUID) -> dict[str, int]:
    """Place → how much was found there."""
    pool = desk.stage.parts.pool
    await pool.execute("insert into erased (person, erasure) values ($1, $2)", person, uuid4())
    places = desk.hearing.forget(Mark("profiles", "person", person, person))
    return {
        place: int((await pool.execute(statement, *given)).rpartition(" ")[2])
        for place, (statement, given) in places.items()
    }


async def test_an_inbox_pages_filters_and_is_for_its_person_alone(desk: Desk) -> None:
    ana, max_ = await desk.stage.hire(number="E1"), await desk.stage.hire()
    for _ in range(3):
        await desk.hear(shared(max_, ana), by=str(max_))
    await desk.tell()
    me, other = desk.stage.person(ana), desk.stage.person(max_)
    all_ = [one["notification"] for one in await desk.inbox(ana)]
    first = await me.get("/v1/people/E1/notifications", limit=2)
    second = await me.get("/v1/people/E1/notifications", limit=2, cursor=first.body["next"])
    assert [one["notification"] for one in first.body["items"] + second.body["items"]] == all_
    assert (await other.get(f"/v1/people/{ana}/notifications")).status == 404
    assert (await other.get(f"/v1/people/{ana}/notification-preferences")).status == 404
    assert (await other.put(f"/v1/people/{ana}/notification-preferences", {})).status == 404
    assert (await other.post(f"/v1/notifications/{all_[0]}/read")).status == 404
    assert (await me.post(f"/v1/notifications/{uuid4()}/read")).status == 404
    read = await me.post(f"/v1/notifications/{all_[0]}/read")
    again = await me.post(f"/v1/notifications/{all_[0]}/read")
    assert (read.status, again.status, again.body["after"]) == (200, 200, None)
    await desk.stage.pump()
    assert [one["notification"] for one in await desk.inbox(ana, unread="true")] == all_[1:]
    assert (await desk.inbox(ana))[0]["read_at"] is not None


async def test_preferences_say_how_one_is_told(desk: Desk) -> None:
    ana = desk.stage.person(await desk.stage.hire(language="fr"))
    path = "/v1/people/{me}/notification-preferences"
    found = await ana.get(path)
    assert (found.body["language"], found.body["spoken"], found.body["email"]) == (None, "fr", True)
    assert found.headers["etag"].startswith('"0-')
    wanted: dict[str, Any] = {"language": "es", "email": False, "muted": ["offer_made", "commitment_kept"]}
    assert (await ana.put(path, wanted)).status == 200
    found = await ana.get(path)
    assert {name: found.body[name] for name in wanted} == {**wanted, "muted": sorted(wanted["muted"])}
    assert found.body["spoken"] == "es"
    assert "offer_made" in found.body["kinds"]
    stored = await desk.stage.parts.store.tail(0, 10)
    assert all(b'"es"' not in one.body and b"offer_made" not in one.body for one in stored)


async def test_preferences_that_are_not_valid_are_refused(desk: Desk) -> None:
    ana = desk.stage.person(await desk.stage.hire())
    for body in (
        {"language": "de"},
        {"email": "yes"},
        {"email": None},
        {"muted": ["everything"]},
        {"muted": "offer_made"},
        {"x": 1},
    ):
        refused = await ana.put("/v1/people/{me}/notification-preferences", body)
        assert refused.status == 422, body
        assert refused.headers["content-type"] == "application/problem+json"


async def test_the_inbox_speaks_the_language_of_now(desk: Desk) -> None:
    ana, max_ = await desk.stage.hire(), await desk.stage.hire(name="Max Roth")
    await desk.hear(shared(max_, ana), by=str(max_))
    assert (await desk.told(ana))[0]["text"] == "Max Roth shared an aspiration with you."
    await desk.stage.person(ana).put("/v1/people/{me}/notification-preferences", {"language": "fr"})
    assert (await desk.told(ana))[0]["text"] == "Max Roth a partagé une aspiration avec vous."
