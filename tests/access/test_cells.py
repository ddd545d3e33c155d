"""Every cell of the matrix, tried: each route of each service, by whoever the matrix knows, against real records.

And in every answer, whatever it was to be: no words of anybody that are not for whom it went to.
"""

import pytest

from deploy.careers.services import SERVICES
from shared.access import Verdict, Who, matrix
from shared.auth.callers import Scope
from shared.contracts.profiles import UnitLeaderAppointed
from shared.http.routes import Route
from tests.access.cast import ANOTHER, LEGAL_ENTITY, YESTERDAY
from tests.access.conftest import WorldOf
from tests.access.world import BUSINESS, Answer, Try, World
from tests.http.declared import declared

EVERY = [(service, route) for service in SERVICES for route in declared(service)]
each = pytest.mark.parametrize(
    ("service", "route"), EVERY, ids=[f"{service} {route.method} {route.path}" for service, route in EVERY]
)

ALLOWED = (Verdict.ALLOWED, Verdict.PART)
NEVER_DONE = {
    "withdraw_fact": "a receipt does not tell the id of a fact",
}
"""Commands that nobody here gets done, whoever may."""

TOLD_APART = {
    "list_received_applications": "that an opportunity is there, everybody may read",
}
"""Where it may take longer to refuse what is there than what is not."""


def test_every_row_is_of_a_route_or_of_words() -> None:
    named = {route.access for _, route in EVERY}
    words = {row for name, row in vars(matrix).items() if name.startswith(("WORDS_", "OUTCOMES"))}
    assert named | words == set(matrix.ROWS)
    assert not named & words


@each
async def test_each_cell(service: str, route: Route, world_of: WorldOf) -> None:
    world = await world_of(service)
    tries = await world.tries(route)
    await nothing_without_a_token_or_a_scope(world, route, tries[0])
    done = 0
    for who in sorted(Who, key=lambda one: route.access.rule(one).verdict in ALLOWED):  # refusals change nothing
        for one in tries:
            done += await is_as_the_matrix_says(world, who, route, one.by(who))
    assert done or route.operation in NEVER_DONE
    for one in tries:
        await is_no_hr_partner_upon_themselves(world, route, one)


async def is_as_the_matrix_says(world: World, who: Who, route: Route, one: Try) -> bool:
    """And whether it was done."""
    answer = await world.send(world.cast.token(who), route, one)
    cell = f"{who.value}: {answer.status} {answer.content[:300]!r}"
    only_what_is_theirs(world, who, answer)
    match one.expected(route.access, who):
        case Verdict.ALLOWED | Verdict.PART if reads(route):
            assert answer.status == 200, cell
            assert answer.shows(one.shows), cell
            for canary in one.words:
                assert answer.shows(canary.text) == canary.is_for(who), (canary, cell)
        case Verdict.ALLOWED | Verdict.PART:
            assert answer.status < 300 or answer.status in BUSINESS, cell
        case Verdict.NOT_ALLOWED:
            assert answer.status == 403, cell
        case _ if not route.parameters:
            assert answer.status == 200, cell
            assert not answer.shows(one.shows), cell
        case _:
            assert answer.status == 404, cell
            await looks_like_nothing(world, who, route, one, answer)
    return answer.status < 300


def reads(route: Route) -> bool:
    return route.grants.on_behalf is Scope.ACT_READ


def only_what_is_theirs(world: World, who: Who, answer: Answer) -> None:
    for canary in world.canaries:
        assert canary.is_for(who) or not answer.shows(canary.text), (who, canary, answer)


async def looks_like_nothing(world: World, who: Who, route: Route, one: Try, answer: Answer) -> None:
    """The answer is, to the byte, that for what does not exist; and no question more or less was asked for it."""
    asked = list(world.questions)
    for nothing in one.elsewhere(route):
        absent = await world.send(world.cast.token(who), route, nothing)
        assert absent == answer
        assert world.questions == asked or route.operation in TOLD_APART


async def nothing_without_a_token_or_a_scope(world: World, route: Route, one: Try) -> None:
    assert (await world.send(None, route, one)).status == 401
    for token in ("Bearer service", f"Bearer {world.cast.employee}@portal"):
        assert (await world.send(token, route, one)).status == 403


async def is_no_hr_partner_upon_themselves(world: World, route: Route, one: Try) -> None:
    """They are HR partner for the unit to which they belong: for the others in it, and for its moves."""
    if route.access in (matrix.COUNT_MOVES, matrix.LIST_MOVES):
        return
    answer = await world.send(world.cast.as_hr_partner(), route, one)
    only_what_is_theirs(world, Who.SELF, answer)
    if one.expected(route.access, Who.SELF) in ALLOWED:
        assert answer.status < 300 or answer.status in BUSINESS, answer
    else:
        assert answer.status == (await world.send(world.cast.token(Who.SELF), route, one)).status, answer


async def test_a_vacant_post_has_no_manager(world_of: WorldOf) -> None:
    """Who led the unit until its post became vacant is a former manager."""
    for service, path in (("profiles", "/v1/people/{person}"), ("projections", "/v1/people/{person}/timeline")):
        world = await world_of(service)
        (route,) = (one for one in declared(service) if one.path == path)
        stage, former = world.stage, world.cast.people[Who.FORMER_MANAGER]
        unit = await stage.unit(former)
        employee = await stage.hire(unit=unit)
        there = Try({"person": employee})
        token = world.cast.token(Who.FORMER_MANAGER)
        assert (await world.send(token, route, there)).status == 200
        await stage.tell(UnitLeaderAppointed(unit=unit, leader=None, effective_on=YESTERDAY))
        assert (await world.send(token, route, there)).status == 404


async def test_where_it_is_not_turned_on_nobody_sees_that_a_conversation_was_held(world_of: WorldOf) -> None:
    world = await world_of("conversations")
    (route,) = (one for one in declared("conversations") if one.operation == "list_held_conversations")
    for legal_entity, status in ((LEGAL_ENTITY, 200), (ANOTHER, 404)):
        there = Try({"person": await world.stage.hire(unit=world.cast.team, legal_entity=legal_entity)})
        for who in (Who.HR_PARTNER, Who.HR_STAND_IN):
            answer = await world.send(world.cast.token(who), route, there)
            assert answer.status == status
            if status == 404:
                await looks_like_nothing(world, who, route, there, answer)
