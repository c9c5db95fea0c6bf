"""Rows of a session, for tests of what is made of them."""

from __future__ import annotations

from collections.abc import Callable

from app.live.streaming.session import LiveSession
from app.live.streaming.stream_limit import StreamLimit
from fer import FaceStream
from fer.export.stream import NO_FACE
from tests.fer.export.samples import HAPPY, NOBODY, SAD, rows

TWO = rows((0.0, 1, HAPPY), (0.1, 1, SAD), (0.1, 2, SAD), (0.6, 2, HAPPY), (1.2, NO_FACE, NOBODY))


#: Seconds after which a test gives up on a thread; nothing waits so long if all is well.
PATIENCE = 60.0


def waiting_session(
    stream: FaceStream, limit: StreamLimit, clock: Callable[[], float]
) -> LiveSession:
    """Return a session that waits for the analysis of every frame, however busy the machine is."""
    return LiveSession(stream, limit, clock, match_seconds=PATIENCE)
