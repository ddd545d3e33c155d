"""When a batch fails by one of its events: everything else is applied, in order, and that event is found."""

from collections.abc import Callable, Sequence

import asyncpg
import structlog

from shared.kafka.delivery import BEHIND, Held, Subject
from shared.kafka.model import AnyModel, is_transient, place_of
from shared.kafka.records import Heard

log = structlog.get_logger()


async def apply_what_can_be(
    connection: asyncpg.Connection, model: AnyModel, events: Sequence[Heard], more_time: Callable[[], None]
) -> list[Held]:
    """Applies events in halves of halves, each behind a savepoint; gives those that failed alone, and what their
    subjects did later. Raises what is transient. `more_time` is called before each attempt.
    """
    parked: list[Held] = []
    failed: dict[Subject, int] = {}

    async def attempt(part: Sequence[Heard]) -> None:
        some = []
        for event in part:
            first = failed.get((event.service, event.subject))
            if first is None:
                some.append(event)
            else:
                parked.append(Held(event, BEHIND, first))
        if not some:
            return
        more_time()
        await connection.execute("savepoint part")
        try:
            await model.write(connection, model.prepare(some))
            await connection.execute("release savepoint part")
        except Exception as failure:
            if is_transient(failure):
                raise
            await connection.execute("rollback to savepoint part; release savepoint part")
            if len(some) > 1:
                await attempt(some[: len(some) // 2])
                await attempt(some[len(some) // 2 :])
                return
            [event] = some
            failed[event.service, event.subject] = event.position
            parked.append(Held(event, place_of(failure), None))
            log.warning("event_parked", model=model.name, event_id=event.id, reason=place_of(failure))

    await attempt(events)
    return parked
