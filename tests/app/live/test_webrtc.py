"""Frames on their way from the browser to the session and back."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import av
import numpy as np
import pytest

from app.core.priority import LINGER_SECONDS, Priority, Throttle
from app.live.webrtc import Frames, frames_callback
from fer.types import Image
from tests.app.samples import Clock


class Session:
    """Returns every picture dark, and notes how many frames had come."""

    def __init__(self) -> None:
        self.received: list[int] = []
        self.fails = False

    def process(self, image: Image, *, received: int) -> Image:
        if self.fails:
            raise ValueError("no picture")
        self.received.append(received)
        return np.zeros_like(image)


def frame(level: int) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.full((48, 64, 3), level, np.uint8), format="rgb24")


def shown(callback: Frames, *levels: int) -> list[av.VideoFrame]:
    """Return what is shown of frames that come, on a thread of the stream's own."""
    frames = [frame(level) for level in levels]
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, callback(frames)).result()


def test_the_newest_frame_is_shown_or_as_it_came_and_the_others_are_counted() -> None:
    session = Session()
    callback = frames_callback(session)  # type: ignore[arg-type]
    (picture,) = shown(callback, 10, 20, 30)
    assert not picture.to_ndarray(format="rgb24").any()
    assert session.received == [3]
    session.fails = True
    (picture,) = shown(callback, 10)
    assert picture.to_ndarray(format="rgb24").mean() == pytest.approx(10, abs=1)


def test_streams_give_way_to_photographs_and_lose_no_count() -> None:
    session, clock = Session(), Clock()
    photographs = Priority(1, clock)
    callback = frames_callback(session, Throttle(photographs, clock))  # type: ignore[arg-type]
    with photographs.turn():
        assert len(shown(callback, 10)) == 1
        assert shown(callback, 20) == shown(callback, 30) == []  # in the same moment
        clock.seconds += 1
        assert len(shown(callback, 40)) == 1
    clock.seconds += LINGER_SECONDS
    assert [len(shown(callback, level)) for level in (50, 60)] == [1, 1]
    assert session.received == [1, 3, 1, 1]
