"""Cores of a container, and who goes first on them."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.priority import (
    LINGER_SECONDS,
    RATE_WHILE_WAITED,
    Priority,
    Throttle,
    lower_priority,
    max_streams,
    shorten_switches,
    usable_cores,
)
from app.core.settings import MAX_STREAMS
from tests.app.samples import Clock


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, 4),
        ({"cpu.max": "max 100000\n"}, 4),
        ({"cpu.max": "10000 100000\n"}, 0.1),
        ({"cpu.max": "800000 100000\n"}, 4),
        ({"cpu.max": "nonsense"}, 4),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 4),
        ({"cpu/cpu.cfs_quota_us": "50000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 0.5),
        ({"cpu/cpu.cfs_quota_us": "50000\n"}, 4),
        ({"cpu/cpu.cfs_quota_us": "0\n", "cpu/cpu.cfs_period_us": "100000\n"}, 4),
    ],
)
def test_a_container_has_what_it_is_given(
    tmp_path: Path, files: dict[str, str], cores: float
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert usable_cores(tmp_path, 4) == pytest.approx(cores)


def test_photographs_are_wanted_until_the_last_one_has_been_shown() -> None:
    clock = Clock()
    priority = Priority(2, clock)
    assert not priority.waiting
    with pytest.raises(OSError, match="gone"), priority.turn():
        raise OSError("gone")
    with ExitStack() as both:
        with priority.turn():
            both.enter_context(priority.turn())
        clock.seconds += 60
        assert priority.waiting
    assert priority.waiting  # its page is being made
    clock.seconds += LINGER_SECONDS
    assert not priority.waiting


@pytest.mark.parametrize("places", [1, 2, 5])
def test_no_more_are_in_than_there_are_places(places: int) -> None:
    priority, inside, most = Priority(places), list[int](), list[int]()
    full = threading.Barrier(places, timeout=60)

    def visit(number: int) -> None:
        with priority.turn():
            inside.append(number)
            full.wait()  # so many are in at the same time
            most.append(len(inside))
            full.wait()
            inside.remove(number)

    with ThreadPoolExecutor(3 * places) as pool:
        list(pool.map(visit, range(3 * places)))
    assert max(most) == places


def taken(throttle: Throttle, clock: Clock, rate: float, seconds: float) -> int:
    """Return how many frames of a camera are taken."""
    count = 0
    for _ in range(round(rate * seconds)):
        clock.seconds += 1 / rate
        count += throttle.takes()
    return count


@given(rate=st.floats(1, 120))
def test_all_frames_are_taken_while_nobody_waits_and_fewer_while_somebody_does(rate: float) -> None:
    clock = Clock()
    priority = Priority(1, clock)
    throttle = Throttle(priority, clock)
    assert throttle.takes()
    assert taken(throttle, clock, rate, 20) == round(rate * 20)
    with priority.turn():
        expected = 20 * min(rate, RATE_WHILE_WAITED)
        assert taken(throttle, clock, rate, 20) == pytest.approx(expected, abs=2)
    clock.seconds += LINGER_SECONDS
    assert taken(throttle, clock, rate, 20) == round(rate * 20)


def test_a_stream_that_was_still_does_not_make_up_for_it() -> None:
    clock = Clock()
    priority = Priority(1, clock)
    throttle = Throttle(priority, clock)
    with priority.turn():
        clock.seconds += 60
        assert taken(throttle, clock, 15, 1) <= RATE_WHILE_WAITED + 2


def test_threads_shorten_switches() -> None:
    before = sys.getswitchinterval()
    try:
        shorten_switches()
        assert sys.getswitchinterval() < before
    finally:
        sys.setswitchinterval(before)


@pytest.mark.skipif(sys.platform != "linux", reason="threads have a niceness on Linux only")
def test_a_thread_that_lets_others_first_is_the_only_one() -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    before = niceness()
    with ThreadPoolExecutor(1) as pool:
        for _ in range(2):
            pool.submit(lower_priority, 3).result()
        assert pool.submit(niceness).result() == min(19, before + 3)
    assert niceness() == before


@pytest.mark.parametrize(
    ("setting", "cores", "places"),
    [
        ("", 1, 2),
        ("", 2, 4),
        ("", 8, 16),
        ("", 0.5, 1),
        ("", 0.1, 0),
        ("3", 8, 3),
        ("0", 2, 0),
    ],
)
def test_the_setting_decides_or_else_the_cores(setting: str, cores: float, places: int) -> None:
    assert max_streams({MAX_STREAMS.name: setting} if setting else {}, cores) == places
