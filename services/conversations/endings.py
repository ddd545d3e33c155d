"""Open requests that end by themselves: the partner is no longer the employee's manager, or a party has left. Those
to HR partners, mentors and others go on as long as both are there: they were asked for themselves.

Relations switch on their day without an event arriving, so that there is nothing to react to: the worker looks at the
relations as of now, again and again. It can run in every replica and be killed anywhere: ending is a command like any
other, decided on the conversation's own stream, where the second one finds nothing to do.

HR corrects itself: of a change in several events the relations show, for a moment, half. So a request ends only after
its relation was seen gone for SETTLED, by relations that are fresh.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NoReturn
from uuid import UUID

import structlog

from services.conversations import conversation as rules
from shared.eventstore import OutcomeUnknown, Overloaded, VersionConflict
from shared.kafka.model import is_transient, place_of
from shared.relations.reads import Relations, Rows, has_left, is_manager
from shared.sealing.keys import PersonErased
from shared.streams import Origin, Streams

log = structlog.get_logger()

EVERY = 2.0
"""Seconds between looks."""

SETTLED = 5.0
"""Seconds for which a relation must be gone."""

ORIGIN = Origin("service:conversations")

# Open ones whose relation is gone, and why; an agreed talk whose time has come is left for its parties to tell.
_ENDED = f"""
    select conversation, case when gone then 'party_left' else 'manager_changed' end as cause from (
        select conversation, {has_left("c.employee")} or {has_left("c.partner")} as gone,
            partner_role = 'manager' and not {is_manager("c.employee", "c.partner")} as changed
        from conversations c where state = 'proposed' or (state = 'agreed' and proposed_for > now())) as open
    where gone or changed order by conversation limit 500"""


class Endings:
    """A task of the worker."""

    def __init__(
        self,
        rows: Rows,
        relations: Relations,
        streams: Streams,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rows = rows
        self._relations = relations
        self._streams = streams
        self._clock = clock
        self._seen: dict[UUID, float] = {}

    async def run(self) -> NoReturn:
        """Looks for ever. Raises only what no retry can mend."""
        trouble: str | None = None
        while True:
            try:
                await self.look(datetime.now(UTC))
                trouble = None
            except (VersionConflict, Overloaded, OutcomeUnknown) as busy:
                log.info("ending_postponed", reason=type(busy).__name__)
            except Exception as failed:
                if not is_transient(failed):
                    raise
                if trouble != (trouble := place_of(failed)):
                    log.warning("ending_failed", reason=trouble)
            await asyncio.sleep(EVERY)

    async def look(self, at: datetime) -> int:
        """Ends what has to end by now; gives how many. Raises RelationsStale, and what the store raises."""
        await self._relations.require_fresh()
        rows = await self._rows.fetch(_ENDED)
        now = self._clock()
        self._seen = {row["conversation"]: self._seen.get(row["conversation"], now) for row in rows}
        ended = 0
        for row in rows:
            if now - self._seen[row["conversation"]] >= SETTLED:
                ended += await self._end(row["conversation"], rules.EndConversation(row["cause"], at))
        return ended

    async def _end(self, conversation: UUID, command: rules.EndConversation) -> bool:
        try:
            receipt = await self._streams.execute(rules.DECIDER, conversation, command, ORIGIN)
        except PersonErased:
            return False
        if receipt.after is not None:
            log.info("conversation_ended", stream=conversation, reason=command.cause)
        return receipt.after is not None
