"""Counts, and how many a second."""

from app.operation.counters import RATE_SECONDS, Counters


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_nothing_is_counted_at_first() -> None:
    counters = Counters(Clock())
    assert counters.totals() == {}
    assert counters.total("photo") == 0
    assert counters.rate("photo") == 0.0
    assert counters.seconds == 0.0


def test_counts_are_kept_by_name_and_kind() -> None:
    counters = Counters(Clock())
    counters.add("refused", "bytes")
    counters.add("refused", "pixels", 2)
    counters.add("photo")
    assert counters.totals() == {
        ("refused", "bytes"): 1,
        ("refused", "pixels"): 2,
        ("photo", ""): 1,
    }
    assert counters.total("refused") == 3


def test_a_rate_is_over_the_last_whole_seconds() -> None:
    clock = Clock()
    counters = Counters(clock)
    for _ in range(20):
        counters.add("analysis", number=3)
        clock.now += 0.5
    assert counters.rate("analysis", 10) == 6.0
    assert counters.rate("analysis", 5) == 6.0
    clock.now += 5
    assert counters.rate("analysis", 10) == 3.0
    clock.now += 10
    assert counters.rate("analysis", 10) == 0.0
    assert counters.total("analysis") == 60


def test_what_is_long_ago_takes_no_memory() -> None:
    clock = Clock()
    counters = Counters(clock)
    for _ in range(10 * RATE_SECONDS):
        counters.add("analysis")
        clock.now += 1
    assert len(counters._recent["analysis"]) <= RATE_SECONDS + 1
