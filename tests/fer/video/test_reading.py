"""Recordings of every kind, damaged ones and such as are made to harm."""

from __future__ import annotations

import re
import struct
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from fer.errors import VideoError
from fer.model.spec import ModelSpec
from fer.video import opening
from fer.video.annotated import write_annotated
from fer.video.reading import VideoReader, ahead, probe
from fer.video.recording import Recording, VideoOptions, analyse
from tests.fer.video.samples import TICK, dotted_gif, even, plain, red_stream, write_clip


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    assert "ahead" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize("count", [0, 1, 50])
def test_all_items_come_in_order(count: int) -> None:
    with ahead(range(count), 3) as items:
        assert list(items) == list(range(count))


def test_it_is_only_so_far_ahead() -> None:
    made: list[int] = []
    with ahead((made.append(i) or i for i in range(100)), 3) as items:
        for number in items:
            # Three wait, one is used, and one is made.
            assert len(made) <= number + 5
            if number == 20:
                break
    assert len(made) < 30


def test_an_error_of_either_side_is_raised_in_the_loop() -> None:
    seen: list[int] = []

    def make() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"), ahead(make(), 2) as items:
        seen.extend(items)
    with pytest.raises(ZeroDivisionError), ahead(iter(int, 1), 2) as items:
        seen.append(1 // next(items))
    assert seen == [1]


FORMATS: list[tuple[str, dict[str, str]]] = [
    ("a.mp4", {}),
    ("a.mov", {"codec": "mpeg4"}),
    ("a.m4v", {}),
    ("a.mkv", {"codec": "libx265", "x265-params": "log-level=none"}),
    ("a.webm", {"codec": "libvpx-vp9", "cpu-used": "8"}),
    ("a.avi", {"codec": "mpeg4"}),
    ("a.gif", {"codec": "gif", "pix_fmt": "rgb8"}),
    ("odd.mkv", {"codec": "ffv1", "pix_fmt": "yuv444p"}),
    ("deep.mkv", {"codec": "libx265", "pix_fmt": "yuv420p10le", "x265-params": "log-level=none"}),
    ("grey.mkv", {"codec": "ffv1", "pix_fmt": "gray"}),
    ("a.ts", {}),
    ("a.m2ts", {"codec": "mpeg2video"}),
    ("a.mpg", {"codec": "mpeg1video"}),
    ("a.vob", {"codec": "mpeg2video"}),
    ("a.flv", {"codec": "flv"}),
    ("h264.flv", {}),
    ("a.wmv", {"codec": "wmv2"}),
]


@pytest.mark.parametrize(("name", "options"), FORMATS)
def test_every_format_is_read(tmp_path: Path, name: str, options: dict[str, str]) -> None:
    size = (97, 65) if name == "odd.mkv" else (96, 64)
    # A program stream has a time for a few frames only, and a rate.
    times = even(5, 30) if name in ("a.mpg", "a.vob") else even(5)
    file = write_clip(tmp_path / name, times, plain(size), **options)  # type: ignore[arg-type]
    with VideoReader(file) as reader:
        frames = [(frame.seconds, frame.picture()) for frame in reader.frames()]
        assert (reader.info.width, reader.info.height, reader.note) == (*size, "")
    assert [seconds for seconds, _ in frames] == pytest.approx(times, abs=0.0011)
    for _, picture in frames:
        assert picture.shape == (size[1], size[0], 3)
        # A GIF of 256 fixed colours is not near.
        near = 50 if name == "a.gif" else 6
        assert picture[30, 60].tolist() == pytest.approx([130] * 3, abs=near)
        assert picture[5, 5].max() < 40


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "libx264"), ("a.webm", "libvpx"), ("a.ts", "libx264")]
)
@pytest.mark.parametrize("start", [0.0, 7.25, 36_000.0])
def test_times_count_from_the_beginning(
    tmp_path: Path, name: str, codec: str, start: float
) -> None:
    times = [0.0, 0.033, 0.4, 0.41, 1.7, 1.733]
    file = write_clip(tmp_path / name, [start + seconds for seconds in times], codec=codec)
    with VideoReader(file) as reader:
        assert [frame.seconds for frame in reader.frames()] == pytest.approx(times, abs=0.001)
        # How long the last frame is shown differs.
        assert reader.info.seconds == pytest.approx(1.75, abs=1.4)
        assert (reader.start, reader.note) == (pytest.approx(0, abs=1e-6), "")
    with VideoReader(file) as reader:
        frame = reader.seek(0.4)
        assert frame is not None
        assert frame.seconds == pytest.approx(0.4, abs=0.02)


