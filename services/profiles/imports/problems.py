"""What is wrong in a file: where, and what. Never what stands there, since it may be anybody's."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A record of a file: the number of the file in the import, and the line on which the record begins."""

    file: int
    line: int


@dataclass(frozen=True, slots=True)
class Problem:
    """`column` counts from 1, None where the whole line is meant; `field` is our name for the column."""

    at: Place
    code: str
    detail: str
    column: int | None = None
    field: str | None = None


class Wrong(ValueError):
    """A cell that cannot be taken: a code that programs may rely on, and words."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
