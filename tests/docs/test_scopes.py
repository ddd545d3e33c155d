"""docs/scopes.md tells every scope and what it opens: `python -m tests.docs.test_scopes` writes it anew."""

from collections.abc import Iterator
from pathlib import Path

from deploy.careers.commands import token
from deploy.careers.services import SERVICES
from shared.auth.callers import ON_BEHALF, Role, Scope
from tests.http.declared import declared

PAGE = Path(__file__).parents[2] / "docs/scopes.md"

BEGINNING = """# Scopes

What a service account may be granted: the claim `scope` of its token (RFC 8693, RFC 9068), scopes apart by spaces. This
is the whole list; each service tells it in `/openapi.json` (`x-scopes` of its security scheme) and on `/docs`. A scope
that is not in it means nothing. No service account reads what people wrote or said of themselves, whatever its scopes.
"""

ACTING = """
## On behalf of a person

A token got by token exchange (RFC 8693) has a person as its subject and names the service account in `act`. It reaches
what the person reaches, with the roles of its own claim `roles` (never `admin`), ends within 24 hours, and does nothing
without one of these. Log lines and events name both ([why](decisions/0011-on-behalf-of-a-person.md)).
`careers token --person E1001 --act portal --scope act:read` prints one of the local issuer.
"""


def page() -> str:
    return "".join(_page())


def _page() -> Iterator[str]:
    yield BEGINNING
    for scope in (one for one in Scope if one not in ON_BEHALF):
        yield f"\n## `{scope}`\n\n{scope.told}\n\n"
        for service in SERVICES:
            for route in declared(service):
                if scope in route.grants.scopes:
                    yield f"- `{route.method} {route.path}` ({service}): {route.summary}\n"
    yield ACTING
    yield "\n| scope | |\n|---|---|\n"
    for scope in (one for one in Scope if one in ON_BEHALF):
        yield f"| `{scope}` | {scope.told} |\n"


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text() == page()


def test_every_scope_opens_something() -> None:
    grants = [route.grants for service in SERVICES for route in declared(service)]
    assert {scope for one in grants for scope in one.scopes} == set(Scope) - ON_BEHALF
    assert {one.on_behalf for one in grants if one.person} == ON_BEHALF


def test_the_operators_command_knows_all_of_them() -> None:
    assert set(token.SCOPES) == set(Scope) - ON_BEHALF
    assert set(token.ACTING) == ON_BEHALF
    assert set(token.ROLES) == set(Role)


if __name__ == "__main__":
    PAGE.write_text(page())
