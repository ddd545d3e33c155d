"""What every Kms promises: the key ring in a file, the folder, and one that takes over from another."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.careers.keyfiles import Keeper, KeyFiles, KeyFilesRefused, KeyFolder
from shared.sealing.folder import FolderKms
from shared.sealing.keyring import KeyRing, new_line
from shared.sealing.keys import KeysUnavailable
from shared.sealing.kms import Kms, Succession, Wrapped
from shared.service import KmsSettings


@dataclass
class Kind:
    """A Kms that runs, another process's, and the operator's hold on it."""

    kms: Kms
    another: Callable[[], Kms]
    keeper: Keeper


def ring(folder: Path) -> Kind:
    file = folder / "master-key"
    file.write_text(new_line()[1])
    return Kind(KeyRing(file), lambda: KeyRing(file), KeyFiles([file]))


def in_folder(folder: Path) -> Kind:
    url = f"file://{folder}/kms/"
    keeper = KeyFolder(url)
    keeper.add()
    return Kind(FolderKms(url), lambda: FolderKms(url), keeper)


def succession(folder: Path) -> Kind:
    first, former = in_folder(folder), ring(folder)
    return Kind(Succession(first.kms, former.kms), lambda: Succession(first.another(), former.another()), first.keeper)


@pytest.fixture(params=[ring, in_folder, succession])
def kind(request, tmp_path):
    return request.param(tmp_path)


def keys(number=3):
    return {uuid4(): bytes([n + 1]) * 32 for n in range(number)}


async def test_what_is_wrapped_unwraps_in_every_process(kind):
    given = keys(100)
    wrapped = await kind.kms.wrap(given)
    assert [key.id for key in wrapped] == list(given)
    assert await kind.kms.unwrap(wrapped) == given
    assert await kind.another().unwrap(wrapped) == given


async def test_all_are_wrapped_by_the_first_master_key(kind):
    wrapped = await kind.kms.wrap(keys())
    assert {key.master for key in wrapped} == {(await kind.kms.masters())[0]}


async def test_nothing_of_a_key_shows_and_no_two_wrappings_are_the_same(kind):
    given = keys(1)
    [one], [other] = await kind.kms.wrap(given), await kind.kms.wrap(given)
    assert one.blob != other.blob
    assert bytes([1]) * 8 not in one.blob


async def test_a_key_unwraps_under_its_own_id_alone(kind):
    one, other = await kind.kms.wrap(keys(2))
    swapped = [replace(one, blob=other.blob), replace(other, blob=one.blob)]
    assert await kind.kms.unwrap(swapped) == {}


async def test_a_changed_key_does_not_unwrap_and_disturbs_no_other(kind):
    given = keys(2)
    one, other = await kind.kms.wrap(given)
    for place in range(len(one.blob)):
        changed = bytearray(one.blob)
        changed[place] ^= 1
        assert await kind.kms.unwrap([replace(one, blob=bytes(changed)), other]) == {other.id: given[other.id]}
    for length in range(len(one.blob)):
        assert await kind.kms.unwrap([replace(one, blob=one.blob[:length]), other]) == {other.id: given[other.id]}


async def test_an_unknown_master_key_disturbs_no_other(kind):
    given = keys(1)
    [key] = await kind.kms.wrap(given)
    assert await kind.kms.unwrap([Wrapped(uuid4(), "unknown", key.blob), key]) == given
    assert await kind.kms.unwrap([replace(key, master="unknown")]) == {}


async def test_nothing_is_nothing(kind):
    assert await kind.kms.unwrap([]) == {}
    assert list(await kind.kms.wrap({})) == []


async def test_a_master_key_is_known_before_it_wraps_and_after(kind):
    given = keys()
    former, *others = await kind.kms.masters()
    before = await kind.kms.wrap(given)
    newest = kind.keeper.add()
    assert set(await kind.kms.masters()) == {former, newest, *others}
    assert {key.master for key in await kind.kms.wrap(given)} == {former}
    kind.keeper.use(newest)
    after = await kind.kms.wrap(given)
    assert {key.master for key in after} == {newest}
    assert await kind.kms.unwrap([*before[:1], *after[1:]]) == given
    with pytest.raises(KeyFilesRefused):
        kind.keeper.remove(newest)
    kind.keeper.remove(former)
    assert set(await kind.kms.masters()) == {newest, *others}
    assert await kind.kms.unwrap(before) == {}
    assert await kind.kms.unwrap(after) == given


async def test_a_master_key_that_is_not_there_is_neither_used_nor_removed(kind):
    with pytest.raises(KeyFilesRefused, match="unknown"):
        kind.keeper.use("unknown")


async def test_what_the_former_wrapped_is_unwrapped_by_who_takes_over(tmp_path):
    first, former, given = in_folder(tmp_path), ring(tmp_path), keys(2)
    before = await former.kms.wrap(given)
    both = Succession(first.kms, former.kms)
    after = await both.wrap(given)
    assert await both.unwrap([before[0], after[1]]) == given
    assert await first.kms.unwrap(before) == {}


@pytest.mark.parametrize("broken", ["manifest.json", "1.key"])
async def test_a_folder_that_cannot_be_read_is_keys_unavailable(tmp_path, broken):
    kind = in_folder(tmp_path)
    wrapped = await kind.kms.wrap(keys())
    (tmp_path / "kms" / broken).unlink()
    for ask in (kind.kms.wrap(keys()), kind.kms.unwrap(wrapped)):
        with pytest.raises(KeysUnavailable, match="KMS"):
            await ask
    with pytest.raises(OSError, match=broken):
        kind.another()


@pytest.mark.parametrize(
    "manifest", [b"", b"{}", b'{"name": "a", "primary": 2, "versions": [1]}', b'{"name": "a", "other": 1}']
)
async def test_a_manifest_that_says_nothing_useful_is_refused(tmp_path, manifest):
    kind = in_folder(tmp_path)
    (tmp_path / "kms" / "manifest.json").write_bytes(manifest)
    with pytest.raises(ValueError, match=r"manifest|JSON|Input"):
        kind.another()
    with pytest.raises(KeysUnavailable):
        await kind.kms.masters()


def test_settings_choose(tmp_path, monkeypatch):
    monkeypatch.delenv("KMS_URL", raising=False)
    monkeypatch.delenv("MASTER_KEY_FILE", raising=False)
    ring(tmp_path), in_folder(tmp_path)
    file, url = tmp_path / "master-key", f"file://{tmp_path}/kms/"
    assert isinstance(KmsSettings(master_key_file=file).kms, KeyRing)
    assert isinstance(KmsSettings(kms_url=url).kms, FolderKms)
    assert isinstance(KmsSettings(kms_url=url, master_key_file=file).kms, Succession)
    with pytest.raises(ValueError, match="MASTER_KEY_FILE or KMS_URL"):
        KmsSettings()
    for strange in ("https://kms.example/", "file://elsewhere/kms", "kms", ""):
        with pytest.raises(ValueError, match="KMS_URL must be"):
            KmsSettings(kms_url=strange)
