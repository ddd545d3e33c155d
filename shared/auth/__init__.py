"""Who calls: bearer tokens of any OpenID Connect issuer, verified, and linked to a person.

Reading order: callers (what a service sees), tokens (what is checked), issuer (whose keys), linking (which person).
"""

from shared.auth.callers import NOBODY, Caller, Role, Scope

__all__ = ["NOBODY", "Caller", "Role", "Scope"]
