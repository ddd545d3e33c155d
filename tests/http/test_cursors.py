"""Cursors come back as they were written, in their own context alone."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.http.cursors import Cursors
from shared.refusals import Unacceptable
from tests.http.sample import SECRET, Service, client_of, sample_app

KEYS = st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.text()), max_size=5)
CURSORS = Cursors(SECRET)


@given(KEYS, st.binary())
def test_what_is_written_is_read(key: list[str | int | None], context: bytes) -> None:
    assert CURSORS.read(CURSORS.write(key, context), context) == tuple(key)


@given(KEYS, st.binary(), st.binary())
def test_another_context_reads_nothing(key: list[str | int | None], context: bytes, other: bytes) -> None:
    if context != other:
        with pytest.raises(Unacceptable):
            CURSORS.read(CURSORS.write(key, context), other)


@given(KEYS, st.data())
def test_a_changed_cursor_is_refused(key: list[str | int | None], data: st.DataObject) -> None:
    cursor = CURSORS.write(key, b"")
    sealed = bytearray(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Unacceptable):
        CURSORS.read(urlsafe_b64encode(sealed).rstrip(b"=").decode(), b"")


@given(st.text(max_size=200))
def test_an_invented_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Unacceptable):
        CURSORS.read(cursor, b"")


def test_another_secret_reads_nothing() -> None:
    with pytest.raises(Unacceptable):
        Cursors(bytes(32)).read(CURSORS.write(["a"], b""), b"")


def test_a_cursor_shows_nothing_of_its_key() -> None:
    cursor = CURSORS.write(["CANARY"], b"")
    assert b"CANARY" not in urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/v1/fruits?limit=2&kind=a&cursor=", 200),
        ("/v1/fruits?kind=a&limit=5&cursor=", 200),  # the length of a page may change on the way
        ("/v1/fruits?limit=2&kind=b&cursor=", 422),
        ("/v1/fruits?limit=2&cursor=", 422),
    ],
)
async def test_a_cursor_belongs_to_its_filters(anna: httpx2.AsyncClient, url: str, status: int) -> None:
    cursor = (await anna.get("/v1/fruits?limit=2&kind=a")).json()["next"]
    assert (await anna.get(url + cursor)).status_code == status


async def test_a_cursor_is_good_in_another_replica(anna: httpx2.AsyncClient) -> None:
    cursor = (await anna.get("/v1/fruits?limit=2")).json()["next"]
    async with client_of(sample_app(Service())) as replica:
        assert (await replica.get(f"/v1/fruits?limit=2&cursor={cursor}")).json()["items"][0]["id"] == 2


async def test_a_cursor_belongs_to_its_caller(anna: httpx2.AsyncClient, service: Service) -> None:
    cursor = (await anna.get("/v1/fruits?limit=2")).json()["next"]
    async with client_of(sample_app(service), "ben") as ben:
        assert (await ben.get(f"/v1/fruits?limit=2&cursor={cursor}")).status_code == 422
