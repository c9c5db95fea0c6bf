import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.tracking.observation import Appearance
from fer.tracking.track import FACE_EVIDENCE, Presence
from fer.tracking.tracker import MAX_TRACKS, MEMORY_SECONDS, Tracker
from fer.types import Detections
from tests.fer.tracking.samples import boxes, looks
from tests.samples import make_detections


@pytest.mark.parametrize(
    ("logits", "answers"),
    [
        ([FACE_EVIDENCE], [True]),
        ([FACE_EVIDENCE - 0.1], [False]),
        ([-5, 20, 20], [False, False, True]),
        ([5, 13, 5, 13], [False] * 4),
        ([20, -10, -10, -10, 20, 20, 20], [True, True, True, False, False, True, True]),
    ],
)
def test_one_look_opens_nobody_by_chance_and_closes_nobody(
    logits: list[float], answers: list[bool]
) -> None:
    presence, found = Presence(), []
    for seconds, logit in enumerate(logits):
        presence = presence.after(logit, float(seconds))
        found.append(presence.is_face)
    assert found == answers


def test_what_is_refused_waits_longer_and_longer_and_a_doubtful_face_not_long() -> None:
    presence, waits = Presence(), []
    for _ in range(8):
        presence = presence.after(-5, 100.0)
        waits.append(presence.next_look - 100)
    assert waits == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5])
    sure = Presence().after(20, 100.0)
    assert (sure.next_look, sure.after(5, 110.0).next_look) == (110, 111)


RED, BLUE, GREEN = 1, 2, 3


def watch(track: Tracker, seconds: float, *people: tuple[float, int]) -> list[int]:
    """Return the numbers of people at some places, of some colours."""
    return track(boxes(*(x for x, _ in people)), looks(*(c for _, c in people)), seconds).tolist()


def watch_for(
    track: Tracker, start: float, end: float, *people: tuple[float, int], rate: float = 10
) -> list[int]:
    """Return the numbers of people after they were seen for a time."""
    numbers: list[int] = []
    for seconds in np.arange(start, end, 1 / rate).tolist():
        numbers = watch(track, seconds, *people)
    return numbers


@pytest.fixture
def track() -> Tracker:
    return Tracker()


def test_a_person_keeps_the_number_and_a_new_one_gets_the_next(track: Tracker) -> None:
    assert watch(track, 0.0) == []
    assert watch(track, 0.0, (100, RED)) == [1]
    assert watch(track, 0.1, (104, RED), (300, BLUE)) == [1, 2]
    assert watch(track, 0.2, (304, BLUE), (108, RED)) == [2, 1]
    assert watch(track, 0.2, (304, BLUE), (108, RED)) == [2, 1], "two frames may have one time"


@pytest.mark.parametrize("away", [0.5, 10, MEMORY_SECONDS - 10])
@pytest.mark.parametrize("place", [100, 130, 600], ids=["same seat", "near", "other side"])
def test_who_comes_back_has_the_same_number(track: Tracker, away: float, place: float) -> None:
    assert watch_for(track, 0, 2, (100, RED), (300, BLUE)) == [1, 2]
    assert watch(track, 2 + away / 2, (300, BLUE)) == [2]
    assert watch_for(track, 2 + away, 3 + away, (300, BLUE), (place, RED)) == [2, 1]


def test_who_was_away_too_long_is_forgotten(track: Tracker) -> None:
    watch_for(track, 0, 1, (100, RED))
    assert watch_for(track, 2 + MEMORY_SECONDS, 4 + MEMORY_SECONDS, (100, RED)) == [2]
    assert track.active_ids == {2}


@pytest.mark.parametrize("gap", [1.5, 60])
def test_who_takes_a_seat_is_not_who_sat_there(track: Tracker, gap: float) -> None:
    watch_for(track, 0, 2, (100, RED))
    track(Detections.empty(), looks(), 2.5)
    assert watch_for(track, 2 + gap, 5 + gap, (100, BLUE)) == [2]
    # And who sat there is known when coming back elsewhere.
    assert watch_for(track, 5 + gap, 7 + gap, (100, BLUE), (400, RED)) == [2, 1]


@pytest.mark.parametrize(("then", "number"), [(BLUE, 2), (RED, 1)])
def test_after_a_cut_one_is_known_by_looks_and_after_a_scene_not_at_all(
    track: Tracker, then: int, number: int
) -> None:
    watch_for(track, 0, 2, (100, RED))
    track.cut()
    assert watch_for(track, 2, 3, (100, then)) == [number]
    track.new_scene()
    assert watch_for(track, 3, 4, (100, then)) == [number + 1]


@pytest.mark.parametrize("rate", [8, 30])
@pytest.mark.parametrize("hidden", [0.0, 0.5], ids=["both seen", "one hidden at the crossing"])
@pytest.mark.parametrize("alike", [False, True], ids=["of different looks", "dressed alike"])
def test_two_people_who_cross_keep_their_numbers(
    track: Tracker, rate: int, hidden: float, alike: bool
) -> None:
    numbers: dict[str, set[int]] = {}
    for frame in range(4 * rate):
        seconds = frame / rate
        other = RED if alike else BLUE
        people = {"left": (100 + 50 * seconds, RED), "right": (300 - 50 * seconds, other)}
        if abs(seconds - 2) < hidden:
            del people["right"]
        for name, number in zip(people, watch(track, seconds, *people.values()), strict=True):
            numbers.setdefault(name, set()).add(number)
    assert numbers == {"left": {1}, "right": {2}}


