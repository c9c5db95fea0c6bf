"""Detections, faces and boxes; names, shares and times as people read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.geometry import (
    box_area,
    iou_matrix,
    similarity,
    transform_points,
    transform_scale,
    weighted_nms,
)
from fer.labels import (
    COLOURS,
    FER2013_LABELS,
    OTHER_COLOUR,
    PERSON_COLOURS,
    canonical,
    colour_of,
    is_plain,
    ordered,
    person_colour,
)
from fer.text import cell, chance, clock, duration, one_of, path_problem, shortened
from fer.types import Detections, Faces, check_image, margins
from tests.fer.samples import rotation
from tests.samples import make_detections

LABELS = ("happy", "sad", "neutral", "fear", "angry")


def asked(*rows: tuple[float, ...], has_issues: bool = False, **about: object) -> Faces:
    """Return faces with these probabilities, all too small if `has_issues`."""
    n = len(rows)
    found = make_detections(*[(10.0 * i, 0, 10.0 * i + 8, 8) for i in range(n)])
    issues = np.tile(np.array([has_issues, False, False, False]), (n, 1))
    shares = np.array(rows, np.float32).reshape(n, len(LABELS))
    return Faces.of(found, shares, LABELS, **{"issues": issues, "thresholds": (0.5, 0.7), **about})


@pytest.mark.parametrize("n", [0, 1, 3])
def test_faces_agree_on_their_number(n: int) -> None:
    faces = Faces.of(asked(*[(0, 1, 0, 0, 0)] * n).detections, np.ones((n, 1), np.float32), ("a",))
    assert len(faces) == len(faces.detections) == n
    assert (faces.expressions, faces.confidence.tolist()) == (["a"] * n, [1] * n)
    assert (faces.track_id.tolist(), faces.quality) == ([-1] * n, [()] * n)
    assert (faces.answers, faces.candidates) == (["a"] * n, [("a",)] * n)
    assert len(Detections.concatenate([faces.detections] * n)) == n * n
    assert Faces.empty(()).uncertain.tolist() == []  # a file that could not be read


@given(
    lefts=st.lists(st.integers(-100, 700), max_size=6, unique=True).map(sorted),
    side=st.integers(1, 300),
    width=st.integers(1, 2000),
)
def test_mirrored_faces_stand_left_to_right(lefts: list[int], side: int, width: int) -> None:
    found = make_detections(*[(x, 10, x + side, 10 + side) for x in lefts])
    shares = np.eye(6, 5, dtype=np.float32)[: len(lefts)]
    original = Faces.of(found, shares, LABELS, track_id=np.arange(len(lefts)), seconds=2.5)
    once = original.mirrored(width)
    assert (np.diff(once.xyxy[:, 0]) > 0).all()
    assert (once.xyxy[:, 2] > once.xyxy[:, 0]).all()
    assert once.track_id.tolist() == original.track_id[::-1].tolist()
    assert (once.seconds, once.expressions) == (2.5, original.expressions[::-1])
    # A nose in the middle of its box stays there; the person's own right eye is on the left as the
    # camera sees it, on the right in a mirror.
    assert once.landmarks[:, 2, 0] == pytest.approx(once.xyxy[:, [0, 2]].mean(axis=1), abs=1e-3)
    assert (once.landmarks[:, 0, 0] > once.landmarks[:, 1, 0]).all()
    twice = once.mirrored(width)
    assert (twice.xyxy == original.xyxy).all()
    assert twice.landmarks == pytest.approx(original.landmarks, abs=1e-3)


@pytest.mark.parametrize(
    ("row", "has_issues", "answer", "candidates"),
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
    row: tuple[float, ...], has_issues: bool, answer: str, candidates: tuple[str, ...]
) -> None:
    result = asked(row, has_issues=has_issues)
    assert result.answers == [answer]
    assert result.uncertain.tolist() == [answer == "uncertain"]
    assert result.candidates == [candidates]
    assert result.expressions == [candidates[0]]
    assert result.quality == [("small",) if has_issues else ()]
    assert replace(result, thresholds=(0, 0)).answers == [candidates[0]]


@pytest.mark.parametrize(
    ("row", "has_issues", "about", "reason"),
    [
        ((0.5, 0.3, 0.2, 0, 0), False, {}, ""),
        ((0.49, 0.31, 0.2, 0, 0), False, {}, "happy has 49.0%; an answer needs at least 50.0%"),
        (
            (0.69, 0.31, 0, 0, 0),
            True,
            {},
            "happy has 69.0%; an answer for a face that is small needs at least 70.0%",
        ),
        (
            (0.5, 0.45, 0.05, 0, 0),
            False,
            {"margin": 0.1},
            "happy (50.0%) and sad (45.0%) are too close to each other",
        ),
        (
            (0.01, 0.99, 0, 0, 0),
            False,
            {"thresholds": ((0, 1, 0, 0, 0), (0, 1, 0, 0, 0))},
            "this model is never sure enough of sad",
        ),
        (
            (0.99, 0.01, 0, 0, 0),
            True,
            {"thresholds": (0.5, float("inf"))},
            "this model is never sure enough of happy for a face that is small",
        ),
    ],
)
def test_an_uncertain_answer_has_its_reason(
    row: tuple[float, ...], has_issues: bool, about: dict[str, object], reason: str
) -> None:
    faces = asked(row, has_issues=has_issues, **about)
    assert faces.reasons == [reason]
    assert faces.uncertain.tolist() == [bool(reason)]


def test_without_faces_there_is_no_reason() -> None:
    assert asked().reasons == Faces.empty(()).reasons == []


def test_a_single_label_can_be_uncertain() -> None:
    found = make_detections((0, 0, 8, 8))
    share = np.array([[0.4]], np.float32)
    faces = Faces.of(found, share, ("happy",), thresholds=(0.0, 0.0), margin=0.5)
    assert faces.reasons == ["happy has 40.0%; an answer needs at least 50.0%"]


def test_no_answer_is_given_when_two_are_close() -> None:
    rows = (0.55, 0.45, 0, 0, 0), (0.54, 0.45, 0.01, 0, 0), (0.6, 0.2, 0.2, 0, 0)
    assert asked(*rows, margin=0.095).answers == ["happy", "uncertain", "happy"]
    shares = np.array(rows, np.float32)
    assert margins(shares) == pytest.approx([0.1, 0.09, 0.4])
    assert margins(shares[:, :1]) == pytest.approx([row[0] for row in rows])
    assert margins(shares[:, :2]) == pytest.approx([0.1, 0.09, 0.4])


def test_an_expression_may_ask_for_more_confidence_than_others() -> None:
    rows = (0.55, 0.38, 0.07, 0, 0), (0.38, 0.55, 0.07, 0, 0), (0.7, 0.3, 0, 0, 0)
    own = (0.6, 0.5, 0.5, 0.5, 0.5), (0.9, 0.7, 0.7, 0.7, 0.7)
    faces = asked(*rows, thresholds=own)
    assert faces.answers == ["uncertain", "sad", "happy"]
    assert faces.take(np.array([2, 0])).answers == ["happy", "uncertain"]
    assert faces.candidates[0] == ("happy", "sad")
    assert asked(*rows, has_issues=True, thresholds=own).answers == ["uncertain"] * 3


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("issues", np.zeros((1, 3), np.bool_)),
        ("xyxy", np.zeros((1, 3), np.float32)),
        ("landmarks", np.zeros((1, 5, 2), np.float32)),
        ("probabilities", np.zeros((1, 3), np.float32)),
        ("track_id", np.zeros(2, np.int64)),
    ],
)
def test_a_wrong_shape_is_named(field: str, value: np.ndarray) -> None:
    with pytest.raises(ValueError, match=field):
        replace(asked((1, 0, 0, 0, 0)), **{field: value})


def test_moved_scales_then_shifts_boxes_and_points() -> None:
    moved = make_detections((0, 0, 10, 10)).moved(scale=2, offset=(5, 7))
    assert moved.xyxy.tolist() == [[5, 7, 25, 27]]
    assert moved.landmarks[0, 2] == pytest.approx([15, 18])
    larger = asked((1, 0, 0, 0, 0)).scaled(3)
    assert larger.xyxy.tolist() == [[0, 0, 24, 24]]


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


coordinate = st.floats(-500, 500, width=32)
box = st.tuples(coordinate, coordinate, st.floats(1, 300), st.floats(1, 300)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)


@given(st.lists(box, max_size=5), st.lists(box, max_size=5))
def test_iou_is_a_symmetric_share(a: list, b: list) -> None:
    first, second = (np.array(x, np.float64).reshape(-1, 4) for x in (a, b))
    iou = iou_matrix(first, second)
    assert iou.shape == (len(a), len(b))
    assert ((iou >= 0) & (iou <= 1 + 1e-9)).all()
    assert iou == pytest.approx(iou_matrix(second, first).T)
    assert np.diag(iou_matrix(first, first)) == pytest.approx(np.ones(len(a)))


@pytest.mark.parametrize(
    ("boxes", "area"),
    [([], []), ([(0, 0, 2, 3)], [6]), ([(5, 5, 1, 9)], [0])],
    ids=["none", "plain", "inside out"],
)
def test_box_area(boxes: list, area: list) -> None:
    assert box_area(np.array(boxes, np.float32).reshape(-1, 4)).tolist() == area


@pytest.mark.parametrize(
    ("boxes", "count"),
    [
        ([], 0),
        ([(0, 0, 10, 10)], 1),
        ([(0, 0, 10, 10), (1, 1, 11, 11)], 1),
        ([(0, 0, 10, 10), (20, 0, 30, 10)], 2),
        ([(5, 5, 5, 5), (5, 5, 5, 5)], 2),
    ],
    ids=["none", "one", "same face twice", "two faces", "without area"],
)
def test_blending_leaves_one_detection_a_face(boxes: list, count: int) -> None:
    assert len(weighted_nms(make_detections(*boxes), iou=0.3)) == count


def test_blending_weighs_by_score_and_keeps_the_best_score() -> None:
    pair = Detections.concatenate(
        [make_detections((2, 0, 12, 10), score=0.25), make_detections((0, 0, 10, 10), score=0.75)]
    )
    merged = weighted_nms(pair, iou=0.3)
    assert merged.xyxy[0] == pytest.approx([0.5, 0, 10.5, 10])
    assert merged.score == pytest.approx([0.75])


@given(
    st.floats(0.05, 20),
    st.floats(-180, 180),
    st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)),
)
def test_similarity_recovers_the_transform(scale: float, angle: float, shift: tuple) -> None:
    source = np.array([[0.0, 0.0], [10.0, 1.0], [3.0, 8.0], [5.0, 15.0]])
    target = scale * source @ rotation(angle).T + shift
    matrix = similarity(source, target)
    assert transform_points(matrix, source) == pytest.approx(target, abs=1e-6)
    assert transform_scale(matrix) == pytest.approx(scale)


def test_similarity_of_a_single_place_is_refused() -> None:
    with pytest.raises(ValueError, match="two different points"):
        similarity(np.ones((4, 2)), np.ones((4, 2)))


#: What is said of an address.
ADDRESS = "is an address; only files are read. Save it as a file first, and give its path."

TEXTS = {
    one_of: {("sad",): "sad", ("sad", "fear"): "sad or fear", ("a", "b", "c"): "a, b or c"},
    chance: {0.0: "<1%", 0.004: "<1%", 0.005: "<1%", 0.5: "50%", 0.994: "99%", 1.0: ">99%"},
    clock: {0: "0:00", 7.9: "0:07", 750: "12:30", 3723: "1:02:03"},
    duration: {0: "<0.1 s", 0.4: "0.4 s", 1.5: "0:01", 75: "1:15"},
    cell: {"": "", "a=1": "a=1", "-1": "'-1", "\ta": "'\ta", "'a": "''a", "\uff0b1": "'\uff0b1"},
    canonical: {
        "": "",
        " Happiness ": "happy",
        "SADNESS": "sad",
        "suprise": "surprise",
        "Contempt": "contempt",
        "Laughing ": "Laughing",
    },
    shortened: {"": "", "a" * 60: "a" * 60, "a" * 61: "a" * 60 + "…"},
    path_problem: {
        "": "",
        "-": "",
        "data/a.jpg": "",
        r"C:\photos\a.jpg": "",
        "/".join(["a" * 255] * 10): "",
        "https://example.org/a.jpg": ADDRESS,
        "RTSP://camera:554/1": ADDRESS,
        "file:///home/a.jpg": ADDRESS,
        "data:image/png;base64,AAAA": ADDRESS,
        "a/" + "b" * 256: "is too long for a path (258 characters).",
        "a/" * 2049: "is too long for a path (4,098 characters).",
    },
    is_plain: {"": False, "a b-c": True, "=a": False, 60 * "x": True, 61 * "x": False},
    colour_of: {"happy": COLOURS["happy"], "bored": OTHER_COLOUR},
    ordered: {
        (): (),
        ("sad", "happy", "angry"): ("angry", "happy", "sad"),
        ("happy", "contempt", "angry"): ("angry", "contempt", "happy"),
        tuple(sorted(FER2013_LABELS)): FER2013_LABELS,
    },
}


@pytest.mark.parametrize(
    ("function", "given"), [(function, given) for function, rows in TEXTS.items() for given in rows]
)
def test_as_text(function: Callable, given: object) -> None:
    assert function(given) == TEXTS[function][given]


def test_a_person_keeps_a_colour_that_no_expression_and_no_neighbour_has() -> None:
    cycle = len(PERSON_COLOURS)
    colours = [person_colour(number) for number in range(1, cycle + 2)]
    assert len({*colours}) == cycle
    assert colours[0] == colours[-1] == PERSON_COLOURS[0]
    assert not set(colours) & set(COLOURS.values())
