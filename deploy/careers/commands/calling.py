"""How a command calls the services: where they are, as whom, and what a refusal says."""

import os
from typing import TYPE_CHECKING, NoReturn

from deploy.careers.commands import refuse

if TYPE_CHECKING:
    import httpx2

    from deploy.local.tokens import Issuer


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


def refused(service: str, answer: "httpx2.Response") -> NoReturn:
    """Says why, in the words of the problem document."""
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    said = problem.get("detail") or problem.get("title") or "no reason was given"
    errors = "".join(f" {one.get('parameter', '')}: {one['detail']}." for one in problem.get("errors", ()))
    refuse(f"{service.capitalize()} refused ({answer.status_code}): {said}{errors}")
