"""Records of conversations: one with each party, held or declined, and commitments of each party."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from shared.access import Who, matrix
from tests.access.cast import LEGAL_ENTITY, TODAY, Cast, cast
from tests.access.world import Canary, Try, World
from tests.api.stage import Stage, switched

SOON = (datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)).isoformat()
DUE = (TODAY + timedelta(days=30)).isoformat()
PARTNERS = {
    Who.MANAGER: "manager",
    Who.FORMER_MANAGER: "manager",
    Who.PARTNER: "mentor",
    Who.LEFT: "mentor",
    Who.HR_PARTNER: "hr_partner",
}
BEFORE = (Who.FORMER_MANAGER, Who.LEFT)
"""Who was asked before, and is asked no more."""


class Conversations(World):
    def __init__(self, cast_: Cast) -> None:
        super().__init__(cast_)
        self.talks: dict[UUID, tuple[Who, Sequence[Canary]]] = {}
        self.commitments: dict[UUID, tuple[Who, Canary, frozenset[Who]]] = {}
        """Who made it, its words, and who reads of it."""
        self.first: UUID
        """A talk with the former manager that was held."""
        self.held_before: Sequence[tuple[UUID, Who]] = ()
        """With each of them whom nobody asks any more, a talk that commands may be tried on."""
        self.kept: UUID
        """Likewise a commitment of theirs."""
        self.rated = self.canary('"direction":5', matrix.OUTCOMES)
        self.shared = self.canary('"direction":4', matrix.OUTCOMES, Who.MANAGER, Who.STAND_IN)
        self.told: UUID
        """A talk whose rating the employee shares with whoever is their manager."""

    async def asked(self, partner: Who, agenda: str = "…") -> UUID:
        body = {"topic": "direction", "proposed_for": SOON, "agenda": agenda, "partner_role": PARTNERS[partner]}
        body["partner"] = str(self.cast.people[partner])
        return await self.made(Who.SELF, f"/v1/people/{self.cast.employee}/conversations", body)

    async def held(self, partner: Who, agenda: str = "…") -> UUID:
        talk = await self.asked(partner, agenda)
        await self.command(partner, f"/v1/conversations/{talk}/accept", {"proposed_for": SOON})
        await self.command(Who.SELF, f"/v1/conversations/{talk}/hold")
        return talk

    async def talked(self, partner: Who) -> UUID:
        """Held and rated by both; and another one that the partner declined."""
        reads = () if partner in BEFORE else (partner,)
        agenda = self.canary(f"agenda-{partner.name}", matrix.WORDS_OF_CONVERSATIONS, *reads)
        reason = self.canary(f"reason-{partner.name}", matrix.WORDS_OF_PARTNERS, partner)
        talk = await self.held(partner, agenda.text)
        for who, rating in ((Who.SELF, 5), (partner, 2)):
            outcomes = {"direction": rating, "self_insight": 3, "options": 3, "confidence": 3}
            await self.command(who, f"/v1/conversations/{talk}/rate", outcomes)
        declined = await self.asked(partner, agenda.text)
        await self.command(partner, f"/v1/conversations/{declined}/decline", {"reason": reason.text})
        self.talks |= {talk: (partner, [agenda, self.rated]), declined: (partner, [agenda, reason])}
        await self.stage.pump()
        return talk

    async def rated_anew(self, rating: int) -> UUID:
        """A talk with whom they chose, and the employee's rating of it."""
        talk = await self.held(Who.PARTNER)
        outcomes = {"direction": rating, "self_insight": 3, "options": 3, "confidence": 3}
        await self.command(Who.SELF, f"/v1/conversations/{talk}/rate", outcomes)
        await self.stage.pump()
        return talk

    async def share(self, talk: UUID) -> str:
        path = f"/v1/people/{self.cast.employee}/outcomes/{talk}/share"
        share = (await self.command(Who.SELF, path, {"audience": "whoever_is_my_manager"}))["share"]
        await self.stage.pump()
        return str(share)

    async def commits(self, owner: Who, text: str = "…", talk: UUID | None = None) -> UUID:
        party = {Who.SELF: "employee", Who.HR_PARTNER: "hr"}.get(owner, "manager")
        body = {"party": party, "text": text, "due_on": DUE, "conversation": talk and str(talk)}
        return await self.made(owner, f"/v1/people/{self.cast.employee}/commitments", body)

    async def committed(
        self, owner: Who, *reads: Who, words: Sequence[Who] | None = None, talk: UUID | None = None
    ) -> UUID:
        """`reads` read of it, `words` its words: all of them where nothing is said."""
        name = f"commitment-{len(self.commitments)}"
        canary = self.canary(name, matrix.WORDS_OF_COMMITMENTS, *(reads if words is None else words))
        commitment = await self.commits(owner, canary.text, talk)
        await self.stage.pump()
        self.commitments[commitment] = owner, canary, frozenset(reads)
        return commitment

    # What is sent

    async def request_conversation(self) -> Sequence[Try]:
        return [Try(self.ids, body={"topic": "direction", "proposed_for": SOON})]

    async def read_conversation(self) -> Sequence[Try]:
        return [
            Try({"conversation": talk}, theirs=frozenset((partner,)), shows=str(talk), words=words)
            for talk, (partner, words) in self.talks.items()
        ]

    async def read_outcomes(self) -> Sequence[Try]:
        ids = {**self.ids, "conversation": self.told}
        reads = frozenset((Who.MANAGER, Who.STAND_IN))
        return [Try(ids, theirs=reads, shows=str(self.told), words=[self.shared])]

    async def list_audience_of_outcomes(self) -> Sequence[Try]:
        return [Try({**self.ids, "conversation": self.told})]

    list_readers_of_outcomes = list_audience_of_outcomes

    async def share_outcomes(self) -> Sequence[Try]:
        body = {"audience": "whoever_is_my_manager"}
        return [Try({**self.ids, "conversation": await self.rated_anew(3)}, body=body)]

    async def change_sharing_of_outcomes(self) -> Sequence[Try]:
        return await self.withdraw_sharing_of_outcomes(until=None, later_editions=True)

    async def withdraw_sharing_of_outcomes(self, **said: object) -> Sequence[Try]:
        talk = await self.rated_anew(3)
        return [Try({**self.ids, "conversation": talk}, body={"share": await self.share(talk), **said})]

    async def accept_conversation(self, body: object = None) -> Sequence[Try]:
        """Those that are new, and those that were held with who is asked no more."""
        new = [(await self.asked(who), who) for who in PARTNERS if who not in BEFORE]
        return [
            Try({"conversation": talk}, body=body or {"proposed_for": SOON}, theirs=frozenset((who,)))
            for talk, who in [*new, *self.held_before]
        ]

    reschedule_conversation = accept_conversation

    async def decline_conversation(self) -> Sequence[Try]:
        return await self.accept_conversation({"reason": "…"})

    cancel_conversation = decline_conversation

    async def hold_conversation(self) -> Sequence[Try]:
        return await self.accept_conversation({"held_on": TODAY.isoformat()})

    async def rate_conversation(self) -> Sequence[Try]:
        outcomes = {"direction": 1, "self_insight": 1, "options": 1, "confidence": 1}
        talks = [(await self.held(Who.MANAGER), Who.MANAGER), (await self.held(Who.PARTNER), Who.PARTNER)]
        return [
            Try({"conversation": talk}, body=outcomes, theirs=frozenset((who,)))
            for talk, who in [*talks, *self.held_before]
        ]

    async def list_held_conversations(self) -> Sequence[Try]:
        return [Try(self.ids, query={"limit": "200"}, shows=str(self.first))]

    async def list_conversations(self) -> Sequence[Try]:
        return [Try(self.ids, shows=str(talk)) for talk in self.talks]

    async def make_commitment(self) -> Sequence[Try]:
        def as_(party: str) -> object:
            return {"party": party, "text": "…", "due_on": DUE}

        return [Try(self.ids, as_("employee"), bodies={Who.MANAGER: as_("manager"), Who.HR_PARTNER: as_("hr")})]

    async def read_commitment(self) -> Sequence[Try]:
        return [
            Try({"commitment": one}, theirs=reads, shows=str(one), words=[canary])
            for one, (_, canary, reads) in self.commitments.items()
        ]

    async def list_commitments(self) -> Sequence[Try]:
        return [Try(self.ids, words=[canary for _, canary, _ in self.commitments.values()])]

    async def keep_commitment(self) -> Sequence[Try]:
        new = [(await self.commits(owner), owner) for owner in (Who.SELF, Who.MANAGER, Who.HR_PARTNER)]
        return [
            Try({"commitment": one}, theirs=frozenset((owner,)))
            for one, owner in [*new, (self.kept, Who.FORMER_MANAGER)]
        ]

    miss_commitment = keep_commitment


async def conversations_world(stage: Stage) -> Conversations:
    made = Conversations(await cast(stage))
    await stage.tell(switched("hr_sees_conversations", on=True, legal_entity=LEGAL_ENTITY))
    made.first = await made.talked(Who.FORMER_MANAGER)
    await made.talked(Who.LEFT)
    made.held_before = [(await made.held(who), who) for who in BEFORE]
    made.kept = await made.commits(Who.FORMER_MANAGER)
    await made.committed(Who.FORMER_MANAGER, Who.FORMER_MANAGER, Who.MANAGER, words=[Who.FORMER_MANAGER])
    await made.committed(Who.SELF, talk=made.first)
    await made.cast.comes_to_now()
    now = await made.talked(Who.MANAGER)
    await made.talked(Who.PARTNER)
    await made.talked(Who.HR_PARTNER)
    made.told = await made.rated_anew(4)
    await made.share(made.told)
    await made.committed(Who.SELF)
    await made.committed(Who.SELF, Who.MANAGER, talk=now)
    await made.committed(Who.MANAGER, Who.MANAGER)
    await made.committed(Who.HR_PARTNER, Who.HR_PARTNER)
    return made
