"""A good client: one key for one command, the same again after silence, errors and 5xx, until it is told."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx2

from tests.faults.ledger import Command, Ledger, Told

ANSWER = 25.0  # seconds for an answer: what an api may take, and its being frozen for a while
GIVEN_UP = 240.0  # seconds after which a caller stops asking, and does not know
PAUSE, LONGEST_PAUSE = 0.05, 1.0
AGAIN = frozenset((408, 429, 500, 502, 503, 504))
MEANWHILE = ("changed-meanwhile",)  # nothing was done, and nobody knows whether it can be: the same once more


@dataclass(frozen=True, slots=True)
class Read:
    status: int
    body: Any
    etag: str | None = None


class Client:
    """What all callers share: connections, and the ledger."""

    def __init__(self, urls: Mapping[str, str], ledger: Ledger, http: httpx2.AsyncClient) -> None:
        self._urls = urls
        self._http = http
        self.ledger = ledger

    async def command(self, token: str, command: Command, random: Random) -> Told | None:
        """Until it is answered, or given up. Now and then it is sent twice at once, as by somebody impatient."""
        self.ledger.commands.append(command)
        if random.random() < 0.04:
            await asyncio.gather(self._send(token, command, random), self._send(token, command, random))
        else:
            await self._send(token, command, random)
        if command.answer is not None and command.answer.done and random.random() < 0.03:
            await self._send(token, command, random)
        return command.answer

    async def _send(self, token: str, command: Command, random: Random) -> None:
        headers = {"authorization": f"Bearer {token}", "idempotency-key": command.key}
        if command.if_match is not None:
            headers["if-match"] = command.if_match
        begun, pause = time.monotonic(), PAUSE
        while time.monotonic() - begun < GIVEN_UP:
            command.attempts += 1
            command.sent = True
            asked = time.monotonic()
            try:
                answer = await self._http.post(
                    self._urls[command.service] + command.path, json=command.body, headers=headers, timeout=ANSWER
                )
                self.ledger.slowest = max(self.ledger.slowest, time.monotonic() - asked)
                if answer.status_code == 500:
                    self.ledger.broken.append(f"500 to {command}")
                if answer.status_code not in AGAIN:
                    told = _told(answer)
                    if told.code not in MEANWHILE:
                        command.told.append(told)
                        return
            except (httpx2.HTTPError, OSError):
                pass  # nobody knows whether it was done: hence the key
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(pause * 2, LONGEST_PAUSE)

    async def read(self, token: str, service: str, path: str, *, tries: int = 1, **query: object) -> Read:
        """A read; status 0 when there is no answer. `tries`: how often at most, until it is 200 or 404."""
        params = {name: str(value) for name, value in query.items()}
        found = Read(0, None)
        for attempt in range(tries):
            if attempt:
                await asyncio.sleep(min(LONGEST_PAUSE, PAUSE * 2**attempt))
            self.ledger.reads += 1
            try:
                answer = await self._http.get(
                    self._urls[service] + path,
                    params=params,
                    headers={"authorization": f"Bearer {token}"},
                    timeout=ANSWER,
                )
            except (httpx2.HTTPError, OSError):
                continue
            found = Read(answer.status_code, answer.json(), answer.headers.get("etag"))
            if found.status == 500:
                self.ledger.broken.append(f"500 to {service} GET {path}")
            if found.status in (200, 404):
                break
        return found


def _told(answer: httpx2.Response) -> Told:
    body = answer.json()
    if answer.status_code in (200, 201):
        return Told(answer.status_code, "", str(body["id"]), body["version"], body["after"])
    return Told(answer.status_code, str(body.get("code", "")))
