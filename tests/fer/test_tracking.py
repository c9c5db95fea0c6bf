"""Who is who, by place, size and looks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from fer.tracking.observation import Appearance, Light
from fer.tracking.track import FACE_EVIDENCE, Presence, Track, assign, log_odds, mistaken
from fer.tracking.tracker import MAX_AWAY, MEMORY_SECONDS, Tracker
from fer.types import Detections, Image
from tests.samples import make_detections

REGIONS, BINS = 4, 43


def looks(*colours: int, visible: float = 1.0) -> Appearance:
    """Return people who are each of one colour all over."""
    made = np.zeros((len(colours), REGIONS, BINS), np.float32)
    for person, colour in enumerate(colours):
        made[person, :, colour] = 1
    return Appearance(made, np.full((len(colours), REGIONS), visible, np.float32))


def boxes(*centres: float, size: float = 40, y: float = 100) -> Detections:
    """Return faces side by side."""
    return make_detections(*[(x - size / 2, y, x + size / 2, y + size) for x in centres])


BOX = np.array([[100, 90, 160, 150]], np.float32)


def person(hair: int, skin: int, clothes: tuple[int, int, int], noise: int = 0) -> Image:
    """Draw somebody around `BOX` in front of a grey wall."""
    image = np.full((300, 260, 3), 120, np.uint8)
    image[60:110, 95:165] = hair
    image[90:155, 105:155] = (skin, skin * 3 // 4, skin * 3 // 5)
    image[155:, 60:200] = clothes
    rng = np.random.default_rng(noise)
    return np.clip(image + rng.normal(0, 3, image.shape), 0, 255).astype(np.uint8)


def described(image: Image, light: Light | None = None) -> Appearance:
    return Appearance.of(image, BOX, (light or Light())(image))


@pytest.mark.parametrize("boxes", [0, 1, 3])
def test_everybody_has_looks_even_outside_the_picture(boxes: int) -> None:
    image = np.zeros((100, 200, 3), np.uint8)
    outside = np.array([[500, 500, 540, 540], [-90, -90, -50, -50], [80, 20, 120, 60]], np.float32)
    made = Appearance.of(image, outside[:boxes], Light()(image))
    assert len(made) == boxes
    assert np.isfinite(made.colours).all()
    assert made.distances(made).shape == (boxes, boxes)
    assert not made.visible[:2].any()


def test_the_same_person_looks_alike_and_another_does_not() -> None:
    light = Light()
    one = described(person(30, 220, (40, 50, 160)), light)
    again = described(person(30, 220, (40, 50, 160), noise=1), light)
    other = described(person(200, 200, (150, 40, 40)), light)
    assert one.distances(one)[0, 0] == pytest.approx(0, abs=1e-3)
    assert one.distances(again)[0, 0] < 0.1
    assert one.distances(other)[0, 0] > 0.3
    assert_allclose(one.distances(other), other.distances(one).T)


@pytest.mark.parametrize("gains", [(0.6, 0.6, 0.6), (0.52, 0.6, 0.72), (1.3, 1.2, 1.1)])
def test_another_light_does_not_change_who_looks_like_whom(gains: tuple) -> None:
    light, image = Light(), person(60, 190, (60, 70, 150))
    before = described(image, light)
    other = described(person(190, 190, (150, 60, 60)), light)
    dimmed = np.clip(image * np.array(gains), 0, 255).astype(np.uint8)
    after = described(dimmed, light)
    assert before.distances(after)[0, 0] < 0.15
    assert before.distances(after)[0, 0] < 0.6 * other.distances(after)[0, 0]


def test_people_who_come_and_go_are_no_other_light() -> None:
    light = Light()
    empty = person(120, 120, (120, 120, 120))
    before = light(empty)
    crowded = empty.copy()
    crowded[80:, :120] = (150, 40, 40)
    assert_allclose(light(crowded), before, atol=0.06)
    assert_allclose(light(empty), before, atol=0.06)


def test_what_is_seen_better_counts_more() -> None:
    clear, hidden = looks(1), looks(2, visible=0.0)
    assert_allclose(clear.blended(hidden, 0.9).colours, clear.colours)
    assert_allclose(hidden.blended(clear, 0.1).colours, clear.colours)
    assert clear.certainty(hidden)[0, 0] == 0
    assert clear.certainty(clear)[0, 0] == pytest.approx(1)
    assert clear.clear
    assert not clear.doubted(np.array([0.2])).clear


def known(colour: int = 1, x: float = 100) -> Track:
    seen = looks(colour)
    return Track(1, boxes(x).xyxy[0], seen, seen, 0.0, 0.0)


def odds(gap: float, *, x: float = 100, colour: int = 1, size: float = 40) -> float:
    """Return the log-odds of a face being that of a known at 100, of colour 1, after a gap."""
    y = 120 - size / 2
    return float(log_odds(boxes(x, size=size, y=y).xyxy, looks(colour), [known()], gap)[0, 0])


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
    """Return the known of somebody who looked one way on average and another in the end."""
    return replace(known(average), recent=looks(recent))


@pytest.mark.parametrize(
    ("tracks", "seen", "expected"),
    [
        ([], 0, None),
        ([known()], 1, None),
        ([known(1), known(2)], 2, None),
        ([crossed(1, 2), crossed(2, 1)], 2, {0, 1}),
        ([known(3), crossed(1, 2), known(2)], 2, {1, 2}),
        ([crossed(1, 2), known(2)], 2, None),
        ([crossed(1, 4), known(2)], 1, None),
        ([known(1), known(2), known(2)], 0, None),
    ],
    ids=["nobody", "one", "right", "both wrong", "one away", "one right", "a new coat", "all away"],
)
def test_two_are_mistaken(tracks: list[Track], seen: int, expected: set[int] | None) -> None:
    found = mistaken(tracks, seen)
    assert (set(found) if found else None) == expected


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
def test_one_look_alone_changes_nobody(logits: list[float], answers: list[bool]) -> None:
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
    late = 4 + away + MEMORY_SECONDS
    assert watch_for(track, late, late + 2, (place, RED)) == [3], "forgotten"
    assert track.active_ids == {3}


@pytest.mark.parametrize("gap", [1.5, 60])
def test_who_takes_a_seat_is_not_who_sat_there(track: Tracker, gap: float) -> None:
    watch_for(track, 0, 2, (100, RED))
    track(Detections.empty(), looks(), 2.5)
    assert watch_for(track, 2 + gap, 5 + gap, (100, BLUE)) == [2]
    # And who sat there is known when coming back elsewhere.
    assert watch_for(track, 5 + gap, 7 + gap, (100, BLUE), (400, RED)) == [2, 1]


@pytest.mark.parametrize("visible", [1.0, 0.3], ids=["all seen", "a close-up"])
@pytest.mark.parametrize("place", [100, 600], ids=["same place", "elsewhere"])
@pytest.mark.parametrize("size", [40, 120], ids=["same size", "larger"])
@pytest.mark.parametrize(("then", "number"), [(BLUE, 2), (RED, 1)], ids=["another", "the same"])
def test_after_a_cut_looks_alone_tell_at_once_who_it_is(
    track: Tracker, visible: float, place: float, size: float, then: int, number: int
) -> None:
    watch_for(track, 0, 2, (100, RED))
    track.cut()
    faces = boxes(place, size=size)
    for seconds in (2.0, 2.1, 3.5):
        assert track(faces, looks(then, visible=visible), seconds).tolist() == [number]


def test_who_comes_in_after_a_cut_waits_for_a_clear_view(track: Tracker) -> None:
    watch_for(track, 0, 2, (100, RED))
    track.cut()
    assert watch_for(track, 2, 4, (100, BLUE)) == [2]
    half_seen = Appearance.concatenate([looks(BLUE), looks(RED, visible=0.2)])
    assert track(boxes(100, 600), half_seen, 4.1).tolist() == [2, -1]
    assert watch_for(track, 4.2, 5.0, (100, BLUE), (590, RED)) == [2, 1]


def test_people_of_two_shots_keep_their_numbers_through_many_cuts(track: Tracker) -> None:
    numbers = []
    for shot in range(8):
        start = 2.0 * shot
        people = [(100, RED), (300, BLUE)] if shot % 2 else [(120, GREEN)]
        numbers.append(watch_for(track, start, start + 2, *people))
        track.cut()
    assert numbers == [[1], [2, 3]] * 4


@pytest.mark.parametrize("rate", [8, 30])
@pytest.mark.parametrize("hidden", [0.0, 0.5], ids=["both seen", "one hidden at the crossing"])
@pytest.mark.parametrize("alike", [False, True], ids=["of different looks", "dressed alike"])
def test_who_crosses_keeps_a_number(track: Tracker, rate: int, hidden: float, alike: bool) -> None:
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


def test_only_who_might_be_back_waits_for_a_clear_view(track: Tracker) -> None:
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


def test_only_so_many_who_are_away_are_remembered(track: Tracker) -> None:
    for person in range(2 * MAX_AWAY):
        track(boxes(100), looks(person % 40), 10.0 * person)
    assert len(track.active_ids) == MAX_AWAY + 1  # and who is in view


@pytest.mark.parametrize("count", [MAX_AWAY, MAX_AWAY + 1, 3 * MAX_AWAY])
def test_a_crowd_in_view_keeps_its_numbers(track: Tracker, count: int) -> None:
    places = [100.0 * person for person in range(count)]
    people = looks(*(person % BINS for person in range(count)))
    for frame in range(20):
        numbers = track(boxes(*places), people, frame / 10).tolist()
        assert numbers == list(range(1, count + 1))


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
