"""Ports of one folder: remembered, so that URLs stay the same, and given up for others when somebody else has them.

They lie below the range from which the kernel takes ports for outgoing connections, where a port found free may be
gone a moment later.
"""

import json
import random
import socket
from collections.abc import Collection, Iterable

from deploy.local.folder import Folder, read_json, write

RANGE = range(15000, 32000)
TRIES = 1000


class NoPortFree(Exception):
    """Nothing can be listened to on this machine."""


def ports(folder: Folder, names: Iterable[str]) -> dict[str, int]:
    """A free port for each name: the remembered one while it is free. Raises NoPortFree.

    Call it while the servers of the folder are down: their own ports count as taken.
    """
    remembered: dict[str, int] = read_json(folder.ports) or {}
    chosen: dict[str, int] = {}
    for name in names:
        port = remembered.get(name)
        if port is None or not is_free(port):
            port = free_port({*chosen.values(), *remembered.values()})
        chosen[name] = port
    write(folder.ports, json.dumps({**remembered, **chosen}, indent=1))
    return chosen


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port(avoid: Collection[int] = ()) -> int:
    """Free at this moment. Raises NoPortFree."""
    for _ in range(TRIES):
        port = random.choice(RANGE)  # noqa: S311  chance keeps two checkouts apart, nothing secret
        if port not in avoid and is_free(port):
            return port
    raise NoPortFree(
        f"No free port was found between {RANGE.start} and {RANGE.stop}: is a firewall or a sandbox in the way?"
    )
