"""Whether the time that a refusal takes tells what is not yours from what is not there.

A colleague asks for real records of somebody else (those on which tests/access tries the matrix), and for what does not
exist, in turns whose order is drawn. Each service answers in this process, so that no network hides a difference, and
no day is kept of anybody: who was asked for before would be told apart. The ratio is the larger ÷ the smaller.
"""

import random
import time
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any

import structlog

from benchmarks.figures import Result, Row
from benchmarks.places import Place
from shared.access import Who
from shared.http.routes import Route
from tests.access.world import Try, World
from tests.access.worlds import world
from tests.http.declared import declared

TITLE = "not yours, against not there"

PAIRS = 2000
WARM = 200
BAR = 1.25
READS = {
    "an aspiration": ("profiles", "read_aspiration"),
    "a conversation": ("conversations", "read_conversation"),
    "a commitment": ("conversations", "read_commitment"),
    "an application": ("opportunities", "read_application"),
    "a move": ("opportunities", "read_move_case"),
    "a timeline": ("projections", "read_timeline"),
}


async def measure(place: Place) -> Result:
    """Two rows for each read."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    rows, notes = [], []
    for case, (service, operation) in READS.items():
        times = await _measured(place, service, operation)
        rows += times.rows(case)
        notes.append(
            f"{case}: the best threshold on one answer's time tells them apart in {times.accuracy():.0%} of cases;"
            " by chance it is 50 %."
        )
    return Result(rows, notes)


@dataclass(slots=True)
class Times:
    """Seconds of each answer."""

    yours: list[float] = field(default_factory=list)
    """Not yours, that is."""
    there: list[float] = field(default_factory=list)

    def rows(self, case: str) -> list[Row]:
        found = []
        for name, place in (("p50", 49), ("p95", 94)):
            not_yours, not_there = (1e6 * quantiles(one, n=100)[place] for one in (self.yours, self.there))
            ratio = max(not_yours, not_there) / min(not_yours, not_there)
            found.append(Row(f"{case}, {name}", not_yours, not_there, "µs", ratio, BAR, better="less"))
        return found

    def accuracy(self) -> float:
        """Of who says by one threshold which of both it was, either way round."""
        both = sorted([(one, 1) for one in self.yours] + [(one, -1) for one in self.there])
        lead = most = 0
        for _, step in both:
            lead += step
            most = max(most, abs(lead))
        return 0.5 + most / len(self.yours) / 2


async def _measured(place: Place, service: str, operation: str) -> Times:
    """Raises ValueError unless both are refused with the same bytes."""
    async with world(place.database_url, service) as made:
        (route,) = (one for one in declared(service) if one.operation == operation)
        return await _compared(made, route, await made.tries(route))


async def _compared(made: World, route: Route, tries: Sequence[Try]) -> Times:
    times = Times()
    for turn in range(WARM + PAIRS):
        one = tries[turn % len(tries)]
        absent = random.choice(one.elsewhere(route))
        pair = [(one, times.yours), (absent, times.there)]
        random.shuffle(pair)
        bodies = []
        for asked, kept in pair:
            took, body = await _asked(made, route, asked)
            bodies.append(body)
            if turn >= WARM:
                kept.append(took)
        if bodies[0] != bodies[1] or b'"not-found"' not in bodies[0]:
            raise ValueError(f"{route.operation} tells them apart by what it answers")
    return times


async def _asked(made: World, route: Route, one: Try) -> tuple[float, bytes]:
    """Seconds, and the body."""
    path = route.path.format_map(one.ids)
    body = bytearray()
    scope: MutableMapping[str, Any] = {
        "type": "http",
        "http_version": "1.1",
        "method": route.method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"authorization", made.cast.token(Who.COLLEAGUE).strip().encode())],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        body.extend(message.get("body", b""))

    made.stage.parts.relations._zones.clear()
    begin = time.perf_counter()
    await made.stage.api(scope, receive, send)
    return time.perf_counter() - begin, bytes(body)
