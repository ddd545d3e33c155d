"""Another master key takes over while services go on; tombstones stay tombstones."""

import asyncio
from uuid import uuid4

import pytest

from shared.sealing.keyring import KeyRing
from shared.sealing.rotation import Step, needed, rotate

SEALED_WITH = bytes(12)


async def made(store, number):
    """So many keys, and a value sealed with each."""
    keys = await store.for_sealing([(uuid4(), "aspirations") for _ in range(number)])
    return {key.id: key.cipher.encrypt(SEALED_WITH, b"words", None) for key in keys.values()}


async def opened(store, sealed):
    keys = await store.for_unsealing(sealed)
    return {
        key_id: keys[key_id] and keys[key_id].cipher.decrypt(SEALED_WITH, sealed[key_id], None) for key_id in sealed
    }


@pytest.fixture
async def rotated(key_database, ring_file, ring):
    """25 keys of a former master key, one of which is destroyed; the present one wraps nothing yet."""
    store = await key_database.store(ring)
    sealed = await made(store, 25)
    [destroyed, *_] = sealed
    await key_database.admin.execute(
        "update keys.data_keys set wrapped = null, destroyed_at = now() where id = $1", destroyed
    )
    ring_file.use(ring_file.add())
    return store, sealed, destroyed


async def test_every_living_key_is_wrapped_anew_and_opens_what_it_sealed(key_database, ring_file, ring, rotated):
    store, sealed, destroyed = rotated
    newest, former = ring_file.ids
    assert await needed(key_database.admin) == {former: 24}
    steps = [step async for step in rotate(key_database.admin, ring, batch=10)]
    assert steps == [Step(10, 0), Step(10, 0), Step(4, 0)]
    assert await needed(key_database.admin) == {newest: 24}
    ring_file.remove(former)
    words = await opened(store, sealed)
    assert words.pop(destroyed) is None
    assert set(words.values()) == {b"words"}


async def test_a_second_rotation_has_nothing_to_do(key_database, ring, rotated):
    assert len([step async for step in rotate(key_database.admin, ring)]) == 1
    assert [step async for step in rotate(key_database.admin, ring)] == []


async def test_one_that_was_killed_is_gone_on_with(key_database, ring_file, ring, rotated):
    async for step in rotate(key_database.admin, ring, batch=10):
        assert step == Step(10, 0)
        break
    assert [step async for step in rotate(key_database.admin, ring, batch=10)] == [Step(10, 0), Step(4, 0)]
    assert await needed(key_database.admin) == {ring_file.ids[0]: 24}


async def test_a_key_that_is_destroyed_meanwhile_stays_destroyed(key_database, ring_file, rotated):
    class Slow(KeyRing):
        async def wrap(self, keys):
            await key_database.admin.execute(
                "update keys.data_keys set wrapped = null, destroyed_at = now() where wrapped is not null"
            )
            return await super().wrap(keys)

    assert [step async for step in rotate(key_database.admin, Slow(ring_file.file))] == [Step(0, 0)]
    assert await needed(key_database.admin) == {}


async def test_services_seal_and_unseal_while_it_goes_on(key_database, ring_file, ring, rotated):
    store, sealed, _ = rotated
    over = asyncio.Event()

    async def serve():
        mine = {}
        while not over.is_set():
            mine.update(await made(store, 3))
            await opened(store, sealed)
        return mine

    serving = asyncio.create_task(serve())
    steps = [step async for step in rotate(key_database.admin, ring, batch=1)]
    over.set()
    mine = await serving
    assert sum(step.done for step in steps) == 24
    assert await needed(key_database.admin) == {ring_file.ids[0]: 24 + len(mine)}
    assert set((await opened(store, mine)).values()) == {b"words"}


async def test_what_does_not_unwrap_is_counted_and_holds_nobody_up(key_database, ring_file, ring, rotated):
    newest, former = ring_file.ids
    await key_database.admin.execute(
        """update keys.data_keys set wrapped = 'changed'
           where id = (select min(id::text)::uuid from keys.data_keys where wrapped is not null)"""
    )
    assert [step async for step in rotate(key_database.admin, ring)] == [Step(23, 1)]
    assert await needed(key_database.admin) == {newest: 23, former: 1}
