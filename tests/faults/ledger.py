"""Every command that was sent, and exactly what its caller was told."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Told:
    """One answer to a command: a receipt, or a refusal by its code."""

    status: int
    code: str = ""
    id: str = ""
    version: int = 0
    after: str | None = None

    @property
    def done(self) -> bool:
        return self.status in (200, 201)


@dataclass(slots=True)
class Command:
    """`route` is the path's template: a key holds for a caller and a route."""

    by: str
    service: str
    route: str
    event: str
    """The wire type of what it causes."""
    path: str
    body: Any
    key: str
    if_match: str | None = None
    attempts: int = 0
    sent: bool = False
    told: list[Told] = field(default_factory=list)
    """The final answer; more than one where the caller repeated a command that had been answered."""

    @property
    def answer(self) -> Told | None:
        """None: the caller gave up, and does not know."""
        return self.told[0] if self.told else None

    def __str__(self) -> str:
        return f"{self.service} POST {self.path} by {self.by} under {self.key}"


@dataclass(slots=True)
class Ledger:
    commands: list[Command] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """What callers saw at once: a read that was to show something and did not, an answer nobody should ever get."""
    reads: int = 0
    slowest: float = 0.0

    def acknowledged(self) -> list[Command]:
        return [one for one in self.commands if one.answer is not None and one.answer.done]

    def refused(self) -> list[Command]:
        return [one for one in self.commands if one.answer is not None and not one.answer.done]

    def unknown(self) -> list[Command]:
        return [one for one in self.commands if one.answer is None and one.sent]


class Keys:
    """How a service writes down a caller's key: worked out here again, from its secret."""

    def __init__(self, secrets: Mapping[str, bytes]) -> None:
        self._keys = {name: hmac.digest(secret, b"careers command key", "sha256") for name, secret in secrets.items()}

    def of(self, command: Command) -> bytes:
        scope = b"\0".join((command.by.encode(), f"POST {command.route}".encode(), command.key.encode()))
        return hmac.new(self._keys[command.service], scope, hashlib.sha256).digest()[:16]
