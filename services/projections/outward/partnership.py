"""The read model `outward`: opportunities, what is shared with HR partners, and talks that were held."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import UUID

import asyncpg

from services.projections.outward import due
from services.projections.outward.source import Source
from shared.contracts import conversations, opportunities, outward, profiles
from shared.contracts.event import Event
from shared.contracts.reading import read_event, versions
from shared.erasure.forgetting import Mark
from shared.kafka.model import Statement
from shared.kafka.records import Heard
from shared.relations.reads import is_over, is_switched_on

_HR = frozenset(("my_hr_partner",))
"""Audiences that are HR. Whom an employee names is between the two, also where that one is an HR partner."""

_POSTINGS = (opportunities.OpportunityPosted, opportunities.OpportunityClosed, opportunities.OpportunityWithdrawn)
_TOLD: tuple[type[Event], ...] = (
    *_POSTINGS,
    profiles.AspirationShared,
    profiles.SharingChanged,
    profiles.SharingWithdrawn,
    conversations.OutcomesShared,
    conversations.OutcomesSharingChanged,
    conversations.OutcomesSharingWithdrawn,
    conversations.ConversationHeld,
)

_POST = """
    insert into postings_told (opportunity, kind, unit, title, skills, country, starts_on, closes_on, effective_on,
        status)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open') on conflict do nothing"""
_CLOSE = "update postings_told set status = $2 where opportunity = $1"
_SHARE = """
    insert into sharings_told (share, person, record, item, audience, until, effective_on)
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (share) do update set until = excluded.until, effective_on = excluded.effective_on"""
_CHANGE = "update sharings_told set until = $2 where share = $1"
_WITHDRAW = "delete from sharings_told where share = $1"
_TALK = """
    insert into talks_told (conversation, employee, topic, effective_on) values ($1, $2, $3, $4)
    on conflict do nothing"""


class Outward:
    """A Model of the kernel's consumer."""

    name = "outward"
    services = ("conversations", "opportunities", "profiles")
    types = frozenset(old for event in _TOLD for old in versions(event.type))
    tables = (Path(__file__).parent / "tables.sql").read_text() + due.table("opportunity", "sharing", "conversation")

    def prepare(self, batch: Sequence[Heard]) -> tuple[Event, ...]:
        found = (read_event(heard.type, heard.body) for heard in batch)
        return tuple(event for event in found if isinstance(event, Event))

    async def write(self, connection: asyncpg.Connection, batch: tuple[Event, ...]) -> None:
        touched = [await _apply(connection, event) for event in batch]
        for kind in ("conversation", "opportunity", "sharing"):
            await due.mark(connection, kind, [item for of, item in touched if of == kind])

    def forget(self, mark: Mark) -> Mapping[str, Statement]:
        """Of words: what was shared is shared no more. Of a person: that they talked, too."""
        found: dict[str, Statement] = {}
        if mark.service in _RECORDS:
            found["sharings told to HR's systems"] = (_FORGET_SHARINGS, (mark.person, _RECORDS[mark.service]))
        if mark.service == "conversations" and mark.scope == "person":
            found["talks told to HR's systems"] = (_FORGET_TALKS, (mark.person,))
        return found


_RECORDS = {"profiles": "aspiration", "conversations": "outcomes"}
_FORGET_SHARINGS = f"""
    with gone as (delete from sharings_told where person = $1 and record = $2 returning share)
    insert into due (kind, item, at) select 'sharing', share, '-infinity' from gone {due.SOON}"""
_FORGET_TALKS = f"""
    with gone as (delete from talks_told where employee = $1 returning conversation)
    insert into due (kind, item, at) select 'conversation', conversation, '-infinity' from gone {due.SOON}"""


async def _apply(connection: asyncpg.Connection, event: Event) -> tuple[due.Kind, UUID]:
    """Gives what may have changed."""
    match event:
        case opportunities.OpportunityPosted():
            await connection.execute(
                _POST,
                event.opportunity,
                event.kind,
                event.unit,
                event.title,
                list(event.skills),
                event.country,
                event.starts_on,
                event.closes_on,
                event.effective_on,
            )
            return "opportunity", event.opportunity
        case opportunities.OpportunityClosed():
            await connection.execute(_CLOSE, event.opportunity, "filled" if event.filled else "closed")
            return "opportunity", event.opportunity
        case opportunities.OpportunityWithdrawn():
            await connection.execute(_CLOSE, event.opportunity, "withdrawn")
            return "opportunity", event.opportunity
        case profiles.AspirationShared() if event.audience in _HR:
            told = (event.share, event.person, "aspiration", event.aspiration)
            await connection.execute(_SHARE, *told, event.audience, event.until, event.effective_on)
            return "sharing", event.share
        case conversations.OutcomesShared() if event.audience in _HR:
            told = (event.share, event.employee, "outcomes", event.conversation)
            await connection.execute(_SHARE, *told, event.audience, event.until, event.effective_on)
            return "sharing", event.share
        case profiles.SharingChanged() | conversations.OutcomesSharingChanged():
            await connection.execute(_CHANGE, event.share, event.until)
            return "sharing", event.share
        case profiles.SharingWithdrawn() | conversations.OutcomesSharingWithdrawn():
            await connection.execute(_WITHDRAW, event.share)
            return "sharing", event.share
        case conversations.ConversationHeld():
            talk = (event.conversation, event.employee, event.topic, event.effective_on)
            await connection.execute(_TALK, *talk)
            return "conversation", event.conversation
        case profiles.AspirationShared() | conversations.OutcomesShared():
            return "sharing", event.share
        case _:
            raise TypeError(event.type)


# The last day for applications passes without an event.
OPPORTUNITIES = Source(
    kind="opportunity",
    content=outward.Opportunity,
    now="""
        select o.opportunity as item, o.kind, o.unit, o.title, o.skills, o.country, o.starts_on, o.closes_on,
            o.effective_on, true as told,
            case when o.status = 'open' and o.closes_on < current_date then 'closed' else o.status end as status,
            case when o.status = 'open' and o.closes_on >= current_date then (o.closes_on + 1)::timestamptz end
                as next_at
        from postings_told o where o.opportunity = any ($1)""",
    every="select opportunity from postings_told",
)

# It is over after its last day, where the person is, and when they leave.
SHARINGS = Source(
    kind="sharing",
    content=outward.Sharing,
    now=f"""
        select s.share as item, s.person, s.record, s.item as of_item, s.audience, s.until, s.effective_on,
            not {is_over("s.person", "s.effective_on")} and coalesce(ends.at > now(), true) as told,
            case when ends.at > now() then ends.at end as next_at
        from sharings_told s left join lateral (
            select (s.until + 1)::timestamp at time zone coalesce((select b.time_zone from belongings b
                where b.person = s.person and b.from_at <= now() order by b.from_at desc limit 1), 'UTC') as at) ends
            on true
        where s.share = any ($1)""",
    every="select share from sharings_told",
)

TALKS = Source(
    kind="conversation",
    content=outward.Conversation,
    now=f"""
        select t.conversation as item, t.employee, t.topic as topic_of_talk, t.effective_on,
            null::timestamptz as next_at, {is_switched_on("hr_sees_conversations", "t.employee")} as told
        from talks_told t where t.conversation = any ($1)""",
    every="select conversation from talks_told",
)
