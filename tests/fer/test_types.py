from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.types import Faces, check_image, margins
from tests.samples import make_detections

LABELS = ("happy", "sad")


def faces(n: int) -> Faces:
    found = make_detections(*[(10.0 * i, 0, 10.0 * i + 8, 8) for i in range(n)])
    shares = np.tile(np.array([0.25, 0.75], np.float32), (n, 1))
    return Faces.of(found, shares, LABELS)


@pytest.mark.parametrize("n", [0, 1, 3])
def test_faces_agree_on_their_number(n: int) -> None:
    result = faces(n)
    assert len(result) == n
    assert result.expressions == ["sad"] * n
    assert result.confidence.tolist() == [0.75] * n
    assert result.track_id.tolist() == [-1] * n


@pytest.mark.parametrize("n", [0, 1, 3])
def test_mirrored_faces_stand_left_to_right_and_keep_what_belongs_to_them(n: int) -> None:
    original = faces(n)
    numbered = replace(original, track_id=np.arange(n), seconds=2.5)
    mirrored = numbered.mirrored(100)
    assert mirrored.xyxy[:, 0].tolist() == [92.0 - 10 * i for i in reversed(range(n))]
    assert mirrored.track_id.tolist() == list(reversed(range(n)))
    assert (mirrored.seconds, mirrored.expressions) == (2.5, original.expressions)
    # The person's own right eye is on the left as the camera sees it, on the right in a mirror.
    assert (mirrored.landmarks[:, 0, 0] > mirrored.landmarks[:, 1, 0]).all()


@given(
    lefts=st.lists(st.integers(-100, 700), max_size=6, unique=True).map(sorted),
    side=st.integers(1, 300),
    width=st.integers(1, 2000),
)
def test_mirroring_twice_changes_nothing(lefts: list[int], side: int, width: int) -> None:
    found = make_detections(*[(x, 10, x + side, 10 + side) for x in lefts])
    shares = np.tile(np.array([0.25, 0.75], np.float32), (len(lefts), 1))
    original = Faces.of(found, shares, LABELS)
    once = original.mirrored(width)
    twice = once.mirrored(width)
    assert (np.diff(once.xyxy[:, 0]) > 0).all()
    assert (once.xyxy[:, 2] > once.xyxy[:, 0]).all()
    # A nose in the middle of its box stays there.
    assert once.landmarks[:, 2, 0] == pytest.approx(once.xyxy[:, [0, 2]].mean(axis=1), abs=1e-3)
    assert (twice.xyxy == original.xyxy).all()
    assert twice.landmarks == pytest.approx(original.landmarks, abs=1e-3)


WIDE = ("happy", "sad", "neutral", "fear", "angry")


def asked(
    *rows: tuple[float, ...], flawed: bool = False, thresholds: tuple[float, float] = (0.5, 0.7)
) -> Faces:
    """Return faces with these probabilities of `WIDE`, all too small if `flawed`."""
    n = len(rows)
    found = make_detections(*[(10.0 * i, 0, 10.0 * i + 8, 8) for i in range(n)])
    flaws = np.zeros((n, 4), np.bool_)
    flaws[:, 0] = flawed
    shares = np.array(rows, np.float32).reshape(n, len(WIDE))
    return Faces.of(found, shares, WIDE, flaws=flaws, thresholds=thresholds)


@pytest.mark.parametrize(
    ("row", "flawed", "answer", "candidates"),
    [
        ((1.0, 0, 0, 0, 0), False, "happy", ("happy",)),
        ((0.5, 0.5, 0, 0, 0), False, "happy", ("happy",)),
        ((0.1, 0.45, 0.36, 0.05, 0.04), False, "uncertain", ("sad", "neutral")),
        ((0.35, 0.3, 0.2, 0.1, 0.05), False, "uncertain", ("happy", "sad", "neutral")),
        ((0.2, 0.2, 0.2, 0.2, 0.2), False, "uncertain", ("happy", "sad", "neutral")),
        ((0.69, 0.2, 0.11, 0, 0), True, "uncertain", ("happy", "sad")),
        ((0.7, 0.3, 0, 0, 0), True, "happy", ("happy",)),
    ],
)
def test_an_answer_below_its_threshold_is_uncertain_with_candidates(
    row: tuple[float, ...], flawed: bool, answer: str, candidates: tuple[str, ...]
) -> None:
    result = asked(row, flawed=flawed)
    assert result.answers == [answer]
    assert result.uncertain.tolist() == [answer == "uncertain"]
    assert result.candidates == [candidates]
    assert result.expressions == [candidates[0]]
    assert result.quality == [("small",) if flawed else ()]


