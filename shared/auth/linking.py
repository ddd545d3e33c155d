"""From a token to a caller: verified once, then known by the token until it expires; linked to one person."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID

import structlog

from shared.auth.callers import Caller, IdentityNotLinked, Unauthenticated
from shared.auth.issuer import Issuer
from shared.auth.tokens import LEEWAY, Claims, InvalidToken, Verifier

KEPT = 10_000
"""Tokens known at once."""

LINKED_FOR = 10.0
"""Seconds after which a token's person is looked up again."""


class PersonLinker(Protocol):
    """Knows which persons an alias names now."""

    async def persons(self, alias: str, sources: Sequence[str]) -> list[UUID]:
        """Every person whom an id, or an alias of these sources, names."""
        ...


class _Known:
    __slots__ = ("caller", "claims", "linked_until", "verified_with")

    def __init__(self, claims: Claims, verified_with: int) -> None:
        self.claims = claims
        self.verified_with = verified_with
        self.caller: Caller | None = None
        self.linked_until = 0.0


class Callers:
    """Tells who calls, by the Authorization header."""

    def __init__(
        self,
        issuer: Issuer,
        verifier: Verifier,
        linker: PersonLinker,
        *,
        person_alias: str = "employee_number",
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`person_alias` is the source of aliases that the token's claim stands for, unless it is a person's id."""
        self._issuer = issuer
        self._verifier = verifier
        self._linker = linker
        self._sources = (person_alias,)
        self._clock = clock
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._log = structlog.get_logger("auth").bind()

    def knows(self, authorization: bytes | None) -> bool:
        """Whether this header was verified before and led to somebody: neither signature nor name need be looked at."""
        known = None if authorization is None else self._known.get(authorization)
        return known is not None and known.caller is not None

    async def caller(self, authorization: bytes | None) -> Caller:
        """Raises Unauthenticated, IdentityNotLinked, IssuerUnavailable."""
        if authorization is None:
            raise Unauthenticated
        now = self._clock()
        known = self._known.get(authorization)
        if known is not None and known.verified_with != self._issuer.changes:
            known = None
        if known is not None and known.caller is not None and now < known.linked_until:
            return known.caller
        if known is None or known.claims.expires <= now - LEEWAY or not self._issuer.ready:
            known = await self._verify(authorization, now)
        else:
            self._known.move_to_end(authorization)
        try:
            known.caller = await self._link(known.claims)
        except IdentityNotLinked:
            known.caller = None
            raise
        known.linked_until = min(now + LINKED_FOR, known.claims.expires + LEEWAY)
        return known.caller

    async def _verify(self, authorization: bytes, now: float) -> _Known:
        self._known.pop(authorization, None)
        try:
            claims = await self._verifier.verify(authorization, now)
        except InvalidToken as error:
            self._log.info("token_refused", reason=error.reason)
            raise Unauthenticated("invalid_token") from None
        known = self._known[authorization] = _Known(claims, self._issuer.changes)
        if len(self._known) > KEPT:
            self._known.popitem(last=False)
        return known

    async def _link(self, claims: Claims) -> Caller:
        if claims.client is not None:
            name = f"service:{claims.client}"
            return Caller(name, scopes=claims.scopes, service=claims.client)
        persons = await self._linker.persons(claims.person or "", self._sources)
        if len(persons) != 1:
            raise IdentityNotLinked
        person = persons[0]
        return Caller(str(person), person=person, roles=claims.roles, scopes=claims.scopes, actor=claims.actor)
