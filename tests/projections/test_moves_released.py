"""What analysts are told of moves: by whole months that are over, by the finest period that fills a group."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from services.projections.movement import Kind
from services.projections.moves_reads import MovesAsked
from services.projections.moves_released import Told, count, labels_of, span
from shared.groups import Label

UNITS, TITLES = ("D5", "D8"), ("Engineer", "Lead")


def told(kind: Kind, on: date, until: date) -> list[str | None]:
    labels = labels_of(kind, on, UNITS, TITLES, until)
    return [None if label is None else " ".join(part for part in label[1:] if part) for label in labels]


def test_a_move_is_told_by_its_units_and_a_change_of_title_by_its_titles() -> None:
    day, until = date(2027, 2, 28), date(2027, 12, 31)
    assert told("department_move", day, until) == [
        "units D5 D8 2027-02",
        "units D5 D8 2027-Q1",
        "units D5 D8 2027",
        "units D5 D8 ever",
        "2027",
        "ever",
    ]
    for kind in ("title_change", "promotion"):
        assert told(kind, day, until)[:1] == ["titles Engineer Lead 2027-02"]


def test_a_period_is_told_once_it_is_over() -> None:
    day = date(2027, 2, 1)
    assert told("left", day, date(2027, 1, 31)) == [None] * 6
    assert told("left", day, date(2027, 2, 28)) == ["units D5 D8 2027-02", *[None] * 5]
    assert told("left", day, date(2027, 3, 31)) == ["units D5 D8 2027-02", "units D5 D8 2027-Q1", *[None] * 4]
    assert None not in told("left", day, date(2027, 12, 31))


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("2028-02", date(2028, 2, 1), date(2028, 2, 29)),
        ("2027-Q4", date(2027, 10, 1), date(2027, 12, 31)),
        ("2027", date(2027, 1, 1), date(2027, 12, 31)),
    ],
)
def test_a_period_has_its_days(period: str, first: date, last: date) -> None:
    assert span(period) == (first, last)


FIGURES: Mapping[Label, int] = {
    Told("department_move", "units", "D5", "D8", "2027-01"): 5,
    Told("department_move", "units", "D5", "D8", "2027-Q1"): 6,
    Told("department_move", "units", "D5", "D4", "ever"): 7,
    Told("department_move", "", "", "", "2027"): 8,
    Told("title_change", "titles", "Staff", "Lead", "2027-02"): 9,
    Told("joined", "units", "", "D5", "2027-01"): 10,
}


def asked(*group_by: Any, **more: Any) -> tuple[dict[str, int], int, int]:
    counted = count(FIGURES, MovesAsked(group_by=group_by, **more))
    cells = {" ".join(value or "-" for _, value in key): moves for key, moves in counted.cells.items()}
    return cells, counted.other, counted.wider


def test_figures_are_grouped_by_what_they_tell_and_the_rest_is_counted_beside() -> None:
    assert asked() == ({"": 35}, 0, 0)
    assert asked("kind") == ({"department_move": 26, "title_change": 9}, 0, 0)
    assert asked("flow") == ({"D5 D8": 11, "D5 D4": 7}, 17, 0)
    assert asked("flow", "month", kind=["department_move"]) == (
        {"D5 D8 2027-01": 5, "D5 D8 2027-Q1": 6, "D5 D4 ever": 7},
        8,
        0,
    )
    assert asked("title") == ({"Staff Lead": 9}, 26, 0)
    assert asked("from_unit", kind=["joined"]) == ({"-": 10}, 0, 0)
    assert asked("flow", kind=["joined"]) == ({}, 10, 0), "who joins comes from no unit"


def test_what_is_told_for_longer_than_is_asked_is_not_counted() -> None:
    january = {"begins": date(2027, 1, 1), "ends": date(2027, 1, 31)}
    assert asked("kind", **january) == ({"department_move": 5}, 0, 21)
    quarter = {"begins": date(2027, 1, 1), "ends": date(2027, 3, 31)}
    assert asked("kind", **quarter) == ({"department_move": 11, "title_change": 9}, 0, 15)
    assert asked("kind", begins=date(2027, 1, 1)) == ({"department_move": 19, "title_change": 9}, 0, 7)
    assert asked("kind", ends=date(2026, 12, 31)) == ({}, 0, 7)
