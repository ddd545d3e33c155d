"""What the supervisor says of itself and of each part: a file that is replaced at each change, for anybody to read."""

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from deploy.local.folder import Folder, read_json, write


class Phase(StrEnum):
    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(slots=True)
class PartState:
    now: str = "waiting"  # waiting, starting, ready, done, ended
    url: str = ""
    optional: bool = False  # nobody waits for it
    pid: int = 0
    seconds: float = 0.0  # from its last start until it was ready
    starts: int = 0
    exit: int | None = None  # status of its last end, negative for a signal


@dataclass(slots=True)
class State:
    pid: int  # the supervisor's
    asked: list[str]  # names of servers and services
    phase: Phase = Phase.STARTING
    message: str = ""
    answers: int = 0  # how often it was asked, by SIGUSR1, whether it lives
    port_taken: bool = False  # it failed for that, and will not when tried again
    parts: dict[str, PartState] = field(default_factory=dict)

    def save(self, folder: Folder) -> None:
        write(folder.state, json.dumps(asdict(self), indent=1))

    @classmethod
    def load(cls, folder: Folder) -> "State | None":
        """None when nothing was said yet. It may be of a supervisor that was killed: see instance.running."""
        found = read_json(folder.state)
        if found is None:
            return None
        parts = {name: PartState(**part) for name, part in found.pop("parts").items()}
        return cls(**{**found, "phase": Phase(found["phase"])}, parts=parts)

    @property
    def goes_on(self) -> bool:
        return self.phase in (Phase.STARTING, Phase.READY)

    @property
    def all_ready(self) -> bool:
        return self.phase is Phase.READY and all(
            part.now in ("ready", "done") or part.optional for part in self.parts.values()
        )
