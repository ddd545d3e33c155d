"""What an applicant sends with their application: read by who decides on it, while it is open."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.profiles.app import SERVICE
from services.profiles.aspiration import SHARING
from shared.auth.callers import Caller
from shared.contracts import opportunities, profiles
from shared.contracts.opportunities import OpportunityKind
from shared.sharing import Sharings
from shared.sharing.reads import SharingsStale
from tests.api.stage import LONG_AGO, Answered, Fresh, Person, Stage, stage

WISH = {"grain": "skill", "certainty": "likely", "text": "To test."}


@dataclass
class Cast:
    """Ana, who wrote down an aspiration (`path`), her manager, and Dan, who leads another unit."""

    stage: Stage
    ana: Person
    max: Person
    dan: Person
    research: UUID
    path: str = ""
    opportunity: UUID = field(default_factory=uuid4)
    application: UUID = field(default_factory=uuid4)

    def about(self) -> dict[str, Any]:
        ids = {"application": self.application, "opportunity": self.opportunity}
        return {**ids, "person": self.ana.id, "effective_on": LONG_AGO}

    async def posts(self, owner: UUID, kind: OpportunityKind = "role") -> None:
        await self.stage.tell(
            opportunities.OpportunityPosted(
                opportunity=self.opportunity,
                kind=kind,
                unit=self.research,
                owner=owner,
                title="Tester",
                description="…",
                skills=(),
                effective_on=LONG_AGO,
            )
        )

    async def applies(self) -> None:
        told: dict[str, Any] = {"skills": (), "matching": (), "missing": ()}
        await self.stage.tell(opportunities.ApplicationSubmitted(**self.about(), owner=self.dan.id, **told))

    async def closes(self, *, filled: bool) -> None:
        closed = opportunities.OpportunityClosed(opportunity=self.opportunity, filled=filled, effective_on=LONG_AGO)
        await self.stage.tell(closed)

    async def share(self, **body: Any) -> Answered:
        sent = {"audience": "opportunity_leader", "opportunity": str(self.opportunity), **body}
        answer = await self.ana.post(f"{self.path}/share", sent)
        await self.stage.pump()
        return answer

    async def reads(self, who: Person) -> bool:
        answer = await who.get(self.path)
        assert answer.status in (200, 404), answer.body
        listed = await who.get(self.path.rpartition("/")[0])
        shown = listed.body["items"] if listed.status == 200 else []
        assert len(shown) == (answer.status == 200)
        return answer.status == 200


@pytest.fixture
async def cast(database_url: str, tmp_path: Path) -> AsyncIterator[Cast]:
    secret = tmp_path / "secret"
    secret.write_text("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
    async with stage(database_url, SERVICE, secret_file=secret) as made:
        leader, dan = await made.hire(), await made.hire()
        ana = made.person(await made.hire(unit=await made.unit(leader)))
        cast = Cast(made, ana, made.person(leader), made.person(dan), await made.unit(dan))
        wish = (await ana.post("/v1/people/{me}/aspirations", WISH)).id
        cast.path = f"/v1/people/{ana.id}/aspirations/{wish}"
        await made.pump()
        yield cast


async def test_who_decides_on_the_application_reads_what_was_sent_with_it_and_nothing_more(cast: Cast) -> None:
    await cast.applies()
    await cast.posts(cast.dan.id)
    other = (await cast.ana.post("/v1/people/{me}/aspirations", WISH)).id
    assert (await cast.share()).status == 200
    assert await cast.reads(cast.dan)
    assert not await cast.reads(cast.max)
    assert (await cast.dan.get(f"/v1/people/{cast.ana.id}/aspirations/{other}")).status == 404
    [told] = (await cast.ana.get(f"{cast.path}/audience")).body["items"]
    assert (told["reader"], told["because"]) == (str(cast.dan.id), "opportunity_leader")
    await cast.stage.parts.audit.flush()
    [seen] = (await cast.ana.get(f"{cast.path}/readers")).body["items"]
    assert (seen["reader"], seen["rule"]) == (str(cast.dan.id), "opportunity_leader")


@pytest.mark.parametrize(
    "how", ["withdrawn", "declined", "accepted", "offer declined", "taken back", "filled", "sharing withdrawn"]
)
async def test_it_ends_with_the_application(cast: Cast, how: str) -> None:
    await cast.posts(cast.dan.id)
    await cast.applies()
    share = (await cast.share()).body["share"]
    assert await cast.reads(cast.dan)
    if how == "sharing withdrawn":
        await cast.ana.post(f"{cast.path}/withdraw-sharing", {"share": share})
        await cast.stage.pump()
    elif how == "taken back":
        taken = opportunities.OpportunityWithdrawn(opportunity=cast.opportunity, effective_on=LONG_AGO)
        await cast.stage.tell(taken)
    elif how == "filled":
        await cast.closes(filled=True)
    else:
        ended = {
            "withdrawn": opportunities.ApplicationWithdrawn,
            "declined": opportunities.ApplicationDeclined,
            "accepted": opportunities.OfferAccepted,
            "offer declined": opportunities.OfferDeclined,
        }[how]
        said = {"reason": "…", "next_step": "…"} if how == "declined" else {}
        await cast.stage.tell(ended(**cast.about(), **said))
    assert not await cast.reads(cast.dan)
    assert (await cast.ana.get(f"{cast.path}/audience")).body["items"] == []


async def test_it_goes_on_after_the_last_application_was_taken(cast: Cast) -> None:
    await cast.posts(cast.dan.id)
    await cast.applies()
    await cast.share()
    await cast.closes(filled=False)
    assert await cast.reads(cast.dan)


async def test_who_applies_anew_sends_anew(cast: Cast) -> None:
    await cast.posts(cast.dan.id)
    await cast.applies()
    assert (await cast.share()).status == 200
    await cast.stage.tell(opportunities.ApplicationWithdrawn(**cast.about()))
    assert (await cast.share()).code == "no-open-application"
    await cast.applies()
    assert not await cast.reads(cast.dan)
    assert (await cast.share()).status == 200
    assert await cast.reads(cast.dan)


async def test_who_left_and_came_back_sends_nothing_with_the_application_they_left_behind(cast: Cast) -> None:
    await cast.posts(cast.dan.id)
    await cast.applies()
    left = profiles.PersonLeft(person=cast.ana.id, fact=uuid4(), effective_on=LONG_AGO + timedelta(days=10))
    back = profiles.PersonRejoined(person=cast.ana.id, fact=uuid4(), effective_on=LONG_AGO + timedelta(days=20))
    await cast.stage.tell(left, back)
    assert (await cast.share()).code == "no-open-application"


async def test_it_passes_on_with_who_decides(cast: Cast) -> None:
    await cast.posts(cast.dan.id)
    await cast.applies()
    await cast.share()
    successor = cast.stage.person(await cast.stage.hire())
    appointed: dict[str, Any] = {"unit": cast.research, "leader": successor.id, "effective_on": LONG_AGO}
    await cast.stage.tell(profiles.UnitLeaderAppointed(**appointed))
    assert not await cast.reads(cast.dan)
    assert await cast.reads(successor)


@pytest.mark.parametrize("kind", ["mentoring", "shadowing"])
async def test_what_anyone_offers_stays_with_who_offers_it(cast: Cast, kind: OpportunityKind) -> None:
    mentor = cast.stage.person(await cast.stage.hire())
    await cast.posts(mentor.id, kind)
    await cast.applies()
    await cast.share()
    assert (await cast.reads(mentor), await cast.reads(cast.dan)) == (True, False)
    await cast.stage.leaves(mentor.id, LONG_AGO)
    assert (await cast.reads(mentor), await cast.reads(cast.dan)) == (False, False)


async def test_nobody_reads_by_applications_that_may_have_ended(cast: Cast) -> None:
    await cast.posts(cast.dan.id)
    await cast.applies()
    await cast.share()
    parts, current, behind = cast.stage.parts, Fresh(), Fresh()
    sharings = Sharings(
        SHARING,
        parts.pool,
        parts.relations,
        parts.sealer,
        parts.audit,
        fresh=current,
        openings_fresh=behind,
        shown=("a.confirmed_on",),
        joined="join aspirations a on a.aspiration = s.item",
    )
    wish, dan = UUID(cast.path.rpartition("/")[2]), Caller(str(cast.dan.id), person=cast.dan.id)
    assert (await sharings.one(cast.ana.id, dan, wish))["item"] == wish
    behind.seconds = 61.0
    with pytest.raises(SharingsStale):
        await sharings.one(cast.ana.id, dan, wish)
    assert (await cast.ana.post(f"{cast.path}/share", {})).status == 200
    await cast.stage.pump()
    manager = Caller(str(cast.max.id), person=cast.max.id)
    assert (await sharings.one(cast.ana.id, manager, wish))["item"] == wish


async def test_without_an_application_there_is_nobody_to_send_it_to(cast: Cast) -> None:
    await cast.posts(cast.dan.id)
    refused = await cast.share()
    assert (refused.status, refused.code) == (409, "no-open-application")
    for body in ({"audience": "my_manager"}, {"opportunity": None}):
        refused = await cast.share(**body)
        assert (refused.status, [one["pointer"] for one in refused.body["errors"]]) == (422, ["#/opportunity"])
