"""Prepare the frames of a recording for the analysis."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

from fer.types import Image
from fer.video.reading import VideoReader
from fer.video.scene_cuts import SceneCuts

#: A frame may come so much earlier than its turn, in seconds: times in files are rounded.
_ROUNDED = 0.0005


@dataclass(frozen=True)
class PreparedFrame:
    """What the analysis needs of a frame.

    Attributes:
        seconds: time of the frame.
        size: width and height in the recording, in pixels.
        new_scene: whether another scene begins with it.
        image: RGB, perhaps smaller than `size`; None if it is not to be analysed.
        spent: seconds of processor time that this thread took for all frames so far.
    """

    seconds: float
    size: tuple[int, int]
    new_scene: bool
    image: Image | None
    spent: float


def prepared(reader: VideoReader, rate: float | None, side: int | None) -> Iterator[PreparedFrame]:
    """Yield every frame, with a picture of those whose turn it is.

    Args:
        reader: the recording.
        rate: frames that are analysed a second; every frame if None.
        side: longer side in pixels to which larger pictures are reduced; not at all if None.
    """
    is_cut, turn, began = SceneCuts(), 0, time.thread_time()
    for frame in reader.frames():
        image = None
        turns = math.inf if rate is None else (frame.seconds - reader.start + _ROUNDED) * rate
        if turns >= turn:
            image = frame.picture(side)
            turn = 0 if rate is None else math.floor(turns) + 1
        new_scene = is_cut(frame.thumbnail())
        spent = time.thread_time() - began
        yield PreparedFrame(frame.seconds, frame.size, new_scene, image, spent)
