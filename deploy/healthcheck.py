"""Asks the process of this container whether it is ready: `python -m deploy.healthcheck`. Exit status 0: yes.

It runs every few seconds in every container, so it imports as little as it can.
"""

import os
import socket
import sys

DEADLINE = 4.0  # seconds


def main() -> int:
    answer = b""
    try:
        with socket.create_connection(("127.0.0.1", int(os.environ["PORT"])), timeout=DEADLINE) as connection:
            connection.sendall(b"GET /readyz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
            while part := connection.recv(65536):
                answer += part
    except OSError as error:
        sys.stdout.write(f"no answer: {error}")
        return 1
    sys.stdout.write(answer.partition(b"\r\n\r\n")[2].decode())
    return 0 if answer.split(b" ", 2)[1:2] == [b"200"] else 1


if __name__ == "__main__":
    sys.exit(main())
