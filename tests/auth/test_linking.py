"""From a token to one person: verified once, linked often, forgotten in time."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from shared.auth import Caller, Role, Scope, linking
from shared.auth.callers import IdentityNotLinked, Unauthenticated
from shared.auth.issuer import KEEP, PAUSE, IssuerUnavailable
from shared.auth.linking import LINKED_FOR, Callers
from shared.auth.tokens import Verifier
from tests.auth.issuing import (
    ANNA,
    AUDIENCE,
    URL,
    Clock,
    FakeIssuer,
    bearer,
    claims,
    ec,
    good,
    header,
    issuer_of,
    rsa,
    signed,
)

BEN = UUID("0b0b7a0e-3b4e-4d8e-9a53-0f6c9d0a0002")


class People:
    def __init__(self) -> None:
        self.known: dict[str, list[UUID]] = {str(ANNA): [ANNA], "E1001": [ANNA]}
        self.asked: list[tuple[str, Sequence[str]]] = []

    async def persons(self, alias: str, sources: Sequence[str]) -> list[UUID]:
        self.asked.append((alias, tuple(sources)))
        return self.known.get(alias, [])


class Door:
    """Callers with all around it."""

    def __init__(self, **other: Any) -> None:
        self.fake = FakeIssuer()
        self.keys_clock = Clock()
        self.clock = Clock(claims()["iat"])
        self.people = People()
        self.issuer = issuer_of(self.fake, self.keys_clock)
        verifier = Verifier(self.issuer, issuer=URL, audience=AUDIENCE)
        self.callers = Callers(self.issuer, verifier, self.people, clock=self.clock, **other)
        self.verified = 0
        verify = verifier.verify

        async def counting(authorization: bytes, now: float) -> Any:
            self.verified += 1
            return await verify(authorization, now)

        verifier.verify = counting  # type: ignore[method-assign]


async def test_a_person() -> None:
    door = Door(person_alias="subject")
    caller = await door.callers.caller(good(roles=["hr_partner"]))
    assert caller == Caller(str(ANNA), person=ANNA, roles=frozenset({Role.HR_PARTNER}))
    assert door.people.asked == [(str(ANNA), ("subject",))]


async def test_a_service_account_is_nobody_in_the_directory() -> None:
    door = Door()
    caller = await door.callers.caller(good(client_id="files", sub="files", scope="imports:write"))
    assert caller == Caller("service:files", scopes=frozenset({Scope.IMPORTS_WRITE}), service="files")
    assert door.people.asked == []


@pytest.mark.parametrize("matches", [[], [ANNA, BEN]])
async def test_none_or_two_matches_are_no_identity(matches: list[UUID]) -> None:
    door = Door()
    door.people.known["E9"] = matches
    with pytest.raises(IdentityNotLinked):
        await door.callers.caller(good(sub="E9"))


async def test_no_token_and_a_bad_token_are_told_apart_by_the_challenge_alone() -> None:
    door = Door()
    with pytest.raises(Unauthenticated) as absent:
        await door.callers.caller(None)
    with pytest.raises(Unauthenticated) as bad:
        await door.callers.caller(b"Bearer x.y.z")
    assert "error" not in absent.value.challenge
    assert 'error="invalid_token"' in bad.value.challenge


async def test_a_token_is_verified_once_and_its_person_looked_up_now_and_then() -> None:
    door, token = Door(), good()
    for _ in range(5):
        await door.callers.caller(token)
    assert (door.verified, len(door.people.asked)) == (1, 1)
    door.clock.now += LINKED_FOR + 1
    await door.callers.caller(token)
    assert (door.verified, len(door.people.asked)) == (1, 2)


async def test_a_person_who_is_no_longer_linked_is_out_within_seconds() -> None:
    door, token = Door(), good()
    await door.callers.caller(token)
    assert door.callers.knows(token)
    door.people.known = {}
    door.clock.now += LINKED_FOR + 1
    with pytest.raises(IdentityNotLinked):
        await door.callers.caller(token)
    assert not door.callers.knows(token), "who is nobody is counted by their address"


async def test_a_known_token_ends_with_its_time() -> None:
    door, token = Door(), good(exp=int(claims()["iat"]) + 5)
    await door.callers.caller(token)
    door.clock.now += 36
    with pytest.raises(Unauthenticated):
        await door.callers.caller(token)


async def test_a_known_token_ends_with_its_key() -> None:
    door, token = Door(), good()
    await door.callers.caller(token)
    door.fake.keys = [ec().as_dict(private=False)]
    door.keys_clock.now += PAUSE + 1
    await door.issuer.refresh()
    with pytest.raises(Unauthenticated):
        await door.callers.caller(token)


async def test_known_tokens_get_in_while_the_issuer_is_away() -> None:
    door, token = Door(), good()
    await door.callers.caller(token)
    door.fake.down = True
    door.keys_clock.now += 3600
    await door.callers.caller(token)
    other = bearer(signed(header(), claims(jti="other"), rsa()))
    assert (await door.callers.caller(other)).person == ANNA  # by the keys that are kept


async def test_known_tokens_get_in_no_longer_than_the_keys_are_kept() -> None:
    door, token = Door(), good()
    await door.callers.caller(token)
    door.fake.down = True
    door.keys_clock.now += KEEP + 1
    door.clock.now += LINKED_FOR + 1
    with pytest.raises(IssuerUnavailable):
        await door.callers.caller(token)


async def test_a_known_token_goes_on_where_its_key_does() -> None:
    door, token = Door(), good()
    await door.callers.caller(token)
    door.fake.keys = [rsa("next").as_dict(private=False), rsa().as_dict(private=False)]
    door.keys_clock.now += PAUSE + 1
    next_one = bearer(signed(header(kid="next"), claims(), rsa("next")))
    assert (await door.callers.caller(next_one)).person == ANNA
    assert (await door.callers.caller(token)).person == ANNA


async def test_without_keys_it_is_the_issuer_that_is_missing_not_the_token() -> None:
    door = Door()
    door.fake.down = True
    with pytest.raises(IssuerUnavailable):
        await door.callers.caller(good())


async def test_only_so_many_tokens_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linking, "KEPT", 3)
    door = Door()
    tokens = [good(jti=str(number)) for number in range(4)]
    for token in tokens:
        await door.callers.caller(token)
    await door.callers.caller(tokens[-1])
    assert door.verified == 4
    await door.callers.caller(tokens[0])
    assert door.verified == 5


async def test_bad_tokens_are_not_remembered() -> None:
    door = Door()
    for number in range(20):
        with pytest.raises(Unauthenticated):
            await door.callers.caller(f"Bearer a.b.{number}".encode())
    assert len(door.callers._known) == 0


async def test_a_header_is_known_once_it_was_verified() -> None:
    door, token = Door(), good()
    assert not door.callers.knows(token)
    await door.callers.caller(token)
    assert door.callers.knows(token)
    assert not door.callers.knows(None)
    with pytest.raises(Unauthenticated):
        await door.callers.caller(b"Bearer x.y.z")
    assert not door.callers.knows(b"Bearer x.y.z")
