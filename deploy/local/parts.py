"""The table of what runs: each part, what must be ready before it, how it is started, and how one knows it is ready."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from deploy.careers.services import KINDS, SERVICES
from deploy.local import kafka, postgres, probe
from deploy.local.child import Command, Module
from deploy.local.settings import Settings


@dataclass(frozen=True, slots=True)
class Run:
    """One life of a part: the number of its process, its log, and the byte at which this life begins in it."""

    pid: int
    log: Path
    log_from: int


@dataclass(frozen=True, slots=True)
class Part:
    """`prepare` may take long and runs in a thread. Without `ready`, a part does its work, ends, and is ready then."""

    name: str
    prepare: Callable[[], Command | Module]
    ready: Callable[[Run], Awaitable[bool]] | None = None
    after: Sequence[str] = ()
    url: str = ""
    seconds: float = 90.0  # to be ready in
    optional: bool = False  # begun when everything else is ready; nobody waits for it, and it may fail


def parts(settings: Settings, asked: Sequence[str]) -> list[Part]:
    """For the names of servers and services. A service needs mail and issuer, and brings them; servers that are not
    asked for are somebody else's, and not waited for."""
    servers = {"postgres": _postgres, "kafka": _kafka}
    found = [make(settings) for name, make in servers.items() if name in asked]
    services = [name for name in SERVICES if name in asked]
    if services:
        found += [_mail(settings), _issuer(settings)]
        found += [_preparation(settings, "databases", "postgres"), _preparation(settings, "topics", "kafka")]
    for service in services:
        found.append(_migration(settings, service))
        found += [_process(settings, service, kind) for kind in KINDS]
    if services and "kafka" in asked:
        found.append(_kafka_cache(settings))
    names = {part.name for part in found}
    return [replace(part, after=[name for name in part.after if name in names]) for part in found]


def _postgres(settings: Settings) -> Part:
    port = settings.ports["postgres"]
    place: list[postgres.Place] = []

    def prepare() -> Command:
        place[:] = [postgres.prepare(settings.folder)]
        return postgres.command(place[0], port, settings.given.get("POSTGRES_MAX_CONNECTIONS"))

    async def ready(run: Run) -> bool:
        return postgres.is_ready(place[0], run.pid)

    return Part("postgres", prepare, ready, url=f"127.0.0.1:{port}")


def _kafka(settings: Settings) -> Part:
    def prepare() -> Command:
        broker, controller = settings.ports["kafka"], settings.ports["kafka-controller"]
        return kafka.command(kafka.prepare(settings.folder, broker, controller))

    async def ready(run: Run) -> bool:
        return kafka.is_ready(run.log, run.log_from)

    return Part("kafka", prepare, ready, url=settings.kafka, seconds=180)  # the first time, jars are fetched


def _kafka_cache(settings: Settings) -> Part:
    module = Module("deploy.local.kafka_cache", [str(settings.folder.root)])
    return Part("kafka-cache", lambda: module, seconds=600, optional=True)


def _mail(settings: Settings) -> Part:
    arguments = [settings.folder.root / "mail", settings.ports["smtp"], settings.ports["mail"]]
    return _http(settings, "mail", Module("deploy.local.mail", [str(each) for each in arguments]))


def _issuer(settings: Settings) -> Part:
    arguments = [settings.folder.secret("issuer"), settings.issuer_url, settings.ports["issuer"]]
    return _http(settings, "issuer", Module("deploy.local.issuer", [str(each) for each in arguments]))


def _preparation(settings: Settings, what: str, server: str) -> Part:
    verb = {"databases": "prepare", "topics": "apply"}[what]
    module = Module("deploy.careers.main", [what, verb], settings.for_preparation())
    return Part(what, lambda: module, after=[server])


def _migration(settings: Settings, service: str) -> Part:
    module = Module(f"services.{service}", ["migrate"], settings.for_service(service, "migrate"))
    return Part(f"{service}-migrate", lambda: module, after=["databases"])


def _process(settings: Settings, service: str, kind: str) -> Part:
    module = Module(f"services.{service}", [kind], settings.for_service(service, kind))
    after = {"api": ["issuer"], "worker": ["topics"]}[kind]
    return _http(settings, f"{service}-{kind}", module, after=[f"{service}-migrate", *after])


def _http(settings: Settings, name: str, module: Module, after: Sequence[str] = ()) -> Part:
    port = settings.ports[name]

    async def ready(_run: Run) -> bool:
        return await probe.status(port) == 200

    return Part(name, lambda: module, ready, after, settings.url(name))
