import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.tracking import MAX_COST, MEMORY_SECONDS, Tracker, appearance, assign
from fer.types import Detections, Floats
from tests.samples import make_detections

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


@pytest.mark.parametrize(
    ("hidden", "place"),
    [(0.0, 220), (0.7, 304), (1.4, 220), (1.4, 244)],
    ids=["not hidden", "walks on", "has stopped", "stops soon"],
)
def test_who_was_hidden_while_walking_is_found_again(hidden: float, place: float) -> None:
    track = Tracker()
    # Three widths of the face a second.
    for frame in range(15):
        track(boxes(100 + 8 * frame), [RED], frame / 15)
    track(Detections.empty(), [], 1 + hidden / 2)
    assert track(boxes(place), [RED], 1 + hidden).tolist() == [1]


def test_a_box_that_slips_once_does_not_run_away() -> None:
    track = Tracker()
    for frame, place in enumerate([100] * 10 + [115]):
        track(boxes(place), [RED], frame / 30)
    assert track(boxes(100), [RED], 0.8).tolist() == [1]


def test_two_frames_may_have_the_same_time() -> None:
    track = Tracker()
    numbers = [track(boxes(x), [RED], t).tolist() for x, t in ((100, 0), (104, 0), (108, 0.5))]
    assert numbers == [[1], [1], [1]]


@pytest.mark.parametrize(("size", "number"), [(20, 1), (80, 1), (400, 2)])
def test_who_is_suddenly_ten_times_as_large_is_somebody_else(size: float, number: int) -> None:
    track = Tracker()
    track(boxes(100, size=40, y=80), [RED], 0.0)
    assert track(boxes(100, size=size, y=100 - size / 2), [RED], 0.1).tolist() == [number]


@pytest.mark.parametrize(("blue_frames", "numbers"), [(0, [1, 2]), (1, [1, 2]), (60, [2, 1])])
def test_looks_are_remembered_for_a_while_and_follow_what_is_seen(
    blue_frames: int, numbers: list[int]
) -> None:
    track = Tracker()
    for frame in range(10 + blue_frames):
        track(boxes(100), [RED if frame < 10 else BLUE], frame / 15)
    assert track(boxes(80, 120), [RED, BLUE], (10 + blue_frames) / 15).tolist() == numbers


@pytest.mark.parametrize(
    ("looks", "turn_back"),
    [((RED, BLUE), False), ((RED, BLUE), True), ((RED, RED), False)],
    ids=["they pass", "they turn back", "they are dressed alike and pass"],
)
@pytest.mark.parametrize("rate", [8, 30])
def test_who_is_who_after_two_people_met_unseen(
    looks: tuple[Floats, Floats], turn_back: bool, rate: int
) -> None:
    track, before, after = Tracker(), [], []
    for seconds in np.arange(0, 2, 1 / rate).tolist():
        way = 60 * (2 - seconds if turn_back and seconds > 1 else seconds)
        if seconds <= 0.75:
            before = track(boxes(100 + way, 220 - way), looks, seconds).tolist()
        elif seconds >= 1.25:
            after.append(track(boxes(100 + way, 220 - way), looks, seconds).tolist())
    assert before == [1, 2]
    assert after == [before] * len(after)


@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 1000))
def test_assignment_uses_each_once_and_nothing_too_dear(rows: int, columns: int, seed: int) -> None:
    costs = np.random.default_rng(seed).uniform(0, 2, (rows, columns))
    pairs = assign(costs)
    assert len({r for r, _ in pairs}) == len({c for _, c in pairs}) == len(pairs)
    assert all(costs[pair] <= MAX_COST for pair in pairs)
    rest = np.delete(np.delete(costs, [r for r, _ in pairs], 0), [c for _, c in pairs], 1)
    assert (rest > MAX_COST).all()


def test_looks_are_the_colours_inside_the_picture_even_at_its_border() -> None:
    image = np.zeros((200, 200, 3), np.uint8)
    image[:100, :100] = (250, 0, 0)
    image[:100, 100:] = (0, 250, 0)
    image[100:, :100] = (0, 0, 250)
    image[100:, 100:] = (250, 250, 250)
    corners = [(x - 30, y - 30, x + 30, y + 30) for y in (0, 200) for x in (0, 200)]
    looks = appearance(image, np.array(corners, np.float32))
    assert [int(np.argmax(colours)) for colours in looks] == [48, 12, 3, 63]
    assert [colours.sum() for colours in looks] == pytest.approx([1, 1, 1, 1])


def test_nobody_has_no_looks_and_who_is_outside_the_picture_has_some() -> None:
    image = np.zeros((100, 200, 3), np.uint8)
    assert appearance(image, np.zeros((0, 4), np.float32)) == []
    outside = np.array([[500, 500, 540, 540], [-90, -90, -50, -50]], np.float32)
    assert [colours.sum() for colours in appearance(image, outside)] == pytest.approx([1, 1])
