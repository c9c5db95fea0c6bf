from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from fer.errors import VideoError
from fer.export.stream import HeadLabels, StreamRows
from fer.model.spec import ModelSpec
from fer.types import UNCERTAIN, Faces, Image
from fer.video.annotated import Playback, write_annotated
from fer.video.reading import VideoReader
from fer.video.recording import Cancelled, Progress, Recording, VideoOptions, analyse
from tests.fer.video.samples import beacon, even, plain, red_stream, write_clip
from tests.samples import make_detections


def people_at(seconds: float, spec: ModelSpec, *, sure: float = 1.0, **people: float) -> Faces:
    """Return faces of persons ``p1``, ``p2`` … with their left edges."""
    boxes = [(left, 20.0, left + 40.0, 60.0) for left in people.values()]
    probabilities = np.full((len(boxes), 3), (1 - sure) / 2, np.float32)
    probabilities[:, 0] = sure
    faces = Faces.of(make_detections(*boxes), probabilities, spec.labels)
    numbers = np.array([int(name[1:]) for name in people], np.int64)
    return replace(faces, seconds=seconds, track_id=numbers)


def playback(spec: ModelSpec, *frames: Faces, cuts: tuple[float, ...] = ()) -> Playback:
    heads = (HeadLabels(spec.heads[0].name, spec.labels),)
    parts = [StreamRows.of(faces, (200, 100), heads).array for faces in frames]
    array = np.concatenate([StreamRows.empty(heads).array, *parts])
    return Playback(StreamRows(array, heads), cuts, spec)


def lefts(faces: Faces) -> dict[int, float]:
    return {
        number: pytest.approx(left, abs=1e-3)
        for number, left in zip(faces.track_id.tolist(), faces.xyxy[:, 0].tolist(), strict=True)
    }


@pytest.mark.parametrize(
    ("seconds", "found"),
    [
        (0.5, {1: 0}),
        (2.0, {1: 0}),
        (2.1, {1: 10}),
        (2.4, {1: 40}),
        (2.74, {1: 50}),  # the nearer frame says who is there
        (2.76, {2: 100}),
        (4.4, {2: 100}),  # however few frames were analysed
        (4.6, {3: 0}),
        (9.0, {3: 0}),
    ],
)
def test_boxes_move_evenly(spec: ModelSpec, seconds: float, found: dict[int, float]) -> None:
    played = playback(
        spec,
        people_at(1.0, spec, p1=0),
        people_at(2.0, spec, p1=0),
        people_at(2.5, spec, p1=50),
        people_at(3.0, spec, p2=100),
        people_at(6.0, spec, p3=0),
    )
    assert lefts(played.faces_at(seconds)) == found


def test_nobody_is_seen_from_one_scene_in_another(spec: ModelSpec) -> None:
    frames = (people_at(1.0, spec, p1=0), people_at(1.5, spec, p2=80))
    played = playback(spec, *frames, cuts=(1.1,))
    assert lefts(played.faces_at(1.05)) == {1: 0}
    assert lefts(played.faces_at(1.1)) == {2: 80}
    assert lefts(played.faces_at(1.2)) == {2: 80}
    nobody = playback(spec).faces_at(1.0)
    assert (len(nobody), nobody.labels) == (0, spec.labels)


@pytest.mark.parametrize("sure", [0.4, 0.9])
def test_answers_are_those_of_the_analysis(spec: ModelSpec, sure: float) -> None:
    head = spec.heads[0]
    doubtful = head.model_copy(
        update={"abstention": head.abstention.model_copy(update={"threshold": 0.5})}
    )
    spec = spec.model_copy(update={"heads": (doubtful,)})
    faces = people_at(1.0, spec, sure=sure, p1=0, p2=90)
    faces = replace(faces, thresholds=doubtful.thresholds, margin=doubtful.margin)
    found = playback(spec, faces).faces_at(1.2)
    assert found.answers == faces.answers == [UNCERTAIN if sure < 0.5 else "happy"] * 2
    assert found.confidence == pytest.approx([sure] * 2)


def found_in(file: Path, spec: ModelSpec, rate: float | None = None) -> Recording:
    options = VideoOptions(rate=rate, smoothing_seconds=0)
    return analyse(file, red_stream(spec), options, portraits=False)


def marked(file: Path, spec: ModelSpec, rate: float | None = None) -> Path:
    """Analyse a recording and write it with its faces marked."""
    out = file.with_name("marked.mp4")
    write_annotated(file, found_in(file, spec, rate), out, spec)
    assert sorted(file.parent.iterdir()) == sorted({file, out})
    return out


