"""Master keys in a file: the first wraps, all unwrap, and a changed file is read again."""

import base64
from uuid import uuid4

import pytest

from shared.sealing.keyring import KeyRing


async def wrapped_by(ring):
    [key] = await ring.wrap({uuid4(): bytes(32)})
    return key


async def test_a_file_of_one_line_is_a_ring(tmp_path):
    (tmp_path / "key").write_bytes(base64.b64encode(bytes(32)))
    ring = KeyRing(tmp_path / "key")
    key = await wrapped_by(ring)
    assert await ring.masters() == [key.master]
    assert await ring.unwrap([key]) == {key.id: bytes(32)}


async def test_the_first_line_wraps_and_the_others_unwrap(ring_file):
    former = KeyRing(ring_file.file)
    key = await wrapped_by(former)
    second = ring_file.add()
    assert (await wrapped_by(KeyRing(ring_file.file))).master == key.master
    ring_file.use(second)
    ring = KeyRing(ring_file.file)
    assert (await wrapped_by(ring)).master == second
    assert await ring.unwrap([key]) == {key.id: bytes(32)}


async def test_a_process_that_runs_hears_of_a_changed_file(ring_file, ring):
    key = await wrapped_by(ring)
    second = ring_file.add()
    assert await ring.masters() == [key.master, second]
    ring_file.use(second)
    assert (await wrapped_by(ring)).master == second
    ring_file.remove(key.master)
    assert await ring.unwrap([key]) == {}


@pytest.mark.parametrize("spoiled", ["", "no base64 at all", "AAAA", None])
async def test_while_the_file_cannot_be_read_the_keys_in_hand_stay(ring_file, ring, spoiled):
    key = await wrapped_by(ring)
    whole = ring_file.file.read_text()
    ring_file.file.unlink() if spoiled is None else ring_file.file.write_text(spoiled)
    assert await ring.unwrap([key]) == {key.id: bytes(32)}
    ring_file.file.write_text(whole)
    second = ring_file.add()
    assert await ring.masters() == [key.master, second]


@pytest.mark.parametrize("spoiled", ["", "no base64 at all", "AAAA"])
def test_a_process_does_not_start_without_a_master_key(tmp_path, spoiled):
    (tmp_path / "key").write_text(spoiled)
    with pytest.raises(ValueError, match=r"master key|base64|padding|Incorrect"):
        KeyRing(tmp_path / "key")
    with pytest.raises(OSError, match="missing"):
        KeyRing(tmp_path / "missing")
