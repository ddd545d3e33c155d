"""Keys of years that are over are destroyed, of one data class, but for who is held."""

from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest

from shared.sealing.erasure import Retired
from shared.sealing.postgres import grant

YEAR = datetime.now(UTC).year


@pytest.fixture
async def store(key_database, ring):
    return await key_database.store(ring)


async def key_of(key_database, store, person, data_class="aspirations", year=YEAR):
    owner = (person, data_class)
    made = (await store.for_sealing([owner]))[owner].id
    await key_database.admin.execute("update keys.data_keys set year = $2 where id::text = $1", made, year)
    return made


async def living(store, *keys):
    return [key for key in keys if (await store.for_unsealing([key]))[key] is not None]


async def test_old_years_of_a_class_end_and_nothing_else(key_database, store):
    ana, held = uuid4(), uuid4()
    older, old = [await key_of(key_database, store, ana, year=YEAR - ago) for ago in (4, 3)]
    kept = [
        await key_of(key_database, store, ana, year=YEAR - 2),
        await key_of(key_database, store, ana),
        await key_of(key_database, store, ana, "employment", YEAR - 9),
        await key_of(key_database, store, held, year=YEAR - 9),
    ]
    run, before = uuid4(), YEAR - 2
    assert await store.retire(run, "aspirations", before, [held], 0) == Retired(0, 0, 2, 1, 1, 1)
    assert await living(store, older, old) == [older, old]
    assert await store.retire(run, "aspirations", before, [held], 1) == Retired(1, 1, 1, 1, 1, 1)
    assert len(await living(store, older, old)) == 1  # whose comes first does not matter
    assert await store.retire(run, "aspirations", before, [held], 9) == Retired(1, 1, 1, 1, 1, 1)  # once a run
    assert await store.retire(uuid4(), "aspirations", before, [held], 9) == Retired(1, 1, 0, 0, 1, 1)
    assert await living(store, older, old, *kept) == kept


async def test_a_retired_key_is_a_tombstone_and_what_is_written_goes_on(key_database, store):
    ana = uuid4()
    old, new = await key_of(key_database, store, ana, year=YEAR - 9), await key_of(key_database, store, ana)
    await store.retire(uuid4(), "aspirations", YEAR, [], 9)
    assert (await store.for_sealing([(ana, "aspirations")]))[(ana, "aspirations")].id == new
    assert await key_database.admin.fetchval(
        "select retired_in is not null from keys.data_keys where id::text = $1", old
    )


@pytest.mark.parametrize(
    ("data_class", "before"), [("employment", 2000), ("directory", 2000), ("aspirations", YEAR + 1)]
)
async def test_keys_in_use_are_refused(store, data_class, before):
    with pytest.raises(asyncpg.InvalidParameterValueError):
        await store.retire(uuid4(), data_class, before, [], 9)


async def test_who_does_not_coordinate_retires_nothing(key_database, store):
    await grant(key_database.admin, "projections", key_database.role)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await store.retire(uuid4(), "aspirations", 2000, [], 9)
