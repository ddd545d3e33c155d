"""`careers audit`: who read what, and whether the notes of it are as they were written."""

import os
import subprocess
import sys

import typer

from deploy.careers.commands import refuse
from deploy.careers.services import SERVICES

app = typer.Typer(help="The notes of who read whose records.", no_args_is_help=True)


EXAMPLE = "For example: careers audit verify && echo 'as they were written'"


@app.command("verify", epilog=EXAMPLE)
def verify() -> None:
    """Name each row, link or day that was changed, added or taken away; exit status 1 when there is any.

    Of what `make up` started, or a demo left up. Elsewhere: `python -m services.<service> audit`, where its api runs.
    """
    from deploy.local.instance import in_use
    from deploy.local.settings import NeverUp, settings_now

    try:
        settings = settings_now(in_use(), os.environ)
    except NeverUp as error:
        refuse(str(error))
    touched = False
    for service in SERVICES:
        env = {**os.environ, **settings.for_service(service, "audit")}
        verifying = [sys.executable, "-m", f"services.{service}", "audit"]
        touched |= subprocess.run(verifying, env=env, check=False).returncode != 0
    raise typer.Exit(1 if touched else 0)
