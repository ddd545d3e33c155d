"""A command that is sent again under its key: by whom it was carried out, and when, makes no difference."""

from datetime import date
from uuid import UUID, uuid4

import pytest

from shared.contracts.profiles import AliasClaimed, UnitLeaderAppointed
from shared.eventstore import CommandKey, CommandRepeated, VersionConflict
from shared.eventstore.memory import MemoryEventStore
from shared.refusals import NotAllowed
from shared.sealing.keys import KeyCache
from shared.sealing.memory import MemoryKeyStore
from shared.sealing.sealer import Sealer
from shared.streams import ATTEMPTS, Origin, Receipt, Streams
from tests.eventstore.given import command_key

UNIT = uuid4()
APPOINTED = UnitLeaderAppointed(unit=UNIT, leader=uuid4(), effective_on=date(2026, 1, 1))


@pytest.fixture
def streams() -> Streams:
    return Streams(MemoryEventStore(), Sealer(KeyCache(MemoryKeyStore())), "profiles")


async def test_what_is_refused_for_what_it_has_done_itself_meanwhile_is_answered(streams: Streams) -> None:
    """The answer to the first was lost, and it is recorded only while the second looks around."""
    origin, first = Origin("hr", key=command_key()), list[Receipt]()

    async def attempt() -> Receipt:
        first.append(await streams.append(UNIT, 0, [APPOINTED], origin))
        raise NotAllowed

    assert [await streams.once(attempt, origin)] == first


@pytest.mark.parametrize("error", [NotAllowed(), VersionConflict(UNIT)])
async def test_what_is_refused_and_was_never_done_stays_refused(streams: Streams, error: Exception) -> None:
    tried = []

    async def attempt() -> Receipt:
        tried.append(1)
        raise error

    with pytest.raises(type(error)):
        await streams.once(attempt, Origin("hr", key=command_key()))
    assert len(tried) == (ATTEMPTS if isinstance(error, VersionConflict) else 1)


async def test_what_has_nothing_left_to_do_is_answered_as_at_first(streams: Streams) -> None:
    origin = Origin("hr", key=command_key())
    first = await streams.append(UNIT, 0, [APPOINTED], origin)

    async def attempt() -> Receipt:
        return Receipt(UNIT, 1, None)

    assert await streams.once(attempt, origin) == first
    assert await streams.once(attempt, Origin("hr", key=command_key())) == Receipt(UNIT, 1, None)


async def test_a_key_with_something_else_is_told_though_it_would_be_refused(streams: Streams) -> None:
    key = command_key()
    await streams.append(UNIT, 0, [APPOINTED], Origin("hr", key=key))

    async def attempt() -> Receipt:
        raise NotAllowed

    with pytest.raises(CommandRepeated):
        await streams.once(attempt, Origin("hr", key=CommandKey(key.key, b"another body")))


async def test_a_receipt_speaks_of_what_is_published(streams: Streams) -> None:
    """Also where something withheld was recorded with it: nobody could wait for that."""
    origin, alias = Origin("hr", key=command_key()), UUID(int=7)

    async def attempt() -> Receipt:
        claimed, receipt = await streams.append_all(
            [(alias, 0, [AliasClaimed(alias=alias, person=UNIT)]), (UNIT, 0, [APPOINTED])], origin
        )
        assert claimed.id == alias
        return receipt

    assert await streams.once(attempt, origin) == await streams.once(attempt, origin)
