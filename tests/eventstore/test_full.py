"""A stream that was changed too often takes no more words, and can still be ended."""

from datetime import date
from uuid import uuid4

import pytest

from services.profiles import aspiration as rules
from shared import streams as module
from shared.contracts.profiles import Aspiration
from shared.eventstore.memory import MemoryEventStore
from shared.sealing.keys import KeyCache
from shared.sealing.memory import MemoryKeyStore
from shared.sealing.sealer import Sealer
from shared.sharing import ShareItem, WithdrawSharing
from shared.streams import ChangedTooOften, Origin, Receipt, Streams

PERSON, SHARE, TODAY = uuid4(), uuid4(), date(2026, 3, 2)
WORDS = Aspiration(grain="role", certainty="likely", text="Lead the customer team")


async def test_what_was_changed_too_often_takes_no_more_words_and_is_withdrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    streams = Streams(MemoryEventStore(), Sealer(KeyCache(MemoryKeyStore())), "profiles")
    item = uuid4()

    async def told(command: rules.AspirationCommand) -> Receipt:
        return await streams.execute(rules.DECIDER, item, command, Origin("anna"))

    await told(rules.RecordAspiration(item, PERSON, WORDS, TODAY))
    await told(ShareItem(PERSON, SHARE, "my_manager", uuid4(), None, None, False, TODAY))  # noqa: FBT003
    revised = rules.ReviseAspiration(PERSON, WORDS, TODAY)
    await told(revised)
    monkeypatch.setattr(module, "LARGEST", 1000)
    with pytest.raises(ChangedTooOften):
        await told(revised)
    assert (await told(WithdrawSharing(PERSON, SHARE, TODAY))).version == 4
    monkeypatch.setattr(module, "LARGEST", 100)
    with pytest.raises(ChangedTooOften):
        await told(rules.ConfirmAspiration(PERSON, date(2026, 3, 3)))
