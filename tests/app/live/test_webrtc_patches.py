import asyncio
from fractions import Fraction

import av
import numpy as np
import pytest
from aiortc import MediaStreamTrack
from aiortc.contrib.media import MediaRelay

from app.live.webrtc_patches import deliver_newest


class Numbers(MediaStreamTrack):
    """A video of numbered frames, the next of which comes when it is let through."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self.sent = 0
        self.allowed = asyncio.Semaphore(0)

    async def recv(self) -> av.VideoFrame:
        await self.allowed.acquire()
        self.sent += 1
        frame = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")
        frame.pts, frame.time_base = self.sent, Fraction(1, 90000)
        return frame


async def after_a_pause(relay: MediaRelay) -> int:
    """Return the number of the frame that a slow consumer gets when three are waiting."""
    source = Numbers()
    seen = relay.subscribe(source)
    first = asyncio.ensure_future(seen.recv())
    source.allowed.release()
    assert (await first).pts == 1
    for _ in range(3):
        source.allowed.release()
    while source.sent < 4:
        await asyncio.sleep(0)
    for _ in range(5):
        await asyncio.sleep(0)  # the relay hands on what it has
    number = (await seen.recv()).pts
    seen.stop()
    source.stop()
    return int(number)


@pytest.mark.parametrize("times", [1, 2])
def test_a_slow_consumer_gets_the_newest_frame(times: int) -> None:
    async def run() -> int:
        relay = MediaRelay()
        for _ in range(times):
            relay = deliver_newest(relay)
        return await after_a_pause(relay)

    assert asyncio.run(run()) == 4


def test_that_is_not_what_a_relay_does_by_itself() -> None:
    async def run() -> int:
        return await after_a_pause(MediaRelay())

    assert asyncio.run(run()) == 2
