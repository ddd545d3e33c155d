"""`careers topics`: what is declared in deploy/topics.toml, in the cluster."""

import asyncio
import os

import typer

from deploy.careers.commands import refuse

app = typer.Typer(help="The declared topics beside those of the cluster.", no_args_is_help=True)


@app.command("diff")
def diff() -> None:
    """Say what differs; exit status 1 when anything does."""
    from aiokafka.errors import KafkaError

    from deploy.careers import topics

    try:
        found = asyncio.run(topics.differences(_servers(), topics.declared(_prefix())))
    except (KafkaError, TimeoutError) as error:
        refuse(_no_answer(error))
    for difference in found:
        typer.echo(str(difference))
    raise typer.Exit(1 if found else 0)


@app.command("apply")
def apply() -> None:
    """Create what is missing and set what differs. Partitions of a keyed topic are refused to grow."""
    from aiokafka.errors import KafkaError

    from deploy.careers import topics

    replication = int(os.environ.get("REPLICATION_FACTOR", "1"))
    try:
        changed = asyncio.run(topics.apply(_servers(), topics.declared(_prefix()), replication_factor=replication))
    except topics.TopicsRefused as error:
        refuse(str(error))
    except (KafkaError, TimeoutError) as error:
        refuse(_no_answer(error))
    for difference in changed:
        typer.echo(f"{difference}: done")


def _servers() -> str:
    from deploy.local.instance import in_use, read_env

    name = "KAFKA_BOOTSTRAP_SERVERS"
    servers = os.environ.get(name) or read_env(in_use()).get(name)
    if not servers:
        refuse(f"Which Kafka? Set {name}, or run `make up`.")
    return servers


def _prefix() -> str:
    return os.environ.get("TOPIC_PREFIX", "")


def _no_answer(error: Exception) -> str:
    return f"Kafka did not do it ({type(error).__name__}: {error}): is KAFKA_BOOTSTRAP_SERVERS right?"
