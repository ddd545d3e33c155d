"""What is withdrawn is gone from every place where others read it, from outside: services, timeline, messages."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from tests.journeys.house import TODAY, Answered, Caller, House, place

TEXT = "I want to lead conversations with customers"
WISH = {"grain": "skill", "certainty": "likely", "text": TEXT}
GOOD = {"direction": 4, "self_insight": 4, "options": 3, "confidence": 5}


@pytest.fixture
def team(house: House) -> tuple[Caller, Caller]:
    """Amina and her manager Ben."""
    ben = house.hire()
    return house.hire(house.unit(ben.id)), ben


def done(answer: Answered) -> Answered:
    assert answer.status in (200, 201), answer
    return answer


def rated(amina: Caller, ben: Caller) -> str:
    """A talk of theirs that Amina rated for herself; its id."""
    when = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0).isoformat()
    body = {"topic": "direction", "proposed_for": when}
    talk = done(amina.post("conversations", f"/v1/people/{amina.id}/conversations", body)).id
    for who, what, sent in ((ben, "accept", {"proposed_for": when}), (amina, "hold", {}), (amina, "rate", GOOD)):
        done(who.post("conversations", f"/v1/conversations/{talk}/{what}", sent))
    return talk


def things(amina: Caller, ben: Caller) -> dict[str, tuple[str, str]]:
    """Kind of entry in a timeline → service and path of what Amina can share."""
    wish = done(amina.post("profiles", f"/v1/people/{amina.id}/aspirations", WISH)).id
    return {
        "aspiration_shared": ("profiles", f"/v1/people/{amina.id}/aspirations/{wish}"),
        "outcomes_shared": ("conversations", f"/v1/people/{amina.id}/outcomes/{rated(amina, ben)}"),
    }


def told(ben: Caller) -> list[Any]:
    inbox = ben.get("notifications", f"/v1/people/{ben.id}/notifications").body["items"]
    return [one for one in inbox if one["kind"].endswith("_shared")]


def reads(reader: Caller, service: str, path: str) -> bool:
    return reader.get(service, path).status == 200


def reads_nothing(reader: Caller, service: str, path: str) -> bool:
    return reader.get(service, path).status == 404


def sees(reader: Caller, amina: Caller, kind: str) -> bool:
    return kind in seen(reader, amina)


def sees_nothing(reader: Caller, amina: Caller, kind: str) -> bool:
    return kind not in seen(reader, amina)


def seen(reader: Caller, amina: Caller) -> set[str]:
    """Kinds of entries that the reader sees in Amina's timeline; none where it is not theirs to read."""
    answer = reader.get("projections", f"/v1/people/{amina.id}/timeline")
    return {entry["kind"] for entry in answer.body["items"]} if answer.status == 200 else set()


def test_what_is_withdrawn_is_gone_wherever_it_was_read(house: House, team: tuple[Caller, Caller]) -> None:
    amina, ben = team
    shared = things(amina, ben)
    shares: dict[str, str] = {}
    for kind, (service, path) in shared.items():
        shares[kind] = done(amina.post(service, f"{path}/share", {"purpose": "For May"})).body["share"]
        house.until(partial(reads, ben, service, path))
        house.until(partial(sees, ben, amina, kind))
    messages = house.until(lambda: one if len(one := told(ben)) == 2 else None)
    assert not any(word in str(messages) for word in (TEXT, "For May", "direction"))
    for kind, (service, path) in shared.items():
        done(amina.post(service, f"{path}/withdraw-sharing", {"share": shares[kind]}))
        house.until(partial(reads_nothing, ben, service, path))
        house.until(partial(sees_nothing, ben, amina, kind))
        assert amina.get(service, f"{path}/audience").body["items"] == []
        assert [one["reader"] for one in amina.get(service, f"{path}/readers").body["items"]] == [ben.id]
    assert "person_joined" in seen(ben, amina)
    assert len(told(ben)) == 2


def test_with_the_relation_ends_what_was_shared_with_my_manager(house: House, team: tuple[Caller, Caller]) -> None:
    amina, ben = team
    shared, carla = things(amina, ben), house.hire()
    for service, path in shared.values():
        done(amina.post(service, f"{path}/share", {}))
        house.until(partial(reads, ben, service, path))
    other = house.unit(carla.id)
    house.told(f"/v1/people/{amina.id}/change-place", place(other, TODAY - timedelta(days=1)))
    for reader in (ben, carla):
        for service, path in shared.values():
            house.until(partial(reads_nothing, reader, service, path))
    house.until(lambda: "person_joined" in seen(carla, amina))
    house.until(lambda: not seen(ben, amina))
    assert not {*shared} & seen(carla, amina)
