"""A WebRTC client like a browser: sends a camera's video and records the frames that come back.

Each client runs in a process of its own, so that its encoding and decoding do not hold the server's
interpreter lock. Client and server still share the machine's cores.
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

#: Time at which a frame came back, by `time.monotonic`, and the frame's camera timestamp, both in
#: seconds. The two clocks have different origins.
Arrival = tuple[float, float]

#: Ticks of a timestamp per second, as usual for video over RTP.
_CLOCK_RATE = 90_000

#: Bits a second of video that is encoded before a call: those of a browser's at this size.
_BIT_RATE = 900_000

#: Seconds that the process may take to end before it is killed.
_END_SECONDS = 10

#: Seconds within which the process answers, on a machine that has much else to do.
_ANSWER_SECONDS = 120


class Camera(VideoStreamTrack):
    """A camera that plays frames in a loop, in real time.

    Args:
        frames: the frames, or packets of VP8 that begin with a key frame.
        rate: frames a second.
    """

    def __init__(self, frames: Sequence[av.VideoFrame | av.Packet], rate: float) -> None:
        super().__init__()
        self._frames, self._rate = frames, rate
        self._count = 0
        self._started = 0.0

    async def recv(self) -> av.VideoFrame | av.Packet:
        """Return the next frame when it is due."""
        if self.readyState != "live":
            raise MediaStreamError
        now = time.monotonic()
        self._started = self._started or now
        await asyncio.sleep(max(0.0, self._started + self._count / self._rate - now))
        frame = self._frames[self._count % len(self._frames)]
        frame.pts = round(self._count * _CLOCK_RATE / self._rate)
        frame.time_base = Fraction(1, _CLOCK_RATE)
        self._count += 1
        return frame


class Client:
    """A client in its own process, controlled from the server's process.

    Its methods raise `TimeoutError` if the process does not answer.

    Args:
        rate: frames a second that its camera sends.
        size_wh: width and height of the frames in pixels.
        encoded: whether the frames are encoded before the call, so that the call costs little.
    """

    def __init__(self, rate: float, size_wh: tuple[int, int], *, encoded: bool = False) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, client_pipe = context.Pipe()
        self._received = context.Value("l", 0)
        self._process = context.Process(
            target=_run, args=(client_pipe, self._received, rate, size_wh, encoded), daemon=True
        )
        self._process.start()
        client_pipe.close()

    def wait(self) -> None:
        """Wait until the process is ready for calls."""
        self._answer()

    @property
    def received(self) -> int:
        """Number of frames that came back in this call so far."""
        return int(self._received.value)

    def call(self) -> str:
        """Start a call and return its SDP offer."""
        self._pipe.send("call")
        return str(self._answer())

    def accept(self, answer: str) -> None:
        """Continue the call with the server's SDP answer."""
        self._pipe.send(answer)

    def hang_up(self) -> list[Arrival]:
        """End the call and return the frames that came back."""
        self._pipe.send("hang up")
        return list(self._answer())

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(BrokenPipeError):
            self._pipe.send("end")
        self._process.join(_END_SECONDS)
        self._process.kill()
        self._pipe.close()

    def _answer(self) -> Any:
        if not self._pipe.poll(_ANSWER_SECONDS):
            raise TimeoutError("the client's process does not answer")
        return self._pipe.recv()


def _run(
    pipe: Connection, received: Any, rate: float, size_wh: tuple[int, int], encoded: bool
) -> None:
    # In the encoder's pixel format, like a camera's frames in a browser.
    frames = [
        av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(format="yuv420p")
        for frame in moving_faces(1, size_wh)
    ]
    asyncio.run(_serve(pipe, received, rate, _packets(frames, rate) if encoded else frames))


def _packets(frames: Sequence[av.VideoFrame], rate: float) -> list[av.Packet]:
    """Return frames as VP8, as browsers send it, with a key frame every second."""
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height = frames[0].width, frames[0].height
    encoder.pix_fmt, encoder.bit_rate, encoder.gop_size = "yuv420p", _BIT_RATE, round(rate)
    encoder.time_base = Fraction(1, round(rate))
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    packets = []
    for number, frame in enumerate(frames):
        frame.pts, frame.time_base = number, encoder.time_base
        packets += encoder.encode(frame)
    return packets + encoder.encode(None)


async def _serve(
    pipe: Connection,
    received: Any,
    rate: float,
    frames: Sequence[av.VideoFrame | av.Packet],
) -> None:
    """Handle the commands of the server's process, one call after the other."""
    pipe.send("ready")
    while await asyncio.to_thread(pipe.recv) == "call":
        received.value = 0
        arrivals: list[Arrival] = []
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        connection.addTrack(Camera(frames, rate))
        watchers = _watch(connection, received, arrivals)
        await connection.setLocalDescription(await connection.createOffer())
        pipe.send(connection.localDescription.sdp)
        while (message := await asyncio.to_thread(pipe.recv)) != "hang up":
            await connection.setRemoteDescription(RTCSessionDescription(message, "answer"))
        await connection.close()
        await asyncio.gather(*watchers)
        pipe.send(arrivals)


def _watch(
    connection: RTCPeerConnection, received: Any, arrivals: list[Arrival]
) -> list[asyncio.Task[None]]:
    """Record when frames come back; return the tasks for this, which end with the connection."""
    tasks: list[asyncio.Task[None]] = []

    async def consume(track: Any) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                arrivals.append((time.monotonic(), frame.pts / _CLOCK_RATE))
                received.value = len(arrivals)

    connection.on("track", lambda track: tasks.append(asyncio.ensure_future(consume(track))))
    return tasks
