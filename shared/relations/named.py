"""Whom a body names, by their id or employee number: who is nobody is a fault of that field, not of the path."""

from uuid import UUID

from shared.auth.callers import Caller
from shared.refusals import Invalid, NotAllowed, NotFound, Unacceptable
from shared.relations.reads import Relations


class PersonNotKnown(Unacceptable, code="person-not-known"):
    """Whom you name is nobody known here."""


class ReportedOfOneself(NotAllowed, code="reported-of-oneself"):
    """That you lead people, or are their HR partner, is for somebody else to report: it lets you read of them."""


async def person_named(relations: Relations, name: str, pointer: str) -> UUID:
    """The person whom the field at `pointer` means. Raises PersonNotKnown."""
    try:
        return await relations.person(name)
    except NotFound:
        raise _not_known(pointer) from None


async def superior_named(relations: Relations, name: str, pointer: str, caller: Caller) -> UUID:
    """The same, who is not the caller. Raises PersonNotKnown, ReportedOfOneself."""
    person = await person_named(relations, name, pointer)
    if person == caller.person:
        raise ReportedOfOneself
    return person


async def colleague_named(relations: Relations, name: str, pointer: str) -> UUID:
    """The person whom the field means, who has not left. Raises PersonNotKnown."""
    person = await person_named(relations, name, pointer)
    if await relations.left(person):
        raise _not_known(pointer)
    return person


def _not_known(pointer: str) -> PersonNotKnown:
    wrong = Invalid(pointer, "must be the id or employee number of somebody known here")
    return PersonNotKnown(invalid=(wrong,))
