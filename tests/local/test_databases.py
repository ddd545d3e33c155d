import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest

from deploy.careers import databases
from deploy.careers.services import SERVICES

WHO = "select current_user || ' ' || current_database()"
NAMES = (*SERVICES, databases.KEYS)


@dataclass(frozen=True)
class Prepared:
    admin_url: str
    prefix: str
    passwords: dict[str, str]

    async def prepare(self) -> None:
        await databases.prepare(self.admin_url, self.prefix, self.passwords)

    def url(self, name: str, variable: str = "DATABASE_URL") -> str:
        return databases.urls(self.admin_url, self.prefix, self.passwords)[name][variable]


@pytest.fixture
async def prepared(database_url: str) -> AsyncIterator[Prepared]:
    prefix = f"test_{uuid4().hex[:8]}_"
    made = Prepared(database_url, prefix, {name: f"{name}/pass:word@?'" for name in NAMES})
    await made.prepare()
    yield made
    admin = await asyncpg.connect(database_url)
    for name in NAMES:
        await admin.execute(f'drop database "{prefix}{name}" with (force)')
    for name in NAMES:
        await admin.execute(f'drop role "{prefix}{name}"')
    await admin.close()


async def fetch(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_each_service_owns_its_database_and_reaches_the_keys_as_itself(prepared: Prepared) -> None:
    for service in SERVICES:
        role = f"{prepared.prefix}{service}"
        assert (
            await fetch(prepared.url(service), "select current_user || ' ' || current_database()") == f"{role} {role}"
        )
        await fetch(prepared.url(service), "create table own ()")
        keys = prepared.url(service, "KEYS_URL")
        assert await fetch(keys, WHO) == f"{role} {prepared.prefix}keys"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await fetch(keys, "create table foreign_thing ()")


async def test_no_service_reaches_another_ones_database(prepared: Prepared) -> None:
    strange = urlunsplit(urlsplit(prepared.url("profiles"))._replace(path=f"/{prepared.prefix}conversations"))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await fetch(strange, "select 1")


async def test_again_and_by_several_at_once_keeps_what_is_there(prepared: Prepared) -> None:
    await fetch(prepared.url("profiles"), "create table kept ()")
    await asyncio.gather(*(prepared.prepare() for _ in range(5)))
    assert await fetch(prepared.url("profiles"), "select to_regclass('kept')::text") == "kept"


async def test_a_password_that_is_changed_holds_from_then_on(prepared: Prepared) -> None:
    old = prepared.url("profiles")
    prepared.passwords["profiles"] = "another"
    await prepared.prepare()
    assert await fetch(prepared.url("profiles"), "select 1") == 1
    with pytest.raises(asyncpg.InvalidPasswordError):
        await fetch(old, "select 1")
