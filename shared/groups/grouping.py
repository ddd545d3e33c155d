"""The rule of groups, pure: facts go into groups once they fill them, and a group changes by whole parts alone.

- A fact that was never told goes into the finest group that it fills together with others like it: each fact says what
  it may be told as, finest first. What fills none waits, untold, for a later release.
- A fact that was told stays in its group with the figure it had, even if it was corrected since or is gone, until as
  many as the minimum leave the same way together; and nobody leaves so that few stay behind.

So the facts that were ever told fall into groups that only ever split, into parts of at least the minimum each. A
figure of any release is a sum of them; so is, with signs, whatever is computed from any figures of any releases. It is
about whole groups, or about nobody.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

Label = tuple[str, ...]
"""What is told of a group: the same for all its facts."""

Members = dict[UUID, UUID]
"""Fact → the person it is about."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What counts as one. `labels` is what it may be told as, by level, finest first; None: not at this level yet."""

    id: UUID
    person: UUID
    labels: Sequence[Label | None]


@dataclass(frozen=True, slots=True)
class Group:
    """Facts that are told together. Without a label they are told no more: they were withdrawn together."""

    level: int
    label: Label | None
    members: Mapping[UUID, UUID]


def regroup(groups: Iterable[Group], facts: Iterable[Fact], minimum: int) -> list[Group]:
    """The groups of the next release, from those of the last one and all facts as they are now."""
    now = {fact.id: fact for fact in facts}
    kept: list[Group] = []
    waiting = dict(now)
    for group in groups:
        kept.extend(_parts(group, now, minimum))
        for fact in group.members:
            waiting.pop(fact, None)
    return [*kept, *_filled(list(waiting.values()), minimum)]


def told(groups: Iterable[Group], minimum: int) -> dict[Label, list[Group]]:
    """The groups of a release by what is told of them. Those made under a lower minimum than today's are left out."""
    found: dict[Label, list[Group]] = defaultdict(list)
    for group in groups:
        if group.label is not None and _people(group.members) >= minimum:
            found[group.label].append(group)
    return dict(found)


def figures(groups: Iterable[Group], minimum: int) -> dict[Label, int]:
    """What a release says: how many facts, by label."""
    return {label: sum(len(one.members) for one in alike) for label, alike in told(groups, minimum).items()}


def _filled(waiting: Sequence[Fact], minimum: int) -> Iterator[Group]:
    """Groups of what was never told. No figure counts what is left, so that few may be left."""
    for level in range(max((len(fact.labels) for fact in waiting), default=0)):
        alike: dict[Label, Members] = defaultdict(dict)
        for fact in waiting:
            if (label := fact.labels[level]) is not None:
                alike[label][fact.id] = fact.person
        filled = {label: members for label, members in sorted(alike.items()) if _people(members) >= minimum}
        yield from (Group(level, label, members) for label, members in filled.items())
        waiting = [fact for fact in waiting if fact.labels[level] not in filled]


def _parts(group: Group, now: Mapping[UUID, Fact], minimum: int) -> Iterator[Group]:
    """Those who stay, and those who leave the same way together."""
    going: dict[Label | None, Members] = defaultdict(dict)
    for fact, person in group.members.items():
        going[now[fact].labels[group.level] if fact in now else None][fact] = person
    staying = going.pop(group.label, {})
    leaving: dict[Label | None, Members] = {}
    for label, members in sorted(going.items(), key=lambda one: (_people(one[1]), one[0] or ())):
        if _people(members) < minimum:
            staying.update(members)
        else:
            leaving[label] = members
    _complete(staying, leaving, minimum)
    if staying:
        yield Group(group.level, group.label, staying)
    for label, members in leaving.items():
        yield Group(group.level, label, members)


def _complete(staying: Members, leaving: dict[Label | None, Members], minimum: int) -> None:
    """Complementary hiding: where few would stay, the smallest part that leaves stays, lest subtraction find them."""
    if leaving and 0 < _people(staying) < minimum:
        staying.update(leaving.pop(next(iter(leaving))))


def _people(members: Mapping[UUID, UUID]) -> int:
    return len(set(members.values()))
