"""Sends the mails that wait, each until a server has taken it, refused it for good, or days have passed.

A mail is taken by moving its `due_at`. What a replica had taken when it failed or was killed, it gives back before it
goes on; where it never does, the lease ends. Each mail is noted as soon as the server has answered for it: killed
between its 250 and the note, that one mail is sent again under the same Message-ID. Whoever has left meanwhile, has
turned mails off or has no address any more is sent none.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from typing import NoReturn, Protocol
from urllib.parse import unquote, urlsplit
from uuid import UUID

import aiosmtplib
import asyncpg
import structlog

from services.notifications.mail import Unaddressable, compose
from services.notifications.reactions import Database
from services.notifications.recipients import Recipients
from shared.kafka.model import is_transient, place_of
from shared.relations.reads import Relations

log = structlog.get_logger()

POLL = 1.0
"""Seconds; the net below `woken`."""

AT_ONCE = 20
LEASE = timedelta(seconds=60)
DEADLINE = 10.0
"""Seconds for each answer of the mail server."""

SESSION = 30.0
"""Seconds for all mails of one connection: well within the lease, after which another may take them."""

GIVEN_UP = timedelta(days=3)
KEPT = timedelta(days=60)
PERMANENT = 500
"""Answers of a mail server from here on are meant for good."""

_TAKE = """
    update mails set due_at = $1::timestamptz + $2, attempts = attempts + 1, taken_by = $4
    where notification in (
        select notification from mails where state = 'waiting' and due_at <= $1
        order by due_at limit $3 for update skip locked)
    returning notification, person, made_at, attempts"""
_AGAIN = "update mails set due_at = $2, taken_by = null where notification = $1"
_GIVE_BACK = "update mails set due_at = now(), taken_by = null where taken_by = $1 and state = 'waiting'"
_DONE = "update mails set state = $2, reason = $3 where notification = $1"
_SWEEP = "delete from mails where state <> 'waiting' and made_at < $1"


class Post(Protocol):
    """Takes mails to a server. Tests have another."""

    def send(self, mails: Sequence[tuple[UUID, str, bytes]]) -> AsyncGenerator[tuple[UUID, int]]:
        """Each mail's id, address and text → its id and the server's code for it, once it has answered.

        Of a mail that is not among these it is not known whether the server has it.
        """
        ...


class SmtpPost:
    """A mail server, by its URL: smtp://user:password@host:port, smtps://… for TLS from the first byte.

    A password goes over TLS or not at all: whoever stands between could make a server look as if it offered none.
    """

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("SMTP_URL must be smtp://host:port or smtps://host:port")
        self._sender = parseaddr(sender)[1]
        self._make: Callable[[], aiosmtplib.SMTP] = lambda: aiosmtplib.SMTP(
            hostname=parts.hostname,
            port=parts.port,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            use_tls=parts.scheme == "smtps",
            start_tls=True if parts.scheme == "smtp" and parts.username else None,
            timeout=DEADLINE,
        )

    async def send(self, mails: Sequence[tuple[UUID, str, bytes]]) -> AsyncGenerator[tuple[UUID, int]]:
        """All over one connection, until it is lost or SESSION is over."""
        until = asyncio.get_running_loop().time() + SESSION
        server = self._make()
        try:
            async with asyncio.timeout_at(until):
                await server.connect()
            for notification, address, text in mails:
                async with asyncio.timeout_at(until):
                    code = await self._one(server, address, text)
                yield notification, code  # under no deadline: it would cancel what the caller does meanwhile
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                async with asyncio.timeout_at(until):
                    await server.quit()
        except (aiosmtplib.SMTPException, OSError) as lost:
            log.warning("mail_server_lost", error=type(lost).__name__)
        finally:
            server.close()

    async def _one(self, server: aiosmtplib.SMTP, address: str, text: bytes) -> int:
        try:
            utf8 = [] if address.isascii() else ["SMTPUTF8"]
            await server.sendmail(self._sender, [address], text, mail_options=utf8)
        except aiosmtplib.SMTPRecipientsRefused as refused:
            return refused.recipients[0].code
        except aiosmtplib.SMTPNotSupported:
            return PERMANENT
        except aiosmtplib.SMTPResponseException as answered:
            return answered.code
        return 250


class Outbox:
    """A task of the worker."""

    def __init__(
        self,
        database: Database,
        recipients: Recipients,
        relations: Relations,
        post: Post,
        *,
        replica: str,
        sender: str,
        link: str | None,
    ) -> None:
        """`replica` is this one's name over its restarts; `sender` is the From of all mails.

        `link` leads to the inbox, `{person}` and `{notification}` become ids.
        """
        self._database = database
        self._recipients = recipients
        self._relations = relations
        self._post = post
        self._replica = replica
        self._sender = sender
        self._link = link
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There is a mail to send."""
        self._woken.set()

    async def run(self) -> NoReturn:
        """Sends for ever. Raises only what no retry can mend."""
        trouble: str | None = None
        clean = False
        while True:
            try:
                self._woken.clear()
                if not clean:
                    await self._database.execute(_GIVE_BACK, self._replica)
                    clean = True
                now = datetime.now(UTC)
                while await self.send(now):
                    now = datetime.now(UTC)
                await self._database.execute(_SWEEP, now - KEPT)
                trouble = None
            except Exception as failed:
                if not is_transient(failed):
                    raise
                clean = False
                if trouble != (trouble := place_of(failed)):
                    log.warning("mail_failed", reason=trouble)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL):
                    await self._woken.wait()

    async def send(self, now: datetime) -> int:
        """Sends what is due, and gives how many were looked at. Raises RelationsStale; what the database raises."""
        await self._relations.require_fresh()
        rows = await self._database.fetch(_TAKE, now, LEASE, AT_ONCE, self._replica)
        made = {row["notification"]: (row, await self._make(row)) for row in rows}
        unanswered = {notification: row for notification, (row, mail) in made.items() if mail is not None}
        mails = [(notification, *mail) for notification, (_, mail) in made.items() if mail is not None]
        if mails:
            async with contextlib.aclosing(self._post.send(mails)) as answers:
                async for notification, code in answers:
                    await self._note(unanswered.pop(notification), code, now)
        for row in unanswered.values():
            await self._note(row, None, now)
        return len(rows)

    async def _make(self, row: asyncpg.Record) -> tuple[str, bytes] | None:
        """The address and the mail; without them it is noted why."""
        notification, person = row["notification"], row["person"]
        wishes, _ = await self._recipients.wishes(person)
        address = await self._recipients.address(person)
        if await self._relations.left(person):
            await self._database.execute(_DONE, notification, "dropped", "has left")
        elif not wishes.email:
            await self._database.execute(_DONE, notification, "dropped", "mails are turned off")
        elif address is None:
            await self._database.execute(_DONE, notification, "dropped", "no address")
        else:
            try:
                message = compose(
                    notification,
                    language=wishes.language,
                    sender=self._sender,
                    address=address,
                    made_at=row["made_at"],
                    link=self._link_for(person, notification),
                )
            except Unaddressable:
                await self._database.execute(_DONE, notification, "dropped", "not an address")
            else:
                return address, message.as_bytes()
        return None

    def _link_for(self, person: UUID, notification: UUID) -> str | None:
        if self._link is None:
            return None
        return self._link.replace("{person}", str(person)).replace("{notification}", str(notification))

    async def _note(self, row: asyncpg.Record, code: int | None, now: datetime) -> None:
        notification = row["notification"]
        if code is not None and code < 300:
            await self._database.execute(_DONE, notification, "sent", None)
            return
        if code is not None and code >= PERMANENT:
            log.warning("mail_refused", event_id=notification, status=code)
            await self._database.execute(_DONE, notification, "dropped", f"refused with {code}")
        elif now - row["made_at"] > GIVEN_UP:
            log.warning("mail_given_up", event_id=notification, attempts=row["attempts"])
            await self._database.execute(_DONE, notification, "dropped", "given up")
        else:
            await self._database.execute(_AGAIN, notification, now + pause(row["attempts"]))


def pause(attempts: int) -> timedelta:
    """After so many attempts: 2 s, 4 s … an hour, spread out so that they do not all come back at once."""
    return timedelta(seconds=min(3600.0, 2.0 ** min(attempts, 12)) * random.uniform(0.75, 1.25))  # noqa: S311
