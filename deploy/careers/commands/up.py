"""`careers up`: everything on this machine, from the servers to the services."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.careers.commands import refuse
from deploy.careers.services import SERVICES

if TYPE_CHECKING:
    from deploy.local.state import State


def up(
    services: Annotated[list[str] | None, typer.Argument(help="Some of the services; all when none is named.")] = None,
    *,
    servers_only: Annotated[bool, typer.Option(help="PostgreSQL and Kafka, and no service.")] = False,
) -> None:
    """Start what is not running and return when all of it is ready. Data is kept from one time to the next."""
    from deploy.local import instance
    from deploy.local.folder import Folder

    unknown = sorted(set(services or ()) - set(SERVICES))
    if unknown:
        refuse(f"There is no service {unknown[0]}: the services are {', '.join(SERVICES)}.")
    began = time.monotonic()
    try:
        env = instance.up(Folder.of_checkout(), () if servers_only else services or SERVICES, tell=_Progress())
    except (instance.NotUp, OSError) as error:
        refuse(str(error))
    width = max(map(len, env))
    typer.echo(f"\nAll is ready after {time.monotonic() - began:.1f} s. .local/env holds:\n")
    for name, value in env.items():
        typer.echo(f"  {name:<{width}}  {value}")
    typer.echo(
        "\n`.venv/bin/careers token --person ID` gives a token, `.venv/bin/careers doctor` says what is wrong,"
        " `make down` stops all."
    )


class _Progress:
    """One line for each part, when it is ready."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def __call__(self, state: "State") -> None:
        for name, part in state.parts.items():
            if part.now in ("ready", "done") and name not in self._told:
                self._told.add(name)
                typer.echo(f"  {name:<22} {part.now:<6} {part.seconds:5.1f} s  {part.url}")
