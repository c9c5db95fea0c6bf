"""Read the frames of a recording in order, with their times.

Nothing here depends on the length of a recording: one frame is in memory at a time.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from queue import Empty, Full, Queue
from typing import Any, TypeVar

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from fer.errors import VideoError, failures_as
from fer.text import clock
from fer.types import Image
from fer.video.opening import VideoInfo, describe, is_cut_off, opened, picture_of, pixel_aspect_of
from fer.video.scene_cuts import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH

_T = TypeVar("_T")

#: Seconds after which a thread that waits looks whether it is still wanted.
_WAIT = 0.1


@contextmanager
def ahead(items: Iterable[_T], count: int) -> Generator[Iterator[_T], None, None]:
    """Make items on another thread, a few ahead of the loop that uses them.

    The thread has ended when the ``with`` block is left, whether all items were used or not. What
    it raises is raised in the loop.
    """
    queue: Queue[tuple[_T | None, BaseException | None]] = Queue(count)
    unwanted = threading.Event()

    def put(item: _T | None, error: BaseException | None) -> None:
        while not unwanted.is_set():
            with suppress(Full):
                return queue.put((item, error), timeout=_WAIT)

    def make() -> None:
        try:
            for item in items:
                put(item, None)
                if unwanted.is_set():
                    return
            put(None, StopIteration())
        except BaseException as error:
            put(None, error)

    def used() -> Iterator[_T]:
        while True:
            item, error = queue.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item  # type: ignore[misc]

    thread = threading.Thread(target=make, name="ahead", daemon=True)
    thread.start()
    try:
        yield used()
    finally:
        unwanted.set()
        with suppress(Empty):
            while True:
                queue.get_nowait()
        thread.join()


@dataclass(frozen=True)
class Frame:
    """One frame, which becomes a picture when somebody needs it. Use it on the thread that reads.

    Attributes:
        seconds: time since the recording begins, with its first picture or sound.
        duration: seconds until the next frame, as far as the file says; else as usual.
        decoded: the frame as PyAV has it (`av.VideoFrame`), not upright.
        scalers: those of the recording, of pictures and of thumbnails: what FFmpeg prepares for a
            size and a format takes longer than a frame does.
        pixel_aspect: width of a stored pixel, in its heights.
        turn: degrees, 0 or 180, by which the picture is turned beyond what the file says.
    """

    seconds: float
    duration: float
    decoded: Any
    scalers: tuple[VideoReformatter, VideoReformatter] = field(repr=False)
    pixel_aspect: float = 1.0
    turn: int = 0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the upright picture in square pixels."""
        width, height = self._stored_size
        return (height, width) if self.decoded.rotation % 180 else (width, height)

    @property
    def _stored_size(self) -> tuple[int, int]:
        """Width and height in square pixels, not upright."""
        return max(1, round(self.decoded.width * self.pixel_aspect)), self.decoded.height

    def picture(self, longest_side: int | None = None) -> Image:
        """Return the upright picture, RGB uint8; a larger one than a longest side is reduced."""
        width, height = self._stored_size
        scale = min(1.0, (longest_side or max(width, height)) / max(width, height))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        picture = self._scaled(self.scalers[0], *size, "rgb24")
        return np.ascontiguousarray(np.rot90(picture, (self.decoded.rotation + self.turn) // 90))

    def thumbnail(self) -> Image:
        """Return a small grey picture, ``(36, 64)`` uint8, not upright; it costs little.

        Each pixel is the mean of what it covers: less would let fine detail flicker, and a shot
        fall into many.
        """
        return self._scaled(self.scalers[1], THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT, "gray")

    def _scaled(self, scaler: VideoReformatter, width: int, height: int, kind: str) -> Image:
        failure = VideoError("has a frame that cannot be made a picture. It is damaged.")
        with failures_as(lambda _: failure):
            scaled = scaler.reformat(self.decoded, width, height, kind, interpolation="AREA")
            return np.asarray(scaled.to_ndarray())


#: A recording breaks off if it ends so much before its header says: seconds, and share of them.
_MISSING, _MISSING_SHARE = 0.5, 0.01

#: Packets that cannot be decoded, after which the rest is given up.
_MOST_FAILURES = 1000

#: Pixels that a frame counts for at least, as each costs something.
_LEAST_PIXELS = 100_000

#: Seconds before a wanted frame from which to read, one after the other until it is found: most
#: formats have an index of the frames at which that can begin, some have none.
_STEPS_BACK = (0.0,)
_STEPS_BACK_WITHOUT_INDEX = (0.0, 2.0, 10.0, 30.0)
_WITHOUT_INDEX = frozenset({"mpegts", "mpeg", "flv"})

#: Frame rate that is assumed where neither header nor frames say.
_USUAL_RATE = 25.0


def probe(source: Path) -> VideoInfo:
    """Return what the header of a recording says, decoding its first frame; see `VideoReader`."""
    with VideoReader(source) as reader:
        return reader.info


class VideoReader:
    """An open recording, which can be read once. A context manager.

    Its format counts, whatever its name. The sound track's packets are read if they are wanted. A
    turn of 180 degrees rights a picture that is upside down though the file does not say so.

    Attributes:
        enough: whether reading ended before the recording did, after so many pixels of all frames.
        stream: the `av.VideoStream`; of several, the one that a player shows.
        sound: the `av.AudioStream` that a player plays; None without one.
        start: second at which the first frame is shown; more than 0 if the sound begins earlier.
        end: second at which the last frame that was read so far ends.

    Raises:
        VideoError: the file cannot be opened, is none of the formats, has no picture, or one that
            is too large or too small.
    """

    def __init__(
        self,
        source: Path,
        *,
        with_sound: bool = False,
        pixels: float = math.inf,
        turn: int = 0,
    ) -> None:
        self.enough, self._pixels_left = False, pixels
        self._turn = turn
        self._container = opened(source)
        damaged = VideoError("has a header that cannot be read. It is damaged or cut off.")
        try:
            with failures_as(lambda _: damaged):
                self.stream = picture_of(self._container)
            self._pixel_aspect = pixel_aspect_of(self.stream)
            has_index = self._container.format.name not in _WITHOUT_INDEX
            self._steps_back = _STEPS_BACK if has_index else _STEPS_BACK_WITHOUT_INDEX
            # Recordings of television and parts of streams begin hours after zero.
            self._zero = max(0.0, (self._container.start_time or 0) / av.time_base)
            sound = self._container.streams.best("audio")
            # One in a codec that is not known here cannot be played, nor copied.
            self.sound = sound if sound and sound.codec_context else None
            self._failures, self._broken = 0, False
            self._is_cut_off = self._is_packet_damaged = self._is_frame_damaged = False
            self._scalers = VideoReformatter(), VideoReformatter()
            self._newest = self.end = -math.inf
            first, self._items = self._begin([self.sound] if with_sound and self.sound else [])
            self.start = first.seconds
            size = source.stat().st_size
            own_start = first.seconds + self._zero
            self.info = describe(self._container, self.stream, first.size, own_start, size)
            self._is_cut_off = is_cut_off(self._container, source)
        except BaseException:
            self._container.close()
            raise

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    def frames(self) -> Iterator[Frame]:
        """Yield every frame that can be decoded, in the order of their times."""
        return (item for item in self._items if isinstance(item, Frame))

    def seek(self, seconds: float) -> Frame | None:
        """Return the frame that is shown at a time; None if it cannot be found.

        Later calls may ask for any time; `frames` must not be used any more.
        """
        return next(filter(None, (self._seek(seconds, back) for back in self._steps_back)), None)

    def _seek(self, seconds: float, back: float) -> Frame | None:
        """Return the frame that is shown at a time, reading from so many seconds before it.

        None if nothing can be read from there up to that time.
        """
        base = self.stream.time_base
        self._newest = -math.inf
        own_seconds = max(0.0, seconds - back + self._zero)
        try:
            self._container.seek(math.floor(own_seconds / base), stream=self.stream)
        except Exception:  # of whatever kind FFmpeg and PyAV find for it
            return None
        is_first = True
        for item in self._read([self.stream]):
            if not isinstance(item, Frame):
                continue
            if is_first and item.seconds - item.duration / 2 > seconds:
                return None
            is_first = False
            if item.seconds + item.duration / 2 > seconds:
                return item
        return None

    def items(self) -> Iterator[Frame | av.Packet]:
        """Yield the frames and, in between, the packets of the sound track if they are wanted."""
        return self._items

    @property
    def note(self) -> str:
        """Once all was read, why it was not the whole recording; empty if it was."""
        length, read = self.info.seconds, self.end - self.start
        if self.enough:
            of = "" if length is None else f" of {clock(length)}"
            return (
                f"Only {clock(read)}{of} were read: the rest is more work than is done for one "
                "recording here. Cut it into parts, or make its picture smaller."
            )
        if length is not None and length - read > max(_MISSING, _MISSING_SHARE * length):
            return f"The file breaks off after {clock(read)} of {clock(length)}."
        # FFmpeg marks what goes on after the end of the file: the last packet, or the last frame.
        if self._is_cut_off or self._is_packet_damaged or self._is_frame_damaged:
            return f"The file breaks off after {clock(read)}."
        if self._broken:
            return f"The file is damaged after {clock(read)}."
        return "The file is damaged: not every frame could be read." if self._failures else ""

    def _begin(self, further: list[Any]) -> tuple[Frame, Iterator[Frame | av.Packet]]:
        """Read up to the first frame, since only that says how the camera was held."""
        items, before = self._read([self.stream, *further]), list[Any]()
        for item in items:
            before.append(item)
            if isinstance(item, Frame):
                return item, chain(before, items)
        raise VideoError("holds no frame that can be read. It is damaged or cut off.")

    def _read(self, streams: list[Any]) -> Iterator[Frame | av.Packet]:
        for packet in self._packets(streams):
            if packet.stream is not self.stream:
                self._rebase(packet)
                yield packet
                continue
            if packet.size:
                self._is_packet_damaged = packet.is_corrupt
            for decoded in self._decoded(packet):
                self._is_frame_damaged = decoded.is_corrupt
                self._pixels_left -= max(_LEAST_PIXELS, decoded.width * decoded.height)
                if self._pixels_left < 0:
                    self.enough = True
                    return
                frame = self._timed(decoded)
                if frame is not None:
                    self.end = frame.seconds + frame.duration
                    yield frame

    def _packets(self, streams: list[Any]) -> Iterator[av.Packet]:
        try:
            yield from self._container.demux(streams)
        except Exception:
            self._broken = True

    def _decoded(self, packet: av.Packet) -> list[Any]:
        """Return the frames that a packet completes; none if it is damaged."""
        if self._failures >= _MOST_FAILURES:
            self._broken = True
            return []
        try:
            return list(packet.decode())
        except Exception:
            self._failures += 1
            return []

    def _rebase(self, packet: av.Packet) -> None:
        """Let the times of a packet of sound count as those of frames do."""
        shift = round(self._zero / packet.time_base) if packet.time_base else 0
        if packet.pts is not None:
            packet.pts -= shift
        if packet.dts is not None:
            packet.dts -= shift

    def _timed(self, decoded: Any) -> Frame | None:
        """Return a frame with its time; None if a damaged file puts it before an earlier one."""
        base = decoded.time_base or self.stream.time_base or 0
        step = float(1 / (self.stream.average_rate or _USUAL_RATE))
        duration = float((decoded.duration or 0) * base) or step
        seconds = float((decoded.pts or 0) * base) - self._zero
        if decoded.pts is None or not base:
            seconds = self.end if math.isfinite(self.end) else 0.0
        if seconds <= self._newest:
            return None
        self._newest = seconds
        return Frame(seconds, duration, decoded, self._scalers, self._pixel_aspect, self._turn)
