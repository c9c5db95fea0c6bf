"""When something was here that was at a time on a device's clock."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.live.device.protocol import RunClock

LATE = [(100 + i / 2, 1010 + i / 2) for i in range(1, 6)]


@pytest.mark.parametrize(
    ("messages", "there", "here"),
    [
        ([(0.5, 1000.0)], 0.1, 999.6),  # what is sent now is of now
        # What is late keeps its time.
        ([(1.0, 1000.0), (1.5, 1000.5), (2.0, 1011.0), (12.5, 1011.5)], 2.0, 1001.0),
        # Small differences on the way change nothing.
        ([(1.0, 1000.0), (1.5, 1000.3), (2.0, 1003.0), (2.5, 1001.3)], 2.5, 1001.5),
        ([(1e6, 1000.0)], 0.0, 1000.0 - 3600.0),  # nothing is older than a browser keeps
        # A clock that jumps ahead is set at once, and one that has stood still soon.
        ([(1.0, 1000.0), (3.5, 1000.5)], 3.4, 1000.4),
        ([(100.0, 1000.0), *((100 + i / 2, 1004 + i / 2) for i in range(1, 7))], 103.0, 1007.0),
        ([(100.0, 1000.0), *((100 + i / 2, 1e5 + i / 2) for i in range(1, 7))], 103.5, 1e5 + 3.5),
        # One message that comes in time says that the clock is right.
        ([(100.0, 1000.0), *LATE, (103.0, 1003.2), *LATE], 103.0, 1003.0),
    ],
)
def test_times_there_are_here(
    messages: list[tuple[float, float]], there: float, here: float
) -> None:
    """Messages are sent there, and come here, at a time on each of the clocks."""
    clock = RunClock()
    for sent, now in messages:
        clock.hear(sent, now)
    assert clock(there) == pytest.approx(here)


def test_if_the_first_message_was_slow_time_goes_slowly_until_it_is_right() -> None:
    clock = RunClock()
    clock.hear(1.0, 1002.0)
    assert clock(1.0) == 1002.0
    clock.hear(1.5, 1000.5)  # two seconds quicker
    found = [clock(1.0 + i / 10) for i in range(1, 51)]
    assert found[:3] == pytest.approx([1002.05, 1002.1, 1002.15])
    assert found[-10:] == pytest.approx([1000 + 4 + i / 10 + 0.1 for i in range(10)])


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
