"""Contestants in turns: rates of one machine move by half within minutes, ratios of one round do not."""

import asyncio
import gc
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

Once = Callable[[], Awaitable[object]]


@dataclass(slots=True)
class Sample:
    """What one contestant did in one round: operations, and how long each took, in seconds."""

    operations: int = 0
    seconds: float = 0.0
    took: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Operations a second."""
        return self.operations / self.seconds

    def quantile(self, share: float) -> float:
        """Seconds within which that share of the operations was done."""
        return sorted(self.took)[min(len(self.took) - 1, int(len(self.took) * share))]


Contestant = Callable[[], Awaitable[Sample]]


class Series:
    """One contestant's samples, a round each."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.samples = samples

    def rate(self) -> float:
        """The median of the rounds."""
        return median(sample.rate for sample in self.samples)

    def quantile(self, share: float) -> float:
        """The median of the rounds' quantiles, in seconds."""
        return median(sample.quantile(share) for sample in self.samples)

    def ratio(self, ceiling: "Series") -> float:
        """The median of the rounds' ratios of rates: each round is compared with itself."""
        return median(one.rate / other.rate for one, other in zip(self.samples, ceiling.samples, strict=True))

    def quantiles_ratio(self, ceiling: "Series", share: float) -> float:
        """The same of how long an operation took."""
        return median(
            one.quantile(share) / other.quantile(share)
            for one, other in zip(self.samples, ceiling.samples, strict=True)
        )


async def interleaved(
    contestants: Mapping[str, Contestant], rounds: int, before: Callable[[], Awaitable[object]] | None = None
) -> dict[str, Series]:
    """Each contestant once a round, in an order of its own; the first round is for warming up and does not count.

    `before` is awaited before each turn.
    """
    order = list(contestants)
    samples: dict[str, list[Sample]] = {name: [] for name in order}
    for turn in range(rounds + 1):
        random.shuffle(order)
        for name in order:
            if before is not None:
                await before()
            sample = await contestants[name]()
            if turn == 0:
                continue
            samples[name].append(sample)
        if turn == 0:
            settle()
    return {name: Series(found) for name, found in samples.items()}


async def in_flight(callers: Sequence[Once], seconds: float) -> Sample:
    """Each caller again and again, all at once, for so long."""
    sample = Sample()
    took = sample.took
    clock = time.perf_counter
    begin = clock()
    end = begin + seconds

    async def call(once: Once) -> None:
        while (before := clock()) < end:
            await once()
            took.append(clock() - before)

    await asyncio.gather(*map(call, callers))
    sample.seconds = clock() - begin
    sample.operations = len(took)
    return sample


def settle() -> None:
    """As every process of ours does after its start: what is there by now is not looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)
