"""Tells what waits: each person whom a telling means now, once, unless they have left, did it themselves or muted it;
and of a sharing, only while it lasts.

A telling is taken by moving its `due_at`: whoever is killed with it in hand leaves it to be taken again. Telling again
is telling once, since a notification's stream is made of the event and the person. Nothing is told by stale relations:
who has left is told nothing. News about relations themselves (a new manager) waits until these know them, too; and news
for the owner of an opportunity, until it is known what was posted.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, NoReturn
from uuid import UUID

import asyncpg
import orjson
import structlog

from services.notifications.notification import DECIDER, TellPerson, notification_id
from services.notifications.reactions import Database
from services.notifications.recipients import Recipients
from services.notifications.tellings import OF_RELATIONS
from shared.contracts.notifications import Channel
from shared.eventstore import OutcomeUnknown, Overloaded, VersionConflict
from shared.kafka.model import is_transient, place_of
from shared.relations.reads import Fresh, Relations
from shared.sealing.keys import PersonErased
from shared.streams import Origin, Streams

log = structlog.get_logger()

BY = "service:notifications"
POLL = 1.0
"""Seconds; the net below `woken`."""

LEASE = timedelta(seconds=30)
LATER = timedelta(minutes=5)
"""Until the day has come to its person."""

FAILED = timedelta(hours=1)
MOST_FAILURES = 24
WESTERNMOST = timedelta(hours=12)
"""A day has begun everywhere so long after it begins in UTC."""

_TAKE = """
    update tellings set due_at = $1::timestamptz + $2, taken_by = $3
    where (cause, whom, target) in (
        select cause, whom, target from tellings where due_at <= $1 order by due_at limit 50 for update skip locked)
    returning *"""
_DONE = "delete from tellings where cause = $1 and whom = $2 and target = $3"
_AGAIN = """
    update tellings set due_at = $4, failures = failures + $5, taken_by = null
    where cause = $1 and whom = $2 and target = $3"""
_GIVE_BACK = "update tellings set due_at = now(), taken_by = null where taken_by = $1"
_MAIL = """insert into mails (notification, person, made_at, due_at) values ($1, $2, $3, $3) on conflict do nothing"""


class Teller:
    """A task of the worker. What it had taken when it failed or was killed, it gives back when it goes on.

    `replica` is its name over its restarts; `mail` is called when there is a mail to send, None: nobody sends mails.
    """

    def __init__(
        self,
        database: Database,
        recipients: Recipients,
        relations: Relations,
        fresh: Fresh,
        streams: Streams,
        *,
        replica: str,
        mail: Callable[[], None] | None,
    ) -> None:
        self._database = database
        self._recipients = recipients
        self._relations = relations
        self._fresh = fresh
        self._streams = streams
        self._replica = replica
        self._mail = mail
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There is something to tell."""
        self._woken.set()

    async def run(self) -> NoReturn:
        """Tells for ever. Raises only what no retry can mend."""
        trouble: str | None = None
        clean = False
        while True:
            try:
                self._woken.clear()
                if not clean:
                    await self._database.execute(_GIVE_BACK, self._replica)
                    clean = True
                while await self.tell(datetime.now(UTC)):
                    pass
                trouble = None
            except Exception as failed:
                if not is_transient(failed):
                    raise
                clean = False
                if trouble != (trouble := place_of(failed)):
                    log.warning("telling_failed", reason=trouble)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL):
                    await self._woken.wait()

    async def tell(self, now: datetime) -> int:
        """Looks once at what is due, and gives how many those were. Raises RelationsStale; what the database raises."""
        await self._relations.require_fresh()
        rows = await self._database.fetch(_TAKE, now, LEASE, self._replica)
        by_target: dict[UUID, list[asyncpg.Record]] = {}
        for row in sorted(rows, key=lambda row: (row["recorded_at"], row["position"])):
            by_target.setdefault(row["target"], []).append(row)
        await asyncio.gather(*(self._in_order(some, now) for some in by_target.values()))
        return len(rows)

    async def _in_order(self, rows: Sequence[asyncpg.Record], now: datetime) -> None:
        """What one person is told stands in their inbox in the order in which it happened."""
        for row in rows:
            await self._try(row, now)

    async def _try(self, row: asyncpg.Record, now: datetime) -> None:
        key = (row["cause"], row["whom"], row["target"])
        try:
            again = await self._one(row, now)
        except (VersionConflict, Overloaded, OutcomeUnknown):
            again = now + timedelta(seconds=1)
        except Exception as failed:
            if is_transient(failed):
                raise
            log.error("telling_broken", event_id=row["cause"], count=row["failures"], reason=place_of(failed))
            if row["failures"] < MOST_FAILURES:
                await self._database.execute(_AGAIN, *key, now + FAILED, 1)
                return
            again = None
        if again is None:
            await self._database.execute(_DONE, *key)
        else:
            await self._database.execute(_AGAIN, *key, again, 0)

    async def _one(self, row: asyncpg.Record, now: datetime) -> datetime | None:
        """Tells one; gives when it is to be looked at again."""
        if row["whom"] in OF_RELATIONS and not await self._relations_know(row["recorded_at"], now):
            return now + timedelta(seconds=1)
        details = orjson.loads(row["details"])
        who = UUID(details["who"]) if "who" in details else None
        early = False
        people = await self._recipients.of(row["whom"], row["target"], who, row["day"])
        if people is None:
            return now + timedelta(seconds=1)
        for person in people:
            if row["day"] is not None and await self._relations.today(person, now) < row["day"]:
                early = True
            elif (
                str(person) != row["by"]
                and not await self._relations.left(person)
                and (who is None or row["share"] is None or await self._reads(person, who, row, now))
            ):
                await self._person(person, row, details, now)
        if early or (row["whom"] in OF_RELATIONS and not _begun_everywhere(row, now)):
            return now + LATER
        return None

    async def _reads(self, person: UUID, owner: UUID, row: asyncpg.Record, now: datetime) -> bool:
        """Whether what is shared still is, with this person."""
        if await self._relations.left(owner):
            return False
        if row["until"] is not None and await self._relations.today(owner, now) > row["until"]:
            return False
        return row["audience"] != "my_manager" or await self._relations.manager(owner) == person

    async def _person(self, person: UUID, row: asyncpg.Record, details: dict[str, Any], now: datetime) -> None:
        wishes, _ = await self._recipients.wishes(person)
        if row["kind"] in wishes.muted:
            return
        mail = self._mail if wishes.email and await self._recipients.address(person) is not None else None
        channels: tuple[Channel, ...] = ("inbox", "email") if mail is not None else ("inbox",)
        notification = notification_id(row["cause"], person)
        command = TellPerson(
            notification, person, row["kind"], row["about"], row["cause"], channels, wishes.language, details
        )
        try:
            await self._streams.execute(DECIDER, notification, command, Origin(BY, trace=row["trace"]))
        except PersonErased:
            return
        if mail is not None:
            await self._database.execute(_MAIL, notification, person, now)
            mail()

    async def _relations_know(self, recorded_at: datetime, now: datetime) -> bool:
        """Whether relations have applied everything that was recorded by then."""
        age = await self._fresh.age()
        return age is not None and now - timedelta(seconds=age) > recorded_at


def _begun_everywhere(row: asyncpg.Record, now: datetime) -> bool:
    """Whether a fact's day has begun for everybody: until then others may be told of it later."""
    return now >= datetime.combine(row["day"], time(0), UTC) + WESTERNMOST
