"""Boxes, names, bars, contact sheets and meshes on pictures."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageColor

from fer.detection.blazeface import BlazeFace
from fer.detection.evidence import MESH_POINTS, FaceLandmark
from fer.drawing.annotate import annotate
from fer.drawing.pictures import COLUMNS, FEATURES, MOST, SIDE, contact_sheet, draw_meshes
from fer.labels import COLOURS, FER2013_LABELS, UNCERTAIN_COLOUR, colour_of, person_colour
from fer.types import Faces, Floats, Image
from tests.samples import make_detections


def faces(*boxes: tuple) -> Faces:
    shares = np.tile(np.array([0.9, 0.1], np.float32), (len(boxes), 1))
    return Faces.of(make_detections(*boxes), shares, ("happy", "sad"))


def test_a_face_is_boxed_in_the_colour_of_its_expression_and_the_image_kept() -> None:
    image = np.zeros((200, 300, 3), np.uint8)
    picture = annotate(image, faces((100, 80, 200, 180)))
    assert (image == 0).all()
    assert picture[130, 100].tolist() == list(ImageColor.getrgb(COLOURS["happy"]))
    assert (picture[100:160, 120:180] == 0).all()


def all_seven(*boxes: tuple, top: str = "happy", numbered: bool = True) -> Faces:
    shares = np.full((len(boxes), 7), 0.05, np.float32)
    shares[:, FER2013_LABELS.index(top)] = 0.7
    result = Faces.of(make_detections(*boxes), shares, FER2013_LABELS)
    return replace(result, track_id=np.arange(1, len(boxes) + 1)) if numbered else result


def has(picture: Image, colour: str) -> bool:
    return bool((picture == ImageColor.getrgb(colour)).all(axis=2).any())


GREY = np.full((480, 640, 3), 90, np.uint8)


@pytest.mark.parametrize(
    "boxes",
    [(), ((300, 200, 360, 260),), ((100, 150, 200, 250), (400, 150, 500, 250))],
    ids=["nobody", "one", "two"],
)
def test_only_who_is_followed_has_a_number_in_a_colour_of_their_own(boxes: tuple) -> None:
    followed = annotate(GREY, all_seven(*boxes))
    anonymous = annotate(GREY, all_seven(*boxes, numbered=False))
    for number in range(1, len(boxes) + 1):
        assert has(followed, person_colour(number))
        assert not has(anonymous, person_colour(number))
    assert (followed == anonymous).all() == (not boxes)


@pytest.mark.parametrize(("count", "numbered"), [(1, False), (2, True), (3, True)])
def test_several_faces_of_a_photo_are_numbered_like_their_rows(count: int, numbered: bool) -> None:
    boxes = [(150 * i + 50, 150, 150 * i + 130, 230) for i in range(count)]
    picture = annotate(GREY, all_seven(*boxes, numbered=False))
    pills = [has(picture[:, 150 * i + 40 : 150 * i + 140], "#FFFFFF") for i in range(count)]
    assert pills == [numbered] * count


def test_an_uncertain_face_has_no_colour_of_an_expression() -> None:
    sure = all_seven((300, 200, 360, 260), numbered=False)
    pictures = [annotate(GREY, replace(sure, thresholds=(limit, limit))) for limit in (0.6, 0.8)]
    assert [has(picture, COLOURS["happy"]) for picture in pictures] == [True, False]
    assert [has(picture, UNCERTAIN_COLOUR) for picture in pictures] == [False, True]


def test_bars_show_every_expression_in_its_colour_and_the_probable_one_longest() -> None:
    picture = annotate(GREY, all_seven((300, 200, 380, 280)), bars=True)
    beside = picture[190:330, 390:]
    counts = {
        name: (beside == ImageColor.getrgb(COLOURS[name])).all(axis=2).sum()
        for name in FER2013_LABELS
    }
    assert all(counts.values())
    assert max(counts, key=lambda name: counts[name]) == "happy"


@pytest.mark.parametrize(
    "boxes",
    [
        ((300, 200, 360, 260),),
        ((540, 380, 630, 470),),
        ((10, 10, 90, 90), (120, 10, 200, 90), (500, 390, 580, 470)),
        tuple((160 * x + 40, y, 160 * x + 120, y + 80) for y in (60, 300) for x in range(4)),
        ((320, 240, 326, 246),),
    ],
    ids=["middle", "corner", "three", "eight", "tiny"],
)
def test_bars_cover_no_face_where_there_is_room(boxes: tuple) -> None:
    plain, with_bars = (annotate(GREY, all_seven(*boxes), bars=bars) for bars in (False, True))
    changed = (plain != with_bars).any(axis=2)
    assert changed.any()
    for left, top, right, bottom in boxes:
        assert not changed[top:bottom, left:right].any()


@given(
    boxes=st.lists(
        st.tuples(st.integers(-200, 400), st.integers(-200, 300), st.integers(1, 500)), max_size=9
    ),
    size=st.tuples(st.integers(1, 300), st.integers(1, 300)),
)
def test_any_boxes_can_be_drawn_on_any_picture_which_stays_as_it_is(
    boxes: list[tuple[int, int, int]], size: tuple[int, int]
) -> None:
    image = np.full((*size, 3), 90, np.uint8)
    found = all_seven(*[(x, y, x + side, y + side) for x, y, side in boxes])
    picture = annotate(image, found, bars=True)
    assert boxes or ((picture == image).all() and picture is not image)
    assert (picture.shape, picture.dtype) == (image.shape, np.uint8)
    assert (image == 90).all()


LABELS = ("happy", "sad")

#: Space between faces in pixels.
GAP = 8


def answers(count: int) -> np.ndarray:
    return np.tile(np.array([[0.9, 0.1]], np.float32), (count, 1))


@pytest.mark.parametrize(
    ("count", "columns", "rows"),
    [(1, 1, 1), (COLUMNS + 1, COLUMNS, 2), (MOST + 90, COLUMNS, MOST // COLUMNS)],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_sheet_has_room_for_its_faces(count: int, columns: int, rows: int, channels: int) -> None:
    images = np.zeros((count, 48, 48, channels), np.uint8)
    height, width, depth = contact_sheet(images, answers(count), LABELS).shape
    assert depth == 3
    one = contact_sheet(images[:1], answers(1), LABELS).shape
    assert (height - GAP, width - GAP) == (rows * (one[0] - GAP), columns * (one[1] - GAP))


def test_each_face_stands_above_its_answer() -> None:
    images = np.zeros((2, 48, 48, 1), np.uint8)
    images[1] = 255
    sheet = contact_sheet(images, np.array([[0.9, 0.1], [0.2, 0.8]], np.float32), LABELS)
    middle = [GAP + SIDE // 2, GAP + SIDE // 2 + SIDE + GAP]
    assert [int(sheet[60, x, 0]) for x in middle] == [0, 255]
    below = GAP + SIDE + 1
    colours = [
        "#" + "".join(f"{c:02X}" for c in sheet[below, x]) for x in (GAP + 1, 2 * GAP + SIDE + 1)
    ]
    assert colours == [colour_of("happy"), colour_of("sad")]


CANVAS = np.full((400, 400, 3), 128, np.uint8)


@pytest.fixture(scope="module")
def mesh(astronaut: Image) -> Floats:
    """The mesh of the astronaut's face, scaled into a square from 0 to 1."""
    points = FaceLandmark()(astronaut, BlazeFace(min_score=0.5)(astronaut)).points[0]
    return (points - points.min(axis=0)) / np.float32(np.ptp(points, axis=0).max())


