"""The routes by which a service tells who has read what: people, of their own records; administrators, for a case."""

from typing import Annotated

from pydantic import Field

from shared.access import Row, matrix
from shared.audit.entries import ListingOff, Shown, WasRead, read_by, readers
from shared.audit.named import NamedReader, named
from shared.auth.callers import Role
from shared.http import Alias, Body, Call, Listing, Page, Routes
from shared.relations.names import Names
from shared.service import Parts

CaseNumber = Annotated[
    str, Field(max_length=60, pattern=r"^[A-Za-z0-9._/-]*[0-9][A-Za-z0-9._/-]*$", description="A number, no words.")
]


class CaseBody(Body):
    """For which case you ask. It is noted, and whoever you ask about reads it."""

    case_number: CaseNumber


def add_readers(routes: Routes, of: str, parts: Parts, *, access: Row) -> None:
    """Adds `/v1/people/{person}/<of>/readers` with this row, and `/v1/audit/<of>/readers/{person}/lookup`."""
    rows, relations, names = parts.pool, parts.relations, Names(parts.pool, parts.sealer)

    @routes.get(f"/v1/people/{{person}}/{of}/readers", access=access, operation=f"list_readers_of_{of}")
    async def list_readers(call: Call[None, Listing], person: Alias) -> Page[NamedReader]:
        """Who else has seen what there is of you here, latest first, and why they could.

        Also reads of what you have taken back since, and listings of what you have read of others here. A read shows
        within a second.
        """
        owner = await relations.oneself(person, call.caller)
        return await named(await readers(rows, owner, cursor=call.cursor, limit=call.query.limit), names)

    @routes.post(
        f"/v1/audit/{of}/readers/{{person}}/lookup",
        access=matrix.LOOK_UP_READS,
        allow=Role.ADMIN,
        status=200,
        reads=True,
        refuses=(ListingOff,),
        example={"case_number": "2027/0314"},
        operation=f"look_up_reader_of_{of}",
    )
    async def look_up_reader(call: Call[CaseBody, Listing], person: Alias) -> Page[WasRead]:
        """What a person has seen of others here, latest first, for a case: ids, days and rules, no words.

        Where their legal entity has `audit_by_reader` turned on. It is noted, and they can read by whom and for which
        case.
        """
        reader = await relations.person(person)
        await relations.require_fresh()
        page = await read_by(rows, reader, cursor=call.cursor, limit=call.query.limit)
        case_number = call.body.case_number
        parts.audit.note(call.caller, [Shown("reads", reader, reader, "audit_by_reader", case_number=case_number)])
        return page