def frames_of(file: Path) -> dict[float, Image]:
    with VideoReader(file) as reader:
        return {frame.seconds: frame.picture() for frame in reader.frames()}


def is_marked(before: Image, after: Image) -> bool:
    """Return whether something was drawn."""
    height, width = before.shape[:2]
    return bool((np.abs(before.astype(int) - after[:height, :width]) > 60).mean() > 0.005)


@pytest.mark.parametrize(
    ("name", "codec", "times"),
    [
        ("a.mp4", "libx264", [*even(5), 0.61, 0.65, 1.5]),
        ("a.mp4", "libx264", [*even(5, start=4.5), 5.51, 5.65, 7.5]),
        ("a.webm", "libvpx", [*even(5), 0.61, 0.65, 1.5]),
        ("a.webm", "libvpx", [*even(5, start=4.5), 5.51, 5.65, 7.5]),
        ("a.avi", "mpeg4", even(5)),  # which knows no other times
    ],
)
def test_every_frame_keeps_its_time(
    tmp_path: Path, spec: ModelSpec, name: str, codec: str, times: list[float]
) -> None:
    file = write_clip(tmp_path / name, times, codec=codec)
    since_first = [seconds - times[0] for seconds in times]
    assert list(frames_of(marked(file, spec))) == pytest.approx(since_first, abs=0.001)


@pytest.mark.parametrize("sound", ["", "aac"])
def test_what_is_written_begins_at_zero(tmp_path: Path, spec: ModelSpec, sound: str) -> None:
    file = write_clip(tmp_path / "a.ts", even(10, start=36_000), sound=sound)
    with av.open(str(marked(file, spec))) as container:
        assert container.start_time == pytest.approx(0, abs=100_000)
        assert container.duration == pytest.approx(1_000_000, abs=200_000)


def test_what_is_written_has_square_pixels(tmp_path: Path, spec: ModelSpec) -> None:
    draw = beacon(lambda s: 20, size=(80, 96), side=16)
    file = write_clip(tmp_path / "a.mp4", even(3), draw, pixel_aspect=Fraction(2))
    found = found_in(file, spec)
    assert found.rows.array["box"][0] == pytest.approx([40, 32, 72, 48], abs=3)
    with av.open(str(marked(file, spec))) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (160, 96)
        assert stream.sample_aspect_ratio in (None, 1)


def test_faces_are_marked_and_nothing_else(tmp_path: Path, spec: ModelSpec) -> None:
    file = write_clip(
        tmp_path / "a.mp4", even(6), beacon(lambda s: 60 if s < 0.3 else -1, size=(320, 200))
    )
    before, after = frames_of(file), frames_of(marked(file, spec))
    drawn = [is_marked(before[seconds], after[seconds]) for seconds in before]
    assert drawn == [True] * 3 + [False] * 3


def test_colours_stay(tmp_path: Path, spec: ModelSpec) -> None:
    patches = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [90, 40, 10]])
    picture = np.repeat(np.repeat(patches[None], 32, axis=1), 64, axis=0).astype(np.uint8)
    file = write_clip(tmp_path / "a.mkv", even(2), lambda s: picture, codec="ffv1", pix_fmt="bgr0")
    after = next(iter(frames_of(marked(file, spec)).values()))
    for i, colour in enumerate(patches.tolist()):
        assert after[32, 32 * i + 16].tolist() == pytest.approx(colour, abs=9)


def flash_and_beep(file: Path) -> tuple[float, float]:
    """Return when the picture becomes bright, and when the sound becomes loud."""
    seen = next(seconds for seconds, p in frames_of(file).items() if p.mean() > 128)
    with av.open(str(file)) as container:
        for frame in container.decode(audio=0):
            samples = frame.to_ndarray().astype(float)
            loudness = np.abs(samples).max(axis=0) if frame.format.is_planar else np.abs(samples[0])
            scale = 1.0 if "flt" in frame.format.name else 2.0 ** (8 * frame.format.bytes - 1)
            loud = np.flatnonzero(loudness > 0.2 * scale)
            if len(loud):
                channels = 1 if frame.format.is_planar else frame.layout.nb_channels
                heard = frame.time + loud[0] / channels / frame.sample_rate
                return seen, float(heard - max(0, container.start_time) / av.time_base)
    raise AssertionError("there is no sound")


