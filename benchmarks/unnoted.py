"""`python -m benchmarks.unnoted api`: profiles, which notes nobody's reads. For P17 alone, never for people."""

import sys
from collections.abc import Sequence

from services.profiles.app import SERVICE
from shared.audit import Book, Shown
from shared.auth.callers import Caller
from shared.service import main, parts


class Blank(Book):
    """Keeps nothing."""

    def note(self, caller: Caller, shown: Sequence[Shown]) -> None:
        pass


if __name__ == "__main__":
    setattr(parts, Book.__name__, Blank)
    sys.exit(main(SERVICE))
