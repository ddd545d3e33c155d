"""What leaves the house: items of HR's view, each with a revision. One topic a family, compacted, keyed by item.

An item is not an event but the state of one thing as of its newest revision: who keeps the highest revision of each
item has what this system has. No words of anybody's are among them: who may read these fetches them from the APIs.
"""

from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts import conversations
from shared.contracts.opportunities import OpportunityKind
from shared.contracts.profiles import AudienceKind

Topic = Literal["hr.people.v1", "hr.units.v1", "hr.moves.v1", "hr.opportunities.v1", "hr.partnership.v1"]
MoveKind = Literal[
    "joined",
    "left",
    "rejoined",
    "department_move",
    "title_change",
    "promotion",
    "project",
    "stretch_assignment",
    "secondment",
]


class Envelope(BaseModel):
    """What every item says of itself, whatever it is about."""

    model_config = ConfigDict(frozen=True, strict=True)

    id: Annotated[UUID, Field(description="The item: the key of its record.")]
    type: Annotated[str, Field(description="What the item is, with the version of its shape.")]
    revision: Annotated[int, Field(ge=1, description="Counts up; the highest is right, in whatever order they come.")]
    retracted: Annotated[bool, Field(description="There is no such thing any more: delete what you have of it.")]
    recorded_at: Annotated[datetime, Field(description="When this revision was made.")]
    effective_on: Annotated[
        date | None, Field(description="The calendar date from which on it holds; null when it is retracted.")
    ]


class Content(BaseModel):
    """What an item says while it is not retracted. A subclass names itself, and its topic, by hand."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    type: ClassVar[str] = ""
    topic: ClassVar[Topic]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Lets the class line's words pass: pydantic hands them on once the fields are known."""

    @classmethod
    def __pydantic_init_subclass__(  # type: ignore[override]
        cls,
        *,
        type: str,  # noqa: A002
        topic: Topic,
        **kwargs: Any,
    ) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        cls.type = type
        cls.topic = topic


class Place(BaseModel):
    """A place that the person holds, as HR reported it."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    position: str
    unit: UUID | None
    title: str | None
    job_level: int | None
    legal_entity: str | None
    country: str | None
    primary: bool
    status: Literal["active", "leave"]
    since: Annotated[date, Field(description="From when on the place is as it is.")]


class Person(Content, type="hr.person.v1", topic="hr.people.v1"):
    """Somebody who works here or did: their official data, and the number under which HR knows them."""

    employee_number: Annotated[str | None, Field(description="HR's own number, for joining with what HR has.")]
    status: Literal["in", "left"]
    joined_on: date | None
    left_on: Annotated[date | None, Field(description="The last day in; null while they are.")]
    places: Annotated[tuple[Place, ...], Field(description="Those held today, the primary one first.")]


class Unit(Content, type="hr.unit.v1", topic="hr.units.v1"):
    """A unit of the organisation, as it is today."""

    code: Annotated[str, Field(description="HR's own name of the unit, for joining.")]
    name: str
    parent: UUID | None
    legal_entity: str | None
    leader: UUID | None


class Move(Content, type="hr.move.v1", topic="hr.moves.v1"):
    """Somebody moved: into the organisation, within it or out of it.

    `confirmed` is HR's own word; before that, a move that was agreed through an opportunity is a claim.
    """

    person: UUID
    kind: MoveKind
    from_unit: UUID | None
    to_unit: UUID | None
    from_title: str | None
    to_title: str | None
    from_level: int | None
    to_level: int | None
    confirmed: bool


class Opportunity(Content, type="hr.opportunity.v1", topic="hr.opportunities.v1"):
    """A role, project or other chance that was opened to everybody; without who applies."""

    kind: OpportunityKind
    unit: UUID
    title: Annotated[
        str, Field(description="Of mentoring and shadowing, which people offer in their own words, the kind.")
    ]
    skills: Annotated[tuple[str, ...], Field(description="What it asks for: ESCO URIs or labels.")]
    country: str | None
    starts_on: date | None
    closes_on: Annotated[date | None, Field(description="The last day for applications.")]
    status: Literal["open", "closed", "filled", "withdrawn"]


class Sharing(Content, type="hr.sharing.v1", topic="hr.partnership.v1"):
    """An employee lets their HR partner read something of theirs: that they do, not what it says."""

    person: UUID
    record: Literal["aspiration", "outcomes"]
    of_item: Annotated[UUID, Field(description="The aspiration, or the conversation whose outcomes they are.")]
    audience: AudienceKind
    until: Annotated[date | None, Field(description="The last day; it is retracted after it.")]


class Conversation(Content, type="hr.conversation.v1", topic="hr.partnership.v1"):
    """A career conversation was held; told where the employee's legal entity lets HR see that."""

    employee: UUID
    topic_of_talk: Annotated[conversations.Topic, Field(description="What kind of talk it was.")]


CONTENTS: tuple[type[Content], ...] = (Person, Unit, Move, Opportunity, Sharing, Conversation)
"""Every kind of item."""


def schema(content: type[Content]) -> dict[str, Any]:
    """The JSON Schema of a record's value: the item, or that it is retracted."""
    envelope = Envelope.model_json_schema()
    told = content.model_json_schema(mode="serialization")
    definitions = {name: part | {"additionalProperties": True} for name, part in told.pop("$defs", {}).items()}
    common = envelope["properties"] | {"type": {"const": content.type}}
    required = envelope["required"]
    found: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:careers:schema:{content.type}",
        "title": content.type,
        "description": told["description"],
        "type": "object",
        "properties": common | told["properties"],
        "required": required,
        "additionalProperties": True,
        "if": {"properties": {"retracted": {"const": False}}},
        "then": {"required": [*required, *told["required"]]},
        "x-topic": content.topic,
    }
    return found | ({"$defs": definitions} if definitions else {})
