"""Today's contracts against what was ever published: each kind of break is tried, and named with its field."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from shared.contracts import reading
from shared.contracts.compatibility import breaks, facts
from shared.contracts.profiles import PersonDescribed
from shared.contracts.reading import read_event
from shared.contracts.schemas import GOLDEN, broken, publish, published, schemas

Schema = dict[str, Any]
TODAY = schemas()
PERSON = TODAY["hr.person.v1"]
SHARING = TODAY["hr.sharing.v1"]
DESCRIBED = TODAY["profiles.person_described.v1"]


def test_todays_contracts_break_nobody():
    assert broken(published(), TODAY) == []


@pytest.mark.parametrize("wire_type", sorted(TODAY))
def test_what_is_told_today_is_the_newest_edition_published(wire_type):
    assert published()[wire_type][-1] == facts(TODAY[wire_type]), "run `python -m shared.contracts.schemas`"


def changed(schema: Schema, change: Callable[[Schema], object]) -> Schema:
    made = copy.deepcopy(schema)
    change(made)
    return made


def without(schema: Schema, name: str) -> None:
    del schema["properties"][name]
    optional(schema, name)


def optional(schema: Schema, name: str) -> None:
    for required in (schema["required"], schema.get("then", {}).get("required", [])):
        if name in required:
            required.remove(name)


def place(schema: Schema) -> Schema:
    found: Schema = schema["$defs"]["Place"]["properties"]
    return found


@pytest.mark.parametrize(
    ("schema", "change", "named"),
    [
        (DESCRIBED, lambda s: without(s, "language"), "language: removed"),
        (PERSON, lambda s: without(s, "joined_on"), "joined_on: removed"),
        (PERSON, lambda s: place(s).pop("unit"), "places[].unit: removed"),
        (PERSON, lambda s: optional(s, "status"), "status: became optional"),
        (DESCRIBED, lambda s: optional(s, "name"), "name: became optional"),
        (PERSON, lambda s: s["$defs"]["Place"]["required"].remove("since"), "places[].since: became optional"),
        (
            PERSON,
            lambda s: s["properties"]["revision"].update(type="string"),
            "revision: type changed from integer to string",
        ),
        (
            PERSON,
            lambda s: s["properties"].update(status={"anyOf": [s["properties"]["status"], {"type": "null"}]}),
            "status: type widened, may be null now",
        ),
        (
            PERSON,
            lambda s: s["properties"].update(left_on={"type": "string", "format": "date"}),
            "left_on: type narrowed, was null, too",
        ),
        (
            DESCRIBED,
            lambda s: s["properties"].update(name={"type": "string"}),
            "name: type changed from object to string",
        ),
        (SHARING, lambda s: s["properties"]["record"]["enum"].remove("outcomes"), "record: value 'outcomes' gone"),
        (
            SHARING,
            lambda s: s["properties"]["record"]["enum"].append("rating"),
            "record: value 'rating' added, which its readers do not know",
        ),
        (SHARING, lambda s: s["properties"]["record"].pop("enum"), "record: was one of some, is free now"),
        (PERSON, lambda s: place(s)["status"]["enum"].remove("leave"), "places[].status: value 'leave' gone"),
        (
            PERSON,
            lambda s: s["properties"]["recorded_at"].update(format="date"),
            "recorded_at: format changed from 'date-time' to 'date'",
        ),
        (
            PERSON,
            lambda s: s["properties"]["joined_on"]["anyOf"][0].pop("format"),
            "joined_on: format changed from 'date' to None",
        ),
        (
            PERSON,
            lambda s: s["properties"]["type"].update(const="hr.person.v2"),
            "type: const changed from 'hr.person.v1' to 'hr.person.v2'",
        ),
        (PERSON, lambda s: s["properties"]["revision"].update(minimum=0), "revision: minimum changed from 1 to 0"),
        (
            PERSON,
            lambda s: s["then"]["required"].append("nickname") or s["properties"].update(nickname={"type": "string"}),
            "nickname: added as required, and is missing where it was written before",
        ),
        (PERSON, lambda s: s.update(additionalProperties=False), "*: other fields were allowed, are refused now"),
        (
            PERSON,
            lambda s: s.update({"x-topic": "hr.units.v1"}),
            "x-topic: changed from 'hr.people.v1' to 'hr.units.v1'",
        ),
        (DESCRIBED, lambda s: s.update({"x-withheld": "so"}), "x-withheld: changed from None to 'so'"),
        (
            DESCRIBED,
            lambda s: s["properties"]["name"].update({"x-sealed-about": "teller"}),
            "name: x-sealed-about changed from 'person' to 'teller'",
        ),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_break_is_named_with_its_field(schema, change, named):
    assert breaks(facts(schema), facts(changed(schema, change))) == [named]


def test_what_was_optional_and_is_asked_for_now_is_missing_in_what_was_written():
    before = changed(PERSON, lambda s: optional(s, "status"))
    assert breaks(facts(before), facts(PERSON)) == [
        "status: became required, and is missing where it was written before"
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s["properties"].update(nickname={"type": "string"}),
        lambda s: place(s).update(floor={"type": "integer"}),
        lambda s: s.update(description="said in other words"),
        lambda s: place(s)["since"].update(title="As of", description="said in other words"),
    ],
    ids=["an optional field", "an optional field within", "words", "words within"],
)
def test_an_optional_field_and_other_words_break_nobody(change):
    assert breaks(facts(PERSON), facts(changed(PERSON, change))) == []


def test_a_field_called_title_is_a_field_and_no_words():
    unit = TODAY["hr.opportunity.v1"]
    assert breaks(facts(unit), facts(changed(unit, lambda s: without(s, "title")))) == ["title: removed"]


def test_a_type_that_is_gone_without_an_upcaster_is_a_break():
    rest = {wire_type: schema for wire_type, schema in TODAY.items() if wire_type != "hr.person.v1"}
    assert broken(published(), rest) == ["hr.person.v1: no longer told or read"]


def test_an_edition_is_added_behind_those_published_and_a_break_of_any_is_refused(tmp_path):
    publish({"hr.person.v1": PERSON}, tmp_path)
    grown = changed(PERSON, lambda s: s["properties"].update(nickname={"type": "string"}))
    publish({"hr.person.v1": grown}, tmp_path)
    publish({"hr.person.v1": grown}, tmp_path)
    assert published(tmp_path) == {"hr.person.v1": [facts(PERSON), facts(grown)]}
    with pytest.raises(ValueError, match="nickname: removed"):
        publish({"hr.person.v1": PERSON}, tmp_path)
    assert published(tmp_path) == {"hr.person.v1": [facts(PERSON), facts(grown)]}


def test_an_older_version_is_folded_into_todays_event_from_its_golden_body(monkeypatch):
    """A made-up past: two versions before today's, each with the upcaster that came with its successor."""
    golden = json.loads((GOLDEN / f"{PersonDescribed.type}.json").read_bytes())
    first = {"who": golden["person"], "called": golden["name"]}
    second = {"person": golden["person"], "name": golden["name"]}
    steps = {
        "profiles.person_named.v1": (
            "profiles.person_named.v2",
            lambda body: {"person": body["who"], "name": body["called"]},
        ),
        "profiles.person_named.v2": (PersonDescribed.type, lambda body: {**body, "language": golden["language"]}),
    }
    monkeypatch.setattr(reading, "UPCASTERS", steps)
    for wire_type, body in (("profiles.person_named.v1", first), ("profiles.person_named.v2", second)):
        event = read_event(wire_type, json.dumps(body).encode())
        assert event == PersonDescribed.read(json.dumps(golden).encode())
    assert set(reading.versions(PersonDescribed.type)) == {PersonDescribed.type, *steps}
