"""What of a person's ends when they are erased."""

from collections.abc import Iterable
from uuid import UUID

import asyncpg

from shared.contracts.opportunities import ApplicationSubmitted, MoveAgreed
from shared.erasure.marking import Order

_THEIRS = "select distinct stream from public.events where subject = $1 and type = any ($2)"
_BEGIN = [ApplicationSubmitted.type, MoveAgreed.type]


async def ends(connection: asyncpg.Connection, order: Order) -> Iterable[UUID]:
    """Their applications, and the moves that followed; without their words alone these go on."""
    if order.scope == "words":
        return []
    return [row["stream"] for row in await connection.fetch(_THEIRS, order.person, _BEGIN)]
