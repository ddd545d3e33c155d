"""One file a command. A refusal is one sentence on standard error, and exit status 1; 2 where it is about what was
given, as for options that there are not."""

from typing import NoReturn

import typer


def refuse(sentence: str) -> NoReturn:
    typer.secho(sentence, fg=typer.colors.RED, err=True)
    raise typer.Exit(1)


def misused(sentence: str) -> NoReturn:
    typer.secho(sentence, fg=typer.colors.RED, err=True)
    raise typer.Exit(2)
