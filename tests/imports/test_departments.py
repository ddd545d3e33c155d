"""The shape of four files: department and title become one place, and the true numbers of employees-1000 come out."""

from collections import Counter, defaultdict
from datetime import date
from pathlib import Path
from uuid import uuid5

import pytest

from services.profiles.imports.contradictions import check as check_history
from services.profiles.imports.departments import check, job_history
from services.profiles.imports.history import desired
from services.profiles.imports.problems import Place
from services.profiles.imports.rows import Department, DepartmentAssignment, DepartmentManager, TitleHeld
from services.profiles.imports.shapes import UNSAID
from services.profiles.unit import unit_id
from shared.contracts.profiles import PersonJoined, PersonLeft, PlaceChanged, PlaceTaken
from tests.imports.stories import PERSON, read

EMPLOYEES = Path(__file__).parents[2] / "data" / "employees-1000"


def assigned(line: int, department: str, begins: str, ends: str | None) -> DepartmentAssignment:
    return DepartmentAssignment(Place(0, line), "E1", department, on(begins), on(ends) if ends else None)


def titled(line: int, title: str, begins: str, ends: str | None) -> TitleHeld:
    return TitleHeld(Place(1, line), "E1", title, on(begins), on(ends) if ends else None)


def on(text: str) -> date:
    return date.fromisoformat(text)


def test_unit_and_title_are_merged_by_day_and_who_has_no_open_assignment_has_left() -> None:
    assignments = [assigned(2, "d1", "2000-01-01", "2001-01-01"), assigned(3, "d2", "2001-01-01", "2003-01-01")]
    titles = [titled(2, "Junior", "2000-01-01", "2002-01-01"), titled(3, "Senior", "2002-01-01", None)]
    assert check(assignments, titles) == []
    rows = job_history(assignments, titles, UNSAID)
    assert [(row.effective_on, row.unit, row.title, row.held_until, row.left_on) for row in rows] == [
        (on("2000-01-01"), "d1", "Junior", on("2000-12-31"), on("2002-12-31")),
        (on("2001-01-01"), "d2", "Junior", on("2001-12-31"), on("2002-12-31")),
        (on("2002-01-01"), "d2", "Senior", on("2002-12-31"), on("2002-12-31")),
    ]
    assert check_history(rows) == []


@pytest.mark.parametrize(
    ("assignments", "titles", "file", "line", "code"),
    [
        ([("d1", "2000-01-01", None), ("d2", "2001-01-01", None)], [("J", "2000-01-01", None)], 0, 3, "overlap"),
        ([("d1", "2000-01-01", None), ("d2", "2000-01-01", None)], [("J", "2000-01-01", None)], 0, 3, "duplicate"),
        ([("d1", "2000-01-01", None)], [("J", "2000-02-01", None)], 0, 2, "no-title"),
        ([("d1", "2000-01-01", None)], [("J", "2000-01-01", "2001-01-01")], 0, 2, "no-title"),
        ([("d1", "2000-01-01", "2001-01-01")], [("J", "2000-01-01", None), ("S", "2000-06-01", None)], 1, 3, "overlap"),
        ([], [("J", "2000-01-01", None)], 1, 2, "no-assignment"),
    ],
)
def test_rows_that_make_no_place_are_named(
    assignments: list[tuple[str, str, str | None]],
    titles: list[tuple[str, str, str | None]],
    file: int,
    line: int,
    code: str,
) -> None:
    problems = check(
        [assigned(n, *one) for n, one in enumerate(assignments, 2)],
        [titled(n, *one) for n, one in enumerate(titles, 2)],
    )
    assert [(problem.at.file, problem.at.line, problem.code) for problem in problems] == [(file, line, code)]


def test_the_true_numbers_of_a_thousand_employees() -> None:
    people: dict[str, tuple[list[DepartmentAssignment], list[TitleHeld]]] = defaultdict(lambda: ([], []))
    names, leaders = {}, set()
    for row in read("department_assignments", (EMPLOYEES / "department_assignments.csv").read_bytes(), chunk=1000):
        assert isinstance(row, DepartmentAssignment)
        people[row.employee_id][0].append(row)
    for row in read("titles", (EMPLOYEES / "titles.csv").read_bytes(), chunk=1000):
        assert isinstance(row, TitleHeld)
        people[row.employee_id][1].append(row)
    for row in read("departments", (EMPLOYEES / "departments.csv").read_bytes()):
        assert isinstance(row, Department)
        names[unit_id(row.department_id)] = row.name
    for row in read("department_managers", (EMPLOYEES / "department_managers.csv").read_bytes()):
        assert isinstance(row, DepartmentManager)
        leaders.add(row.employee_id)

    joined = left = 0
    titles: Counter[tuple[str, str]] = Counter()
    moves: Counter[tuple[str, str]] = Counter()
    for number, (assignments, held) in people.items():
        assert check(assignments, held) == []
        rows = job_history(assignments, held, UNSAID)
        assert check_history(rows) == []
        before: PlaceTaken | PlaceChanged | None = None
        for fact in desired(uuid5(PERSON, number), rows, {}):
            joined += isinstance(fact, PersonJoined)
            left += isinstance(fact, PersonLeft)
            if isinstance(fact, PlaceTaken | PlaceChanged):
                if before and before.title != fact.title:
                    titles[before.title, fact.title] += 1
                if before and before.unit != fact.unit:
                    moves[names[before.unit], names[fact.unit]] += 1
                before = fact

    assert (joined, left, len(leaders - people.keys())) == (1000, 198, 8)
    assert titles == {
        ("Engineer", "Senior Engineer"): 223,
        ("Staff", "Senior Staff"): 216,
        ("Assistant Engineer", "Engineer"): 31,
    }
    assert (moves.total(), len(moves)) == (103, 16)
    assert moves.most_common(5) == [
        (("Development", "Research"), 21),
        (("Development", "Production"), 17),
        (("Production", "Quality Management"), 11),
        (("Sales", "Customer Service"), 10),
        (("Production", "Customer Service"), 10),
    ]
