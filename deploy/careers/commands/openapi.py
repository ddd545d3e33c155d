"""`careers openapi`: the APIs of all services as one OpenAPI document, to make a client from."""

import json
from pathlib import Path
from typing import Annotated

import typer

from deploy.careers.commands import refuse
from deploy.careers.commands.calling import answer_of, url_of
from deploy.careers.services import SERVICES

EXAMPLE = "For example: careers openapi --out careers.json --origin https://careers.example.org"


def openapi(
    *,
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="The file to write; without it, to the screen.")
    ] = None,
    origin: Annotated[
        str | None, typer.Option(help="One address that answers for all services, where there is such a one.")
    ] = None,
) -> None:
    """Ask each service what it offers, and write it as one OpenAPI 3.1 document.

    <SERVICE>_URL of each service says where it is; without them: what `make up` started, or a demo left up. Each path
    names the server that answers it, unless one origin does for all.
    """
    import httpx2

    from deploy.careers.openapi import DeclaredTwice, merge

    servers = {service: origin or url_of(service) for service in SERVICES}
    with httpx2.Client(timeout=30.0, trust_env=False) as client:
        documents = {
            service: answer_of(client, service, "GET", f"{url_of(service)}/openapi.json") for service in SERVICES
        }
    try:
        merged = merge(documents, servers)
    except DeclaredTwice as twice:
        refuse(str(twice))
    written = json.dumps(merged, indent=2, ensure_ascii=False)
    if out is None:
        typer.echo(written)
        return
    try:
        out.write_text(written + "\n", encoding="utf-8")
    except OSError as error:
        refuse(f"{out} cannot be written: {error.strerror}.")
    operations = sum(1 for item in merged["paths"].values() for method in item if method != "servers")
    typer.echo(f"{out}: {operations} operations of {len(SERVICES)} services.")
