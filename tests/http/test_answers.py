"""What an API answers when all is well."""

import re

import httpx2
import pytest

from tests.http.sample import ITEM, SHARE, Service, client_of, sample_app

MANAGER = {"audience": {"kind": "manager"}}


async def test_a_command_answers_with_ids_and_a_position_and_no_words(anna: httpx2.AsyncClient) -> None:
    answer = await anna.post(SHARE, json={**MANAGER, "note": "words"})
    assert answer.status_code == 200
    assert answer.json() == {"id": str(ITEM), "version": 3, "after": "profiles:7:123"}
    assert answer.headers["etag"] == '"3"'
    assert answer.headers["content-type"] == "application/json"


async def test_what_was_created_has_a_location(anna: httpx2.AsyncClient) -> None:
    for path in ("/v1/baskets", "/v1/people/E1001/baskets"):
        answer = await anna.post(path)
        assert answer.status_code == 201
        assert answer.headers["location"] == f"/v1/baskets/{ITEM}"
        assert answer.json()["after"] is None


@pytest.mark.parametrize("content", [b"", b"{}"])
async def test_an_action_without_words_takes_no_body_or_an_empty_object(
    anna: httpx2.AsyncClient, content: bytes
) -> None:
    headers = {"content-type": "application/json"} if content else {}
    assert (await anna.post("/v1/baskets", content=content, headers=headers)).status_code == 201


async def test_every_answer_is_kept_out_of_caches_and_not_sniffed(anna: httpx2.AsyncClient) -> None:
    for path in (f"/v1/baskets/{ITEM}", "/v1/fruits", "/v1/nothing", "/readyz"):
        answer = await anna.get(path)
        assert answer.headers["cache-control"] == "no-store", path
        assert answer.headers["x-content-type-options"] == "nosniff", path


@pytest.mark.parametrize(
    ("given", "status"),
    [("{}", 304), ("W/{}", 304), ('"6", {}', 304), ("*", 304), ('"7"', 200), ('"77"', 200), ("7", 200)],
)
async def test_who_has_the_answer_already_is_not_sent_it_again(
    anna: httpx2.AsyncClient, given: str, status: int
) -> None:
    etag = (await anna.get(f"/v1/baskets/{ITEM}")).headers["etag"]
    assert re.fullmatch('"7-[0-9a-f]{16}"', etag)
    answer = await anna.get(f"/v1/baskets/{ITEM}", headers={"if-none-match": given.format(etag)})
    assert answer.status_code == status
    assert answer.headers["etag"] == etag
    assert answer.content == (b"" if status == 304 else b'{"text":"apples"}')


async def test_another_answer_of_the_same_version_is_sent(anna: httpx2.AsyncClient, service: Service) -> None:
    path = f"/v1/baskets/{ITEM}"
    etag = (await anna.get(path)).headers["etag"]
    service.basket = "pears"
    other = await anna.get(path, headers={"if-none-match": etag})
    assert (other.status_code, other.json()) == (200, {"text": "pears"})
    written = await anna.put(path, json=MANAGER, headers={"if-match": etag})
    assert written.status_code == 200
    assert service.calls[-1].if_match == 7


async def test_head_answers_as_get_without_the_body(anna: httpx2.AsyncClient) -> None:
    answer = await anna.head(f"/v1/baskets/{ITEM}")
    assert answer.status_code == 200
    assert answer.headers["content-length"] == "17"
    assert answer.content == b""


async def test_nothing_to_say_is_204(service: Service) -> None:
    async with client_of(sample_app(service), "anna admin") as admin:
        answer = await admin.delete(f"/v1/baskets/{ITEM}")
    assert answer.status_code == 204
    assert answer.content == b""


async def test_a_list_is_read_to_its_end_by_following_links(anna: httpx2.AsyncClient) -> None:
    seen, url = [], "/v1/fruits?limit=3&kind=a%20b"
    while url:
        answer = await anna.get(url)
        seen += [item["id"] for item in answer.json()["items"]]
        link = answer.headers.get("link", "")
        assert bool(link) == (answer.json()["next"] is not None)
        url = link.partition(">")[0].removeprefix("<")
    assert seen == [0, 1, 2, 3, 4, 5, 6]


async def test_a_guarded_write_names_the_version_it_means(anna: httpx2.AsyncClient, service: Service) -> None:
    answer = await anna.put(f"/v1/baskets/{ITEM}", json=MANAGER, headers={"if-match": '"7"'})
    assert answer.status_code == 200
    assert service.calls[-1].if_match == 7
    assert answer.headers["etag"] == '"8"'


async def test_the_traceparent_is_handed_on_where_it_is_one(anna: httpx2.AsyncClient, service: Service) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    for given, kept in ((trace, trace), ("CANARY", None), (f"00-{'0' * 32}-00f067aa0ba902b7-01", None)):
        await anna.post(SHARE, json=MANAGER, headers={"traceparent": given})
        assert service.calls[-1].trace == kept
        assert service.calls[-1].origin.trace == kept


async def test_a_read_waits_for_what_a_command_answered(anna: httpx2.AsyncClient, service: Service) -> None:
    path = f"/v1/baskets/{ITEM}?after=profiles:7:123"
    assert (await anna.get(path)).status_code == 200
    assert str(service.waited[0]) == "profiles:7:123"
    service.outcome = "not-yet"
    late = await anna.get(path)
    assert (late.status_code, late.json()["code"], late.headers["retry-after"]) == (503, "not-yet", "1")
    service.outcome = "parked"
    parked = await anna.get(path)
    assert (parked.status_code, parked.json()["code"]) == (409, "parked")
