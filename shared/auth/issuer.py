"""The issuer's keys: found by discovery, kept fresh, and kept for a bounded time while the issuer is away."""

import asyncio
import time
import warnings
from collections.abc import Callable, Iterator
from types import NoneType
from typing import Any
from urllib.parse import urlsplit

import httpx2
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import JWKRegistry, Key

from shared.auth.tokens import InvalidToken
from shared.refusals import Unavailable

REFRESH = 300.0
"""Seconds after which the keys are read again."""

KEEP = 24 * 3600.0
"""Seconds for which keys are used while the issuer does not answer."""

PAUSE = 10.0
"""Seconds at least between two reads: tokens with invented key ids cannot make us ask more often."""

LARGEST = 256 * 1024
TIMEOUT = 5.0

_KINDS = ("RSA", "EC", "OKP")  # never oct: a shared secret is no key of an issuer


class IssuerUnavailable(Unavailable, code="issuer-unavailable"):
    """The issuer of tokens does not answer, and no key of it is known that verifies your token."""


class Issuer:
    """One OpenID Connect issuer."""

    def __init__(self, url: str, client: httpx2.AsyncClient, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`url` is the issuer as tokens name it; `client` follows no redirects."""
        self._url = url
        self._client = client
        self._clock = clock
        self._keys: dict[str | None, Key] = {}
        self._read_at: float | None = None
        self._tried_at: float | None = None
        self._reading: asyncio.Task[None] | None = None
        self._failed = False
        self._log = structlog.get_logger("auth").bind(issuer=url)
        self.changes = 0  # how often other keys came: what was verified with the former ones is to be verified again

    @property
    def ready(self) -> bool:
        """Whether there are keys to verify with."""
        return self._read_at is not None and self._clock() - self._read_at <= KEEP

    async def run(self) -> None:
        """Keeps the keys fresh, for ever."""
        while True:
            await self.refresh()
            await asyncio.sleep(REFRESH if self._read_at == self._tried_at else PAUSE)

    async def key(self, kid: str | None) -> Key:
        """The public key of an id; without an id, the only key there is. Raises InvalidToken; IssuerUnavailable, also
        where it may be a new key of an issuer that did not answer when it was asked last."""
        if not self.ready or kid not in self._keys:
            await self._ask()
        key = self._keys.get(kid) if self.ready else None
        if key is not None:
            return key
        if self._failed or not self.ready:
            raise IssuerUnavailable(retry_after=5)
        raise InvalidToken("key id")

    async def _ask(self) -> None:
        """Whoever comes while it is asked again after a failure does not wait for what may fail again."""
        if not self._failed or self._reading is None:
            await self.refresh()

    async def refresh(self) -> None:
        """Reads the keys, unless that was tried a moment ago. Whoever asks meanwhile waits for the same answer."""
        if self._reading is None:
            if self._tried_at is not None and self._clock() - self._tried_at < PAUSE:
                return
            self._reading = asyncio.ensure_future(self._refresh())
        await asyncio.shield(self._reading)

    async def _refresh(self) -> None:
        self._tried_at = self._clock()
        try:
            keys = await self._read()
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, ValueError) as error:
            self._failed = True
            self._log.warning("issuer_keys_unread", reason=type(error).__name__)
        else:
            if {kid: key.as_dict() for kid, key in keys.items()} != {k: v.as_dict() for k, v in self._keys.items()}:
                self.changes += 1
                self._log.info("issuer_keys_read", count=len(keys))
            self._keys = keys
            self._failed = False
            self._read_at = self._tried_at
        finally:
            self._reading = None

    async def _read(self) -> dict[str | None, Key]:
        async with asyncio.timeout(TIMEOUT):
            discovered = await self._get(f"{self._url.rstrip('/')}/.well-known/openid-configuration")
            if discovered.get("issuer") != self._url:
                raise ValueError("the discovery document is another issuer's")
            where = discovered.get("jwks_uri")
            if not isinstance(where, str) or urlsplit(where).scheme not in ("https", urlsplit(self._url).scheme):
                raise ValueError("the keys must be as well protected as the issuer")
            keys = _public_keys(await self._get(where))
        if not keys:
            raise ValueError("the issuer has no keys that could be used")
        return keys

    async def _get(self, url: str) -> dict[str, Any]:
        async with self._client.stream("GET", url, follow_redirects=False) as answer:
            if answer.status_code != 200:
                raise ValueError("not found")
            body = b""
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > LARGEST:
                    raise ValueError("too large")
        value = httpx2.Response(200, content=body).json()
        if not isinstance(value, dict):
            raise ValueError("not an object")
        return value


def _public_keys(document: dict[str, Any]) -> dict[str | None, Key]:
    """The keys by id, and the only one also without. What is no public key for signatures is left out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)  # weak keys are left out below
        found = dict(_usable(document.get("keys")))
    if len(found) == 1:
        found[None] = next(iter(found.values()))
    return found


def _usable(listed: Any) -> Iterator[tuple[str | None, Key]]:
    for one in listed if isinstance(listed, list) else ():
        if not isinstance(one, dict) or one.get("kty") not in _KINDS or one.get("use", "sig") != "sig":
            continue
        if "verify" not in one.get("key_ops", ["verify"]) or not isinstance(one.get("kid"), (str, NoneType)):
            continue
        try:
            key = JWKRegistry.import_key({name: value for name, value in one.items() if name not in _PRIVATE})
            public = key.raw_value
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if not isinstance(public, RSAPublicKey) or public.key_size >= 2048:
            yield one.get("kid"), key


_PRIVATE = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k"))
