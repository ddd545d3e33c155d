"""Where the story is played: on services that are ready, wherever they run, and know nobody yet."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from deploy.local.tokens import Issuer

WORKER = "projections-worker"


@dataclass(frozen=True, slots=True)
class Place:
    services: Mapping[str, str]
    """Service → URL of its API."""
    issuer: Issuer
    """That the services believe; `claim` of its tokens says who somebody is."""
    claim: str
    database_url: str
    """An administrator's."""
    bootstrap_servers: str
    kill_worker: Callable[[], None]
    """WORKER, as hard as can be; it comes back."""
