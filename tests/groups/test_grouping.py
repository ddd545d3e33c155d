"""Who is counted together: facts fill groups, groups split by whole parts, and no arithmetic finds few."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.groups import Fact, Group, Label, Minimum, figures, grouping, regroup, told

MINIMUM = 3


def fact(number: int, *labels: str | None, person: int | None = None) -> Fact:
    return Fact(
        UUID(int=number),
        UUID(int=number if person is None else person),
        [None if label is None else (label,) for label in labels],
    )


def facts(numbers: Iterable[int], *labels: str | None) -> list[Fact]:
    return [fact(number, *labels) for number in numbers]


def counts(groups: Iterable[Group]) -> dict[str, int]:
    return {label[0]: count for label, count in figures(groups, MINIMUM).items()}


def test_facts_fill_the_finest_group_and_the_rest_the_next_and_few_are_not_told() -> None:
    given_ = [
        *facts(range(3), "January", "2027"),
        *facts(range(10, 12), "February", "2027"),
        *facts(range(20, 22), "March", "2027"),
        *facts(range(30, 32), "March", "2028"),
    ]
    assert counts(regroup([], given_, MINIMUM)) == {"January": 3, "March": 4}
    assert counts(regroup([], given_[:-2], MINIMUM)) == {"January": 3, "2027": 4}
    assert counts(regroup([], facts(range(2), "January"), MINIMUM)) == {}


def test_people_are_counted_for_the_minimum_and_facts_for_the_figure() -> None:
    often = [fact(number, "2027", person=number % 2) for number in range(6)]
    assert counts(regroup([], often, MINIMUM)) == {}
    assert counts(regroup([], [*often, fact(6, "2027")], MINIMUM)) == {"2027": 7}


def test_what_is_not_to_be_told_yet_waits() -> None:
    waiting = facts(range(3), None, "2027")
    assert counts(regroup([], waiting, MINIMUM)) == {"2027": 3}
    assert counts(regroup([], facts(range(3), None), MINIMUM)) == {}


def test_a_fact_that_comes_late_waits_for_others() -> None:
    first = regroup([], facts(range(4), "2027"), MINIMUM)
    late = regroup(first, facts(range(6), "2027"), MINIMUM)
    assert counts(late) == {"2027": 4}
    assert counts(regroup(late, facts(range(7), "2027"), MINIMUM)) == {"2027": 7}


def test_a_correction_of_few_keeps_the_old_figure_and_one_of_many_makes_a_new_one() -> None:
    first = regroup([], facts(range(7), "2027"), MINIMUM)
    few = [*facts(range(5), "2027"), *facts(range(5, 7), "2028")]
    assert counts(regroup(first, few, MINIMUM)) == {"2027": 7}
    many = [*facts(range(4), "2027"), *facts(range(4, 7), "2028")]
    assert counts(regroup(first, many, MINIMUM)) == {"2027": 4, "2028": 3}
    assert counts(regroup(first, facts(range(4), "2027"), MINIMUM)) == {"2027": 4}


def test_nobody_leaves_so_that_few_stay_behind() -> None:
    first = regroup([], facts(range(5), "2027"), MINIMUM)
    assert counts(regroup(first, facts(range(2), "2027"), MINIMUM)) == {"2027": 5}
    first = regroup([], facts(range(9), "2027"), MINIMUM)
    moved = [*facts(range(2), "2027"), *facts(range(2, 5), "2028"), *facts(range(5, 9), "2029")]
    assert counts(regroup(first, moved, MINIMUM)) == {"2027": 5, "2029": 4}, "the smallest part stays"
    assert counts(regroup(first, moved[2:], MINIMUM)) == {"2027": 5, "2029": 4}, "so do the few who are gone"


def test_who_was_withdrawn_comes_back_together_with_the_same() -> None:
    first = regroup([], facts(range(7), "2027"), MINIMUM)
    gone = regroup(first, facts(range(4), "2027"), MINIMUM)
    some = regroup(gone, facts((*range(4), 4, 10, 11), "2027"), MINIMUM)
    assert counts(some) == {"2027": 4}, "one of the three would be told apart from the others"
    assert counts(regroup(some, facts((*range(7), 10, 11), "2027"), MINIMUM)) == {"2027": 7}


def test_a_higher_minimum_leaves_out_what_is_smaller() -> None:
    now = [*facts(range(3), "2027"), *facts(range(3, 8), "2028")]
    first = regroup([], now, 3)
    assert figures(regroup(first, now, 5), 5) == {("2028",): 5}
    assert figures(first, 3) == {("2027",): 3, ("2028",): 5}


@pytest.mark.parametrize("counts", [2, 0, -1])
def test_no_minimum_is_below_the_floor(counts: int) -> None:
    with pytest.raises(ValueError, match="3 people"):
        Minimum(counts=counts)
    with pytest.raises(ValueError, match="3 people"):
        Minimum(feelings=counts)


# Whatever happens

LABELS = ("a", "b", "c", None)


@st.composite
def histories(draw: st.DrawFn) -> list[list[Fact]]:
    """All facts at each release. Some people have several; any may come late, change, go and come back."""
    people = draw(st.lists(st.integers(100, 108), min_size=14, max_size=14))
    return [
        [
            fact(number, draw(st.sampled_from(LABELS)), draw(st.sampled_from(("A", "B", None))), person=person)
            for number, person in enumerate(people)
            if draw(st.booleans())
        ]
        for _ in range(draw(st.integers(1, 4)))
    ]


def releases(history: Iterable[Sequence[Fact]], minimum: int) -> list[list[Group]]:
    made: list[list[Group]] = []
    for now in history:
        made.append(regroup(made[-1] if made else [], now, minimum))
    return made


def inseparable(made: Iterable[Iterable[Group]], minimum: int) -> Collection[set[UUID]]:
    """The people of facts that are in the same figures everywhere: no signed sum of figures is about a part of them."""
    where: dict[UUID, set[tuple[int, Label]]] = defaultdict(set)
    person: dict[UUID, UUID] = {}
    for number, groups in enumerate(made):
        for label, alike in told(groups, minimum).items():
            for each, whose in ((each, whose) for one in alike for each, whose in one.members.items()):
                where[each].add((number, label))
                person[each] = whose
    together: dict[frozenset[tuple[int, Label]], set[UUID]] = defaultdict(set)
    for each, places in where.items():
        together[frozenset(places)].add(person[each])
    return together.values()


@given(histories(), st.integers(3, 5))
def test_no_signed_sum_of_any_figures_of_any_releases_is_about_fewer_than_the_minimum(
    history: list[list[Fact]], minimum: int
) -> None:
    made = releases(history, minimum)
    assert all(len(people) >= minimum for people in inseparable(made, minimum))
    for now, groups in zip(history, made, strict=True):
        members = [each for one in groups for each in one.members]
        assert len(members) == len(set(members)), "a fact is in one group"
        known = {each.id for each in now}
        fresh = [one for one in groups if one.label is not None and known >= set(one.members)]
        assert sum(figures(fresh, minimum).values()) <= len(now)


@given(histories(), st.integers(3, 5))
def test_what_was_told_is_told_by_parts_and_never_mixed(history: list[list[Fact]], minimum: int) -> None:
    made = releases(history, minimum)
    for before, after in pairwise(made):
        group_of = {each: number for number, one in enumerate(before) for each in one.members}
        assert {each for one in after for each in one.members} >= group_of.keys()
        for one in after:
            assert len({group_of.get(each) for each in one.members}) == 1


@pytest.mark.parametrize("rule", ["_complete", "_people"])
def test_the_search_finds_people_where_the_rule_is_switched_off(monkeypatch: pytest.MonkeyPatch, rule: str) -> None:
    off = {"_complete": lambda *_: None, "_people": len}  # no complementary hiding; facts instead of people
    monkeypatch.setattr(grouping, rule, off[rule])
    first = [fact(number, "2027", person=number % 2 if rule == "_people" else number) for number in range(5)]
    made = releases([first, first[:2]], MINIMUM)
    assert min(len(people) for people in inseparable(made, 1)) < MINIMUM
