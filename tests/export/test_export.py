"""What a person takes with them: all that is about them, whatever contracts there are, and nobody else's words."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any, Literal
from uuid import UUID, uuid4

import orjson
import pytest

from deploy.careers.services import SERVICES
from shared.audit import Shown
from shared.auth.callers import Caller
from shared.contracts import opportunities, profiles
from shared.contracts.erasure import ErasureMarked
from shared.contracts.event import Event
from shared.export import history
from shared.streams import Origin
from tests.api.stage import Person, Stage, stage
from tests.export.samples import OTHERS, OWN, Sample, samples

TODAY = datetime.now(UTC).date()
Item = dict[str, Any]


Opened = Callable[[str], AbstractAsyncContextManager[Stage]]


@pytest.fixture
def opened(database_url: str) -> Opened:
    """A service by its name, on a stage."""
    return lambda name: stage(database_url, import_module(f"services.{name}.app").SERVICE)


@pytest.fixture
async def profiles_stage(opened: Opened) -> AsyncIterator[Stage]:
    async with opened("profiles") as made:
        yield made


async def record(
    on: Stage,
    *events: Event,
    stream: UUID | None = None,
    by: str = "service:hr",
    kind: Literal["live", "import"] = "live",
) -> None:
    """In one stream, in this order."""
    whole = stream or uuid4()
    for event in events:
        at = len(await on.parts.store.read(whole))
        await on.parts.streams.append(whole, at, [event], Origin(by, kind=kind))


async def exported(on: Stage, who: Person, limit: int = 200) -> list[Item]:
    """All pages."""
    path, query = f"/v1/people/{{me}}/data/{on.service.name}", {"limit": limit}
    answer = await who.get(path, **query)
    items = list(answer.body["items"])
    while answer.body["next"] is not None:
        answer = await who.get(path, cursor=answer.body["next"], **query)
        assert answer.status == 200, answer
        items += answer.body["items"]
    return items


def events(items: list[Item]) -> list[Item]:
    return [one for one in items if one["place"] == "events"]


def is_told(sample: Sample, person: UUID) -> bool:
    return not isinstance(sample.event, ErasureMarked) or sample.event.person == person


@pytest.mark.parametrize("service", SERVICES)
async def test_every_field_of_every_event_is_told_to_whom_it_is_about_and_to_nobody_else(
    opened: Opened, service: str
) -> None:
    async with opened(service) as on:
        ana = on.person(await on.hire())
        given = [sample for sample in samples(service, ana.id) if is_told(sample, ana.id)]
        await record(on, *(sample.event for sample in samples(service, ana.id)), stream=ana.id)

        told = events(await exported(on, ana, limit=7))

        assert [(one["type"], tuple(one["named_as"])) for one in told] == [
            (sample.event.type, sample.named_as) for sample in given
        ]
        for one, sample in zip(told, given, strict=True):
            assert one["words"] == sample.words, one
            assert one["left_out"] == dict.fromkeys(sample.others, "about_another_person"), one
            assert one["what"] == sample.event.__doc__
            assert one["by"] == (None if sample.named_as == ("reader",) else "service:hr")
        whole = orjson.dumps(told).decode()
        sealed = [sample for sample in given if sample.event.sealed_about]
        assert (OWN in whole) == any(OWN in str(sample.words) for sample in sealed)
        for sample in sealed:
            for field in sample.others:
                assert f"{OTHERS} {sample.event.type} {field}" not in whole
        stranger = on.person(await on.hire())
        assert events(await exported(on, stranger)) == []


async def test_it_is_for_oneself_alone(profiles_stage: Stage) -> None:
    lead = await profiles_stage.hire()
    ana = await profiles_stage.hire(unit=await profiles_stage.unit(lead))
    path = f"/v1/people/{ana}/data/profiles"
    for asking in (
        profiles_stage.person(lead),
        profiles_stage.person(uuid4(), "admin"),
        profiles_stage.person(uuid4(), "hr_partner"),
    ):
        assert (await asking.get(path)).code == "not-found"
    assert (await profiles_stage.person(ana).get(path)).status == 200


async def test_who_has_left_takes_it_with_them(profiles_stage: Stage) -> None:
    ana = profiles_stage.person(await profiles_stage.hire())
    await profiles_stage.leaves(ana.id, TODAY - timedelta(days=3))
    await record(profiles_stage, left := profiles.PersonLeft(person=ana.id, fact=uuid4(), effective_on=TODAY))
    [told] = events(await exported(profiles_stage, ana))
    assert (told["type"], told["effective_on"]) == (left.type, TODAY.isoformat())


async def test_what_was_erased_is_said_to_be(profiles_stage: Stage) -> None:
    ana = profiles_stage.person(await profiles_stage.hire())
    wish = next(one.event for one in samples("profiles", ana.id) if one.event.type.startswith("profiles.aspiration"))
    await record(profiles_stage, wish)
    profiles_stage.keys.destroy(ana.id, "aspirations")
    [told] = events(await exported(profiles_stage, ana))
    assert (told["words"], told["left_out"]) == ({}, {"content": "erased"})


async def test_a_fact_of_a_day_to_come_is_told_on_its_day_and_one_taken_back_before_it_never(
    profiles_stage: Stage,
) -> None:
    ana = profiles_stage.person(await profiles_stage.hire())
    to_come, taken_back, seen = uuid4(), uuid4(), uuid4()
    tomorrow, yesterday = TODAY + timedelta(days=2), TODAY - timedelta(days=2)
    await record(
        profiles_stage,
        profiles.PersonLeft(person=ana.id, fact=to_come, effective_on=tomorrow),
        profiles.PersonLeft(person=ana.id, fact=taken_back, effective_on=tomorrow),
        profiles.FactWithdrawn(person=ana.id, fact=taken_back),
        profiles.PersonJoined(person=ana.id, fact=seen, effective_on=yesterday),
        profiles.FactWithdrawn(person=ana.id, fact=seen),
    )
    told = events(await exported(profiles_stage, ana))
    assert [(one["type"], one["values"]["fact"]) for one in told] == [
        ("profiles.person_joined.v1", str(seen)),
        ("profiles.fact_withdrawn.v1", str(seen)),
    ]


async def test_who_did_it_is_told_by_id_and_what_one_did_to_others_without_what_it_says(opened: Opened) -> None:
    async with opened("opportunities") as on:
        ana, ben = on.person(await on.hire()), on.person(await on.hire())
        declined = next(
            one.event for one in samples("opportunities", ana.id) if isinstance(one.event, opportunities.OfferDeclined)
        )
        await record(on, declined, by=f"{ben.id} via service:portal")
        [told] = events(await exported(on, ana))
        assert (told["by"], set(told["words"])) == (f"{ben.id} via service:portal", {"reason"})
        await record(on, declined, by=str(ben.id), kind="import")
        [told] = events(await exported(on, ben))
        assert (told["by"], told["values"], told["words"]) == ("yourself via service:portal", {}, {})
        assert told["left_out"] == {"reason": "about_another_person"}


async def test_what_others_shared_is_told_as_that_it_was_and_when_and_no_more(profiles_stage: Stage) -> None:
    ana, ben = [profiles_stage.person(await profiles_stage.hire()) for _ in range(2)]
    wish = {"grain": "skill", "certainty": "likely", "text": "To lead."}
    item = (await ana.post("/v1/people/{me}/aspirations", wish)).id
    path = f"/v1/people/{{me}}/aspirations/{item}"
    shared = await ana.post(f"{path}/share", {"audience": "person", "reader": str(ben.id), "purpose": "For May"})
    assert shared.status == 200, shared.body
    assert (await ana.post(f"{path}/withdraw-sharing", {"share": shared.body["share"]})).status == 200
    [told] = events(await exported(profiles_stage, ben))
    assert (told["effective_on"], told["named_as"], told["by"]) == (TODAY.isoformat(), ["reader"], None)
    assert (told["values"], told["words"]) == ({}, {})
    assert told["left_out"] == dict.fromkeys(["purpose", "content"], "about_another_person")
    for theirs in (ana.id, item, shared.body["share"]):
        assert str(theirs) not in str(told)
    assert [one["by"] for one in events(await exported(profiles_stage, ana))] == ["yourself"] * 3


async def test_a_page_looks_at_a_stretch_and_the_next_goes_on(
    profiles_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben = [profiles_stage.person(await profiles_stage.hire()) for _ in range(2)]
    people = (ana.id, *[ben.id] * 8, ana.id, ana.id)
    joined = [profiles.PersonJoined(person=who, fact=uuid4(), effective_on=TODAY) for who in people]
    await record(profiles_stage, *joined)
    monkeypatch.setattr(history, "SPAN", 3)
    first = await ana.get("/v1/people/{me}/data/profiles", limit=1)
    assert len(first.body["items"]) == 1
    assert first.body["next"] is not None
    assert len(events(await exported(profiles_stage, ana, limit=1))) == 3
    assert len(events(await exported(profiles_stage, ben, limit=2))) == 8


async def test_what_no_event_tells_is_part_of_it(opened: Opened) -> None:
    async with opened("notifications") as on:
        ana = on.person(await on.hire(name="Ana Diaz", email="ana@example.org", number="E1"))
        ben = on.person(await on.hire(email="ben@example.org"))
        on.parts.audit.note(Caller(str(ben.id), ben.id), [Shown("timeline", ana.id, ana.id, "manager")])
        await on.parts.audit.flush()
        put = """
            insert into tellings (cause, whom, target, kind, about, details, by, day, recorded_at, position, due_at)
            values ($1, 'person', $2, 'place_changed', $1, '{}', 'service:hr', $3, now(), 1, now())"""
        async with on.parts.pool.acquire() as connection:
            await connection.execute(put, uuid4(), ana.id, None)
            await connection.execute(put, uuid4(), ana.id, TODAY + timedelta(days=3))
            await connection.execute(
                "insert into mails (notification, person, made_at, due_at) values ($1, $2, now(), now())",
                uuid4(),
                ana.id,
            )
            await connection.execute(
                "insert into parties (item, person, other) values ($1, $2, $3)", uuid4(), ben.id, ana.id
            )
        for limit in (1, 200):
            told = await exported(on, ana, limit)
            places = [one["place"] for one in told]
            assert places == ["directory", "aliases", "aliases", "readers", "messages that wait", "mails", "parties"]
            values = {one["place"]: one["values"] for one in told}
            assert values["directory"] == {"name": {"given": "Ana", "family": "Diaz"}, "language": "en"}
            assert values["readers"]["reader"] == str(ben.id)
            assert "ben@example.org" not in str(told)
        read = [one for one in await exported(on, ben) if one["place"] == "reads"]
        assert [one["values"]["person"] for one in read] == [str(ana.id)]
