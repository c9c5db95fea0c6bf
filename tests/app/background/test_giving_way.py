"""Streams take fewer frames while somebody waits, and threads let others go first."""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.background.giving_way import (
    LINGER_SECONDS,
    RATE_WHILE_WAITED,
    Pace,
    Turns,
    let_others_first,
    take_shorter_turns,
)
from tests.app.samples import Clock


def test_photographs_are_wanted_until_the_last_one_has_been_shown() -> None:
    clock = Clock()
    turns = Turns(2, clock)
    assert not turns.wanted
    with ExitStack() as both:
        with turns.turn():
            both.enter_context(turns.turn())
        clock.seconds += 60
        assert turns.wanted
    assert turns.wanted  # its page is being made
    clock.seconds += LINGER_SECONDS
    assert not turns.wanted


def test_a_failure_gives_its_place_back() -> None:
    clock = Clock()
    turns = Turns(1, clock)
    with pytest.raises(OSError, match="gone"), turns.turn():
        raise OSError("gone")
    with turns.turn():
        pass
    clock.seconds += LINGER_SECONDS
    assert not turns.wanted


@pytest.mark.parametrize("places", [1, 2, 5])
def test_no_more_are_in_than_there_are_places(places: int) -> None:
    turns, inside, most = Turns(places), list[int](), list[int]()
    full = threading.Barrier(places, timeout=60)

    def visit(number: int) -> None:
        with turns.turn():
            inside.append(number)
            full.wait()  # so many are in at the same time
            most.append(len(inside))
            full.wait()
            inside.remove(number)

    with ThreadPoolExecutor(3 * places) as pool:
        list(pool.map(visit, range(3 * places)))
    assert max(most) == places


def taken(pace: Pace, clock: Clock, rate: float, seconds: float) -> int:
    """Return how many frames of a camera are taken."""
    count = 0
    for _ in range(round(rate * seconds)):
        clock.seconds += 1 / rate
        count += pace.takes()
    return count


@given(rate=st.floats(1, 120))
def test_all_frames_are_taken_while_nobody_waits_and_fewer_while_somebody_does(rate: float) -> None:
    clock = Clock()
    turns = Turns(1, clock)
    pace = Pace(turns, clock)
    assert pace.takes()
    assert taken(pace, clock, rate, 20) == round(rate * 20)
    with turns.turn():
        expected = 20 * min(rate, RATE_WHILE_WAITED)
        assert taken(pace, clock, rate, 20) == pytest.approx(expected, abs=2)
    clock.seconds += LINGER_SECONDS
    assert taken(pace, clock, rate, 20) == round(rate * 20)


def test_a_stream_that_was_still_does_not_make_up_for_it() -> None:
    clock = Clock()
    turns = Turns(1, clock)
    pace = Pace(turns, clock)
    with turns.turn():
        clock.seconds += 60
        assert taken(pace, clock, 15, 1) <= RATE_WHILE_WAITED + 2


def test_threads_take_shorter_turns() -> None:
    before = sys.getswitchinterval()
    try:
        take_shorter_turns()
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
            pool.submit(let_others_first, 3).result()
        assert pool.submit(niceness).result() == min(19, before + 3)
    assert niceness() == before