def test_huge_pictures_are_reduced(
    tmp_path: Path, spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fer.video.annotated.MAX_SIDE", 160)
    draw = beacon(lambda s: 200, size=(640, 360), side=120)
    after = frames_of(marked(write_clip(tmp_path / "a.mp4", even(2), draw), spec))
    picture = next(iter(after.values()))
    assert picture.shape == (90, 160, 3)
    assert picture[20, 65, 0] > 150  # the square, in its new place


def test_progress_is_told_and_comes_to_its_end(
    tmp_path: Path, spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fer.video.annotated.REPORT_SECONDS", 0)
    file = write_clip(tmp_path / "a.mp4", even(5, start=3))
    told: list[Progress] = []
    write_annotated(file, found_in(file, spec), tmp_path / "b.mp4", spec, on_progress=told.append)
    assert [one.share for one in told] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
    assert (told[-1].stage, told[-1].frames) == ("picture", 5)


@pytest.mark.parametrize(
    ("size", "rotation", "becomes"),
    [((320, 200), 90, (200, 320)), ((320, 200), 270, (200, 320)), ((97, 65), 0, (98, 66))],
)
def test_a_picture_comes_out_upright_and_with_even_sides(
    tmp_path: Path, spec: ModelSpec, size: tuple, rotation: int, becomes: tuple
) -> None:
    options = {} if rotation else {"codec": "ffv1", "pix_fmt": "yuv444p"}
    file = write_clip(tmp_path / "a.mkv", even(3), plain(size), rotation=rotation, **options)
    out = marked(file, spec)
    with av.open(str(out)) as container:
        frame = next(container.decode(video=0))
        assert (frame.width, frame.height, frame.rotation) == (*becomes, 0)
        assert not container.streams.audio
    (before, *_), (after, *_) = frames_of(file).values(), frames_of(out).values()
    height, width = before.shape[:2]
    assert np.abs(before.astype(int) - after[:height, :width]).max() < 40


@pytest.mark.parametrize(
    ("name", "codec", "sound", "becomes", "start"),
    [
        ("a.mp4", "libx264", "aac", "aac", 0.0),
        ("late.mkv", "libx264", "aac", "aac", 4.0),
        ("a.webm", "libvpx", "libopus", "opus", 0.0),
        ("a.mp4", "libx264", "libmp3lame", "mp3", 0.0),
        ("a.mkv", "libx264", "flac", "flac", 0.0),
        ("a.avi", "mpeg4", "pcm_s16le", "aac", 0.0),
        ("late.mkv", "libx264", "pcm_s16le", "aac", 4.0),
    ],
)
def test_a_flash_and_its_beep_stay_together_in_a_file_that_browsers_play(
    tmp_path: Path, spec: ModelSpec, name: str, codec: str, sound: str, becomes: str, start: float
) -> None:
    def is_on(seconds: float) -> bool:
        return start + 1 <= round(seconds, 4) < start + 1.2

    def flash(seconds: float) -> Image:
        return np.full((64, 96, 3), 220 if is_on(seconds) else 40, np.uint8)

    times = even(20, start=start)
    file = write_clip(tmp_path / name, times, flash, codec=codec, sound=sound, loud=is_on, tracks=2)
    out = marked(file, spec)
    seen, heard = flash_and_beep(out)
    assert seen == pytest.approx(1, abs=0.03)
    assert heard == pytest.approx(1, abs=0.05)
    # What was in step before is in step after.
    assert heard - seen == pytest.approx(np.diff(flash_and_beep(file))[0], abs=0.03)
    with av.open(str(out)) as container:
        codec = container.streams.video[0].codec_context
        assert (codec.name, codec.pix_fmt) == ("h264", "yuv420p")
        [track] = container.streams.audio
        assert track.codec_context.name.startswith(becomes)
    content = out.read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat"), "it begins before it is loaded"


@pytest.mark.parametrize("fails", [Cancelled, VideoError])
def test_no_unfinished_file_stays(tmp_path: Path, spec: ModelSpec, fails: type[Exception]) -> None:
    file = write_clip(tmp_path / "a.mp4", even(20), sound="aac")
    found, out = found_in(file, spec), tmp_path / "out" / "marked.mp4"
    out.parent.mkdir()
    out.write_bytes(b"earlier")
    if fails is VideoError:
        file.write_bytes(b"")
    answers = iter([False] * 3 + [True] * 99)
    with pytest.raises(fails):
        write_annotated(file, found, out, spec, cancelled=lambda: next(answers))
    assert [f.read_bytes() for f in out.parent.iterdir()] == [b"earlier"]
