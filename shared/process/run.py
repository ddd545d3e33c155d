"""The process itself: its event loop, its logs, its exit code."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
import uvloop

from shared.logs import configure


def run(
    main: Callable[[], Coroutine[Any, Any, int]], *, service: str, process: str, instance: str = "", level: str = "info"
) -> int:
    """Runs `main` to its end and returns the exit code. What it raises is logged, and the code is 1."""
    configure(service, process, instance, level=level)
    log = structlog.get_logger("process")
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.get_loop().set_exception_handler(_log_unhandled)
            return runner.run(main())
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        log.critical("process_failed", exc_info=error)
        return 1


def _log_unhandled(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    structlog.get_logger("process").error("unhandled", exc_info=context.get("exception"))
