"""The read model `timeline`: the story of each person, one row a fact, and what of it a reader may see.

Facts have an effective day and a recorded time: `as_of` and `known_at` choose by them. Who may see what is judged as
of now, in the read itself, so neither brings back what was withdrawn, and nobody sees a fact before its day. A fact
withdrawn or corrected before its day never appears, for whatever `known_at`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import asyncpg
import orjson

from services.projections.entries import Entry, Reading, entries
from services.projections.stories import SHARES, STORIES
from shared.audit import Book, Shown
from shared.auth.callers import Caller, Role
from shared.contracts import opportunities, profiles
from shared.contracts.event import Event
from shared.contracts.reading import CATALOGUE, read_event, versions
from shared.erasure.forgetting import EMPTIED, Mark
from shared.http import Page
from shared.kafka.model import Statement
from shared.kafka.records import Heard
from shared.refusals import NotFound
from shared.relations.reads import Fresh, Relations, Rows, is_hr_partner, is_manager, is_over, stands_in_for
from shared.sealing.erasure import WORDS
from shared.sealing.sealer import Sealer
from shared.sharing.reads import require_fresh
from shared.zones import has_begun_somewhere, zone_of

Order = Literal["newest", "oldest"]

_WITHDRAWN = profiles.FactWithdrawn.type
_REPLACED = profiles.UnitReplaced.type
_POSTED = opportunities.OpportunityPosted.type
_ANYWHERE = timedelta(days=2)
"""A day that begins so long before a moment has begun in every time zone."""

INSERT = """
    insert into timeline (recorded_to, person, effective_on, id, type, recorded_from, begins_at, fact, audience, reader,
        until, item, about, body)
    select * from unnest($1::timestamptz[], $2::uuid[], $3::date[], $4::uuid[], $5::text[], $6::timestamptz[],
        $7::timestamptz[], $8::uuid[], $9::text[], $10::uuid[], $11::date[], $12::uuid[], $13::uuid[], $14::json[])"""
# Rows of before this batch alone: within it, the rows come with their ends. Each fact is looked up by its index and its
# row taken by place (`offset 0` and ctid): a plan made while the table was small would go on reading all of it.
_CLOSE = """
    update timeline t set recorded_to = told.at
    from unnest($2::uuid[], $3::timestamptz[]) as told (fact, at)
    where t.fact = told.fact and t.ctid = any (array(
        select was.at_place from unnest($1::uuid[], $2::uuid[]) as ended (person, fact) cross join lateral (
            select s.ctid as at_place from timeline s
            where s.fact = ended.fact and s.person = ended.person and s.recorded_to is null offset 0) was))"""
_REORGANISE = """
    insert into reorganisations (id, unit, effective_on, type, recorded_from, body) values ($1, $2, $3, $4, $5, $6)"""
_POST = """
    insert into postings (opportunity, kind, title, unit) values ($1, $2, $3, $4) on conflict do nothing"""

# Entries in a story ($1) in which the person ($2) said something to a service ($3): which fields, and which field says
# whose words they are, stands in the contracts ($4). What was shared is no more.
_EMPTY = """
    update timeline t set body = (t.body::jsonb - string_to_array(said.fields, ','))::json,
        audience = case when t.audience = any ($5) then 'own' else t.audience end
    from json_to_recordset($4) as said (type text, fields text, speaker text)
    where t.person = $1 and t.type = said.type and split_part(t.type, '.', 1) = $3 and t.body ->> said.speaker = $2
        and t.body::jsonb ?| string_to_array(said.fields, ',')"""
_SPOKEN = orjson.dumps(
    [
        {"type": old, "fields": ",".join(sorted(fields)), "speaker": speaker}
        for newest in STORIES
        if CATALOGUE[newest].data_class in WORDS
        for speaker, fields in CATALOGUE[newest].speakers().items()
        for old in versions(newest)
    ]
)


@dataclass(slots=True)
class Batch:
    """Rows of the timeline in the order of the statement's columns, which stored facts they close, and the others."""

    rows: list[tuple[object, ...]] = field(default_factory=list)
    ended: dict[int, datetime] = field(default_factory=dict)
    """Row → when it was told again, in this batch already."""
    closed: dict[str, tuple[UUID, datetime]] = field(default_factory=dict)
    reorganisations: list[tuple[object, ...]] = field(default_factory=list)
    postings: list[tuple[object, ...]] = field(default_factory=list)

    def entries(self) -> Sequence[Statement]:
        """What ends, and what is told: neither needs to see what the other does."""
        found: list[Statement] = []
        if self.closed:
            people, times = zip(*self.closed.values(), strict=True)
            found.append((_CLOSE, (people, list(self.closed), times)))
        if self.rows:
            found.append((INSERT, self.columns()))
        return found

    def columns(self) -> list[Sequence[object]]:
        """As the statement takes them."""
        ends = [None] * len(self.rows) if not self.ended else [self.ended.get(row) for row in range(len(self.rows))]
        return [ends, *zip(*self.rows, strict=True)]


