"""Job histories for the tests: rows with everything said that must be, strategies of whole histories, and files."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid5

from hypothesis import settings
from hypothesis import strategies as st

from services.profiles.imports.mapping import AS_IT_IS, ColumnMapping
from services.profiles.imports.problems import Place, Problem
from services.profiles.imports.records import Records
from services.profiles.imports.rows import HistoryRow, Row
from services.profiles.imports.shapes import Kind, Layout, layout
from services.profiles.person import Fact
from shared.contracts.event import Event
from shared.contracts.profiles import FactWithdrawn

PERSON = UUID("7e0d5a2c-35a5-4f3c-9d7a-0d8d7e1b2f01")
PEOPLE = {number: uuid5(PERSON, number) for number in ("M1", "M2", "M3")}

START = date(2020, 1, 1)

PATIENT = settings(deadline=None, max_examples=60)
"""Whole histories take a while to draw, and how long says nothing on a busy machine."""


def row(**said: Any) -> HistoryRow:
    """A row of somebody who holds one place since 2020."""
    usual: dict[str, Any] = {
        "at": Place(0, 2),
        "employee_number": "E1",
        "given_name": None,
        "family_name": None,
        "email": None,
        "language": None,
        "position": "main",
        "unit": "rnd",
        "title": "Engineer",
        "job_level": 3,
        "legal_entity": "FR01",
        "country": "FR",
        "time_zone": "Europe/Paris",
        "fte": 1.0,
        "primary": True,
        "status": "active",
        "manager": None,
        "dotted_line_manager": None,
        "reason": None,
        "effective_on": START,
        "held_until": None,
        "left_on": None,
    }
    return HistoryRow(**{**usual, **said})


@st.composite
def histories(draw: st.DrawFn) -> list[HistoryRow]:
    """All rows of one person, nothing wrong with them: several spells, positions, gaps and changes."""
    rows: list[HistoryRow] = []
    day = START
    for number in range(draw(st.integers(1, 3))):
        day += timedelta(days=draw(st.integers(1, 40))) if number else timedelta()
        begins = day
        for position in draw(st.lists(st.sampled_from(["main", "side"]), min_size=1, max_size=2, unique=True)):
            day = max(day, _position(draw, rows, position, begins))
        left_on = day + timedelta(days=draw(st.integers(0, 20)))
        if number < 2 and draw(st.booleans()):
            mine = [index for index, one in enumerate(rows) if one.effective_on >= begins]
            said = draw(st.lists(st.sampled_from(mine), min_size=1, unique=True))
            rows = [replace(one, left_on=left_on) if index in said else one for index, one in enumerate(rows)]
            day = left_on
        else:
            break
    return [replace(one, at=Place(0, line)) for line, one in enumerate(rows, 2)]


def _position(draw: st.DrawFn, rows: list[HistoryRow], position: str, begins: date) -> date:
    """Adds the rows of one position; the last day that they speak of."""
    day = begins
    for _ in range(draw(st.integers(1, 4))):
        day += timedelta(days=draw(st.integers(0, 30)))
        one = row(
            position=position,
            unit=draw(st.sampled_from(["rnd", "ops"])),
            title=draw(st.sampled_from(["Engineer", "Lead"])),
            fte=draw(st.sampled_from([1.0, 0.5])),
            status=draw(st.sampled_from(["active", "leave"])),
            manager=draw(st.sampled_from([None, "M1", "M2"])),
            dotted_line_manager=draw(st.sampled_from([None, "M3"])),
            reason=draw(st.sampled_from([None, None, "promotion"])),
            effective_on=day,
        )
        day += timedelta(days=draw(st.integers(0, 30)))
        if draw(st.booleans()):
            one = replace(one, held_until=day)
        rows.append(one)
        day += timedelta(days=1)
    return day


def told(facts: dict[UUID, Fact], events: Sequence[Event]) -> dict[UUID, Fact]:
    """The facts that hold once the events were told."""
    held = dict(facts)
    for event in events:
        if isinstance(event, FactWithdrawn):
            del held[event.fact]
        else:
            assert isinstance(event, Fact)
            held[event.fact] = event
    return held


def read(
    kind: Kind,
    content: bytes,
    *,
    mapping: ColumnMapping = AS_IT_IS,
    snapshot_of: date | None = None,
    chunk: int = 1 << 16,
) -> list[Row | Problem]:
    """What a file says: its rows, and what is wrong with it, in order."""
    records = Records()
    chunks = [content[start : start + chunk] for start in range(0, len(content), chunk)]
    found: list[Row | Problem] = []
    how: Layout | None = None
    for record in (one for piece in [*chunks, b""] for one in records.feed(piece)):
        if how is None:
            understood = layout(kind, record, 0, mapping, snapshot_of=snapshot_of)
            if isinstance(understood, list):
                return list(understood)
            how = understood
            continue
        one = how.row(record, 0)
        found += one if isinstance(one, list) else [one]
    return found


def history_file(rows: Sequence[dict[str, str]]) -> bytes:
    """A job history with the columns that the rows have."""
    names = list(dict.fromkeys(name for one in rows for name in one))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()
