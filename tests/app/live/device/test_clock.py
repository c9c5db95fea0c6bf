import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.live.device.protocol import RunClock


def heard(*messages: tuple[float, float]) -> RunClock:
    """Return a clock after messages: when they were sent there, and when they came here."""
    clock = RunClock()
    for sent, now in messages:
        clock.hear(sent, now)
    return clock


@pytest.mark.parametrize("sent", [0.5, 7000.0])
def test_what_is_sent_now_is_of_now(sent: float) -> None:
    clock = heard((sent, 1000.0))
    assert clock(sent - 0.4) == pytest.approx(999.6)
    assert clock(sent) == pytest.approx(1000.0)


def test_what_is_late_keeps_its_time() -> None:
    clock = heard((1.0, 1000.0), (1.5, 1000.5), (2.0, 1011.0), (12.5, 1011.5))
    assert clock(2.0) == 1001.0
    assert clock(12.5) == 1011.5


def test_small_differences_on_the_way_change_nothing() -> None:
    clock = heard((1.0, 1000.0), (1.5, 1000.3), (2.0, 1003.0), (2.5, 1001.3))
    assert clock(2.5) == 1001.5


def test_nothing_is_older_than_a_browser_keeps() -> None:
    assert heard((1e6, 1000.0))(0.0) == 1000.0 - 3600.0


def test_if_the_first_message_was_slow_time_goes_slowly_until_it_is_right() -> None:
    clock = heard((1.0, 1002.0))
    assert clock(1.0) == 1002.0
    clock.hear(1.5, 1000.5)  # two seconds quicker
    found = [clock(1.0 + i / 10) for i in range(1, 51)]
    assert found[:3] == pytest.approx([1002.05, 1002.1, 1002.15])
    assert found[-10:] == pytest.approx([1000 + 4 + i / 10 + 0.1 for i in range(10)])
    assert (np.diff(found) > 0.04).all()


@pytest.mark.parametrize("jump", [2.0, 60.0, 1e5])
def test_a_clock_that_jumps_ahead_is_set_at_once(jump: float) -> None:
    clock = heard((1.0, 1000.0), (1.5 + jump, 1000.5))
    assert clock(1.4 + jump) == pytest.approx(1000.4)
    assert clock(1.5 + jump) == pytest.approx(1000.5)


@pytest.mark.parametrize("behind", [4.0, 60.0, 1e5])
def test_a_clock_that_has_stood_still_is_set_soon(behind: float) -> None:
    clock = heard((100.0, 1000.0), *((100 + i / 2, 1000 + behind + i / 2) for i in range(1, 7)))
    assert clock(103.0) == 1003 + behind
    assert clock(103.5) == 1003.5 + behind


def test_one_message_that_comes_in_time_says_that_the_clock_is_right() -> None:
    late = [(100 + i / 2, 1010 + i / 2) for i in range(1, 6)]
    clock = heard((100.0, 1000.0), *late, (103.0, 1003.2), *late)
    assert clock(103.0) == 1003.0


@given(
    st.lists(
        st.tuples(st.floats(0, 1e6), st.floats(0, 100), st.lists(st.floats(0, 1e6), max_size=4)),
        min_size=1,
        max_size=20,
    )
)
def test_time_never_goes_backwards(messages: list[tuple[float, float, list[float]]]) -> None:
    clock, now, found = RunClock(), 1000.0, []
    for sent, passed, frames in messages:
        now += passed
        clock.hear(sent, now)
        found += [clock(seconds) for seconds in frames if seconds <= sent]
    assert (np.diff(found) >= 0).all()
    assert all(now - 3600 - 2100 <= seconds <= now + 50 for seconds in found)
