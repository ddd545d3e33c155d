"""A model that forgets: at an erasure's mark it deletes or empties rows; of who is erased it applies nothing more."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, runtime_checkable
from uuid import UUID

import asyncpg
import orjson

from shared.contracts.erasure import ErasureMarked, Scope
from shared.contracts.profiles import ErasureOrdered
from shared.contracts.reading import CATALOGUE, read_event
from shared.kafka.model import AtOnce, Model, Statement
from shared.kafka.records import Heard

Prepared = TypeVar("Prepared")

MARKS = frozenset(name for name, event in CATALOGUE.items() if issubclass(event, ErasureMarked))
"""Wire types of the marks of all services."""

_HEARD = MARKS | {ErasureOrdered.type}
_Heard = ErasureMarked | ErasureOrdered

EMPTIED = "words of "
"""So begin the names of places whose rows stay, without the words in them."""

_ERASED = "select person from public.erased"
_ERASE = "insert into public.erased (person, erasure) values ($1, $2) on conflict do nothing"
_ORDER = "insert into public.erasures_ordered (erasure, person, scope) values ($1, $2, $3) on conflict do nothing"
_MARKED = """
    insert into public.erasure_marks (erasure, model, service, number, marks, found) values ($1, $2, $3, $4, $5, $6)
    on conflict do nothing"""


class Mark(NamedTuple):
    """An erasure's mark on one topic: what `person` said before it, to or of whom it is `about`, is erased."""

    service: str
    scope: Scope
    person: UUID
    about: UUID


@runtime_checkable
class Forgets(Protocol):
    """A model with rows that an erasure takes."""

    def forget(self, mark: Mark) -> Mapping[str, Statement]:
        """Place → the statement that deletes its rows, or empties them (EMPTIED); its tag says how many there were."""


@runtime_checkable
class Keeps(Protocol):
    """A model that goes on with some events about people who are erased: official ones, under a random id."""

    @property
    def kept(self) -> Collection[str]:
        """Their wire types."""


@dataclass(frozen=True, slots=True)
class _Parts(Generic[Prepared]):
    """A batch, cut at its marks; and for how many erased people it was made."""

    batch: Sequence[Heard]
    known: int
    parts: Sequence[Prepared | _Heard]


class Forgetting(Generic[Prepared]):
    """Any model, as the consumer sees it: marks and orders are dealt with here, all else is the model's own.

    An order waits in a table for the worker's task (cleaning.py); every service has a model that hears of it.
    """

    def __init__(self, model: Model[Prepared], *, tells: bool = True) -> None:
        """`tells`: whether it is recorded which marks it applied; of a model that is built aside it is not."""
        self.name = model.name
        self.services = model.services
        self.types = frozenset(model.types) | {name for name in _HEARD if name.partition(".")[0] in model.services}
        self._model = model
        self._tells = tells
        self._kept = frozenset(model.kept) if isinstance(model, Keeps) else frozenset[str]()
        self._erased: set[UUID] = set()

    async def begin(self, connection: asyncpg.Connection) -> None:
        """Learns who is erased."""
        self._erased = {row["person"] for row in await connection.fetch(_ERASED)}

    def prepare(self, batch: Sequence[Heard]) -> "_Parts[Prepared]":
        parts: list[Prepared | _Heard] = []
        since: list[Heard] = []
        erased = self._erased
        for heard in batch:
            if heard.type not in _HEARD:
                if heard.subject not in erased or heard.type in self._kept:
                    since.append(heard)
                continue
            if since:
                parts.append(self._model.prepare(since))
                since = []
            parts.append(told := _read(heard))
            if isinstance(told, ErasureMarked) and told.scope == "person":
                erased = erased | {told.person}
        if since:
            parts.append(self._model.prepare(since))
        return _Parts(batch, len(self._erased), parts)

    def statements(self, prepared: "_Parts[Prepared]") -> Sequence[Statement] | None:
        """The model's own, unless there is a mark, or somebody was erased since it was prepared."""
        if prepared.known != len(self._erased) or any(isinstance(part, _Heard) for part in prepared.parts):
            return None
        if not prepared.parts:
            return ()
        [part] = prepared.parts
        return self._model.statements(part) if isinstance(self._model, AtOnce) else None

    async def write(self, connection: asyncpg.Connection, prepared: "_Parts[Prepared]") -> None:
        if prepared.known != len(self._erased):
            prepared = self.prepare(prepared.batch)
        for part in prepared.parts:
            if isinstance(part, ErasureMarked):
                await self._forget(connection, part)
            elif isinstance(part, ErasureOrdered):
                await connection.execute(_ORDER, part.erasure, part.person, part.scope)
            else:
                await self._model.write(connection, part)

    async def _forget(self, connection: asyncpg.Connection, mark: ErasureMarked) -> None:
        told = Mark(mark.service, mark.scope, mark.person, mark.about)
        statements = self._model.forget(told) if isinstance(self._model, Forgets) else {}
        found = {}
        for place, (statement, arguments) in statements.items():
            found[place] = _rows(await connection.execute(statement, *arguments))
        if mark.scope == "person":
            await connection.execute(_ERASE, mark.person, mark.erasure)
            self._erased.add(mark.person)
        if self._tells:
            row = (mark.erasure, self.name, mark.service, mark.number, mark.of, orjson.dumps(found))
            await connection.execute(_MARKED, *row)


def _read(heard: Heard) -> _Heard:
    event = read_event(heard.type, heard.body)
    if not isinstance(event, _Heard):
        raise TypeError(heard.type)
    return event


def _rows(tag: Any) -> int:
    return int(str(tag).rpartition(" ")[2])
