"""The read models, against the same models made anew from the stores alone; and what the APIs show of them."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from importlib import import_module
from typing import Any

import asyncpg

from deploy.careers.services import SERVICES
from shared import service
from shared.contracts import conversations, notifications, profiles
from shared.contracts.event import Event
from shared.contracts.reading import read_event
from shared.kafka.comparison import differences
from shared.kafka.model import Rebuildable
from shared.kafka.records import Heard
from shared.postgres import connect
from shared.service.parts import open_parts
from tests.faults.findings import Findings
from tests.faults.house import OWNERS, House
from tests.faults.stores import Stores, published
from tests.faults.world import World

BATCH = 1000
SLOW = 300.0
FRESH = timedelta(seconds=30)

_CHECKPOINTS = "select model, service, partition, position from checkpoints"
_PARKED = "select model, service, partition, position, type, reason from parked"
_FRESHNESS = "select model, service, as_of, now() - as_of as age from freshness"


async def check_models(house: House, stores: Stores, findings: Findings) -> None:
    """Each model of each service."""
    topics = {name: published(name, events) for name, events in stores.items()}
    for name in SERVICES:
        of: service.Service = import_module(f"services.{name}.app").SERVICE
        settings = house.settings(of)
        async with open_parts(of, settings, appends=False, reads=1) as parts:
            connection = await connect(settings.database_url, deadline=SLOW, name="checker")
            try:
                await _check_progress(connection, name, topics, findings)
                for model in of.work(parts).models:
                    found = await _compare(connection, model, topics)
                    findings.check("a read model is what a rebuild gives", not found, f"{name}: {model.name}: {found}")
            finally:
                await connection.close()


async def _check_progress(
    connection: asyncpg.Connection, name: str, topics: dict[str, list[Heard]], findings: Findings
) -> None:
    last: dict[tuple[str, int], int] = defaultdict(int)
    for events in topics.values():
        for one in events:
            last[one.service, one.partition] = one.position
    for model, of, partition, position in await connection.fetch(_CHECKPOINTS):
        findings.check(
            "a checkpoint is at the last event",
            position == last[of, partition],
            f"{name}: {model}, {of}, partition {partition}: {position}, not {last[of, partition]}",
        )
    parked = await connection.fetch(_PARKED)
    findings.check("nothing is parked", not parked, f"{name}: {[tuple(row) for row in parked[:3]]}")
    for model, of, as_of, age in await connection.fetch(_FRESHNESS):
        findings.check("a model is fresh", as_of is not None and age < FRESH, f"{name}: {model}, {of}: {age}")


async def _compare(
    connection: asyncpg.Connection, model: Rebuildable[Any], topics: dict[str, list[Heard]]
) -> Sequence[str]:
    """Builds the model beside itself, in a transaction that is taken back."""
    aside = f"{model.name}_checked"
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(f'create schema "{aside}"; set local search_path = "{aside}", public')
        await connection.execute(model.tables)
        for name in sorted(model.services):
            events = [one for one in topics[name] if one.type in model.types]
            for first in range(0, len(events), BATCH):
                await model.write(connection, model.prepare(events[first : first + BATCH]))
        return await differences(connection, model.name, aside)
    finally:
        await transaction.rollback()


async def check_lists(world: World, stores: Stores, findings: Findings) -> None:
    """What each person's own lists show by the public APIs, against the stores."""
    wanted: dict[str, dict[str, set[str]]] = {name: defaultdict(set) for name in ("wishes", "talks", "messages")}
    for one in (event for name in OWNERS for event in stores[name]):
        match read_event(one.type, one.body):
            case profiles.AspirationRecorded() as event:
                wanted["wishes"][str(event.person)].add(str(event.aspiration))
            case conversations.ConversationRequested() as event:
                wanted["talks"][str(event.employee)].add(str(event.conversation))
                wanted["talks"][str(event.partner)].add(str(event.conversation))
            case notifications.NotificationSent() as event:
                wanted["messages"][str(event.person)].add(str(event.notification))
            case Event() | _:
                pass
    lists = (
        ("wishes", "profiles", "/v1/people/{}/aspirations", "aspiration"),
        ("talks", "conversations", "/v1/people/{}/conversations", "conversation"),
        ("messages", "notifications", "/v1/people/{}/notifications", "notification"),
    )
    people = {one.who.id: one.who for one in world.employees} | {unit.leader.id: unit.leader for unit in world.units}
    at_once = asyncio.Semaphore(8)

    async def look(person: str, kind: str, name: str, path: str, field: str) -> None:
        async with at_once:
            shown: list[str] = []
            cursor: dict[str, str] = {}
            while True:
                read = await world.client.read(
                    people[person].token, name, path.format(person), tries=10, limit=100, **cursor
                )
                if read.status != 200:
                    break
                shown += [item[field] for item in read.body["items"]]
                if read.body["next"] is None:
                    break
                cursor = {"cursor": read.body["next"]}
            right = len(shown) == len(set(shown)) and set(shown) == wanted[kind][person]
            findings.check(
                "a list shows everything, once",
                read.status == 200 and right,
                f"{path.format(person)}: {read.status}, {len(shown)} shown of {len(wanted[kind][person])}",
            )

    await asyncio.gather(*(look(person, *one) for person in people for one in lists))
