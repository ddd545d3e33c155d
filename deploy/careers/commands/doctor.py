"""`careers doctor`: what is wrong, one sentence each with the remedy."""

import asyncio

import typer


def doctor() -> None:
    """Look at everything from Python to parked events; exit status 1 when something is wrong."""
    from deploy.careers import checkup
    from deploy.local.instance import in_use

    async def wrong() -> int:
        count = 0
        async for sentence in checkup.sentences(in_use()):
            typer.echo(f"- {sentence}")
            count += 1
        return count

    if asyncio.run(wrong()):
        raise typer.Exit(1)
    typer.echo("All is well.")
