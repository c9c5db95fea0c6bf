"""The benchmark of recordings: its material, and what it reads off a process."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fer.video.reading import VideoReader, probe
from tools import video


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "RATE", 5)


def test_its_recordings_are_as_long_as_they_should_be(tmp_path: Path) -> None:
    short = video.write_recording(tmp_path / "a.mp4", 2)
    info = probe(short)
    assert (info.width, info.height, info.has_sound) == (1280, 720, True)
    assert info.seconds == pytest.approx(2.0, abs=0.05)
    long = video.write_repeated(short, tmp_path / "b.mp4", 3)
    with VideoReader(long) as reader:
        times = [frame.seconds for frame in reader.frames()]
    assert times == pytest.approx([i / 5 for i in range(30)], abs=0.001)


def test_a_process_is_measured() -> None:
    busy = "a = bytearray(200 * 2**20); sum(range(3_000_000))"
    small, large = (video.cost_of([sys.executable, "-c", code]) for code in ("", busy))
    assert large.megabytes > small.megabytes + 150
    assert large.processor > small.processor > 0
    assert large.seconds > 0


def test_a_process_that_fails_is_told() -> None:
    with pytest.raises(RuntimeError, match="ended with status 3"):
        video.cost_of([sys.executable, "-c", "raise SystemExit(3)"])


def test_rows_are_medians() -> None:
    costs = [video.Cost(seconds, 2 * seconds, 100 * seconds) for seconds in (5.0, 2.0, 1.0)]
    assert video.row("a", 10, costs) == ["a", "2.0 s", "5.0", "2.0 to 10.0", "4.0 s", "500 MB"]
