"""The key store in PostgreSQL, as a service reaches it."""

from uuid import uuid4

import asyncpg
import pytest

from shared.sealing.keyring import KeyRing
from shared.sealing.keys import KeysUnavailable


async def test_a_key_is_made_once_and_found_by_its_id(key_database, ring):
    store, owner = await key_database.store(ring), (uuid4(), "aspirations")
    made = (await store.for_sealing([owner]))[owner]
    again = (await (await key_database.store(ring)).for_sealing([owner]))[owner]
    found = (await store.for_unsealing([made.id]))[made.id]
    assert again.id == made.id
    sealed = made.cipher.encrypt(bytes(12), b"words", None)
    assert found.cipher.decrypt(bytes(12), sealed, None) == b"words"


async def test_an_unknown_key_is_none(key_database, ring):
    unknown = str(uuid4())
    assert await (await key_database.store(ring)).for_unsealing([unknown]) == {unknown: None}


async def test_a_service_cannot_seal_for_a_class_that_is_not_its_own(key_database, ring):
    store = await key_database.store(ring)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await store.for_sealing([(uuid4(), "messages")])


async def test_a_service_reaches_no_table(key_database, ring):
    connection = await asyncpg.connect(key_database.service_url)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.fetch("select * from keys.data_keys")
    await connection.close()


async def test_a_key_of_a_master_key_that_is_not_held_is_unavailable_not_gone(key_database, ring_file, ring):
    store, owner = await key_database.store(ring), (uuid4(), "aspirations")
    key = (await store.for_sealing([owner]))[owner]
    first, second = ring_file.ids[0], ring_file.add()
    ring_file.use(second)
    ring_file.remove(first)
    for ask in (store.for_sealing([owner]), store.for_unsealing([key.id])):
        with pytest.raises(KeysUnavailable, match=first):
            await ask


async def test_a_changed_row_is_unavailable(key_database, ring):
    store, owner = await key_database.store(ring), (uuid4(), "aspirations")
    key = (await store.for_sealing([owner]))[owner]
    await key_database.admin.execute("update keys.data_keys set wrapped = 'short'")
    with pytest.raises(KeysUnavailable, match=key.id):
        await store.for_unsealing([key.id])


async def test_readiness_asks_the_key_database(key_database, ring_file):
    store = await key_database.store(KeyRing(ring_file.file))
    assert await store.check() is None
    await key_database.pools[-1].close()
    assert "does not answer" in (await store.check() or "")


async def test_many_keys_are_asked_for_at_once_and_none_is_wrapped_in_vain(key_database, ring_file):
    wrapped, unwrapped = [], []

    class Counting(KeyRing):
        async def wrap(self, keys):
            wrapped.append(len(keys))
            return await super().wrap(keys)

        async def unwrap(self, keys):
            unwrapped.append(len(keys))
            return await super().unwrap(keys)

    store = await key_database.store(Counting(ring_file.file))
    owners = [(uuid4(), "aspirations") for _ in range(50)]
    made = await store.for_sealing(owners[:30])
    await store.for_sealing(owners)
    await store.for_sealing(owners)
    await store.for_unsealing([key.id for key in made.values()])
    assert wrapped == [30, 20]
    assert unwrapped == [30, 30, 20, 50, 30]
