"""The contracts against what was ever published: schemas, golden files, and what may never be in the clear."""

import json
from datetime import date, datetime
from typing import Annotated, Any, Literal, cast, get_args, get_origin
from uuid import uuid4

import orjson
import pytest
from asyncpg import Record
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from services.projections.outward.records import value
from services.projections.stories import STORIES
from shared.contracts import outward
from shared.contracts.erasure import SERVICES
from shared.contracts.event import PERSONAL_DATA_CLASSES, About, Event, Open, Private, Sealed
from shared.contracts.fields import Person
from shared.contracts.reading import CATALOGUE, Unknown, UnknownVersion, read_event
from shared.contracts.schemas import GOLDEN, GOLDEN_ITEMS, SCHEMAS, files, written
from shared.sealing.postgres import GRANTS

GOLDEN_FILES = sorted(GOLDEN.glob("*.json"))


@pytest.mark.parametrize("path", GOLDEN_FILES, ids=lambda path: path.stem)
def test_every_version_ever_published_is_still_read_and_keeps_its_meaning(path):
    golden = json.loads(path.read_bytes())
    event = read_event(path.stem, path.read_bytes())
    assert isinstance(event, Event)
    assert not event.model_extra
    if event.type == path.stem:
        assert json.loads(written(event)) == golden


@pytest.mark.parametrize("wire_type", sorted(CATALOGUE))
def test_the_files_say_what_the_code_says(wire_type):
    expected = files()
    assert (SCHEMAS / f"{wire_type}.json").read_bytes() == expected[SCHEMAS / f"{wire_type}.json"]
    assert (GOLDEN / f"{wire_type}.json").exists()


@pytest.mark.parametrize("content", outward.CONTENTS, ids=lambda content: content.type)
def test_what_leaves_the_house_is_described_in_full(content):
    path = SCHEMAS / f"{content.type}.json"
    assert path.read_bytes() == files()[path]
    described = json.loads(path.read_bytes())
    Draft202012Validator.check_schema(described)
    assert described["x-topic"] == content.topic
    assert set(content.model_fields).isdisjoint(outward.Envelope.model_fields), "a name for two things"


@pytest.mark.parametrize("form", ["told", "retracted"])
@pytest.mark.parametrize("content", outward.CONTENTS, ids=lambda content: content.type)
def test_an_item_told_or_retracted_is_written_as_it_ever_was(content, form):
    golden = json.loads((GOLDEN_ITEMS / f"{content.type}.{form}.json").read_bytes())
    Draft202012Validator(outward.schema(content)).validate(golden)
    of_content = {name: value for name, value in golden.items() if name not in outward.Envelope.model_fields}
    row: dict[str, Any] = {
        "item": golden["id"],
        "type": golden["type"],
        "revision": golden["revision"],
        "recorded_at": datetime.fromisoformat(golden["recorded_at"]),
        "effective_on": golden["effective_on"] and date.fromisoformat(golden["effective_on"]),
        "content": None
        if golden["retracted"]
        else orjson.dumps(content.model_validate_json(orjson.dumps(of_content)).model_dump(mode="json")),
    }
    assert json.loads(value(cast("Record", row))) == golden
    assert bool(of_content) == (form == "told")


@pytest.mark.parametrize("path", GOLDEN_FILES, ids=lambda path: path.stem)
def test_golden_files_are_valid_by_their_schema(path):
    schema = json.loads((SCHEMAS / path.name).read_bytes())
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(path.read_bytes()))


def test_every_contract_is_in_the_catalogue():
    def below(event):
        return {event, *(deeper for one in event.__subclasses__() for deeper in below(one))}

    contracts = {event for event in below(Event) if event.__module__.startswith("shared.contracts.") and event.type}
    recorded = {event.type for event in contracts if "._" not in event.type}
    assert recorded == CATALOGUE.keys()


