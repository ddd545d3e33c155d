"""Keys in hand are bounded: a destroyed one is used no longer than the bound, and no more than the size are held."""

from uuid import uuid4

import pytest

from shared.sealing.keys import KeyCache, PersonErased
from shared.sealing.memory import MemoryKeyStore


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


class CountingStore(MemoryKeyStore):
    """`meanwhile` happens between the question and its answer."""

    def __init__(self):
        super().__init__()
        self.asked = []
        self.meanwhile = lambda: None

    async def for_sealing(self, owners):
        self.asked.append(set(owners))
        answer = await super().for_sealing(owners)
        self.meanwhile()
        return answer

    async def for_unsealing(self, ids):
        self.asked.append(set(ids))
        answer = await super().for_unsealing(ids)
        self.meanwhile()
        return answer


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store():
    return CountingStore()


@pytest.fixture
def cache(store, clock):
    return KeyCache(store, size=3, seconds=60, clock=clock)


def owner():
    return uuid4(), "aspirations"


async def sealing(cache, of):
    return (await cache.for_sealing([of]))[of].id


async def unsealing(cache, key_id):
    return (await cache.for_unsealing([key_id]))[key_id]


async def test_a_destroyed_key_seals_until_the_bound_and_never_after(cache, store, clock):
    of = owner()
    destroyed = await sealing(cache, of)
    store.destroy(*of)
    clock.now += 59.9
    assert await sealing(cache, of) == destroyed
    clock.now += 0.1
    assert cache.held(of) is None
    assert await sealing(cache, of) != destroyed


async def test_being_used_prolongs_nothing(cache, store, clock):
    of = owner()
    destroyed = await sealing(cache, of)
    store.destroy(*of)
    for _ in range(6):
        assert await sealing(cache, of) == destroyed
        clock.now += 10
    assert await sealing(cache, of) != destroyed


async def test_a_destroyed_key_unseals_until_the_bound_and_never_after(cache, store, clock):
    of = owner()
    key_id = await sealing(cache, of)
    assert await unsealing(cache, key_id) is not None
    store.destroy(*of)
    clock.now += 59.9
    assert await unsealing(cache, key_id) is not None
    clock.now += 0.1
    assert await unsealing(cache, key_id) is None


async def test_the_bound_begins_with_the_question_not_with_the_answer(cache, store, clock):
    of = owner()

    def destroyed_while_the_answer_is_on_its_way():
        store.destroy(*of)
        clock.now += 30

    store.meanwhile = destroyed_while_the_answer_is_on_its_way
    destroyed = await sealing(cache, of)
    store.meanwhile = lambda: None
    clock.now += 30
    assert cache.held(of) is None
    assert await sealing(cache, of) != destroyed


async def test_an_erased_person_is_erased_after_the_bound(cache, store, clock):
    of = owner()
    await sealing(cache, of)
    store.erase(of[0])
    clock.now += 60
    with pytest.raises(PersonErased):
        await sealing(cache, of)


async def test_a_key_that_was_not_there_is_hidden_no_longer_than_the_bound(cache, store, clock):
    of = owner()
    key_id = await sealing(cache, of)
    keys, store._keys = store._keys, {}
    assert await unsealing(cache, key_id) is None
    store._keys = keys
    clock.now += 59.9
    assert await unsealing(cache, key_id) is None
    clock.now += 0.1
    assert await unsealing(cache, key_id) is not None


async def test_no_more_keys_than_the_size_are_in_hand_and_the_oldest_go_first(cache, store):
    owners = [owner() for _ in range(4)]
    ids = [await sealing(cache, of) for of in owners]
    assert [cache.held(of) is not None for of in owners] == [False, True, True, True]
    for key_id in ids:
        await unsealing(cache, key_id)
    store.asked.clear()
    await cache.for_unsealing(ids[1:])
    assert store.asked == []
    await cache.for_unsealing(ids)
    assert store.asked == [{ids[0]}]


async def test_a_key_that_was_read_anew_is_as_young_as_its_last_reading(cache, clock):
    first, *others = [owner() for _ in range(4)]
    await sealing(cache, first)
    clock.now += 60
    await sealing(cache, others[0])
    await sealing(cache, first)
    await sealing(cache, others[1])
    await sealing(cache, others[2])
    assert cache.held(first) is not None
    assert cache.held(others[0]) is None


async def test_what_is_past_the_bound_is_let_go_of(cache, clock):
    for _ in range(3):
        await unsealing(cache, await sealing(cache, owner()))
    clock.now += 60
    await unsealing(cache, await sealing(cache, owner()))
    assert (len(cache._sealing), len(cache._unsealing)) == (1, 1)
