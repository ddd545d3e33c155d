"""A schema grows by files that are run once; whatever does not fit together is refused."""

import asyncio

import asyncpg
import pytest

from shared.eventstore.postgres import migrations as log
from shared.kafka.schema import migrations as stream
from shared.postgres import Migration, MigrationRefused, connect, migrate

ONE = Migration("things/0001_things", "create table things (id int primary key)")
TWO = Migration("things/0002_names", "alter table things add column name text")


async def tables(connection: asyncpg.Connection) -> set[str]:
    return {row[0] for row in await connection.fetch("select tablename from pg_tables where schemaname = 'public'")}


async def test_each_file_is_run_once(fresh_database: str) -> None:
    connection = await connect(fresh_database)
    assert await migrate(connection, [ONE]) == [ONE.name]
    assert await migrate(connection, [ONE, TWO]) == [TWO.name]
    assert await migrate(connection, [ONE, TWO]) == []
    assert await tables(connection) == {"things", "migrations"}
    await connection.close()


async def test_a_file_that_was_changed_after_it_ran_is_refused(fresh_database: str) -> None:
    connection = await connect(fresh_database)
    await migrate(connection, [ONE])
    with pytest.raises(MigrationRefused, match="things/0001_things was changed"):
        await migrate(connection, [Migration(ONE.name, ONE.sql + " "), TWO])
    await connection.close()


async def test_a_database_of_newer_code_is_refused(fresh_database: str) -> None:
    connection = await connect(fresh_database)
    await migrate(connection, [ONE, TWO])
    with pytest.raises(MigrationRefused, match="newer"):
        await migrate(connection, [ONE])
    await connection.close()


async def test_a_file_that_fails_leaves_nothing_and_those_before_it_stay(fresh_database: str) -> None:
    connection = await connect(fresh_database)
    bad = Migration("things/0002_bad", "create table others (id int); create table things (id int)")
    with pytest.raises(asyncpg.DuplicateTableError):
        await migrate(connection, [ONE, bad])
    assert await tables(connection) == {"things", "migrations"}
    assert await migrate(connection, [ONE, TWO]) == [TWO.name]
    await connection.close()


async def test_a_file_waits_only_so_long_for_a_table_in_use(fresh_database: str) -> None:
    """Whoever waits for a table's lock makes all wait who come after."""
    connection, other = await connect(fresh_database), await connect(fresh_database)
    await migrate(connection, [ONE])
    transaction = other.transaction()
    await transaction.start()
    await other.execute("select from things")
    with pytest.raises(asyncpg.LockNotAvailableError):
        await migrate(connection, [ONE, TWO], patience=0.2)
    await transaction.rollback()
    assert await migrate(connection, [ONE, TWO]) == [TWO.name]
    await connection.close()
    await other.close()


async def test_several_at_once_run_each_file_once(fresh_database: str) -> None:
    connections = [await connect(fresh_database) for _ in range(5)]
    run = await asyncio.gather(*(migrate(connection, [ONE, TWO]) for connection in connections))
    assert sorted(run) == [[], [], [], [], [ONE.name, TWO.name]]
    for connection in connections:
        await connection.close()


async def test_who_waits_for_another_migration_keeps_no_snapshot(fresh_database: str) -> None:
    """create index concurrently waits for every older transaction: two migrations would wait for each other."""
    connection, other = await connect(fresh_database), await connect(fresh_database)
    index = Migration("things/0002_index", "-- no-transaction\ncreate index concurrently on things (id)")
    run = await asyncio.gather(migrate(connection, [ONE, index]), migrate(other, [ONE, index]))
    assert sorted(run) == [[], [ONE.name, index.name]]
    await connection.close()
    await other.close()


async def test_the_kernels_own_files_run_together(fresh_database: str) -> None:
    connection = await connect(fresh_database)
    names = await migrate(connection, [*log(), *stream()])
    assert names[0] == "eventstore/0001_events"
    assert {"events", "relay"} <= await tables(connection)
    await connection.close()
