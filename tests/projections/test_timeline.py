"""One person's timeline: what they, their manager and HR see of it, and when."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.projections.entries import Entry
from services.projections.timeline import Asked, TimelineReads
from shared.auth.callers import Caller, Role
from shared.contracts import conversations, opportunities, profiles
from shared.contracts.event import Event
from shared.refusals import NotFound
from shared.relations.reads import RelationsStale
from shared.sharing.reads import SharingsStale
from tests.projections.conftest import LONG_AGO, TODAY, World, changed, placed


def caller(person: UUID, *roles: Role) -> Caller:
    return Caller(str(person), person=person, roles=frozenset(roles))


def hr(person: UUID) -> Caller:
    return caller(person, Role.HR_PARTNER)


def reads_of(world: World) -> TimelineReads:
    return TimelineReads(world, world.relations, world.sealer, world.audit, fresh=world.timeline_fresh)


async def read(world: World, person: UUID, who: Caller, **asked: Any) -> Sequence[Entry]:
    page = await reads_of(world).find(person, who, Asked(**{"limit": 200, **asked}), datetime.now(UTC))
    return page.items


async def kinds(world: World, person: UUID, who: Caller, **asked: Any) -> list[str]:
    return [entry.kind for entry in await read(world, person, who, **{"order": "oldest", **asked})]


class Team:
    """An employee of Development with a manager, an HR partner, and others who have nothing to do with them."""

    def __init__(self, world: World, unit: UUID, employee: UUID, manager: UUID, partner: UUID) -> None:
        self.world, self.unit = world, unit
        self.employee, self.manager, self.partner = employee, manager, partner

    async def see(self, who: UUID, **asked: Any) -> list[str]:
        roles = (Role.HR_PARTNER,) if who == self.partner else ()
        return await kinds(self.world, self.employee, caller(who, *roles), **asked)

    async def tell(self, *events: Event, at: datetime | None = None) -> None:
        await self.world.tell(*events, at=at)


@pytest.fixture
async def team(world: World) -> Team:
    partner = uuid4()
    unit = await world.unit("Development", partner=partner)
    manager = await world.person(unit)
    await world.lead(unit, manager)
    return Team(world, unit, await world.person(unit), manager, partner)


OFFICIAL = ["person_joined", "place_taken"]


def shared(
    team: Team, audience: profiles.AudienceKind, reader: UUID | None = None, **more: Any
) -> profiles.AspirationShared:
    values: dict[str, Any] = {"aspiration": uuid4(), "share": uuid4(), "edition": 1, "effective_on": TODAY, **more}
    return profiles.AspirationShared(
        person=team.employee, audience=audience, reader=reader, content=content("lead talks with customers"), **values
    )


def content(text: str) -> profiles.Aspiration:
    return profiles.Aspiration(grain="skill", certainty="likely", text=text, skills=("talking",))


def withdrawn(share: profiles.AspirationShared) -> profiles.SharingWithdrawn:
    return profiles.SharingWithdrawn(
        aspiration=share.aspiration, person=share.person, share=share.share, effective_on=TODAY
    )


# Who sees what


async def test_the_employee_sees_all_the_manager_and_hr_what_is_official_and_nobody_else_anything(team: Team) -> None:
    await team.tell(
        profiles.AspirationRecorded(
            aspiration=uuid4(), person=team.employee, effective_on=TODAY, content=content("for myself alone")
        ),
        application(team),
    )
    assert await team.see(team.employee) == [*OFFICIAL, "aspiration_recorded", "application_submitted"]
    assert await team.see(team.manager) == OFFICIAL
    assert await team.see(team.partner) == OFFICIAL
    for stranger in (caller(uuid4()), hr(uuid4()), caller(uuid4(), *Role), Caller("service:x", service="x")):
        with pytest.raises(NotFound):
            await read(team.world, team.employee, stranger)


def application(team: Team) -> opportunities.ApplicationSubmitted:
    return opportunities.ApplicationSubmitted(
        application=uuid4(),
        opportunity=uuid4(),
        person=team.employee,
        owner=uuid4(),
        effective_on=TODAY,
        statement="because",
        skills=("a",),
        matching=("a",),
        missing=(),
    )


async def test_an_hr_partner_without_the_role_is_nobody(team: Team) -> None:
    with pytest.raises(NotFound):
        await read(team.world, team.employee, caller(team.partner, Role.EMPLOYEE, Role.HR_ANALYST, Role.ADMIN))


async def test_a_person_whom_nobody_knows_looks_like_one_who_is_not_yours(team: Team) -> None:
    for who in (caller(team.manager), hr(team.partner)):
        with pytest.raises(NotFound):
            await read(team.world, uuid4(), who)


@pytest.mark.parametrize(
    ("audience", "manager_is_reader", "manager_sees", "partner_sees"),
    [
        ("my_manager", True, True, False),
        ("my_manager", False, False, False),
        ("whoever_is_my_manager", False, True, False),
        ("my_hr_partner", False, False, True),
        ("person", True, True, False),
        ("person", False, False, False),
        ("opportunity_leader", False, False, False),
    ],
)
async def test_a_sharing_is_seen_by_its_audience(
    team: Team,
    audience: profiles.AudienceKind,
    manager_is_reader: bool,  # noqa: FBT001
    manager_sees: bool,  # noqa: FBT001
    partner_sees: bool,  # noqa: FBT001
) -> None:
    reader = team.manager if manager_is_reader else uuid4()
    share = shared(team, audience, reader if audience in ("my_manager", "person") else None, purpose="for our talk")
    await team.tell(share)
    assert ("aspiration_shared" in await team.see(team.manager)) == manager_sees
    assert ("aspiration_shared" in await team.see(team.partner)) == partner_sees
    [own] = await read(team.world, team.employee, caller(team.employee), kinds=frozenset({"aspiration_shared"}))
    assert own.audience is not None
    assert own.audience.audience == audience
    assert own.content == {
        "grain": "skill",
        "certainty": "likely",
        "text": "lead talks with customers",
        "skills": ["talking"],
        "purpose": "for our talk",
    }
    await team.tell(withdrawn(share))
    assert "aspiration_shared" not in await team.see(team.manager)
    assert "aspiration_shared" not in await team.see(team.partner)


async def test_the_audience_reads_the_words_of_the_edition_shared_and_not_with_whom(team: Team) -> None:
    await team.tell(shared(team, "whoever_is_my_manager", purpose="for our talk"))
    [entry] = await read(team.world, team.employee, caller(team.manager), kinds=frozenset({"aspiration_shared"}))
    assert entry.content is not None
    assert entry.content["text"] == "lead talks with customers"
    assert "purpose" not in entry.content
    assert entry.audience is None
    assert entry.details.keys() == {"aspiration", "share", "edition"}


async def test_a_new_manager_sees_what_is_shared_with_the_relation_and_the_former_one_nothing(team: Team) -> None:
    for_her, for_the_role = shared(team, "my_manager", team.manager), shared(team, "whoever_is_my_manager")
    await team.tell(for_her, for_the_role)
    assert (await team.see(team.manager)).count("aspiration_shared") == 2
    successor = await team.world.person(team.unit)
    await team.world.lead(team.unit, successor, TODAY)
    with pytest.raises(NotFound):
        await team.see(team.manager)
    assert [
        entry.details["share"]
        for entry in await read(team.world, team.employee, caller(successor), kinds=frozenset({"aspiration_shared"}))
    ] == [str(for_the_role.share)]


async def test_a_sharing_ends_after_its_last_day(team: Team) -> None:
    await team.tell(shared(team, "my_manager", team.manager, until=TODAY - timedelta(days=1)))
    assert "aspiration_shared" not in await team.see(team.manager)
    await team.tell(shared(team, "my_manager", team.manager, until=TODAY + timedelta(days=1)))
    assert (await team.see(team.manager)).count("aspiration_shared") == 1


async def test_what_was_shared_is_over_when_its_owner_leaves_and_stays_over_when_they_come_back(team: Team) -> None:
    before, after = (shared(team, "my_hr_partner", effective_on=TODAY - timedelta(days=ago)) for ago in (9, 3))
    await team.tell(before)
    assert "aspiration_shared" in await team.see(team.partner)
    left = profiles.PersonLeft(person=team.employee, fact=uuid4(), effective_on=TODAY - timedelta(days=5))
    await team.tell(left)
    assert "aspiration_shared" not in await team.see(team.partner)
    back = profiles.PersonRejoined(person=team.employee, fact=uuid4(), effective_on=TODAY - timedelta(days=4))
    await team.tell(back, lasting(before, None).model_copy(update={"effective_on": TODAY - timedelta(days=8)}))
    assert "aspiration_shared" not in await team.see(team.partner)
    await team.tell(after)
    assert (await team.see(team.partner)).count("aspiration_shared") == 1
    await team.tell(profiles.FactWithdrawn(person=team.employee, fact=left.fact))
    assert (await team.see(team.partner)).count("aspiration_shared") == 2


async def test_what_was_shared_while_its_owner_was_gone_does_not_come_back_with_them(team: Team) -> None:
    gone, day_back = (shared(team, "my_hr_partner", effective_on=TODAY - timedelta(days=ago)) for ago in (4, 3))
    left = profiles.PersonLeft(person=team.employee, fact=uuid4(), effective_on=TODAY - timedelta(days=5))
    back = profiles.PersonRejoined(person=team.employee, fact=uuid4(), effective_on=TODAY - timedelta(days=3))
    await team.tell(gone, left, back)
    assert "aspiration_shared" not in await team.see(team.partner)
    await team.tell(day_back)
    assert (await team.see(team.partner)).count("aspiration_shared") == 1


async def test_what_was_said_last_of_a_sharing_decides_until_when_it_lasts(team: Team) -> None:
    share = shared(team, "my_manager", team.manager, until=TODAY - timedelta(days=1))
    await team.tell(share)
    assert await team.see(team.manager) == OFFICIAL
    await team.tell(lasting(share, None))
    assert await team.see(team.manager) == [*OFFICIAL, "aspiration_shared"]
    await team.tell(share.model_copy(update={"edition": 2, "until": None}), lasting(share, TODAY))
    assert await team.see(team.manager) == [*OFFICIAL, "aspiration_shared", "aspiration_shared"]
    await team.tell(lasting(share, TODAY - timedelta(days=1)))
    assert await team.see(team.manager) == OFFICIAL
    await team.tell(withdrawn(share), lasting(share, None))
    assert await team.see(team.manager) == OFFICIAL
    assert (await team.see(team.employee)).count("sharing_changed") == 4


def lasting(share: profiles.AspirationShared, until: date | None) -> profiles.SharingChanged:
    return profiles.SharingChanged(
        aspiration=share.aspiration, person=share.person, share=share.share, effective_on=TODAY, until=until
    )


def outcomes(team: Team, audience: profiles.AudienceKind, **more: Any) -> conversations.OutcomesShared:
    values: dict[str, Any] = {"conversation": uuid4(), "share": uuid4(), "edition": 1, "rated_on": TODAY, **more}
    good = conversations.Outcomes(direction=4, self_insight=4, options=3, confidence=5)
    return conversations.OutcomesShared(
        employee=team.employee, audience=audience, effective_on=TODAY, outcomes=good, **values
    )


@pytest.mark.parametrize(
    ("audience", "manager_sees", "partner_sees"),
    [
        ("my_manager", True, False),
        ("whoever_is_my_manager", True, False),
        ("my_hr_partner", False, True),
        ("person", True, False),
    ],
)
async def test_a_rating_is_seen_by_whom_it_is_shared_with_as_what_is_aspired_to_is(
    team: Team,
    audience: profiles.AudienceKind,
    manager_sees: bool,  # noqa: FBT001
    partner_sees: bool,  # noqa: FBT001
) -> None:
    named = {"reader": team.manager} if audience in ("my_manager", "person") else {}
    share = outcomes(team, audience, purpose="CANARY", **named)
    about: dict[str, Any] = {"conversation": share.conversation, "employee": team.employee, "share": share.share}
    await team.tell(share, outcomes(team, audience, until=TODAY - timedelta(days=1), **named))
    for who, sees in ((team.manager, manager_sees), (team.partner, partner_sees)):
        assert (await team.see(who)).count("outcomes_shared") == int(sees)
    reader = caller(team.manager) if manager_sees else hr(team.partner)
    [entry] = await read(team.world, team.employee, reader, kinds=frozenset({"outcomes_shared"}))
    assert entry.content == {"outcomes": {"direction": 4, "self_insight": 4, "options": 3, "confidence": 5}}
    ended = conversations.OutcomesSharingChanged(**about, effective_on=TODAY, until=TODAY - timedelta(days=1))
    await team.tell(ended)
    assert (await team.see(team.manager), await team.see(team.partner)) == (OFFICIAL, OFFICIAL)
    await team.tell(conversations.OutcomesSharingChanged(**about, effective_on=TODAY))
    assert "outcomes_shared" in await kinds(team.world, team.employee, reader)
    await team.tell(conversations.OutcomesSharingWithdrawn(**about, effective_on=TODAY))
    assert (await team.see(team.manager), await team.see(team.partner)) == (OFFICIAL, OFFICIAL)


async def test_neither_as_of_nor_known_at_brings_back_what_was_withdrawn(team: Team) -> None:
    share = shared(team, "whoever_is_my_manager")
    await team.tell(share, at=datetime.now(UTC) - timedelta(days=3))
    then = datetime.now(UTC) - timedelta(days=1)
    assert "aspiration_shared" in await team.see(team.manager, as_of=TODAY)
    await team.tell(withdrawn(share))
    assert "aspiration_shared" not in await team.see(team.manager, known_at=then, as_of=TODAY)
    assert "aspiration_shared" in await team.see(team.employee, known_at=then)


async def test_a_manager_sees_the_conversations_they_hold_and_what_was_committed_to_in_them(team: Team) -> None:
    ours, others = uuid4(), uuid4()
    await team.tell(
        held(team, ours, team.manager),
        held(team, others, uuid4()),
        *committed(team, ours, team.employee, "employee"),
        *committed(team, ours, team.partner, "hr"),
        *committed(team, others, team.employee, "employee"),
        *committed(team, None, team.manager, "manager"),
        rated(team, ours, team.employee),
        rated(team, ours, team.manager),
    )
    assert (await team.see(team.manager))[2:] == [
        "conversation_held",
        *["commitment_made", "commitment_kept"] * 3,
    ]
    assert (await team.see(team.partner))[2:] == ["commitment_made", "commitment_kept"]
    mine = await team.see(team.employee)
    assert mine.count("conversation_held") == 2
    assert mine.count("commitment_made") == 4
    assert mine.count("outcomes_rated") == 1
    words = [
        entry.content
        for entry in await read(team.world, team.employee, hr(team.partner), kinds=frozenset({"commitment_made"}))
    ]
    assert words == [{"text": "hr's word"}]


def held(team: Team, conversation: UUID, partner: UUID) -> conversations.ConversationHeld:
    return conversations.ConversationHeld(
        conversation=conversation,
        employee=team.employee,
        partner=partner,
        partner_role="manager",
        topic="direction",
        by=partner,
        effective_on=TODAY,
    )


def committed(team: Team, conversation: UUID | None, owner: UUID, party: conversations.Party) -> Iterable[Event]:
    commitment = uuid4()
    yield conversations.CommitmentMade(
        commitment=commitment,
        employee=team.employee,
        party=party,
        owner=owner,
        conversation=conversation,
        effective_on=TODAY,
        due_on=TODAY + timedelta(days=30),
        text=f"{party}'s word",
    )
    yield conversations.CommitmentKept(commitment=commitment, employee=team.employee, owner=owner, effective_on=TODAY)


def rated(team: Team, conversation: UUID, by: UUID) -> conversations.OutcomesRated:
    return conversations.OutcomesRated(
        conversation=conversation,
        employee=team.employee,
        by=by,
        effective_on=TODAY,
        outcomes=conversations.Outcomes(direction=4, self_insight=4, options=3, confidence=5),
    )


async def test_the_reason_for_leaving_is_for_who_left(team: Team) -> None:
    await team.tell(
        profiles.PersonLeft(person=team.employee, fact=uuid4(), effective_on=TODAY - timedelta(days=1), reason="enough")
    )
    leaving = frozenset({"person_left"})
    [own] = await read(team.world, team.employee, caller(team.employee), kinds=leaving)
    [hrs] = await read(team.world, team.employee, hr(team.partner), kinds=leaving)
    assert (own.content, hrs.content) == ({"reason": "enough"}, None)


async def test_with_relations_too_old_others_wait_and_ones_own_works(team: Team) -> None:
    team.world.fresh.seconds = 61.0
    with pytest.raises(RelationsStale):
        await team.see(team.manager)
    assert await team.see(team.employee) == OFFICIAL


async def test_with_a_timeline_too_old_others_wait_since_what_was_withdrawn_would_still_show(team: Team) -> None:
    for seconds in (61.0, None):
        team.world.timeline_fresh.seconds = seconds
        with pytest.raises(SharingsStale):
            await team.see(team.manager)
        assert await team.see(team.employee) == OFFICIAL


async def test_words_whose_key_is_gone_are_read_as_none(team: Team) -> None:
    await team.tell(shared(team, "whoever_is_my_manager"))
    team.world.keys.destroy(team.employee, "aspirations")
    for who in (team.employee, team.manager):
        [entry] = await read(team.world, team.employee, caller(who), kinds=frozenset({"aspiration_shared"}))
        assert entry.content is None


async def test_what_is_sealed_stays_sealed_in_the_rows(team: Team) -> None:
    await team.tell(shared(team, "whoever_is_my_manager", purpose="CANARY"), application(team))
    dump = "".join(str(row["body"]) for row in await team.world.fetch("select body from timeline"))
    for word in ("CANARY", "customers", "because"):
        assert word not in dump


# Time


async def test_a_future_fact_is_shown_to_nobody_before_its_day(team: Team) -> None:
    tomorrow = TODAY + timedelta(days=2)
    fact = uuid4()
    await team.tell(
        changed(team.employee, team.unit, tomorrow, title="Lead"),
        profiles.PersonLeft(person=team.employee, fact=fact, effective_on=tomorrow + timedelta(days=5)),
    )
    for who in (team.employee, team.manager, team.partner):
        for asked in ({}, {"as_of": date.max}, {"known_at": datetime.now(UTC) + timedelta(days=9)}):
            assert await team.see(who, **asked) == OFFICIAL


@pytest.mark.parametrize(("time_zone", "begun"), [("Pacific/Kiritimati", True), ("Etc/GMT+12", False)])
async def test_a_day_begins_where_the_place_is(team: Team, time_zone: str, begun: bool) -> None:  # noqa: FBT001
    """At any moment some place on earth has the day after the date of another."""
    first = datetime.now(UTC) + timedelta(hours=14)
    await team.tell(changed(team.employee, team.unit, first.date(), time_zone=time_zone))
    assert ("place_changed" in await team.see(team.employee)) == begun


@pytest.mark.parametrize(("days", "shown"), [(0, True), (2, False)])
async def test_what_was_done_where_the_next_day_has_begun_is_shown_at_once(team: Team, days: int, shown: bool) -> None:  # noqa: FBT001
    """Whoever did it dates it by their own calendar; nobody's is ahead by more than the earliest place on earth."""
    ahead = datetime.now(UTC) + timedelta(hours=14, days=days)
    asked = conversations.CommitmentMade(
        commitment=uuid4(),
        employee=team.employee,
        party="hr",
        owner=team.partner,
        effective_on=ahead.date(),
        due_on=ahead.date() + timedelta(days=9),
        text="a place in the course",
    )
    await team.tell(asked)
    assert ("commitment_made" in await team.see(team.employee)) == shown


