import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.message import EmailMessage
from typing import Any

import aiosmtplib
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from deploy.local import child, probe
from deploy.local.child import Command, Spawned
from deploy.local.folder import Folder
from deploy.local.ports import free_port
from deploy.local.tokens import Issuer, new_key

SECONDS = 20.0


@asynccontextmanager
async def running(folder: Folder, port: int, module: str, *arguments: object) -> AsyncIterator[str]:
    """The process of one helper, ready; its URL."""
    command = Command([sys.executable, "-m", module, *map(str, arguments)])
    process = Spawned(command, folder.made().root, folder.log(module))
    try:
        async with asyncio.timeout(SECONDS):
            while await probe.status(port) != 200:
                await asyncio.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        child.signal_group(process.pid, command.stop)
        await process.ended()


async def document(url: str) -> Any:
    status, text = await asyncio.to_thread(probe.body, url)
    assert status == 200
    return json.loads(text)


@pytest.fixture
async def issuer(folder: Folder) -> AsyncIterator[Issuer]:
    port = free_port()
    key = folder.made().secret("issuer", new_key)
    async with running(folder, port, "deploy.local.issuer", key, f"http://127.0.0.1:{port}", port) as url:
        yield Issuer(key, url)


async def claims(issuer: Issuer, token: str) -> Mapping[str, Any]:
    """As a service reads it: by discovery, then with the published keys."""
    configuration = await document(f"{issuer.url}/.well-known/openid-configuration")
    keys = await document(configuration["jwks_uri"])
    assert "d" not in keys["keys"][0]
    read = jwt.decode(token, KeySet.import_key_set(keys), algorithms=["ES256"])
    assert configuration["issuer"] == read.claims["iss"] == issuer.url
    return read.claims


async def test_a_persons_token_is_verified_by_the_published_keys(issuer: Issuer) -> None:
    read = await claims(issuer, issuer.for_person("4711", claim="employee_id", roles=["hr_partner"], lifetime=60))
    assert (read["aud"], read["employee_id"], read["roles"]) == ("careers", "4711", ["employee", "hr_partner"])
    assert read["exp"] == read["iat"] + 60


async def test_a_services_token_names_the_service_and_what_it_may(issuer: Issuer) -> None:
    read = await claims(issuer, issuer.for_service("payroll", scopes=["people:read", "moves:read"]))
    assert (read["client_id"], read["scope"]) == ("payroll", "people:read moves:read")
    assert "roles" not in read


async def test_a_token_on_behalf_of_a_person_names_both(issuer: Issuer) -> None:
    token = issuer.on_behalf("4711", "portal", claim="employee_id", scopes=["act:read"], lifetime=60)
    read = await claims(issuer, token)
    assert (read["sub"], read["employee_id"], read["roles"]) == ("4711", "4711", ["employee"])
    assert (read["act"], read["client_id"], read["scope"]) == ({"sub": "portal"}, "portal", "act:read")
    assert read["exp"] == read["iat"] + 60


async def test_a_mail_is_kept_and_listed(folder: Folder) -> None:
    smtp, http, box = free_port(), free_port(), folder.root / "mail"
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "careers@example.org", "zoé@example.org", "Votre entretien à venir"
    mail["Message-ID"] = "<1@careers>"
    mail.set_content("À jeudi.")
    kept: list[Any] = []
    for _ in range(2):  # up again: what was kept is there
        async with running(folder, http, "deploy.local.mail", box, smtp, http) as url:
            await aiosmtplib.send(mail, hostname="127.0.0.1", port=smtp, recipients=["zoe@example.org"])
            kept = await document(f"{url}/?to=zoe@example.org")
            assert await document(f"{url}/?to=somebody@else.org") == []
    assert [each["message_id"] for each in kept] == ["<1@careers>", "<1@careers>"]
    assert (kept[0]["subject"], kept[0]["text"]) == ("Votre entretien à venir", "À jeudi.\n")
