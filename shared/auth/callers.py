"""Who calls: a person or a service account, with what a token grants them. Relations decide the rest."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from shared.refusals import NotAllowed, Refusal


class Role(StrEnum):
    """The roles that a token may name. Being a manager is a relation, not a role."""

    EMPLOYEE = "employee"
    HR_PARTNER = "hr_partner"
    HR_ANALYST = "hr_analyst"
    ADMIN = "admin"


class Scope(StrEnum):
    """What a service account may be granted: the whole list, published by each service and in docs/scopes.md."""

    IMPORTS_WRITE = "imports:write", "Report what HR knows: people, places, units, leaders, HR partners; import files."
    PEOPLE_READ = "people:read", "Read the directory: everybody's name, address and place, and all units."
    MOVES_READ = "moves:read", "Count moves in the whole organisation, exactly; never who moved."
    EVENTS_READ = (
        "events:read",
        "Read what HR's systems are told: people, units, moves, postings; never words.",
    )
    OPPORTUNITIES_READ = "opportunities:read", "Read the opportunities that are posted to everybody; never who applied."
    ACT_READ = "act:read", "On behalf of a person, by token exchange: read what they may read."
    ACT_WRITE = "act:write", "On behalf of a person, by token exchange: do what they may do."

    told: str
    """What it lets a service account do, in one sentence."""

    def __new__(cls, value: str, told: str = "") -> "Scope":
        scope = str.__new__(cls, value)
        scope._value_ = value
        scope.told = told
        return scope


ON_BEHALF = frozenset((Scope.ACT_READ, Scope.ACT_WRITE))
"""What a token limits a service account to that acts on behalf of a person; these alone, and no other scope with them.
"""

_VIA = " via service:"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request. Either `person` or `service` is given; nobody at all on routes open to everyone.

    With `actor`, a service account acts on behalf of the person: it reaches what they reach, as far as `scopes` allow.
    """

    id: str  # the person's id, or "service:<name>"
    person: UUID | None = None
    roles: frozenset[Role] = frozenset()
    scopes: frozenset[Scope] = frozenset()
    service: str | None = None
    actor: str | None = None

    @property
    def by(self) -> str:
        """What stands as `by` on events: both, where a service account acts on behalf of a person."""
        return self.id if self.actor is None else f"{self.id}{_VIA}{self.actor}"


def on_whose_behalf(by: str) -> str:
    """The id of the caller whose `by` this is, without the service account that acted for them."""
    return by.partition(_VIA)[0]


NOBODY = Caller("nobody")
"""Who calls a route that is open to everyone."""


class Unauthenticated(Refusal, code="unauthenticated"):
    """A valid bearer token is needed."""

    def __init__(self, error: str = "") -> None:
        """`error` as RFC 6750 names it, for a token that was sent and is no good."""
        super().__init__()
        self.challenge = f'Bearer realm="careers", error="{error}"' if error else 'Bearer realm="careers"'


class IdentityNotLinked(NotAllowed, code="identity-not-linked"):
    """Your token is valid, but it does not lead to one person here."""
