"""Recordings in every container that is read: analysed, and written with marks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fer.errors import VideoError
from fer.video.annotated import write_annotated
from fer.video.reading import VideoReader
from fer.video.recording import VideoOptions, analyse
from tests.fer.video.samples import beacon, even, red_stream, write_clip
from tests.fuzz.mutations import Rng, changed, one
from tests.fuzz.runner import Target, refused
from tests.samples import fake_spec

_SPEC = fake_spec()

_KINDS: dict[str, dict[str, object]] = {
    "end.mp4": {"sound": "aac"},
    "front.mp4": {"sound": "aac", "fast_start": True},
    "turned.mov": {"rotation": 90},
    "a.mkv": {"sound": "aac"},
    "a.webm": {"codec": "libvpx", "sound": "libopus"},
    "a.avi": {"codec": "mpeg4", "sound": "pcm_s16le"},
    "a.gif": {"codec": "gif", "pix_fmt": "rgb8"},
    "a.ts": {},
}


def seeds(folder: Path) -> list[bytes]:
    """Return a recording of eight frames of every kind."""
    draw = beacon(lambda seconds: 100 * seconds, size=(96, 64), side=24)
    return [
        write_clip(folder / name, even(8), draw, **options).read_bytes()  # type: ignore[arg-type]
        for name, options in _KINDS.items()
    ]


def change(rng: Rng, recordings: list[bytes]) -> tuple[bytes, float]:
    """Change a recording, and choose a second to look for."""
    return changed(rng, one(rng, recordings), recordings), float(rng.random())


def run(case: tuple[bytes, float], folder: Path) -> None:
    data, seconds = case
    file, out = folder / "recording", folder / "marked.mp4"
    file.write_bytes(data)
    with refused(VideoError):
        found = analyse(file, red_stream(_SPEC), VideoOptions(rate=10))
        assert (np.diff(found.rows.seconds) >= 0).all()
        assert np.isfinite(found.end)
        with VideoReader(file) as reader:
            frame = reader.seek(seconds)
            assert frame is None or np.isfinite(frame.seconds)
        write_annotated(file, found, out, _SPEC)
        assert out.exists()
        out.unlink()
    assert {*folder.iterdir()} == {file}  # of what cannot be marked nothing is left


#: A frame may have 36 million pixels, and a decoder holds several.
RECORDINGS = Target("recordings", seeds, change, run, memory=6 * 2**30, seconds=120)
