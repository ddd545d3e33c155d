"""What every connection of the kernel keeps to."""

import asyncpg
import pytest

from shared.postgres import Pool, UnsafeServer, connect


async def test_json_comes_back_byte_for_byte(fresh_database: str) -> None:
    connection = await connect(fresh_database)
    given = b'{ "b":1.0,  "a" : "\xc3\xa9\\u00e9" }'
    assert await connection.fetchval("select $1::json", given) == given
    assert await connection.fetchval("select $1::json[]", [given, given]) == [given, given]
    await connection.close()


@pytest.mark.parametrize("value", ["off", "local"])
async def test_a_server_that_would_lose_commits_is_refused(fresh_database: str, value: str) -> None:
    with pytest.raises(UnsafeServer):
        await connect(fresh_database, extra={"synchronous_commit": value})


async def test_the_server_gives_a_statement_up_too(fresh_database: str) -> None:
    connection = await connect(fresh_database, deadline=3)
    assert await connection.fetchval("show statement_timeout") == "3500ms"
    await connection.close()


async def test_a_statement_has_a_deadline(fresh_database: str) -> None:
    connection = await connect(fresh_database, deadline=0.3)
    with pytest.raises(TimeoutError):
        await connection.execute("select pg_sleep(10)")
    connection.terminate()


async def test_a_pool_waits_no_longer_than_told(fresh_database: str) -> None:
    pool = await Pool(fresh_database, size=1, acquire_deadline=2).open()
    async with pool.acquire():
        with pytest.raises(TimeoutError):
            await pool.fetch("select 1")
    assert [row["one"] for row in await pool.fetch("select 1 as one")] == [1]
    await pool.close()


async def test_a_pool_says_why_it_cannot_be_used(fresh_database: str) -> None:
    pool = await Pool(fresh_database).open()
    assert await pool.check() is None
    await pool.close()
    assert await pool.check()


async def test_a_pool_whose_database_is_away_is_no_reason_not_to_start(fresh_database: str) -> None:
    pool = await Pool(f"{fresh_database}_which_is_not_there").open()
    assert await pool.check()
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await pool.fetch("select 1")
    await pool.close()
