"""From a recording to a result, with the parts of `fer.video` replaced, and what is told of it."""

import errno
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from app.core.settings import model_dir
from app.video import engine
from app.video.engine import (
    MAX_ROWS,
    PICTURE_SECONDS,
    Result,
    VideoProgress,
    VideoSettings,
    check_work,
    most_pixels,
    read_video,
)
from fer.errors import VideoError
from fer.export.stream import StreamRows
from fer.labels import FERPLUS_HEAD
from fer.model.spec import ModelSpec
from fer.types import Image
from fer.video.opening import VideoInfo
from fer.video.recording import Progress, Recording, VideoOptions
from tests.app.samples import Clock
from tests.app.video.samples import recording
from tests.fer.export.samples import TWO
from tests.samples import write_copy


@pytest.fixture
def asked(spec: ModelSpec, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the parts were asked for; ``error`` is what the writing raises."""
    seen: dict[str, Any] = {"error": None}

    def load(directory: Path, *, fine: bool) -> SimpleNamespace:
        seen["fine"], seen["directory"] = fine, directory
        return SimpleNamespace(spec=spec)

    def analyse(source: Path, stream: object, options: VideoOptions, **_: object) -> Recording:
        seen["options"] = options
        return recording(spec)

    def write(source: Path, found: Recording, out: Path, model: ModelSpec, **_: object) -> None:
        if seen["error"]:
            raise seen["error"]
        out.write_bytes(b"marked")

    monkeypatch.setattr(engine, "FaceStream", SimpleNamespace(load=load))
    monkeypatch.setattr(engine, "analyse", analyse)
    monkeypatch.setattr(engine, "write_annotated", write)
    return seen


def read(folder: Path, settings: VideoSettings) -> Result:
    source = folder / "holiday.mov"
    source.write_bytes(bytes(1000))
    marked = folder / "marked.mp4"
    return read_video(source, marked, settings, lambda _: None, lambda: False, 90.0)


def test_settings_and_limits_reach_the_analysis_and_the_result_names_the_model(
    tmp_path: Path, asked: dict[str, Any]
) -> None:
    mine = write_copy(tmp_path, "mine")
    result = read(tmp_path, VideoSettings(None, True, FERPLUS_HEAD, mine))
    assert result.marked == tmp_path / "marked.mp4"
    assert result.marked.exists()
    assert (result.note, asked["fine"]) == ("", True)
    limits = {"pixels": 5_020_000_000, "processor_seconds": 90.0}
    assert asked["options"] == VideoOptions(None, FERPLUS_HEAD, **limits)
    assert result.model
    assert (result.model.name, asked["directory"]) == ("mine", mine)


@pytest.mark.parametrize(
    ("error", "note"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "The disk of this server is full"),
        (VideoError("cannot be written as a marked video."), "The recording cannot be written as"),
    ],
)
def test_what_keeps_the_marked_video_from_the_disk_does_not_cost_the_numbers(
    tmp_path: Path, asked: dict[str, Any], error: Exception, note: str
) -> None:
    asked["error"] = error
    result = read(tmp_path, VideoSettings())
    assert result.marked is None
    assert result.note.startswith(note)
    assert len(result.recording.rows)
    asked["error"] = RuntimeError("a fault that nobody thought of")
    with pytest.raises(RuntimeError):
        read(tmp_path, VideoSettings())


def test_a_model_that_went_while_the_job_waited_is_replaced_by_the_configured_one(
    tmp_path: Path, asked: dict[str, Any]
) -> None:
    result = read(tmp_path, VideoSettings(head=FERPLUS_HEAD, model=tmp_path / "gone"))
    assert asked["options"].head is None
    assert result.model
    assert asked["directory"] == result.model.directory == model_dir()


@pytest.mark.parametrize(
    ("seconds", "rate", "refused"),
    [
        (None, None, False),
        (100.0, 10.0, False),
        (100.0, 10.1, True),
        (16.0, 1000.0, False),  # such a rate is a guess
        (17.0, 1000.0, True),
    ],
)
def test_what_a_header_says_is_too_much_work_is_refused(
    seconds: float | None, rate: float | None, refused: bool
) -> None:
    sizes = [0, 1_000_000, 12_250_000, 200_000_000]
    assert [most_pixels(size) for size in sizes] == [5e9, 25e9, 250e9, 250e9]
    video = VideoInfo(2500, 2000, seconds, rate, "gif", has_sound=False)
    if not refused:
        return check_work(video, 0)
    with pytest.raises(VideoError, match=r"1,0\d\d frames of 2500 × 2000 .* 1,000 are analysed"):
        check_work(video, 0)


@pytest.fixture
def progress(clock: Clock) -> VideoProgress:
    return VideoProgress(clock)


def report(share: float | None, frames: int, stage: str = "analysis") -> Progress:
    return Progress(stage, share, 0.0, frames, frames // 3)


def test_rows_of_all_reports_follow_each_other(progress: VideoProgress) -> None:
    assert progress.newest is progress.rows is progress.seconds_left is None
    assert (progress.picture, progress.speed) == (b"", 0.0)
    progress.report(Progress("analysis", 0.0, 0.0, 1, 1, TWO.take(slice(0, 0))))
    assert progress.rows is not None
    assert len(progress.rows) == 0
    for part in (slice(0, 2), slice(2, 3), slice(3, 5)):
        progress.report(Progress("analysis", 0.5, 0.0, 1, 1, TWO.take(part)))
    for _ in range(2):
        assert progress.rows.seconds.tolist() == TWO.seconds.tolist()
    progress.report(report(0.1, 1, "picture"))
    assert len(progress.rows) == len(TWO), "they stay while the marked video is written"


def test_of_a_long_recording_some_frames_are_kept_each_whole(progress: VideoProgress) -> None:
    frames = MAX_ROWS
    array = np.repeat(TWO.array[:1], 2 * frames)
    array["seconds"], array["track"] = np.repeat(np.arange(frames) / 10, 2), [1, 2] * frames
    progress.report(Progress("analysis", 0.5, 0.0, 1, 1, StreamRows(array, TWO.heads)))
    rows = progress.rows
    assert rows is not None
    assert (len(rows), rows.track[:4].tolist()) == (MAX_ROWS, [1, 2, 1, 2])
    assert rows.seconds[-1] == pytest.approx(frames / 10, abs=0.3)
    crowd = StreamRows(np.repeat(TWO.array[:1], MAX_ROWS + 1), TWO.heads)
    progress = VideoProgress()
    progress.report(Progress("analysis", 0.5, 0.0, 1, 1, crowd))
    assert progress.rows is not None
    assert len(progress.rows) == MAX_ROWS + 1, "in one frame"


@pytest.mark.parametrize("fine", [False, True])
def test_speed_is_the_stage_s_and_time_left_the_whole_s(clock: Clock, fine: bool) -> None:
    progress = VideoProgress(clock, fine=fine)
    progress.report(report(0.0, 1))
    clock.seconds += 0.5
    progress.report(report(0.01, 30))
    assert progress.speed == 60
    assert progress.seconds_left is None, "too early to say"
    clock.seconds += 9.5
    progress.report(report(0.25, 600))
    assert progress.speed == 60
    # 30 seconds of this step, and 2,400 frames to be marked; 200 analyses took 10 seconds.
    assert progress.seconds_left == pytest.approx(30 + 2400 * (10 / 200) * (0.03 if fine else 0.56))
    progress.report(report(0.0, 0, "picture"))
    assert progress.speed == 0
    assert progress.seconds_left is None
    clock.seconds += 2
    progress.report(report(0.5, 100, "picture"))
    assert progress.speed == 50
    assert progress.seconds_left == pytest.approx(2)
    progress.report(report(None, 100, "picture"))
    assert progress.speed == 50
    assert progress.seconds_left is None, "without a length"


def test_a_picture_is_made_about_once_a_second_and_never_kept_as_it_came(
    progress: VideoProgress, clock: Clock
) -> None:
    made: list[int] = []

    def picture(level: int) -> Callable[[], Image]:
        def make() -> Image:
            made.append(level)
            return np.full((900, 1600, 3), (level, 0, 0), np.uint8)

        return make

    for level in (50, 100, 200):
        progress.report(Progress("analysis", 0.1, 0.0, 1, 1, None, picture(level)))
        clock.seconds += PICTURE_SECONDS / 2
    assert made == [50, 200]
    shown = cv2.imdecode(np.frombuffer(progress.picture, np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert shown.shape == (450, 800, 3)
    assert abs(int(shown[0, 0, 2]) - 200) < 5, "red is red"
    assert progress.newest is not None
    assert progress.newest.picture is None, "it would keep the frame"
