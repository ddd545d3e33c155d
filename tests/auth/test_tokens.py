"""Good tokens get in; each known attack does not (RFC 8725)."""

import json
import time
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwe
from joserfc.jwk import RSAKey

from shared.auth import Role, Scope
from shared.auth.tokens import Claims, InvalidToken
from tests.auth.issuing import (
    ANNA,
    FakeIssuer,
    bearer,
    claims,
    ec,
    encoded,
    good,
    header,
    okp,
    rsa,
    signed,
    verifier_of,
)

NOW = time.time()


async def verified(authorization: bytes, **other: Any) -> Claims:
    return await verifier_of(FakeIssuer(), **other).verify(authorization, time.time())


@pytest.mark.parametrize(
    ("head", "key"),
    [
        (header(), rsa()),
        (header(alg="RS384"), rsa()),
        (header(alg="PS256"), rsa()),
        (header(alg="ES256", kid="ec"), ec()),
        (header(alg="ES384", kid="ec3"), ec("ec3", "P-384")),
        (header(alg="Ed25519", kid="okp"), okp()),
        (header(alg="EdDSA", kid="okp"), okp()),
        (header(typ="JWT"), rsa()),
        (header(typ=...), rsa()),
        (header(typ="application/AT+JWT"), rsa()),
        (header(x5t="abc", unknown={"a": 1}), rsa()),
    ],
)
async def test_a_good_token_gets_in(head: dict[str, Any], key: Any) -> None:
    found = await verified(bearer(signed(head, claims(), key)))
    assert (found.person, found.client, found.roles) == (str(ANNA), None, frozenset({Role.EMPLOYEE}))


async def test_the_audience_may_be_one_of_several() -> None:
    assert (await verified(good(aud=["other", "careers"]))).person == str(ANNA)


async def test_the_scheme_is_read_without_regard_to_case() -> None:
    assert (await verified(good().replace(b"Bearer", b"bEARER"))).person == str(ANNA)


async def test_roles_and_scopes_are_taken_from_lists_of_ours() -> None:
    person = await verified(good(roles=["admin", "root", "HR_PARTNER", 7, None], scope="imports:write"))
    assert (person.roles, person.scopes) == (frozenset({Role.ADMIN}), frozenset())
    service = await verified(
        good(client_id="files", sub="files", roles=["admin"], scope="imports:write people:read everything")
    )
    assert (service.person, service.client, service.roles) == (None, "files", frozenset())
    assert service.scopes == {Scope.IMPORTS_WRITE, Scope.PEOPLE_READ}


@pytest.mark.parametrize("roles", ["admin", {"admin": True}, 1, None])
async def test_roles_of_another_form_are_none(roles: Any) -> None:
    assert (await verified(good(roles=roles))).roles == frozenset()


async def test_a_persons_token_names_its_client_too() -> None:
    assert (await verified(good(client_id="web"))).person == str(ANNA)


async def test_another_claim_can_name_the_person() -> None:
    assert (await verified(good(employee="E1001"), person_claim="employee")).person == "E1001"
    service = await verified(good(client_id="files", sub="files"), person_claim="employee")
    assert service.client == "files"


async def test_a_person_without_the_claim_is_not_the_client_that_asked_for_the_token() -> None:
    with pytest.raises(InvalidToken):
        await verified(good(client_id="files", scope="people:read"), person_claim="employee")


@pytest.mark.parametrize("said", [..., False, None, 1, "true"])
async def test_an_address_that_the_issuer_has_not_verified_names_nobody(said: Any) -> None:
    own = good(email="anna@example.org", email_verified=True)
    assert (await verified(own, person_claim="email")).person == "anna@example.org"
    with pytest.raises(InvalidToken):
        await verified(good(email="anna@example.org", email_verified=said), person_claim="email")


def public_pem() -> bytes:
    return rsa().get_op_key("verify").public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def public_der() -> bytes:
    return rsa().get_op_key("verify").public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def tampered(token: str) -> str:
    head, _, signature = token.split(".")
    return f"{head}.{encoded(json.dumps(claims(roles=['admin'])).encode())}.{signature}"


