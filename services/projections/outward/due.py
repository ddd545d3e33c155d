"""Which items are to be looked at, and when: a table of the model's own, so that one that is built anew has all due."""

from collections.abc import Iterable
from typing import Literal
from uuid import UUID

import asyncpg

from shared.kafka.comparison import OWN

Kind = Literal["person", "unit", "move", "opportunity", "sharing", "conversation"]

CHANNEL = "outward"
"""What the keeper listens to."""

EVERYTHING = UUID(int=0)
"""Instead of an item: all that was ever said of the kind, and all that the model has."""

_TABLE = """
    create table due (kind text not null, item uuid not null, at timestamptz not null, primary key (kind, item));
    create index on due (at);
    comment on table due is '{own}';
    insert into due (kind, item, at)
    select kind, '{everything}', '-infinity' from unnest('{{{kinds}}}'::text[]) as kind;"""
SOON = """on conflict (kind, item) do update set at = excluded.at where due.at > excluded.at"""
_MARK = f"insert into due (kind, item, at) select $1, item, '-infinity' from unnest($2::uuid[]) as item {SOON}"


def table(*kinds: Kind) -> str:
    """SQL that makes the table in a model's schema; whatever was said of these kinds before is due."""
    return _TABLE.format(own=OWN, everything=EVERYTHING, kinds=",".join(kinds))


async def mark(connection: asyncpg.Connection, kind: Kind, items: Iterable[UUID]) -> None:
    """These may have changed, by what the transaction applies. The first schema of the search path is the model's."""
    if due := sorted(set(items)):
        await connection.execute(_MARK, kind, due)
        # Of a transaction that does not wait for the disk: nobody who notifies waits for long.
        await connection.execute(f"notify {CHANNEL}")
