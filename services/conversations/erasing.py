"""What of a person's ends with the erasure of their words."""

from collections.abc import Iterable
from uuid import UUID

import asyncpg

from shared.erasure.marking import Order

# With the partner's ratings among them, too: there is nothing that ends, then.
_RATED = """
    select distinct stream from public.events
    where subject = $1 and type like 'conversations.outcomes%'"""


async def ends(connection: asyncpg.Connection, order: Order) -> Iterable[UUID]:
    """The conversations with the employee's own rating, and with whom they share it: neither is there any more."""
    return [row["stream"] for row in await connection.fetch(_RATED, order.person)]
