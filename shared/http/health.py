"""Health: whether this process lives, and whether it can do its work now, with the reasons."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

import orjson

from shared.http.pages import Served, content
from shared.http.problems import Answer, problem
from shared.metrics import Metrics
from shared.refusals import Unavailable

FRESH = 0.5
"""Seconds for which an answer is given again: a crowd of probes asks the database once."""


class NotReady(Unavailable, code="not-ready"):
    """This process cannot do its work now; `checks` says why."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is needed. `ask` answers None when it is there, else the reason in one sentence."""

    name: str
    ask: Callable[[], Awaitable[str | None]]
    required: bool = True  # without it: not ready; else degraded
    seconds: float = 2.0


class Health:
    """What the probes are told."""

    def __init__(self, checks: Sequence[Check] = ()) -> None:
        self._checks = tuple(checks)
        self._asked_at = -FRESH
        self._asking: asyncio.Future[list[dict[str, str]]] | None = None
        self._broken: dict[str, str] = {}

    def broken(self, name: str, reason: str) -> None:
        """From now on this process is not ready: a task of it died, or it is being stopped."""
        self._broken[name] = reason

    async def state(self) -> tuple[str, list[dict[str, str]]]:
        """ready, degraded or not-ready, and every check with its state and reason."""
        if self._asking is None or monotonic() - self._asked_at > FRESH:
            self._asked_at = monotonic()
            self._asking = asyncio.gather(*(_ask(check) for check in self._checks))
        checks = [
            *await asyncio.shield(self._asking),
            *({"name": name, "state": "failing", "reason": reason} for name, reason in self._broken.items()),
        ]
        states = {check["state"] for check in checks}
        return "not-ready" if "failing" in states else "degraded" if "degraded" in states else "ready", checks

    def pages(self, metrics: Metrics) -> Mapping[str, Served]:
        """/livez, /readyz and /metrics."""

        async def live(_values: list[str]) -> Answer:
            return content(b'{"status":"alive"}', "application/json")

        async def ready(_values: list[str]) -> Answer:
            state, checks = await self.state()
            if state != "not-ready":
                return content(orjson.dumps({"status": state, "checks": checks}), "application/json")
            return problem(NotReady(), {"checks": checks})

        async def numbers(_values: list[str]) -> Answer:
            return content(metrics.render(), "text/plain; version=0.0.4; charset=utf-8")

        return {"/livez": live, "/readyz": ready, "/metrics": numbers}


async def _ask(check: Check) -> dict[str, str]:
    told: dict[str, Any] = {"name": check.name, "state": "ok"}
    try:
        async with asyncio.timeout(check.seconds):
            reason = await check.ask()
    except TimeoutError:
        reason = f"no answer within {check.seconds:g} s"
    except Exception as error:  # noqa: BLE001 (a probe answers whatever breaks)
        reason = f"failed with {type(error).__name__}"
    if reason is not None:
        told |= {"state": "failing" if check.required else "degraded", "reason": reason}
    return told
