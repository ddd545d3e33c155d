"""What is checked of a bearer token (RFC 8725): form, algorithm, key, signature, issuer, audience, times, kind."""

import json
import math
import re
import warnings
from base64 import urlsafe_b64decode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import Key

from shared.auth.callers import ON_BEHALF, Role, Scope

ALGORITHMS = frozenset(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "Ed25519", "EdDSA"))
"""Signatures with a public key alone: whoever can verify cannot sign. EdDSA is what issuers still call Ed25519."""

LONGEST = 16 * 1024
LEEWAY = 30.0
"""Seconds by which the issuer's clock may differ."""

LONGEST_DELEGATION = 24 * 3600.0
"""Seconds from now within which a token on behalf of a person must end: nobody here can take it back."""

_FORM = re.compile(rb"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)")
_CLIENT = re.compile(r"[A-Za-z0-9._:@/-]{1,100}")
_TYPES = (None, "jwt", "at+jwt", "application/at+jwt")
_ID_TOKEN_CLAIMS = ("nonce", "at_hash", "c_hash", "s_hash", "events")
_OTHER_KINDS = frozenset(("id", "refresh", "offline", "logout"))
_LATEST = 2.0**53


class InvalidToken(Exception):
    """Why a token is no good: for the log, by a fixed reason; the caller is told only that it is none."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Keys(Protocol):
    """The issuer's public keys."""

    async def key(self, kid: str | None) -> Key:
        """The key of an id; without one, the only key. Raises InvalidToken, Unavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says, as far as it is used here."""

    person: str | None  # what names the person; None for a service account
    client: str | None  # the service account
    roles: frozenset[Role]
    scopes: frozenset[Scope]
    expires: float
    actor: str | None = None  # the service account that acts on behalf of the person


class Verifier:
    """Verifies access tokens of one issuer for one audience."""

    def __init__(self, keys: Keys, *, issuer: str, audience: str, person_claim: str = "sub") -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._person_claim = person_claim
        self._registry = jws.JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        self._registry.max_header_length = 4096
        self._registry.max_payload_length = LONGEST

    async def verify(self, authorization: bytes, now: float) -> Claims:
        """The claims of an Authorization header. Raises InvalidToken, Unavailable."""
        match = _FORM.fullmatch(authorization) if len(authorization) <= LONGEST else None
        if match is None:
            raise InvalidToken("form")
        token = match[1]
        header = _object(token.partition(b".")[0], "header")
        _check_header(header)
        key = await self._keys.key(header.get("kid"))
        _check_key(key, header["alg"])
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SecurityWarning)  # of the name EdDSA; Ed25519 it is all the same
                jws.deserialize_compact(token, key, registry=self._registry)
        except (JoseError, ValueError) as error:
            raise InvalidToken("signature") from error
        return self._claims(_object(token.split(b".")[1], "claims"), now)

    def _claims(self, claims: Mapping[str, Any], now: float) -> Claims:
        if claims.get("iss") != self._issuer:
            raise InvalidToken("issuer")
        audience = claims.get("aud")
        if audience != self._audience and not (isinstance(audience, list) and self._audience in audience):
            raise InvalidToken("audience")
        expires = _time(claims, "exp")
        if expires is None or expires <= now - LEEWAY:
            raise InvalidToken("expired")
        for name in ("nbf", "iat"):
            if (moment := _time(claims, name)) is not None and moment > now + LEEWAY:
                raise InvalidToken("not yet valid")
        _check_kind(claims)
        client, person = claims.get("client_id"), claims.get(self._person_claim)
        subject = claims.get("sub")
        # RFC 9068: the subject of a client's own token is the client; a person's token names the client as well.
        # A person whose token lacks the claim that names them here is nobody: not the client with its scopes.
        if isinstance(client, str) and (subject is None or subject == client):
            if _CLIENT.fullmatch(client) is None:
                raise InvalidToken("subject")
            if "act" in claims:  # service accounts act for people, and for nobody else
                raise InvalidToken("actor")
            return Claims(None, client, frozenset(), _granted(claims.get("scope")) - ON_BEHALF, expires)
        if not isinstance(person, str) or not 0 < len(person) <= 320 or not person.isprintable():
            raise InvalidToken("subject")
        if self._person_claim == "email" and claims.get("email_verified") is not True:
            raise InvalidToken("address not verified")  # some issuers let people enter any address
        roles = _roles(claims.get("roles"))
        if "act" not in claims:
            return Claims(person, None, roles, frozenset(), expires)
        # A token whose `act` cannot be read is none of the person's own: it is refused, whatever stands there.
        actor = self._actor(claims["act"], (person, subject))
        if expires > now + LONGEST_DELEGATION + LEEWAY:
            raise InvalidToken("delegated for too long")
        scopes = _granted(claims.get("scope")) & ON_BEHALF
        return Claims(person, None, roles - {Role.ADMIN}, scopes, expires, actor)

    def _actor(self, act: Any, persons: Collection[Any]) -> str:
        """The service account that `act` names (RFC 8693): one of this issuer, and no chain of them."""
        if not isinstance(act, dict) or "act" in act or act.get("iss", self._issuer) != self._issuer:
            raise InvalidToken("actor")
        named = [act[name] for name in ("client_id", "sub") if name in act]
        if not named or not all(isinstance(one, str) and _CLIENT.fullmatch(one) for one in named):
            raise InvalidToken("actor")
        if any(one in persons for one in named):
            raise InvalidToken("actor")
        return str(named[0])


