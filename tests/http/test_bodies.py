"""Hostile bodies: each is a refusal that says where, and never an error of ours or an echo."""

import httpx2
import pytest

from tests.http.sample import ITEM, SHARE, Service

CANARY = "CANARY-9f2e"
M = '"audience":{"kind":"manager"}'


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


HOSTILE: list[tuple[str, bytes, int, str | None]] = [
    ("no body", b"", 400, None),
    ("not JSON", b"{" + CANARY.encode(), 400, None),
    ("two values", f"{{{M}}}{{}}".encode(), 400, None),
    ("trailing comma", f"{{{M},}}".encode(), 400, None),
    ("a comment", f"{{{M}}}//".encode(), 400, None),
    ("NaN", f'{{{M},"weight":NaN}}'.encode(), 400, None),
    ("-Infinity", f'{{{M},"weight":-Infinity}}'.encode(), 400, None),
    ("1e999", f'{{{M},"weight":1e999}}'.encode(), 400, None),
    ("2^63", f'{{{M},"count":9223372036854775808}}'.encode(), 400, None),
    ("-2^63-1", f'{{{M},"count":-9223372036854775809}}'.encode(), 400, None),
    ("thousands of digits", f'{{{M},"count":{"9" * 5000}}}'.encode(), 400, None),
    ("a key twice", f'{{{M},"note":"a","note":"{CANARY}"}}'.encode(), 400, None),
    ("a key twice, deep", b'{"audience":{"kind":"manager","kind":"manager"}}', 400, None),
    ("a key twice by escape", f'{{{M},"note":"a","no\\u0074e":"b"}}'.encode(), 400, None),
    ("nested too deep", f'{{{M},"free":{nested(40)}}}'.encode(), 400, None),
    ("nested much too deep", f'{{{M},"free":{nested(100_000)}}}'.encode(), 400, None),
    ("UTF-16", f"{{{M}}}".encode("utf-16"), 400, None),
    ("UTF-16 without a mark", f"{{{M}}}".encode("utf-16-le"), 400, None),
    ("a byte order mark", f"{{{M}}}".encode("utf-8-sig"), 400, None),
    ("Latin-1", f'{{{M},"note":"é"}}'.encode("latin-1"), 400, None),
    ("overlong UTF-8", b'{"note":"\xc0\x80"}', 400, None),
    ("a surrogate in UTF-8", b'{"note":"\xed\xa0\x80"}', 400, None),
    ("a raw NUL", f'{{{M},"note":"a\0b"}}'.encode(), 400, None),
    ("an escaped NUL", f'{{{M},"note":"a\\u0000b"}}'.encode(), 422, "#/note"),
    ("a NUL in a key", f'{{{M},"free":{{"a\\u0000":"b"}}}}'.encode(), 422, "#/free"),
    ("a NUL where no type looks", f'{{{M},"free":{{"a":"\\u0000"}}}}'.encode(), 422, "#/free/a"),
    ("half a surrogate pair", f'{{{M},"note":"\\ud800"}}'.encode(), 422, "#/note"),
    ("the other half", f'{{{M},"note":"\\udc00x"}}'.encode(), 422, "#/note"),
    ("an escape character", f'{{{M},"note":"\\u001b[31m"}}'.encode(), 422, "#/note"),
    ("a C1 control", f'{{{M},"note":"\x85"}}'.encode(), 422, "#/note"),
    ("delete", f'{{{M},"note":"\x7f"}}'.encode(), 422, "#/note"),
    ("a line end on one line", f'{{{M},"title":"a\\nb"}}'.encode(), 422, "#/title"),
    ("true as a number", f'{{{M},"count":true}}'.encode(), 422, "#/count"),
    ("text as a number", f'{{{M},"count":"1"}}'.encode(), 422, "#/count"),
    ("a fraction as a whole number", f'{{{M},"count":1.0}}'.encode(), 422, "#/count"),
    ("a number as text", f'{{{M},"note":1}}'.encode(), 422, "#/note"),
    ("a list as text", f'{{{M},"note":["{CANARY}"]}}'.encode(), 422, "#/note"),
    ("seconds as a time", f'{{{M},"until":1493979010}}'.encode(), 422, "#/until"),
    ("seconds as text as a time", f'{{{M},"until":"1493979010"}}'.encode(), 422, "#/until"),
    ("a time without an offset", f'{{{M},"until":"2027-01-31T10:00:00"}}'.encode(), 422, "#/until"),
    ("a day as a time", f'{{{M},"until":"2027-01-31"}}'.encode(), 422, "#/until"),
    ("a day that is none", f'{{{M},"until":"2027-02-30T10:00:00Z"}}'.encode(), 422, "#/until"),
    ("an offset that is none", f'{{{M},"until":"2027-02-20T10:00:00+99:00"}}'.encode(), 422, "#/until"),
    ("an unknown field", f'{{{M},"surprise":"{CANARY}"}}'.encode(), 422, "#/surprise"),
    ("an unknown field, deep", b'{"audience":{"kind":"manager","more":1}}', 422, "#/audience/more"),
    ("an unknown field named like a value", f'{{{M},"{CANARY} x":1}}'.encode(), 422, "#/?"),
    ("a pollution", f'{{{M},"__proto__":{{"a":"b"}}}}'.encode(), 422, "#/__proto__"),
    ("a missing field", b"{}", 422, "#/audience"),
    ("a missing field in a branch", b'{"audience":{"kind":"person"}}', 422, "#/audience/person"),
    ("an unknown branch", f'{{"audience":{{"kind":"{CANARY}"}}}}'.encode(), 422, "#/audience"),
    ("no UUID", f'{{"audience":{{"kind":"person","person":"{CANARY}"}}}}'.encode(), 422, "#/audience/person"),
    ("too long", f'{{{M},"note":"{"a" * 4001}"}}'.encode(), 422, "#/note"),
    ("empty", f'{{{M},"note":""}}'.encode(), 422, "#/note"),
    ("too many", f'{{{M},"tags":["a","b","c","d"]}}'.encode(), 422, "#/tags"),
    ("wrong in a list", f'{{{M},"tags":["a",1]}}'.encode(), 422, "#/tags/1"),
    ("below the bound", f'{{{M},"weight":-0.5}}'.encode(), 422, "#/weight"),
    ("a list", b"[]", 422, "#"),
    ("null", b"null", 422, "#"),
    ("a text", f'"{CANARY}"'.encode(), 422, "#"),
    ("too large", b'{"note":"' + b"a" * 262_144 + b'"}', 413, None),
]


