from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.tracking.track import Track, assign, log_odds, mistaken
from tests.fer.tracking.samples import boxes, looks


def track(colour: int = 1, x: float = 100) -> Track:
    seen = looks(colour)
    return Track(1, boxes(x).xyxy[0], seen, seen, 0.0, 0.0)


def odds(gap: float, *, x: float = 100, colour: int = 1, size: float = 40) -> float:
    """Return the log-odds of a face being that of a track at 100, of colour 1, after a gap."""
    y = 120 - size / 2
    return float(log_odds(boxes(x, size=size, y=y).xyxy, looks(colour), [track()], gap)[0, 0])


@pytest.mark.parametrize("gap", [0, 1 / 15, 0.5, 2, 10, 60, 600])
def test_who_is_in_the_same_place_and_looks_alike_is_the_same_after_any_gap(gap: float) -> None:
    assert odds(gap) > 2


def test_a_place_says_less_the_longer_ago_it_was() -> None:
    near = [odds(gap) for gap in (0.1, 1, 10, 60)]
    far = [odds(gap, x=500) for gap in (0.1, 1, 10, 60)]
    assert near == sorted(near, reverse=True)
    assert far == sorted(far)
    assert max(odds(0.1, x=500, colour=2), odds(60, x=500, colour=2)) < -5


def test_looks_decide_after_a_gap_and_place_does_at_once() -> None:
    assert odds(1 / 15, colour=2) > 0
    assert odds(3, colour=2) < 0 < odds(3, x=500)


def test_another_size_is_less_likely() -> None:
    assert odds(0.1) > odds(0.1, size=60) > odds(0.1, size=200)


@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 1000))
def test_assignment_uses_each_once_and_nothing_unlikely(rows: int, columns: int, seed: int) -> None:
    values = np.random.default_rng(seed).uniform(-2, 2, (rows, columns))
    pairs = assign(values)
    assert len({r for r, _ in pairs}) == len({c for _, c in pairs}) == len(pairs)
    assert all(values[pair] >= 0 for pair in pairs)
    rest = np.delete(np.delete(values, [r for r, _ in pairs], 0), [c for _, c in pairs], 1)
    assert (rest < 0).all()


def crossed(average: int, recent: int) -> Track:
    """Return the track of somebody who looked one way on average and another in the end."""
    return replace(track(average), recent=looks(recent))


@pytest.mark.parametrize(
    ("tracks", "seen", "expected"),
    [
        ([], 0, None),
        ([track()], 1, None),
        ([track(1), track(2)], 2, None),
        ([crossed(1, 2), crossed(2, 1)], 2, {0, 1}),
        ([track(3), crossed(1, 2), track(2)], 2, {1, 2}),
        ([crossed(1, 2), track(2)], 2, None),
        ([crossed(1, 4), track(2)], 1, None),
        ([track(1), track(2), track(2)], 0, None),
    ],
    ids=["nobody", "one", "right", "both wrong", "one away", "one right", "a new coat", "all away"],
)
def test_two_are_mistaken_if_both_look_more_like_each_other(
    tracks: list[Track], seen: int, expected: set[int] | None
) -> None:
    found = mistaken(tracks, seen)
    assert (set(found) if found else None) == expected
