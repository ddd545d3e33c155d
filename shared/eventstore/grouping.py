"""Calls that share a round trip: what is called while a group is under way is the next group, without lingering."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.eventstore.events import OutcomeUnknown, Overloaded

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


@dataclass(slots=True, eq=False)
class _Waiting(Generic[Asked, Answer]):
    asked: Asked
    answer: asyncio.Future[Answer]


class Grouped(Generic[Asked, Answer]):
    """Groups calls for `carry_out`, which answers each of a group or gives the exception to raise for it.

    Two calls that share something of `conflicts` never go into one group.
    """

    def __init__(
        self,
        carry_out: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer | Exception]]],
        conflicts: Callable[[Asked], Sequence[Hashable]],
        *,
        most: int,
        waiting: int,
        deadline: float,
    ) -> None:
        self._carry_out = carry_out
        self._conflicts = conflicts
        self._most = most
        self._room = waiting
        self._deadline = deadline
        self._queue: deque[_Waiting[Asked, Answer]] = deque()
        self._busy = False
        self._groups: set[asyncio.Task[None]] = set()

    async def call(self, asked: Asked) -> Answer:
        """One call. Raises what its answer raises, Overloaded, OutcomeUnknown after the deadline."""
        if not self._busy:
            return await self._alone(asked)
        if len(self._queue) >= self._room:
            raise Overloaded
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        entry = _Waiting(asked, answer)
        self._queue.append(entry)
        try:
            async with asyncio.timeout(self._deadline):
                return await entry.answer
        except TimeoutError:
            raise OutcomeUnknown from None

    async def _alone(self, asked: Asked) -> Answer:
        """Nobody else is there: without a task of its own, which costs as much as the rest of the way."""
        self._busy = True
        try:
            answers = await self._carry_out((asked,))
        finally:
            self._next()
        answer = answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _next(self) -> None:
        """Begins the next group, or rests."""
        group = self._take()
        self._busy = bool(group)
        if group:
            task = asyncio.get_running_loop().create_task(self._together(group))
            self._groups.add(task)
            task.add_done_callback(self._groups.discard)

    def _take(self) -> list[_Waiting[Asked, Answer]]:
        group: list[_Waiting[Asked, Answer]] = []
        left: list[_Waiting[Asked, Answer]] = []
        taken: set[Hashable] = set()
        while self._queue and len(group) < self._most:
            entry = self._queue.popleft()
            if entry.answer.done():
                continue  # the caller went away before its turn
            mine = self._conflicts(entry.asked)
            if taken.isdisjoint(mine):
                group.append(entry)
            else:
                left.append(entry)
            taken.update(mine)  # also of those left: a third one must not overtake the second
        self._queue.extendleft(reversed(left))
        return group

    async def _together(self, group: list[_Waiting[Asked, Answer]]) -> None:
        try:
            answers = await self._carry_out([entry.asked for entry in group])
        except Exception as error:  # noqa: BLE001 (each caller raises it)
            answers = [error] * len(group)
        finally:
            self._next()
        for entry, answer in zip(group, answers, strict=True):
            if entry.answer.done():
                continue
            if isinstance(answer, Exception):
                entry.answer.set_exception(answer)
            else:
                entry.answer.set_result(answer)
