"""What the analysis of a recording has found so far, for the page. Does not use Streamlit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from app.core.pictures import small_jpeg
from fer.export.stream import StreamRows
from fer.video.recording import Progress

#: Least seconds between two pictures.
PICTURE_SECONDS = 1.0

#: Longest side of a picture in pixels, and its JPEG quality.
_PICTURE_SIDE, _QUALITY = 800, 80

#: Most rows that are kept for the page, whose timeline has far fewer bars. Of more, every other
#: frame goes: a timeline of three hours took half a second, each second.
MAX_ROWS = 20_000

#: Seconds that a frame of the marked video takes for each that the analysis of one takes (7.8 for
#: 13.8 ms at 1280 × 720), and where small faces are looked for, which takes twenty times as long.
_MARKING, _MARKING_FINE = 0.56, 0.03

#: What a guess of the time that is left must rest on: share of a stage, and seconds.
_KNOWN_SHARE, _KNOWN_SECONDS = 0.02, 1.0


class VideoProgress:
    """Collects the reports of one analysis. Safe to share between threads.

    Args:
        clock: monotonic clock in seconds.
        fine: whether small faces are looked for.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, fine: bool = False) -> None:
        self._clock, self._marking = clock, _MARKING_FINE if fine else _MARKING
        self._lock = threading.Lock()
        self._newest: Progress | None = None
        self._began = self._pictured = -np.inf
        self._speed = 0.0
        self._rows: list[StreamRows] = []
        self._picture = b""

    def report(self, progress: Progress) -> None:
        """Take a report, on the thread of the analysis."""
        now = self._clock()
        picture = b""
        if progress.picture is not None and now - self._pictured >= PICTURE_SECONDS:
            self._pictured = now
            picture = small_jpeg(progress.picture(), _PICTURE_SIDE, _QUALITY)
        with self._lock:
            if self._newest is None or self._newest.stage != progress.stage:
                self._began, self._speed = now, 0.0
            elif now > self._began:
                self._speed = progress.frames / (now - self._began)
            # A picture can be made only now, and keeps the frame that it would show.
            self._newest = replace(progress, rows=None, picture=None)
            if progress.rows is not None:
                self._rows.append(progress.rows)
            self._picture = picture or self._picture

    @property
    def newest(self) -> Progress | None:
        """The last report, without its rows and picture; None before the first."""
        return self._newest

    @property
    def speed(self) -> float:
        """Frames a second in this stage; 0 if it has only begun."""
        return self._speed

    @property
    def seconds_left(self) -> float | None:
        """Guess of the seconds until all is done; None while there is none."""
        with self._lock:
            newest, took = self._newest, self._clock() - self._began
        share = newest.share if newest else None
        if share is None or share < _KNOWN_SHARE or took < _KNOWN_SECONDS:
            return None
        left = took * (1 - share) / share
        if newest and newest.stage == "analysis":
            left += took / share * self._marking * newest.frames / max(1, newest.analysed)
        return left

    @property
    def rows(self) -> StreamRows | None:
        """Rows so far, of a long recording those of some frames; None before the first report."""
        with self._lock:
            if not self._rows:
                return None
            array = np.concatenate([rows.array for rows in self._rows])
            rows = StreamRows(array, self._rows[0].heads)
            while len(rows) > MAX_ROWS:
                frame = np.cumsum(np.diff(rows.seconds, prepend=-np.inf) > 0)
                if frame[-1] == 1:
                    break
                rows = rows.take(frame % 2 == 1)
            self._rows = [rows]
            return rows.used()

    @property
    def picture(self) -> bytes:
        """JPEG of the newest marked picture, a new one about once a second; empty before that."""
        return self._picture
