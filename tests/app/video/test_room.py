"""How much a server can hold, by what it is told and by what the system says."""

from collections import namedtuple
from pathlib import Path

import pytest

from app.core.memory import MB
from app.video import room
from app.video.room import (
    check_work,
    largest_possible,
    most_pixels,
)
from fer.errors import VideoError
from fer.video.opening import VideoInfo

Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(
    ("size", "pixels"),
    [(0, 5e9), (1_000_000, 25e9), (12_250_000, 250e9), (200_000_000, 250e9)],
)
def test_a_larger_file_may_have_more_pixels_up_to_a_limit(size: int, pixels: float) -> None:
    assert most_pixels(size) == pixels


@pytest.mark.parametrize(
    ("seconds", "rate", "refused"),
    [
        (None, None, False),
        (99.0, 10.0, False),
        (100.0, 10.1, True),
        (16.0, 1000.0, False),  # such a rate is a guess
        (17.0, 1000.0, True),
    ],
)
def test_what_a_header_says_is_too_much_work_is_refused(
    seconds: float | None, rate: float | None, refused: bool
) -> None:
    video = VideoInfo(2500, 2000, seconds, rate, "gif", has_sound=False)
    if not refused:
        return check_work(video, 0)
    with pytest.raises(VideoError, match=r"1,0\d\d frames of 2500 × 2000 .* 1,000 are analysed"):
        check_work(video, 0)


@pytest.mark.parametrize(
    ("disk", "memory", "possible"),
    [(0, None, 0), (1000, None, 400), (1000, 600, 200), (300, 9000, 50), (9000, 100, 0)],
)
def test_the_scarcer_of_disk_and_memory_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, disk: int, memory: int | None, possible: int
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(0, 0, disk * MB))
    monkeypatch.setattr(room, "free_memory", lambda: None if memory is None else memory * MB)
    assert largest_possible(tmp_path) == possible * MB


def test_a_folder_that_is_gone_takes_nothing_but_fails_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "free_memory", lambda: None)
    assert largest_possible(tmp_path / "gone") == 0
