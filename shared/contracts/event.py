"""What an event is: a frozen fact with a wire name, its fields sealed unless the contract says why they are open."""

from collections.abc import Callable
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, ClassVar, Self, TypeAlias, TypeVar, Union, get_args, get_origin
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")

PERSONAL_DATA_CLASSES = frozenset(
    {"directory", "employment", "aspirations", "conversations", "opportunities", "messages"}
)
"""Sealing keys are made per person, data class and year; retention and the erasure of words go by class."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed value as stored and published; `context`, "<recorded type>#<field>", is authenticated with it."""

    ciphertext: str  # base64 of nonce (12 bytes) and AES-256-GCM ciphertext of the value's JSON
    key: str
    context: str


Private: TypeAlias = Annotated[Union[Sealed, T], Field(union_mode="left_to_right")]  # noqa: UP007 (mypy wants Union)
"""A personal value: clear while a command makes it, Sealed once it is stored, until a reader may unseal it."""


@dataclass(frozen=True, slots=True)
class Open:
    """Marks a field that is stored and published in the clear, and says why it must be."""

    reason: str


@dataclass(frozen=True, slots=True)
class About:
    """Names the field with the person whose key seals this one, where that is not the event's subject."""

    field: str


class Event(BaseModel):
    """Something that happened. A subclass says when, in one line, and names itself on the wire by hand."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    type: ClassVar[str] = ""
    service: ClassVar[str] = ""
    subject_field: ClassVar[str] = ""
    data_class: ClassVar[str] = ""
    withheld: ClassVar[str] = ""
    sealed_about: ClassVar[dict[str, str]] = {}
    """Sealed field → field with the person whose key seals it."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Lets the class line's words pass: pydantic hands them on once the fields are known."""

    @classmethod
    def __pydantic_init_subclass__(  # type: ignore[override]
        cls, *, name: str, version: int, subject: str, data_class: str = "", withheld: str = "", **kwargs: Any
    ) -> None:
        """`subject` names the field with the person, unit or item the event is about: its key on the topic.

        `withheld` gives the reason for an event that is stored and never published.
        """
        super().__pydantic_init_subclass__(**kwargs)
        cls.type = f"{name}.v{version}"
        cls.service = name.partition(".")[0]
        cls.subject_field = subject
        cls.data_class = data_class
        cls.withheld = withheld
        cls.sealed_about = {}
        for field, info in cls.model_fields.items():
            marks = {type(mark): mark for mark in info.metadata}
            if isinstance(about := marks.get(About), About):
                cls.sealed_about[field] = about.field
            elif Open not in marks:
                cls.sealed_about[field] = subject
        _check(cls)

    @property
    def subject(self) -> UUID:
        """The person, unit or item this event is about."""
        value: UUID = getattr(self, self.subject_field)
        return value

    def sealed_for(self, field: str) -> UUID:
        """The person whose key seals `field`."""
        value: UUID = getattr(self, self.sealed_about[field])
        return value

    @classmethod
    def speakers(cls) -> dict[str, list[str]]:
        """Field with a person → the sealed fields that are theirs."""
        found: dict[str, list[str]] = {}
        for field, about in cls.sealed_about.items():
            found.setdefault(about, []).append(field)
        return found

    @classmethod
    def read(cls, body: bytes) -> Self:
        """The event of a stored body. Unknown fields are kept aside in `model_extra`; sealed values stay Sealed."""
        return cls.model_validate_json(body, extra="allow")

    def write(self, seal: Callable[[UUID, str, bytes], Sealed]) -> bytes:
        """The body to store: `seal(person, context, json)` is called for each personal value that is not sealed yet."""
        values = self.model_dump(mode="json", exclude_none=True)
        for field in self.sealed_about:
            value = getattr(self, field)
            if value is not None and not isinstance(value, Sealed):
                values[field] = seal(self.sealed_for(field), f"{self.type}#{field}", orjson.dumps(values[field]))
        return orjson.dumps(values)

    def owners(self) -> set[UUID]:
        """The persons whose keys are needed to write this event."""
        return {
            self.sealed_for(field)
            for field in self.sealed_about
            if getattr(self, field) is not None and not isinstance(getattr(self, field), Sealed)
        }


def _check(cls: type[Event]) -> None:
    """Refuses a contract that would publish a personal value by omission. Raises TypeError."""
    if not cls.__doc__ or "\n" in cls.__doc__.strip():
        raise TypeError(f"{cls.__name__}: one line must say when it happens")
    if cls.subject_field not in cls.model_fields or cls.subject_field in cls.sealed_about:
        raise TypeError(f"{cls.__name__}: its subject must be an open field")
    if cls.sealed_about and cls.data_class not in PERSONAL_DATA_CLASSES:
        raise TypeError(f"{cls.__name__}: sealed fields need a data class of PERSONAL_DATA_CLASSES")
    for field, about in cls.sealed_about.items():
        if not _can_be_sealed(cls.model_fields[field].annotation):
            raise TypeError(f"{cls.__name__}.{field}: declare it Private[...], or give the reason for it to be open")
        if about not in cls.model_fields or about in cls.sealed_about:
            raise TypeError(f"{cls.__name__}.{field}: is about {about!r}, which is no open field")


def _can_be_sealed(annotation: Any) -> bool:
    if get_origin(annotation) is Annotated:
        return _can_be_sealed(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return any(_can_be_sealed(one) for one in get_args(annotation))
    return annotation is Sealed
