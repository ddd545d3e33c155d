"""Halden Instruments, invented: about forty people in two countries and three languages, the same from the same seed.

Dates are relative to today. What comes out are HR's two files, units and job history, as any HR system would send them.
"""

import csv
import io
import random
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

SEED = 20_260_301

UNITS: Mapping[str, tuple[str, str, str]] = {
    # code: name, parent, employee number of the leader
    "HALDEN": ("Halden Instruments", "", "H001"),
    "CARE": ("Customer Care", "HALDEN", "H002"),
    "ENG": ("Engineering", "HALDEN", "H003"),
    "SALES": ("Sales", "HALDEN", "H004"),
    "OPS": ("Operations", "HALDEN", "H005"),
    "PEOPLE": ("People", "HALDEN", "H006"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody works: what the files say of it."""

    legal_entity: str
    country: str
    time_zone: str


MONTREAL = Place("HALDEN-CA", "CA", "America/Toronto")
VALENCIA = Place("HALDEN-ES", "ES", "Europe/Madrid")


@dataclass(frozen=True, slots=True)
class Colleague:
    number: str
    given: str
    family: str
    language: str
    unit: str
    title: str
    level: int
    place: Place
    since: date

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"

    @property
    def email(self) -> str:
        plain = unicodedata.normalize("NFKD", f"{self.given}.{self.family}").encode("ascii", "ignore").decode()
        return f"{plain.lower().replace(' ', '')}@halden.example"


_NAMES: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "fr": (
        ("Élise", "Mathieu", "Camille", "Étienne", "Inès", "Gabriel", "Noémie", "Jules", "Léa", "Olivier"),
        ("Gagnon", "Bouchard", "Lavoie", "Fortin", "Pelletier", "Bélanger", "Roy", "Caron"),
    ),
    "es": (
        ("Sofía", "Javier", "Carmen", "Pablo", "Elena", "Diego", "Marta", "Álvaro", "Nuria", "Hugo"),
        ("Navarro", "Romero", "Molina", "Serrano", "Iglesias", "Castro", "Vidal", "Ferrer"),
    ),
    "en": (
        ("Grace", "Liam", "Hannah", "Noah", "Ruth", "Samuel", "Claire", "Isaac", "Maya", "Thomas"),
        ("Bennett", "Hughes", "Foster", "Campbell", "Reid", "Murray", "Sinclair", "Douglas"),
    ),
}
_TITLES = {
    "CARE": ("Care Agent", "Senior Care Agent"),
    "ENG": ("Test Engineer", "Software Engineer", "Senior Engineer"),
    "SALES": ("Account Manager", "Sales Associate"),
    "OPS": ("Planner", "Technician"),
    "PEOPLE": ("HR Specialist",),
}


def organisation(today: date, seed: int = SEED) -> list[Colleague]:
    """The people of the story, then others around them, to forty."""
    ago = today - timedelta(days=365 * 6)
    named = [
        Colleague("H001", "Ingrid", "Halden", "en", "HALDEN", "Managing Director", 9, MONTREAL, ago),
        Colleague("H002", "Marc", "Tremblay", "fr", "CARE", "Head of Customer Care", 6, MONTREAL, ago),
        Colleague("H003", "Owen", "Clarke", "en", "ENG", "Head of Engineering", 7, MONTREAL, ago),
        Colleague("H004", "Rosa", "Ibáñez", "es", "SALES", "Head of Sales", 6, VALENCIA, ago),
        Colleague("H005", "Tomás", "Peña", "es", "OPS", "Head of Operations", 6, VALENCIA, ago),
        Colleague("H006", "Lucía", "Ortega", "es", "PEOPLE", "HR Business Partner", 5, VALENCIA, ago),
        Colleague("H007", "Amina", "Diallo", "fr", "CARE", "Care Agent", 3, MONTREAL, today - timedelta(days=3 * 365)),
        Colleague("H008", "Nadia", "Benali", "fr", "PEOPLE", "HR Analyst", 4, MONTREAL, ago),
    ]
    chance = random.Random(seed)  # noqa: S311  invented people are no secret
    return [*named, *_others(chance, today, len(named))]


def _others(chance: random.Random, today: date, begun: int) -> Iterable[Colleague]:
    taken: set[tuple[str, str]] = set()
    for number in range(begun + 1, 41):
        unit = chance.choice(("CARE", "CARE", "ENG", "ENG", "ENG", "SALES", "OPS", "PEOPLE"))
        place = VALENCIA if unit in ("SALES", "OPS") else chance.choice((MONTREAL, VALENCIA))
        language = chance.choice(("es", "es", "en") if place is VALENCIA else ("fr", "fr", "en"))
        given, family = _name(chance, language, taken)
        title = chance.choice(_TITLES[unit])
        since = today - timedelta(days=chance.randint(60, 3000))
        yield Colleague(f"H{number:03}", given, family, language, unit, title, chance.randint(2, 5), place, since)


def _name(chance: random.Random, language: str, taken: set[tuple[str, str]]) -> tuple[str, str]:
    while True:
        name = tuple(chance.choice(part) for part in _NAMES[language])
        if name not in taken:
            taken.add((name[0], name[1]))
            return name[0], name[1]


def units_file(founded: date) -> bytes:
    """HR's file of units."""
    return _written(
        ("unit", "name", "parent", "leader", "effective_on"),
        [(code, name, parent, leader, founded.isoformat()) for code, (name, parent, leader) in UNITS.items()],
    )


def job_history_file(people: Sequence[Colleague], changes: Sequence[Mapping[str, str]] = ()) -> bytes:
    """HR's file of everybody's places; `changes` are rows added to it, with what differs from the person's first."""
    rows = []
    for person in people:
        first = _row(person)
        rows.append(first)
        rows.extend({**first, **change} for change in changes if change["employee_number"] == person.number)
    return _written(tuple(rows[0]), [tuple(row.values()) for row in rows])


def _row(person: Colleague) -> dict[str, str]:
    return {
        "employee_number": person.number,
        "given_name": person.given,
        "family_name": person.family,
        "email": person.email,
        "language": person.language,
        "unit": person.unit,
        "title": person.title,
        "job_level": str(person.level),
        "legal_entity": person.place.legal_entity,
        "country": person.place.country,
        "time_zone": person.place.time_zone,
        "reason": "hire",
        "effective_on": person.since.isoformat(),
    }


def _written(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue().encode()
