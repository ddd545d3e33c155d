"""A customer's own words for columns and values, and what holds where a file says nothing. JSON or TOML."""

import tomllib
from collections.abc import Mapping
from typing import Annotated, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.profiles.imports.columns import LONGEST
from services.profiles.imports.problems import Wrong

LARGEST_MAPPING = 64 * 1024

MOST_DOTS = 200
"""In a line of TOML: reading a dotted key takes time by the square of its parts."""

_Word = Annotated[str, Field(max_length=LONGEST)]
_Values = Annotated[Mapping[_Word, _Word], Field(max_length=500)]


class ColumnMapping(BaseModel):
    """How one customer's files say what ours would."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    columns: Annotated[Mapping[_Word, _Word], Field(max_length=200)] = {}
    """The header in the file → our column; "" where the column is not to be read."""
    defaults: Annotated[Mapping[_Word, _Word], Field(max_length=50)] = {}
    """Our column → what an empty cell, or no such column, stands for; written as a cell would be."""
    values: Annotated[Mapping[_Word, _Values], Field(max_length=50)] = {}
    """Our column → a value in the file → ours."""
    dates: Literal["YYYY-MM-DD", "DD.MM.YYYY", "DD/MM/YYYY", "MM/DD/YYYY"] = "YYYY-MM-DD"

    def column(self, header: str) -> str | None:
        """Our name for a header; None for a column that is not to be read. Case and outer space do not matter."""
        wanted = _folded(header)
        for given, ours in self.columns.items():
            if _folded(given) == wanted:
                return ours or None
        return wanted

    @classmethod
    def read(cls, given: bytes) -> "ColumnMapping":
        """Raises Wrong. What begins with a brace is JSON."""
        is_json = given.lstrip().startswith(b"{")
        if not is_json and any(line.count(b".") > MOST_DOTS for line in given.split(b"\n")):
            raise Wrong("bad-mapping", f"has more than {MOST_DOTS} dots in a line")
        try:
            if is_json:
                orjson.loads(given)  # refuses what is JSON for pydantic alone
                return cls.model_validate_json(given)
            return cls.model_validate(tomllib.loads(given.decode()))
        except ValidationError as error:
            places = ", ".join(".".join(map(str, one["loc"][:2])) for one in error.errors(include_input=False)[:3])
            raise Wrong("bad-mapping", f"does not fit what a mapping has: {places}") from None
        except (ValueError, RecursionError):  # TOML, JSON and UTF-8 errors are ValueErrors
            raise Wrong("bad-mapping", "is neither JSON nor TOML") from None


def _folded(header: str) -> str:
    return header.strip().casefold()


AS_IT_IS = ColumnMapping()
"""For files that use our own words."""
