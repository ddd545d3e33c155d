"""Cursors of lists: where the next page begins, sealed so that a caller can neither read, change nor lend them."""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.refusals import Invalid, Unacceptable

Key = Sequence[str | int | None]
"""The values that a list is ordered by, of the last item of a page."""

_NONCE = 12


class Cursors:
    """Writes and reads cursors. They are bound to a context: route, caller and filters."""

    def __init__(self, secret: bytes) -> None:
        """`secret` has 32 bytes, the same in every replica."""
        self._cipher = AESGCM(secret)

    def write(self, key: Key, context: bytes) -> str:
        """The cursor behind the item with this key."""
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._cipher.encrypt(nonce, orjson.dumps(list(key)), context)
        return urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def read(self, cursor: str, context: bytes) -> tuple[str | int | None, ...]:
        """The key in a cursor of this context. Raises Unacceptable for any other."""
        try:
            sealed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            if urlsafe_b64encode(sealed).rstrip(b"=").decode() != cursor:
                raise ValueError  # base64 can be written in more than one way
            return tuple(orjson.loads(self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], context)))
        except (ValueError, InvalidTag):
            wrong = Invalid("cursor", "belongs to another list, caller or filter", "query")
            raise Unacceptable(invalid=(wrong,)) from None