@pytest.mark.parametrize(
    ("row", "answer"),
    [
        ((0.55, 0.45, 0, 0, 0), "happy"),
        ((0.54, 0.45, 0.01, 0, 0), "uncertain"),
        ((0.6, 0.2, 0.2, 0, 0), "happy"),
    ],
)
def test_no_answer_is_given_when_two_are_close(row: tuple[float, ...], answer: str) -> None:
    assert replace(asked(row), margin=0.095).answers == [answer]


def test_an_expression_may_ask_for_more_confidence_than_others() -> None:
    rows = (0.55, 0.38, 0.07, 0, 0), (0.38, 0.55, 0.07, 0, 0), (0.7, 0.3, 0, 0, 0)
    own = (0.6, 0.5, 0.5, 0.5, 0.5), (0.9, 0.7, 0.7, 0.7, 0.7)
    assert replace(asked(*rows), thresholds=own).answers == ["uncertain", "sad", "happy"]
    assert replace(asked(*rows), thresholds=own).candidates[0] == ("happy", "sad")
    flawed = replace(asked(*rows, flawed=True), thresholds=own)
    assert flawed.answers == ["uncertain"] * 3


@pytest.mark.parametrize(
    ("rows", "expected"), [(np.zeros((0, 3)), []), ([[0.7]], [0.7]), ([[0.2, 0.5, 0.3]], [0.2])]
)
def test_a_margin_is_between_the_first_two(rows: list, expected: list[float]) -> None:
    assert margins(np.array(rows, np.float32)) == pytest.approx(expected)


def test_nobody_is_uncertain_of_nothing_nor_without_thresholds() -> None:
    assert Faces.empty(()).uncertain.tolist() == []  # a file that could not be read
    assert (asked().answers, asked().candidates, asked().quality) == ([], [], [])
    assert asked().uncertain.tolist() == []
    assert asked((0.3, 0.2, 0.2, 0.2, 0.1), thresholds=(0, 0)).answers == ["happy"]
    assert faces(2).quality == [(), ()]


def test_flaws_and_thresholds_stay_with_their_faces() -> None:
    pair = asked((0.6, 0.4, 0, 0, 0), (0.6, 0.4, 0, 0, 0))
    pair.flaws[1, 2] = True
    for other in (pair.take(np.array([1, 0])), pair.mirrored(100)):
        assert other.answers == ["uncertain", "happy"]
        assert other.quality == [("dark",), ()]
        assert other.thresholds == (0.5, 0.7)
    assert len(pair.detections) == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("flaws", np.zeros((1, 3), np.bool_)),
        ("xyxy", np.zeros((1, 3), np.float32)),
        ("landmarks", np.zeros((1, 5, 2), np.float32)),
        ("probabilities", np.zeros((1, 3), np.float32)),
        ("track_id", np.zeros(2, np.int64)),
    ],
)
def test_a_wrong_shape_is_named(field: str, value: np.ndarray) -> None:
    whole = faces(1)
    parts = {name: getattr(whole, name) for name in ("xyxy", "score", "landmarks", "probabilities")}
    with pytest.raises(ValueError, match=field):
        Faces(**(parts | {field: value}), labels=LABELS)


def test_moved_scales_then_shifts_boxes_and_points() -> None:
    moved = make_detections((0, 0, 10, 10)).moved(scale=2, offset=(5, 7))
    assert moved.xyxy.tolist() == [[5, 7, 25, 27]]
    assert moved.landmarks[0, 2] == pytest.approx([15, 18])


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
    ],
    ids=["no pixels", "grey", "with alpha", "float"],
)
def test_what_is_no_rgb_image_is_refused(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected an RGB image"):
        check_image(image)
