"""The verdict about a made-up soak."""

import pytest

from benchmarks.hosting.series import Sample
from benchmarks.hosting.soak import line, verdict
from tests.benchmarks.hosting.test_series import series

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


def test_a_line_has_all_figures() -> None:
    assert line("round 1", NOBODY).split() == [
        *("0", "s", "round", "1", "400", "MB", "12", "threads", "30", "handles")
    ]
