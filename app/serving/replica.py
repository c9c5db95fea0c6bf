"""What a server of one's own does beside Streamlit: it ends with notice. Does not use Streamlit.

On SIGTERM it goes on for those who are there. Whoever opens a page anew is sent elsewhere: the
answer is 503, at which a proxy asks another server, and readiness probes see the same. It ends when
nobody is there any more, or the time is up; a second SIGTERM ends it at once.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app.operation.events import log_event
from app.serving.drain import THIS_SERVER, Drain
from app.serving.end import end_in_time
from app.session.parameter import PARAMETER

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

    Args:
        seconds: for how long it waits for its visitors at most. If 0, it ends at once.
        drain: says whether it drains.
    """
    loop, end = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)
    tasks: list[asyncio.Task[None]] = []

    def stop() -> None:
        if callable(end):
            end(signal.SIGTERM, None)

    async def wait() -> None:
        while not drain.over:
            await asyncio.sleep(_POLL_SECONDS)
        stop()

    def terminated() -> None:
        if drain.draining or not seconds:
            stop()
            return
        drain.begin(seconds)
        log_event("draining", seconds=seconds)
        tasks.append(loop.create_task(wait()))

    loop.add_signal_handler(signal.SIGTERM, terminated)
    drain.ends_with_notice = True
    end_in_time()
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()


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


class Doorkeeper:
    """Middleware that counts who is there, and sends others elsewhere while a server drains.

    Args:
        app: what answers.
        drain: says whether it drains.
    """

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


def lifespan(seconds: float) -> Callable[[Any], Any]:
    """Return what has SIGTERM drain the server; see `ending`."""
    return partial(ending, seconds=seconds)
