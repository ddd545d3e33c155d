"""`careers export`: all that is held about a person, from every service, in one file that is theirs to keep."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from deploy.careers.commands import refuse
from deploy.careers.commands.calling import answer_of, given_token, local_token, person_of, url_of
from deploy.careers.services import SERVICES

if TYPE_CHECKING:
    import httpx2

EXAMPLE = "For example: CAREERS_TOKEN=$(careers token --person E1001) careers export --out amina.zip"


def export(
    person: Annotated[
        str | None, typer.Argument(help="Their id, or HR's id of them; without it whom CAREERS_TOKEN names.")
    ] = None,
    *,
    out: Annotated[Path, typer.Option(dir_okay=False, help="The file to write, which must not be there.")],
    as_json: Annotated[bool, typer.Option("--json", help="Say what was written as JSON.")] = False,
) -> None:
    """Write all that is held about a person into a zip: data.json, and index.html to be read in a browser.

    <SERVICE>_URL of each service and CAREERS_TOKEN, a token of that very person, say where to and as whom; without
    them: what `make up` started, or a demo left up, with a token of its issuer. Only the file's owner can read it.
    """
    import httpx2

    from deploy.careers import archive

    if out.exists():
        refuse(f"{out} is there already: it is not written over.")
    if not out.parent.is_dir():
        refuse(f"There is no folder {out.parent}.")
    token = given_token()
    whom = person or (person_of(token) if token is not None else None)
    if whom is None:
        refuse("Of whom? Give PERSON, or set CAREERS_TOKEN to a token of theirs.")
    if token is None:
        token = local_token("of that person", whom)
    held = {}
    with httpx2.Client(headers={"authorization": f"Bearer {token}"}, timeout=60.0, trust_env=False) as client:
        for service in SERVICES:
            held[service] = _fetched(client, service, whom)
    try:
        archive.write(out, archive.data(whom, datetime.now(UTC).isoformat(timespec="seconds"), held))
    except OSError as error:
        refuse(f"{out} cannot be written: {error.strerror}.")
    counts = {service: len(items) for service, items in held.items()}
    if as_json:
        typer.echo(json.dumps({"file": str(out), "schema": archive.SCHEMA, "items": counts}))
    else:
        typer.echo(f"{out}: {sum(counts.values()):,} entries. Open index.html in it.")


def _fetched(client: "httpx2.Client", service: str, person: str) -> list[dict[str, Any]]:
    """All pages of a service."""
    url = f"{url_of(service)}/v1/people/{quote(person, safe='')}/data/{service}"
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = answer_of(client, service, "GET", url, params={} if cursor is None else {"cursor": cursor})
        items += page["items"]
        cursor = page["next"]
        typer.echo(f"\r{service}: {len(items):,}", nl=cursor is None, err=True)
        if cursor is None:
            return items
