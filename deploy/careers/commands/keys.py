"""`careers keys`: the master keys, and the data keys that they wrap (docs/keys.md)."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from deploy.careers.commands import refuse

if TYPE_CHECKING:
    import asyncpg

    from deploy.careers.keyfiles import Keeper
    from shared.sealing.kms import Kms

T = TypeVar("T")

Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        help="Files of master keys, or the folder of `careers secrets`; without, what KMS_URL or MASTER_KEY_FILE names."
    ),
]
Id = Annotated[str, typer.Argument(help="As `careers keys status` shows it.")]

app = typer.Typer(
    help="The master keys, and the data keys that they wrap. KEYS_URL is that of the key database's owner, or"
    " DATABASE_URL an administrator's; DATABASE_PASSWORD_FILE may name a file with the password. MASTER_KEY_FILE or"
    " KMS_URL is that of the services. Without these, those of `make up`.",
    no_args_is_help=True,
)


@app.command("status")
def status() -> None:
    """Say how many keys need which master key; exit status 1 when one is needed that is not known."""

    async def ask(connection: "asyncpg.Connection") -> bool:
        return await _status(connection, _kms())

    if not _with_database(ask):
        raise typer.Exit(1)


ROTATED = "For example, with a new master key: careers keys add, then careers keys use ID, then careers keys rotate"


@app.command("rotate", epilog=ROTATED)
def rotate() -> None:
    """Wrap every key anew that another than the present master key wraps. Services go on; it may be run again."""

    async def wrap_anew(connection: "asyncpg.Connection") -> bool:
        from shared.sealing.rotation import needed, rotate

        kms = _kms()
        [master, *_] = await kms.masters()
        total = sum(number for one, number in (await needed(connection)).items() if one != master)
        done = left = 0
        async for step in rotate(connection, kms):
            done, left = done + step.done, left + step.left
            typer.echo(f"{done:,} of {total:,} wrapped anew")
        known = await _status(connection, kms)
        if left:
            typer.secho(f"{left:,} do not unwrap: their master key is not known, or their row was changed.", err=True)
        return known and not left

    if not _with_database(wrap_anew):
        raise typer.Exit(1)


@app.command("add")
def add(paths: Paths = None) -> None:
    """Make a master key that only unwraps yet, for all processes to know it before it wraps."""
    typer.echo(f"{_kept(paths, lambda keeper: keeper.add())} is made: `careers keys use` makes it wrap.")


@app.command("use")
def use(master: Id, paths: Paths = None) -> None:
    """Let a master key wrap from now on, which all processes know."""
    _kept(paths, lambda keeper: keeper.use(master))
    typer.echo(f"{master} wraps new keys: `careers keys rotate` wraps the others anew.")


@app.command("remove")
def remove(
    master: Id,
    paths: Paths = None,
    *,
    unchecked: Annotated[
        bool, typer.Option(help="Where the key database is out of reach: ask `status` before.")
    ] = False,
) -> None:
    """Take a master key away that no key needs any more. Backups of the key database may still need it."""

    async def count(connection: "asyncpg.Connection") -> int:
        from shared.sealing.rotation import needed

        return (await needed(connection)).get(master, 0)

    if not unchecked and (keys := _with_database(count)):
        refuse(f"{master} stays, {_need(keys)}: `careers keys rotate` first.")
    _kept(paths, lambda keeper: keeper.remove(master))
    typer.echo(f"{master} is taken away.")


async def _status(connection: "asyncpg.Connection", kms: "Kms") -> bool:
    """Whether each master key that is needed is known."""
    from shared.sealing.rotation import needed

    masters, keys = await kms.masters(), await needed(connection)
    for master in [*masters, *(one for one in keys if one not in masters)]:
        need = _need(keys.get(master, 0))
        if master == masters[0]:
            say = f"{need}; it wraps new keys"
        elif master not in masters:
            say = f"{need}, and it is not known here"
        else:
            say = f"{need}: " + ("`careers keys rotate`" if master in keys else "it can be taken away")
        typer.echo(f"{master}  {say}")
    return keys.keys() <= set(masters)


def _need(keys: int) -> str:
    return {0: "no key needs it", 1: "1 key needs it"}.get(keys, f"{keys:,} keys need it")


def _with_database(ask: "Callable[[asyncpg.Connection], Awaitable[T]]") -> T:
    import asyncpg

    from shared.sealing.keys import KeysUnavailable

    async def answer() -> T:
        async with _connected() as connection:
            return await ask(connection)

    try:
        return asyncio.run(answer())
    except KeysUnavailable as error:
        refuse(f"The master keys are out of reach: {error}.")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        refuse(f"The key database did not do it ({type(error).__name__}: {error}).")


@asynccontextmanager
async def _connected() -> "AsyncIterator[asyncpg.Connection]":
    import asyncpg

    from deploy.careers.databases import DEADLINE
    from deploy.careers.keys import owner_url
    from deploy.local.instance import in_use, read_env

    try:
        url = owner_url({**read_env(in_use()), **os.environ})
    except ValueError as error:
        refuse(str(error))
    connection = await asyncpg.connect(url, timeout=DEADLINE, command_timeout=DEADLINE)
    try:
        yield connection
    finally:
        await connection.close(timeout=DEADLINE)


def _kms() -> "Kms":
    from pydantic import ValidationError

    from deploy.local.instance import in_use
    from shared.service import KmsSettings

    local = in_use().secrets / "master-key"
    try:
        given = "MASTER_KEY_FILE" in os.environ or not local.exists()
        return (KmsSettings() if given else KmsSettings(master_key_file=local)).kms
    except ValidationError:
        refuse("Which master keys? Set MASTER_KEY_FILE, or KMS_URL to file:///the/folder/, or run `make up`.")
    except (OSError, ValueError) as error:
        refuse(f"The master keys cannot be read: {error}.")


def _kept(paths: list[Path] | None, change: "Callable[[Keeper], T]") -> T:
    from deploy.careers.keyfiles import KeyFiles, KeyFilesRefused, KeyFolder
    from deploy.local.instance import in_use

    folder, file = os.environ.get("KMS_URL"), os.environ.get("MASTER_KEY_FILE")
    try:
        if folder and not paths:
            return change(KeyFolder(folder))
        return change(KeyFiles(paths or [Path(file) if file else in_use().secrets / "master-key"]))
    except KeyFilesRefused as error:
        refuse(str(error))
    except (OSError, ValueError) as error:
        refuse(f"The master keys could not be changed: {error}.")