async def test_a_time_zone_that_nobody_knows_is_read_as_utc(team: Team) -> None:
    await team.tell(changed(team.employee, team.unit, TODAY, time_zone="Mars/Base", position="p2", primary=False))
    assert "place_changed" in await team.see(team.employee)


async def test_a_correction_shows_the_new_version_and_by_known_at_the_old(team: Team) -> None:
    fact, now = uuid4(), datetime.now(UTC)
    before, after = (
        changed(team.employee, team.unit, LONG_AGO + timedelta(days=9), fact=fact, title="Lead"),
        changed(team.employee, team.unit, LONG_AGO + timedelta(days=7), fact=fact, title="Senior"),
    )
    await team.tell(before, at=now - timedelta(days=5))
    await team.tell(after, at=now - timedelta(days=2))
    titles: dict[float, list[str | None]] = {}
    for days in (0, 3, 6):
        found = await read(
            team.world,
            team.employee,
            hr(team.partner),
            kinds=frozenset({"place_changed"}),
            known_at=now - timedelta(days=days),
        )
        titles[days] = [entry.title for entry in found]
    assert titles == {0: ["Senior"], 3: ["Lead"], 6: []}
    [row] = await team.world.fetch("select count(*) from timeline where fact = $1", fact)
    assert row["count"] == 2


