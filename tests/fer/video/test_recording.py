from __future__ import annotations

import math
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data

from fer.errors import ModelError, VideoError
from fer.export.stream import NO_FACE
from fer.images import decode
from fer.model.spec import ModelSpec
from fer.stream import FaceStream
from fer.types import Image
from fer.video.recording import Cancelled, Progress, Recording, VideoOptions, analyse, result_of
from tests.fer.video.samples import Draw, beacon, even, plain, red_stream, write_clip
from tests.samples import SHIPPED_MODEL, FakeClassifier, make_detections

EVERY = VideoOptions(rate=None, smoothing_seconds=0)


def passing(seconds: float) -> float:
    """Enters after half a second, moves to the right, is gone after one and a half."""
    return 40 * seconds if 0.5 <= seconds < 1.5 else -1


def test_every_frame_has_its_rows_at_its_own_time(tmp_path: Path, spec: ModelSpec) -> None:
    times = [3.0, 3.033, 3.6, 3.61, 4.2, 4.9, 5.0]
    left = {3.6: 10.0, 3.61: 12.0, 4.2: 30.0}
    file = write_clip(tmp_path / "a.mp4", times, beacon(lambda s: left.get(round(s, 2), -1.0)))
    found = analyse(file, red_stream(spec), EVERY)
    assert found.rows.seconds == pytest.approx(times, abs=0.001)
    assert found.rows.track.tolist() == [NO_FACE, NO_FACE, 1, 1, 1, NO_FACE, NO_FACE]
    boxes = found.rows.array["box"][found.rows.has_face]
    assert boxes[:, 0] == pytest.approx([10, 12, 30], abs=2)
    assert boxes[:, 1:] == pytest.approx(np.array([[32, b + 32, 64] for b in (10, 12, 30)]), abs=2)
    assert (found.start, found.note, found.cuts) == (pytest.approx(3.0), "", ())
    assert 5.0 < found.end < 6.0
    assert (found.rows.array["width"] == 160).all()
    assert (found.rows.array["height"] == 96).all()


@pytest.mark.parametrize(
    ("rate", "count"), [(None, 60), (30, 60), (60, 60), (10, 20), (7, 14), (1, 2), (0.5, 1)]
)
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


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf")])
def test_an_impossible_rate_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="expected a rate above 0"):
        VideoOptions(rate=rate)


def test_boxes_are_in_pixels_of_the_upright_recording(tmp_path: Path, spec: ModelSpec) -> None:
    draw = beacon(lambda s: 400, size=(1600, 900), side=200)
    file = write_clip(tmp_path / "a.mp4", even(2), draw, rotation=90, preset="ultrafast")
    rows = analyse(file, red_stream(spec), EVERY).rows
    assert (rows.array["width"] == 900).all()
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
    file = write_clip(tmp_path / "a.mp4", even(20), two_scenes)
    found = analyse(file, red_stream(spec), EVERY)
    assert found.cuts == pytest.approx((1.0,))
    assert found.rows.track.tolist() == [1] * 10 + [2] * 10


def test_who_leaves_and_comes_back_is_the_same(tmp_path: Path, spec: ModelSpec) -> None:
    file = write_clip(
        tmp_path / "a.mp4", even(60), beacon(lambda s: -1 if 2 <= s < 3 else 40 + 5 * s)
    )
    rows = analyse(file, red_stream(spec), EVERY).rows
    assert set(rows.track.tolist()) == {1, NO_FACE}


def test_progress_is_told_and_comes_to_its_end(tmp_path: Path, spec: ModelSpec) -> None:
    file = write_clip(tmp_path / "a.mp4", even(30), beacon(passing))
    told: list[Progress] = []
    pictures: list[Image] = []

    def on_progress(progress: Progress) -> None:
        told.append(progress)
        assert progress.picture is not None
        pictures.append(progress.picture())

    found = analyse(file, red_stream(spec), EVERY, on_progress=on_progress)
    assert (told[-1].stage, told[-1].share) == ("analysis", pytest.approx(1.0, abs=0.05))
    assert (told[-1].frames, told[-1].analysed) == (30, 30)
    shares = [progress.share or 0.0 for progress in told]
    assert shares == sorted(shares)
    rows = [progress.rows.array for progress in told if progress.rows]
    assert np.concatenate(rows)["seconds"].tolist() == found.rows.seconds.tolist()
    assert pictures[-1].shape == (96, 160, 3)


def test_it_stops_when_it_is_told_to(tmp_path: Path, spec: ModelSpec) -> None:
    file = write_clip(tmp_path / "a.mp4", even(30))
    answers = iter([False] * 5 + [True] * 99)
    told: list[Progress] = []
    with pytest.raises(Cancelled):
        analyse(
            file,
            red_stream(spec),
            EVERY,
            on_progress=told.append,
            cancelled=lambda: next(answers),
        )
    assert all(progress.frames <= 5 for progress in told)


