"""How notifications is put together."""

from pathlib import Path

from services.notifications import api, held
from services.notifications.inbox import Inbox, InboxList, Titles
from services.notifications.outbox import Outbox, SmtpPost
from services.notifications.reactions import HEARD, Hearing
from services.notifications.recipients import Recipients
from services.notifications.teller import Teller
from shared import service
from shared.export import add_export
from shared.http import Routes
from shared.kafka.freshness import Waits
from shared.kafka.reactions import Reactions
from shared.postgres import Migration
from shared.process import Task
from shared.relations.model import Relations


class Settings(service.Settings):
    """What notifications may be told besides. Without a mail server there is the inbox alone."""

    smtp_url: str = ""
    """smtp://user:password@host:port: TLS where the server offers it, and never a password without; smtps://… is TLS
    from the start."""
    mail_from: str = "Careers <careers@localhost>"
    inbox_url: str = ""
    """Where mails lead: {person} and {notification} in it become ids."""


def add_routes(routes: Routes, parts: service.Parts) -> None:
    """Everything that notifications answers."""
    recipients = Recipients(parts.pool, parts.relations, parts.streams, parts.sealer)
    with routes.waiting_for(Waits(parts.freshness, *models(parts))):
        inbox = InboxList(parts.pool, recipients, parts.sealer)
        api.add_routes(routes, parts.streams, parts.relations, recipients, inbox)
    add_export(routes, "notifications", parts, held.places(parts.pool, parts.sealer))


def work(parts: service.Parts) -> service.Work:
    """What the worker keeps up to date, hears, tells and mails."""
    settings = parts.settings
    if not isinstance(settings, Settings):
        raise TypeError("notifications needs its own settings")
    recipients = Recipients(parts.pool, parts.relations, parts.streams, parts.sealer)
    outbox = _outbox(parts, settings, recipients)
    teller = Teller(
        parts.pool,
        recipients,
        parts.relations,
        parts.freshness.of(Relations.name),
        parts.streams,
        replica=settings.instance,
        mail=outbox.wake if outbox is not None else None,
    )
    hearing = Hearing(parts.pool, teller.wake)
    tasks: dict[str, Task] = {"teller": teller.run}
    if outbox is not None:
        tasks["outbox"] = outbox.run
    return service.Work(
        models=models(parts),
        reactions=[Reactions("tellings", dict.fromkeys(HEARD, hearing.hear), forget=hearing.forget)],
        tasks=tasks,
    )


def _outbox(parts: service.Parts, settings: Settings, recipients: Recipients) -> Outbox | None:
    if not settings.smtp_url:
        return None
    return Outbox(
        parts.pool,
        recipients,
        parts.relations,
        SmtpPost(settings.smtp_url, settings.mail_from),
        replica=settings.instance,
        sender=settings.mail_from,
        link=settings.inbox_url or None,
    )


def models(parts: service.Parts) -> tuple[Relations, Inbox, Titles]:
    """What is kept from the stream."""
    return Relations(parts.sealer), Inbox(), Titles()


MIGRATIONS = tuple(
    Migration(f"notifications/{path.stem}", path.read_text())
    for path in sorted(Path(__file__).parent.glob("[0-9]*.sql"))
)

SERVICE = service.Service(
    name="notifications",
    description="What each person is told of what concerns them, where and in which language.",
    settings=Settings,  # made from the environment
    schemas=(Inbox.name, Titles.name),
    add_routes=add_routes,
    work=work,
    worker_appends=True,
    migrations=MIGRATIONS,
)