async def test_told_twice_in_one_batch_the_first_version_ends_where_the_second_begins(team: Team) -> None:
    fact, now = uuid4(), datetime.now(UTC) - timedelta(days=1)
    await team.tell(
        changed(team.employee, team.unit, LONG_AGO, fact=fact, title="Lead"),
        changed(team.employee, team.unit, LONG_AGO, fact=fact, title="Senior"),
        at=now,
    )
    rows = await team.world.fetch(
        "select recorded_from, recorded_to from timeline where fact = $1 order by recorded_from", fact
    )
    assert [row["recorded_to"] for row in rows] == [rows[1]["recorded_from"], None]


async def test_a_withdrawn_fact_is_gone_and_by_known_at_still_told(team: Team) -> None:
    fact, now = uuid4(), datetime.now(UTC)
    await team.tell(changed(team.employee, team.unit, LONG_AGO, fact=fact), at=now - timedelta(days=3))
    await team.tell(profiles.FactWithdrawn(person=team.employee, fact=fact), at=now - timedelta(days=1))
    assert await team.see(team.employee) == OFFICIAL
    assert "place_changed" in await team.see(team.employee, known_at=now - timedelta(days=2))
    assert "place_changed" not in await team.see(team.employee, known_at=now)


async def test_a_future_fact_that_was_withdrawn_never_appears(team: Team) -> None:
    fact, now = uuid4(), datetime.now(UTC)
    day = TODAY - timedelta(days=10)
    await team.tell(profiles.PersonLeft(person=team.employee, fact=fact, effective_on=day), at=now - timedelta(days=30))
    await team.tell(profiles.FactWithdrawn(person=team.employee, fact=fact), at=now - timedelta(days=20))
    for known_at in (None, now - timedelta(days=25), now - timedelta(days=20), now):
        assert "person_left" not in await team.see(team.employee, known_at=known_at)


