"""What models of bodies and queries are made of. Strict: nothing is converted, unknown fields are refused."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
)
from pydantic_core import core_schema

from shared.refusals import Worded

CONTROLS = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
"""Characters that no text has a use for. Line ends and tabs are not among them."""

LARGEST = 2**63 - 1


def _said(words: str) -> str:
    if words.isspace():
        raise Worded("must say something")
    return words


Text = Annotated[
    str, StringConstraints(min_length=1, max_length=4000, pattern=rf"^[^{CONTROLS}]*$"), AfterValidator(_said)
]
"""Words of a person: several lines, no control characters, not only space."""

Line = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=rf"^[^\t\n\r{CONTROLS}]*$"), AfterValidator(_said)
]
"""Words of a person on one line, not only space."""

Whole = Annotated[int, Field(ge=-LARGEST - 1, le=LARGEST)]
"""A whole number that a bigint holds."""

_RFC3339 = r"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,6})?)?([Zz]|[+-]\d\d:\d\d)$"


class _Rfc3339:
    """Reads a datetime from text with an offset alone. pydantic's own takes "1493979010", too."""

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(
            _moment,
            core_schema.str_schema(pattern=_RFC3339),
            serialization=core_schema.plain_serializer_function_ser_schema(datetime.isoformat, when_used="json"),
        )

    def __get_pydantic_json_schema__(self, _schema: Any, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}


def _moment(written: str) -> datetime:
    try:
        moment = datetime.fromisoformat(written.upper())
        moment.astimezone(UTC)  # year 1 east of Greenwich lies before all times, and a database refuses it
    except (ValueError, OverflowError):
        raise Worded("must be a time that exists, such as 2027-01-31T09:30:00+01:00") from None
    return moment


Moment = Annotated[datetime, _Rfc3339()]
"""A time with its offset (RFC 3339)."""


FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
_DAY = r"^(19|20|21)\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"


class _CalendarDay:
    """Reads a date as it is written alone, within bounds. pydantic's own takes "0", too."""

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(
            _day,
            core_schema.str_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(date.isoformat, when_used="json"),
        )

    def __get_pydantic_json_schema__(self, _schema: Any, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "format": "date", "pattern": _DAY}


def _day(written: str) -> date:
    try:
        if re.fullmatch(_DAY, written, re.ASCII):
            return date.fromisoformat(written)
    except ValueError:
        pass
    raise Worded("must be a date such as 2027-01-31, from 1900 to 2199")


Day = Annotated[date, _CalendarDay()]
"""A calendar date, far from both ends of the calendar, since rules count days from it."""


class Body(BaseModel):
    """A request's body."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


class Query(BaseModel):
    """A request's query parameters: each at most once, none unknown. They arrive as text and are read by type."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


class Listing(Query):
    """The query of a list that is read page by page."""

    limit: Annotated[int, Field(ge=1, le=200, description="How many at most.")] = 50
    cursor: Annotated[
        str | None, Field(max_length=2000, description="Where the next page begins: `next` of the one before.")
    ] = None


class Nothing(Body):
    """An action that needs no words: send no body, or {}."""


def check_strict(model: type[BaseModel]) -> None:
    """Refuses a model that would take what this API does not. Raises TypeError."""
    if not issubclass(model, (Body, Query)):
        raise TypeError(f"{model.__name__}: derive it from Body or Query, which are strict")
    for schema in _parts(model.__pydantic_core_schema__):
        kind = schema.get("type")
        if kind in ("datetime", "time", "timedelta"):
            raise TypeError(f"{model.__name__}: declare times as Moment, which needs an offset")
        if kind == "date":
            raise TypeError(f"{model.__name__}: declare dates as Day, which has bounds")
        if kind == "model-fields" and schema.get("extra_behavior") not in (None, "forbid"):
            raise TypeError(f"{model.__name__}: every model in it must refuse unknown fields")
        if kind == "model" and not issubclass(schema["cls"], (Body, Query)):
            raise TypeError(f"{model.__name__}: {schema['cls'].__name__} must be a Body, too")


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        children: Iterable[Any] = schema.values()
    elif isinstance(schema, (list, tuple)):
        children = schema
    else:
        return
    for child in children:
        yield from _parts(child)