def placed(mesh: Floats, side: float, left: float = 60, top: float = 60) -> Floats:
    return mesh * np.float32(side) + np.array([left, top], np.float32)


def distance_to(mesh: Floats, *, points: bool = True) -> Floats:
    """Return each pixel's distance to the nearest line, or point if they are drawn."""
    free = np.full(CANVAS.shape[:2], 255, np.uint8)
    at = np.round(mesh).astype(np.int32)
    if points:
        free[tuple(at[(at >= 0).all(axis=1) & (at < len(CANVAS)).all(axis=1)].T[::-1])] = 0
    for closed, indices in FEATURES.values():
        cv2.polylines(free, [at[list(indices)]], closed, 0)
    return np.asarray(cv2.distanceTransform(free, cv2.DIST_L2, 5), np.float32)


@pytest.mark.parametrize("side", [20, 45, 100, 280])
def test_a_mesh_is_as_thin_as_its_face_is_small(mesh: Floats, side: float) -> None:
    image = CANVAS.copy()
    points = placed(mesh, side)
    drawn = draw_meshes(image, [points])
    changed = (drawn != image).any(axis=2)
    assert (image == 128).all()
    assert changed.any()
    assert distance_to(points)[changed].max() < 3 + 0.02 * side
    inside = np.zeros(CANVAS.shape[:2], np.uint8)
    oval = np.round(points[list(FEATURES["face"][1])]).astype(np.int32)
    cv2.fillPoly(inside, [oval], 1)
    change = np.abs(drawn.astype(int) - 128).max(axis=2)[inside > 0]
    assert 2 < change.mean() < 45, "the face is not hidden"


def test_the_points_of_large_faces_are_drawn_and_of_small_ones_only_lines(mesh: Floats) -> None:
    for side, dotted in ((40, False), (280, True)):
        points = placed(mesh, side)
        far = distance_to(points, points=False) > 4
        marked = (draw_meshes(CANVAS, [points]) != 128).any(axis=2)
        assert bool((marked & far).any()) == dotted


@given(
    side=st.floats(0, 2000),
    left=st.floats(-3000, 3000),
    top=st.floats(-3000, 3000),
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
)
def test_any_mesh_can_be_drawn(side: float, left: float, top: float, size: tuple[int, int]) -> None:
    image = np.full((*size, 3), 90, np.uint8)
    points = placed(np.random.default_rng(0).random((MESH_POINTS, 2), np.float32), side, left, top)
    assert (draw_meshes(image, []) == image).all()
    picture = draw_meshes(image, [points, points])
    assert (picture.shape, picture.dtype) == (image.shape, np.uint8)
    assert (image == 90).all()