def test_a_lamp_that_is_switched_on_makes_nobody_new_and_another_size_does(track: Tracker) -> None:
    watch_for(track, 0, 2, (100, RED))
    assert watch_for(track, 2.0, 4.0, (100, BLUE)) == [1]
    large = boxes(100, size=400, y=-80)
    for seconds in (4.1, 4.4, 4.7, 5.0):
        number = track(large, looks(GREEN), seconds).tolist()
    assert number == [2]


def test_a_faint_face_continues_a_track_but_starts_none(track: Tracker) -> None:
    faint = make_detections((80, 100, 120, 140), score=0.4)
    assert track(faint, looks(RED), 0.0).tolist() == [-1]
    assert watch(track, 0.1, (100, RED)) == [1]
    assert track(faint, looks(RED), 0.2).tolist() == [1]


def test_who_might_be_back_waits_for_a_clear_view_and_who_cannot_be_does_not(
    track: Tracker,
) -> None:
    watch_for(track, 0, 2, (100, RED))
    assert watch(track, 5.0, (400, BLUE)) == [2]
    half_seen = looks(RED, visible=0.2)
    assert track(boxes(600), half_seen, 6.0).tolist() == [-1]
    assert watch_for(track, 6.1, 6.8, (590, RED)) == [1]


def test_a_number_given_too_soon_is_taken_back(track: Tracker) -> None:
    watch_for(track, 0, 2, (100, RED))
    # Behind something that hides hair and clothes, who comes back looks like somebody else.
    assert watch_for(track, 5, 5.4, (400, BLUE)) == [2]
    assert watch_for(track, 5.4, 8, (400, RED)) == [1]


def test_only_so_many_are_remembered(track: Tracker) -> None:
    for person in range(2 * MAX_TRACKS):
        track(boxes(100), looks(person % 40), 10.0 * person)
    assert len(track.active_ids) <= MAX_TRACKS + 1  # and who is in view


class CloseLooks:
    """Says what a close look at each place would say, and counts the looks."""

    def __init__(self, *logits: float) -> None:
        self.logits, self.looked = [*logits], list[int]()

    def __call__(self, face: int) -> float:
        self.looked.append(face)
        return self.logits[face]


def test_only_what_a_close_look_has_found_to_be_a_face_gets_a_number(track: Tracker) -> None:
    look = CloseLooks(-5.0, 20.0)
    numbers = [
        track(boxes(100, 300), looks(RED, BLUE), frame / 15, look).tolist() for frame in range(900)
    ]
    assert {first for first, _ in numbers} == {-1}
    assert [second for _, second in numbers[:3]] == [-1, 1, 1]
    assert {second for _, second in numbers[1:]} == {1}
    assert 10 <= look.looked.count(0) <= 20, "ever more rarely"
    assert 5 <= look.looked.count(1) <= 7, "now and then"


@pytest.mark.parametrize(("rate", "most"), [(30, 1), (10, 2), (0.5, 6)])
def test_a_frame_has_few_close_looks(track: Tracker, rate: float, most: int) -> None:
    look, counts, numbers = CloseLooks(*[20.0] * 8), [], []
    faces, colours = boxes(*(60 + 100 * i for i in range(8))), looks(*range(8))
    for frame in range(12):
        before = len(look.looked)
        numbers = track(faces, colours, frame / rate, look).tolist()
        counts.append(len(look.looked) - before)
    assert (counts[0], max(counts)) == (1, most)
    assert sorted(numbers) == list(range(1, 9))


def test_what_is_a_face_no_more_is_no_person_any_more_until_it_is_one_again(track: Tracker) -> None:
    look, numbers = CloseLooks(20.0), []
    for frame in range(60 * 10):
        look.logits[0] = -10.0 if 15 < frame / 10 < 40 else 20.0
        numbers.append(track(boxes(100), looks(RED), frame / 10, look).tolist()[0])
    assert (numbers[14 * 10], numbers[-1]) == (1, 1)
    assert -1 in numbers[15 * 10 : 40 * 10]


@given(st.integers(0, 5), st.integers(0, 1000))
def test_whatever_comes_numbers_are_unique_and_positive(count: int, seed: int) -> None:
    rng, track, seconds = np.random.default_rng(seed), Tracker(), 0.0
    for _ in range(6):
        seconds += float(rng.exponential(0.5))
        faces = boxes(*rng.uniform(0, 640, count), size=float(rng.uniform(1, 200)))
        colours = Appearance(
            rng.dirichlet(np.ones(43), (count, 4)).astype(np.float32) ** np.float32(0.5),
            rng.uniform(0, 1, (count, 4)).astype(np.float32),
        )
        numbers = [n for n in track(faces, colours, seconds).tolist() if n != -1]
        assert len(set(numbers)) == len(numbers)
        assert set(numbers) <= track.active_ids
