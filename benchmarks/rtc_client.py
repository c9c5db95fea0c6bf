"""A client as a browser is one: sends a camera's video over WebRTC, and counts what comes back.

Each runs in a process of its own, so that its encoding and decoding do not hold the server's
interpreter; they share the machine's cores all the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import time
from collections.abc import Sequence
from fractions import Fraction
from multiprocessing.connection import Connection
from typing import Any

import av
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, VideoStreamTrack

from benchmarks.scenes import moving_faces

#: When a frame came back, by `time.monotonic`, and the camera's own time on it, both in seconds.
#: The two clocks start at different times.
Arrival = tuple[float, float]

_CLOCK = 90_000

#: Seconds in which the process has to end once it is told to.
_END_SECONDS = 10


class Camera(VideoStreamTrack):
    """Plays frames in a loop, at the pace of a camera.

    Args:
        frames: to play.
        rate: frames a second.
    """

    def __init__(self, frames: Sequence[av.VideoFrame], rate: float) -> None:
        super().__init__()
        self._frames, self._rate = frames, rate
        self._count = 0
        self._began = 0.0

    async def recv(self) -> av.VideoFrame:
        """Return the next frame when its time has come."""
        if self.readyState != "live":
            raise MediaStreamError
        now = time.monotonic()
        self._began = self._began or now
        await asyncio.sleep(max(0.0, self._began + self._count / self._rate - now))
        frame = self._frames[self._count % len(self._frames)]
        frame.pts = round(self._count * _CLOCK / self._rate)
        frame.time_base = Fraction(1, _CLOCK)
        self._count += 1
        return frame


class Client:
    """A client in its own process; all methods are called from the server's.

    Args:
        rate: frames a second that its camera sends.
        size_wh: of the frames, in pixels.
    """

    def __init__(self, rate: float, size_wh: tuple[int, int]) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._received = context.Value("l", 0)
        self._process = context.Process(
            target=_run, args=(theirs, self._received, rate, size_wh), daemon=True
        )
        self._process.start()
        theirs.close()

    def wait(self) -> None:
        """Wait until the process has everything that calls need."""
        self._pipe.recv()

    @property
    def received(self) -> int:
        """Frames that came back in this call so far."""
        return int(self._received.value)

    def call(self) -> str:
        """Begin a call; return its offer, an SDP."""
        self._pipe.send("call")
        return str(self._pipe.recv())

    def accept(self, answer: str) -> None:
        """Go on with the server's answer, an SDP."""
        self._pipe.send(answer)

    def hang_up(self) -> list[Arrival]:
        """End the call; return the frames that came back."""
        self._pipe.send("hang up")
        return list(self._pipe.recv())

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(BrokenPipeError):
            self._pipe.send("end")
        self._process.join(_END_SECONDS)
        self._process.kill()
        self._pipe.close()


def _run(pipe: Connection, received: Any, rate: float, size_wh: tuple[int, int]) -> None:
    asyncio.run(_answer(pipe, received, rate, size_wh))


async def _answer(pipe: Connection, received: Any, rate: float, size_wh: tuple[int, int]) -> None:
    """Do what the server's process asks for, one call after the other."""
    # Ready for the encoder, as a camera's frames are in a browser.
    frames = [
        av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(format="yuv420p")
        for frame in moving_faces(1, size_wh)
    ]
    pipe.send("ready")
    while await asyncio.to_thread(pipe.recv) == "call":
        received.value = 0
        arrivals: list[Arrival] = []
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        connection.addTrack(Camera(frames, rate))
        watching = _watch(connection, received, arrivals)
        await connection.setLocalDescription(await connection.createOffer())
        pipe.send(connection.localDescription.sdp)
        while (message := await asyncio.to_thread(pipe.recv)) != "hang up":
            await connection.setRemoteDescription(RTCSessionDescription(message, "answer"))
        await connection.close()
        await asyncio.gather(*watching)
        pipe.send(arrivals)


def _watch(
    connection: RTCPeerConnection, received: Any, arrivals: list[Arrival]
) -> list[asyncio.Task[None]]:
    """Note when frames come back; return the tasks that do it, which end with the connection."""
    tasks: list[asyncio.Task[None]] = []

    async def consume(track: Any) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                arrivals.append((time.monotonic(), frame.pts / _CLOCK))
                received.value = len(arrivals)

    connection.on("track", lambda track: tasks.append(asyncio.ensure_future(consume(track))))
    return tasks
