"""A destroyed key is gone for good: what was being made meanwhile too, and asking again changes nothing."""

import asyncio
import os
from uuid import UUID, uuid4

import asyncpg
import pytest

from shared.contracts.event import PERSONAL_DATA_CLASSES
from shared.postgres import connect
from shared.sealing.erasure import WORDS
from shared.sealing.postgres import ERASES, GRANTS, grant

OWN = ("directory", "employment", "aspirations")
FOR_SEALING = """
    select id from keys.for_sealing(array[$1::uuid], array['aspirations'], array[$2::uuid], array[$3::bytea], 'test')"""
WAITING = "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')"


async def destroy_words(connection, erasure, person):
    """What the function answers: tombstones, by class, year and generation."""
    return await connection.fetch("select * from keys.destroy($1, $2, $3)", erasure, person, sorted(WORDS))


async def erase_person(connection, erasure, person):
    return await connection.fetch("select * from keys.destroy($1, $2, null)", erasure, person)


@pytest.fixture
async def store(key_database, ring):
    return await key_database.store(ring)


@pytest.fixture
async def other(key_database):
    """Another connection of the owner's."""
    connection = await connect(key_database.url)
    yield connection
    await connection.close()


async def keys_of(store, person):
    found = await store.for_sealing([(person, data_class) for data_class in OWN])
    return {data_class: found[(person, data_class)].id for data_class in OWN}


async def living(key_database, person):
    rows = await key_database.admin.fetch(
        "select id from keys.data_keys where person = $1 and wrapped is not null", person
    )
    return {str(row["id"]) for row in rows}


async def waits(key_database, task):
    while not await key_database.admin.fetchval(WAITING):
        assert not task.done()
        await asyncio.sleep(0.01)


def test_words_are_all_that_is_not_employment_or_directory():
    assert PERSONAL_DATA_CLASSES - {"employment", "directory"} == WORDS


async def test_words_go_and_employment_goes_on(key_database, store):
    person, somebody = uuid4(), uuid4()
    before, others = await keys_of(store, person), await keys_of(store, somebody)
    [destroyed] = await destroy_words(key_database.admin, uuid4(), person)
    assert (str(destroyed["id"]), destroyed["data_class"], destroyed["generation"]) == (
        before["aspirations"],
        "aspirations",
        1,
    )
    assert await store.for_unsealing([before["aspirations"]]) == {before["aspirations"]: None}
    assert await living(key_database, person) == {before["directory"], before["employment"]}
    assert await living(key_database, somebody) == set(others.values())


async def test_words_written_afterwards_take_a_key_of_a_new_generation(key_database, store):
    person = uuid4()
    before = await keys_of(store, person)
    await destroy_words(key_database.admin, uuid4(), person)
    after = await keys_of(store, person)
    assert after["employment"] == before["employment"]
    assert after["aspirations"] != before["aspirations"]
    [destroyed] = await destroy_words(key_database.admin, uuid4(), person)
    assert (str(destroyed["id"]), destroyed["generation"]) == (after["aspirations"], 2)


async def test_a_person_goes_with_all_keys_and_never_gets_one_again(key_database, store):
    person = uuid4()
    before = await keys_of(store, person)
    destroyed = await erase_person(key_database.admin, uuid4(), person)
    assert {str(one["id"]) for one in destroyed} == set(before.values())
    assert set((await store.for_unsealing(before.values())).values()) == {None}
    assert await store.for_sealing([(person, data_class) for data_class in OWN]) == {}
    assert await living(key_database, person) == set()


async def test_a_person_of_whom_nothing_was_sealed_is_erased_too(key_database, store):
    person = uuid4()
    assert await erase_person(key_database.admin, uuid4(), person) == []
    assert await store.for_sealing([(person, "aspirations")]) == {}


@pytest.mark.parametrize("erase", [destroy_words, erase_person])
async def test_asked_again_an_erasure_answers_the_same(key_database, store, erase):
    person, erasure = uuid4(), uuid4()
    await keys_of(store, person)
    first = await erase(key_database.admin, erasure, person)
    assert first
    assert await erase(key_database.admin, erasure, person) == first


async def test_asked_again_an_erasure_spares_what_was_written_since(key_database, store):
    person, erasure = uuid4(), uuid4()
    await keys_of(store, person)
    await destroy_words(key_database.admin, erasure, person)
    after = await keys_of(store, person)
    await destroy_words(key_database.admin, erasure, person)
    assert await living(key_database, person) == set(after.values())


