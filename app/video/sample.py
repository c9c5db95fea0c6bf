"""The sample recording, for visitors without one: the Live page's clip as a file.

Does not use Streamlit.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import av

from app.core.sample_clip import RATE, SECONDS, SIZE, SampleClip
from app.core.settings import SAMPLE
from fer.video.opening import VideoInfo

NAME = "sample.mp4"

#: What its header says.
VIDEO = VideoInfo(*SIZE, seconds=SECONDS, frame_rate=RATE, codec="h264", has_sound=False)

#: H.264 in half a megabyte, written in about three seconds.
_QUALITY = {"preset": "veryfast", "crf": "26"}


def sample_video(folder: Path) -> Path:
    """Return the sample recording, which is drawn and written when it is first asked for.

    Args:
        folder: where it is kept. Whoever comes while it is being written writes their own.
    """
    file = folder / NAME
    if not file.exists():
        half = folder / f"{secrets.token_hex(8)}.mp4"
        try:
            _write(half)
            os.replace(half, file)
        finally:
            half.unlink(missing_ok=True)
    return file


def _write(file: Path) -> None:
    clip = SampleClip(SAMPLE)
    with av.open(str(file), "w", options={"movflags": "faststart"}) as out:
        stream = out.add_stream("libx264", rate=RATE, options=_QUALITY)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        for index in range(round(SECONDS * RATE)):
            frame = av.VideoFrame.from_ndarray(clip.frame(index / RATE), format="rgb24")
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