def encrypted() -> str:
    key = RSAKey.generate_key(2048)
    return jwe.encrypt_compact({"alg": "RSA-OAEP", "enc": "A128GCM"}, b"{}", key)


def bomb() -> str:
    squeezed = zlib.compressobj(9, zlib.DEFLATED, -15)
    payload = squeezed.compress(b"0" * 10_000_000) + squeezed.flush()
    return signed(header(zip="DEF"), payload[:8000], rsa())


def of(head: Any = None, payload: Any = None, key: Any = ...) -> str:
    return signed(head or header(), payload or claims(), rsa() if key is ... else key)


ATTACKS: dict[str, Callable[[], str]] = {
    "alg none": lambda: of(header(alg="none"), key=None),
    "alg None": lambda: of(header(alg="None"), key=None),
    "alg nOnE with a signature": lambda: of(header(alg="nOnE")),
    "alg missing": lambda: of(header(alg=...)),
    "alg empty": lambda: of(header(alg="")),
    "alg a list": lambda: of(json.dumps({"alg": ["RS256"], "kid": "rsa"})),
    "alg a number": lambda: of(json.dumps({"alg": 256, "kid": "rsa"})),
    "no signature": lambda: of(key=None),
    "signature of another token": lambda: tampered(of()),
    "signature of another key": lambda: of(key=rsa("other")),
    "HS256 with the public key as PEM": lambda: of(header(alg="HS256"), key=public_pem()),
    "HS256 with the public key as PEM, stripped": lambda: of(header(alg="HS256"), key=public_pem().strip()),
    "HS256 with the public key as DER": lambda: of(header(alg="HS256"), key=public_der()),
    "HS256 with the public key as JWK": lambda: of(
        header(alg="HS256"), key=json.dumps(rsa().as_dict(private=False)).encode()
    ),
    "HS256 with the modulus": lambda: of(header(alg="HS256"), key=str(rsa().as_dict(private=False)["n"]).encode()),
    "HS256 with nothing": lambda: of(header(alg="HS256"), key=b""),
    "RS256 named, signed as HS256": lambda: of(key=public_pem()),
    "algorithm of another key": lambda: of(header(alg="ES256", kid="rsa"), key=ec()),
    "key of another algorithm": lambda: of(header(alg="RS256", kid="ec")),
    "curve of another key": lambda: of(header(alg="ES384", kid="ec"), key=ec("ec3", "P-384")),
    "unknown kid": lambda: of(header(kid="unknown"), key=rsa("unknown")),
    "curve of a smaller key": lambda: of(header(alg="ES256", kid="ec3"), key=ec()),
    "x5c of their own": lambda: of(header(kid="theirs", x5c=[encoded(public_der())]), key=rsa("theirs")),
    "kid a path": lambda: of(header(kid="../../../dev/null"), key=b""),
    "kid a statement": lambda: of(header(kid="' or 1=1 --")),
    "kid a number": lambda: of(header(kid=1)),
    "kid a list": lambda: of(header(kid=["rsa"])),
    "kid empty": lambda: of(header(kid="")),
    "kid huge": lambda: of(header(kid="k" * 5000)),
    "kid missing with several keys": lambda: of(header(kid=...)),
    "jku of their own": lambda: of(header(kid="theirs", jku="https://evil.example/keys"), key=rsa("theirs")),
    "x5u of their own": lambda: of(header(kid="theirs", x5u="https://evil.example/cert"), key=rsa("theirs")),
    "jwk of their own": lambda: of(header(kid="theirs", jwk=rsa("theirs").as_dict(private=False)), key=rsa("theirs")),
    "jwk of their own under our kid": lambda: of(header(jwk=rsa("rsa2").as_dict(private=False)), key=rsa("rsa2")),
    "crit": lambda: of(header(crit=["exp"])),
    "crit unknown": lambda: of(header(crit=["x"], x=1)),
    "crit empty": lambda: of(header(crit=[])),
    "b64 false": lambda: of(header(b64=False, crit=["b64"])),
    "b64 false without crit": lambda: of(header(b64=False)),
    "zip": bomb,
    "JWE": encrypted,
    "JWE header on three parts": lambda: of(header(enc="A128GCM")),
    "nested": lambda: of(header(cty="JWT"), payload=of()),
    "nested without cty": lambda: of(payload=of()),
    "iss missing": lambda: of(payload=claims(iss=...)),
    "iss other": lambda: of(payload=claims(iss="https://issuer.example.evil")),
    "iss with a slash": lambda: of(payload=claims(iss="https://issuer.example/")),
    "iss a list": lambda: of(payload=claims(iss=["https://issuer.example"])),
    "aud missing": lambda: of(payload=claims(aud=...)),
    "aud other": lambda: of(payload=claims(aud="careers-test")),
    "aud a list without us": lambda: of(payload=claims(aud=["other"])),
    "aud a list of lists": lambda: of(payload=claims(aud=[["careers"]])),
    "aud an object": lambda: of(payload=claims(aud={"careers": 1})),
    "aud part of a text": lambda: of(payload=claims(aud="my careers")),
    "exp missing": lambda: of(payload=claims(exp=...)),
    "exp null": lambda: of(payload=claims(exp=None)),
    "exp past": lambda: of(payload=claims(exp=NOW - 31)),
    "exp zero": lambda: of(payload=claims(exp=0)),
    "exp negative": lambda: of(payload=claims(exp=-1)),
    "exp text": lambda: of(payload=claims(exp=str(NOW + 600))),
    "exp true": lambda: of(payload=claims(exp=True)),
    "exp a list": lambda: of(payload=claims(exp=[NOW + 600])),
    "exp NaN": lambda: of(payload=json.dumps(claims(exp=float("nan")))),
    "exp Infinity": lambda: of(payload=json.dumps(claims(exp=float("inf")))),
    "exp 1e999": lambda: of(payload=json.dumps(claims()).replace(str(claims()["exp"]), "1e999")),
    "exp huge": lambda: of(payload=claims(exp=10**400)),
    "nbf to come": lambda: of(payload=claims(nbf=NOW + 3600)),
    "nbf text": lambda: of(payload=claims(nbf="0")),
    "nbf NaN": lambda: of(payload=json.dumps(claims(nbf=float("nan")))),
    "exp with thousands of digits": lambda: of(payload=json.dumps(claims()).replace(str(claims()["exp"]), "9" * 5000)),
    "nbf null": lambda: of(payload=claims(nbf=None)),
    "nbf negative": lambda: of(payload=claims(nbf=-1)),
    "nbf huge": lambda: of(payload=claims(nbf=10**400)),
    "iat null": lambda: of(payload=claims(iat=None)),
    "iat NaN": lambda: of(payload=json.dumps(claims(iat=float("nan")))),
    "iat to come": lambda: of(payload=claims(iat=NOW + 3600)),
    "iat text": lambda: of(payload=claims(iat="now")),
    "sub missing": lambda: of(payload=claims(sub=...)),
    "sub empty": lambda: of(payload=claims(sub="")),
    "sub a number": lambda: of(payload=claims(sub=7)),
    "sub a list": lambda: of(payload=claims(sub=[str(ANNA)])),
    "sub with a NUL": lambda: of(payload=claims(sub="a\0b")),
    "sub with half a character": lambda: of(payload=json.dumps(claims(sub="?")).replace("?", "\\ud800")),
    "sub huge": lambda: of(payload=claims(sub="a" * 1000)),
    "client a phrase": lambda: of(payload=claims(client_id="a b\n", sub="a b\n")),
    "an ID token by its nonce": lambda: of(payload=claims(nonce="n")),
    "an ID token by its hash": lambda: of(payload=claims(at_hash="h")),
    "an ID token by Keycloak's mark": lambda: of(payload=claims(typ="ID")),
    "an ID token by Cognito's mark": lambda: of(payload=claims(token_use="id")),
    "a refresh token": lambda: of(payload=claims(typ="Refresh")),
    "a logout token": lambda: of(header(typ="logout+jwt"), claims(events={})),
    "a logout token by its events": lambda: of(payload=claims(events={})),
    "a security event": lambda: of(header(typ="secevent+jwt")),
    "a proof of possession": lambda: of(header(typ="dpop+jwt")),
    "an introspection answer": lambda: of(header(typ="token-introspection+jwt")),
    "typ with a space": lambda: of(header(typ="at+jwt ")),
    "typ a number": lambda: of(header(typ=1)),
    "a claim twice": lambda: of(payload=json.dumps(claims())[:-1] + ',"sub":"0b0b7a0e-3b4e-4d8e-9a53-0f6c9d0a0002"}'),
    "a claim within a claim twice": lambda: of(payload=json.dumps(claims())[:-1] + ',"act":{"sub":"a","sub":"b"}}'),
    "a header member twice": lambda: of('{"alg":"RS256","kid":"rsa","alg":"RS256"}'),
    "claims no object": lambda: of(payload="[]"),
    "claims no JSON": lambda: of(payload="sub=anna"),
    "claims in UTF-16": lambda: of(payload=json.dumps(claims()).encode("utf-16")),
    "claims in UTF-16 without a mark": lambda: of(payload=json.dumps(claims()).encode("utf-16-le")),
    "claims in UTF-32": lambda: of(payload=json.dumps(claims()).encode("utf-32")),
    "claims with a byte order mark": lambda: of(payload=json.dumps(claims()).encode("utf-8-sig")),
    "claims not UTF-8": lambda: of(payload=b'{"sub":"\xff"}'),
    "claims nested deep": lambda: of(payload='{"a":' + "[" * 5000 + "]" * 5000 + "}"),
    "header no object": lambda: f"{encoded(b'[]')}.{encoded(b'{}')}.{encoded(b'x')}",
    "header no JSON": lambda: f"{encoded(b'alg')}.{encoded(b'{}')}.{encoded(b'x')}",
    "100 KB": lambda: of(payload=claims(filler="x" * 100_000)),
    "two parts": lambda: of().rpartition(".")[0],
    "four parts": lambda: of() + ".x",
    "padding": lambda: of() + "=",
    "a space in it": lambda: of().replace(".", ". ", 1),
    "empty": lambda: "",
    "a part of impossible length": lambda: of().replace(".", "A.", 1),
    "not base64": lambda: "a.b.c",
    "a quote": lambda: '"' + of() + '"',
    "a line end": lambda: of() + "\n",
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_an_attack_does_not_get_in(attack: str) -> None:
    with pytest.raises(InvalidToken):
        await verified(bearer(ATTACKS[attack]()))


@pytest.mark.parametrize(
    "authorization", [b"", b"Basic YTpi", b"Bearer", b"Bearer  ", b"\xff\xfe", b"Token " + good()[7:]]
)
async def test_another_authorization_does_not_get_in(authorization: bytes) -> None:
    with pytest.raises(InvalidToken):
        await verified(authorization)


async def test_no_attack_makes_us_ask_anybody_but_the_issuer() -> None:
    asked: list[str] = []

    class Watching(FakeIssuer):
        def answer(self, request: Any) -> Any:
            asked.append(request.url.host)
            return super().answer(request)

    verifier = verifier_of(Watching())
    for attack in ATTACKS.values():
        with pytest.raises(InvalidToken):
            await verifier.verify(bearer(attack()), time.time())
    assert set(asked) == {"issuer.example"}
    assert len(asked) == 2  # discovery and keys, once: unknown kids wait their turn


async def test_clocks_may_differ_a_little() -> None:
    assert (await verified(good(exp=time.time() - 5, nbf=time.time() + 5, iat=time.time() + 5))).person == str(ANNA)