async def test_an_erasure_is_that_of_one_person_and_of_one_kind(key_database):
    admin, person, erasure = key_database.admin, uuid4(), uuid4()
    await destroy_words(admin, erasure, person)
    for another in (erase_person(admin, erasure, person), destroy_words(admin, erasure, uuid4())):
        with pytest.raises(asyncpg.InvalidParameterValueError, match="another"):
            await another


async def test_what_a_restore_brought_back_is_destroyed_again_by_the_list_of_erasures(key_database, store):
    gone, silent, somebody = uuid4(), uuid4(), uuid4()
    for person in (gone, silent, somebody):
        await keys_of(store, person)
    admin = key_database.admin
    await admin.execute("create table backup as select * from keys.data_keys")
    destroyed = await erase_person(admin, uuid4(), gone) + await destroy_words(admin, uuid4(), silent)
    await admin.execute("create table told as select * from keys.erasures")
    await admin.execute("truncate keys.data_keys, keys.erasures, keys.erased")
    await admin.execute("insert into keys.data_keys select * from backup")
    assert len(await living(key_database, gone)) == 3
    again = "select d.id from told, lateral keys.destroy(told.id, told.person, told.classes) d"
    for _ in range(2):
        assert {row["id"] for row in await admin.fetch(again)} == {one["id"] for one in destroyed}
    assert await store.for_sealing([(gone, "aspirations")]) == {}
    assert [len(await living(key_database, person)) for person in (gone, silent, somebody)] == [0, 2, 3]


async def test_one_service_alone_can_destroy(key_database, store):
    person, erasure = uuid4(), uuid4()
    await keys_of(store, person)
    assert [await store.destroy(erasure, person, "words") for _ in range(2)] == [1, 1]
    assert await store.destroy(uuid4(), person, "person") == 2
    for service in GRANTS.keys() - {ERASES}:
        await grant(key_database.admin, service, key_database.role)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await store.destroy(uuid4(), uuid4(), "person")


async def test_a_key_that_is_being_made_is_destroyed_too(key_database, other, store):
    person = uuid4()
    service = await asyncpg.connect(key_database.service_url)
    making = service.transaction()
    await making.start()
    key_id = await service.fetchval(FOR_SEALING, person, uuid4(), os.urandom(60))
    erasing = asyncio.create_task(erase_person(other, uuid4(), person))
    await waits(key_database, erasing)
    await making.commit()
    assert [one["id"] for one in await erasing] == [key_id]
    assert await living(key_database, person) == set()
    await service.close()


async def test_who_asks_for_a_key_during_an_erasure_gets_none(key_database, other, store):
    person = uuid4()
    erasing = other.transaction()
    await erasing.start()
    await erase_person(other, uuid4(), person)
    asking = asyncio.create_task(store.for_sealing([(person, "aspirations")]))
    await waits(key_database, asking)
    await erasing.commit()
    assert await asking == {}
    assert await living(key_database, person) == set()


async def test_others_seal_and_unseal_while_an_erasure_is_under_way(key_database, other, store):
    somebody = uuid4()
    keys = await keys_of(store, somebody)
    async with other.transaction():
        await erase_person(other, uuid4(), uuid4())
        assert await keys_of(store, somebody) == keys
        assert None not in (await store.for_unsealing(keys.values())).values()


@pytest.mark.parametrize("erase", [destroy_words, erase_person])
async def test_a_crowd_that_asks_meanwhile_never_gets_a_destroyed_key(key_database, ring, erase):
    people = [uuid4() for _ in range(10)]
    destroyed: dict[UUID, set[str]] = {}
    over = asyncio.Event()

    async def ask(store):
        rounds = 0
        while rounds < 3:
            rounds += over.is_set()
            gone = dict(destroyed)
            found = await store.for_sealing([(person, "aspirations") for person in people])
            for (person, _), key in found.items():
                assert key.id not in gone.get(person, ())
                assert person not in gone or erase is destroy_words

    asking = [asyncio.create_task(ask(await key_database.store(ring))) for _ in range(4)]
    for person in people:
        destroyed[person] = {str(one["id"]) for one in await erase(key_database.admin, uuid4(), person)}
    over.set()
    await asyncio.gather(*asking)
    left = [await living(key_database, person) for person in people]
    assert [len(one) for one in left] == [1 if erase is destroy_words else 0] * 10
    assert all(one.isdisjoint(destroyed[person]) for person, one in zip(people, left, strict=True))
