"""given(what happened).when(a command).then(what happens), or .refused(why not): rules told as stories."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import pytest

from shared.contracts.event import Event
from shared.refusals import Refusal
from shared.streams import Decider

State = TypeVar("State")
Command = TypeVar("Command")


def scenario(decider: Decider[Command, State]) -> "Callable[..., Given[Command, State]]":
    """The `given` of one decider."""

    def given(*events: Event) -> Given[Command, State]:
        return Given(decider, events)

    return given


@dataclass(frozen=True, slots=True)
class Given(Generic[Command, State]):
    decider: Decider[Command, State]
    events: tuple[Event, ...]

    def when(self, command: Command) -> "When[Command, State]":
        return When(self, command)

    @property
    def state(self) -> State:
        state = self.decider.initial
        for event in self.events:
            state = self.decider.evolve(state, event)
        return state


@dataclass(frozen=True, slots=True)
class When(Generic[Command, State]):
    given: Given[Command, State]
    command: Command

    def then(self, *events: Event) -> None:
        """Exactly these events, in this order; none: there is nothing to do."""
        assert list(self.given.decider.decide(self.command, self.given.state)) == list(events)

    def refused(self, refusal: type[Refusal], pointer: str | None = None) -> None:
        """`pointer`: the one field that is at fault."""
        with pytest.raises(Refusal) as raised:
            self.given.decider.decide(self.command, self.given.state)
        assert type(raised.value) is refusal
        if pointer is not None:
            assert [one.where for one in raised.value.invalid] == [pointer]
