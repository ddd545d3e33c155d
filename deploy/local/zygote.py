"""A Python that has imported what every service imports, and forks itself for each of them.

Ten processes that each import for themselves take ten times a second of a small machine, while the servers start. Here
it is done once, beside them. A forked process runs its module as `python -m` would, in its own environment.

`python -m deploy.local.zygote DESCRIPTOR` reads requests from that socket, one JSON object a line: {"id", "name",
"module", "arguments", "env", "log"}. It answers {"id", "pid"}, and {"pid", "status"} when that process has ended
(negative for a signal). The other side is forks.py.
"""

import gc
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from typing import Any, NoReturn

from deploy.local.child import die_with, name_process

HIGHEST = 256  # descriptors that a fork may have inherited, and closes
# Nothing here starts a thread or draws random numbers while it is imported: forks would share them.
IMPORTED = ("shared.service", "fastapi", "aiosmtplib", "babel.core", "uvicorn.protocols.http.httptools_impl", "typer")


def main() -> None:
    for name in IMPORTED:
        with suppress(Exception):  # who needs it will say it better
            import_module(name)
    gc.collect()
    gc.freeze()  # so that a collection in a child does not copy what is shared
    Zygote(socket.socket(fileno=int(sys.argv[1]))).serve()


class Zygote:
    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._unread = b""
        self._parent = os.getpid()

    def serve(self) -> None:
        """Until the other side is gone."""
        woken, waker = os.pipe()
        os.set_blocking(waker, False)
        signal.set_wakeup_fd(waker)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        with selectors.DefaultSelector() as selector:
            selector.register(self._connection, selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj == woken:
                        os.read(woken, 4096)
                        self._reap()
                    elif not self._read():
                        return

    def _read(self) -> bool:
        received = self._connection.recv(1 << 16)
        *lines, self._unread = (self._unread + received).split(b"\n")
        for line in lines:
            request = json.loads(line)
            self._answer({"id": request["id"], "pid": self._fork(request)})
        return bool(received)

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                self._answer({"pid": pid, "status": os.waitstatus_to_exitcode(status)})

    def _answer(self, answer: dict[str, Any]) -> None:
        self._connection.sendall(json.dumps(answer).encode() + b"\n")

    def _fork(self, request: dict[str, Any]) -> int:
        pid = os.fork()
        if pid == 0:
            self._become(request)
        return pid

    def _become(self, request: dict[str, Any]) -> NoReturn:
        status = 1
        try:
            die_with(self._parent, signal.SIGKILL)
            os.setpgid(0, 0)
            name_process(request["name"])
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.closerange(3, HIGHEST)
            log = os.open(request["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.environ.update(request["env"])
            sys.argv = [request["module"], *request["arguments"]]
            runpy.run_module(request["module"], run_name="__main__", alter_sys=True)
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
            if isinstance(end.code, str):
                sys.stderr.write(f"{end.code}\n")
        except BaseException:  # noqa: BLE001  the process ends here, whatever it was
            traceback.print_exc()
        finally:
            with suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)


if __name__ == "__main__":
    main()
