import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.tracking import MAX_COST, MEMORY_SECONDS, Tracker, appearance, assign
from fer.types import Detections, Floats
from tests.conftest import make_detections

RED, BLUE = (np.eye(64, dtype=np.float32)[i] for i in (48, 3))


def boxes(*centres: float, size: float = 40, y: float = 100) -> Detections:
    return make_detections(*[(x - size / 2, y, x + size / 2, y + size) for x in centres])


def test_nobody_gets_no_number() -> None:
    assert Tracker()(Detections.empty(), [], 0.0).tolist() == []


def test_a_person_keeps_the_number_and_a_new_one_gets_the_next() -> None:
    track = Tracker()
    assert track(boxes(100), [RED], 0.0).tolist() == [1]
    assert track(boxes(104, 300), [RED, RED], 0.1).tolist() == [1, 2]
    assert track(boxes(304, 108), [RED, RED], 0.2).tolist() == [2, 1]


@pytest.mark.parametrize(
    ("gap", "number"), [(0.5, 1), (MEMORY_SECONDS - 0.1, 1), (MEMORY_SECONDS + 0.2, 2)]
)
def test_a_gap_is_bridged_while_it_is_short(gap: float, number: int) -> None:
    track = Tracker()
    track(boxes(100), [RED], 0.0)
    track(Detections.empty(), [], gap / 2)
    assert track(boxes(110), [RED], gap).tolist() == [number]


def test_a_faint_face_continues_a_track_but_starts_none() -> None:
    track, faint = Tracker(), make_detections((80, 100, 120, 140), score=0.4)
    assert track(faint, [RED], 0.0).tolist() == [-1]
    assert track(boxes(100), [RED], 0.1).tolist() == [1]
    assert track(faint, [RED], 0.2).tolist() == [1]


def test_somebody_else_far_away_is_not_the_same_person() -> None:
    track = Tracker()
    track(boxes(100), [RED], 0.0)
    assert track(boxes(500), [RED], 0.1).tolist() == [2]


@pytest.mark.parametrize("rate", [8, 15, 30])
@pytest.mark.parametrize("hidden", [0.0, 0.5], ids=["both seen", "one hidden at the crossing"])
def test_two_people_who_cross_slowly_keep_their_numbers(rate: int, hidden: float) -> None:
    track, numbers = Tracker(), {}
    for frame in range(4 * rate):
        seconds = frame / rate
        left, right = 100 + 50 * seconds, 300 - 50 * seconds
        if abs(seconds - 2) < hidden:
            found, looks, who = boxes(left), [RED], ["left"]
        else:
            found, looks, who = boxes(left, right), [RED, BLUE], ["left", "right"]
        for name, number in zip(who, track(found, looks, seconds).tolist(), strict=True):
            numbers.setdefault(name, set()).add(number)
    assert numbers == {"left": {1}, "right": {2}}


@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 1000))
def test_assignment_uses_each_once_and_nothing_too_dear(rows: int, columns: int, seed: int) -> None:
    costs = np.random.default_rng(seed).uniform(0, 2, (rows, columns))
    pairs = assign(costs)
    assert len({r for r, _ in pairs}) == len({c for _, c in pairs}) == len(pairs)
    assert all(costs[pair] <= MAX_COST for pair in pairs)
    rest = np.delete(np.delete(costs, [r for r, _ in pairs], 0), [c for _, c in pairs], 1)
    assert (rest > MAX_COST).all()


def test_looks_tell_colours_apart_even_at_the_border() -> None:
    image = np.zeros((100, 200, 3), np.uint8)
    image[:, :100, 0], image[:, 100:, 2] = 250, 250
    xyxy: Floats = np.array(
        [[-20, -20, 40, 40], [150, 60, 230, 140], [500, 500, 540, 540]], np.float32
    )
    red, blue, outside = appearance(image, xyxy)
    assert np.argmax(red) != np.argmax(blue)
    assert [h.sum() for h in (red, blue, outside)] == pytest.approx([1, 1, 1])
    assert appearance(image, np.zeros((0, 4), np.float32)) == []
