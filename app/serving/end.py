"""A server that is told to end does, whoever is connected, and tidies up. No Streamlit."""

from __future__ import annotations

import asyncio
import atexit
import logging
import socket
from collections.abc import Callable
from functools import wraps

import uvicorn

#: Seconds for answers that are under way to be taken. Container engines wait ten before they kill.
END_SECONDS = 5

_LOOK_SECONDS = 0.05

_log = logging.getLogger(__name__)

_tasks: list[Callable[[], object]] = []


def at_end(task: Callable[[], object]) -> None:
    """Run a task once when the server ends, or else this process; the last one first.

    Not by `atexit` alone: uvicorn raises the signal anew by which a server of one's own was ended,
    and that ends the process at once.
    """
    _tasks.append(task)


@atexit.register
def tidy_up() -> None:
    """Run the tasks of `at_end`; none twice, and each whatever became of the others."""
    while _tasks:
        try:
            _tasks.pop()()
        except Exception:
            _log.exception("Something was left behind as the server ended")


def end_in_time(server: type[uvicorn.Server] = uvicorn.Server, seconds: int = END_SECONDS) -> None:
    """Have a web server end soon after it was told to, and tidy up then; all of this process.

    A server that ends tells all who are connected, and waits until they are gone. It does not tell
    those who were let in at that moment, such as a page that was fetching its parts, and it waits
    without end for them, and for an answer that nobody takes.

    Seen in uvicorn 0.54.0 with Streamlit 1.67.0. Without it, a server to which others were
    connecting did not end in three of four trials. It can go when uvicorn tells those too, and
    Streamlit sets `timeout_graceful_shutdown`.

    Args:
        server: the class of the servers, which is changed in place, once.
        seconds: how long a server waits at most, where nobody has set it.
    """
    shutdown = server.shutdown
    if hasattr(shutdown, "__wrapped__"):
        return

    @wraps(shutdown)
    async def in_time(self: uvicorn.Server, sockets: list[socket.socket] | None = None) -> None:
        if self.config.timeout_graceful_shutdown is None:
            self.config.timeout_graceful_shutdown = seconds
        telling = asyncio.create_task(_tell_latecomers(self, set(self.server_state.connections)))
        try:
            await shutdown(self, sockets)
        finally:
            telling.cancel()
            tidy_up()

    server.shutdown = in_time  # type: ignore[method-assign]


async def _tell_latecomers(server: uvicorn.Server, told: set[object]) -> None:
    """Tell whoever is connected and was not told yet, until cancelled."""
    while True:
        for connection in server.server_state.connections - told:
            told.add(connection)
            connection.shutdown()
        await asyncio.sleep(_LOOK_SECONDS)
