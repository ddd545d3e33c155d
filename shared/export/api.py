"""The route by which a service gives a person all that it holds about them."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.access import matrix
from shared.export.history import History
from shared.export.places import Place, common
from shared.export.view import Held
from shared.http import Alias, Call, Listing, Page, Routes
from shared.http.cursors import Key
from shared.service import Parts


class ExportQuery(Listing):
    """A page of it. One can be empty with more behind it: the whole log is looked through, a stretch at a time."""

    limit: Annotated[int, Field(ge=1, le=200, description="How many at most.")] = 200


def add_export(routes: Routes, of: str, parts: Parts, places: Iterable[Place] = ()) -> None:
    """Adds `/v1/people/{person}/data/<of>`; `places` are those that this service has besides what every service has."""
    history = History(parts.pool, parts.sealer)
    besides: Sequence[Place] = (*common(parts.pool, parts.sealer), *places)

    @routes.get(f"/v1/people/{{person}}/data/{of}", access=matrix.EXPORT, operation=f"export_{of}")
    async def export(call: Call[None, ExportQuery], person: Alias) -> Page[Held]:
        """All that is held about you here: events oldest first, then what is held besides; for yourself alone.

        Also once you have left, for as long as you can sign in. What others wrote of themselves is not part of it.
        """
        whom = await parts.relations.oneself(person, call.caller)
        today = await parts.relations.today(whom, call.at)
        return await _page(history, besides, whom, today, cursor=call.cursor, limit=call.query.limit)


async def _page(
    history: History, besides: Sequence[Place], person: UUID, today: date, *, cursor: Key | None, limit: int
) -> Page[Held]:
    """The key of a page is the number of its place, events being the first, and a key within that place."""
    number = int(cursor[0] or 0) if cursor else 0
    within = (cursor[1:] if cursor else None) or None
    if number == 0:
        page = await history.page(person, today, within, limit)
    else:
        place = besides[number - 1]
        found = await place.page(person, within, limit)
        page = Page([Held(place=place.name, what=place.what, values=dict(row)) for row in found.items], found.next)
    if page.next is not None:
        return Page(page.items, (number, *page.next))
    return Page(page.items, (number + 1,) if number < len(besides) else None)
