from __future__ import annotations

import math
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data

from fer.export.stream import NO_FACE
from fer.images import decode
from fer.model.spec import ModelSpec
from fer.stream import FaceStream
from fer.types import Image
from fer.video import recording as module
from fer.video.recording import Cancelled, Progress, VideoOptions, analyse, result_of
from tests.fer.video.samples import beacon, even, red_stream, write_clip
from tests.samples import SHIPPED_MODEL

EVERY = VideoOptions(rate=None, smoothing_seconds=0)


def test_every_frame_has_its_rows_at_its_own_time(tmp_path: Path, spec: ModelSpec) -> None:
    times = [3.0, 3.033, 3.6, 3.61, 4.2, 4.9, 5.0]
    left = {3.6: 10.0, 3.61: 12.0, 4.2: 30.0}
    file = write_clip(tmp_path / "a.mp4", times, beacon(lambda s: left.get(round(s, 2), -1.0)))
    stream = red_stream(spec)
    found = analyse(file, stream, EVERY)
    assert found.rows.seconds == pytest.approx(times, abs=0.001)
    assert found.rows.track.tolist() == [NO_FACE, NO_FACE, 1, 1, 1, NO_FACE, NO_FACE]
    boxes = found.rows.array["box"][found.rows.has_face]
    assert boxes[:, 0] == pytest.approx([10, 12, 30], abs=2)
    assert boxes[:, 1:] == pytest.approx(np.array([[32, b + 32, 64] for b in (10, 12, 30)]), abs=2)
    assert (found.start, found.note, found.cuts) == (pytest.approx(3.0), "", ())
    assert 5.0 < found.end < 6.0
    again = analyse(file, stream, EVERY)
    assert again.rows.track.tolist() == found.rows.track.tolist(), "it begins with nobody"


@pytest.mark.parametrize(("rate", "count"), [(None, 60), (30, 60), (60, 60), (7, 14), (0.5, 1)])
def test_the_rate_says_how_many_frames_are_analysed(
    tmp_path: Path, spec: ModelSpec, rate: float | None, count: int
) -> None:
    file = write_clip(tmp_path / "a.mp4", even(60, 30, start=1.02))
    rows = analyse(file, red_stream(spec), VideoOptions(rate=rate)).rows
    assert len(rows) == count
    if rate and count > 1:  # turns are counted from the first frame, whenever that is
        assert rows.seconds[1] == pytest.approx(1.02 + math.ceil(30 / rate) / 30, abs=0.001)
    if count > 2:
        assert np.diff(rows.seconds).max() < (2.1 / 30 if rate is None else 1 / rate + 1 / 30)


def test_boxes_are_in_pixels_of_the_upright_recording(tmp_path: Path, spec: ModelSpec) -> None:
    draw = beacon(lambda s: 400, size=(1600, 900), side=200)
    file = write_clip(tmp_path / "a.mp4", even(2), draw, rotation=90, preset="ultrafast")
    rows = analyse(file, red_stream(spec), EVERY).rows
    assert (rows.array["width"] == 900).all()
    assert (rows.array["height"] == 1600).all()
    # Turned counter-clockwise, what was at x is at the bottom: 1600 − 600 to 1600 − 400.
    assert rows.array["box"] == pytest.approx(np.array([[32, 1000, 232, 1200]] * 2), abs=6)


def two_scenes(seconds: float) -> Image:
    """A red square at the same place, in front of a shelf and then in front of a hall."""
    columns = np.arange(160) // 20 % 2 if seconds < 1 else np.arange(160) // 80 % 2
    shelf = np.where(columns[None, :, None], 90, 20).astype(np.uint8)
    picture = np.repeat(np.repeat(shelf, 96, axis=0), 3, axis=2)
    if seconds >= 1:
        picture[48:] = 60 - picture[48:] // 2
    picture[32:64, 60:92] = (255, 0, 0)
    return picture


def test_who_is_who_ends_with_the_scene(tmp_path: Path, spec: ModelSpec) -> None:
    found = analyse(write_clip(tmp_path / "a.mp4", even(20), two_scenes), red_stream(spec), EVERY)
    assert found.cuts == pytest.approx((1.0,))
    assert found.rows.track.tolist() == [1] * 10 + [2] * 10