@pytest.mark.parametrize(
    ("rotation", "size", "corner"),
    [
        (0, (96, 64), [0, 0]),
        (90, (64, 96), [1, 0]),
        (180, (96, 64), [1, 1]),
        (270, (64, 96), [0, 1]),
    ],
)
def test_phone_clips_are_upright_and_reduced_as_far_as_is_asked_for(
    tmp_path: Path, rotation: int, size: tuple[int, int], corner: list[int]
) -> None:
    with VideoReader(write_clip(tmp_path / "a.mp4", even(3), rotation=rotation)) as reader:
        frame = next(reader.frames())
        assert (reader.info.width, reader.info.height) == frame.size == size
    picture = frame.picture()
    assert picture.shape == frame.picture(1000).shape == (size[1], size[0], 3)
    dark = np.argwhere(picture[..., 0] < 60).mean(axis=0) / (size[1], size[0])
    assert (dark > 0.5).astype(int).tolist() == corner
    assert frame.picture(48).shape == (size[1] // 2, size[0] // 2, 3)
    assert frame.thumbnail().shape == (36, 64)


@pytest.mark.parametrize(
    ("stored", "aspect", "shown"),
    [
        ((48, 64), Fraction(2), (96, 64)),
        ((66, 64), Fraction(16, 11), (96, 64)),
        ((120, 64), Fraction(8, 10), (96, 64)),
        ((96, 64), Fraction(1), (96, 64)),
        ((96, 64), Fraction(1000), (96, 64)),
        ((96, 64), Fraction(1, 1000), (96, 64)),
    ],
    ids=["anamorphic", "16:11", "narrow", "square", "absurdly wide", "absurdly narrow"],
)
@pytest.mark.parametrize("rotation", [0, 90])
def test_pixels_are_square(
    tmp_path: Path, stored: tuple[int, int], aspect: Fraction, shown: tuple[int, int], rotation: int
) -> None:
    file = write_clip(
        tmp_path / "a.mp4", even(3), plain(stored), pixel_aspect=aspect, rotation=rotation
    )
    width, height = shown if rotation == 0 else shown[::-1]
    with VideoReader(file) as reader:
        frame = next(reader.frames())
        assert (reader.info.width, reader.info.height) == frame.size == (width, height)
        assert frame.picture().shape == (height, width, 3)
        assert frame.picture(48).shape == (height // 2, width // 2, 3)
        assert frame.thumbnail().shape == (36, 64)


def test_the_header_is_told(tmp_path: Path) -> None:
    info = probe(
        write_clip(tmp_path / "a.mp4", even(20), sound="aac", created="2024-05-01T10:00:00Z")
    )
    assert info.seconds == pytest.approx(2.0, abs=0.1)
    assert info.frame_rate == pytest.approx(10, abs=0.6)
    assert (info.codec, info.has_sound) == ("h264", True)
    assert info.created == datetime(2024, 5, 1, 10, tzinfo=UTC)
    mute = probe(write_clip(tmp_path / "b.mp4", even(3), created="1970-01-01T00:00:00Z"))
    assert (mute.has_sound, mute.created) == (False, None)


@pytest.mark.parametrize("name", ["a.mp4", "a.ts", "a.flv"])
@pytest.mark.parametrize("start", [0.0, 36_000.0])
def test_a_frame_can_be_found_again(tmp_path: Path, name: str, start: float) -> None:
    with VideoReader(write_clip(tmp_path / name, even(30, start=start))) as reader:
        list(reader.frames())
        for seconds in (0.0, 2.9, 0.9, 0.95, 1.0):
            frame = reader.seek(seconds)
            assert frame is not None
            assert abs(frame.seconds - seconds) <= 0.051
        assert reader.seek(99) is None


def only_sound(file: Path) -> None:
    whole = write_clip(file.with_name("whole.mp4"), even(3), sound="aac")
    with av.open(str(whole)) as source, av.open(str(file), "w") as out:
        track = out.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = track
                out.mux(packet)


def album(file: Path) -> None:
    """Write sound with the picture of its cover."""
    whole = write_clip(file.with_name("whole.mp4"), even(3), sound="aac")
    cover = np.full((64, 64, 3), 90, np.uint8)
    with av.open(str(whole)) as source, av.open(str(file), "w") as out:
        track = out.add_stream_from_template(source.streams.audio[0])
        picture = out.add_stream("mjpeg", rate=1)
        picture.width = picture.height = 64
        picture.pix_fmt = "yuvj420p"
        picture.disposition = Disposition.attached_pic
        out.mux(picture.encode(av.VideoFrame.from_ndarray(cover, format="rgb24")))
        out.mux(picture.encode())
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = track
                out.mux(packet)


def written(content: bytes) -> Callable[[Path], object]:
    return lambda file: file.write_bytes(content)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (written(b""), "is empty"),
        (lambda file: None, "cannot be opened: No such file"),
        (written(b"Just a text.\n" * 99), "is not a recording that can be read"),
        (written(b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:9,\n/etc/hostname\n"), "is not a recording"),
        (written(b"ffconcat version 1.0\nfile 'other.mp4'\n"), "is not a recording"),
        (only_sound, "sound, but no picture"),
        (album, "sound, but no picture"),
        (lambda file: dotted_gif(file, (16384, 16384), 3), "does not say how large its picture is"),
        (lambda file: dotted_gif(file, (3001, 3000), 3), "frames may have 9 million"),
        (lambda file: write_clip(file, even(2), plain((8, 8))), "is too small: 8 × 8 pixels"),
        (lambda file: write_clip(file, even(2), plain((640, 480))), "is too large: 640 × 480"),
    ],
)
def test_what_is_no_recording_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], object], says: str
) -> None:
    make(tmp_path / "a.mp4")
    monkeypatch.setattr(opening, "MAX_PIXELS", 300_000)
    with pytest.raises(VideoError, match=says):
        probe(tmp_path / "a.mp4")


