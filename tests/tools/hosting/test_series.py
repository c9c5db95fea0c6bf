"""Medians of the windows of a made-up series, and a watch of this process."""

from collections.abc import Callable

import psutil
import pytest

from benchmarks.hosting.series import EVERY, WINDOW, Sample, Watch, medians, spread


def series(minutes: float, mb: Callable[[float], float]) -> list[Sample]:
    """Return samples of so many minutes with a memory by the time in seconds."""
    times = [EVERY * n for n in range(round(60 * minutes / EVERY) + 1)]
    return [Sample(seconds, mb(seconds), 10, 20) for seconds in times]


@pytest.mark.parametrize(("minutes", "windows"), [(0, 0), (4, 0), (5, 1), (11, 2), (20, 4)])
def test_only_whole_windows_count(minutes: float, windows: int) -> None:
    assert len(medians(series(minutes, lambda _: 1.0) if minutes else [], 0.0)) == windows


def test_what_was_before_does_not_count_and_a_short_peak_does_not_either() -> None:
    samples = series(20, lambda s: 900 if s < WINDOW else 800 if s % 60 == 0 else 400)
    assert medians(samples, WINDOW) == [400, 400, 400]


@pytest.mark.parametrize(
    ("values", "expected"), [([], 0), ([5], 0), ([400, 400], 0), ([400, 420, 410], 0.05)]
)
def test_the_spread_is_a_fraction_of_the_smallest(values: list[float], expected: float) -> None:
    assert spread(values) == pytest.approx(expected)


def test_a_watch_sees_a_process() -> None:
    watch = Watch(psutil.Process())
    sample = watch.now()
    watch.stop()
    assert sample.mb > 1
    assert sample.threads >= 1
    assert sample.handles >= 1
