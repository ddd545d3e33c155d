"""The local OpenID Connect issuer's key, and the bearer tokens signed with it."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import ECKey

ALGORITHM = "ES256"
LIFETIME = 8 * 3600  # seconds


def new_key() -> bytes:
    """A private key as a JWK; its id is the key's thumbprint."""
    key = ECKey.generate_key("P-256", auto_kid=True)
    return json.dumps(key.as_dict(private=True)).encode()


@dataclass(frozen=True, slots=True)
class Issuer:
    """Whoever holds the key file can sign for anybody: there is no log-in on one's own machine."""

    key_file: Path
    url: str
    audience: str = "careers"

    def for_person(self, value: str, *, claim: str = "sub", roles: Iterable[str] = (), lifetime: int = LIFETIME) -> str:
        """`value` (the person's id, or HR's id of them) is the token's `claim` and its subject; lifetime in seconds."""
        return self._sign({"sub": value, claim: value, "roles": sorted({"employee", *roles})}, lifetime)

    def on_behalf(
        self,
        value: str,
        service: str,
        *,
        claim: str = "sub",
        roles: Iterable[str] = (),
        scopes: Iterable[str] = (),
        lifetime: int = LIFETIME,
    ) -> str:
        """What `service` would get for a person's token, by token exchange (RFC 8693)."""
        person = {"sub": value, claim: value, "roles": sorted({"employee", *roles})}
        acting = {"client_id": service, "act": {"sub": service}, "scope": " ".join(scopes)}
        return self._sign({**person, **acting}, lifetime)

    def for_service(self, name: str, *, scopes: Iterable[str] = (), lifetime: int = LIFETIME) -> str:
        return self._sign({"sub": name, "client_id": name, "scope": " ".join(scopes)}, lifetime)

    def public_keys(self) -> dict[str, Any]:
        """The JWKS document."""
        key = self._key()
        return {"keys": [{**key.as_dict(private=False), "use": "sig", "alg": ALGORITHM}]}

    def configuration(self) -> dict[str, Any]:
        """The discovery document."""
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/jwks.json",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
        }

    def _sign(self, claims: dict[str, Any], lifetime: int) -> str:
        key, now = self._key(), int(time.time())
        standard = {"iss": self.url, "aud": self.audience, "iat": now, "exp": now + lifetime, "jti": str(uuid4())}
        return jwt.encode({"alg": ALGORITHM, "kid": key.kid, "typ": "JWT"}, {**claims, **standard}, key)

    def _key(self) -> ECKey:
        return ECKey.import_key(json.loads(self.key_file.read_text()))
