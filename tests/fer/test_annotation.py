import numpy as np
import pytest
from PIL import ImageColor

from fer.annotation import annotate
from fer.labels import COLOURS, FER2013_LABELS, FERPLUS_LABELS, colour_of
from fer.types import Faces
from tests.conftest import make_detections


def faces(*boxes: tuple) -> Faces:
    shares = np.tile(np.array([0.9, 0.1], np.float32), (len(boxes), 1))
    return Faces.of(make_detections(*boxes), shares, ("happy", "sad"))


def test_without_faces_the_copy_equals_the_image() -> None:
    image = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    copy = annotate(image, faces())
    assert (copy == image).all()
    assert copy is not image


def test_a_face_is_boxed_in_the_colour_of_its_expression_and_the_image_kept() -> None:
    image = np.zeros((200, 300, 3), np.uint8)
    picture = annotate(image, faces((100, 80, 200, 180)))
    assert (image == 0).all()
    assert picture[130, 100].tolist() == list(ImageColor.getrgb(COLOURS["happy"]))
    assert (picture[100:160, 120:180] == 0).all()


@pytest.mark.parametrize(
    "box",
    [(-50, -50, 30, 30), (90, 90, 400, 400), (0, 0, 100, 100), (-90, 40, -20, 90)],
    ids=["top left", "bottom right", "all of it", "outside"],
)
def test_a_box_past_the_border_still_has_its_name_in_the_picture(box: tuple) -> None:
    picture = annotate(np.zeros((100, 140, 3), np.uint8), faces(box))
    tag = (picture == ImageColor.getrgb(COLOURS["happy"])).all(axis=2)
    assert tag.sum() > 200


def test_a_picture_smaller_than_a_name_is_drawn_too() -> None:
    assert annotate(np.zeros((16, 16, 3), np.uint8), faces((2, 2, 14, 14))).shape == (16, 16, 3)


def test_every_expression_has_a_colour_of_its_own() -> None:
    names = {*FER2013_LABELS, *FERPLUS_LABELS}
    assert len({colour_of(name) for name in names}) == len(names)
    assert colour_of("bored") not in COLOURS.values()
