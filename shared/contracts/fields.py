"""The open fields that many events share, each with the reason for it to be open."""

from datetime import date
from typing import Annotated, Any, get_args
from uuid import UUID

from pydantic import AwareDatetime

from shared.contracts.event import Event, Open

_PERSON = Open("a random id: the only name of a person on the stream, needed for keys, order and access")

Person = Annotated[UUID, _PERSON]
Item = Annotated[UUID, Open("a random id: links the facts of one thing")]
Unit = Annotated[UUID, Open("units decide access and official moves")]
Fact = Annotated[UUID, Open("names HR's fact, so that a correction or withdrawal can say which one it replaces")]
Day = Annotated[date, Open("calendar dates order the timeline and switch relations")]
Moment = Annotated[AwareDatetime, Open("times order what was agreed")]
Official = Annotated[str, Open("official data of a place or unit, which order, access and HR's moves need")]


def people_named(contract: type[Event]) -> list[str]:
    """The fields of a contract that hold a person's id."""
    return [
        name
        for name, info in contract.model_fields.items()
        if _PERSON in info.metadata or _holds_a_person(info.annotation)
    ]


def _holds_a_person(annotation: Any) -> bool:
    return annotation == _PERSON or any(_holds_a_person(one) for one in get_args(annotation))
