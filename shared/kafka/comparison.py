"""Whether two schemas hold the same rows, whatever their order and whatever numbers the database gave out."""

from collections.abc import Sequence

import asyncpg

OWN = "of each build its own"
"""So says the comment on a table that is not compared."""

# Columns that the database fills by counting are left out: they tell the order of writing.
_COLUMNS = """
    select table_name, string_agg(quote_ident(column_name), ', ' order by ordinal_position) as columns
    from information_schema.columns
    where table_schema = $1 and is_identity = 'NO' and coalesce(column_default, '') not like 'nextval(%'
        and table_name in (select table_name from information_schema.tables
            where table_schema = $1 and table_type = 'BASE TABLE')
        and obj_description(format('%I.%I', table_schema, table_name)::regclass) is distinct from $2
    group by table_name"""


async def differences(connection: asyncpg.Connection, one: str, other: str) -> Sequence[str]:
    """What differs, a sentence a table; both schemas must stand still meanwhile."""
    tables: dict[str, dict[str, str]] = {}
    for schema in (one, other):
        for table, columns in await connection.fetch(_COLUMNS, schema, OWN):
            tables.setdefault(table, {})[schema] = columns
    found = []
    for table, columns in sorted(tables.items()):
        if columns.get(one) != columns.get(other):
            found.append(f"{table}: not the same columns")
            continue
        prints = [await _fingerprint(connection, schema, table, columns[schema]) for schema in (one, other)]
        if prints[0] != prints[1]:
            only = [await _count_only(connection, table, columns[one], *pair) for pair in ((one, other), (other, one))]
            found.append(f"{table}: {only[0]} rows only in {one}, {only[1]} only in {other}")
    return found


async def _fingerprint(connection: asyncpg.Connection, schema: str, table: str, columns: str) -> tuple[object, ...]:
    """One pass over the rows in any order; rows that are equal count as often as they are there."""
    rows = await connection.fetch(
        f"""select count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)
            from (select {columns} from "{schema}"."{table}") t"""
    )
    return tuple(rows[0])


async def _count_only(connection: asyncpg.Connection, table: str, columns: str, here: str, there: str) -> int:
    """As text, since not every type can be compared."""
    count: int = await connection.fetchval(
        f"""select count(*) from (
                select t::text from (select {columns} from "{here}"."{table}") t
                except all select t::text from (select {columns} from "{there}"."{table}") t) as d"""
    )
    return count
