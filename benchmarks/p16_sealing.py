"""What sealing costs: P4's commands, against the same commands of a service that seals nothing.

The other one is the same service with a sealer that asks for no key, encrypts nothing and wraps nothing in an envelope
(benchmarks/unsealed.py): its events hold the words as they came. Both record into the same store, under P4's load, and
have the keys of all 200 people in hand, as long as these last: once a minute the service asks for them again.
"""

from statistics import median

from benchmarks.figures import Result, Row
from benchmarks.places import Place
from benchmarks.rounds import interleaved
from benchmarks.serving import Compared, Turn, stage

TITLE = "sealing, against the same commands unsealed"

BAR = 0.9


async def measure(place: Place) -> Result:
    """A row for each case."""
    found = []
    async with stage(place) as made:
        with made.service() as sealed, made.service(module="benchmarks.unsealed") as unsealed:
            await sealed.answers("/readyz", 200)
            await unsealed.answers("/readyz", 200)
            for case, requests in made.requests.items():
                ours = Turn(sealed, requests, made.events, "events", 2)
                theirs = Turn(unsealed, requests, made.events, "events", 2)
                series = await interleaved({"sealed": ours, "unsealed": theirs}, 11, made.trim)
                cpu = median(ours.cpu), median(theirs.cpu)
                found.append(Compared(case, series["sealed"], series["unsealed"], cpu))
    rows = [
        Row(one.case, one.service.rate(), one.ceiling.rate(), "/s", one.service.ratio(one.ceiling), BAR)
        for one in found
    ]
    return Result(rows, [one.note() for one in found])
