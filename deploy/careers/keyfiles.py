"""Files of master keys, as an operator changes them: one for each who reads it, all with the same keys.

A file is changed whole or not at all, and is on the disk before anything is wrapped by what it holds.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from shared.sealing.keyring import lines, new_line


class KeyFilesRefused(Exception):
    """What was asked for would lose a key; nothing is changed. The message gives the reason."""


class KeyFiles:
    """Raises OSError, and ValueError for a file that is none, whatever is asked."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """A folder stands for the `master-key` of each of its folders, as `careers secrets` makes them."""
        self._files = [file for path in paths for file in (_below(path) if path.is_dir() else [path])]
        if not self._files:
            raise KeyFilesRefused("There is no file of master keys.")

    def add(self) -> str:
        """A new master key that only unwraps yet: the last line of each file. Its id.

        Where a file lacks what another has, since this was interrupted, it gets that, and no new one is made.
        """
        found = [lines(file) for file in self._files]
        known = {master: line for held in found for master, line in held.items()}
        if all(held.keys() == known.keys() for held in found):
            master, line = new_line()
            known[master] = line
        for file, held in zip(self._files, found, strict=True):
            _write(file, {**held, **known})
        return list(known)[-1]

    def use(self, master: str) -> None:
        """It wraps from now on: the first line of each file. Raises KeyFilesRefused unless each has it."""
        found = {file: lines(file) for file in self._files}
        for file, held in found.items():
            if master not in held:
                raise KeyFilesRefused(f"{file} has no master key {master}: `careers keys add` first.")
        for file, held in found.items():
            _write(file, {master: held[master], **held})

    def remove(self, master: str) -> None:
        """It is gone from each file. Raises KeyFilesRefused for one that wraps."""
        found = {file: lines(file) for file in self._files}
        for file, held in found.items():
            if next(iter(held)) == master:
                raise KeyFilesRefused(f"{master} wraps new keys in {file}: `careers keys use` another one first.")
        for file, held in found.items():
            _write(file, {one: line for one, line in held.items() if one != master})


def _below(folder: Path) -> Sequence[Path]:
    return sorted(folder.glob("*/master-key"))


def _write(file: Path, held: dict[str, str]) -> None:
    """Owner and rights stay: who reads it may be another than who writes it."""
    before, half = file.stat(), file.with_name(f".{file.name}")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.writelines(f"{line}\n" for line in held.values())
        out.flush()
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
