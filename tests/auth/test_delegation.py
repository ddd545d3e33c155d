"""A service account that acts on behalf of a person (RFC 8693): what its token must say, and what it may not."""

import time
from typing import Any

import pytest

from shared.auth import Caller, Role, Scope
from shared.auth.tokens import LONGEST_DELEGATION, Claims, InvalidToken
from tests.auth.issuing import ANNA, URL, FakeIssuer, good, verifier_of
from tests.auth.test_linking import Door

ACT = {"sub": "platform"}
BOTH = "act:read act:write"


async def verified(person_claim: str = "sub", **claims: Any) -> Claims:
    verifier = verifier_of(FakeIssuer(), person_claim=person_claim)
    return await verifier.verify(good(**claims), time.time())


@pytest.mark.parametrize(
    "act",
    [
        {"sub": "platform"},
        {"client_id": "platform"},
        {"sub": "5c1e7a3b", "client_id": "platform"},
        {"sub": "platform", "iss": URL},
        {"sub": "platform", "exp": "means nothing here", "name": "Platform"},
    ],
)
async def test_the_actor_is_named_by_its_account(act: dict[str, Any]) -> None:
    found = await verified(act=act, scope=BOTH)
    assert (found.person, found.client, found.actor) == (str(ANNA), None, "platform")
    assert found.scopes == {Scope.ACT_READ, Scope.ACT_WRITE}


@pytest.mark.parametrize(
    "act",
    [
        None,
        "platform",
        ["platform"],
        7,
        True,
        {},
        {"iss": URL},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": ["platform"]},
        {"sub": {"sub": "platform"}},
        {"sub": "a platform"},
        {"sub": "platform via service:other"},
        {"sub": "platform\n"},
        {"sub": "p" * 101},
        {"sub": "platform", "client_id": None},
        {"sub": 7, "client_id": "platform"},
        {"sub": "platform", "iss": "https://elsewhere.example"},
        {"sub": "platform", "iss": None},
        {"sub": "platform", "act": {"sub": "another"}},
        {"sub": "platform", "act": None},
        {"sub": str(ANNA)},
    ],
)
async def test_an_actor_that_cannot_be_read_is_no_token_of_the_person(act: Any) -> None:
    with pytest.raises(InvalidToken, match="actor"):
        await verified(act=act, scope=BOTH)


async def test_nobody_acts_for_themselves_under_another_claim() -> None:
    found = await verified("employee", employee="E1001", act=ACT, scope=BOTH)
    assert (found.person, found.actor) == ("E1001", "platform")
    for actor in ("E1001", str(ANNA)):
        with pytest.raises(InvalidToken):
            await verified("employee", employee="E1001", act={"sub": actor}, scope=BOTH)
    with pytest.raises(InvalidToken):
        await verified("employee", employee="E1001", sub=["x"], act={"sub": ""}, scope=BOTH)


async def test_nobody_acts_for_a_service_account() -> None:
    with pytest.raises(InvalidToken, match="actor"):
        await verified(client_id="files", sub="files", act=ACT, scope="people:read")


async def test_that_somebody_may_act_means_nothing() -> None:
    found = await verified(may_act={"sub": "platform"}, scope=BOTH)
    assert found == Claims(str(ANNA), None, frozenset({Role.EMPLOYEE}), frozenset(), found.expires)


@pytest.mark.parametrize(
    ("scope", "granted"),
    [
        (..., set()),
        (None, set()),
        (["act:read"], set()),
        ("", set()),
        ("act", set()),
        ("act:read", {Scope.ACT_READ}),
        ("people:read imports:write moves:read opportunities:read act:write", {Scope.ACT_WRITE}),
    ],
)
async def test_scopes_of_a_service_itself_are_not_taken_along(scope: Any, granted: set[Scope]) -> None:
    assert (await verified(act=ACT, scope=scope)).scopes == granted


async def test_scopes_on_behalf_mean_nothing_without_a_person() -> None:
    found = await verified(client_id="files", sub="files", scope=f"people:read {BOTH}")
    assert found.scopes == {Scope.PEOPLE_READ}


@pytest.mark.parametrize(
    ("roles", "taken"),
    [
        (..., set()),
        ([], set()),
        (["hr_partner"], {Role.HR_PARTNER}),
        (["employee", "hr_analyst", "admin"], {Role.EMPLOYEE, Role.HR_ANALYST}),
        (["admin"], set()),
        ("hr_partner", set()),
    ],
)
async def test_roles_are_what_the_token_says_and_never_the_administrators(roles: Any, taken: set[Role]) -> None:
    assert (await verified(act=ACT, scope=BOTH, roles=roles)).roles == taken


async def test_a_delegation_has_an_end_that_is_near() -> None:
    now = time.time()
    assert (await verified(act=ACT, exp=now + LONGEST_DELEGATION)).actor == "platform"
    with pytest.raises(InvalidToken, match="too long"):
        await verified(act=ACT, exp=now + LONGEST_DELEGATION + 60)
    assert (await verified(exp=now + LONGEST_DELEGATION + 60)).actor is None
    with pytest.raises(InvalidToken, match="expired"):
        await verified(act=ACT, exp=now - 60)
    with pytest.raises(InvalidToken, match="expired"):
        await verified(act=ACT, exp=...)


async def test_the_caller_is_the_person_and_the_actor_is_named() -> None:
    door = Door()
    token = good(sub="E1001", act=ACT, scope="act:read", roles=["hr_partner"])
    caller = await door.callers.caller(token)
    roles, scopes = frozenset({Role.HR_PARTNER}), frozenset({Scope.ACT_READ})
    assert caller == Caller(str(ANNA), person=ANNA, roles=roles, scopes=scopes, actor="platform")
    assert caller.service is None
    assert caller.by == f"{ANNA} via service:platform"
    assert (await door.callers.caller(good(sub="E1001"))).by == str(ANNA)
