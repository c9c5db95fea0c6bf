"""How a server ends: soon when it is told to, and one of one's own with notice. No Streamlit.

On SIGTERM, one of one's own (`serve.py`) goes on for those who are there. Whoever opens a page anew
is sent elsewhere: the answer is 503, at which a proxy asks another server, and readiness probes see
the same. It ends when nobody is there any more, or the time is up; a second SIGTERM ends it now.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import signal
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from functools import wraps
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qs

import uvicorn
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.server.events import log_event
from app.core.session.session_store import PARAMETER

#: Seconds for answers that are under way to be taken. Container engines wait ten before they kill.
END_SECONDS = 5

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

    A server that ends waits without end for those who were let in at that moment, such as a page
    that was fetching its parts, and for an answer that nobody takes.

    Seen in uvicorn 0.54.0 with Streamlit 1.67.0. Without it, a server to which others were
    connecting did not end in three of four trials. It can go when Streamlit sets
    `timeout_graceful_shutdown`, and has a place for what is to be done at the end.
    """
    shutdown = server.shutdown
    if hasattr(shutdown, "__wrapped__"):
        return

    @wraps(shutdown)
    async def in_time(self: uvicorn.Server, sockets: list[socket.socket] | None = None) -> None:
        if self.config.timeout_graceful_shutdown is None:
            self.config.timeout_graceful_shutdown = seconds
        try:
            await shutdown(self, sockets)
        finally:
            tidy_up()

    server.shutdown = in_time  # type: ignore[method-assign]


#: Seconds after the last one has left in which a page that is reloaded, or has lost its connection,
#: may come back.
_QUIET_SECONDS = 10.0


class Drain:
    """Whether a server is coming to its end, and who is still there. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._until: float | None = None
        self._connections = 0
        self._left = -float("inf")
        #: Whether `begin` is called before it ends; one that Streamlit alone runs just ends.
        self.ends_with_notice = False
        #: Tells this server from others, and from itself after a restart.
        self.server = token_hex(8)

    def begin(self, seconds: float) -> None:
        """Take nobody new from now on, and wait so long at most for those who are there."""
        with self._lock:
            self._until = self._clock() + seconds

    @property
    def draining(self) -> bool:
        """Whether it has begun."""
        return self._until is not None

    @property
    def seconds_left(self) -> float | None:
        """For how long it still waits at most; None if it has not begun."""
        until = self._until
        return None if until is None else max(0.0, until - self._clock())

    @property
    def over(self) -> bool:
        """Whether it has waited long enough, or for everybody."""
        with self._lock:
            now = self._clock()
            if self._until is None or (self._connections and now < self._until):
                return False
            return now >= self._until or now - self._left >= _QUIET_SECONDS

    @contextmanager
    def connection(self) -> Iterator[None]:
        """Count somebody as there."""
        with self._lock:
            self._connections += 1
        try:
            yield
        finally:
            with self._lock:
                self._connections -= 1
                self._left = self._clock()


#: That of this process.
THIS_SERVER = Drain()

#: Where load balancers and pages ask whether this server takes visitors.
READY_PATH = "/server/ready"

#: Paths of what a page consists of, and of what it asks: no visit begins with them.
_PARTS = ("/_stcore/", "/media/", "/component/", "/static/", "/server/")

#: What is asked again and again, by machines too: who asks is no visitor.
_PROBES = (READY_PATH, "/_stcore/health")

_POLL_SECONDS = 0.2

_ELSEWHERE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="5">
<title>FER Lens is being updated</title>
<style>body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 20vh auto;
padding: 0 1rem; color-scheme: light dark; }</style>
<h1>FER Lens is being updated</h1>
<p>This server takes no new visitors at the moment. The page opens by itself as soon as one does:
it tries again every five seconds.</p></html>"""


@asynccontextmanager
async def ending(_app: Any, *, seconds: float, drain: Drain = THIS_SERVER) -> AsyncIterator[None]:
    """Have SIGTERM drain the server that runs in this block, and end it after that.

    It waits so many seconds for its visitors at most. If 0, it ends at once.
    """
    loop, end = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)
    waiting: asyncio.Task[None] | None = None

    def stop() -> None:
        if callable(end):
            end(signal.SIGTERM, None)

    async def wait() -> None:
        while not drain.over:
            await asyncio.sleep(_POLL_SECONDS)
        stop()

    def terminated() -> None:
        nonlocal waiting
        if drain.draining or not seconds:
            stop()
            return
        drain.begin(seconds)
        log_event("draining", seconds=seconds)
        waiting = loop.create_task(wait())

    loop.add_signal_handler(signal.SIGTERM, terminated)
    drain.ends_with_notice = True
    end_in_time()
    try:
        yield
    finally:
        if waiting:
            waiting.cancel()


def ready_route(drain: Drain = THIS_SERVER) -> Route:
    """Return the route that says whether this server takes visitors: 200 if it does, else 503."""

    async def ready(_request: Request) -> JSONResponse:
        left = drain.seconds_left
        return JSONResponse(
            {"server": drain.server, "secondsLeft": left},
            503 if drain.draining else 200,
            {"Cache-Control": "no-store"},
        )

    return Route(READY_PATH, ready)


class DrainMiddleware:
    """Middleware that counts who is there, and sends others elsewhere while a server drains."""

    def __init__(self, app: ASGIApp, drain: Drain = THIS_SERVER) -> None:
        self._app, self._drain = app, drain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if self._drain.draining and begins_visit(scope):
            elsewhere = HTMLResponse(_ELSEWHERE, 503, {"Retry-After": "5"})
            await elsewhere(scope, receive, send)
            return
        counts = scope["type"] != "lifespan" and scope["path"] not in _PROBES
        with self._drain.connection() if counts else nullcontext():
            await self._app(scope, receive, send)


def begins_visit(scope: Scope) -> bool:
    """Return whether a page is opened that has nothing on this server.

    A page whose address has the key of a session was here before.
    """
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        return False
    keys = parse_qs(scope["query_string"].decode("latin-1")).get(PARAMETER)
    return not keys and not scope["path"].startswith(_PARTS)
