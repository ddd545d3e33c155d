"""What any model does at an erasure's mark, in the order of its topic, however its batches are cut."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest
from uuid_utils.compat import uuid7

from shared.contracts import profiles
from shared.contracts.erasure import Scope
from shared.contracts.event import Event
from shared.contracts.reading import CATALOGUE
from shared.erasure.forgetting import EMPTIED, Forgets, Forgetting, Mark
from shared.kafka.model import Statement
from shared.kafka.partitions import partition_of
from shared.kafka.records import Heard
from shared.kafka.schema import migrations
from shared.postgres import connect, migrate
from shared.sealing.erasure import WORDS
from tests.erasure.models import models

CONFIRMED, LEFT = profiles.AspirationConfirmed.type, profiles.PersonLeft.type
ERASED, OTHER = uuid4(), uuid4()


class Notes:
    """A row for each event it is given."""

    name = "notes"
    services = ("profiles",)
    types = frozenset((CONFIRMED, LEFT))
    kept = frozenset((LEFT,))

    def prepare(self, batch: Sequence[Heard]) -> list[tuple[UUID, str]]:
        return [(heard.subject, heard.type) for heard in batch]

    async def write(self, connection: asyncpg.Connection, prepared: list[tuple[UUID, str]]) -> None:
        await connection.executemany("insert into notes (person, type) values ($1, $2)", prepared)

    def forget(self, mark: Mark) -> Mapping[str, Statement]:
        return {"notes": ("delete from notes where person = $1 and type <> $2", (mark.person, LEFT))}


@pytest.fixture
async def connection(fresh_database: str) -> AsyncIterator[asyncpg.Connection]:
    made = await connect(fresh_database, deadline=30)
    await migrate(made, migrations())
    await made.execute("create table notes (person uuid not null, type text not null)")
    yield made
    await made.close()


def heard(person: UUID, wire_type: str, body: bytes = b"{}") -> Heard:
    return Heard(
        service="profiles",
        partition=partition_of(person),
        offset=0,
        position=1,
        previous=0,
        id=uuid7(),
        type=wire_type,
        version=1,
        stream=person,
        subject=person,
        recorded_at=datetime.now(UTC),
        by="test",
        origin="live",
        trace=None,
        body=body,
    )


def marked(scope: Scope, number: int = 1, of: int = 1, erasure: UUID | None = None) -> Heard:
    mark = profiles.ErasureMarked(
        erasure=erasure or uuid4(), person=ERASED, about=ERASED, scope=scope, number=number, of=of
    )
    return heard(ERASED, profiles.ErasureMarked.type, mark.write(cast("Any", None)))


async def applied(connection: asyncpg.Connection, *batches: Sequence[Heard], ahead: bool = False) -> list[Any]:
    """The rows after the batches; `ahead`: all are prepared before the first is written, as the consumer may."""
    model = Forgetting(Notes())
    await model.begin(connection)
    prepared = [model.prepare(batch) for batch in batches] if ahead else []
    for number, batch in enumerate(batches):
        await model.write(connection, prepared[number] if ahead else model.prepare(batch))
    rows = await connection.fetch("select person, type from notes")
    return sorted((row["person"] == ERASED, row["type"]) for row in rows)


@pytest.mark.parametrize("ahead", [False, True])
async def test_what_comes_before_a_mark_goes_and_words_after_it_stay(connection, ahead):
    said = heard(ERASED, CONFIRMED)
    assert await applied(connection, [said, heard(OTHER, CONFIRMED), marked("words"), said], ahead=ahead) == [
        (False, CONFIRMED),
        (True, CONFIRMED),
    ]


@pytest.mark.parametrize("ahead", [False, True])
async def test_of_who_is_erased_only_what_is_kept_is_applied_any_more(connection, ahead):
    batches = [[heard(ERASED, CONFIRMED)], [marked("person")], [heard(ERASED, CONFIRMED), heard(ERASED, LEFT)]]
    assert await applied(connection, *batches, ahead=ahead) == [(True, LEFT)]
    # Somebody else takes over, or builds anew: they know it before they begin.
    assert await applied(connection, [heard(ERASED, CONFIRMED)]) == [(True, LEFT)]


async def test_a_batch_without_a_mark_is_the_models_own_affair(connection):
    model = Forgetting(Notes())
    assert model.statements(model.prepare([heard(OTHER, CONFIRMED)])) is None  # it has none
    assert model.statements(model.prepare([])) == ()
    assert model.types == {CONFIRMED, LEFT, profiles.ErasureMarked.type, profiles.ErasureOrdered.type}


async def test_what_was_found_is_kept_once_however_often_a_mark_is_heard(connection):
    erasure = uuid4()
    one, two = marked("words", 1, 2, erasure), marked("words", 2, 2, erasure)
    await applied(connection, [heard(ERASED, CONFIRMED), heard(ERASED, CONFIRMED), one], [one, two])
    rows = await connection.fetch("select number, marks, found from erasure_marks order by number")
    assert [(row["number"], row["marks"], orjson.loads(row["found"])) for row in rows] == [
        (1, 2, {"notes": 2}),
        (2, 2, {"notes": 0}),
    ]


async def test_an_order_waits_for_the_worker_once(connection):
    order = profiles.ErasureOrdered(erasure=uuid4(), person=ERASED, scope="words").write(cast("Any", None))
    told = heard(ERASED, profiles.ErasureOrdered.type, order)
    await applied(connection, [told], [told])
    [row] = await connection.fetch("select person, scope, marks, reported_at from erasures_ordered")
    assert tuple(row) == (ERASED, "words", None, None)


async def test_a_model_that_is_built_aside_reports_nothing(connection):
    aside = Forgetting(Notes(), tells=False)
    order = profiles.ErasureOrdered(erasure=uuid4(), person=ERASED, scope="words").write(cast("Any", None))
    await aside.write(connection, aside.prepare([marked("words"), heard(ERASED, profiles.ErasureOrdered.type, order)]))
    assert await connection.fetchval("select count(*) from erasure_marks") == 0


MODELS = models(cast("Any", SimpleNamespace(sealer=None, settings=None)))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"{model.name} of {type(model).__module__}")
def test_a_model_that_is_told_words_in_its_tables_forgets(model):
    """Who keeps what people said, and does not say what an erasure takes of it, is found here."""
    sealing = [
        event
        for event in CATALOGUE.values()
        if event.type in model.types and event.data_class in WORDS and event.sealed_about
    ]
    keeps_words = any(field in model.tables for event in sealing for field in event.sealed_about)
    assert isinstance(model, Forgets) or not keeps_words
    scopes: tuple[Scope, ...] = ("words", "person")
    if hasattr(model, "forget"):
        for scope in scopes:
            for service in model.services:
                told = model.forget(Mark(service, scope, ERASED, ERASED))
                assert all(
                    place.startswith(EMPTIED) == sql.strip().startswith("update") for place, (sql, _) in told.items()
                )


def test_events_of_an_erasure_seal_nothing() -> None:
    """They are recorded when keys are gone."""
    of_erasures: list[type[Event]] = [event for event in CATALOGUE.values() if "erasure" in event.model_fields]
    assert len(of_erasures) > 10
    assert all(not event.sealed_about for event in of_erasures)
