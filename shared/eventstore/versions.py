"""Which versions of streams this process has seen recorded: what was there once is there for ever."""

from uuid import UUID

MOST = 20_000


class Versions:
    """The newest version seen of each stream, so that the database need not be asked whether there is a version.

    Only ever a shortcut: whether a version is the newest is for the unique index to say.
    """

    def __init__(self) -> None:
        self._seen: dict[UUID, int] = {}

    def seen(self, stream: UUID, version: int) -> None:
        """A version was read, or recorded."""
        if len(self._seen) >= MOST:
            self._seen.clear()
        self._seen[stream] = version

    def unseen(self, stream: UUID, version: int) -> int:
        """The version, where it has yet to be looked up; else 0."""
        return version if version > self._seen.get(stream, 0) else 0

    def forget(self) -> None:
        """Nothing has been seen, as far as is known now."""
        self._seen.clear()
