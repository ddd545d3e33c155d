"""Who has seen a record, by name too: for the person it is about, who knows nobody by their id."""

from uuid import UUID

from shared.audit.entries import Reader
from shared.http import Page
from shared.relations.names import Names


class NamedReader(Reader):
    """Who has seen a record, and what they and whom they stood in for are called; null where that was erased.

    `reader` is a person's id, or service:<name>, which has no other name.
    """

    reader_name: str | None
    stands_in_for_name: str | None


async def named(page: Page[Reader], names: Names) -> Page[NamedReader]:
    """The same readers with their names."""
    readers = [_person(one.reader) for one in page.items]
    stands_in = [one.stands_in_for for one in page.items]
    known = await names.of({person for person in (*readers, *stands_in) if person is not None})
    items = [
        NamedReader(
            **one.model_dump(),
            reader_name=None if reader is None else known.get(reader),
            stands_in_for_name=None if one.stands_in_for is None else known.get(one.stands_in_for),
        )
        for one, reader in zip(page.items, readers, strict=True)
    ]
    return Page(items, page.next)


def _person(reader: str) -> UUID | None:
    try:
        return UUID(reader)
    except ValueError:
        return None
