"""Sealing: what goes in comes out for who holds the key, and for nobody else."""

import asyncio
from datetime import date
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.event import Sealed
from shared.contracts.profiles import Aspiration, AspirationRecorded
from shared.sealing.keys import KeyCache, PersonErased
from shared.sealing.memory import MemoryKeyStore
from shared.sealing.sealer import UNAVAILABLE, Sealer


def recorded(person, text="CANARY words"):
    content = Aspiration(grain="theme", certainty="exploring", text=text)
    return AspirationRecorded(aspiration=uuid4(), person=person, effective_on=date(2026, 3, 1), content=content)


async def sealed_content(sealer, event):
    [body] = await sealer.write([event])
    return AspirationRecorded.read(body).content


@given(st.text(max_size=200))
async def test_what_is_sealed_is_unsealed_unchanged(text):
    sealer = Sealer(KeyCache(MemoryKeyStore()))
    content = await sealed_content(sealer, recorded(uuid4(), text))
    assert (await sealer.unseal([content]))[content]["text"] == text


async def test_no_word_stands_in_the_body():
    sealer = Sealer(KeyCache(MemoryKeyStore()))
    [body] = await sealer.write([recorded(uuid4())])
    assert b"CANARY" not in body


async def test_a_value_moved_to_another_context_does_not_unseal():
    sealer = Sealer(KeyCache(MemoryKeyStore()))
    content = await sealed_content(sealer, recorded(uuid4()))
    moved = Sealed(content.ciphertext, content.key, "profiles.other.v1#content")
    assert (await sealer.unseal([moved]))[moved] is UNAVAILABLE


async def test_a_value_under_another_key_does_not_unseal():
    sealer = Sealer(KeyCache(MemoryKeyStore()))
    one = await sealed_content(sealer, recorded(uuid4()))
    other = await sealed_content(sealer, recorded(uuid4()))
    swapped = Sealed(one.ciphertext, other.key, one.context)
    assert (await sealer.unseal([swapped]))[swapped] is UNAVAILABLE


@pytest.mark.parametrize("ciphertext", ["", "not base64 at all!", "AAAA"])
async def test_a_broken_value_reads_as_unavailable(ciphertext):
    sealer = Sealer(KeyCache(MemoryKeyStore()))
    content = await sealed_content(sealer, recorded(uuid4()))
    broken = Sealed(ciphertext, content.key, content.context)
    assert (await sealer.unseal([broken]))[broken] is UNAVAILABLE


async def test_a_destroyed_key_is_gone_once_the_cache_lets_go_and_the_next_value_takes_a_new_one():
    store, person = MemoryKeyStore(), uuid4()
    sealer = Sealer(KeyCache(store))
    before = await sealed_content(sealer, recorded(person))
    store.destroy(person, "aspirations")
    fresh = Sealer(KeyCache(store))
    assert (await fresh.unseal([before]))[before] is UNAVAILABLE
    after = await sealed_content(fresh, recorded(person))
    assert after.key != before.key
    assert (await fresh.unseal([after]))[after]["text"] == "CANARY words"


async def test_nothing_is_written_about_an_erased_person():
    store, person = MemoryKeyStore(), uuid4()
    store.erase(person)
    with pytest.raises(PersonErased):
        await Sealer(KeyCache(store)).write([recorded(person)])


async def test_an_event_that_repeats_a_sealed_value_keeps_it_as_it_is():
    sealer, person = Sealer(KeyCache(MemoryKeyStore())), uuid4()
    content = await sealed_content(sealer, recorded(person))
    again = AspirationRecorded(aspiration=uuid4(), person=person, effective_on=date(2026, 3, 1), content=content)
    assert await sealed_content(sealer, again) == content


async def test_clear_unseals_wherever_a_value_stands():
    store, person = MemoryKeyStore(), uuid4()
    sealer = Sealer(KeyCache(store))
    content = await sealed_content(sealer, recorded(person))
    stored = {"ciphertext": content.ciphertext, "key": content.key, "context": content.context}
    clear = await sealer.clear({"entries": [{"words": stored, "day": 3}], "other": content})
    assert clear["entries"][0]["words"]["text"] == clear["other"]["text"] == "CANARY words"
    assert clear["entries"][0]["day"] == 3


async def test_a_crowd_without_keys_in_hand_asks_the_store_twice_at_most():
    class Counting(MemoryKeyStore):
        asked = 0

        async def for_sealing(self, owners):
            Counting.asked += 1
            await asyncio.sleep(0)
            return await super().for_sealing(owners)

    sealer = Sealer(KeyCache(Counting()))
    bodies = await asyncio.gather(*(sealer.write([recorded(uuid4())]) for _ in range(500)))
    assert len(bodies) == 500
    assert Counting.asked <= 2


async def test_an_erased_person_among_others_disturbs_nobody_else():
    store, erased = MemoryKeyStore(), uuid4()
    store.erase(erased)
    sealer = Sealer(KeyCache(store))
    people = [erased, *(uuid4() for _ in range(20))]
    written = await asyncio.gather(*(sealer.write([recorded(one)]) for one in people), return_exceptions=True)
    assert isinstance(written[0], PersonErased)
    assert all(isinstance(one, list) for one in written[1:])
