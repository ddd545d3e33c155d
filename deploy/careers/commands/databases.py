"""`careers databases`: databases and login roles of all services, in the PostgreSQL of DATABASE_URL."""

import asyncio
import os
from pathlib import Path

import typer

from deploy.careers.commands import refuse
from deploy.careers.services import SERVICES

app = typer.Typer(help="Databases and login roles of the services.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keeps `prepare` a name of its own, though it is the only one."""


@app.command("prepare")
def prepare() -> None:
    """Make what is missing, and the key database's schema; again and by several at once.

    DATABASE_URL is an administrator's; DATABASE_PASSWORD_FILE may name a file with its password.
    <NAME>_DATABASE_PASSWORD (or a file that <NAME>_DATABASE_PASSWORD_FILE names) is the password of each service's
    role, and KEYS_DATABASE_PASSWORD that of the key database's owner.
    """
    import asyncpg

    from deploy.careers import databases, keys
    from shared.service.settings import with_password

    url, prefix = os.environ.get("DATABASE_URL", ""), os.environ.get("DATABASE_PREFIX", databases.PREFIX)
    if not url:
        refuse("Which PostgreSQL? Set DATABASE_URL to an administrator's URL.")
    if file := os.environ.get("DATABASE_PASSWORD_FILE"):
        try:
            url = with_password(url, Path(file))
        except ValueError as error:
            refuse(f"{error}.")
    passwords = {name: _password(databases.password_variable(name)) for name in (*SERVICES, databases.KEYS)}

    async def both() -> None:
        await databases.prepare(url, prefix, passwords)
        await keys.prepare(url, prefix, passwords)

    try:
        asyncio.run(both())
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        refuse(f"The databases could not be prepared ({type(error).__name__}: {error}).")


def _password(variable: str) -> str:
    file = os.environ.get(f"{variable}_FILE")
    password = Path(file).read_text().strip() if file else os.environ.get(variable, "")
    if not password:
        refuse(f"Set {variable}, or {variable}_FILE.")
    return password
