"""Of who is erased, a model holds the same whether it was there all along or is built anew; however batches are cut."""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime
from itertools import count
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from shared.contracts import conversations, notifications, opportunities, profiles
from shared.contracts.erasure import ErasureMarked
from shared.contracts.event import Event, Sealed
from shared.contracts.reading import CATALOGUE
from shared.erasure.forgetting import Forgetting
from shared.kafka.comparison import differences
from shared.kafka.partitions import partition_of
from shared.kafka.records import Heard
from shared.kafka.schema import migrations
from shared.postgres import connect, migrate
from tests.erasure.models import models
from tests.export.samples import samples

ERASED, OTHER = uuid4(), uuid4()
MARKS: Sequence[type[ErasureMarked]] = (
    profiles.ErasureMarked,
    conversations.ErasureMarked,
    opportunities.ErasureMarked,
    notifications.ErasureMarked,
)
_positions = count(1)


class _Sealer:
    """Of who is erased, nothing can be unsealed."""

    async def unseal(self, sealed: Iterable[Sealed]) -> dict[Sealed, Any]:
        del sealed
        return {}


MODELS = models(cast("Any", SimpleNamespace(sealer=_Sealer(), settings=None)))


@pytest.fixture
async def connection(fresh_database: str) -> AsyncIterator[asyncpg.Connection]:
    made = await connect(fresh_database, deadline=30)
    await migrate(made, migrations())
    yield made
    await made.close()


def heard(event: Event) -> Heard:
    position = next(_positions)
    return Heard(
        service=event.service,
        partition=partition_of(event.subject),
        offset=position,
        position=position,
        previous=0,
        id=uuid7(),
        type=event.type,
        version=1,
        stream=uuid4(),
        subject=event.subject,
        recorded_at=datetime.now(UTC),
        by="test",
        origin="live",
        trace=None,
        body=event.write(lambda _person, context, _value: Sealed("eA==", "key", context)),
    )


def told(model: Any) -> list[Heard]:
    """Every kind of event that the model takes and that can name the person, in each of their roles; their erasure;
    and all of it once more, as it comes by other topics that are behind."""
    events = [_own_fact(sample.event) for service in model.services for sample in samples(service, ERASED)]
    taken = [event for event in events if event.type in model.types and not isinstance(event, ErasureMarked)]
    marks: list[Event] = [
        mark(erasure=uuid4(), person=ERASED, about=about, scope="person", number=number, of=2)
        for mark in MARKS
        if mark.service in model.services
        for number, about in enumerate((ERASED, OTHER), 1)
    ]
    return [heard(event) for event in (*taken, *marks, *taken)]


def _own_fact(event: Event) -> Event:
    """A fact of HR's is about one person."""
    return event.model_copy(update={"fact": event.subject}) if "fact" in type(event).model_fields else event


async def apply(connection: asyncpg.Connection, schema: str, model: Any, batches: Sequence[Sequence[Heard]]) -> None:
    await connection.execute(f'create schema "{schema}"; set search_path = "{schema}", public')
    await connection.execute(model.tables)
    forgetting: Forgetting[Any] = Forgetting(model)
    await forgetting.begin(connection)
    for batch in batches:
        if mine := [one for one in batch if one.type in forgetting.types]:
            async with connection.transaction():
                await forgetting.write(connection, forgetting.prepare(mine))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"{model.name} of {type(model).__module__}")
async def test_live_and_rebuilt_are_the_same_however_batches_are_cut(connection, model):
    stream = told(model)
    await apply(connection, "one_by_one", model, [[one] for one in stream])
    await connection.execute("truncate public.erased")
    await apply(connection, "at_once", model, [stream])
    await apply(connection, "rebuilt", model, [[one] for one in stream])
    assert await differences(connection, "one_by_one", "at_once") == []
    assert await differences(connection, "one_by_one", "rebuilt") == []


def test_every_kind_of_event_that_a_model_takes_of_a_person_is_told() -> None:
    assert {one.type for model in MODELS for one in told(model)} >= {
        event.type
        for event in CATALOGUE.values()
        if event.subject_field in ("person", "employee", "delegator")
        and any(event.type in model.types for model in MODELS)
    }
