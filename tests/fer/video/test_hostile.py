"""Recordings that are damaged or made to harm: a clear message or a right result."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fer.errors import VideoError
from fer.model.spec import ModelSpec
from fer.video.annotated import write_annotated
from fer.video.reading import VideoReader
from fer.video.recording import Recording, VideoOptions, analyse
from tests.fer.video.samples import TICK, dotted_gif, even, red_stream, write_clip


def tried(file: Path, spec: ModelSpec, rate: float | None = None) -> Recording | str:
    """Return what is found in a recording, or why it is refused; nothing else is left behind."""
    out = file.with_name("marked.mp4")
    before = set(file.parent.iterdir())
    try:
        found = analyse(file, red_stream(spec), VideoOptions(rate=rate))
        write_annotated(file, found, out, spec)
    except VideoError as error:
        assert set(file.parent.iterdir()) == before
        return str(error)
    assert set(file.parent.iterdir()) == before | {out}
    assert (np.diff(found.rows.seconds) > 0).all()
    assert np.isfinite(found.end)
    return found


def patched_gif(file: Path) -> Path:
    """Say in the header of an animation that it has 16,384 × 16,384 pixels."""
    write_clip(file, even(3), codec="gif", pix_fmt="rgb8")
    content = bytearray(file.read_bytes())
    content[6:10] = struct.pack("<HH", 16384, 16384)
    file.write_bytes(content)
    return file


def endless_mp4(file: Path) -> Path:
    """Say in every header of a file that it lasts as long as can be said."""
    write_clip(file, even(10))
    content = bytearray(file.read_bytes())
    for box, at in ((b"mvhd", 20), (b"mdhd", 20), (b"tkhd", 24)):
        place = content.index(box) + at
        content[place : place + 4] = struct.pack(">I", 0xFFFF_FFF0)
    file.write_bytes(content)
    return file


def endless_mkv(file: Path) -> Path:
    """Say in the header of a file of a few kilobytes that it lasts more than an hour."""
    write_clip(file, even(10))
    content = bytearray(file.read_bytes())
    place = content.index(b"\x44\x89\x88") + 3
    content[place : place + 8] = struct.pack(">d", 5e6)
    file.write_bytes(content)
    return file


Make = Callable[[Path], Path]


@pytest.mark.parametrize(
    ("name", "make", "says"),
    [
        ("a.gif", patched_gif, "does not say how large its picture is"),
        ("a.gif", lambda file: dotted_gif(file, (3001, 3000), 3), "frames may have 9 million"),
    ],
)
def test_refused_at_once(tmp_path: Path, spec: ModelSpec, name: str, make: Make, says: str) -> None:
    found = tried(make(tmp_path / name), spec)
    assert isinstance(found, str)
    assert says in found


def test_a_recording_may_open_nothing_but_its_own_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, dict[str, str]]] = []

    def look(file: str, options: dict[str, str], **_: object) -> None:
        asked.append((file, options))
        raise OSError("seen enough")

    (tmp_path / "a.mp4").write_text("This is not a film.")
    monkeypatch.setattr("av.open", look)
    with pytest.raises(VideoError):
        VideoReader(tmp_path / "a.mp4")
    formats = "mov,matroska,webm,avi,gif,mpegts"
    only = {"protocol_whitelist": "file", "format_whitelist": formats}
    assert asked == [(str(tmp_path.resolve() / "a.mp4"), only)]


@pytest.mark.parametrize(("name", "make"), [("a.mp4", endless_mp4), ("a.mkv", endless_mkv)])
def test_a_length_beyond_belief_is_not_believed(
    tmp_path: Path, spec: ModelSpec, name: str, make: Make
) -> None:
    found = tried(make(tmp_path / name), spec)
    assert isinstance(found, Recording)
    assert found.video.seconds is None or found.video.seconds < 10
    assert (len(found.rows), found.note) == (10, "")


@pytest.mark.parametrize("gap", [100.0, 1e9])
def test_a_long_gap_is_a_hole(tmp_path: Path, spec: ModelSpec, gap: float) -> None:
    file = write_clip(tmp_path / "a.mkv", [0.0, 0.1, gap, gap + 0.1])
    found = analyse(file, red_stream(spec), VideoOptions(rate=10))
    assert found.rows.seconds == pytest.approx([0.0, 0.1, gap, gap + 0.1], abs=float(TICK))
    as_video = tried(file, spec)
    # MP4 knows no frame of more than some hours.
    assert isinstance(as_video, Recording) == (gap < 1000)


def test_what_is_too_much_work_is_read_in_part(tmp_path: Path, spec: ModelSpec) -> None:
    """A few bytes may be many large frames: pixels and time of the processor are counted."""
    file = dotted_gif(tmp_path / "a.gif", (400, 300), 50)
    whole = tried(file, spec)
    assert isinstance(whole, Recording)
    assert (len(whole.rows), whole.note) == (50, "")
    for options in (VideoOptions(pixels=20 * 400 * 300 + 1), VideoOptions(processor_seconds=1e-9)):
        found = analyse(file, red_stream(spec), options)
        assert 1 <= len(found.rows) <= 20
        assert (len(found.rows) == 20) == (options.processor_seconds > 1)
        assert "more work than is done for one recording" in found.note
        out = tmp_path / "part.mp4"
        write_annotated(file, found, out, spec)
        with VideoReader(out) as reader:
            assert 1 <= sum(1 for _ in reader.frames()) <= 30


def test_a_small_frame_counts_too(tmp_path: Path, spec: ModelSpec) -> None:
    file = dotted_gif(tmp_path / "a.gif", (16, 16), 30)
    assert len(analyse(file, red_stream(spec), VideoOptions(pixels=1e6)).rows) == 10


@pytest.mark.parametrize("part", ["open", "demux", "convert"])
def test_whatever_the_library_raises_is_the_project_s_own_error(
    tmp_path: Path, spec: ModelSpec, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise LookupError("of a version to come")

    file = write_clip(tmp_path / "a.mp4", even(5))
    place = {
        "open": "fer.video.opening.av.open",
        "demux": "fer.video.opening.av.container.InputContainer.demux",
        "convert": "fer.video.reading.VideoReformatter.reformat",
    }[part]
    monkeypatch.setattr(place, fail)
    assert isinstance(tried(file, spec), str)
