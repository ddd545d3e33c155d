"""Notifications: each cause told each of its people once, and told nobody else."""

from collections import Counter
from datetime import UTC, datetime
from email import message_from_bytes
from typing import Any
from uuid import UUID

from services.notifications.tellings import (
    Parties,
    SharingEvent,
    day_to_wait_for,
    is_news,
    item_of,
    parties_of,
    tellings,
)
from shared.contracts.event import Event
from shared.contracts.notifications import NotificationSent
from shared.contracts.reading import read_event
from tests.faults.findings import Findings
from tests.faults.house import House
from tests.faults.stores import Recorded, Stores


async def check_messages(house: House, stores: Stores, findings: Findings) -> None:
    """Those that name their person are known from the events alone; who is a manager or HR partner was asked then."""
    sent: Counter[tuple[UUID, UUID]] = Counter()
    mailed: set[UUID] = set()
    for one in stores["notifications"]:
        event = read_event(one.type, one.body)
        if isinstance(event, NotificationSent):
            sent[event.cause, event.person] += 1
            if "email" in event.channels:
                mailed.add(event.notification)
    named, to_relations = _wanted(stores)
    for pair in named:
        findings.check("a cause tells its person once", sent[pair] == 1, f"{pair[0]} → {pair[1]}: {sent[pair]} times")
    for pair, times in sent.items():
        findings.check("nobody is told twice of a cause", times == 1, f"{pair[0]} → {pair[1]}: {times} times")
        known = pair in named or pair[0] in to_relations
        findings.check("nobody is told of what does not concern them", known, f"{pair[0]} → {pair[1]}")
    findings.facts["notifications"] = sum(sent.values())
    await _check_mails(house, mailed, findings)


def _wanted(stores: Stores) -> tuple[set[tuple[UUID, UUID]], set[UUID]]:
    """Cause and person where the event names the person; the causes that tell whoever has a relation, or nobody if a
    sharing was over before it was told."""
    named: set[tuple[UUID, UUID]] = set()
    to_relations: set[UUID] = set()
    now = datetime.now(UTC)
    parties: dict[UUID, Parties] = {}
    told: list[tuple[Recorded, Any]] = [
        (one, event)
        for name in ("profiles", "conversations", "opportunities")
        for one in stores[name]
        if isinstance(event := read_event(one.type, one.body), Event)
    ]
    over = {event.share for _, event in told if isinstance(event, SharingEvent)}
    for one, event in told:
        if (begun := parties_of(event)) is not None:
            parties[begun[0]] = begun[1]
        item = begun[0] if begun is not None else item_of(event)
        for telling in tellings(event, parties.get(item) if item is not None else None):
            if not is_news(telling, origin=one.origin, recorded_at=one.recorded_at, now=now):
                continue
            if telling.whom != "person" or (telling.sharing is not None and telling.sharing.share in over):
                to_relations.add(one.id)
            elif str(telling.to) != one.by and day_to_wait_for(telling, one.recorded_at) is None:
                named.add((one.id, telling.to))
    return named, to_relations


async def _check_mails(house: House, mailed: set[UUID], findings: Findings) -> None:
    connection = await house.database("notifications")
    try:
        rows = await connection.fetch("select notification, state from mails")
    finally:
        await connection.close()
    states = {row["notification"]: row["state"] for row in rows}
    for notification in mailed:
        findings.check("a mail was made of what is told by mail", notification in states, notification)
    for notification, state in states.items():
        findings.check("a mail was taken by the server", state == "sent", f"{notification}: {state}")
    files = [message_from_bytes(path.read_bytes()) for path in (house.folder.root / "mail").glob("*.eml")]
    ids = Counter(str(message["Message-ID"]) for message in files)
    findings.check("each mail arrived under an id of its own", len(ids) == len(states), f"{len(ids)} of {len(states)}")
    findings.facts["mails"] = len(ids)
    findings.facts["mails that arrived again"] = sum(ids.values()) - len(ids)
