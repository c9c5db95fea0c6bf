import numpy as np

from fer.types import Image
from tools.drawings import drawings
from tools.false_faces import held_up, things, watch


def test_a_face_held_up_becomes_a_person_and_a_smiley_does_not(astronaut: Image) -> None:
    frames = list(held_up(astronaut, 440, 0.4))
    assert {image.shape for _, image in frames} == {(480, 640, 3)}
    assert (frames[0][1] != frames[1][1]).any()
    detected, opened = watch(frames)
    assert detected
    assert opened < 0.4
    assert watch(held_up(drawings()["yellow smiley"], 300, 0.4)) == (True, np.inf)


def test_things_are_drawings_and_pictures_of_packages() -> None:
    found = things()
    assert {*drawings(), "chelsea", "horse"} <= found.keys()
    assert all(image.ndim == 3 and image.dtype == np.uint8 for image in found.values())
    assert found["horse"].max() == 255
