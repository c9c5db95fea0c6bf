"""Limits, and the verdict about a made-up soak."""

from collections.abc import Callable

import pytest

from tools.hosting import EVERY, WINDOW, kept, medians, spread, verdict
from tools.report import Sample


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


NOBODY = Sample(0.0, 400.0, 12, 30)


def at(threads: int, handles: int) -> Sample:
    return Sample(1800.0, 400.0, threads, handles)


@pytest.mark.parametrize(
    ("growth", "after", "wrong"),
    [
        (0.0, at(12, 30), []),
        (0.0, at(11, 25), []),
        (0.001, at(12, 30), []),
        (0.1, at(12, 30), ["medians of the memory differ by 18.7%, more than 5%"]),
        (0.0, at(14, 31), ["2 threads are left over", "1 handles are left over"]),
    ],
)
def test_it_says_what_does_not_hold(growth: float, after: Sample, wrong: list[str]) -> None:
    samples = series(30, lambda seconds: 400 + growth * max(0.0, seconds - 1800 / 2))
    assert [text[:50] for text in verdict(samples, NOBODY, after, 30)] == [w[:50] for w in wrong]


@pytest.mark.parametrize(
    ("measured", "good", "text"),
    [
        (0.0, True, "start: 0.0 MB, at most 300: kept"),
        (300.0, True, "start: 300.0 MB, at most 300: kept"),
        (301.0, False, "start: 301.0 MB, at most 300: MISSED"),
    ],
)
def test_a_limit_says_whether_it_was_kept(
    measured: float, good: bool, text: str, capsys: pytest.CaptureFixture
) -> None:
    assert kept("start", measured, 300, "MB") == good
    assert capsys.readouterr().out == f"{text}\n"
