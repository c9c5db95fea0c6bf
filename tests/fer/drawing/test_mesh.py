import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.detection.blazeface import BlazeFace
from fer.detection.evidence import MESH_POINTS, FaceLandmark
from fer.drawing.pictures import FEATURES, draw_meshes
from fer.types import Floats, Image

GREY = np.full((400, 400, 3), 128, np.uint8)


@pytest.fixture(scope="module")
def mesh(astronaut: Image) -> Floats:
    """The mesh of the astronaut's face, scaled into a square from 0 to 1."""
    points = FaceLandmark()(astronaut, BlazeFace(min_score=0.5)(astronaut)).points[0]
    return (points - points.min(axis=0)) / np.float32(np.ptp(points, axis=0).max())


def placed(mesh: Floats, side: float, left: float = 60, top: float = 60) -> Floats:
    return mesh * np.float32(side) + np.array([left, top], np.float32)


def distance_to(mesh: Floats, *, points: bool = True) -> Floats:
    """Return each pixel's distance to the nearest line, or point if they are drawn."""
    free = np.full(GREY.shape[:2], 255, np.uint8)
    at = np.round(mesh).astype(np.int32)
    if points:
        free[tuple(at[(at >= 0).all(axis=1) & (at < len(GREY)).all(axis=1)].T[::-1])] = 0
    for closed, indices in FEATURES.values():
        cv2.polylines(free, [at[list(indices)]], closed, 0)
    return np.asarray(cv2.distanceTransform(free, cv2.DIST_L2, 5), np.float32)


def test_without_a_mesh_the_copy_equals_the_image(astronaut: Image) -> None:
    copy = draw_meshes(astronaut, [])
    assert (copy == astronaut).all()
    assert copy is not astronaut


@pytest.mark.parametrize("side", [20, 45, 100, 280])
def test_a_mesh_is_drawn_on_its_face_as_thin_as_the_face_is_small(
    mesh: Floats, side: float
) -> None:
    image = GREY.copy()
    points = placed(mesh, side)
    drawn = draw_meshes(image, [points])
    changed = (drawn != image).any(axis=2)
    assert (image == 128).all()
    assert changed.any()
    assert distance_to(points)[changed].max() < 3 + 0.02 * side
    inside = np.zeros(GREY.shape[:2], np.uint8)
    oval = np.round(points[list(FEATURES["face"][1])]).astype(np.int32)
    cv2.fillPoly(inside, [oval], 1)
    change = np.abs(drawn.astype(int) - 128).max(axis=2)[inside > 0]
    assert 2 < change.mean() < 45, "the face is not hidden"


def test_the_points_of_large_faces_are_drawn_and_of_small_ones_only_lines(mesh: Floats) -> None:
    for side, dotted in ((40, False), (280, True)):
        points = placed(mesh, side)
        far = distance_to(points, points=False) > 4
        marked = (draw_meshes(GREY, [points]) != 128).any(axis=2)
        assert bool((marked & far).any()) == dotted


@given(
    side=st.floats(0, 2000),
    left=st.floats(-3000, 3000),
    top=st.floats(-3000, 3000),
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
)
def test_any_mesh_can_be_drawn_on_any_picture(
    side: float, left: float, top: float, size: tuple[int, int]
) -> None:
    image = np.full((*size, 3), 90, np.uint8)
    points = placed(np.random.default_rng(0).random((MESH_POINTS, 2), np.float32), side, left, top)
    picture = draw_meshes(image, [points, points])
    assert (picture.shape, picture.dtype) == (image.shape, np.uint8)
    assert (image == 90).all()