@pytest.mark.parametrize("share", [0.3, 0.9])
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_cut_off_file_is_read_as_far_as_it_goes(tmp_path: Path, name: str, share: float) -> None:
    noise = np.random.default_rng(1)

    def draw(seconds: float) -> np.ndarray:
        return noise.integers(0, 255, (64, 96, 3), np.uint8)

    times = even(60, start=2.0)
    whole = write_clip(tmp_path / name, times, draw, fast_start=name == "a.mp4")
    content = whole.read_bytes()
    whole.write_bytes(content[: round(share * len(content))])
    with VideoReader(whole) as reader:
        seconds = [frame.seconds for frame in reader.frames()]
        assert 60 * share - 12 < len(seconds) < 60 * share + 6
        read = int(reader.end - reader.start)
        assert re.fullmatch(rf"The file breaks off after 0:0{read} of 0:0[56]\.", reader.note)


@pytest.mark.parametrize("share", [0.31, 0.61, 0.87])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.ts", {}),
        ("a.m2ts", {"codec": "mpeg2video"}),
        ("a.mpg", {"codec": "mpeg2video"}),
        ("a.mp4", {"movflags": "frag_keyframe+empty_moov", "g": "5"}),
    ],
)
def test_a_cut_off_file_without_a_length_says_so(
    tmp_path: Path, name: str, options: dict[str, str], share: float
) -> None:
    noise = np.random.default_rng(1)

    def draw(seconds: float) -> np.ndarray:
        return noise.integers(0, 255, (64, 96, 3), np.uint8)

    file = write_clip(tmp_path / name, even(60, 25), draw, **options)  # type: ignore[arg-type]
    content = file.read_bytes()
    for part, says in ((content, ""), (content[: round(share * len(content))], "breaks off after")):
        file.write_bytes(part)
        with VideoReader(file) as reader:
            assert list(reader.frames())
            assert says in reader.note
            assert bool(reader.note) == bool(says)


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


def test_a_recording_opens_its_file_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, dict[str, str]]] = []

    def look(file: str, options: dict[str, str], **_: object) -> None:
        asked.append((file, options))
        raise OSError("seen enough")

    (tmp_path / "a.mp4").write_text("This is not a film.")
    monkeypatch.setattr("av.open", look)
    with pytest.raises(VideoError):
        VideoReader(tmp_path / "a.mp4")
    formats = "mov,matroska,webm,avi,gif,mpegts,mpeg,flv,asf"
    only = {"protocol_whitelist": "file", "format_whitelist": formats}
    assert asked == [(str(tmp_path.resolve() / "a.mp4"), only)]


@pytest.mark.parametrize(("name", "make"), [("a.mp4", endless_mp4), ("a.mkv", endless_mkv)])
def test_a_length_beyond_belief_is_not_believed(
    tmp_path: Path, spec: ModelSpec, name: str, make: Callable[[Path], Path]
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
    small = dotted_gif(tmp_path / "small.gif", (16, 16), 30)  # each of which counts, too
    assert len(analyse(small, red_stream(spec), VideoOptions(pixels=1e6)).rows) == 10
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
