"""The local OpenID Connect issuer: `python -m deploy.local.issuer KEY_FILE URL PORT` serves discovery and keys.

HOST is where it listens: this machine alone, if nothing else is said.
"""

import asyncio
import os
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
    asyncio.run(serve(documents, int(port), host=os.environ.get("HOST", "127.0.0.1")))


if __name__ == "__main__":
    main()