def test_progress_is_told_and_comes_to_its_end(tmp_path: Path, spec: ModelSpec) -> None:
    draw = beacon(lambda s: 40 * s if 0.5 <= s < 1.5 else -1)
    file = write_clip(tmp_path / "a.mp4", even(30), draw)
    told: list[Progress] = []
    shapes = []

    def on_progress(progress: Progress) -> None:
        told.append(progress)
        shapes.append(progress.picture().shape)

    found = analyse(file, red_stream(spec), EVERY, on_progress=on_progress)
    assert (told[-1].stage, told[-1].share) == ("analysis", pytest.approx(1.0, abs=0.05))
    assert (told[-1].frames, told[-1].analysed, shapes[-1]) == (30, 30, (96, 160, 3))
    shares = [progress.share or 0.0 for progress in told]
    assert shares == sorted(shares)
    rows = [progress.rows.array for progress in told if progress.rows]
    assert np.concatenate(rows)["seconds"].tolist() == found.rows.seconds.tolist()


def test_it_stops_when_it_is_told_to(tmp_path: Path, spec: ModelSpec) -> None:
    file = write_clip(tmp_path / "a.mp4", even(30))
    answers, told = iter([False] * 5 + [True] * 99), list[Progress]()
    with pytest.raises(Cancelled):
        analyse(file, red_stream(spec), EVERY, on_progress=told.append,
                cancelled=lambda: next(answers))  # fmt: skip
    assert all(progress.frames <= 5 for progress in told)


def test_the_files_of_a_recording_tell_its_time_name_size_and_end(
    tmp_path: Path, spec: ModelSpec
) -> None:
    clip = write_clip(tmp_path / "a.mp4", even(20), sound="aac", created="2024-05-01T10:00:00Z")
    found = analyse(clip, red_stream(spec), VideoOptions(5), portraits=False)
    assert (found.info.time, found.info.detector) == (datetime(2024, 5, 1, 10, tzinfo=UTC), "red-1")
    assert result_of(found, "holiday.mov").source == {
        "file": "holiday.mov", "width": 96, "height": 64, "codec": "h264", "has_sound": True,
        "frame_rate": found.video.frame_rate,
    }  # fmt: skip
    assert found.times.until[-1] == found.end, "the last frame stands to the end"
    assert found.times.lasted.min() > 0.1
    before = datetime.now(UTC)
    silent = analyse(write_clip(tmp_path / "b.mp4", even(2)), red_stream(spec), EVERY)
    assert before <= silent.info.time <= datetime.now(UTC)


def test_moments_have_a_portrait_of_the_people_seen_longest(
    tmp_path: Path, spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    def two(seconds: float) -> Image:
        picture = two_scenes(seconds)
        if seconds >= 1.3:  # the second person is seen for a shorter time
            picture[32:64, 60:92] = 60
        return picture

    file = write_clip(tmp_path / "a.mp4", even(20), two)
    found = analyse(file, red_stream(spec), EVERY)
    assert [(m.person, m.expression, m.confidence) for m in found.moments] == [
        (1, "happy", 1.0), (2, "happy", 1.0),
    ]  # fmt: skip
    assert [m.seconds < 1 for m in found.moments] == [True, False]
    picture = decode(found.moments[0].portrait)
    assert picture.shape == (160, 160, 3)
    assert picture[..., 0].mean() > 120
    monkeypatch.setattr(module, "_MAX_MOMENTS", 1)
    assert [m.person for m in analyse(file, red_stream(spec), EVERY).moments] == [1]
    assert not analyse(file, red_stream(spec), EVERY, portraits=False).moments


def peak_of(found_in: Path, spec: ModelSpec) -> int:
    tracemalloc.start()
    analyse(found_in, red_stream(spec), VideoOptions(rate=10), portraits=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_does_not_depend_on_the_length(tmp_path: Path, spec: ModelSpec) -> None:
    short = write_clip(tmp_path / "a.mp4", even(20), beacon(lambda s: 40))
    long = write_clip(tmp_path / "b.mp4", even(600), beacon(lambda s: 40))
    peak_of(short, spec)
    assert peak_of(long, spec) < peak_of(short, spec) + 400_000


def test_a_fine_search_finds_what_a_stream_does_not(tmp_path: Path) -> None:
    def far(seconds: float) -> Image:
        picture = np.full((1080, 1920, 3), 96, np.uint8)
        face = cv2.resize(data.astronaut()[:256, 96:352], (64, 64), interpolation=cv2.INTER_AREA)
        picture[300:364, 600:664] = face
        return picture

    file = write_clip(tmp_path / "a.mp4", even(4), far, crf="10")
    usual = analyse(file, FaceStream.load(SHIPPED_MODEL), EVERY)
    fine = analyse(file, FaceStream.load(SHIPPED_MODEL, fine=True), EVERY)
    assert usual.rows.track.tolist() == [NO_FACE] * 4
    assert fine.rows.track.tolist() == [1] * 4
    assert fine.info.detector != usual.info.detector
    assert fine.rows.array["box"][:, 0] == pytest.approx([625] * 4, abs=12)
