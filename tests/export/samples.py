"""Events of every contract, by introspection: with canaries wherever words can stand, of one's own and of others'."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID, uuid4, uuid5

import orjson
from pydantic import BaseModel

from shared.contracts.event import Event, Sealed
from shared.contracts.fields import people_named
from shared.contracts.reading import CATALOGUE

OWN, OTHERS = "own-canary", "others-canary"


@dataclass(frozen=True, slots=True)
class Sample:
    event: Event
    named_as: tuple[str, ...]
    words: Mapping[str, Any]
    """Sealed field about the person → its clear JSON value."""
    others: frozenset[str]


def samples(service: str, person: UUID) -> Iterator[Sample]:
    """Each event of a service that can name somebody: once by each field that can, and once by all of them."""
    for contract in CATALOGUE.values():
        fields = people_named(contract)
        if contract.service == service and fields:
            for named in dict.fromkeys([*((one,) for one in fields), tuple(fields)]):
                yield _sample(contract, person, named)


def _sample(contract: type[Event], person: UUID, named: Sequence[str]) -> Sample:
    values: dict[str, Any] = dict.fromkeys(named, person)
    if "fact" in contract.model_fields:
        values["fact"] = uuid5(person, "a fact of hers")
    for name, info in contract.model_fields.items():
        own = contract.sealed_about.get(name) in named
        values.setdefault(name, value(info.annotation, f"{OWN if own else OTHERS} {contract.type} {name}"))
    event = contract(**values)
    clear = orjson.loads(orjson.dumps(event.model_dump(mode="json", exclude_none=True)))
    about = {name: contract.sealed_about[name] in named for name in contract.sealed_about}
    return Sample(
        event=event,
        named_as=tuple(named),
        words={name: clear[name] for name, own in about.items() if own},
        others=frozenset(name for name, own in about.items() if not own),
    )


def value(annotation: Any, canary: str) -> Any:
    """A value of a field, the canary in each of its texts."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return value(arguments[0], canary)
    if origin in (Union, UnionType):
        return value(next(one for one in arguments if one not in (type(None), Sealed)), canary)
    if origin is Literal:
        return arguments[0]
    if origin is tuple:
        return (value(arguments[0], canary),)
    if origin is dict:
        return {"note": value(arguments[1], canary)}
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation(**{name: value(info.annotation, canary) for name, info in annotation.model_fields.items()})
    plain: Mapping[Any, Any] = {
        UUID: uuid4(),
        str: canary,
        int: 3,
        float: 0.8,
        bool: True,
        date: date(2024, 3, 1),
    }
    return plain.get(annotation, datetime(2024, 3, 1, 9, 30, tzinfo=UTC))