class Timeline:
    """A Model of the kernel's consumer."""

    name = "timeline"
    services = ("profiles", "conversations", "opportunities")
    types = frozenset(old for newest in (*STORIES, _WITHDRAWN, _POSTED) for old in versions(newest))
    tables = (Path(__file__).parent / "timeline.sql").read_text()

    def prepare(self, batch: Sequence[Heard]) -> Batch:
        """Reads the bodies' few open values as they are: what a contract says was checked when it was recorded."""
        found = Batch()
        newest: dict[str, int] = {}  # fact → its row in this batch
        for heard in batch:
            wire_type, body, stored = _newest(heard)
            if wire_type in _OTHERS:
                _take_other(found, newest, heard._replace(type=wire_type, body=stored), body)
                continue
            story = STORIES[wire_type]
            if story.told_by and body[story.told_by] != str(heard.subject):
                continue
            effective_on = date.fromisoformat(body["effective_on"])
            fact, until = body.get("fact"), body.get("until")
            if fact is not None:
                _close(found, newest, heard, fact)
                newest[fact] = len(found.rows)
            row = (
                heard.subject,
                effective_on,
                heard.id,
                wire_type,
                heard.recorded_at,
                _begins(effective_on, body.get("time_zone"), heard.recorded_at, fact),
                fact,
                story.audience or body["audience"],
                body.get(story.reader),
                None if until is None else date.fromisoformat(until),
                body.get(story.item),
                body.get(story.about),
                stored,
            )
            found.rows.append(row)
        return found

    def statements(self, batch: Batch) -> Sequence[Statement] | None:
        """Most batches are entries alone: all of it in one statement with the checkpoints."""
        return None if batch.reorganisations or batch.postings else batch.entries()

    async def write(self, connection: asyncpg.Connection, batch: Batch) -> None:
        for statement, arguments in batch.entries():
            await connection.execute(statement, *arguments)
        if batch.reorganisations:
            await connection.executemany(_REORGANISE, batch.reorganisations)
        if batch.postings:
            await connection.executemany(_POST, sorted(batch.postings, key=str))

    def forget(self, mark: Mark) -> Mapping[str, Statement]:
        """Of words, the entry stays as a fact without them, its owner's alone; a person's story goes whole."""
        if mark.scope == "person" and mark.person == mark.about:
            return {"timeline": ("delete from timeline where person = $1", (mark.person,))}
        return {f"{EMPTIED}timeline": (_EMPTY, (mark.about, str(mark.person), mark.service, _SPOKEN, SHARES))}


_OTHERS = frozenset((_WITHDRAWN, _REPLACED, _POSTED))


def _newest(heard: Heard) -> tuple[str, dict[str, Any], bytes]:
    """Wire type, values and body, brought to the newest version of the event."""
    if heard.type in CATALOGUE:
        return heard.type, orjson.loads(heard.body), heard.body
    event = read_event(heard.type, heard.body)
    if not isinstance(event, Event):
        raise TypeError(heard.type)
    body = orjson.dumps(event.model_dump(mode="json", exclude_none=True))
    return event.type, orjson.loads(body), body


def _take_other(found: Batch, newest: dict[str, int], heard: Heard, body: dict[str, Any]) -> None:
    if heard.type == _WITHDRAWN:
        _close(found, newest, heard, body["fact"])
        newest.pop(body["fact"], None)
    elif heard.type == _REPLACED:
        on = date.fromisoformat(body["effective_on"])
        found.reorganisations.append((heard.id, heard.subject, on, heard.type, heard.recorded_at, heard.body))
    else:
        found.postings.append((heard.subject, body["kind"], body["title"], body["unit"]))


def _close(found: Batch, newest: dict[str, int], heard: Heard, fact: str) -> None:
    """What was told of the fact before ends now."""
    if fact in newest:
        found.ended[newest[fact]] = heard.recorded_at
    found.closed.setdefault(fact, (heard.subject, heard.recorded_at))


