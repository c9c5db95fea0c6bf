"""For how long each frame of a session stands, and where nothing was analysed."""

import numpy as np
import pytest

from fer.export.stream import (
    GAP_SECONDS,
    NO_FACE,
    OFF_GAP_SECONDS,
    FrameTimes,
    StreamResult,
    StreamRows,
    gaps,
    off_spans,
    shares,
)
from tests.fer.export.samples import HAPPY, HEADS, INFO, NOBODY, SAD, rows, steady


@pytest.mark.parametrize(
    ("times", "lasted"),
    [
        ([], []),
        ([3.0], [0.0]),
        ([0.0, 0.2], [0.2, 0.2]),
        ([0.0, 0.2, 9.0], [0.2, 0.2, 0.2]),
        ([0.0, 2.5, 5.0], [GAP_SECONDS] * 3),
    ],
    ids=["none", "one", "two", "before a gap", "a slow analysis"],
)
def test_a_frame_stands_for_the_time_to_the_next_but_not_for_a_hole(
    times: list[float], lasted: list[float]
) -> None:
    nobody = rows(*[(t, NO_FACE, NOBODY) for t in times])
    assert FrameTimes.of(nobody).lasted == pytest.approx(lasted)


@pytest.mark.parametrize(
    ("times", "until", "expected"),
    [
        ([], 50.5, []),
        ([], 60.0, [(50.0, 60.0)]),
        ([50.2, 50.4, 50.6], 51.0, []),
        ([50.2, 50.4, 50.6], 55.0, [(50.8, 55.0)]),
        ([53.0, 53.1, 60.0, 60.1], 60.1, [(50.0, 53.0), (53.2, 60.0)]),
    ],
    ids=["just begun", "nothing came", "now", "stalls now", "stopped twice"],
)
def test_holes_are_where_nothing_was_analysed(
    times: list[float], until: float, expected: list[tuple[float, float]]
) -> None:
    nobody = rows(*[(t, NO_FACE, NOBODY) for t in times])
    assert np.array(gaps(nobody, 50.0, until)) == pytest.approx(np.array(expected))


def test_time_is_shared_among_expressions_and_holes_count_for_none() -> None:
    sums = shares(rows((0.0, 1, HAPPY), (0.2, 1, SAD), (0.5, NO_FACE, NOBODY), (60.0, 1, SAD)))
    assert sums.tracks == [1]
    # The frames before the hole and at the end stand for as long as the others, 0.25 s.
    assert sums.seconds[0] == pytest.approx([0.2, 0.3 + 0.25, 0, 0])


def test_in_a_recording_a_frame_stands_until_the_next_the_cut_or_the_end() -> None:
    slow = rows((0.0, 1, HAPPY), (5.0, 1, SAD), (60.0, 1, HAPPY))
    assert StreamResult(slow, INFO).times.lasted.tolist() == [1.0, 1.0, 1.0], "a camera may stop"
    recorded = StreamResult(slow, INFO, recorded=True, end=61.5)
    assert recorded.times.lasted.tolist() == [5.0, 55.0, 1.5]
    assert gaps(slow, 0.0, 61.5, gap_seconds=recorded.gap_seconds) == []
    assert shares(slow, recorded.times).seconds.tolist() == [[6.5, 55.0, 0.0, 0.0]]
    cut = StreamResult(slow, INFO, recorded=True, cuts=(0.25, 5.0, 61.0), end=61.5)
    assert cut.times.lasted.tolist() == [0.25, 55.0, 1.0]
    nothing = FrameTimes.of(StreamRows.empty(HEADS), end=5.0)
    assert (len(nothing.seconds), len(nothing.frame), off_spans(nothing)) == (0, 0, [])


def test_a_camera_that_is_off_sends_few_frames_and_only_a_longer_stop_is_a_hole() -> None:
    frames = [steady("hhhhh"), steady("ooo", rate=0.8, start=0.5), steady("hh", start=4.25)]
    seen = StreamRows(np.concatenate([part.array for part in frames]), HEADS)
    assert off_spans(FrameTimes.of(seen)) == [pytest.approx((0.5, 4.25))]
    assert gaps(seen, 0.0, 4.4) == []
    assert shares(seen).seconds[0, 0] == pytest.approx(0.7)
    later = 0.3 + OFF_GAP_SECONDS
    assert gaps(steady("oooo"), 0.0, later) == []
    assert gaps(steady("oooo"), 0.0, later + 1) == [pytest.approx((0.4, later + 1))]
