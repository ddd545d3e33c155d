"""Commands over HTTP, against bare Starlette with group commit and the same key stored.

The ceiling does what is left when everything is taken away that makes it a command: it looks at no token, takes the
bytes of the body as they came, reads no stream, asks no rule, seals nothing; and it inserts whatever waits in one
statement, on a connection of its own.
"""

from benchmarks.figures import Result, Row
from benchmarks.places import Place
from benchmarks.serving import compared

TITLE = "command over HTTP, against bare Starlette with group commit"


async def measure(place: Place) -> Result:
    """A row for each case."""
    found = await compared(place, "starlette")
    rows = [
        Row(one.case, one.service.rate(), one.ceiling.rate(), "/s", one.service.ratio(one.ceiling), 0.5, 0.8)
        for one in found
    ]
    return Result(rows, [one.note() for one in found])
