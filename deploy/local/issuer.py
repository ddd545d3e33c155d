"""The local OpenID Connect issuer: `python -m deploy.local.issuer KEY_FILE URL PORT` serves discovery and keys."""

import asyncio
import sys
from pathlib import Path

from deploy.local.http import serve
from deploy.local.tokens import Issuer


def main() -> None:
    key_file, url, port = sys.argv[1:]
    issuer = Issuer(Path(key_file), url)
    documents = {
        "/.well-known/openid-configuration": lambda _query: issuer.configuration(),
        "/jwks.json": lambda _query: issuer.public_keys(),
    }
    asyncio.run(serve(documents, int(port)))


if __name__ == "__main__":
    main()