def _check_header(header: Mapping[str, Any]) -> None:
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise InvalidToken("algorithm")
    # `jku`, `x5u`, `jwk` and `x5c` are never looked at: the keys are the issuer's, whatever a token would like.
    if not {"crit", "b64", "zip", "enc"}.isdisjoint(header):
        raise InvalidToken("header")
    kind = header.get("typ")
    if (kind.lower() if isinstance(kind, str) else kind) not in _TYPES or "cty" in header:
        raise InvalidToken("type")
    kid = header.get("kid")
    if kid is not None and (not isinstance(kid, str) or not 0 < len(kid) <= 256):
        raise InvalidToken("key id")


def _check_key(key: Key, algorithm: str) -> None:
    """A key says by its kind, and often by name, what it signs; the token has no say in it."""
    said = key.alg
    if said is not None and said != algorithm and {said, algorithm} != {"EdDSA", "Ed25519"}:
        raise InvalidToken("algorithm")
    curve = {"ES256": "P-256", "ES384": "P-384", "Ed25519": "Ed25519", "EdDSA": "Ed25519"}.get(algorithm)
    kind = "RSA" if curve is None else "OKP" if curve == "Ed25519" else "EC"
    if key.key_type != kind or (curve is not None and key.get("crv") != curve):
        raise InvalidToken("algorithm")


def _check_kind(claims: Mapping[str, Any]) -> None:
    """ID tokens, refresh tokens and logout tokens have the same issuer and keys, and are no access tokens."""
    if any(name in claims for name in _ID_TOKEN_CLAIMS):
        raise InvalidToken("type")
    for name in ("typ", "token_use"):
        kind = claims.get(name)
        if isinstance(kind, str) and kind.lower() in _OTHER_KINDS:
            raise InvalidToken("type")


def _time(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None and name not in claims:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= _LATEST:
        raise InvalidToken(name)
    return float(value)


def _roles(said: Any) -> frozenset[Role]:
    named = [one for one in said if isinstance(one, str)] if isinstance(said, list) else []
    return frozenset(role for role in Role if role in named)


def _granted(said: Any) -> frozenset[Scope]:
    named: Collection[str] = said.split(" ") if isinstance(said, str) else ()
    return frozenset(scope for scope in Scope if scope in named)


def _object(part: bytes, name: str) -> dict[str, Any]:
    try:
        text = urlsafe_b64decode(part + b"=" * (-len(part) % 4)).decode()  # given bytes, json would take UTF-16 as well
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise InvalidToken(name) from error
    if not isinstance(value, dict) or any(isinstance(one, float) and not math.isfinite(one) for one in value.values()):
        raise InvalidToken(name)
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice")
    return members


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)
