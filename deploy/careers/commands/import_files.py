"""`careers import`: HR's files, sent to profiles; the report, when the job has ended."""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deploy.careers.commands import refuse
from deploy.careers.commands.calling import given_token, local_issuer, refused, url_of

if TYPE_CHECKING:
    import httpx2

POLL = 0.3
SHOWN = 50
"""Problems that are printed; the others are read from the API."""

COUNTS = {
    "people_new": "joined",
    "people_changed": "changed",
    "people_unchanged": "unchanged",
    "people_left": "left, being absent",
    "people_left_out": "left out for a bad row",
    "people_known_by_id": "known by id alone, as leader{s} or manager{s}",
    "units_changed": "unit{s} told of",
    "corrections": "fact{s} corrected",
}


class Mode(StrEnum):
    complete = "complete"
    snapshot = "snapshot"


class Absent(StrEnum):
    untouched = "untouched"
    left = "left"


def import_files(
    files: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV files, see docs/imports.md.")
    ],
    *,
    mapping: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, readable=True, help="JSON or TOML that renames columns and values."),
    ] = None,
    mode: Annotated[
        Mode, typer.Option(help="complete: all history of whom the files name; snapshot: how things are on a day.")
    ] = Mode.complete,
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A snapshot's day, if not today.")
    ] = None,
    absent: Annotated[
        Absent, typer.Option(help="left: who is not in a snapshot has left, unless these are more than 2 %.")
    ] = Absent.untouched,
    dry_run: Annotated[bool, typer.Option(help="Report what would happen, and take nothing.")] = False,
    take_good_rows: Annotated[bool, typer.Option(help="Take the people of whom every row is good.")] = False,
) -> None:
    """Import HR's files and print the report. PROFILES_URL and CAREERS_TOKEN say where to and as whom; without them:
    what `make up` started, or a demo left up, with a token of its issuer."""
    import httpx2

    query: dict[str, str] = {"mode": mode.value, "absent": absent.value}
    query |= {"dry_run": str(dry_run).lower(), "take_good_rows": str(take_good_rows).lower()}
    if as_of is not None:
        query["as_of"] = as_of.date().isoformat()
    url = url_of("profiles")
    token = given_token() or local_issuer("with the scope imports:write").for_service(
        "careers-import", scopes=["imports:write"], lifetime=3600
    )
    try:
        with httpx2.Client(
            base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=60.0, trust_env=False
        ) as client:
            job = _send(client, files, mapping, query)
            job = _wait(client, job)
            _report(client, job)
    except httpx2.HTTPError as error:
        refuse(f"Profiles does not answer at {url} ({type(error).__name__}).")
    except KeyboardInterrupt:
        refuse("Not waited for any longer: the import goes on.")
    if job["state"] != "done":
        raise typer.Exit(1)


def _send(client: "httpx2.Client", files: list[Path], mapping: Path | None, query: Mapping[str, str]) -> dict[str, Any]:
    with ExitStack() as opened:
        form = [("file", (path.name, opened.enter_context(path.open("rb")), "text/csv")) for path in files]
        if mapping is not None:
            form.append(("mapping", (mapping.name, opened.enter_context(mapping.open("rb")), "text/plain")))
        answer = client.post("/v1/imports", params=query, files=form)
    if answer.status_code != 202:
        refused("profiles", answer)
    return dict(answer.json())


def _wait(client: "httpx2.Client", job: dict[str, Any]) -> dict[str, Any]:
    """Until the job has ended; one line a change of state."""
    told = ""
    while True:
        if job["state"] != told:
            told = job["state"]
            typer.echo(f"{told} …", err=True)
        if job["finished_at"] is not None:
            return job
        time.sleep(POLL)
        answer = client.get(f"/v1/imports/{job['id']}")
        if answer.status_code == 200:
            job = dict(answer.json())
        elif answer.status_code != 503:
            refused("profiles", answer)


def _report(client: "httpx2.Client", job: Mapping[str, Any]) -> None:
    progress = job["progress"]
    for file in job["files"]:
        typer.echo(f"{file['name']}: {_counted(file['rows'], 'row{s}')}, {file['kind'] or 'kind unknown'}")
    if progress["problems"]:
        for problem in _problems(client, job["id"]):
            place = ":".join(str(one) for one in (problem["file"], problem["line"], problem["column"]) if one)
            field = f"{problem['field']} " if problem["field"] else ""
            typer.echo(f"{place}: {field}{problem['detail']} [{problem['code']}]")
        if progress["problems"] > SHOWN:
            typer.echo(f"… and {progress['problems'] - SHOWN} more: GET /v1/imports/{job['id']}/problems")
    if job["trouble"] is not None:
        typer.secho(f"{job['state']}: {job['trouble']}", fg=typer.colors.RED)
        return
    typer.echo("Would be:" if job["dry_run"] else "Done:")
    for name, words in COUNTS.items():
        if progress[name]:
            typer.echo(f"  {_counted(progress[name], words, 8)}")
    typer.echo(f"  {_counted(sum(progress['events'].values()), 'event{s}', 8)}")


def _counted(count: int, words: str, width: int = 0) -> str:
    return f"{count:>{width}} {words.format(s='' if count == 1 else 's')}"


def _problems(client: "httpx2.Client", id_: str) -> Iterator[dict[str, Any]]:
    answer = client.get(f"/v1/imports/{id_}/problems", params={"limit": SHOWN})
    if answer.status_code != 200:
        refused("profiles", answer)
    yield from answer.json()["items"]
