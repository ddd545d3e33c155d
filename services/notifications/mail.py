"""What a mail says: that something is there, and where. No name, no kind, no word of anybody: mail is read by many."""

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from uuid import UUID

from services.notifications.messages import BODY, GREETING, REFERENCE, SUBJECT, WHY, say
from shared.contracts.profiles import Language


class Unaddressable(ValueError):
    """What is known as an e-mail address is none."""


def compose(
    notification: UUID, *, language: Language, sender: str, address: str, made_at: datetime, link: str | None
) -> EmailMessage:
    """The mail of a notification: the same Message-ID however often it is sent. Raises Unaddressable."""
    if not _is_address(address):
        raise Unaddressable
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = address
    message["Subject"] = say(SUBJECT, language)
    message["Date"] = format_datetime(made_at)
    message["Message-ID"] = message_id(notification, sender)
    message["Content-Language"] = language
    message["Auto-Submitted"] = "auto-generated"
    reference = say(REFERENCE, language) % {"notification": notification}
    paragraphs = [
        say(GREETING, language),
        say(BODY, language),
        *([link] if link else []),
        reference,
        say(WHY, language),
    ]
    message.set_content("\n\n".join(paragraphs) + "\n")
    return message


def message_id(notification: UUID, sender: str) -> str:
    """A notification's id follows from its event and its person, and so does this."""
    domain = parseaddr(sender)[1].rpartition("@")[2] or "careers.invalid"
    return f"<{notification}@{domain}>"


def _is_address(address: str) -> bool:
    local, at, domain = address.rpartition("@")
    return bool(local and at and domain) and address.isprintable() and not set(address) & set(' ,;:<>()[]"\\')
