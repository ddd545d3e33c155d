"""How a command calls the services: where they are, as whom, and what a refusal says."""

import json
import os
import time
from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING, Any, NoReturn

from deploy.careers.commands import refuse

if TYPE_CHECKING:
    import httpx2

    from deploy.local.tokens import Issuer

PATIENCE = 10
"""How often a service is asked again that says when to."""


def url_of(service: str) -> str:
    """From the variable that names it; else of what `make up` started, or a demo left up."""
    from deploy.local.instance import in_use, read_env

    variable = f"{service.upper()}_URL"
    url = os.environ.get(variable) or read_env(in_use()).get(variable)
    if url is None:
        refuse(f"Where is {service}? Set {variable}, or run `make up` first.")
    return url


def given_token() -> str | None:
    """A token stands in a variable, since arguments are seen by everybody on a machine."""
    return os.environ.get("CAREERS_TOKEN")


def local_issuer(wanted: str) -> "Issuer":
    """The issuer of what is up on this machine; `wanted` says what a token must be good for, where there is none."""
    from deploy.local.instance import in_use, read_env
    from deploy.local.tokens import Issuer

    folder = in_use()
    url = read_env(folder).get("ISSUER_URL")
    if url is None:
        refuse(f"As whom? Set CAREERS_TOKEN to a token {wanted}, or run `make up` first.")
    return Issuer(folder.secrets / "issuer", url, os.environ.get("AUDIENCE", "careers"))


def local_token(wanted: str, person: str, *roles: str) -> str:
    """A token of the local issuer for a person; otherwise as local_issuer."""
    claim = os.environ.get("PERSON_CLAIM", "sub")
    return local_issuer(wanted).for_person(person, claim=claim, roles=list(roles), lifetime=3600)


def person_of(token: str) -> str | None:
    """Whom a token names, by the claim that the services look at too; it is not verified here."""
    try:
        part = token.split(".")[1]
        claims = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        found = claims.get(os.environ.get("PERSON_CLAIM", "sub"))
    except (IndexError, ValueError, AttributeError):
        return None
    return found if isinstance(found, str) else None


def answer_of(client: "httpx2.Client", service: str, method: str, url: str, **more: Any) -> Any:
    """The JSON of an answer; who is asked to wait does. What is refused ends the command with a sentence."""
    import httpx2

    try:
        answer = client.request(method, url, **more)
        for _ in range(PATIENCE):
            if answer.status_code not in (429, 503, 504):
                break
            time.sleep(min(float(answer.headers.get("retry-after", "1")), 5.0))
            answer = client.request(method, url, **more)
    except httpx2.HTTPError as error:
        refuse(f"{service.capitalize()} does not answer at {url_of(service)} ({type(error).__name__}).")
    if answer.status_code >= 400:
        refused(service, answer)
    return answer.json()


def refused(service: str, answer: "httpx2.Response") -> NoReturn:
    """Says why, in the words of the problem document."""
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    said = problem.get("detail") or problem.get("title") or "no reason was given"
    errors = "".join(f" {one.get('parameter', '')}: {one['detail']}." for one in problem.get("errors", ()))
    refuse(f"{service.capitalize()} refused ({answer.status_code}): {said}{errors}")
