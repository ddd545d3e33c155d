"""`careers demo`: everything is started, a story is played through the public APIs, everything is stopped."""

from typing import Annotated

import typer

from deploy.careers.commands import refuse


def demo(
    *,
    verbose: Annotated[
        bool, typer.Option(help="Each event's way: API, position, topic, timeline, with times.")
    ] = False,
    compose: Annotated[
        bool, typer.Option(help="Play it on what `docker compose up --wait` brought up, and start and stop nothing.")
    ] = False,
    keep: Annotated[bool, typer.Option(help="Leave everything up, and print URLs, tokens and curl lines.")] = False,
) -> None:
    """Start everything, play the story of a career, show HR's view of 1,000 people, stop everything."""
    from deploy.demo.callers import Unexpected
    from deploy.demo.run import play, play_in_compose
    from deploy.local.instance import NotUp

    try:
        if compose:
            play_in_compose(verbose=verbose)
        else:
            play(verbose=verbose, keep=keep)
    except (NotUp, Unexpected) as trouble:
        refuse(str(trouble))