def _begins(day: date, time_zone: str | None, at: datetime, fact: str | None) -> datetime | None:
    """When the day begins in its time zone; None where that is long past, or only the person's own zone is known.

    What somebody did has their own day, which may not have come yet where the person is: it holds once it is done.
    """
    if day < (at - _ANYWHERE).date():
        return None
    if time_zone is not None:
        return datetime.combine(day, time(0), zone_of(time_zone))
    return at if fact is None and has_begun_somewhere(day, at) else None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader wants of a timeline; `after` is day and id of the entry before the page."""

    as_of: date | None = None
    known_at: datetime | None = None
    kinds: frozenset[str] | None = None
    order: Order = "newest"
    after: tuple[date, UUID] | None = None
    limit: int = 50


class TimelineReads:
    """What the API asks. Raises NotFound for whoever has nothing to do with the person."""

    def __init__(self, rows: Rows, relations: Relations, sealer: Sealer, audit: Book, *, fresh: Fresh) -> None:
        """`fresh`: how current the timeline is."""
        self._rows = rows
        self._relations = relations
        self._fresh = fresh
        self._sealer = sealer
        self._audit = audit

    async def find(self, person: UUID, caller: Caller, asked: Asked, at: datetime) -> Page[Entry]:
        """A page of the person's timeline as the caller may see it at this moment."""
        if caller.person is None:
            raise NotFound
        own = caller.person == person
        if not own:
            await self._relations.require_fresh()
            await require_fresh(self._fresh)
        day, following = asked.after or (None, None)
        arguments: list[object] = [
            person,
            await self._relations.today(person, at),
            asked.as_of,
            asked.known_at,
            None if asked.kinds is None else [old for kind in asked.kinds for old in _TYPES[kind]],
            asked.limit + 1,
        ]
        if not own:
            arguments += [caller.person, Role.HR_PARTNER in caller.roles]
        if asked.after is not None:
            arguments += [day, following]
        found = await self._rows.fetch(_query(own, asked.order, asked.after is not None), *arguments)
        if not own and not found:
            raise NotFound
        rows = [row for row in found if row["id"] is not None]
        shown = await entries(rows[: asked.limit], Reading(own=own), self._sealer)
        if not own:
            self._audit.note(caller, list(dict.fromkeys(_seen(person, row) for row in rows[: asked.limit])))
        last = shown[-1] if len(rows) > asked.limit else None
        return Page(shown, None if last is None else (last.effective_on.isoformat(), str(last.id)))


def _seen(person: UUID, row: asyncpg.Record) -> Shown:
    """What a row is of, to whom else sees it: all that is official is one record."""
    for_manager = None if row["manager"] else row["for_manager"]
    for_hr_partner = None if row["hr_partner"] else row["for_hr_partner"]
    match row["audience"]:
        case "official" if row["manager"] or (for_manager and not row["hr_partner"]):
            return Shown("timeline", person, person, "manager", stands_in_for=for_manager)
        case "official":
            return Shown("timeline", person, person, "hr_partner", stands_in_for=for_hr_partner)
        case "held":
            return Shown("conversation", row["item"], person, "party")
        case "commitment":
            return Shown("commitment", row["item"], person, "party")
        case share:
            whom = {"whoever_is_my_manager": for_manager, "my_hr_partner": for_hr_partner}.get(share)
            return Shown(_RECORDS[row["type"]], row["item"], person, share, row["about"], stands_in_for=whom)


_RECORDS = {old: story.record for newest, story in STORIES.items() if story.record for old in versions(newest)}
_TYPES: Mapping[str, list[str]] = {story.kind: versions(newest) for newest, story in STORIES.items()}

# Which of several versions of a fact counts: the one known at $4, else the newest.
_KNOWN = """
    (case when $4::timestamptz is null then t.recorded_to is null else t.recorded_from <= $4
        and (t.recorded_to is null or (t.recorded_to > $4 and t.recorded_to >= coalesce(t.begins_at,
            (t.effective_on + time '12:00') at time zone 'UTC'))) end)"""
# The effective day has begun where the person is ($2 is the date there), or where the place is; and is not after $3.
_BEGUN = """
    case when t.begins_at is null then t.effective_on <= $2::date else t.begins_at <= now() end
    and ($3::date is null or t.effective_on <= $3)"""
