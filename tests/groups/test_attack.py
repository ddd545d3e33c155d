"""The attack on the thousand employees finds nobody; and finds people as soon as a rule is switched off."""

from collections.abc import Sequence

import pytest

from shared.groups import Fact, Group, grouping, regroup
from tests.groups.attack import ALWAYS, MINIMUM, YEARS, Found, attack


def finds(found: Found) -> bool:
    return bool(found.few) or found.parts[0] < MINIMUM


def test_no_two_answers_and_no_sum_of_any_differ_by_fewer_people_than_the_minimum() -> None:
    found = attack(periods=YEARS)
    assert (found.few, found.parts[0]) == ([], MINIMUM), "groups of five are there, and none is smaller"
    assert found.questions > 50_000
    assert found.pairs > 1_000_000
    for released in found.releases:
        assert sum(released.right.values()) > 0.85 * released.official, "most can be read as it is"


@pytest.mark.parametrize("seed", range(3))
def test_nor_do_they_whatever_is_corrected(seed: int) -> None:
    assert not finds(attack(seed=seed, periods=ALWAYS))


def test_without_complementary_hiding_it_finds_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "_complete", lambda *_: None)
    assert finds(attack(periods=ALWAYS))


def test_with_releases_that_do_not_know_of_the_last_one_it_finds_people() -> None:
    def anew(_groups: Sequence[Group], facts: Sequence[Fact], minimum: int) -> list[Group]:
        return regroup([], facts, minimum)

    assert finds(attack(rule=anew, periods=ALWAYS))
