"""`careers erase`: a person's words, or all that leads to who has left; and the receipt when every service is done."""

import json
import sys
import time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deploy.careers.commands import refuse
from deploy.careers.commands.calling import given_token, local_token, refused, url_of

if TYPE_CHECKING:
    import httpx2

POLL = 0.3

_STEPS = {
    "asked": "keys are being destroyed",
    "keys_destroyed": "keys are destroyed; waiting until no process holds one any more",
    "cleaning": "every service cleans its stores",
}


class Scope(StrEnum):
    words = "words"
    person = "person"


class Ground(StrEnum):
    asked_by_the_person = "asked_by_the_person"
    end_of_retention = "end_of_retention"
    court_or_authority = "court_or_authority"


_MEANT = {
    Scope.words: "Erase for good what {} wrote and said?",
    Scope.person: "Erase for good all that leads to {}?",
}


def erase(
    person: Annotated[str, typer.Argument(help="The person's id, or HR's id of them.")],
    *,
    scope: Annotated[
        Scope,
        typer.Option(help="words: what they wrote or said of themselves; person: all that leads to who has left."),
    ] = Scope.words,
    ground: Annotated[Ground | None, typer.Option(help="Why: who erases for somebody else says so.")] = None,
    by: Annotated[
        str | None,
        typer.Option(help="With the local issuer: the administrator who does it; without one, the person themselves."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant, as at a terminal.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The receipt as JSON.")] = False,
) -> None:
    """Erase for good, and print the receipt. PROFILES_URL and CAREERS_TOKEN say where to and as whom: an administrator,
    or for words the person; without them: what `make up` started. It cannot be taken back.

    Interrupted, the erasure goes on; asked again, the command tells how far it is. Who is erased has no id of HR's any
    more: their receipt is found by the id that was said at first. Such as: `careers erase E1001 --scope words`, or
    `careers erase E1002 --scope person --ground asked_by_the_person --by E1001`
    """
    import httpx2

    if not yes and sys.stdin.isatty():
        typer.confirm(_MEANT[scope].format(person), abort=True, err=True)
    url, wanted = url_of("profiles"), "of an administrator, or of the person"
    token = given_token() or (local_token(wanted, by, "admin") if by else local_token(wanted, person))
    try:
        with httpx2.Client(
            base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=60.0, trust_env=False
        ) as client:
            receipt = _wait(client, _path(client, person, scope, ground))
    except httpx2.HTTPError as error:
        refuse(f"Profiles does not answer at {url} ({type(error).__name__}).")
    except KeyboardInterrupt:
        refuse("Not waited for any longer: the erasure goes on.")
    typer.echo(json.dumps(receipt, indent=1) if as_json else _told(receipt))


def _path(client: "httpx2.Client", person: str, scope: Scope, ground: Ground | None) -> str:
    """Of the receipt, by the person's id: their other names are erased with them. One that is under way is gone on
    with, and who is erased already has a receipt."""
    path = f"/v1/people/{person}/erasures"
    asked = client.post(path, json={"scope": scope.value, "ground": ground and ground.value})
    if asked.status_code == 201:
        whom, erasure = asked.json()["person"], asked.json()["id"]
    elif found := _found(client, path, asked, scope):
        whom, erasure = found["person"], found["erasure"]
    else:
        refused("profiles", asked)
    typer.echo(f"Erasure {erasure} of {whom}", err=True)
    return f"/v1/people/{whom}/erasures/{erasure}"


def _found(client: "httpx2.Client", path: str, asked: "httpx2.Response", scope: Scope) -> dict[str, Any] | None:
    """The erasure for which nothing new is begun."""
    under_way = asked.status_code == 409 and asked.json()["code"] == "erasure-under-way"
    if not under_way and (asked.status_code, scope) != (404, Scope.person):
        return None
    answer = client.get(path)
    listed = answer.json()["items"] if answer.status_code == 200 else []
    return next((one for one in listed if under_way or one["scope"] == "person"), None)


def _wait(client: "httpx2.Client", path: str) -> dict[str, Any]:
    """Until it is complete; one line a step."""
    told: object = None
    while True:
        answer = client.get(path)
        if answer.status_code == 200:
            receipt = dict(answer.json())
            if receipt["state"] == "complete":
                return receipt
            done = sum(one["cleaned"] for one in receipt["services"])
            if (step := (receipt["state"], done)) != told:
                told = step
                of = f" ({done} of {len(receipt['services'])} have)" if receipt["state"] == "cleaning" else ""
                typer.echo(f"{_STEPS[receipt['state']]}{of} …", err=True)
        elif answer.status_code != 503:
            refused("profiles", answer)
        time.sleep(POLL)


def _told(receipt: dict[str, Any]) -> str:
    head = f"Erased: {receipt['scope']}, complete on {receipt['complete_on']}. {receipt['keys_destroyed']} keys are"
    lines = [f"{head} destroyed; the last backup that may hold one ends on {receipt['backups_end_on']}."]
    lines.append(f"Ground: {receipt['ground']}; {receipt['asked_by']} asked for it on {receipt['asked_on']}.")
    for service in receipt["services"]:
        places = [one for one in service["places"] if one["found"]]
        said = ", ".join(f"{one['found']} {one['place']} {one['done']}" for one in places)
        lines.append(f"  {service['service']:<14} {said or 'nothing was there'}")
    return "\n".join(lines)
