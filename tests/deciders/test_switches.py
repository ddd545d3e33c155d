"""The switches of a legal entity: off until they are turned on, and nothing to do twice."""

from services.profiles.switches import DECIDER, SwitchMeasure, legal_entity_id
from shared.contracts.profiles import MeasureSwitched
from tests.deciders.scenario import scenario

given = scenario(DECIDER)


AGREED = "Agreed with the works council."


def switched(*, on: bool, reason: str = AGREED) -> MeasureSwitched:
    return MeasureSwitched(
        entity=legal_entity_id("FR01"),
        legal_entity="FR01",
        measure="hr_sees_conversations",
        on=on,
        reason=reason,
    )


def switch(*, on: bool, reason: str = AGREED) -> SwitchMeasure:
    return SwitchMeasure("FR01", "hr_sees_conversations", on, reason)


def test_a_measure_is_off_until_it_is_turned_on():
    given().when(switch(on=False)).then()
    given().when(switch(on=True)).then(switched(on=True))


def test_what_is_on_already_is_not_turned_on_again():
    given(switched(on=True)).when(switch(on=True)).then()


def test_another_reason_for_what_is_so_already_is_recorded():
    for on in (True, False):
        anew = switched(on=on, reason="Agreed anew.")
        given(switched(on=True), switched(on=on)).when(switch(on=on, reason="Agreed anew.")).then(anew)
        given(switched(on=on), anew).when(switch(on=on, reason="Agreed anew.")).then()
        given(switched(on=on), anew).when(switch(on=on)).then(switched(on=on))


def test_a_measure_is_turned_off_and_on_again():
    given(switched(on=True)).when(switch(on=False)).then(switched(on=False))
    given(switched(on=True), switched(on=False)).when(switch(on=True)).then(switched(on=True))


def test_a_legal_entity_has_one_id():
    assert legal_entity_id("FR01") == legal_entity_id("FR01") != legal_entity_id("FR02")
