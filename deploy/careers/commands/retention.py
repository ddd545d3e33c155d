"""`careers retention`: what is over by the policy ends; what would end is said before."""

import json
from typing import Annotated, Any
from uuid import uuid4

import typer

from deploy.careers.commands import refuse
from deploy.careers.commands.calling import answer_of, given_token, local_token, url_of

app = typer.Typer(help="How long what is held about people is kept.", no_args_is_help=True)

EXAMPLE = "For example: careers retention run --dry-run, then careers retention run"


@app.command("run", epilog=EXAMPLE)
def run(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would end, and end nothing.")] = False,
    by: Annotated[str | None, typer.Option(help="With the local issuer: the administrator who does it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say it as JSON.")] = False,
) -> None:
    """End what is over by the policy of profiles (RETENTION_MONTHS, RETENTION_YEARS): keys of old years are destroyed,
    of who left long ago the erasure is asked for, and goes on by itself. Who is on legal hold is kept. It cannot be
    taken back, and may be run again.

    PROFILES_URL and CAREERS_TOKEN, an administrator's, say where to and as whom; without them: what `make up` started.
    """
    import httpx2

    url = f"{url_of('profiles')}/v1/retention/run"
    parts: list[dict[str, Any]] = []
    with httpx2.Client(headers={"authorization": f"Bearer {_token(by)}"}, timeout=60.0, trust_env=False) as client:
        while not parts or (not dry_run and not parts[-1]["complete"]):
            key = {"idempotency-key": f"retention-{uuid4()}"}
            part = answer_of(client, "profiles", "POST", url, json={"dry_run": dry_run}, headers=key)
            parts.append(part)
            if not any(rule["people"] for rule in part["rules"]):
                break  # nothing more can end now: what is still due is said
            if not as_json and len(parts) > 1:
                typer.echo(f"part {len(parts)} …", err=True)
    rules = [_together(list(same)) for same in zip(*(part["rules"] for part in parts), strict=True)]
    if as_json:
        typer.echo(json.dumps({"dry_run": dry_run, "complete": parts[-1]["complete"], "rules": rules}))
    else:
        typer.echo("Would end:" if dry_run else "Done:")
        for rule in rules:
            typer.echo(f"  {_sentence(rule, dry_run=dry_run)}")
    if not dry_run and not parts[-1]["complete"]:
        refuse("Something is still due and could not end now: run it again later.")


def _together(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """What a rule did in all parts of a run."""
    done = {name: sum(part[name] for part in parts) for name in ("people", "keys")}
    return {**parts[-1], **done}


def _sentence(rule: dict[str, Any], *, dry_run: bool) -> str:
    people, keys = (rule["due_people"], rule["due_keys"]) if dry_run else (rule["people"], rule["keys"])
    held = f"; {rule['on_hold']:,} on legal hold" if rule["on_hold"] else ""
    if rule["rule"] == "after_leaving":
        asked = "" if dry_run else ": their erasure is asked for"
        return f"{people:,} people who left before {rule['before']}{asked}{held}"
    return f"{rule['rule']} of before {rule['before']}: {keys:,} keys of {people:,} people{held}"


def _token(by: str | None) -> str:
    if token := given_token():
        return token
    if by is None:
        refuse("As whom? Set CAREERS_TOKEN to an administrator's token, or give --by.")
    return local_token("of an administrator", by, "admin")
