"""An issuer that can be made to misbehave, and tokens made by hand, since libraries refuse to make bad ones."""

import asyncio
import hashlib
import hmac
import json
import time
import warnings
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

import httpx2
from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from shared.auth.issuer import Issuer
from shared.auth.tokens import Verifier

URL = "https://issuer.example"
AUDIENCE = "careers"
ANNA = UUID("0b0b7a0e-3b4e-4d8e-9a53-0f6c9d0a0001")


@cache
def rsa(name: str = "rsa", bits: int = 2048) -> RSAKey:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)  # weak keys are made on purpose
        return RSAKey.generate_key(bits, parameters={"kid": name})


@cache
def ec(name: str = "ec", curve: str = "P-256") -> ECKey:
    return ECKey.generate_key(curve, parameters={"kid": name})


@cache
def okp(name: str = "okp", curve: str = "Ed25519") -> OKPKey:
    return OKPKey.generate_key(curve, parameters={"kid": name})  # type: ignore[arg-type]


def encoded(part: bytes) -> str:
    return urlsafe_b64encode(part).rstrip(b"=").decode()


def claims(**other: Any) -> dict[str, Any]:
    now = int(time.time())
    known = {"iss": URL, "aud": AUDIENCE, "sub": str(ANNA), "iat": now, "exp": now + 600, "roles": ["employee"]}
    return {name: value for name, value in {**known, **other}.items() if value is not ...}


def header(**other: Any) -> dict[str, Any]:
    known = {"alg": "RS256", "kid": "rsa", "typ": "at+jwt"}
    return {name: value for name, value in {**known, **other}.items() if value is not ...}


def signed(head: dict[str, Any] | str, payload: dict[str, Any] | str | bytes, key: Key | bytes | None) -> str:
    """A token over exactly these texts; `key` bytes: an HMAC; None: no signature."""
    head_text = head if isinstance(head, str) else json.dumps(head)
    payload_bytes = (
        payload
        if isinstance(payload, bytes)
        else (payload if isinstance(payload, str) else json.dumps(payload)).encode()
    )
    message = f"{encoded(head_text.encode())}.{encoded(payload_bytes)}"
    if key is None:
        return f"{message}."
    if isinstance(key, bytes):
        return f"{message}.{encoded(hmac.digest(key, message.encode(), hashlib.sha256))}"
    told: Any = json.loads(head_text)
    algorithm = jws.JWSRegistry.algorithms[told["alg"] if told.get("alg") in _PLAIN else "RS256"]
    return f"{message}.{encoded(algorithm.sign(message.encode(), key))}"


_PLAIN = ("RS256", "RS384", "PS256", "ES256", "ES384", "Ed25519", "EdDSA")


def bearer(token: str) -> bytes:
    return f"Bearer {token}".encode()


def good(**other: Any) -> bytes:
    return bearer(signed(header(), claims(**other), rsa()))


@dataclass
class FakeIssuer:
    """Serves discovery and keys; counts how often it was asked."""

    keys: list[dict[str, Any]] = field(
        default_factory=lambda: [key.as_dict(private=False) for key in (rsa(), ec(), ec("ec3", "P-384"), okp())]
    )
    discovery: dict[str, Any] = field(default_factory=lambda: {"issuer": URL, "jwks_uri": f"{URL}/keys"})
    down: bool = False
    silent: asyncio.Event | None = None
    redirect: bool = False
    body: bytes | None = None
    asked: int = 0
    tried: int = 0

    async def answer_or_not(self, request: httpx2.Request) -> httpx2.Response:
        """With `silent` there is no answer before that is set."""
        self.tried += 1
        if self.silent is not None:
            await self.silent.wait()
        return self.answer(request)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        if self.down:
            raise httpx2.ConnectError("refused", request=request)
        if request.url.path.endswith("/.well-known/openid-configuration"):
            self.asked += 1
            return httpx2.Response(200, json=self.discovery)
        if self.redirect:
            return httpx2.Response(302, headers={"location": "https://elsewhere.example/keys"})
        if self.body is not None:
            return httpx2.Response(200, content=self.body)
        return httpx2.Response(200, json={"keys": self.keys})

    def client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(transport=httpx2.MockTransport(self.answer_or_not))


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def issuer_of(fake: FakeIssuer, clock: Clock | None = None, url: str = URL) -> Issuer:
    return Issuer(url, fake.client(), clock=clock or Clock())


def verifier_of(fake: FakeIssuer, **other: Any) -> Verifier:
    return Verifier(issuer_of(fake), issuer=URL, audience=AUDIENCE, **other)
