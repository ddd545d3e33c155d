"""A mailbox for everybody: `python -m deploy.local.mail FOLDER SMTP_PORT HTTP_PORT` keeps each mail as a file.

`GET /` lists them, oldest first, `?to=address` those to one recipient. A mail is on the disk before it is acknowledged.
"""

import asyncio
import sys
import time
from email import message_from_bytes, policy
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.http import Query, serve

LARGEST = 1 << 20  # bytes of one mail


class Mailbox:
    """A folder of mails, one file each, named in the order of their arrival."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = count()
        folder.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's name
        content = envelope.original_content or b""
        recipients = ", ".join(envelope.rcpt_tos)
        name = f"{time.time_ns():020d}-{next(self._number)}"
        half = self._folder / f".{name}"
        half.write_bytes(f"X-Delivered-To: {recipients}\r\n".encode() + content)
        half.rename(self._folder / f"{name}.eml")
        return "250 kept"

    def listed(self, query: Query) -> list[dict[str, Any]]:
        mails = [_shown(path) for path in sorted(self._folder.glob("*.eml"))]
        return [mail for mail in mails if query.get("to", mail["to"]) == mail["to"]]


def _shown(path: Path) -> dict[str, Any]:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    text = message.get_body(("plain",))
    return {
        "file": path.name,
        "to": message["X-Delivered-To"],
        "from": message["From"],
        "subject": message["Subject"],
        "message_id": message["Message-ID"],
        "text": text.get_content().replace("\r\n", "\n") if text is not None else "",
    }


async def run(folder: Path, smtp_port: int, http_port: int) -> None:
    box = Mailbox(folder)
    loop = asyncio.get_running_loop()
    smtp = partial(SMTP, box, data_size_limit=LARGEST, enable_SMTPUTF8=True, loop=loop)
    server = await loop.create_server(smtp, "127.0.0.1", smtp_port)
    async with server:
        await serve({"/": box.listed}, http_port)


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