@pytest.mark.parametrize(
    ("content", "status", "pointer"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE]
)
async def test_a_hostile_body_is_refused_with_the_place_and_without_an_echo(
    anna: httpx2.AsyncClient, service: Service, content: bytes, status: int, pointer: str | None
) -> None:
    answer = await anna.post(SHARE, content=content, headers={"content-type": "application/json"})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert service.calls == []
    assert "CANARY" not in answer.text
    if pointer is not None:
        assert pointer in [one["pointer"] for one in answer.json()["errors"]]


FINE = [
    f'{{{M},"note":"several\\nlines\\r\\n\\tand — ünïcödé 😀 \\ud83d\\ude00"}}',
    f' {{ {M} , "until": "2027-01-31t10:00:00.5+01:00" }} \n',
    f'{{{M},"count":9223372036854775807,"weight":1}}',
    f'{{{M},"count":-9223372036854775808,"weight":1e-7}}',
    f'{{{M},"free":{{"a:b":"c{{[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["}}}}',
]


@pytest.mark.parametrize("content", FINE)
async def test_an_unusual_body_is_taken(anna: httpx2.AsyncClient, content: str) -> None:
    answer = await anna.post(SHARE, content=content.encode(), headers={"content-type": "application/json"})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ('Application/JSON;charset="UTF-8"', 200),
        ("application/json; charset=utf-16", 415),
        ("application/merge-patch+json", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("", 415),
        (None, 415),
    ],
)
async def test_a_body_is_json_by_its_media_type(anna: httpx2.AsyncClient, media_type: str | None, status: int) -> None:
    headers = {} if media_type is None else {"content-type": media_type}
    answer = await anna.post(SHARE, content=f"{{{M}}}".encode(), headers=headers)
    assert answer.status_code == status


@pytest.mark.parametrize("path", ["/v1/baskets", f"/v1/baskets/{ITEM}/tidy"])
async def test_no_body_is_an_empty_one_where_every_field_may_be_left_out(
    anna: httpx2.AsyncClient, service: Service, path: str
) -> None:
    key = {"idempotency-key": "once"}
    for sent in ({"headers": key}, {"headers": {**key, "content-type": "text/plain"}}, {"json": {}, "headers": key}):
        answer = await anna.post(path, **sent)  # type: ignore[arg-type]
        assert answer.is_success, answer.text
    assert len({(call.body, call.key) for call in service.calls}) == 1
    assert (await anna.post(SHARE)).status_code == 415


async def test_a_body_of_undeclared_length_is_bounded_too(anna: httpx2.AsyncClient) -> None:
    async def chunks():
        for _ in range(300):
            yield b" " * 1024

    answer = await anna.post(SHARE, content=chunks(), headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert answer.json()["code"] == "body-too-large"


async def test_every_wrong_field_is_named_at_once(anna: httpx2.AsyncClient) -> None:
    answer = await anna.post(SHARE, json={"audience": {"kind": "manager"}, "note": 1, "count": "x", "tags": 3})
    assert {one["pointer"] for one in answer.json()["errors"]} == {"#/note", "#/count", "#/tags"}
