"""`careers token`: a bearer token of the local issuer, for a person, a service, or a service on a person's behalf."""

import os
from pathlib import Path
from typing import Annotated

import typer

from deploy.careers.commands import misused, refuse

ROLES = ("employee", "hr_partner", "hr_analyst", "admin")
SCOPES = ("imports:write", "people:read", "moves:read", "events:read", "opportunities:read")
ACTING = ("act:read", "act:write")
LONGEST = 87_600.0  # hours: ten years
LONGEST_ACTING = 24.0  # hours: services refuse a token on behalf of a person that ends later


EXAMPLE = "For example: careers token --person E1001 --role admin; careers token --service files --scope imports:write"


def token(
    *,
    person: Annotated[str | None, typer.Option(help="The person's id, or HR's id of them.")] = None,
    role: Annotated[list[str] | None, typer.Option(help=f"Of {', '.join(ROLES)}; may be repeated.")] = None,
    service: Annotated[str | None, typer.Option(help="The name of a calling service, in place of a person.")] = None,
    act: Annotated[str | None, typer.Option(help="The name of a service that acts on behalf of the person.")] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(help=f"Of {', '.join(SCOPES)}; with --act of {', '.join(ACTING)}; may be repeated."),
    ] = None,
    hours: Annotated[float, typer.Option(help="How long it is valid.")] = 8.0,
) -> None:
    """Print a bearer token. PERSON_CLAIM, AUDIENCE and ISSUER_URL are read from the environment, as the services read
    them; ISSUER_KEY_FILE names a key other than that of `make up`, or of a demo left up."""
    from deploy.local.instance import in_use, read_env
    from deploy.local.tokens import Issuer

    if (person is None) == (service is None) or "" in (person, service):
        misused("Whose token? Give --person ID or --service NAME.")
    lifetime = _seconds(hours)
    if act is not None:
        _acting(person, act, scope, hours)
    _known("role", role or [], ROLES)
    _known("scope", scope or [], SCOPES if act is None else ACTING)
    folder = in_use()
    url = os.environ.get("ISSUER_URL") or read_env(folder).get("ISSUER_URL")
    if url is None:
        refuse("The local issuer has never been up: run `make up` first.")
    key_file = Path(os.environ.get("ISSUER_KEY_FILE") or folder.secrets / "issuer")
    issuer = Issuer(key_file, url, os.environ.get("AUDIENCE", "careers"))
    claim = os.environ.get("PERSON_CLAIM", "sub")
    if person is not None and act is not None:
        typer.echo(issuer.on_behalf(person, act, claim=claim, roles=role or [], scopes=scope or [], lifetime=lifetime))
    elif person is not None:
        typer.echo(issuer.for_person(person, claim=claim, roles=role or [], lifetime=lifetime))
    elif service is not None:
        typer.echo(issuer.for_service(service, scopes=scope or [], lifetime=lifetime))


def _seconds(hours: float) -> int:
    if not 1 / 3600 <= hours <= LONGEST:  # nor is nan
        misused(f"For how long? Give --hours of more than none, and {LONGEST:,.0f} at most.")
    return int(hours * 3600)


def _acting(person: str | None, act: str, scope: list[str] | None, hours: float) -> None:
    if person is None:
        misused("On whose behalf? Give --person ID besides --act NAME.")
    if not act:
        misused("Who acts? Give --act the NAME of a service.")
    if not scope:
        misused(f"What may {act} do? Give --scope of {', '.join(ACTING)}: without one it may do nothing.")
    if hours > LONGEST_ACTING:
        misused(f"A service acts on behalf of a person for {LONGEST_ACTING:.0f} hours at most.")


def _known(what: str, given: list[str], known: tuple[str, ...]) -> None:
    for each in given:
        if each not in known:
            misused(f"There is no {what} {each}: known are {', '.join(known)}.")
