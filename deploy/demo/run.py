"""Brings everything up in a folder of the demo's own, plays the story, takes everything down; or plays in compose."""

import os
import signal
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import httpx2

from deploy.careers.services import SERVICES
from deploy.demo import compose
from deploy.demo.callers import Caller, Callers, Unexpected
from deploy.demo.place import WORKER, Place
from deploy.demo.screen import Screen
from deploy.demo.story import Story, World
from deploy.demo.ways import Ways
from deploy.local import instance
from deploy.local.folder import CHECKOUT, Folder
from deploy.local.state import State
from deploy.local.tokens import Issuer

EMPLOYEES = CHECKOUT / "data" / "employees-1000"


def play(*, verbose: bool, keep: bool) -> None:
    """From nothing to the end of the story. Raises NotUp, Unexpected."""
    screen, begun = Screen(), time.monotonic()
    folder = Folder.of_demo()
    # The story begins with nothing, each time.
    instance.forget(folder)
    left_up = False
    try:
        with screen.waiting("PostgreSQL, Kafka and ten processes of five services are starting"):
            env = instance.up(folder, SERVICES, given={"KEY_CACHE_SECONDS": "1", **os.environ})
        screen.title(f"Everything runs on this machine, for real, after {time.monotonic() - begun:.0f} s.")
        story = _played(_of_this_machine(folder, env), screen, verbose=verbose)
        if keep:
            show_how_to_go_on(screen, env, story.reads())
            left_up = True
        screen.title(f"All of it took {time.monotonic() - begun:.0f} s.")
    finally:
        if not left_up:
            with screen.waiting("everything is stopped"):
                instance.forget(folder)


def play_in_compose(*, verbose: bool) -> None:
    """The same story on what `docker compose up --wait` brought up, which stays as it is. Raises Unexpected."""
    screen, begun = Screen(), time.monotonic()
    with compose.brought_up() as place:
        screen.title("Everything runs in containers, brought up by docker compose.")
        _played(place, screen, verbose=verbose)
    screen.title(f"The story took {time.monotonic() - begun:.0f} s. `docker compose down -v` forgets its people.")


def _played(place: Place, screen: Screen, *, verbose: bool) -> Story:
    with httpx2.Client(timeout=30, trust_env=False) as client:
        ways = Ways(place.bootstrap_servers, wanted=verbose)
        callers = Callers(place, client, ways)
        world = World(
            callers=callers,
            ways=ways,
            screen=screen,
            bring=_Importer(client, place.services["profiles"], callers.service("hr-system", "imports:write")).bring,
            place=place,
            employees=EMPLOYEES,
            verbose=verbose,
        )
        ways.start()
        try:
            story = Story(world, datetime.now(UTC).date())
            story.play()
            return story
        finally:
            ways.stop()


def _of_this_machine(folder: Folder, env: Mapping[str, str]) -> Place:
    return Place(
        services={service: env[f"{service.upper()}_URL"] for service in SERVICES},
        issuer=Issuer(folder.secrets / "issuer", env["ISSUER_URL"], "careers"),
        claim="sub",
        database_url=env["DATABASE_URL"],
        bootstrap_servers=env["KAFKA_BOOTSTRAP_SERVERS"],
        kill_worker=lambda: os.kill(_pid(folder, WORKER), signal.SIGKILL),
    )


class _Importer:
    """Sends files to the import API and waits for the job, as `careers import` does."""

    def __init__(self, client: httpx2.Client, url: str, caller: Caller) -> None:
        self._client = client
        self._url = url
        self._headers = {"Authorization": f"Bearer {caller.token}"}

    def bring(self, files: Mapping[str, bytes]) -> Mapping[str, object]:
        """Raises Unexpected unless every row was taken."""
        form = {name.removesuffix(".csv"): (name, content, "text/csv") for name, content in files.items()}
        answer = self._client.post(f"{self._url}/v1/imports", headers=self._headers, files=form)
        if answer.status_code != 202:
            raise Unexpected(f"POST /v1/imports answered {answer.status_code} {answer.text}")
        job = answer.json()
        deadline = time.monotonic() + 120
        while job["finished_at"] is None and time.monotonic() < deadline:
            time.sleep(0.1)
            job = self._client.get(f"{self._url}/v1/imports/{job['id']}", headers=self._headers).json()
        if job["state"] != "done":
            raise Unexpected(f"the import is {job['state']}: {job['trouble']}")
        return dict(job)


def _pid(folder: Folder, part: str) -> int:
    state = State.load(folder)
    if state is None or not state.parts[part].pid:
        raise Unexpected(f"{part} does not run")
    return state.parts[part].pid


def show_how_to_go_on(screen: Screen, env: Mapping[str, str], reads: Iterable[tuple[Caller, str, str]]) -> None:
    screen.title("It is left up: `make down` stops it.")
    screen.line("For a token of anybody else's: `.venv/bin/careers token --person H001 --role hr_partner`")
    screen.line("")
    for name, value in sorted(env.items()):
        if name.endswith("_URL") and name != "DATABASE_URL":
            screen.line(f"{name:<20} {value}")
    for who, service, path in reads:
        screen.line("")
        screen.line(f"{who.name}:")
        screen.command(f"curl -H 'Authorization: Bearer {who.token}' '{env[service.upper() + '_URL']}{path}'")