# Texts that nobody writes about themselves or another. What anybody else writes must be sealed, to be forgotten.
OPEN_TEXTS = {
    "profiles.place_taken.v1": {"position", "title", "legal_entity", "country", "time_zone"},
    "profiles.place_changed.v1": {"position", "title", "legal_entity", "country", "time_zone"},
    "profiles.place_ended.v1": {"position"},
    "profiles.manager_assigned.v1": {"position"},
    "profiles.unit_established.v1": {"code", "name", "legal_entity"},
    "profiles.unit_changed.v1": {"name"},
    "profiles.measure_switched.v1": {"legal_entity", "reason"},
    "profiles.service_cleaned.v1": {"by_service", "places"},
    "profiles.retention_applied.v1": {"rule"},
    "opportunities.opportunity_posted.v1": {"title", "description", "skills", "country"},
    "notifications.notification_sent.v1": {"kind"},
    **{f"{service}.erasure_reported.v1": {"places"} for service in SERVICES},
}


def test_no_text_is_open_but_what_is_the_organisations():
    def is_text(annotation):
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return any(is_text(info.annotation) for info in annotation.model_fields.values())
        return annotation is str or any(map(is_text, get_args(annotation) if get_origin(annotation) != Literal else ()))

    found = {
        event.type: {
            name
            for name, info in event.model_fields.items()
            if name not in event.sealed_about and is_text(info.annotation)
        }
        for event in CATALOGUE.values()
    }
    assert {wire_type: fields for wire_type, fields in found.items() if fields} == OPEN_TEXTS


def test_unknown_fields_are_kept_aside():
    path = GOLDEN_FILES[0]
    body = orjson.dumps({**json.loads(path.read_bytes()), "from_tomorrow": 1})
    event = read_event(path.stem, body)
    assert isinstance(event, Event)
    assert event.model_extra == {"from_tomorrow": 1}


def test_unknown_types_are_told_from_unknown_versions():
    assert read_event("profiles.something_else.v1", b"{}") == Unknown("profiles.something_else.v1")
    with pytest.raises(UnknownVersion):
        read_event("profiles.aspiration_shared.v2", b"{}")


def test_a_field_without_a_reason_to_be_open_must_be_able_to_be_sealed():
    with pytest.raises(TypeError, match=r"Leaky\.words"):

        class Leaky(Event, name="tests.leaky", version=1, subject="person", data_class="aspirations"):
            """It says too much."""

            person: Person
            words: str


def test_a_sealed_field_needs_somebody_whose_key_seals_it():
    with pytest.raises(TypeError, match="no open field"):

        class Nobodys(Event, name="tests.nobodys", version=1, subject="person", data_class="aspirations"):
            """It is about nobody."""

            person: Person
            words: Annotated[Private[str], About("stranger")]


def test_personal_classes_are_named():
    with pytest.raises(TypeError, match="data class"):

        class Classless(Event, name="tests.classless", version=1, subject="person"):
            """It has no data class."""

            person: Person
            words: Private[str]


@pytest.mark.parametrize(
    "event", [event for event in CATALOGUE.values() if event.sealed_about], ids=lambda one: one.type
)
def test_the_service_that_records_an_event_may_seal_for_its_class(event):
    assert GRANTS[event.service].get(event.data_class), f"GRANTS: {event.service} may not seal for {event.data_class}"


@pytest.mark.parametrize("newest", [name for name, story in STORIES.items() if story.words or story.own_words])
def test_the_timeline_may_unseal_what_its_stories_tell(newest):
    assert CATALOGUE[newest].data_class in GRANTS["projections"]


def test_no_class_is_granted_that_is_not_named_or_named_that_nobody_seals_for():
    granted = [granted for classes in GRANTS.values() for granted in classes.items()]
    assert {name for name, may_seal in granted if may_seal} == PERSONAL_DATA_CLASSES
    assert {name for name, _ in granted} == PERSONAL_DATA_CLASSES


def test_no_clear_value_of_a_sealed_field_is_ever_in_a_body():
    sealed = []

    def seal(_person, context, value):
        sealed.append(value)
        return Sealed("c2VhbGVk", "key", context)

    class Spoken(Event, name="tests.spoken", version=1, subject="person", data_class="aspirations"):
        """Somebody spoke."""

        person: Person
        words: Private[str]
        loud: Annotated[bool, Open("the volume is nobody's secret")]

    body = Spoken(person=uuid4(), words="CANARY", loud=True).write(seal)
    assert b"CANARY" not in body
    assert sealed == [b'"CANARY"']
    assert Spoken.read(body).words == Sealed("c2VhbGVk", "key", "tests.spoken.v1#words")
