"""Seals events before they are stored, and unseals values for a reader who may see them."""

import base64
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag

from shared.contracts.event import Event, Sealed
from shared.sealing.keys import DataKey, KeyCache, Owner


class Unavailable:
    """What is read in the place of a value whose key was destroyed, or that does not unseal."""

    def __repr__(self) -> str:
        return "UNAVAILABLE"


UNAVAILABLE: Final = Unavailable()


class Sealer:
    """Over a cache of keys. Raises KeysUnavailable when the key store is needed and does not answer."""

    def __init__(self, keys: KeyCache) -> None:
        self._keys = keys

    async def write(self, events: Sequence[Event]) -> list[bytes]:
        """The bodies to store, personal values sealed. Raises PersonErased, KeysUnavailable."""
        keys: dict[Owner, DataKey] = {}
        missing: set[Owner] = set()
        for event in events:
            for person in event.owners():
                owner = (person, event.data_class)
                if (key := self._keys.held(owner)) is not None:
                    keys[owner] = key
                else:
                    missing.add(owner)
        if missing:
            keys.update(await self._keys.for_sealing(missing))
        return [self._write(event, keys) for event in events]

    async def unseal(self, values: Iterable[Sealed]) -> dict[Sealed, Any]:
        """The clear JSON value of each; UNAVAILABLE where the key is gone or the value was tampered with."""
        wanted = set(values)
        keys = await self._keys.for_unsealing({value.key for value in wanted}) if wanted else {}
        return {value: _open(value, keys.get(value.key)) for value in wanted}

    async def clear(self, document: Any) -> Any:
        """A copy of a JSON-like document in which each sealed value, wherever it stands, is unsealed; else None."""
        found: list[Sealed] = []
        _collect(document, found)
        return _replace(document, await self.unseal(found)) if found else document

    def _write(self, event: Event, keys: Mapping[Owner, DataKey]) -> bytes:
        def seal(person: UUID, context: str, value: bytes) -> Sealed:
            key = keys[(person, event.data_class)]
            nonce = os.urandom(12)
            ciphertext = key.cipher.encrypt(nonce, value, _associated(key.id, context))
            return Sealed(base64.b64encode(nonce + ciphertext).decode(), key.id, context)

        return event.write(seal)


def sealed_value(value: object) -> Sealed | None:
    """The Sealed that a stored JSON object stands for, if it is one."""
    if isinstance(value, Sealed):
        return value
    if isinstance(value, dict) and value.keys() == {"ciphertext", "key", "context"}:
        return Sealed(**value)
    return None


def _associated(key_id: str, context: str) -> bytes:
    return f"{key_id}|{context}".encode()


def _open(value: Sealed, key: DataKey | None) -> Any:
    if key is None:
        return UNAVAILABLE
    try:
        raw = base64.b64decode(value.ciphertext, validate=True)
        return orjson.loads(key.cipher.decrypt(raw[:12], raw[12:], _associated(value.key, value.context)))
    except (InvalidTag, ValueError):
        return UNAVAILABLE


def _collect(document: Any, found: list[Sealed]) -> None:
    if (sealed := sealed_value(document)) is not None:
        found.append(sealed)
    elif isinstance(document, dict):
        _collect_all(document.values(), found)
    elif isinstance(document, list | tuple):
        _collect_all(document, found)


def _collect_all(documents: Collection[Any], found: list[Sealed]) -> None:
    for document in documents:
        _collect(document, found)


def _replace(document: Any, clear: Mapping[Sealed, Any]) -> Any:
    if (sealed := sealed_value(document)) is not None:
        value = clear[sealed]
        return None if value is UNAVAILABLE else value
    if isinstance(document, dict):
        return {key: _replace(value, clear) for key, value in document.items()}
    if isinstance(document, list | tuple):
        return [_replace(value, clear) for value in document]
    return document