async def test_as_of_shows_the_story_up_to_that_day(team: Team) -> None:
    await team.tell(*(changed(team.employee, team.unit, LONG_AGO + timedelta(days=days)) for days in (10, 20, 30)))
    assert (await team.see(team.employee, as_of=LONG_AGO + timedelta(days=20))).count("place_changed") == 2


async def test_who_went_with_a_reorganisation_reads_of_it_and_who_had_left_the_unit_does_not(team: Team) -> None:
    day = TODAY - timedelta(days=100)
    research, sales = await team.world.unit("Research"), await team.world.unit("Sales")
    went, moved, stayed = [await team.world.person(team.unit) for _ in range(3)]
    await team.tell(
        changed(moved, sales, day - timedelta(days=30)),
        profiles.UnitReplaced(unit=team.unit, by=(research,), effective_on=day),
        changed(went, research, day),
    )
    told = {who: (await kinds(team.world, who, caller(who))).count("unit_replaced") for who in (went, moved, stayed)}
    assert told == {went: 1, moved: 0, stayed: 1}
    [entry] = await read(team.world, went, caller(went), kinds=frozenset({"unit_replaced"}))
    assert (entry.unit, entry.details["by"]) == ("Development", [str(research)])
    assert "unit_replaced" not in await kinds(team.world, went, caller(went), as_of=day - timedelta(days=1))


