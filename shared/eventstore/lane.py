"""Requests that share one connection: what waits while a group is under way is the next group, without lingering.

Who was answered has its turn of the loop before the next group begins, so that whoever asks again at once is in it:
with eight callers that do, groups are of eight, not of one and of seven in turns.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from shared.eventstore.events import Overloaded
from shared.eventstore.flight import Flight
from shared.postgres import Held

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Job(Generic[Asked, Answer]):
    """A request and the answer that somebody waits for until a time of the loop's clock."""

    __slots__ = ("answer", "asked", "until")

    def __init__(self, asked: Asked, answer: "asyncio.Future[Answer]", until: float) -> None:
        self.asked = asked
        self.answer = answer
        self.until = until

    def succeed(self, answer: Answer) -> None:
        """Answers, where there is still somebody to hear it."""
        if not self.answer.done():
            self.answer.set_result(answer)

    def fail(self, error: BaseException) -> None:
        """Answers with an exception."""
        if not self.answer.done():
            self.answer.set_exception(error)


class Lane(Generic[Asked, Answer]):
    """One group at a time. Nobody waits longer than the deadline, and no caller that goes away disturbs its group."""

    def __init__(
        self,
        run: Callable[[Sequence[Job[Asked, Answer]]], Coroutine[Any, Any, None]],
        held: Held[Any],
        *,
        apart: Callable[[Asked], Iterable[Hashable]] | None,
        late: type[Exception],
        most: int,
        room: int,
        deadline: float,
    ) -> None:
        """`run` answers every job of a group; it is called while `held` is connected, one group at a time.

        Two requests that share something of `apart` never go in one group, and keep their order. `late` is raised for
        requests under way after `deadline` seconds. `most` go in a group, `room` may wait.
        """
        self._run = run
        self._held = held
        held.back = self.go
        self._apart = apart
        self._late = late
        self._most = most
        self._room = room
        self._deadline = deadline
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Job[Asked, Answer]] = deque()
        self._group: Sequence[Job[Asked, Answer]] = ()
        self._busy = False
        self._watch: asyncio.TimerHandle | None = None
        self.landed: Callable[[], None] = lambda: None
        """Called when a group has been answered."""

    @property
    def waiting(self) -> int:
        """Requests that are not under way yet."""
        return len(self._waiting)

    def ask(self, asked: Asked) -> Awaitable[Answer]:
        """The answer to come. Raises Overloaded at once when too many wait."""
        if len(self._waiting) >= self._room:
            raise Overloaded("too many wait")
        loop = self._loop
        answer: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append(Job(asked, answer, loop.time() + self._deadline))
        if not self._busy:
            self.go()
        if self._watch is None:
            self._watch = loop.call_later(self._deadline, self._expire)
        return answer

    def go(self) -> None:
        """Begins with the next group, if there is one and none is under way."""
        if self._busy or not self._waiting or self._held.now is None:
            return
        group = self._take()
        if group:
            self._busy = True
            self._group = group
            Flight(self._run(group), self._landed)

    def close(self) -> None:
        """Answers whoever still waits."""
        for job in self._group:
            job.fail(self._late("this process stops"))
        for job in self._waiting:
            job.fail(Overloaded("this process stops"))
        self._waiting.clear()
        if self._watch is not None:
            self._watch.cancel()

    def _take(self) -> Sequence[Job[Asked, Answer]]:
        waiting = self._waiting
        if len(waiting) == 1:
            job = waiting.popleft()
            return () if job.answer.done() else (job,)
        group: list[Job[Asked, Answer]] = []
        left: list[Job[Asked, Answer]] = []
        taken: set[Hashable] = set()
        while waiting and len(group) < self._most:
            job = waiting.popleft()
            if job.answer.done():
                continue  # the caller went away, or its time was over
            if self._apart is not None:
                mine = self._apart(job.asked)
                apart = taken.isdisjoint(mine)
                taken.update(mine)  # also of those left: a third one must not overtake the second
                if not apart:
                    left.append(job)
                    continue
            group.append(job)
        waiting.extendleft(reversed(left))
        return group

    def _landed(self, error: BaseException | None) -> None:
        group, self._group = self._group, ()
        if error is not None:
            for job in group:
                job.fail(error if isinstance(error, Exception) else self._late())
        self._loop.call_soon(self._next)

    def _next(self) -> None:
        self._busy = False
        self.go()
        self.landed()

    def _expire(self) -> None:
        """One timer for all: most requests are answered long before, and a timer each would cost more than they do."""
        now = self._loop.time()
        for job in self._group:
            if job.until <= now:
                job.fail(self._late(f"no answer within {self._deadline:g} s"))
        while self._waiting and (self._waiting[0].until <= now or self._waiting[0].answer.done()):
            self._waiting.popleft().fail(Overloaded(f"not begun within {self._deadline:g} s"))
        left = [job.until for job in (*self._group, *self._waiting) if not job.answer.done()]
        self._watch = self._loop.call_at(max(min(left), now + 0.01), self._expire) if left else None
