"""Rows of a session, for tests of what is made of them."""

from __future__ import annotations

from collections.abc import Callable

from app.live.streaming.session import LiveSession
from app.live.streaming.stream_limit import StreamLimit
from fer import FaceStream

#: Seconds after which a test gives up on a thread; nothing waits so long if all is well.
PATIENCE = 60.0


def waiting_session(
    stream: FaceStream, limit: StreamLimit, clock: Callable[[], float]
) -> LiveSession:
    """Return a session that waits for the analysis of every frame, however busy the machine is."""
    return LiveSession(stream, limit, clock, match_seconds=PATIENCE)
