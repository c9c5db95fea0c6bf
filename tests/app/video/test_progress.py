"""What a page knows of an analysis while it runs."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from app.video.progress import MAX_ROWS, PICTURE_SECONDS, VideoProgress
from fer.export.stream import StreamRows
from fer.types import Image
from fer.video.recording import Progress
from tests.app.samples import Clock
from tests.fer.export.samples import TWO


@pytest.fixture
def progress(clock: Clock) -> VideoProgress:
    return VideoProgress(clock)


def report(share: float | None, frames: int, stage: str = "analysis") -> Progress:
    return Progress(stage, share, 0.0, frames, frames // 3)


def test_before_the_first_report_nothing_is_known(progress: VideoProgress) -> None:
    assert progress.newest is None
    assert progress.rows is None
    assert (progress.picture, progress.speed, progress.seconds_left) == (b"", 0.0, None)


def test_rows_of_all_reports_follow_each_other(progress: VideoProgress) -> None:
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
    assert len(rows) == MAX_ROWS
    assert rows.track[:4].tolist() == [1, 2, 1, 2]
    assert rows.seconds[-1] == pytest.approx(frames / 10, abs=0.3)
    one_frame = StreamRows(np.repeat(TWO.array[:1], MAX_ROWS + 1), TWO.heads)
    crowd = VideoProgress()
    crowd.report(Progress("analysis", 0.5, 0.0, 1, 1, one_frame))
    assert crowd.rows is not None
    assert len(crowd.rows) == MAX_ROWS + 1


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


def test_without_a_length_no_time_is_promised(progress: VideoProgress, clock: Clock) -> None:
    progress.report(report(None, 1))
    clock.seconds += 10
    progress.report(report(None, 100))
    assert progress.speed == 10
    assert progress.seconds_left is None


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