# Pages and names


@pytest.mark.parametrize("order", ["newest", "oldest"])
async def test_pages_follow_each_other_without_a_gap(team: Team, order: Any) -> None:
    await team.tell(*(changed(team.employee, team.unit, LONG_AGO + timedelta(days=days // 3)) for days in range(20)))
    await team.tell(profiles.UnitReplaced(unit=team.unit, by=(uuid4(),), effective_on=LONG_AGO + timedelta(days=3)))
    for who in (caller(team.employee), hr(team.partner)):
        reads = reads_of(team.world)
        found: list[UUID] = []
        after = None
        while True:
            asked = Asked(order=order, after=after, limit=4)
            page = await reads.find(team.employee, who, asked, datetime.now(UTC))
            found += [entry.id for entry in page.items]
            if page.next is None:
                break
            day, last = page.next
            after = (date.fromisoformat(str(day)), UUID(str(last)))
        assert found == [entry.id for entry in await read(team.world, team.employee, who, order=order)]
        assert len(set(found)) == len(found) == 23


async def test_an_entry_names_unit_and_opportunity_also_when_they_become_known_later(team: Team) -> None:
    submitted = application(team)
    await team.tell(submitted)
    [entry] = await read(team.world, team.employee, caller(team.employee), kinds=frozenset({"application_submitted"}))
    assert (entry.title, entry.unit) == (None, None)
    await team.tell(
        opportunities.OpportunityPosted(
            opportunity=submitted.opportunity,
            kind="role",
            unit=team.unit,
            owner=team.manager,
            title="Scientist",
            description="…",
            skills=(),
            effective_on=TODAY,
        )
    )
    [entry] = await read(team.world, team.employee, caller(team.employee), kinds=frozenset({"application_submitted"}))
    assert (entry.title, entry.unit) == ("Scientist", "Development")
    [place] = await read(team.world, team.employee, caller(team.employee), kinds=frozenset({"place_taken"}))
    assert (place.title, place.unit) == ("Engineer", "Development")


async def test_all_that_opportunities_tells_is_the_employees_own_but_for_moves(team: Team) -> None:
    ids: dict[str, Any] = {"application": uuid4(), "opportunity": uuid4(), "person": team.employee}
    move: dict[str, Any] = {"move": uuid4(), "person": team.employee, "effective_on": TODAY}
    agreed: dict[str, Any] = {"kind": "transfer", "from_unit": team.unit, "to_unit": uuid4()}
    await team.tell(
        opportunities.ApplicationShortlisted(**ids, effective_on=TODAY),
        opportunities.ApplicationDeclined(**ids, by=uuid4(), effective_on=TODAY, reason="no", next_step="try again"),
        opportunities.ApplicationWithdrawn(**ids, effective_on=TODAY),
        opportunities.OfferMade(**ids, effective_on=TODAY),
        opportunities.OfferDeclined(**ids, effective_on=TODAY, reason="too far"),
        opportunities.OfferAccepted(**ids, effective_on=TODAY),
        opportunities.MoveAgreed(**move, **agreed, application=ids["application"], opportunity=ids["opportunity"]),
        opportunities.MoveReleased(**move, released_by=team.manager, release_on=TODAY),
        opportunities.MoveCompleted(**move, **agreed),
    )
    assert len(await team.see(team.employee)) == 11
    for who in (team.manager, team.partner):
        assert (await team.see(who))[2:] == ["move_agreed", "move_released", "move_completed"]


async def test_live_and_rebuilt_are_the_same_rows(team: Team) -> None:
    fact = uuid4()
    await team.tell(
        changed(team.employee, team.unit, LONG_AGO, fact=fact), placed(team.employee, team.unit, TODAY, fact=fact)
    )
    await team.tell(profiles.FactWithdrawn(person=team.employee, fact=fact), shared(team, "my_hr_partner"))
    dump = "select t::text from timeline.timeline t order by 1"
    live = [row[0] for row in await team.world.fetch(dump)]
    await team.world.connection.execute("truncate timeline.timeline, timeline.reorganisations, timeline.postings")
    timeline = next(model for model in team.world.models if model.name == "timeline")
    team.world.models = (timeline,)
    await team.world.apply(team.world.heard)
    assert [row[0] for row in await team.world.fetch(dump)] == live
