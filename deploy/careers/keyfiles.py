"""Master keys, as an operator changes them: in files, one for each who reads it, or in the folder of a KMS.

A file is changed whole or not at all, and is on the disk before anything is wrapped by what it holds.
"""

import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from shared.sealing.folder import Manifest, folder_of
from shared.sealing.keyring import lines, new_line


class Keeper(Protocol):
    """Where master keys are kept. Each raises KeyFilesRefused, OSError, and ValueError for what holds none."""

    def add(self) -> str:
        """A new master key that only unwraps yet. Its id."""

    def use(self, master: str) -> None:
        """It wraps from now on."""

    def remove(self, master: str) -> None:
        """It is gone."""


class KeyFilesRefused(Exception):
    """What was asked for would lose a key; nothing is changed. The message gives the reason."""


class KeyFiles:
    """A Keeper: files with the same keys, one a line, the first of which wraps."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """A folder stands for the `master-key` of each of its folders, as `careers secrets` makes them."""
        self._files = [file for path in paths for file in (_below(path) if path.is_dir() else [path])]
        if not self._files:
            raise KeyFilesRefused("There is no file of master keys.")

    def add(self) -> str:
        """The new one is the last line of each file.

        Where a file lacks what another has, since this was interrupted, it gets that, and no new one is made.
        """
        found = [lines(file) for file in self._files]
        known = {master: line for held in found for master, line in held.items()}
        if all(held.keys() == known.keys() for held in found):
            master, line = new_line()
            known[master] = line
        for file, held in zip(self._files, found, strict=True):
            _write(file, _lines({**held, **known}))
        return list(known)[-1]

    def use(self, master: str) -> None:
        """It becomes the first line of each file; refused unless each has it."""
        found = {file: lines(file) for file in self._files}
        for file, held in found.items():
            if master not in held:
                raise KeyFilesRefused(f"{file} has no master key {master}: `careers keys add` first.")
        for file, held in found.items():
            _write(file, _lines({master: held[master], **held}))

    def remove(self, master: str) -> None:
        """Refused for one that wraps."""
        found = {file: lines(file) for file in self._files}
        for file, held in found.items():
            if next(iter(held)) == master:
                raise KeyFilesRefused(f"{master} wraps new keys in {file}: `careers keys use` another one first.")
        for file, held in found.items():
            _write(file, _lines({one: line for one, line in held.items() if one != master}))


class KeyFolder:
    """A Keeper: the folder of shared/sealing/folder.py. The first version is made with it, and wraps at once."""

    def __init__(self, url: str) -> None:
        self._folder = folder_of(url)
        self._manifest = self._folder / "manifest.json"

    def add(self) -> str:
        if self._manifest.exists():
            before = Manifest.read(self._folder)
            version = max(before.versions) + 1
            after = replace(before, versions=[*before.versions, version])
        else:
            self._folder.mkdir(parents=True, exist_ok=True)
            version = 1
            after = Manifest(secrets.token_hex(8), version, [version])
        _write(self._folder / f"{version}.key", secrets.token_bytes(32), like=self._manifest)
        _write(self._manifest, after.written())
        return after.master(version)

    def use(self, master: str) -> None:
        before = Manifest.read(self._folder)
        _write(self._manifest, replace(before, primary=self._version(before, master)).written())

    def remove(self, master: str) -> None:
        """Refused for one that wraps."""
        before = Manifest.read(self._folder)
        version = self._version(before, master)
        if version == before.primary:
            raise KeyFilesRefused(f"{master} wraps new keys: `careers keys use` another one first.")
        _write(self._manifest, replace(before, versions=[one for one in before.versions if one != version]).written())
        (self._folder / f"{version}.key").unlink()

    def _version(self, manifest: Manifest, master: str) -> int:
        found = {manifest.master(version): version for version in manifest.versions}
        if master not in found:
            raise KeyFilesRefused(f"{self._folder} has no master key {master}: `careers keys add` first.")
        return found[master]


def _below(folder: Path) -> Sequence[Path]:
    return sorted(folder.glob("*/master-key"))


def _lines(held: Mapping[str, str]) -> bytes:
    return "".join(f"{line}\n" for line in held.values()).encode()


def _write(file: Path, content: bytes, *, like: Path | None = None) -> None:
    """Owner and rights stay, or are those of another file: who reads it may be another than who writes it."""
    before = next((one.stat() for one in (file, like) if one is not None and one.exists()), None)
    half = file.with_name(f".{file.name}")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        if before is not None:
            if (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(out.fileno(), before.st_uid, before.st_gid)
            os.fchmod(out.fileno(), before.st_mode & 0o777)
        os.fsync(out.fileno())
    half.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
