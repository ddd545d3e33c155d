"""How many requests each caller may send, and have under way: a bucket for each, in this process, in bounded memory.

A bucket is one number: the moment at which it would be full again. Each request moves it on by what one request
weighs; a request is refused where that moment is further away than a whole bucket.
"""

import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address
from math import ceil

from shared.auth.callers import NOBODY, Caller
from shared.http.problems import TooManyRequests

MOST = 10_000
"""Buckets of a kind at most. Where more would be needed, those not used for longest begin anew."""

MOST_OF_PERSON, MOST_OF_SERVICE = 100, 500
"""Requests under way of one caller at once, of the 1,000 of a process (kernel.MOST_IN_FLIGHT): reads may wait for
seconds, and bodies may arrive slowly, so that a rate alone lets a few hold all of them."""

_RATE = re.compile(r"([0-9]{1,6})/([0-9]{1,6})")


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests a second for as long as one likes, and so many at once by who was quiet before."""

    per_second: int
    at_once: int

    @classmethod
    def parse(cls, text: str) -> "Rate | None":
        """Of "50/200"; None of "0", which is no limit. Raises ValueError."""
        if text == "0":
            return None
        match = _RATE.fullmatch(text)
        if match is None or not int(match[1]) or not int(match[2]):
            raise ValueError("a rate is <a second>/<at once>, such as 50/200, or 0 for no limit")
        return cls(int(match[1]), int(match[2]))


UNLIMITED = {"RATE_PERSON": "0", "RATE_SERVICE": "0", "RATE_ADDRESS": "0"}
"""The settings of a process in which nobody is refused for calling often: where load is made on purpose."""


class Buckets:
    """Of callers of one kind."""

    def __init__(self, rate: Rate, clock: Callable[[], float], most: int = MOST) -> None:
        self._each = 1 / rate.per_second
        self._room = (rate.at_once - 1) * self._each
        self._fills_in = rate.at_once * self._each
        self._clock = clock
        self._half = most // 2
        self._recent: dict[str, float] = {}
        self._former: dict[str, float] = {}
        self._turn_at = clock() + self._fills_in

    def __len__(self) -> int:
        return len(self._recent) + len(self._former)

    def take(self, who: str) -> int:
        """0 where a request may be made, and is counted; else the whole seconds to wait."""
        now = self._clock()
        full_at = self._recent.get(who)
        if full_at is None:
            full_at = self._former.get(who, now)
        wait = full_at - now - self._room
        if wait > 0:
            return ceil(wait)
        # What has not been used for as long as a bucket takes to fill is full: it is forgotten at the second turn.
        if now >= self._turn_at or len(self._recent) >= self._half:
            self._former, self._recent, self._turn_at = self._recent, {}, now + self._fills_in
        self._recent[who] = (full_at if full_at > now else now) + self._each
        return 0


class Limits:
    """What persons, service accounts, and addresses of those who are not known yet may send. None: no limit."""

    def __init__(
        self,
        *,
        person: Rate | None = None,
        service: Rate | None = None,
        address: Rate | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._persons = Buckets(person, clock) if person is not None else None
        self._services = Buckets(service, clock) if service is not None else None
        self._addresses = Buckets(address, clock) if address is not None else None
        self._under_way: Counter[str] = Counter()

    def count(self, caller: Caller) -> None:
        """A request of who is known; one on behalf of a person is the service account's. Raises TooManyRequests."""
        account = caller.service or caller.actor
        buckets = self._persons if account is None else self._services
        if buckets is not None and (wait := buckets.take(account or caller.id)):
            raise TooManyRequests(retry_after=wait)

    def begin(self, caller: Caller) -> str:
        """A request of who is known is under way, until `end` of what is answered here. Raises TooManyRequests."""
        account = caller.service or caller.actor
        who = caller.id if account is None else f"service:{account}"
        buckets, most = (self._persons, MOST_OF_PERSON) if account is None else (self._services, MOST_OF_SERVICE)
        if buckets is not None and caller is not NOBODY and self._under_way[who] >= most:
            raise TooManyRequests(retry_after=1)
        self._under_way[who] += 1
        return who

    def end(self, who: str) -> None:
        """It has an answer."""
        self._under_way[who] -= 1
        if not self._under_way[who]:
            del self._under_way[who]

    def count_stranger(self, address: str) -> None:
        """A request of who is not known yet: before a signature is looked at. Raises TooManyRequests."""
        if self._addresses is not None and (wait := self._addresses.take(_household(address))):
            raise TooManyRequests(retry_after=wait)


def _household(address: str) -> str:
    """An IPv4 address; of an IPv6 address the first half, since whoever has one has all that begin with it."""
    if ":" not in address:
        return address
    try:
        read = IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(read.ipv4_mapped or read.packed[:8].hex())
