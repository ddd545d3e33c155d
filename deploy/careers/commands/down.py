"""`careers down`."""

from typing import Annotated

import typer


def down(
    *,
    forget: Annotated[bool, typer.Option(help="Remove data, secrets and logs too.")] = False,
) -> None:
    """Stop all that `careers up` started. Data stays, unless it is to be forgotten."""
    from deploy.local import instance
    from deploy.local.folder import Folder

    folder = Folder.of_checkout()
    typer.echo("Stopped." if instance.down(folder) else "Nothing was running.")
    if forget:
        instance.forget(folder)
