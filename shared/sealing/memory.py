"""A key store for tests that keeps the promises of the real one, in this process alone."""

from collections.abc import Collection, Mapping
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.sealing.keys import DataKey, Owner


class MemoryKeyStore:
    """A KeyStore. `destroy` leaves tombstones; an erased person gets no key again."""

    def __init__(self) -> None:
        self._keys: dict[str, DataKey | None] = {}
        self._newest: dict[Owner, str] = {}
        self._erased: set[UUID] = set()

    @property
    def owners(self) -> list[Owner]:
        """Who has a key, and for which data class."""
        return list(self._newest)

    async def for_sealing(self, owners: Collection[Owner]) -> Mapping[Owner, DataKey]:
        return {owner: self._key(owner) for owner in owners if owner[0] not in self._erased}

    async def for_unsealing(self, ids: Collection[str]) -> Mapping[str, DataKey | None]:
        return {key_id: self._keys.get(key_id) for key_id in ids}

    def destroy(self, person: UUID, data_class: str) -> None:
        """The key is gone; the next value of this person and class takes a new one."""
        if key_id := self._newest.pop((person, data_class), None):
            self._keys[key_id] = None

    def erase(self, person: UUID) -> None:
        """Every key of the person is gone, for good."""
        self._erased.add(person)
        for owner in [owner for owner in self._newest if owner[0] == person]:
            self.destroy(*owner)

    def _key(self, owner: Owner) -> DataKey:
        key = self._keys.get(self._newest.get(owner, ""))
        if key is None:
            key = DataKey(str(uuid4()), AESGCM(AESGCM.generate_key(256)))
            self._newest[owner] = key.id
            self._keys[key.id] = key
        return key