def test_a_second_recording_begins_with_nobody(tmp_path: Path, spec: ModelSpec) -> None:
    file = write_clip(tmp_path / "a.mp4", even(5), beacon(lambda s: 40))
    stream = red_stream(spec)
    assert analyse(file, stream, EVERY).rows.track.tolist() == [1] * 5
    assert analyse(file, stream, EVERY).rows.track.tolist() == [1] * 5


def test_the_time_is_that_of_the_recording_if_it_says(tmp_path: Path, spec: ModelSpec) -> None:
    file = write_clip(tmp_path / "a.mp4", even(2), created="2024-05-01T10:00:00Z")
    info = analyse(file, red_stream(spec), EVERY).info
    assert (info.time, info.detector) == (datetime(2024, 5, 1, 10, tzinfo=UTC), "red-1")
    file = write_clip(tmp_path / "b.mp4", even(2))
    before = datetime.now(UTC)
    assert before <= analyse(file, red_stream(spec), EVERY).info.time <= datetime.now(UTC)


def test_an_unknown_head_is_refused(tmp_path: Path, spec: ModelSpec) -> None:
    file = write_clip(tmp_path / "a.mp4", even(2))
    with pytest.raises(ModelError, match="no head 'age'"):
        analyse(file, red_stream(spec), VideoOptions(head="age"))


def test_the_end_of_a_broken_recording_is_told(tmp_path: Path, spec: ModelSpec) -> None:
    noise = np.random.default_rng(1)
    draw: Draw = lambda seconds: noise.integers(0, 255, (64, 96, 3), np.uint8)  # noqa: E731
    file = write_clip(tmp_path / "a.mp4", even(60), draw, fast_start=True)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    found = analyse(file, red_stream(spec), EVERY)
    assert found.note.startswith("The file breaks off after 0:0")
    assert 20 < len(found.rows) < 40
    assert found.end < 4


def test_moments_have_a_portrait_of_the_person(tmp_path: Path, spec: ModelSpec) -> None:
    # Dark faces are happy and bright ones neutral for the fake classifier; red lies between.
    file = write_clip(tmp_path / "a.mp4", even(20), beacon(lambda s: 20 + 30 * s))
    found = analyse(file, red_stream(spec), EVERY)
    (moment,) = found.moments
    assert (moment.person, moment.confidence) == (1, 1.0)
    assert moment.expression in spec.labels
    assert moment.seconds in found.rows.seconds
    assert _mean_colour(moment.portrait)[0] > 120
    assert not analyse(file, red_stream(spec), EVERY, portraits=False).moments


def _mean_colour(jpeg: bytes) -> list[float]:
    picture = decode(jpeg)
    assert picture.shape == (160, 160, 3)
    return [float(v) for v in picture.mean(axis=(0, 1))]


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


def astronaut(seconds: float) -> Image:
    return np.roll(data.astronaut()[:256, 96:352], round(8 * seconds), axis=1)


def test_the_shipped_model_sees_the_same_face_throughout(tmp_path: Path) -> None:
    file = write_clip(tmp_path / "a.mp4", even(10), astronaut)
    found: Recording = analyse(file, FaceStream.load(SHIPPED_MODEL))
    assert found.rows.track.tolist() == [1] * 10
    assert {found.rows.labels[int(i)] for i in found.rows.probabilities.argmax(axis=1)} == {"happy"}
    assert [moment.expression for moment in found.moments] == ["happy"]


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


def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, spec: ModelSpec) -> None:
    (tmp_path / "a.mp4").write_text("no film")
    with pytest.raises(VideoError, match="is not a recording"):
        analyse(tmp_path / "a.mp4", red_stream(spec))


def test_numbers_of_people_survive_a_detector_that_sees_everything(spec: ModelSpec) -> None:
    stream = FaceStream(lambda image: make_detections((10, 10, 50, 50)), FakeClassifier(3), spec)
    picture = plain()(0)
    assert stream(picture, 0.0).faces.track_id.tolist() == [1]
    stream.new_scene()
    assert stream(picture, 0.1).faces.track_id.tolist() == [2]


def test_the_files_of_a_recording_tell_its_name_size_scenes_and_end(
    tmp_path: Path, spec: ModelSpec
) -> None:
    clip = write_clip(tmp_path / "a.mp4", even(20), beacon(lambda t: 20 + 20 * t), sound="aac")
    recording = analyse(clip, red_stream(spec), VideoOptions(5), portraits=False)
    result = result_of(recording, "holiday.mov")
    assert result.source["file"] == "holiday.mov"
    assert (result.source["width"], result.source["height"]) == (160, 96)
    assert result.source["has_sound"] is True
    assert (result.rows, result.info) == (recording.rows, recording.info)
    assert (result.cuts, result.note) == (recording.cuts, recording.note)
    assert result.times.until[-1] == recording.end, "the last frame stands to the end"
    assert result.times.lasted.min() > 0.1
