"""The route by which a person reads who has seen their records in a service."""

from shared.access import Row
from shared.audit.entries import Reader, readers
from shared.http import Alias, Call, Page, Routes
from shared.relations.reads import Relations, Rows


def add_readers(routes: Routes, of: str, access: Row, rows: Rows, relations: Relations) -> None:
    """Adds `/v1/people/{person}/<of>/readers`."""

    @routes.get(f"/v1/people/{{person}}/{of}/readers", access=access, operation=f"list_readers_of_{of}")
    async def list_readers(call: Call, person: Alias) -> Page[Reader]:
        """Who else has seen what there is of you here, latest first, and why they could; 200 entries at most.

        Also reads of what you have taken back since. A read shows within a second.
        """
        return Page(await readers(rows, await relations.oneself(person, call.caller)))
