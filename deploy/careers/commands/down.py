"""`careers down`."""

from typing import Annotated

import typer


def down(
    *,
    forget: Annotated[bool, typer.Option(help="Remove data, secrets and logs too.")] = False,
) -> None:
    """Stop all that `careers up` started, or `careers demo` left up. Data stays, unless it is to be forgotten."""
    from deploy.local import instance
    from deploy.local.folder import Folder

    folders = (Folder.of_demo(), Folder.of_checkout())
    stopped = [instance.down(folder) for folder in folders]
    typer.echo("Stopped." if any(stopped) else "Nothing was running.")
    if forget:
        for folder in folders:
            instance.forget(folder)