_COLUMNS = "t.id, t.type, t.effective_on, t.recorded_from, t.audience, t.reader, t.until, t.item, t.about, t.body"

_SHARES = ", ".join(f"'{share}'" for share in SHARES)

# Who asks ($7, perhaps as HR partner: $8) about whom ($1), for whom they stand in, and the few rows that decide what of
# the others they see: of a sharing, what was said last, and that it was withdrawn, or ended when its owner left.
_VIEWER = f"""
    with viewer as materialized (
        select manager, hr_partner, for_manager, for_hr_partner, manager or for_manager is not null as as_manager,
            hr_partner or for_hr_partner is not null as as_hr_partner
        from (select {is_manager("$1::uuid", "$7::uuid")} as manager,
            $8::boolean and {is_hr_partner("$1::uuid", "$7::uuid")} as hr_partner,
            {stands_in_for("manager", "$1::uuid", "$7::uuid")} as for_manager,
            case when $8 then {stands_in_for("hr_partner", "$1::uuid", "$7::uuid")} end as for_hr_partner) as relation
    ), links as materialized (
        select t.audience, t.item, t.about, t.reader, t.until, t.effective_on, t.recorded_from, t.id from timeline t
        where t.person = $1 and t.audience in ('withdrawal', 'change', 'held', 'commitment', {_SHARES})
            and (select as_manager or as_hr_partner from viewer)
    ), shares as (
        select distinct on (about) about, audience = 'withdrawal' or until < $2::date
            or {is_over("$1::uuid", "effective_on")} as over from links
        where audience in ('withdrawal', 'change', {_SHARES})
        order by about, audience = 'withdrawal' desc, recorded_from desc, id desc
    ), allowed as materialized (
        select coalesce((select array_agg(about) from shares where over), '{{}}') as over,
            coalesce((select array_agg(made.item) from links made join links talk on made.about = talk.item
                where made.audience = 'commitment' and talk.audience = 'held' and talk.reader = $7), '{{}}') as agreed
    )"""
_MAY_SEE = f"""
    case t.audience
        when 'official' then true
        when 'held' then v.manager and t.reader = $7
        when 'commitment' then t.reader = $7 or (v.manager and t.item = any (a.agreed))
        when 'my_manager' then v.manager and t.reader = $7
        when 'whoever_is_my_manager' then v.as_manager
        when 'person' then t.reader = $7
        when 'my_hr_partner' then v.as_hr_partner
        else false
    end
    and (t.audience not in ({_SHARES}) or t.about <> all (a.over))"""
# A unit that the person belonged to until then was replaced. Which day that is where they are may differ by some hours.
_REORGANISED = """
    from reorganisations r cross join lateral (
        select r.id, r.type, r.effective_on, r.recorded_from, null::timestamptz as recorded_to,
            null::timestamptz as begins_at, 'official' as audience, null::uuid as reader, null::date as until,
            null::uuid as item, r.unit as about, r.body) t
    where exists (select from belongings b where b.person = $1 and b.unit = r.unit
        and b.from_at < r.effective_on + 1 and b.to_at >= r.effective_on - interval '14 hours')"""


@cache
def _query(own: bool, order: Order, paged: bool) -> str:  # noqa: FBT001
    """The statement for a page: few, so that each is prepared once a connection."""
    way, step = ("desc", "<") if order == "newest" else ("asc", ">")
    number = 7 if own else 9
    chosen = f"{_KNOWN} and {_BEGUN} and ($5::text[] is null or t.type = any ($5))"
    if paged:
        chosen += f" and (t.effective_on, t.id) {step} (${number}::date, ${number + 1}::uuid)"
    sort = f"order by t.effective_on {way}, t.id {way} limit $6"
    seen = "true" if own else _MAY_SEE
    page = f"""
        select t.*, p.kind as posted_kind, p.title as posted_title, u.name as unit_name from (
            (select {_COLUMNS} from timeline t where t.person = $1 and {chosen} and {seen} {sort})
            union all
            (select {_COLUMNS} {_REORGANISED} and {chosen} {sort})
        ) t left join postings p on p.opportunity = t.about left join units u on u.unit = coalesce(p.unit, t.about)
        {sort}"""
    if own:
        return page
    return f"""{_VIEWER}
        select page.*, v.manager, v.hr_partner, v.for_manager, v.for_hr_partner
        from viewer v cross join allowed a left join lateral ({page}) page on true
        where v.as_manager or v.as_hr_partner"""
