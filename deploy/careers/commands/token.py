"""`careers token`: a bearer token of the local issuer, for a person, a service, or a service on a person's behalf."""

import os
from pathlib import Path
from typing import Annotated

import typer

from deploy.careers.commands import refuse

ROLES = ("employee", "hr_partner", "hr_analyst", "admin")
SCOPES = ("imports:write", "people:read", "moves:read", "opportunities:read")
ACTING = ("act:read", "act:write")
LONGEST_ACTING = 24.0  # hours: services refuse a token on behalf of a person that ends later


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

    if (person is None) == (service is None):
        refuse("Whose token? Give --person ID or --service NAME.")
    if act is not None and person is None:
        refuse("On whose behalf? Give --person ID besides --act NAME.")
    if act is not None and hours > LONGEST_ACTING:
        refuse(f"A service acts on behalf of a person for {LONGEST_ACTING:.0f} hours at most.")
    _known("role", role or [], ROLES)
    _known("scope", scope or [], SCOPES if act is None else ACTING)
    folder = in_use()
    url = os.environ.get("ISSUER_URL") or read_env(folder).get("ISSUER_URL")
    if url is None:
        refuse("The local issuer has never been up: run `make up` first.")
    key_file = Path(os.environ.get("ISSUER_KEY_FILE") or folder.secrets / "issuer")
    issuer = Issuer(key_file, url, os.environ.get("AUDIENCE", "careers"))
    lifetime = int(hours * 3600)
    claim = os.environ.get("PERSON_CLAIM", "sub")
    if person is not None and act is not None:
        typer.echo(issuer.on_behalf(person, act, claim=claim, roles=role or [], scopes=scope or [], lifetime=lifetime))
    elif person is not None:
        typer.echo(issuer.for_person(person, claim=claim, roles=role or [], lifetime=lifetime))
    elif service is not None:
        typer.echo(issuer.for_service(service, scopes=scope or [], lifetime=lifetime))


def _known(what: str, given: list[str], known: tuple[str, ...]) -> None:
    for each in given:
        if each not in known:
            refuse(f"There is no {what} {each}: known are {', '.join(known)}.")
