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
from fer.types import Detections
from tests.samples import make_detections

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
    st.floats(-np.pi, np.pi),
    st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)),
)
def test_similarity_recovers_the_transform(scale: float, angle: float, shift: tuple) -> None:
    source = np.array([[0.0, 0.0], [10.0, 1.0], [3.0, 8.0], [5.0, 15.0]])
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    target = scale * source @ rotation.T + shift
    matrix = similarity(source, target)
    assert transform_points(matrix, source) == pytest.approx(target, abs=1e-6)
    assert transform_scale(matrix) == pytest.approx(scale)


def test_similarity_of_a_single_place_is_refused() -> None:
    with pytest.raises(ValueError, match="two different points"):
        similarity(np.ones((4, 2)), np.ones((4, 2)))
